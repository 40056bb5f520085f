"""L*a*b* of gray, RGB and RGBA images of any type."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage import color, util

from ..errors import ParameterError
from ..image.one_plane import PlaneLike, pixels_of


def lab_of(image: PlaneLike) -> NDArray[np.float32]:
    """Return L*, a* and b*, ``(H, W, 3)``, of a gray or sRGB image.

    `image`: ``(H, W)``, ``(H, W, 3)`` or with alpha; integers fill their type, floats [0, 1].
    """
    values = util.img_as_float32(checked(image))  # type: ignore[no-untyped-call]
    rgb = values[..., :3] if values.ndim == 3 else np.repeat(values[..., None], 3, axis=-1)
    return np.asarray(color.rgb2lab(rgb), np.float32)


def checked(image: PlaneLike) -> NDArray[Any]:
    """Return the pixels of an image that has an allowed shape and range."""
    pixels = pixels_of(image)
    if not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[-1] in (3, 4))):
        raise ParameterError(
            f'the image has shape {pixels.shape}; give (H, W) gray or (H, W, 3) colour pixels'
        )
    if pixels.dtype.kind == 'f' and (not np.isfinite(pixels).all() or np.ptp(pixels) > 1.001):
        raise ParameterError('pixels are not in [0, 1]; scale the image to it, or give integers')
    return pixels
