"""Unsharp masking of the target, as BSRGAN's second degradation model has it."""

from __future__ import annotations

import torch
from torch import Tensor

from .blur import blur


def unsharp(
    images: Tensor, weight: float = 0.5, radius: int = 50, threshold: float = 10 / 255
) -> Tensor:
    """Sharpen images ``(N, C, H, W)`` in [0, 1] where they differ from their blur.

    `weight`: part of the difference that is added.
    `radius`: window of the Gaussian in pixels, made odd; its standard deviation follows OpenCV's
        rule ``0.3 ((n - 1) / 2 - 1) + 0.8``.
    `threshold`: least difference to sharpen; the selection is blurred too.
    """
    residual = images - _smooth(images, radius)
    soft = _smooth((residual.abs() > threshold).to(images), radius)
    sharp = (images + weight * residual).clamp(0, 1)
    return soft * sharp + (1 - soft) * images


def _smooth(images: Tensor, radius: int) -> Tensor:
    half = (radius + 1 - radius % 2) // 2
    sigma = 0.3 * (half - 1) + 0.8
    line = torch.arange(-half, half + 1, dtype=images.dtype, device=images.device)
    taps = (-line.square() / (2 * sigma**2)).softmax(0).view(1, 1, 1, -1)
    return blur(blur(images, taps, 'mirror'), taps.mT, 'mirror')
