"""Measures of a residual that should be white noise: scales and spots.

A score is ``(colours, H, W)``, in units of the noise that is expected, and 0 where it is not
judged; `judged` says where ``(H, W)`` it is, None everywhere. numpy and scipy only.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from .plane_measures import Bools, Floats, Singles, restored_from, transformed, window

_RINGS = 8
_CHANCE = 2.0  # standard errors that are taken off the power of a ring
_SPOT = 1.5  # pixels, standard deviation of a spot
_FINE, _COARSE = 1.0, 4.0  # pixels, windows between which the detail of an image lies
_LEAST_SIDE = 16
_BROAD = 4.0  # pixels, a window that leaves little of what noise adds to an image and its residual
_SURE = 4.0  # standard errors


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


def largest_object(waves: Singles) -> float:
    """Return the greatest of the residual as a filter matched to a spot sees it.

    `waves`: cosine transform of the score.
    In units of what the noise leaves in it; 4 in a large plane of noise.
    """
    gray = waves.sum(axis=0) / np.float32(math.sqrt(len(waves)))
    seen = restored_from(gray * window(gray.shape, _SPOT))
    return 2 * _SPOT * math.sqrt(math.pi) * float(max(seen.max(), -seen.min()))


def share_left(planes: Floats, waves: Singles, judged: Bools | None) -> float:
    """Return the share of what stands out of an image that is left in its residual, 0 if none.

    The image with a contrast that is larger by a factor explains what was seen best; of light that
    only moved by a few pixels, and of noise in both, a broad window leaves nothing.

    `planes`: the image in units of its noise, ``(colours, H, W)``, its mean 0.
    `waves`: cosine transform of the score.
    """
    broad = window(waves.shape, _BROAD)
    seen = transformed(planes if judged is None else planes * judged) * broad
    power = float(np.square(seen).sum(dtype=np.float64))
    if power <= 0:
        return 0.0
    more = float((seen * waves * broad).sum(dtype=np.float64)) / power
    error = math.sqrt(float(np.square(seen * broad).sum(dtype=np.float64))) / power
    return more / (1 + more) if more > _SURE * error else 0.0


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
