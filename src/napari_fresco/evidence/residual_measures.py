"""Measures of a residual that should be white noise: scales, lines and spots.

A score is ``(colours, H, W)``, in units of the noise that is expected, and 0 where it is not
judged; `judged` says where ``(H, W)`` it is, None everywhere. numpy and scipy only.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from .plane_measures import Bools, Floats, Singles, restored_from, transformed, window

_RINGS = 8
_CHANCE = 2.0  # standard errors that are taken off the power of a ring
_SPOT = 1.5  # pixels, standard deviation of a spot
_FINE, _COARSE = 1.0, 4.0  # pixels, windows between which the detail of an image lies
_LEAST_SIDE = 16
_UPPER_QUARTILE = 1.3233  # of a squared normal deviate


def unevenness(score: Singles, judged: Bools | None) -> float:
    """Return the power of the strongest of eight rings of frequencies over their median.

    A ring of n independent coefficients varies by 1/sqrt(n), twice which is taken off.
    """
    height, width = score.shape[1:]
    if min(height, width) < _LEAST_SIDE:
        return 1.0
    pixels = height * width if judged is None else int(np.count_nonzero(judged))
    planes = score - np.float32(score.sum(dtype=np.float64) / max(pixels * len(score), 1))
    if judged is not None:
        planes *= judged
    planes *= np.hanning(height).astype(np.float32)[:, None]
    planes *= np.hanning(width).astype(np.float32)
    waves = fft.rfft2(planes, axes=(1, 2), overwrite_x=True)
    power = (np.square(waves.real) + np.square(waves.imag)).sum(axis=0)
    power[:, 1 : (width + 1) // 2] *= 2  # for the half that mirrors it
    ring, count = _rings(height, width)
    strength = np.bincount(ring, power.ravel(), _RINGS + 1)[:_RINGS] / count
    middle = float(np.median(strength))
    # Half of the coefficients mirror the others, and a window joins neighbours.
    expected = middle * (1 + _CHANCE / np.sqrt(count / 4))
    return float((strength / expected).max()) if middle > 0 else 1.0


@lru_cache(maxsize=4)
def _rings(height: int, width: int) -> tuple[NDArray[np.intp], Floats]:
    """Return the ring of each coefficient of half a spectrum, the last one of those in no ring.

    And how many there are of each in the whole of it.
    """
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    ring = np.minimum((radius * 2 * _RINGS).astype(np.intp), _RINGS)
    times = np.ones(ring.shape)
    times[:, 1 : (width + 1) // 2] = 2
    count = np.bincount(ring.ravel(), times.ravel(), _RINGS + 1)[:_RINGS]
    return ring.ravel(), np.asarray(count, np.float64)


def excess_of_lines(score: Singles, judged: Bools | None) -> float:
    """Return the variance of the means of rows or columns over that of as many single values.

    Second differences of lines tell, since an image that is left in is smooth across most of them;
    the upper quartile of their squares, since it may be left in at an edge all along a line.
    """
    values, found = score.mean(axis=0), [0.0]
    for axis in (0, 1):
        across, along = values.shape[1 - axis], values.shape[axis]
        lengths: Any = np.full(across, along) if judged is None else judged.sum(axis=axis)
        if across < _LEAST_SIDE or lengths.min() < _LEAST_SIDE:
            continue
        of_lines = np.diff(values.sum(axis=axis, dtype=np.float64) / lengths, 2)
        of_values = np.square(np.diff(values, 2, axis=1 - axis))
        power = float(of_values.mean()) / float(np.mean(lengths))
        spread = float(np.quantile(np.square(of_lines), 0.75)) / _UPPER_QUARTILE
        found.append(spread / power if power > 0 else 0.0)
    return max(found)


def largest_object(waves: Singles) -> float:
    """Return the greatest of the residual as a filter matched to a spot sees it.

    `waves`: cosine transform of the score.
    In units of what the noise leaves in it; 4 in a large plane of noise.
    """
    gray = waves.sum(axis=0) / np.float32(math.sqrt(len(waves)))
    seen = restored_from(gray * window(gray.shape, _SPOT))
    return 2 * _SPOT * math.sqrt(math.pi) * float(max(seen.max(), -seen.min()))


def resemblance(planes: Floats, waves: Singles, judged: Bools | None) -> float:
    """Return the correlation of the detail of an image with the score, smoothed.

    `planes`: the image, ``(colours, H, W)``.
    `waves`: cosine transform of the score.
    """
    fine = window(waves.shape, _FINE)
    detail = transformed(planes - planes.mean()) * (fine - window(waves.shape, _COARSE))
    taken = waves * fine
    if judged is not None:  # else the sums over waves are those over pixels
        detail, taken = restored_from(detail) * judged, restored_from(taken)
    scale = math.sqrt(float(np.square(detail).sum()) * float(np.square(taken).sum()))
    return float((detail * taken).sum()) / scale if scale > 0 else 0.0
