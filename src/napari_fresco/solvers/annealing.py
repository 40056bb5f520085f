"""The strength of the prior in each step of half-quadratic splitting.

Reference: K. Zhang et al., "Plug-and-Play Image Restoration with Deep
Denoiser Prior", IEEE TPAMI 44(10), 2022, section 4.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from torch import Tensor

from ..physics.problem import Problem
from ..types import Task

if TYPE_CHECKING:
    from ..declare.parameters import PnPParameters

Level = float | Tensor

NOISE_FLOOR = 0.255 / 255
"""Noise below this counts as none, in working units; it keeps the weights positive."""

START = 49 / 255
"""Strength of the denoiser in the first step, unless another is given, in working units."""


@dataclass(frozen=True)
class Defaults:
    """The defaults of a task.

    `least_sigma`, in working units and times the scale, bounds the last
    strength of the denoiser from below.
    """

    iterations: int
    least_sigma: float


DEFAULTS: Mapping[Task, Defaults] = MappingProxyType(
    {
        'deblur': Defaults(8, NOISE_FLOOR),
        'super_resolve': Defaults(24, 1 / 255),
        'demosaic': Defaults(40, 0.6 / 255),
        # Not in the papers. Measured with FFDNet on two photographs and four kinds of
        # holes: 8 steps lose 1 dB, 40 gain 0.2 dB; ending at 1/255 loses 0.3 dB.
        'inpaint': Defaults(24, 3 / 255),
    }
)

FEW: Mapping[str, Any] = MappingProxyType({'iterations': 12, 'momentum': 0.5})
"""Parameters as good as 24 steps without momentum, to enlarge and to fill."""

PLAIN: Mapping[str, Any] = MappingProxyType({})
"""The plain schedule: the IRCNN bank loses 0.2 dB in narrow losses beside wide ones with
:data:`FEW`."""

FEW_NARROW: Mapping[str, Any] = MappingProxyType({**FEW, 'iterations': 10, 'sigma_start': 25.0})
"""The same where losses are narrow."""


class Annealing(Protocol):
    """The numbers of all steps of :func:`.pnp.hqs`, counted from 0."""

    @property
    def iterations(self) -> int:
        """Number of steps."""

    def sigma(self, k: int) -> Level:
        """Return the denoiser strength of step `k`."""

    def alpha(self, k: int) -> Level:
        """Return the weight of the proximity term in step `k`."""

    def momentum(self, k: int) -> float:
        """Return how far z is carried on in the direction of its change before step `k`."""

    def relaxation(self, k: int) -> float:
        """Return by how much of itself the change that D makes in step `k` is lengthened."""

    def uniform(self) -> Annealing:
        """Return the same with maps replaced by one number each; see :func:`where_it_is`."""


@dataclass(frozen=True, eq=False)
class Schedule:
    """The schedule of the papers: an :class:`Annealing` between two strengths.

    ``sigma_k = start^(1 - t) end^t`` with t from 0 to 1 (evenly spaced in
    logarithm) and ``alpha_k = regularization noise^2 / sigma_k^2``.

    `start`: denoiser strength of the first step, working units; the only one when there is but one
        step.
    `end`: denoiser strength of the last step; a map makes every strength a map.
    `noise`: standard deviation of the noise, positive, working units.
    `iterations`: number of steps.
    `regularization`: weight lambda of the prior.
    `inertia`: momentum of every step, 0 as in the papers.
    `of_whole`: end and noise as one number each, where those of more than the map are known.
    """

    start: float
    end: Level
    noise: Level
    iterations: int
    regularization: float = 0.23
    inertia: float = 0.0
    of_whole: tuple[float, float] | None = None

    def sigma(self, k: int) -> Level:
        """Return the denoiser strength of step `k`, counted from 0."""
        t = k / max(self.iterations - 1, 1)
        strength: Level = self.start ** (1 - t) * self.end**t
        return strength

    def alpha(self, k: int) -> Level:
        """Return the weight of the proximity term in step `k`."""
        weight: Level = self.regularization * (self.noise / self.sigma(k)) ** 2
        return weight

    def momentum(self, k: int) -> float:
        """Return the momentum, which spreads what is known over a hole in fewer steps."""
        return self.inertia

    def relaxation(self, k: int) -> float:
        """Return that no step is lengthened."""
        return 0.0

    def uniform(self) -> Schedule:
        """Return the schedule with maps replaced by one number each; see :func:`where_it_is`."""
        end, noise = self.of_whole or (where_it_is(self.end), where_it_is(self.noise))
        return replace(self, end=end, noise=noise)


def rms(level: Level) -> float:
    """Return the root mean square of a noise level or map."""
    return float(level.square().mean().sqrt()) if isinstance(level, Tensor) else level


def where_it_is(level: Level) -> float:
    """Return the noise level that counts where one number has to do for a map.

    See :class:`~napari_fresco.physics.problem.NoiseOfWhole`.
    """
    if not isinstance(level, Tensor):
        return level
    variance = level.square().double()
    return float((variance.square().sum() / variance.sum()).sqrt())


def level_of(problem: Problem) -> float:
    """Return the noise level that counts where one number has to do, the same for all blocks."""
    whole = problem.noise_of_whole
    return where_it_is(problem.sigma) if whole is None else whole.level


def at_least(level: Level, floor: float) -> Level:
    """Return `level` bounded from below by `floor`."""
    return level.clamp(min=floor) if isinstance(level, Tensor) else max(level, floor)


def in_few_steps(params: PnPParameters, few: Mapping[str, Any] = FEW) -> PnPParameters:
    """Return `params` with those of :data:`FEW`, or of others, where none are given."""
    empty = {name: value for name, value in few.items() if getattr(params, name) is None}
    return replace(params, **empty)


def plan(
    task: Task,
    noise: Level,
    *,
    scale: int = 1,
    iterations: int | None = None,
    sigma_start: float | None = None,
    sigma_end: float | None = None,
    regularization: float = 0.23,
    momentum: float = 0.0,
    level: float | None = None,
) -> Schedule:
    """Return the schedule of an iterative task.

    `task`: one of :data:`DEFAULTS`.
    `noise`: standard deviation of the noise in working units, or a map of it on the grid of the
        restored image.
    `scale`: super-resolution factor.
    `iterations`, `sigma_start`, `sigma_end`, `regularization`: as in
        :class:`~napari_fresco.declare.parameters.PnPParameters`, but strengths in working units. A
        start of None is :data:`START`, an end of None follows the noise.
    `momentum`: of every step.
    `level`: the noise as one number, where that of more than the map is known.
    """
    defaults = DEFAULTS[task]
    noise = at_least(noise, NOISE_FLOOR)
    sigma_start = START if sigma_start is None else sigma_start
    one = None if level is None else max(level, NOISE_FLOOR)
    if sigma_end is None:
        least = defaults.least_sigma * scale
        end = at_least(noise, least)
        # Noise above the usual start would otherwise make the strengths rise.
        sigma_start = max(sigma_start, rms(end) if one is None else one)
        ends = None if one is None else (max(one, least), one)
    else:
        end = sigma_end * noise / (where_it_is(noise) if one is None else one)
        ends = None if one is None else (sigma_end, one)
    return Schedule(
        start=sigma_start,
        end=end,
        noise=noise,
        iterations=iterations or defaults.iterations,
        regularization=regularization,
        inertia=momentum,
        of_whole=ends,
    )
