"""One plane before and after a restoration, as checks judge it. numpy and scipy only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .plane_measures import Bools, Floats, blurred, middle_of

Found = tuple[float, str]
"""A value, and what to say when it is out of bounds."""

_LEAST_NOISE = 1e-3  # of the range: what is less says nothing of a residual


@dataclass(frozen=True, eq=False)
class Outcome:
    """One plane before and after, in image units; or a volume, of which :meth:`planes` are.

    `observed`: ``(H, W)`` or ``(H, W, colours)``.
    `restored`: the result before it is rounded and clipped; larger than `observed` when enlarged.
    `given`: the same in the type that was asked for.
    `predicted`: ``H x``, what the result says the image should be, like `observed`.
    `sigma`: standard deviation of the noise that is expected; None where nothing is known of it.
    `unknown`: pixels that say nothing.
    `offset`: intensity without light.
    `span`: the range of intensities.
    `margin`: pixels at the border that are not judged.
    """

    observed: Floats
    restored: Floats
    given: NDArray[Any]
    predicted: Floats
    sigma: float | Floats | None
    unknown: Bools | None = None
    offset: float = 0.0
    span: float = 1.0
    margin: int = 0

    def planes(self, most: int) -> Iterator[Outcome]:
        """Yield some planes of a volume, each as an outcome of its own, from end to end."""
        count = len(self.observed)
        for z in sorted(set(np.linspace(0, count - 1, most).round().astype(int))):
            yield replace(
                self,
                observed=self.observed[z],
                restored=self.restored[z],
                given=self.given[z],
                predicted=self.predicted[z],
                sigma=self.sigma[z] if isinstance(self.sigma, np.ndarray) else self.sigma,
                unknown=None if self.unknown is None else self.unknown[z],
            )

    @cached_property
    def known(self) -> Bools:
        """Where ``(H, W)`` a pixel can be judged."""
        shape = self.observed.shape[:2]
        known = np.ones(shape, bool) if self.unknown is None else ~self.unknown
        edge = min(self.margin, min(shape) // 4)
        if edge:
            inner = np.zeros(shape, bool)
            inner[edge:-edge, edge:-edge] = True
            known = known & inner
        return known & np.isfinite(self.observed).reshape(*shape, -1).all(axis=-1)

    @cached_property
    def residual(self) -> Floats:
        """What was taken away, 0 where nothing is known."""
        return np.where(self._where, self.observed - self.predicted, 0.0)

    @cached_property
    def noise(self) -> Floats | None:
        """Expected standard deviation at each value; None where there is hardly any."""
        if self.sigma is None:
            return None
        sigma = np.asarray(self.sigma, np.float64)
        if sigma.ndim and sigma.ndim < self.observed.ndim:
            sigma = sigma[..., None]
        level = np.broadcast_to(sigma, self.observed.shape)
        enough = float(np.sqrt(np.mean(level**2))) > _LEAST_NOISE * self.span
        return np.maximum(level, 1e-6 * self.span) if enough else None

    @cached_property
    def score(self) -> Floats | None:
        """Residual in units of the expected noise, of the middle of a large plane."""
        if self.noise is None:
            return None
        return (self.residual / self.noise)[self.middle]

    @property
    def judged(self) -> Bools:
        """Which values of `score` can be judged."""
        return np.broadcast_to(self._where, self.observed.shape)[self.middle]

    @cached_property
    def signal(self) -> Floats:
        """The prediction above the intensity without light, 0 where nothing is known."""
        return np.where(self._where, self.predicted - self.offset, 0.0)

    @property
    def typical(self) -> float:
        """Root mean square of the expected noise, 0 where nothing is known of it."""
        return 0.0 if self.noise is None else float(np.sqrt(np.mean(self.noise**2)))

    @property
    def known_after(self) -> Bools:
        """What of the result can be judged."""
        scale = self.restored.shape[0] // self.observed.shape[0]
        return self.known.repeat(scale, axis=0).repeat(scale, axis=1)

    @property
    def _where(self) -> Bools:
        return self.known if self.observed.ndim == 2 else self.known[..., None]

    @property
    def middle(self) -> tuple[slice, slice]:
        """The part of a large plane whose residual is judged."""
        return middle_of(self.observed.shape)

    @cached_property
    def smooth(self) -> Floats:
        """The prediction, over a pixel or so, of the middle of a large plane."""
        return blurred(self.predicted[self.middle], 1.0)
