"""Whole numbers that ran over: 250 + 10 became 4, which lies a whole range off its neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .outliers import neighbours
from .patches import Bools

WRAPPED = 1.7e-3
"""Share of the pixels, above which no picture has such."""

_FEWEST, _LOOKED_AT = 20, 8192
_NEAR = 0.25  # of the range: how far from its end they and their neighbours lie
_FITS, _MOSTLY = 4.5, 0.8  # deviations of neighbours within which most fit once they are put back
_SPREAD = 0.08  # of the range: more is no noise
_KINDS, _COMMONEST = 4, 0.5  # values that they have, and share of one of them


def wrapped(plane: NDArray[Any], unknown: Bools | None = None) -> float:
    """Return the share of pixels that ran over an end of the range of their type.

    Single ones that are dark among bright ones, or bright among dark ones, and fit their neighbours
    once they are put back by the whole range.

    `plane`: ``(H, W)``; of other types than unsigned integers nothing is told.
    `unknown`: pixels that say nothing.
    """
    if plane.dtype.kind != 'u' or plane.dtype.itemsize > 2 or min(plane.shape) < 3:
        return 0.0
    whole = float(np.iinfo(plane.dtype).max) + 1
    low, high = plane < _NEAR * whole, plane > (1 - _NEAR) * whole
    inside = plane[:, 1:-1]
    alone = np.zeros(plane.shape, bool)  # but salt and pepper
    alone[:, 1:-1] = low[:, 1:-1] & high[:, :-2] & high[:, 2:] & (inside > 0)
    alone[:, 1:-1] |= high[:, 1:-1] & low[:, :-2] & low[:, 2:] & (inside < whole - 1)
    if unknown is not None:
        alone &= ~unknown
    number = np.count_nonzero(alone)
    if number < _FEWEST:
        return 0.0
    places = np.argwhere(alone)[:: max(1, number // _LOOKED_AT)]
    values = plane[tuple(places.T)]
    counts = np.unique(values, return_counts=True)[1]
    if len(counts) < _KINDS or counts.max() > _COMMONEST * len(values):
        return 0.0
    return number / plane.size if _fit_put_back(plane, places, whole) else 0.0


def _fit_put_back(plane: NDArray[Any], places: NDArray[np.intp], whole: float) -> bool:
    """Say whether most of the values fit their neighbours once they are put back."""
    values = plane[tuple(places.T)].astype(np.float64)
    around = neighbours(plane, places)
    # Neighbours may have run over as well: all are seen from the end that they lie about.
    around = np.where(around < whole / 2, around + whole, around)
    values = np.where(values < whole / 2, values + whole, values)
    level = np.median(around, axis=1)
    spread = max(float(np.median(np.abs(around - level[:, None]))) * 1.4826, 1.0)
    fits = np.abs(values - level) < _FITS * spread
    return bool(spread < _SPREAD * whole and fits.mean() > _MOSTLY)
