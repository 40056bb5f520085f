"""The noise of a blurred image, read where the blur lets nothing through.

A known kernel passes almost none of the picture at some frequencies: what an image has there is
noise, whatever its grain. The patches that other estimators look at show the finest frequencies
only, of which JPEG, demosaicking and resampling leave nothing, while deconvolution amplifies
those in the middle. numpy and scipy only.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from .level import level_of_plane

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_PASSED = 0.004  # of the power, below which a frequency counts as a null
_BAND = (0.06, 0.3)  # cycles per pixel: below is the picture, beyond it JPEG leaves nothing
_FEWEST = 64  # coefficients
_GRAIN = 1.5  # by which noise at middle frequencies exceeds that of patches before it has a grain
_AT_NULLS, _OF_MEANS = 1.5, 1.8  # what deconvolution is told of it; measured on shaky JPEGs
_LUMINANCE = (0.299, 0.587, 0.114)


def grain_level(plane: Floats, kernel: Floats, damaged: Bools | None = None) -> float | None:
    """Return what to tell a deconvolution of an image whose noise has a grain.

    Told the level of single pixels, which is too low then, a deconvolution amplifies the noise by
    many dB; told too high a level it loses one. So the level at the nulls of the kernel counts
    1.5 times, or that of means of 2 x 2 pixels, where there are no nulls, 1.8 times.

    Parameters
    ----------
    plane : ndarray
        ``(H, W)`` or ``(H, W, 3)`` in image units.
    kernel : ndarray
        ``(kh, kw)``, of sum 1.
    damaged : ndarray of bool, optional
        Pixels that say nothing.

    Returns
    -------
    float or None
        In image units. None where the noise has no grain.
    """
    gray = plane if plane.ndim == 2 else plane @ np.array(_LUMINANCE)
    fine = level_of_plane(gray, damaged)
    coarse, factor = level_at_nulls(gray, kernel, damaged), _AT_NULLS
    if coarse is None:
        coarse, factor = _level_of_means(gray, damaged), _OF_MEANS
    return factor * coarse if coarse > _GRAIN * fine else None


def level_at_nulls(plane: Floats, kernel: Floats, damaged: Bools | None = None) -> float | None:
    """Return the standard deviation of the noise at the nulls of a kernel.

    Parameters
    ----------
    plane : ndarray
        ``(H, W)`` in image units.
    kernel : ndarray
        ``(kh, kw)``, of sum 1.
    damaged : ndarray of bool, optional
        Pixels that say nothing; the mean stands in for them.

    Returns
    -------
    float or None
        As of white noise with the power that was found. None where the kernel has no nulls
        within the band, such as a narrow Gaussian, or is larger than the image.
    """
    if any(k > n for k, n in zip(kernel.shape, plane.shape, strict=True)):
        return None
    null = _nulls(kernel, plane.shape)
    if np.count_nonzero(null) < _FEWEST:
        return None
    window = np.outer(*(np.hanning(n + 2)[1:-1] for n in plane.shape))
    if damaged is not None:
        window = window * ~damaged
    known = np.where(window > 0, plane, 0.0)
    weight = window.sum()
    if weight == 0:
        return None
    mean = float((window * known).sum() / weight)
    spectrum = np.abs(fft.rfft2(window * (known - mean))) ** 2 / np.square(window).sum()
    # The median of an exponential law is ln 2 of its mean; leakage of the picture hardly moves it.
    return math.sqrt(float(np.median(spectrum[null])) / math.log(2))


def _nulls(kernel: Floats, shape: tuple[int, ...]) -> Bools:
    transfer = np.abs(fft.rfft2(kernel, shape)) ** 2
    rows, columns = np.fft.fftfreq(shape[0]), np.fft.rfftfreq(shape[1])
    frequency = np.hypot(rows[:, None], columns)
    inside = (frequency >= _BAND[0]) & (frequency <= _BAND[1])
    null: Bools = inside & (transfer < _PASSED)
    return null


def _level_of_means(plane: Floats, damaged: Bools | None) -> float:
    """Return twice the level of means of 2 x 2 pixels: that of the pixels, if they are white."""
    rows, columns = (n // 2 for n in plane.shape)
    if min(rows, columns) < 16:
        return 0.0
    cells = np.s_[: 2 * rows, : 2 * columns]
    means = plane[cells].reshape(rows, 2, columns, 2).mean(axis=(1, 3))
    spoilt: Bools | None = None
    if damaged is not None:
        spoilt = np.asarray(damaged[cells].reshape(rows, 2, columns, 2).any(axis=(1, 3)))
    return 2 * level_of_plane(means, spoilt)
