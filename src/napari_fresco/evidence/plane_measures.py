"""What checks measure in planes: light of regions, noise of neighbours, steps at edges.

numpy and scipy only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

REGION_SIDE = 32  # of the regions whose light is compared
_PART = 1024  # side of the middle that residuals of large planes are judged by
_EDGES = 0.02  # share of the pixels with the steepest slopes
_REACH = 8  # pixels to either side of an edge


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


def roughness(values: Floats, known: Bools) -> float:
    """Return a robust standard deviation of the finest detail: that of the noise, if white."""
    gray = np.nan_to_num(to_gray(values)[middle_of(values.shape)])
    fine = ndimage.convolve(gray, np.outer([1, -2, 1], [1, -2, 1]) / 6.0)
    where = known[middle_of(values.shape)]
    return float(1.4826 * np.median(np.abs(fine[where]))) if where.any() else 0.0


def overshoot_of_edges(x: Floats, known: Bools, least: float) -> float | None:
    """Return the median overshoot across the steepest edges, as a part of their step."""
    x = x[middle_of(x.shape)]
    x = np.nan_to_num(x)
    rows, columns = (ndimage.gaussian_filter(x, 1.0, order=o) for o in ((1, 0), (0, 1)))
    slope = np.hypot(rows, columns)
    inner = np.zeros(x.shape, bool)
    inner[_REACH:-_REACH, _REACH:-_REACH] = True
    inner &= known[middle_of(known.shape)] & (slope == ndimage.maximum_filter(slope, 5))
    if not inner.any():
        return None
    places = np.argwhere(inner & (slope >= np.quantile(slope, 1 - _EDGES)))[:2000]
    if len(places) < 20:
        return None
    at = tuple(places.T)
    direction = np.stack([rows[at], columns[at]], axis=1) / np.maximum(slope[at], 1e-30)[:, None]
    steps = np.arange(-_REACH, _REACH + 1)
    lines = places[:, :, None] + direction[:, :, None] * steps
    profiles = ndimage.map_coordinates(x, [lines[:, 0], lines[:, 1]], order=1, mode='nearest')
    below, above = profiles[:, :3], profiles[:, -3:]
    step = np.median(above, axis=1) - np.median(below, axis=1)
    flat = np.ptp(below, axis=1) + np.ptp(above, axis=1) < 0.2 * step
    edges = flat & (step > 5 * least)
    if np.count_nonzero(edges) < 20:
        return None
    high = profiles[:, _REACH:-3].max(axis=1) - above.max(axis=1)
    low = below.min(axis=1) - profiles[:, 3 : _REACH + 1].min(axis=1)
    return float(np.median(np.maximum(np.maximum(high, low), 0)[edges] / step[edges]))


def better_turned(mask: Bools, image: Floats) -> str:
    """Return how a mask fits the damage in an image clearly better, or nothing.

    On the outline of what is damaged an image has steps.
    """
    image = np.nan_to_num(image)
    slope = np.hypot(*(ndimage.gaussian_filter(image, 1.0, order=o) for o in ((1, 0), (0, 1))))
    slope = np.minimum(slope, np.quantile(slope, 0.99))

    def fit(turned: NDArray[np.generic]) -> float:
        outline = turned ^ ndimage.binary_erosion(turned)
        return float(slope[outline].mean()) if outline.any() else 0.0

    own, typical = fit(mask), float(slope.mean())
    best, how = max((fit(turned), how) for how, turned in _turns(mask))
    return how if best > 2 * max(own, typical) else ''


def _turns(array: NDArray[np.generic]) -> Iterator[tuple[str, NDArray[np.generic]]]:
    yield 'upside down', array[::-1]
    yield 'mirrored', array[:, ::-1]
    yield 'turned by 180°', array[::-1, ::-1]
    if array.shape[0] == array.shape[1]:
        yield 'transposed', array.T
