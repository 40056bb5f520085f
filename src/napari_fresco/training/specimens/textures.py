"""Smooth random fields, and Gaussian blur, of a width for every image of a batch.

Fields are periodic on their canvas; callers cut a smaller picture out of it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ...degrade.random_source import RandomSource


def clouds(length: Tensor, size: int, random: RandomSource) -> Tensor:
    """Draw Gaussian fields of zero mean and unit variance.

    `length`: of correlation in pixels, ``(N, 1, 1)``; below 1 the variance is less.
    `size`: rows and columns.
    Returns ``(N, size, size)``, smooth.
    """
    # White noise blurred by L / sqrt 2 is correlated as exp(-d^2 / (2 L^2)), and 1 / (sqrt(2 pi) L)
    # is what remains of its standard deviation.
    noise = random.normal(length.shape[0], size, size)
    field = blurred(noise, length / math.sqrt(2))
    return field.mul_(math.sqrt(2 * math.pi) * length)


def blurred(image: Tensor, width: Tensor) -> Tensor:
    """Blur images ``(..., S, S)`` periodically with Gaussians of `width` pixels ``(..., 1, 1)``."""
    size = image.shape[-1]
    spectrum = torch.fft.rfft2(image) * transfer(width, size)
    result: Tensor = torch.fft.irfft2(spectrum, s=(size, size))
    return result


def transfer(width: Tensor, size: int) -> Tensor:
    """Return the half spectra ``(..., S, S // 2 + 1)`` of Gaussians ``(..., 1, 1)``."""
    rows = torch.fft.fftfreq(size, device=width.device)[:, None]
    columns = torch.fft.rfftfreq(size, device=width.device)
    exponent = -2 * math.pi**2 * width.square()
    result: Tensor = (exponent * rows.square()).exp() * (exponent * columns.square()).exp()
    return result


def coordinates(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return rows ``(S, 1)`` and columns ``(S,)`` in pixels."""
    line = torch.arange(size, device=device, dtype=torch.float32)
    return line[:, None], line


def inside(depth: Tensor, softness: Tensor | float = 0.5) -> Tensor:
    """Return the share of light at `depth` pixels inside of an edge, 0 to 1."""
    return (depth / softness).sigmoid()


def to_peak(image: Tensor) -> Tensor:
    """Scale images ``(N, S, S)`` so that the brightest pixel is 1; dark ones stay dark."""
    return image / image.amax((1, 2), keepdim=True).clamp_min(1e-6)
