"""Batches of Gaussian blur kernels, through which gradients pass."""

from __future__ import annotations

import torch
from torch import Tensor

_NEARLY_SINGULAR = 1e-5
_ROUNDING = 1e-6


def gaussian_kernels(
    variances: Tensor, mixed: Tensor, size: int = 21, scale: int = 1, shift: bool = False
) -> Tensor:
    """Return Gaussian kernels as the authors' objective has them, with gradients.

    :func:`napari_fresco.physics.kernels.from_covariance` with
    ``axis='authors'`` makes the same ones: the first variance is along the rows.

    Parameters
    ----------
    variances : Tensor
        Along rows and columns, ``(N, 2)``.
    mixed : Tensor
        Covariance of rows and columns, ``(N, 1)``.
    size, scale, shift
        As there.

    Returns
    -------
    Tensor
        ``(N, 1, size, size)``, each of sum 1.
    """
    centre = size // 2 + ((scale - 1) / 2 if shift else 0)
    line = torch.arange(size, device=variances.device, dtype=variances.dtype) - centre
    first, second, mixed = (v[:, None, None] for v in (*variances.unbind(1), mixed[:, 0]))
    product = first * second
    singular = (product - mixed.square() <= _ROUNDING * product).detach()
    first, second = (v + _NEARLY_SINGULAR * singular for v in (first, second))
    determinant = first * second - mixed.square()
    rows, columns = line[:, None], line
    exponent = second * rows**2 - 2 * mixed * rows * columns + first * columns**2
    logits = (-0.5 * exponent / determinant).flatten(1)
    return logits.softmax(dim=1).reshape(-1, 1, size, size)
