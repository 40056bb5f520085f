"""Whole numbers that ran over: 250 + 10 became 4, which lies a whole range off its neighbours.

Where noise did it, single pixels are; where a bright area did, it is dark, and goes on from its
border where the range ended.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .outliers import neighbours
from .patches import Bools

_SINGLE = 1.7e-3  # share of the pixels that run over alone, above which no picture has such
_STEPS, _SHARE = 20, 1e-4  # over the ends that go on smoothly, and share of the pixels
_FEWEST, _LOOKED_AT = 20, 8192
_NEAR = 0.25  # of the range: how far from its end they and their neighbours lie
_FITS, _MOSTLY = 4.5, 0.8  # deviations of neighbours within which most fit once they are put back
_SPREAD = 0.08  # of the range: more is no noise
_KINDS, _COMMONEST = 4, 0.5  # values that they have, and share of one of them
_AT_END, _FROM_END = 0.01, 0.15  # of the range, and share of those steps that begin there
_STRAIGHT = 0.5  # share of them in two lines, as at a frame
_SMOOTH, _GOES_ON = (
    0.12,
    0.03,
)  # of the range: steps beside one over the end, and its own off theirs


def wrapped(plane: NDArray[Any], unknown: Bools | None = None) -> float:
    """Return the share of pixels that ran over an end of the range of their type, or border on one.

    `plane`: ``(H, W)``; of other types than integers of 8 and 16 bits nothing is told.
    `unknown`: pixels that say nothing.
    """
    if plane.dtype.kind not in 'iu' or plane.dtype.itemsize > 2 or min(plane.shape) < 4:
        return 0.0
    info = np.iinfo(plane.dtype)
    whole = float(info.max) - info.min + 1
    low, high = plane < info.min + _NEAR * whole, plane > info.max + 1 - _NEAR * whole
    if not (low.any() and high.any()):
        return 0.0
    if unknown is not None:
        low, high = low & ~unknown, high & ~unknown
    single = float(_singles(plane, low, high))
    steps = _smooth_steps(plane, low, high) + _smooth_steps(plane.T, low.T, high.T)
    many = steps > max(_STEPS, _SHARE * plane.size)
    return max(single if single > _SINGLE else 0.0, steps / plane.size if many else 0.0)


def _smooth_steps(plane: NDArray[Any], low: Bools, high: Bools) -> int:
    """Count the steps along rows over an end of the range that go on smoothly once put back.

    What is clipped at both ends, as text and masks are, steps from one to the other.
    """
    over = (low[:, 1:-2] & high[:, 2:-1]) | (high[:, 1:-2] & low[:, 2:-1])
    row, column = np.nonzero(over)
    if not len(row):
        return 0
    info = np.iinfo(plane.dtype)
    whole = float(info.max) - info.min + 1
    values = np.stack([plane[row, column + i] for i in range(4)]).astype(np.float64)
    before, here, after = (each - whole * np.rint(each / whole) for each in np.diff(values, axis=0))
    inside = (values[1:3].min(axis=0) > info.min) & (values[1:3].max(axis=0) < info.max)
    slopes = inside | ((before * here > 0) & (after * here > 0))
    smooth = np.maximum(np.abs(before), np.abs(after)) < _SMOOTH * whole
    goes_on = np.abs(here - (before + after) / 2) < _GOES_ON * whole
    fits = slopes & smooth & goes_on
    # What ran over comes from the very end, while paper beside a dark picture seldom does.
    from_end = [
        (values[1:3].max(axis=0) > info.max - _AT_END * whole)[fits],
        (values[1:3].min(axis=0) < info.min + _AT_END * whole)[fits],
    ]
    if not fits.any() or min(each.mean() for each in from_end) <= _FROM_END:
        return 0
    along = np.sort(np.bincount(column[fits]))[-2:].sum()  # the two sides of a frame
    return 0 if along > _STRAIGHT * np.count_nonzero(fits) else int(np.count_nonzero(fits))


def _singles(plane: NDArray[Any], low: Bools, high: Bools) -> float:
    """Return the share of single pixels that are dark among bright ones, or bright among dark ones.

    And fit their neighbours once they are put back by the whole range.
    """
    info = np.iinfo(plane.dtype)
    inside = plane[:, 1:-1]
    alone = np.zeros(plane.shape, bool)  # but salt and pepper
    alone[:, 1:-1] = low[:, 1:-1] & high[:, :-2] & high[:, 2:] & (inside > info.min)
    alone[:, 1:-1] |= high[:, 1:-1] & low[:, :-2] & low[:, 2:] & (inside < info.max)
    number = np.count_nonzero(alone)
    if number < _FEWEST:
        return 0.0
    places = np.argwhere(alone)[:: max(1, number // _LOOKED_AT)]
    values = plane[tuple(places.T)]
    counts = np.unique(values, return_counts=True)[1]
    if len(counts) < _KINDS or counts.max() > _COMMONEST * len(values):
        return 0.0
    return number / plane.size if _fit_put_back(plane, places) else 0.0


def _fit_put_back(plane: NDArray[Any], places: NDArray[np.intp]) -> bool:
    """Say whether most of the values fit their neighbours once they are put back."""
    info = np.iinfo(plane.dtype)
    whole = float(info.max) - info.min + 1
    values = plane[tuple(places.T)].astype(np.float64) - info.min
    around = neighbours(plane, places) - info.min
    # Neighbours may have run over as well: all are seen from the end that they lie about.
    around = np.where(around < whole / 2, around + whole, around)
    values = np.where(values < whole / 2, values + whole, values)
    level = np.median(around, axis=1)
    spread = max(float(np.median(np.abs(around - level[:, None]))) * 1.4826, 1.0)
    fits = np.abs(values - level) < _FITS * spread
    return bool(spread < _SPREAD * whole and fits.mean() > _MOSTLY)
