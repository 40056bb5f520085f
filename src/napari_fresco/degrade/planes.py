"""What the degradations take: planes of floating-point numbers, and random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError

Floats = NDArray[np.float64]
Random = np.random.Generator | np.random.RandomState
"""Repeats the draws of published programs where it is a ``RandomState``."""


def as_plane(image: Any) -> Floats:
    """Return `image`, ``(H, W)`` or ``(H, W, C)``, as float64.

    Raises
    ------
    ImageError
        When the shape is another one, or an axis is empty.
    """
    values = np.asarray(image, dtype=np.float64)
    if values.ndim not in (2, 3) or 0 in values.shape:
        raise ImageError(
            f'an image is (H, W) or (H, W, C) with one pixel at least, not {values.shape}'
        )
    return values


def crop(image: Any, scale: int) -> Floats:
    """Cut `image` at the bottom and right to multiples of `scale`.

    Raises
    ------
    ImageError
        When a side is shorter than `scale`.
    """
    values = as_plane(image)
    rows, cols = values.shape[:2]
    if min(rows, cols) < scale:
        raise ImageError(
            f'an image of {rows} x {cols} pixels cannot be shrunk {scale}-fold; '
            f'give one of {scale} x {scale} or more, or a smaller scale'
        )
    return values[: rows - rows % scale, : cols - cols % scale]
