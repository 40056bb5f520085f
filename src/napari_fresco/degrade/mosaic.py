"""The colour filter array of a camera. No torch."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from ..errors import ImageError, ParameterError

Pattern = Literal['RGGB', 'GRBG', 'GBRG', 'BGGR']
PATTERNS: tuple[Pattern, ...] = get_args(Pattern)
CHANNEL = {'R': 0, 'G': 1, 'B': 2}


def mosaic(image: Any, pattern: str = 'RGGB') -> np.ndarray:
    """Keep one colour per pixel, as the colour filter array of a camera does.

    Parameters
    ----------
    image : array_like, (H, W, 3)
    pattern : str
        Colours of the upper-left 2 x 2 pixels, row by row.

    Returns
    -------
    ndarray, (H, W)

    Raises
    ------
    ImageError, ParameterError
        When the image is not RGB or the pattern is unknown.
    """
    values = np.asarray(image)
    if values.ndim != 3 or values.shape[2] != 3:
        raise ImageError(f'a mosaic is made of an RGB image, but the shape is {values.shape}')
    index = filter_array(values.shape[:2], pattern)
    return np.take_along_axis(values, index[..., None], axis=2)[..., 0]


def filter_array(shape: tuple[int, ...], pattern: str) -> np.ndarray:
    """Return which channel (0 R, 1 G, 2 B) each pixel of a mosaic holds."""
    if pattern not in PATTERNS:
        raise ParameterError(f'pattern = {pattern!r}; choose RGGB, GRBG, GBRG or BGGR')
    cell = np.array([CHANNEL[colour] for colour in pattern]).reshape(2, 2)
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    return np.asarray(cell[rows % 2, cols % 2])
