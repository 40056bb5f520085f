"""Linear demosaicing, the starting point of plug-and-play demosaicing. No torch."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from scipy import ndimage

from ..errors import ImageError, ParameterError

Pattern = Literal['RGGB', 'GRBG', 'GBRG', 'BGGR']
PATTERNS: tuple[Pattern, ...] = get_args(Pattern)

# Malvar, He and Cutler 2004, figure 2, times 8.
_GREEN = np.array(
    [[0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1], [0, 0, 2, 0, 0], [0, 0, -1, 0, 0]]
)
_ALONG = np.array(
    [[0, 0, 0.5, 0, 0], [0, -1, 0, -1, 0], [-1, 4, 5, 4, -1], [0, -1, 0, -1, 0], [0, 0, 0.5, 0, 0]]
)
_ACROSS = np.array(
    [
        [0, 0, -1.5, 0, 0],
        [0, 2, 0, 2, 0],
        [-1.5, 0, 6, 0, -1.5],
        [0, 2, 0, 2, 0],
        [0, 0, -1.5, 0, 0],
    ]
)


def malvar(mosaic: Any, pattern: str = 'RGGB') -> np.ndarray:
    """Interpolate a colour filter mosaic by Malvar, He and Cutler's 5 x 5 filters.

    Every missing colour is the bilinear estimate corrected by the Laplacian of
    the colour that was measured there. Measured samples are untouched, nothing
    is clipped, and the border is mirrored without repeating the edge, which
    keeps the phase of the pattern.

    `mosaic`: array_like, (H, W), one measured colour per pixel, any range and unit; odd sizes are
        fine.
    `pattern`: {'RGGB', 'GRBG', 'GBRG', 'BGGR'}, colours of the upper-left 2 x 2 pixels, row by row.
    Returns: RGB in the units of `mosaic`.
    Raises ImageError when `mosaic` is not a plane of at least 2 x 2 pixels.
    Raises ParameterError when the pattern is unknown.

    References
    ----------
    H. Malvar, L. He, R. Cutler, "High-quality linear interpolation for demosaicing
    of Bayer-patterned color images", ICASSP 2004.
    """
    values = np.asarray(mosaic, dtype=np.float64)
    if values.ndim != 2 or min(values.shape) < 2:
        raise ImageError(f'a mosaic is (H, W) with 2 pixels or more, but has shape {values.shape}')
    channel = filter_array(values.shape, pattern)
    green, row, column, diagonal = (
        ndimage.correlate(values, weights / 8, mode='mirror')
        for weights in (_GREEN, _ALONG, _ALONG.T, _ACROSS)
    )
    in_red_row = np.any(channel == 0, axis=1)[:, None]
    at_green = channel == 1
    red = np.where(at_green, np.where(in_red_row, row, column), diagonal)
    blue = np.where(at_green, np.where(in_red_row, column, row), diagonal)
    estimates = np.stack([red, green, blue], axis=-1)
    measured = channel[..., None] == np.arange(3)
    return np.where(measured, values[..., None], estimates)


def filter_array(shape: tuple[int, ...], pattern: str) -> np.ndarray:
    """Return which channel (0 R, 1 G, 2 B) each pixel of a mosaic holds."""
    if pattern not in PATTERNS:
        raise ParameterError(f'pattern = {pattern!r}; choose RGGB, GRBG, GBRG or BGGR')
    cell = np.array(['RGB'.index(colour) for colour in pattern]).reshape(2, 2)
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    return np.asarray(cell[rows % 2, cols % 2])
