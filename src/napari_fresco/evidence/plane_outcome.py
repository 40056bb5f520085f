"""One plane before and after a restoration, as checks judge it. numpy and scipy only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .plane_measures import Bools, Floats, Singles, middle_of, planar, transformed

Found = tuple[float, str]
"""A value, and what to say when it is out of bounds."""

_BLIND = 'choose a method that is given the noise level, which this one finds by itself'
NOTHING = 0.3
"""Part of the noise: where less of it was taken away, the result is nearly the image."""

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
    `reads_noise`: whether the method takes a noise level, which a remedy can change.
    `of_volume`: whether light of other planes was taken out of this one.
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
    reads_noise: bool = True
    of_volume: bool = False

    def remedy(self, advice: str) -> str:
        """Return advice on the noise level, or what helps where the method takes none."""
        return advice if self.reads_noise else _BLIND

    def planes(self, most: int) -> Iterator[Outcome]:
        """Yield some planes of a volume, each as an outcome of its own, from end to end."""
        count = len(self.observed)
        for z in sorted(set(np.linspace(0, count - 1, most).round().astype(int))):
            restored = self.restored[z]
            yield replace(
                self,
                of_volume=True,
                observed=self.observed[z],
                restored=restored,
                given=self.given[z],
                predicted=restored if self.predicted is self.restored else self.predicted[z],
                sigma=self.sigma[z] if isinstance(self.sigma, np.ndarray) else self.sigma,
                unknown=None if self.unknown is None else self.unknown[z],
            )

    @cached_property
    def known(self) -> Bools:
        """Where ``(H, W)`` a pixel can be judged."""
        shape = self.observed.shape[:2]
        if self.judged_all:
            return np.ones(shape, bool)
        known = np.ones(shape, bool) if self.unknown is None else ~self.unknown
        edge = min(self.margin, min(shape) // 4)
        if edge:
            inner = np.zeros(shape, bool)
            inner[edge:-edge, edge:-edge] = True
            known = known & inner
        return known & np.isfinite(self.before).all(axis=0)

    @cached_property
    def judged_all(self) -> bool:
        """Whether every pixel can be judged."""
        bare = self.unknown is None and not min(self.margin, min(self.observed.shape[:2]) // 4)
        return bare and bool(np.isfinite(self.before.sum()))

    @cached_property
    def before(self) -> Floats:
        """`observed`, ``(colours, H, W)``."""
        return planar(self.observed)

    @cached_property
    def after(self) -> Floats:
        """`restored`, ``(colours, H, W)``."""
        return planar(self.restored)

    @cached_property
    def explained(self) -> Floats:
        """`predicted`, ``(colours, H, W)``."""
        return self.after if self.predicted is self.restored else planar(self.predicted)

    @cached_property
    def total(self) -> float:
        """The sum of the values of `observed` that can be judged."""
        return float((self.before if self.judged_all else self._known_of(+self.before)).sum())

    @cached_property
    def count(self) -> int:
        """The number of values that can be judged, of all colours."""
        pixels = self.known.size if self.judged_all else int(np.count_nonzero(self.known))
        return pixels * len(self.before)

    @cached_property
    def residual(self) -> Floats:
        """The residual ``(colours, H, W)``, 0 where nothing is known."""
        return self._known_of(self.before - self.explained)

    def light(self) -> Floats:
        """Return the prediction above the intensity without light, 0 where nothing is known."""
        above = np.subtract(self.explained, self.offset, out=self.room(self.explained))
        return self._known_of(above)

    def room(self, like: Floats, number: int = 0) -> Floats:
        """Return an array like another, for values that are needed no longer than one check.

        Fresh memory takes longer than what is computed in it.

        `number`: of several that are needed at once.
        """
        key = like.shape, like.dtype, number
        if key not in self._rooms:
            self._rooms[key] = np.empty_like(like)
        return self._rooms[key]

    @cached_property
    def _rooms(self) -> dict[Any, Floats]:
        return {}

    @cached_property
    def noise(self) -> Floats | None:
        """Expected standard deviation, ``(1 or colours, H, W)`` or one for all; None if hardly any.

        What is less than a thousandth of the range says nothing of a residual.
        """
        if self.sigma is None:
            return None
        level = np.asarray(self.sigma, np.float64)
        if level.ndim:
            level = planar(level)
        enough = float(np.sqrt(np.mean(np.square(level)))) > _LEAST_NOISE * self.span
        return np.maximum(level, 1e-6 * self.span) if enough else None

    @cached_property
    def score(self) -> Singles | None:
        """Residual in units of the expected noise, of the middle of a large plane.

        ``(colours, H, W)``, 0 where nothing is known.
        """
        if self.noise is None:
            return None
        return (self.residual[self._middle] / self.middle_noise).astype(np.float32)

    @cached_property
    def waves(self) -> Singles:
        """Cosine transform of `score`."""
        assert self.score is not None
        return transformed(self.score)

    @cached_property
    def power(self) -> float:
        """Mean square of `score` where it can be judged, nan where nothing can."""
        assert self.score is not None
        judged = self.judged
        pixels = self.score[0].size if judged is None else int(np.count_nonzero(judged))
        total = float(np.square(self.score).sum(dtype=np.float64))
        return total / (pixels * len(self.score)) if pixels else float('nan')

    @property
    def constant(self) -> bool:
        """Whether all that can be judged has one value: there is nothing to take away."""
        known = self.before if self.judged_all else self.before[:, self.known]
        return not known.size or float(np.ptp(known)) == 0

    @cached_property
    def unchanged(self) -> bool:
        """Whether the result is nearly the image: far less was changed than its noise.

        Of so little neither grain nor lines say anything, and what lies beyond the image was there.
        """
        if self.after.shape != self.before.shape:
            return False
        same = self.explained is self.after  # without a blur what was taken away is the residual
        change = self.residual if same else self._known_of(self.before - self.after)
        least = NOTHING * self.typical if self.noise is not None else _LEAST_NOISE * self.span
        return math.sqrt(float(np.vdot(change, change)) / max(self.count, 1)) < least

    @property
    def judged(self) -> Bools | None:
        """Which pixels ``(H, W)`` of `score` can be judged; None for all."""
        return None if self.judged_all else self.known[self._middle[1:]]

    @property
    def typical(self) -> float:
        """Root mean square of the expected noise, 0 where nothing is known of it."""
        return 0.0 if self.noise is None else float(np.sqrt(np.mean(self.noise**2)))

    @property
    def middle(self) -> Floats:
        """The prediction of the middle of a large plane, ``(colours, H, W)``."""
        return self.explained[self._middle]

    @property
    def middle_noise(self) -> Floats:
        """The noise of the middle of a large plane, ``(1 or colours, h, w)`` or one for all."""
        assert self.noise is not None
        return self.noise[self._middle] if self.noise.ndim else self.noise

    @property
    def known_after(self) -> Bools:
        """Where ``(H, W)`` a pixel of the result can be judged."""
        scale = self.restored.shape[0] // self.observed.shape[0]
        return self.known.repeat(scale, axis=0).repeat(scale, axis=1)

    @property
    def _middle(self) -> tuple[slice, slice, slice]:
        return slice(None), *middle_of(self.observed.shape)

    def _known_of(self, values: Floats) -> Floats:
        if self.judged_all:
            return values
        if np.isfinite(values.sum()):
            values *= self.known  # faster
        else:
            values[:, ~self.known] = 0
        return values
