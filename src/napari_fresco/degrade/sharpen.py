"""Unsharp masking of the target, as BSRGAN's second degradation model has it. No torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from .planes import Floats, as_plane


def unsharp(
    image: Any, weight: float = 0.5, radius: int = 50, threshold: float = 10 / 255
) -> Floats:
    """Sharpen an image in [0, 1] where it differs from its blur.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, C)
    weight : float
        Part of the difference that is added.
    radius : int
        Window of the Gaussian in pixels, made odd; its standard deviation follows
        OpenCV's rule ``0.3 ((n - 1) / 2 - 1) + 0.8``.
    threshold : float
        Least difference to sharpen; the selection is blurred too.
    """
    values = as_plane(image)
    residual = values - _smooth(values, radius)
    soft = _smooth((np.abs(residual) > threshold).astype(float), radius)
    sharp = np.clip(values + weight * residual, 0, 1)
    return np.asarray(soft * sharp + (1 - soft) * values)


def _smooth(values: Floats, radius: int) -> Floats:
    half = (radius + 1 - radius % 2) // 2
    sigma = 0.3 * (half - 1) + 0.8
    taps = np.exp(-(np.arange(-half, half + 1) ** 2) / (2 * sigma**2))
    taps /= taps.sum()
    for axis in (0, 1):
        values = ndimage.convolve1d(values, taps, axis=axis, mode='mirror')
    return values
