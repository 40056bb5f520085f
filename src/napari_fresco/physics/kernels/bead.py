"""Point spread functions measured from beads, and the background they lie on. No torch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from ...errors import KernelError
from ..number_checks import odd_size
from .normalise import normalise

LEAST_SIZE = 7
"""Pixels along each axis below which nothing is said of a border."""
LEAST_SHARE = 0.02
"""Part of the sum below which a background is left alone."""
EVEN = 0.03
"""By how much parts of an even border may differ."""
CUT_NOISE = (0.3, 0.8)
"""Part of a border that has the least value, between which it is noise that was cut off there."""


def from_bead(crop: Any, size: int | None = None) -> np.ndarray:
    """Make a kernel from the image of one bead smaller than the resolution.

    The background (level of the border) is subtracted, whatever does not
    rise above its noise or does not touch the bead is cleared, hot pixels
    too, and the centroid is moved to the central pixel by cubic
    interpolation.

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
    depth = depth_of(values.shape)
    level, noise = level_of(values[depth == 0])
    values = np.where(hot_pixels(values, level, noise), level, values)
    signal = np.clip(values - level, 0, None)
    peak = np.unravel_index(int(np.argmax(signal)), signal.shape)
    if signal[peak] <= max(5 * noise, 1e-9 * abs(level)):
        raise KernelError(
            'the crop holds nothing that rises above its border; crop one bright bead with '
            'some dark background around it'
        )
    if depth[peak] == 0:
        raise KernelError('the brightest pixel lies on the border of the crop; centre the bead')
    bead = np.where(support_of(values - level, noise, peak), values - level, 0.0)
    side = odd_size(size, (min(bead.shape) - 1) // 2)
    centre = ndimage.center_of_mass(bead)
    return normalise(np.clip(recentred(bead, centre, (side, side)), 0, None))


def without_offset(values: np.ndarray) -> tuple[np.ndarray, float, bool, int]:
    """Take an even background off a kernel, where it clearly lies on one.

    Clearly: the two outermost layers of pixels, and the corners and the sides of the outer one,
    have one level, above which something rises and which holds a notable part of the sum. A box
    or a kernel that is merely cut off has no such border.

    Parameters
    ----------
    values : ndarray, 2-D or 3-D
        The kernel.

    Returns
    -------
    values : ndarray
        Without the background and the noise on it, where it is even; as it is elsewhere.
    share : float
        The part of the sum that lies below the level of the border, 0 where that is nothing.
    even : bool
        Whether it is an even background.
    hot : int
        How many hot pixels on it were taken off, too.
    """
    if min(values.shape) < LEAST_SIZE or values.min() < 0:
        return values, 0.0, False, 0
    depth = rim_depth(values.shape)
    level, noise = level_of(values[depth == 0])
    lone = hot_pixels(values, level, noise)
    lit = np.where(lone, level, values)
    share = level * values.size / float(lit.sum())
    peak = np.unravel_index(int(np.argmax(lit)), values.shape)
    above = float(lit[peak]) - level
    if share < LEAST_SHARE or above < max(4 * noise, level / 4) or depth[peak] == 0:
        return values, 0.0, False, 0
    if above < 10 * noise:
        return values, share, False, 0
    lateral = list(_lines(values.shape))[-2:]
    corner = np.all([abs(i - (n - 1) / 2) >= n / 4 for i, n in lateral], axis=0)
    for part in (depth == 1, (depth == 0) & corner, (depth == 0) & ~corner):
        spread = 5 * noise / math.sqrt(np.count_nonzero(part))
        if abs(level_of(values[part])[0] - level) > spread + EVEN * level:
            return values, share, False, 0
    signal = lit - level
    clean = np.where(support_of(signal, noise, peak), np.clip(signal, 0, None), 0.0)
    return clean, share, True, int(lone.sum())


def level_of(border: np.ndarray) -> tuple[float, float]:
    """Return the level of pixels and the standard deviation of the noise on it.

    The median; of noise that was cut off at the level of the camera, so that half of it is zero,
    the mean, and the deviation before it was cut off.
    """
    level = float(np.median(border))
    above = border - border.min()
    if CUT_NOISE[0] < np.mean(above == 0) < CUT_NOISE[1]:
        return float(border.mean()), math.sqrt(2 * float(np.square(above).mean()))
    return level, 1.4826 * float(np.median(np.abs(border - level)))


def hot_pixels(values: np.ndarray, level: float, noise: float) -> np.ndarray:
    """Return pixels far above a level with noise, whose neighbours are not, beside something else.

    Without noise nothing is hot: a drawn kernel may consist of points.
    """
    ring = np.ones((3,) * values.ndim, bool)
    ring[(1,) * values.ndim] = False
    around = ndimage.maximum_filter(values, footprint=ring)
    bright = values > level + 10 * noise
    lone = bright & (around < level + 6 * noise)
    return lone if noise > 0 and (bright & ~lone).any() else np.zeros_like(lone)


def _lines(shape: tuple[int, ...]) -> Iterator[tuple[np.ndarray, int]]:
    """Yield the indices along each axis and its size."""
    yield from zip(np.indices(shape), shape, strict=True)


def depth_of(shape: tuple[int, ...]) -> np.ndarray:
    """Return the number of pixels between each pixel and the nearest border."""
    return np.asarray(np.min([np.minimum(i, n - 1 - i) for i, n in _lines(shape)], axis=0))


def rim_depth(shape: tuple[int, ...]) -> np.ndarray:
    """Return the number of pixels between each pixel and the nearest border of its plane.

    Of a volume only the planes about the middle have a rim: far from the focus the haze of a
    point fills a plane, and is no background.
    """
    depth = np.broadcast_to(depth_of(shape[-2:]), shape).copy()
    for z in range(shape[0]) if len(shape) == 3 else ():
        if 6 * abs(z - shape[0] // 2) > shape[0]:
            depth[z] = min(shape[-2:])
    return depth


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


def support_of(signal: np.ndarray, noise: float, peak: tuple[Any, ...]) -> np.ndarray:
    """Return where the bead, dim rings included, rises above the noise."""
    averaged = ndimage.gaussian_filter(signal, 1)  # which leaves 0.28 of white noise
    square, inner = np.ones((3,) * signal.ndim), (slice(3, -3),) * signal.ndim
    bright = ndimage.binary_closing(np.pad(averaged > 0.56 * noise, 3), square)[inner]
    labels, _ = ndimage.label(bright | (signal == signal[peak]), square)
    return np.asarray(labels == labels[peak])


def recentred(bead: np.ndarray, centre: Sequence[float], sizes: Sequence[int]) -> np.ndarray:
    """Return the part of `sizes` around `centre`, which comes to lie on its ``size // 2``."""
    lines = [np.arange(n) - n // 2 + c for n, c in zip(sizes, centre, strict=True)]
    grid = np.meshgrid(*lines, indexing='ij')
    return np.asarray(ndimage.map_coordinates(bead, grid, order=3, mode='constant'))
