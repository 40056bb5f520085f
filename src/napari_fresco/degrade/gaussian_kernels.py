"""Gaussian blur kernels in batches ``(N, 1, size, size)``, each of sum 1."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..physics.kernels.shapes import NEARLY_SINGULAR
from ..physics.resample import pixel_shift

_ROUNDING = 1e-6


def gaussians(
    size: int,
    angle: Tensor,
    first: Tensor,
    second: Tensor,
    *,
    cut: Tensor | None = None,
    away: Tensor | None = None,
) -> Tensor:
    """Return elongated Gaussians, centred at ``(size - 1) / 2``.

    `size`: rows and columns.
    `angle`: direction of the first axis, ``(N,)``, in radians from the columns towards the rows,
        which run downwards.
    `first`, `second`: variances along that direction and across it, ``(N,)``, in squared pixels.
    `cut`: odd sizes ``(N,)`` beyond which the kernels are zero.
    `away`: rows and columns ``(2, N)`` from the middle to the centre.
    """
    angle, first, second = (v.view(-1, 1, 1) for v in (angle, first, second))
    line = torch.arange(size, device=angle.device, dtype=angle.dtype) - (size - 1) / 2
    rows, columns = line[:, None], line
    if away is not None:
        rows, columns = (a - b.view(-1, 1, 1) for a, b in zip((rows, columns), away, strict=True))
    along = columns * angle.cos() + rows * angle.sin()
    across = rows * angle.cos() - columns * angle.sin()
    exponent = along.square() / first + across.square() / second
    if cut is not None:
        farthest = torch.maximum(line[:, None].abs(), line.abs())
        exponent = exponent.where(farthest <= cut.view(-1, 1, 1) // 2, math.inf)
    return _of_exponent(exponent)


def round_gaussians(size: int, width: Tensor) -> Tensor:
    """Return round Gaussians of standard deviations `width`, ``(N,)``."""
    variance = width.square()
    return gaussians(size, torch.zeros_like(width), variance, variance)


def gaussians_of_covariance(
    variances: Tensor, mixed: Tensor, size: int = 21, scale: int = 1, shift: bool = False
) -> Tensor:
    """Return Gaussian kernels as VIRNet's objective has them, through which gradients pass.

    :func:`napari_fresco.physics.kernels.from_covariance` with
    ``axis='authors'`` makes the same ones: the first variance is along the rows.

    `variances`: along rows and columns, ``(N, 2)``.
    `mixed`: covariance of rows and columns, ``(N, 1)``.
    `size`, `scale`, `shift`: as there.
    """
    centre = size // 2 + ((scale - 1) / 2 if shift else 0)
    line = torch.arange(size, device=variances.device, dtype=variances.dtype) - centre
    first, second, mixed = (v[:, None, None] for v in (*variances.unbind(1), mixed[:, 0]))
    product = first * second
    singular = (product - mixed.square() <= _ROUNDING * product).detach()
    first, second = (v + NEARLY_SINGULAR * singular for v in (first, second))
    determinant = first * second - mixed.square()
    rows, columns = line[:, None], line
    exponent = second * rows**2 - 2 * mixed * rows * columns + first * columns**2
    return _of_exponent(exponent / determinant)


def shifted(kernels: Tensor, scale: int) -> Tensor:
    """Move kernels by half a coarse pixel, see :func:`napari_fresco.physics.kernels.shift`."""
    moved = pixel_shift(kernels, scale)
    return moved / moved.sum((-2, -1), keepdim=True)


def _of_exponent(exponent: Tensor) -> Tensor:
    kernels = (-0.5 * exponent).flatten(1).softmax(dim=1)
    return kernels.view_as(exponent)[:, None]
