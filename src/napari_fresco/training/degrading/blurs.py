"""Gaussian blur with a kernel for each image of a batch."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ...degrade import bsrgan_pipeline as laws
from ...degrade.random_source import RandomSource
from ..blurring import periodic
from .batch_kernels import gaussians, shifted

_MARGIN = laws.KERNEL_SIZE // 2
_GRID = 16  # transforms of few sizes, all of them fast


def random_blur(images: Tensor, scale: int, random: RandomSource) -> Tensor:
    """Blur by random Gaussians, elongated in half the cases, beyond a mirrored border."""
    count, (variance, width) = len(images), laws.widest(scale)
    least, most = laws.HALF_SIZES
    size = 2 * random.integers(least, most + 1, count) + 1
    elongated = random.happens(laws.ELONGATED, count)
    round_ = random.uniform(0, width, count).square()
    variances = torch.where(elongated, random.uniform(0, variance, 2, count), round_)
    angle = random.uniform(0, math.pi, 1, count)
    drawn = torch.cat((angle, variances.clamp_min(laws.NARROWEST**2), size[None]))
    angle, first, second, cut = random.put(drawn)
    return blur(images, gaussians(laws.KERNEL_SIZE, angle, first, second, cut=cut))


def shifted_decimation(images: Tensor, scale: int, random: RandomSource) -> Tensor:
    """Blur by random round Gaussians moved for upper-left decimation, and decimate."""
    width = random.put(random.uniform(*laws.decimation_widths(scale), len(images)))
    variance = width.square()
    kernels = gaussians(laws.KERNEL_SIZE, torch.zeros_like(variance), variance, variance)
    return blur(images, shifted(kernels, scale))[..., ::scale, ::scale]


def blur(images: Tensor, kernels: Tensor) -> Tensor:
    """Convolve ``(N, C, H, W)`` with kernels 25 x 25, beyond a mirrored border."""
    rows, columns = images.shape[-2:]
    after = (_MARGIN + -(n + 2 * _MARGIN) % _GRID for n in (rows, columns))
    blurred = periodic(mirror(images, _MARGIN, *after), kernels)
    return blurred[..., _MARGIN : _MARGIN + rows, _MARGIN : _MARGIN + columns]


def mirror(images: Tensor, before: int, below: int, right: int) -> Tensor:
    """Continue images on all sides by their mirror images without the edge.

    Unlike in :func:`torch.nn.functional.pad`, again and again, where they are small.
    """
    rows, columns = (
        _mirrored(n, before, after, images.device)
        for n, after in zip(images.shape[-2:], (below, right), strict=True)
    )
    return images.index_select(-2, rows).index_select(-1, columns)


def _mirrored(n: int, before: int, after: int, device: torch.device) -> Tensor:
    period = max(2 * n - 2, 1)
    index = torch.arange(-before, n + after, device=device) % period
    return torch.minimum(index, period - index)
