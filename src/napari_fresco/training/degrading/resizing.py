"""Changes of size of batches, by the rules of OpenCV's ``resize``."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...degrade.resize import Mode


def resize(images: Tensor, shape: tuple[int, int], mode: Mode) -> Tensor:
    """Resize ``(N, C, H, W)`` to the rows and columns `shape`, and clip to [0, 1].

    Agrees with :func:`napari_fresco.degrade.resize.resize`.
    """
    if mode == 'area':
        sides = zip(images.shape[-2:], shape, strict=True)
        rows, columns = (_covered(n, count, images) for n, count in sides)
        return (rows @ images @ columns.T).clamp(0, 1)
    resized = functional.interpolate(images, size=shape, mode=mode, align_corners=False)
    return resized.clamp(0, 1)


def scaled(images: Tensor, factor: float) -> tuple[int, int]:
    """Return rows and columns, one at least, of images `factor` times as large."""
    rows, columns = (max(int(factor * n), 1) for n in images.shape[-2:])
    return rows, columns


def _covered(n: int, count: int, like: Tensor) -> Tensor:
    """Return how much of each of `n` pixels each of `count` pixels covers, rows of sum 1."""
    edges = torch.arange(count + 1, dtype=torch.float64) * (n / count)
    pixels = torch.arange(n, dtype=torch.float64)
    overlap = torch.minimum(pixels + 1, edges[1:, None]) - torch.maximum(pixels, edges[:-1, None])
    weights = overlap.clamp_min(0) * (count / n)
    return weights.to(like.dtype).to(like.device, non_blocking=True)
