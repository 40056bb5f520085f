"""What checks measure in a residual that should be white noise: scales, lines and spots.

A score is ``(H, W)`` or ``(H, W, colours)``, in units of the noise that is expected; what is not
judged counts as 0. numpy and scipy only.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from .plane_measures import Bools, Floats, to_gray

_RINGS = 8
_CHANCE = 2.0  # standard errors that are taken off the power of a ring
_SPOT = 1.5  # pixels, standard deviation of a spot
_LEAST_SIDE = 16


def unevenness(score: Floats, judged: Bools) -> float:
    """Return the power of the strongest of eight rings of frequencies over their median.

    A ring of n independent coefficients varies by 1/sqrt(n), twice which is taken off.
    """
    height, width = score.shape[:2]
    if min(height, width) < _LEAST_SIDE:
        return 1.0
    window = np.outer(np.hanning(height), np.hanning(width))
    planes = np.moveaxis(np.atleast_3d(np.where(judged, score - score[judged].mean(), 0.0)), -1, 0)
    power = (np.abs(np.fft.fft2(planes * window)) ** 2).mean(axis=0)
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    ring = (radius * 2 * _RINGS).astype(int)
    rings = np.arange(_RINGS)
    strength = np.asarray(ndimage.mean(power, ring, rings))
    # Half of the coefficients mirror the others, and a window joins neighbours.
    count = np.bincount(ring.ravel(), minlength=_RINGS)[:_RINGS] / 4
    middle = float(np.median(strength))
    expected = middle * (1 + _CHANCE / np.sqrt(count))
    return float((strength / expected).max()) if middle > 0 else 1.0


def excess_of_lines(score: Floats, judged: Bools) -> float:
    """Return the variance of the means of rows or columns over that of as many single values.

    Second differences of lines tell, since an image that is left in is smooth across most of them.
    """
    values, known = to_gray(np.where(judged, score, 0.0)), to_gray(judged.astype(float)) > 0
    found = [0.0]
    for axis in (0, 1):
        lengths = known.sum(axis=axis)
        if len(lengths) < _LEAST_SIDE or lengths.min() < _LEAST_SIDE:
            continue
        of_lines = np.diff(values.sum(axis=axis) / lengths, 2)
        of_values = np.diff(values, 2, axis=1 - axis)
        power = float(np.mean(of_values**2)) / float(np.mean(lengths))
        found.append(float(np.mean(of_lines**2)) / power if power > 0 else 0.0)
    return max(found)


def largest_object(score: Floats, judged: Bools) -> float:
    """Return the greatest of the residual as a filter matched to a spot sees it.

    In units of what the noise leaves in it; 4 in a large plane of noise.
    """
    colours = 1 if score.ndim == 2 else score.shape[-1]
    gray = to_gray(np.where(judged, score, 0.0)) * math.sqrt(colours)
    seen = ndimage.gaussian_filter(gray, _SPOT) * (2 * _SPOT * math.sqrt(math.pi))
    return float(np.abs(seen).max())
