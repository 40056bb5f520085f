"""The width of holes: the diameter of the largest disc of lost pixels that fits in. No torch."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Bools = NDArray[np.bool_]
Beyond = Literal['edge', 'constant']

_STRIP, _REACH = 1024, 96  # rows that are looked at at once, and beyond which widths end


def depth_of(lost: Bools, beyond: Beyond = 'edge') -> NDArray[np.float64]:
    """Return the distance ``(H, W)`` of lost pixels to the nearest pixel that is not lost.

    `beyond`: what lies beyond the border: as there, or nothing lost ('constant').
    """
    padded = np.pad(lost, 1, mode=beyond)
    depth: NDArray[np.float64] = ndimage.distance_transform_edt(padded)
    return depth[1:-1, 1:-1]


def widest(lost: Bools, beyond: Beyond = 'edge') -> float:
    """Return the width in pixels of the widest hole of a plane; 0 without any."""
    return width_of(float(depth_of(lost, beyond).max()))


def widest_in_strips(lost: Bools) -> float:
    """Return :func:`widest`, at most 191, in no more memory than a strip of the picture takes."""
    deepest = 0.0
    for top in range(0, len(lost), _STRIP):
        low = max(top - _REACH, 0)
        strip = lost[low : top + _STRIP + _REACH]
        if strip.any():
            deepest = max(deepest, float(depth_of(strip)[top - low : top - low + _STRIP].max()))
    return width_of(min(deepest, _REACH))


def widths_of(lost: Bools, pieces: NDArray[Any], count: int) -> NDArray[np.float64]:
    """Return the width of each of the pieces 1 to `count`; nothing is lost beyond the border."""
    depth = depth_of(lost, 'constant')
    deepest = ndimage.maximum(depth, pieces, np.arange(1, count + 1))
    return 2 * np.atleast_1d(np.asarray(deepest, np.float64)) - 1


def width_of(depth: float) -> float:
    """Return the width of a hole that is `depth` deep."""
    return max(2 * depth - 1, 0.0)
