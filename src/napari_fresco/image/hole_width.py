"""The width of holes: the diameter of the largest disc of lost pixels that fits in. No torch."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Bools = NDArray[np.bool_]
Beyond = Literal['edge', 'constant']

_LITTLE = 0.25  # of a picture
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
    """Return the width of each of the pieces 1 to `count`; nothing is lost beyond the border.

    The known pixel that is nearest to a lost one touches the same hole, so that no more than the
    surroundings of each hole are looked at where these are little of the picture.
    """
    deepest = np.zeros(count + 1)
    holes, _ = ndimage.label(lost, np.ones((3, 3)))
    boxes = [tuple(_widened(side) for side in box) for box in ndimage.find_objects(holes)]
    if sum(_size(box) for box in boxes) > _LITTLE * lost.size:
        boxes = [(slice(None), slice(None))]
    for box in boxes:
        depth = depth_of(lost[box], 'constant')
        own = pieces[box]
        np.maximum.at(deepest, own[own > 0], depth[own > 0])
    return 2 * deepest[1:] - 1


def _widened(side: slice) -> slice:
    return slice(max(side.start - 1, 0), side.stop + 1)


def _size(box: tuple[slice, ...]) -> int:
    return math.prod(side.stop - side.start for side in box)


def width_of(depth: float) -> float:
    """Return the width of a hole that is `depth` deep."""
    return max(2 * depth - 1, 0.0)
