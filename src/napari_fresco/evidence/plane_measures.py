"""What checks measure in planes: light of regions, noise of neighbours.

numpy and scipy only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

REGION_SIDE = 32  # of the regions whose light is compared
_PART = 1024  # side of the middle that residuals of large planes are judged by


def middle_of(shape: Sequence[int]) -> tuple[slice, slice]:
    """Return the part of a large plane whose residual is judged."""
    rows, columns = (max(0, (n - _PART) // 2) for n in shape[:2])
    return slice(rows, rows + _PART), slice(columns, columns + _PART)


def blurred(values: Floats, width: float) -> Floats:
    """Smooth rows and columns, not colours."""
    widths = (width, width, 0)[: values.ndim]
    blurred: Floats = ndimage.gaussian_filter(np.nan_to_num(values), widths)
    return blurred


def to_gray(values: Floats) -> Floats:
    """Return the mean of the colours."""
    gray: Floats = values if values.ndim == 2 else values.mean(axis=-1)
    return gray


def sums_of_regions(values: Floats) -> Floats:
    """Return the sums over regions, of colours too."""
    rows, columns = (max(1, n // REGION_SIDE) for n in values.shape[:2])
    lines = [np.arange(n) * REGION_SIDE for n in (rows, columns)]
    gray = to_gray(np.nan_to_num(values))
    sums = np.add.reduceat(np.add.reduceat(gray, lines[0], 0), lines[1], 1)
    return np.asarray(sums, np.float64)


def neighbour_correlation(values: Floats, judged: Bools) -> float:
    """Return the correlation of direct neighbours."""
    centred = np.where(judged, values - values[judged].mean(), 0.0)
    power, found = float(np.mean(centred[judged] ** 2)), []
    for first, second in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        pairs = judged[first] & judged[second]
        if pairs.any() and power > 0:
            found.append(float((centred[first] * centred[second])[pairs].mean()) / power)
    return float(np.mean(found)) if found else 0.0
