"""One plane of an Image or an array, as plain pixels for functions of pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import FrescoError, ImageError
from .model import Image, in_memory, values_of

Pixels = NDArray[Any]
PlaneLike = ArrayLike | Image


def pixels_of(image: Any, what: str = 'image', error: type[FrescoError] = ImageError) -> Pixels:
    """Return the pixels of an Image with one plane, ``(H, W)`` or ``(H, W, samples)``.

    An array is returned as it is, in memory. Raises `error` when there are more planes, or it is
    no array; `what` is its name there.
    """
    if not isinstance(image, Image):
        return values_of(image, what, error)
    others = [axis for axis in image.axes if axis not in 'YXS']
    if any(image.length(axis) > 1 for axis in others):
        raise error(
            f'{what} has axes {image.axes} and shape {image.shape}; give one plane, gray or RGB'
        )
    order = [*others, *(axis for axis in 'YXS' if axis in image.axes)]
    pixels = in_memory(image.data).transpose([image.axes.index(axis) for axis in order])
    pixels = pixels[(0,) * len(others)]
    return np.asarray(pixels[..., 0] if 'S' in order and pixels.shape[-1] == 1 else pixels)
