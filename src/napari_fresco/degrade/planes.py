"""Images as the degradations take them: batches ``(N, C, H, W)``, C = 1 or 3."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import ImageError

Floats = NDArray[np.float64]

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue, of ITU-R BT.601."""


def to_batch(plane: Any) -> Tensor:
    """Return a plane ``(H, W)`` or ``(H, W, C)`` as a batch of one, float64.

    Raises ImageError when the shape is another one, or an axis is empty.
    """
    values = np.asarray(plane, dtype=np.float64)
    if values.ndim not in (2, 3) or 0 in values.shape:
        raise ImageError(
            f'an image is (H, W) or (H, W, C) with one pixel at least, not {values.shape}'
        )
    channels = values[None] if values.ndim == 2 else values.transpose(2, 0, 1)
    return torch.from_numpy(np.array(channels, order='C'))[None]


def to_plane(batch: Tensor) -> Floats:
    """Return a batch of one as a plane: ``(H, W)`` of one channel, else ``(H, W, C)``."""
    values = batch[0].numpy()
    return values[0] if len(values) == 1 else np.ascontiguousarray(values.transpose(1, 2, 0))


def crop(images: Tensor, scale: int) -> Tensor:
    """Cut images at the bottom and right to multiples of `scale`.

    Raises ImageError when a side is shorter than `scale`.
    """
    rows, columns = images.shape[-2:]
    if min(rows, columns) < scale:
        raise ImageError(
            f'an image of {rows} x {columns} pixels cannot be shrunk {scale}-fold; '
            f'give one of {scale} x {scale} or more, or a smaller scale'
        )
    return images[..., : rows - rows % scale, : columns - columns % scale]
