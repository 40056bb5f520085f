"""Lengths and widths of cracks, along their skeletons."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, spatial
from skimage import morphology

from .photograph import Bools

_QUARTERS = np.array([[-0.25, -0.25], [-0.25, 0.25], [0.25, -0.25], [0.25, 0.25]])
_NEIGHBOURS = np.ones((3, 3))


class CrackLines(NamedTuple):
    """Length and widths of cracks, in pixels."""

    length: float
    median_width: float
    largest_width: float


def measure_cracks(mask: Bools) -> CrackLines:
    """Measure cracks along their skeleton.

    Steps along the skeleton count 1, diagonal ones the square root of 2 where there is no way
    around a corner. A width is twice the distance to the nearest pixel beside the crack, at a
    resolution of half a pixel.
    """
    if not mask.any():
        return CrackLines(0.0, 0.0, 0.0)
    framed = np.pad(mask, 1)
    skeleton: Bools = morphology.skeletonize(framed)[1:-1, 1:-1]  # type: ignore[no-untyped-call]
    widths = _widths(mask, skeleton)
    return CrackLines(length_of(skeleton), float(np.median(widths)), float(widths.max()))


def length_of(skeleton: Bools) -> float:
    """Return the length of lines one pixel wide; a single pixel is 1 long."""
    s = np.pad(skeleton, 1)
    straight = (s[1:] & s[:-1]).sum() + (s[:, 1:] & s[:, :-1]).sum()
    here, right, below, across = s[:-1, :-1], s[:-1, 1:], s[1:, :-1], s[1:, 1:]
    falling = (here & across & ~right & ~below).sum()
    rising = (right & below & ~here & ~across).sum()
    alone = s & (ndimage.convolve(s.astype(np.uint8), _NEIGHBOURS.astype(np.uint8)) == 1)
    return float(straight + math.sqrt(2) * (falling + rising) + alone.sum())


def _widths(mask: Bools, skeleton: Bools) -> NDArray[np.float64]:
    """Return the width at each pixel of a skeleton.

    Pixels are cut in quarters, so that lines of an even width have a middle; nothing is known
    beyond the border of the image, which is no side of a crack.
    """
    beside = np.argwhere(ndimage.binary_dilation(mask, _NEIGHBOURS) & ~mask)
    middles = np.argwhere(skeleton)
    if not len(beside):
        return np.full(len(middles), float(min(mask.shape)))
    quarters = (beside[:, None] + _QUARTERS).reshape(-1, 2)
    tree = spatial.cKDTree(quarters)
    distances = [tree.query(middles + quarter)[0] for quarter in _QUARTERS]
    return np.asarray(2 * np.max(distances, axis=0))
