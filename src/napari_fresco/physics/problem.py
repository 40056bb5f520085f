"""The problem of a solver: one plane, its degradation, and its noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from torch import Tensor

from ..types import Task
from .degradation import Degradation
from .dihedral import DihedralDegradation, turn


class Counting(NamedTuple):
    """Photon statistics: ``y = gain Poisson(x) + dark + read noise``, in working units.

    `excess`: how much more noise there is in means of neighbours than that says.
    """

    gain: float
    dark: float
    read_noise: float
    excess: float = 1.0


class NoiseOfWhole(NamedTuple):
    """The noise of all of the plane that a block is one of, in working units.

    `level`: the level that counts where one number has to do for a map: the root mean square,
        weighted by the variance. Few bright objects on a dark ground have their photon noise where
        they are; by the level of the ground it would be amplified.
    `least`: the level of the ground.
    """

    level: float
    least: float

    def times(self, factor: float) -> NoiseOfWhole:
        """Return stronger noise."""
        return NoiseOfWhole(factor * self.level, factor * self.least)


@dataclass(frozen=True, eq=False)
class Problem:
    """One plane to restore: ``y = H x + noise``, in working units.

    Attributes
    ----------
    task : Task
        What is asked for; selects schedules and initialisations.
    y : Tensor
        Observed plane, ``(1, C, h, w)`` float32, nominally in [0, 1].
    degradation : Degradation
        The operator H, on the same device as `y`.
    sigma : float or Tensor
        Standard deviation of the noise in working units; a map is
        ``(1, 1, h, w)`` on the grid of `y`.
    noise_of_whole : NoiseOfWhole or None
        By which decisions are made that hold for all blocks of a plane; None where `sigma` is a
        number, or tells of the whole itself.
    start : Tensor or None
        An initial estimate on the grid of x, instead of the solver's own.
    lowest : float or None
        What the type of the result cannot fall below, in working units.
    counting : Counting or None
        The photon and read noise of `y`; None where its noise counts as white.
    spacing : tuple of float
        Distance of samples along each spatial axis, of any common unit.
    size : tuple of int
        Spatial size of what was observed of `y`; what lies beyond was made up.
    kept : bool
        What is known comes back as it was, noise included.
    wanted : Tensor or None
        Where a result is asked for, ``(1, 1, h, w)``; the rest is there to be seen.
    guides : sequence of lines
        What must continue through lost pixels, by the rows and columns of corners.
    jpeg_quality : int or None
        At which `y` was saved as JPEG; None where that was not found.
    """

    task: Task
    y: Tensor
    degradation: Degradation
    sigma: float | Tensor
    start: Tensor | None = None
    lowest: float | None = None
    counting: Counting | None = None
    spacing: tuple[float, ...] = ()
    size: tuple[int, ...] = ()
    kept: bool = False
    wanted: Tensor | None = None
    guides: Sequence[Sequence[tuple[float, float]]] = ()
    noise_of_whole: NoiseOfWhole | None = None
    jpeg_quality: int | None = None

    @property
    def continued(self) -> bool:
        """Whether `y` goes on beyond what was observed."""
        return bool(self.size) and tuple(self.y.shape[2:]) != self.size

    def noisier(self, factor: float) -> Problem:
        """Return the same problem, told more noise, which is then more than that of its photons."""
        if factor == 1:
            return self
        whole = self.noise_of_whole
        told = None if whole is None else whole.times(factor)
        return replace(self, sigma=factor * self.sigma, noise_of_whole=told, counting=None)

    def dihedral(self, mode: int) -> Problem:
        """Return the same problem turned or flipped; see :func:`.dihedral.turn`."""
        return replace(
            self,
            y=turn(self.y, mode),
            degradation=DihedralDegradation.of(self.degradation, mode),
            sigma=self.sigma if isinstance(self.sigma, float) else turn(self.sigma, mode),
            start=None if self.start is None else turn(self.start, mode),
            wanted=None if self.wanted is None else turn(self.wanted, mode),
        )
