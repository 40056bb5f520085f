"""Cells that large planes are searched in for borders, so that most pixels are read once.

A border is much wider than a cell. What is told of it, its marks and its noise, is found in
a sixteenth of the values, and becomes an area of pixels at last.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .dilation import within
from .interpolated import interpolated
from .patches import Bools, Floats, Reals
from .second_differences import local_power, power_of_cells

_SIDES = 4, 2  # pixels of a cell, where the plane is large enough
_LEAST = 512  # cells along a side
_SPREAD = 12.0  # pixels over which the noise of a border is averaged
_BLOCK = 4  # pixels of a side of the blocks that it is averaged in


class Cells(NamedTuple):
    """Squares of pixels of a large plane; single pixels of a small one.

    `side`: pixels of a side.
    `shape`: ``(H, W)`` of the plane, whose last pixels may fill no cell.
    `power`: of second differences around each cell.
    `told`: where enough is known of it.
    `plane`: one pixel of each cell, ``(h, w)`` or ``(h, w, 3)``.
    `known`: which of these are known.
    """

    side: int
    shape: tuple[int, ...]
    power: NDArray[np.float32]
    told: Bools
    plane: Reals
    known: Bools

    @classmethod
    def of(cls, plane: Reals, unknown: Bools | None) -> Self:
        """Return the cells of a plane ``(H, W)`` or ``(H, W, 3)`` with `unknown` pixels."""
        side = next((n for n in _SIDES if min(plane.shape[:2]) >= n * _LEAST), 1)
        found = local_power(plane, unknown) if side == 1 else power_of_cells(plane, unknown, side)
        shape = found[0].shape
        rows, columns = (slice(side // 2, n * side, side) for n in shape)
        known = np.ones(shape, bool) if unknown is None else ~unknown[rows, columns]
        return cls(side, plane.shape[:2], *found, plane[rows, columns], known)

    def across(self, pixels: int) -> int:
        """Return how many cells as many pixels are, at least one."""
        return max(1, round(pixels / self.side))

    def grown(self, where: Bools, pixels: int) -> Bools:
        """Return cells and those within some pixels of them, along rows or columns or both.

        One more of several pixels, since an area of them ends farther from what is beside it.
        """
        count = math.ceil(pixels / self.side) + (self.side > 1)
        return within(where, count, square=True)

    def widened(self, where: Bools) -> Bools:
        """Return cells as an area of pixels."""
        if self.side == 1:
            return where
        wide = where.repeat(self.side, axis=0).repeat(self.side, axis=1)
        ends = [(0, n - m) for n, m in zip(self.shape, wide.shape, strict=True)]
        return np.pad(wide, ends, mode='edge')

    def level_in(self, where: Bools) -> Floats:
        """Return the noise around each pixel that the cells of an area have, of use where it is."""
        count = self.across(_BLOCK)
        own, share = (
            ndimage.gaussian_filter(_means(each, count), _SPREAD / _BLOCK)
            for each in (self.power * where, where.astype(np.float32))
        )
        level = np.sqrt(own / np.maximum(share, 1e-6)).astype(np.float64)
        block = count * self.side
        return interpolated(level, *((np.arange(n) + 0.5) / block - 0.5 for n in self.shape))


def _means(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return the means of blocks of ``count x count`` cells; beyond the end all are 0."""
    if count == 1:
        return values
    rows, columns = (-(-n // count) for n in values.shape)
    whole = np.pad(values, [(0, -n % count) for n in values.shape])
    return np.asarray(whole.reshape(rows, count, columns, count).mean(axis=(1, 3)))
