"""The starting point of a rendering: a photograph, its fill, and colours that mix to another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from .linear_light import Floats, lab_of_light, light_of_lab, to_linear
from .photograph import Bools, Pixels

_SEEN = 200_000  # pixels from which the colours of the intact part are known
_SHARES = (1.0, 0.75, 0.5, 0.25)  # of a difference, until all colours exist
_CLOSE = 1e-6


@dataclass(frozen=True, eq=False)
class Ground:
    """A photograph with a fill, cut to the surroundings of a rendering.

    `made`: the filled photograph, ``(H, W)`` or ``(H, W, 3 or 4)``.
    `marks`: what was filled, ``(H, W)``.
    `scale`: mm per pixel.
    `rng`: chooses phases, places and directions.
    """

    made: Pixels
    marks: Bools
    scale: float
    rng: np.random.Generator

    @cached_property
    def fill(self) -> Floats:
        """Light of the fill, ``(n, 3)``, one row for each marked pixel."""
        return self.light(self.marks)

    def light(self, where: Bools) -> Floats:
        """Return the light of chosen pixels, ``(n, 3)``."""
        chosen = self.made[where]
        return to_linear(chosen[:, None] if self.made.ndim == 2 else chosen)

    @cached_property
    def intact(self) -> Floats:
        """L*, a*, b* of intact pixels, ``(n, 3)``: enough of them to know their colours."""
        places = np.flatnonzero(~self.marks)
        chosen = np.zeros(self.marks.size, bool)
        chosen[places[:: 1 + len(places) // _SEEN]] = True
        return lab_of_light(self.light(chosen.reshape(self.marks.shape)))

    def lightness(self, step: int) -> Floats:
        """Return L* of means of `step` x `step` pixels, ``(H, W) / step``."""
        rows, columns = (max(n // step, 1) for n in self.marks.shape)
        part = self.made[: rows * step, : columns * step]
        part = part[..., None] if part.ndim == 2 else part[..., :3]
        light = to_linear(part[::step, ::step]) if step == 1 else _mean_light(part, step)
        return lab_of_light(light)[..., 0]


def _mean_light(pixels: Pixels, step: int) -> Floats:
    """Return the mean light of squares of pixels, row by row so that little is in memory."""
    rows = [
        to_linear(band).reshape(step, -1, step, 3).mean(axis=(0, 2))
        for band in pixels.reshape(-1, step, *pixels.shape[1:])
    ]
    return np.stack(rows)


def means(values: Floats, number: ArrayLike) -> Floats:
    """Return the mean of `values` ``(n, 3)`` over those of the same number, ``(numbers, 3)``."""
    owner = np.asarray(number)
    count = np.maximum(np.bincount(owner), 1)
    sums = [np.bincount(owner, weights=values[:, i]) for i in range(3)]
    return np.stack(sums, axis=1) / count[:, None]


def mixed_of(base: Floats, offsets: Floats) -> Floats:
    """Return colours whose mean is another one: light ``(n, k, 3)`` for light ``(n, 3)``.

    `offsets`: of L*, a*, b*, ``(k, 3)`` or ``(n, k, 3)``; made smaller, the same for all `k`, until
        every colour exists.
    """
    found = np.repeat(base[:, None], offsets.shape[-2], axis=1)
    left = np.arange(len(base))
    lab = lab_of_light(base)[:, None]
    moved = np.broadcast_to(offsets, found.shape)
    for share in _SHARES:
        light = light_of_lab(np.maximum(lab[left] + share * moved[left], [0, -128, -128]))
        light += base[left, None] - light.mean(axis=1, keepdims=True)
        exist = ((light > -_CLOSE) & (light < 1 + _CLOSE)).all(axis=(1, 2))
        found[left[exist]] = np.clip(light[exist], 0, 1)
        left = left[~exist]
        if not len(left):
            break
    return found


def evened(ground: Ground, light: Floats, wanted: Floats, radius: float) -> Floats:
    """Return light ``(n, 3)`` of the marked pixels with the local means of `wanted`.

    `radius`: standard deviation of the neighbourhood in pixels.
    """
    cell = max(radius / 2, 1.0)
    rows, columns = (at / cell for at in np.nonzero(ground.marks))
    size = [int(n / cell) + 2 for n in ground.marks.shape]
    owner = rows.astype(np.intp) * size[1] + columns.astype(np.intp)

    def smooth(values: Floats | None) -> Floats:
        sums = np.bincount(owner, values, size[0] * size[1]).reshape(size)
        return np.asarray(ndimage.gaussian_filter(sums.astype(float), radius / cell))

    weight = np.maximum(smooth(None), 1e-9)
    places = np.stack([rows, columns]) - 0.5
    for _ in range(2):
        missing = [
            ndimage.map_coordinates(smooth(part) / weight, places, order=1, mode='nearest')
            for part in (wanted - light).T
        ]
        light = np.clip(light + np.stack(missing, axis=1), 0, 1)
    return light
