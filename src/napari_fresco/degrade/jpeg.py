"""JPEG compression. No torch."""

from __future__ import annotations

import io
from typing import Any, Literal

import numpy as np
from PIL import Image

from ..errors import ImageError, ParameterError
from .planes import Floats, as_plane

Subsampling = Literal['4:2:0', '4:2:2', '4:4:4']


def compress(image: np.ndarray, quality: int, subsampling: Subsampling = '4:2:0') -> np.ndarray:
    """Compress and decompress a byte image.

    Parameters
    ----------
    image : ndarray, uint8, (H, W) or (H, W, 3)
    quality : int
        1 to 100, of the Independent JPEG Group's tables.
    subsampling : {'4:2:0', '4:2:2', '4:4:4'}
        Resolution of the chroma; the first is what cameras and OpenCV write.

    Returns
    -------
    ndarray, uint8
        Same shape.

    Raises
    ------
    ImageError
        When `image` holds no bytes, or is neither gray nor RGB.
    ParameterError
        When the quality is out of range.
    """
    if image.dtype != np.uint8:
        raise ImageError(f'JPEG holds bytes, but the image is {image.dtype}; scale it to uint8')
    if not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)) or 0 in image.shape:
        raise ImageError(f'JPEG holds gray or RGB images, but the shape is {image.shape}')
    if not 1 <= quality <= 100:
        raise ParameterError(f'quality = {quality} must lie between 1 and 100')
    # Pillow knows no subsampling of a gray image.
    chroma = {'subsampling': subsampling} if image.ndim == 3 else {}
    buffer = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(image))
    picture.save(buffer, format='JPEG', quality=int(quality), **chroma)
    with Image.open(buffer) as decoded:
        return np.asarray(decoded)


def compress_unit(image: Any, quality: int) -> Floats:
    """Compress an image in [0, 1]; what lies beyond is clipped, as bytes are."""
    return compress(to_bytes(image), quality) / 255


def to_bytes(image: Any) -> np.ndarray:
    """Return an image in [0, 1] as bytes, clipped and rounded."""
    return np.asarray(np.rint(np.clip(as_plane(image), 0, 1) * 255), dtype=np.uint8)


def virnet_quality(random: np.random.Generator) -> int:
    """Draw a quality as VIRNet's training does: one of six ranges, then a quality in it."""
    ranges = ((30, 35), (35, 40), (40, 45), (45, 60), (60, 70), (70, 80), (80, 95))
    low, high = ranges[random.integers(len(ranges))]
    return int(random.integers(low, high + 1))
