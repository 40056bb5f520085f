"""Convolution of batches, each image with a kernel of its own, for every kind of border."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from ..errors import KernelError, ParameterError
from ..physics.spectral import transfer_function
from .declarations import BORDERS

_GRID = 16  # transforms of few sizes, all of them fast
_NDIMAGE = {'wrap': 'wrap', 'mirror': 'mirror', 'symmetric': 'reflect', 'edge': 'nearest'}


def blur(images: Tensor, kernels: Tensor, border: str = 'wrap') -> Tensor:
    """Convolve images with kernels, whose origin is the pixel ``size // 2``.

    `images`: ``(N, C, H, W)``.
    `kernels`: ``(N or 1, 1, kh, kw)`` of any size; on a periodic image one larger than it wraps
        around.
    `border`: {'wrap', 'mirror', 'symmetric', 'edge'}, what lies beyond the image: its periodic
        continuation, its mirror image without or with the edge repeated, or the edge itself.
    Returns: shape, precision and device of `images`.
    Raises KernelError, ParameterError when the kernels are no such batch, or the border is unknown.
    """
    if kernels.ndim != 4 or kernels.numel() == 0:
        raise KernelError(f'kernels are (N, 1, rows, columns), not {tuple(kernels.shape)}')
    if border not in BORDERS:
        raise ParameterError(f'border = {border!r}; choose {", ".join(BORDERS)}')
    kernels = kernels.to(images)
    if border == 'wrap':
        return _periodic(images, _folded(kernels, images.shape[-2:]))
    # A convolution reaches as far before a pixel as the kernel extends behind its origin.
    (rows, columns), sizes = images.shape[-2:], kernels.shape[-2:]
    top, left = (k - 1 - k // 2 for k in sizes)
    below, right = (
        k // 2 + -(n + k - 1) % _GRID for n, k in zip((rows, columns), sizes, strict=True)
    )
    around = extend(images, border, (top, below), (left, right))
    return _periodic(around, kernels)[..., top : top + rows, left : left + columns]


def extend(images: Tensor, border: str, rows: tuple[int, int], columns: tuple[int, int]) -> Tensor:
    """Continue images by rows above and below, and columns left and right.

    Unlike in :func:`torch.nn.functional.pad`, again and again, where they are small.
    """
    down = _continued(images.shape[-2], *rows, border).to(images.device, non_blocking=True)
    across = _continued(images.shape[-1], *columns, border).to(images.device, non_blocking=True)
    return images.index_select(-2, down).index_select(-1, across)


def authors_truncated(image: np.ndarray, kernel: np.ndarray, border: str = 'wrap') -> np.ndarray:
    """Blur bytes ``(H, W)`` or ``(H, W, C)`` and cut off the fractions, half a level darker.

    The test data of USRNet and DPIR, and USRNet's training data, are made this
    way, on periodic images: the authors' convolution keeps the type of the
    image, uint8.
    """
    weights = kernel if image.ndim == 2 else kernel[..., None]
    return np.asarray(ndimage.convolve(image, weights, mode=_NDIMAGE[border]))


def _periodic(images: Tensor, kernels: Tensor) -> Tensor:
    grid = (images.shape[-2], images.shape[-1])
    spectrum = torch.fft.rfft2(images) * transfer_function(kernels, grid)
    result: Tensor = torch.fft.irfft2(spectrum, s=grid)
    return result


def _continued(n: int, before: int, after: int, border: str) -> Tensor:
    """Return which of `n` pixels stands at every place of a line that is continued."""
    index = torch.arange(-before, n + after)
    if border == 'edge':
        return index.clamp(0, n - 1)
    edge = int(border == 'symmetric')  # is repeated
    period = max(2 * n - 2 + 2 * edge, 1)
    index = index % period
    return torch.minimum(index, period - index - edge)


def _folded(kernels: Tensor, grid: torch.Size) -> Tensor:
    """Add up what of a kernel meets on a periodic grid that is smaller."""
    for axis, n in zip((-2, -1), grid, strict=True):
        size = kernels.shape[axis]
        if size > n:
            place = (torch.arange(size, device=kernels.device) - size // 2 + n // 2) % n
            shape = list(kernels.shape)
            shape[axis] = n
            kernels = kernels.new_zeros(shape).index_add(axis, place, kernels)
    return kernels
