"""Baseline JPEG: the library, and the same for batches with a quality for each image."""

from __future__ import annotations

import io
import math
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from ..errors import ImageError, ParameterError
from .planes import LUMA as WEIGHTS

Subsampling = Literal['4:2:0', '4:2:2', '4:4:4']

_BLOCK = 8
_MIDDLE = 128.0

# Annex K of ITU-T T.81, in the order of the rows.
LUMA = torch.tensor(
    (
        *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55),
        *(14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62),
        *(18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
        *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
    )
)
CHROMA = torch.tensor(
    (
        *(17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99),
        *(24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99),
        *(99,) * 32,
    )
)
_TO_YCC = torch.tensor(
    (
        WEIGHTS,
        (-0.168735892, -0.331264108, 0.5),
        (0.5, -0.418687589, -0.081312411),
    )
)
_TO_RGB = torch.tensor(((1.0, 0.0, 1.402), (1.0, -0.344136286, -0.714136286), (1.0, 1.772, 0.0)))
_OFFSET = torch.tensor((0.0, _MIDDLE, _MIDDLE)).view(3, 1, 1)
"""What is added to luma and chroma so that they are bytes."""


def compress(images: Tensor, quality: Tensor) -> Tensor:
    """Compress and decompress images, as the programs of the Independent JPEG Group do.

    Differs by the rounding of their integers, less than one gray level.

    `images`: ``(N, C, H, W)`` in [0, 1], gray or RGB; what lies beyond is clipped. The chroma of
        RGB is kept at half the resolution (4:2:0).
    `quality`: from 1 to 100 for each image, ``(N,)``.
    Returns: multiples of 1 / 255, same shape.
    """
    levels = to_bytes(images)
    if images.shape[1] == 1:
        return _coded(levels, quality, LUMA) / 255
    offset = _beside(_OFFSET, images)
    coded = (_mixed(levels, _TO_YCC) + offset).round()
    luma, chroma = _coded(coded[:, :1], quality, LUMA), _coarse(coded[:, 1:], quality)
    decoded = _mixed(torch.cat((luma, chroma), 1) - offset, _TO_RGB)
    return decoded.round().clamp(0, 255) / 255


def compress_bytes(
    image: np.ndarray, quality: int, subsampling: Subsampling = '4:2:0'
) -> np.ndarray:
    """Compress and decompress a byte image by the library itself.

    `image`: ndarray, uint8, (H, W) or (H, W, 3).
    `quality`: 1 to 100, of the Independent JPEG Group's tables.
    `subsampling`: {'4:2:0', '4:2:2', '4:4:4'}, resolution of the chroma; the first is what cameras
        and OpenCV write.
    The result has the same shape.
    Raises ImageError when `image` holds no bytes, or is neither gray nor RGB.
    Raises ParameterError when the quality is out of range.
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


def to_bytes(images: Tensor) -> Tensor:
    """Return images in [0, 1] as whole levels from 0 to 255, clipped and rounded."""
    return (images.clamp(0, 1) * 255).round()


def tables(quality: Tensor, base: Tensor) -> Tensor:
    """Return the steps of quantisation ``(N, 64)``, scaled as the libraries do it."""
    low, high = torch.floor(5000 / quality), 200.0 - 2 * quality
    percent = torch.where(quality < 50, low, high)[:, None]
    return torch.floor((base.to(quality.device) * percent + 50) / 100).clamp(1, 255)


def _coarse(chroma: Tensor, quality: Tensor) -> Tensor:
    """Code planes at half the resolution, and interpolate them as decoders do."""
    rows, columns = chroma.shape[-2:]
    # Encoders fill up the columns before they halve them, but the rows afterwards.
    around = (0, -columns % (2 * _BLOCK), 0, rows % 2)
    mean = functional.avg_pool2d(functional.pad(chroma, around, mode='replicate'), 2)
    # They add a quarter and a half in turns, and cut off what is left.
    turns = torch.arange(mean.shape[-1], device=chroma.device) % 2
    small = _coded((mean + 0.25 * (1 + turns)).floor(), quality, CHROMA)
    small = small[..., : (columns + 1) // 2]
    # Decoders weigh with 9, 3, 3 and 1 sixteenths: that is bilinear interpolation.
    double = functional.interpolate(small, scale_factor=2, mode='bilinear', align_corners=False)
    return double[..., :rows, :columns].round()


def _coded(planes: Tensor, quality: Tensor, base: Tensor) -> Tensor:
    """Quantise the cosine transform of the blocks of planes ``(N, C, H, W)``."""
    rows, columns = planes.shape[-2:]
    right, below = -columns % _BLOCK, -rows % _BLOCK
    if right or below:
        planes = functional.pad(planes, (0, right, 0, below), mode='replicate')
    blocks = functional.pixel_unshuffle(planes - _MIDDLE, _BLOCK)
    step = _beside(tables(quality, base), planes)[:, None, :, None]
    basis = _beside(_COSINES, planes)
    flat = blocks.view(*planes.shape[:2], _BLOCK**2, -1)
    decoded = basis.T @ (_whole(basis @ flat, step) * step)
    joined = functional.pixel_shuffle(decoded.view_as(blocks), _BLOCK)
    return (joined[..., :rows, :columns] + _MIDDLE).round().clamp(0, 255)


def _whole(coefficients: Tensor, step: Tensor) -> Tensor:
    """Divide by the steps and round, halves away from zero.

    The libraries round coefficients to eighths before, which turns many into halves.
    """
    ratio = (8 * coefficients).round() / (8 * step)
    return (ratio + torch.full_like(ratio, 0.5).copysign(ratio)).trunc()


def _cosines() -> Tensor:
    """Return the orthonormal cosine transform of a block, ``(64, 64)``."""
    n = torch.arange(_BLOCK, dtype=torch.float64)
    line = torch.cos(math.pi / _BLOCK * (n + 0.5) * n[:, None]) * math.sqrt(2 / _BLOCK)
    line[0] /= math.sqrt(2)
    return torch.kron(line, line).float()


_COSINES = _cosines()


def _mixed(colours: Tensor, matrix: Tensor) -> Tensor:
    """Multiply the three planes of each image by a matrix."""
    return (_beside(matrix, colours) @ colours.flatten(2)).view_as(colours)


def _beside(table: Tensor, images: Tensor) -> Tensor:
    """Copy a table to where the images are, without waiting for it."""
    return table.to(images.device, images.dtype, non_blocking=True)
