"""Point spread functions measured from the image of a bead. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from ...errors import KernelError
from .optics import normalise, odd_size


def from_bead(crop: Any, size: int | None = None) -> np.ndarray:
    """Make a kernel from the image of one bead smaller than the resolution.

    The background (median of the border) is subtracted, whatever does not
    rise above its noise or does not touch the bead is cleared, and the
    centroid is moved to the central pixel by cubic interpolation.

    Parameters
    ----------
    crop : array_like, 2-D
        Part of an image that holds one bead with dark surroundings.
    size : int, optional
        Odd number of pixels; by default the largest odd square in `crop`.

    Raises
    ------
    KernelError
        When `crop` is not a plane of finite numbers, is smaller than 3 pixels,
        holds nothing brighter than its border, or cuts the bead.
    """
    values = _plane(crop)
    border = np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])
    level = float(np.median(border))
    noise = 1.4826 * float(np.median(np.abs(border - level)))
    signal = np.clip(values - level, 0, None)
    peak = np.unravel_index(int(np.argmax(signal)), signal.shape)
    if signal[peak] <= max(5 * noise, 1e-9 * abs(level)):
        raise KernelError(
            'the crop holds nothing that rises above its border; crop one bright bead with '
            'some dark background around it'
        )
    if _on_border(peak, signal.shape):
        raise KernelError('the brightest pixel lies on the border of the crop; centre the bead')
    bead = np.where(_support(values - level, noise, peak), values - level, 0.0)
    side = odd_size(size, (min(bead.shape) - 1) // 2)
    return normalise(_recentred(bead, side))


def _plane(crop: Any) -> np.ndarray:
    values = np.asarray(crop)
    if values.ndim != 2 or min(values.shape) < 3:
        raise KernelError(
            f'a bead crop must be 2-D and at least 3 x 3, but has shape {values.shape}'
        )
    if values.dtype.kind not in 'buif':
        raise KernelError(f'a bead crop must hold real numbers, not {values.dtype}')
    values = values.astype(np.float64)
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise KernelError(f'the bead crop holds {bad} NaN or infinite pixels')
    return values


def _support(signal: np.ndarray, noise: float, peak: tuple[Any, ...]) -> np.ndarray:
    """Return where the bead, dim rings included, rises above the noise."""
    averaged = ndimage.gaussian_filter(signal, 1)  # which leaves 0.28 of white noise
    square = np.ones((3, 3))
    bright = ndimage.binary_closing(np.pad(averaged > 0.56 * noise, 3), square)[3:-3, 3:-3]
    labels, _ = ndimage.label(bright | (signal == signal[peak]), square)
    return np.asarray(labels == labels[peak])


def _on_border(index: Sequence[Any], shape: tuple[int, ...]) -> bool:
    return any(i in (0, n - 1) for i, n in zip(index, shape, strict=True))


def _recentred(bead: np.ndarray, side: int) -> np.ndarray:
    centre = ndimage.center_of_mass(bead)
    offsets = np.arange(side) - side // 2
    grid = np.meshgrid(offsets + centre[0], offsets + centre[1], indexing='ij')
    moved = ndimage.map_coordinates(bead, grid, order=3, mode='constant')
    return np.asarray(np.clip(moved, 0, None))
