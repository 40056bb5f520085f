"""Blurring batches, each image with a kernel of its own."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ..physics.spectral import transfer_function


def periodic(x: Tensor, kernel: Tensor) -> Tensor:
    """Convolve ``(N, C, H, W)`` with ``(N or 1, 1, kh, kw)`` centred at ``size // 2``."""
    grid = (x.shape[-2], x.shape[-1])
    spectrum = torch.fft.rfft2(x) * transfer_function(kernel, grid)
    result: Tensor = torch.fft.irfft2(spectrum, s=grid)
    return result


def mirrored(x: Tensor, kernel: Tensor) -> Tensor:
    """As :func:`periodic`, but beyond a border that is mirrored without its edge."""
    radius = max(kernel.shape[-2:]) // 2
    padded = functional.pad(x, (radius,) * 4, mode='reflect')
    return periodic(padded, kernel)[..., radius:-radius, radius:-radius]
