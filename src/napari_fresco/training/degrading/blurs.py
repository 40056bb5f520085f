"""Gaussian blur with a kernel for each image of a batch."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ...physics.resample import pixel_shift
from ...simulate.kernels import MZSR_SIZE
from ..blurring import periodic
from .chance import Chance

KERNEL_SIZE = 25
_MARGIN = KERNEL_SIZE // 2
_GRID = 16  # transforms of few sizes, all of them fast
_NARROWEST = 1e-3  # pixels; a draw of zero would have no kernel


def random_blur(images: Tensor, scale: int, chance: Chance) -> Tensor:
    """Blur by random Gaussians, elongated in half the cases, beyond a mirrored border."""
    count = len(images)
    size = 2 * chance.integers(3, 13, count) + 1
    elongated = chance.uniform(0, 1, count) < 0.5
    variances = (4 + scale) * torch.stack([chance.uniform(0, 1, count) for _ in range(2)])
    width = (2 + 0.2 * scale) * chance.uniform(0, 1, count)
    first, second = torch.where(elongated, variances, width.square()).clamp_min(_NARROWEST**2)
    kernels = gaussians(KERNEL_SIZE, chance.uniform(0, math.pi, count), first, second, size)
    return blur(images, chance.put(kernels))


def shifted_decimation(images: Tensor, scale: int, chance: Chance) -> Tensor:
    """Blur by random round Gaussians moved for upper-left decimation, and decimate."""
    variance = chance.uniform(0.1, 0.6 * scale, len(images)).square()
    kernels = gaussians(KERNEL_SIZE, torch.zeros_like(variance), variance, variance)
    return blur(images, chance.put(shifted(kernels, scale)))[..., ::scale, ::scale]


def random_mzsr(count: int, scale: int, chance: Chance) -> Tensor:
    """Draw kernels ``(N, 1, 15, 15)`` on the processor, shifted for upper-left decimation.

    The law of :func:`napari_fresco.simulate.kernels.random_mzsr`.
    """
    first = chance.uniform(1, 2.5 * scale, count)
    second = 1 + (first - 1) * chance.uniform(0, 1, count)
    angle = chance.uniform(0, math.pi, count)
    return shifted(gaussians(MZSR_SIZE, angle, first, second), scale)


def shifted(kernels: Tensor, scale: int) -> Tensor:
    """Move kernels by half a coarse pixel, see :func:`napari_fresco.physics.kernels.shift`."""
    moved = pixel_shift(kernels, scale)
    return moved / moved.sum((-2, -1), keepdim=True)


def gaussians(
    size: int, angle: Tensor, first: Tensor, second: Tensor, cut: Tensor | None = None
) -> Tensor:
    """Return centred elongated Gaussians of sum 1.

    Parameters
    ----------
    size : int
        Rows and columns, odd.
    angle, first, second : Tensor
        As in :func:`napari_fresco.simulate.kernels.anisotropic`, ``(N,)``.
    cut : Tensor, optional
        Odd sizes ``(N,)`` beyond which the kernels are zero.

    Returns
    -------
    Tensor
        ``(N, 1, size, size)``.
    """
    angle, first, second = (v.view(-1, 1, 1, 1) for v in (angle, first, second))
    columns = torch.arange(size, device=angle.device) - size // 2
    rows = columns[:, None]
    along = columns * angle.cos() + rows * angle.sin()
    across = rows * angle.cos() - columns * angle.sin()
    kernels = torch.exp(-(along.square() / first + across.square() / second) / 2)
    if cut is not None:
        farthest = torch.maximum(rows.abs(), columns.abs())
        kernels = kernels * (farthest <= cut.view(-1, 1, 1, 1) // 2)
    return kernels / kernels.sum((-2, -1), keepdim=True)


def blur(images: Tensor, kernels: Tensor) -> Tensor:
    """Convolve ``(N, C, H, W)`` with kernels of :data:`KERNEL_SIZE`, beyond a mirrored border."""
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
