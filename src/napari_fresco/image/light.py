"""Light that a denoiser moved is put back where noise does not explain that it is gone.

Networks make bright spots dimmer and dark ground brighter, and the loss, far below the noise of a
pixel, shows in the means of regions. Means of the data are unbiased, so the difference is added
from coarse to fine, each time only where it is significant: a good result stays as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .layout import Floats

_WIDTHS = (32.0, 8.0)  # of the Gaussian windows, in pixels, after the whole plane
_SIGNIFICANT = 4.0  # standard errors of a mean under which nothing is added
_OF_ALL = 1.0  # the same for the whole plane, whose mean is known best


def with_light_of(
    observed: Floats,
    restored: Floats,
    noise: Floats | float,
    known: NDArray[np.bool_],
    dark: float | None = None,
) -> Floats:
    """Return `restored` with the local means of `observed`, where they differ significantly.

    Parameters
    ----------
    observed, restored : ndarray
        ``(H, W)`` or ``(H, W, colours)``, without a blur between them.
    noise : ndarray or float
        Standard deviation of `observed`.
    known : ndarray of bool
        ``(H, W)``; other pixels say nothing.
    dark : float, optional
        Intensity without light. What the whole plane lacks is then shared in proportion to the
        light of its pixels, and else evenly.
    """
    if restored.ndim == 3:
        levels: Any = np.broadcast_to(
            noise[..., None] if isinstance(noise, np.ndarray) and noise.ndim == 2 else noise,
            restored.shape,
        )
        parts = [
            with_light_of(observed[..., c], restored[..., c], levels[..., c], known, dark)
            for c in range(restored.shape[-1])
        ]
        return np.stack(parts, axis=-1)
    weight = known.astype(np.float64)
    variance = weight * np.square(np.broadcast_to(noise, observed.shape))
    y = np.where(known, observed, 0.0)
    x = _with_total(y, restored, weight, variance, dark)
    x = np.asarray(x, np.float64)
    for width in _WIDTHS:
        if 2 * width < min(x.shape):
            x = x + _drift(weight * (y - x), weight, variance, width)
    return x


def _with_total(
    y: Floats, x: Floats, weight: Floats, variance: Floats, dark: float | None
) -> Floats:
    """Return x with the total of y over what is known."""
    missing = float((weight * (y - x)).sum())
    if abs(missing) <= _OF_ALL * float(variance.sum()) ** 0.5 or not weight.any():
        return x
    light = 0.0 if dark is None else float((weight * np.maximum(x - dark, 0)).sum())
    if dark is None or light <= abs(missing):
        return np.asarray(x + missing / float(weight.sum()))
    return np.asarray(x + np.maximum(x - dark, 0) * (missing / light))


def _drift(residual: Floats, weight: Floats, variance: Floats, width: float) -> Floats:
    """Return the local mean of a residual, without what noise explains."""
    share = _averaged(weight, width)
    mean = _averaged(residual, width) / np.maximum(share, 1e-3)
    # Squares of a Gaussian window are one that is narrower by the root of two.
    spread = _averaged(variance, width / 2**0.5) / (4 * np.pi * width**2)
    error2 = np.maximum(spread, 1e-30) / np.maximum(share, 1e-3) ** 2
    kept = np.maximum(1 - _SIGNIFICANT**2 * error2 / np.maximum(mean**2, 1e-30), 0.0)
    drift: Floats = kept * mean * (share > 0.05)
    return drift


def _averaged(values: Floats, width: float) -> Floats:
    """Return means in Gaussian windows; those of a constant cost nothing."""
    if values.min() == values.max():
        return values
    means: Floats = ndimage.gaussian_filter(values, width)
    return means
