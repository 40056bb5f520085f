"""What a rendering starts from: a photograph, its fill, and colours that mix to another."""

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
    """A photograph with a fill, cut to what a rendering looks at.

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

    @cached_property
    def lightness(self) -> Floats:
        """L* of every pixel, ``(H, W)``."""
        return lab_of_light(to_linear(self.made if self.made.ndim == 3 else self.made[..., None]))[
            ..., 0
        ]

    def spread_out(self, values: Floats) -> Floats:
        """Return ``(H, W, 3)`` with `values` ``(n, 3)`` at the marked pixels, 0 elsewhere."""
        plane = np.zeros((*self.marks.shape, 3))
        plane[self.marks] = values
        return plane


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
    for _ in range(2):
        missing = ground.spread_out(wanted - light)
        weight = np.maximum(ndimage.gaussian_filter(ground.marks.astype(float), radius), 1e-9)
        missing = ndimage.gaussian_filter(missing, (radius, radius, 0)) / weight[..., None]
        light = np.clip(light + missing[ground.marks], 0, 1)
    return light
