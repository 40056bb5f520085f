"""Changes of size of batches: OpenCV's and ResizeRight's rules, and nearest neighbours.

MATLAB's bicubic rule is :func:`napari_fresco.physics.resample.imresize`.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..errors import ParameterError
from ..physics.number_checks import whole

Mode = Literal['bilinear', 'bicubic', 'area']
MODES: tuple[Mode, ...] = get_args(Mode)


def resize(images: Tensor, shape: tuple[int, int], mode: Mode) -> Tensor:
    """Resize as OpenCV's ``resize`` does.

    `images`: ``(N, C, H, W)``.
    `shape`: rows and columns of the result.
    `mode`: {'bilinear', 'bicubic', 'area'}, 'area' averages what a pixel of the result covers; the
        others do not widen when shrinking, so that they alias ('bicubic' is Keys' cubic with a =
        -3/4). The border is replicated.
    The result is unclipped.
    Raises ParameterError when the mode is unknown.
    """
    if mode not in MODES:
        raise ParameterError(f'mode = {mode!r}; choose {", ".join(MODES)}')
    if mode != 'area':
        return functional.interpolate(images, size=shape, mode=mode, align_corners=False)
    rows, columns = (_covered(n, k) for n, k in zip(images.shape[-2:], shape, strict=True))
    return _weighed(_weighed(images, *rows).mT, *columns).mT.contiguous()


def scaled(images: Tensor, factor: float) -> tuple[int, int]:
    """Return rows and columns, one at least, of images `factor` times as large."""
    rows, columns = (max(int(factor * n), 1) for n in images.shape[-2:])
    return rows, columns


def resize_right(images: Tensor, scale: int, *, authors: bool = False) -> Tensor:
    """Shrink `scale`-fold by ResizeRight's antialiased cubic, centred on the image.

    Equal to MATLAB's ``imresize`` where `scale` divides the sides. Otherwise the
    grids share their centre, not their upper-left corner.

    `images`: ``(..., H, W)``.
    `scale`: s, at least 1.
    `authors`: VIRNet's copy of ResizeRight weighs a pixel beyond the border by the distance of its
        mirror image; the two outermost pixels of the result differ.
    Returns ``ceil(H / s)`` rows and ``ceil(W / s)`` columns, unclipped.
    """
    whole('scale', scale)
    rows, columns = (_cubic(n, scale, authors) for n in images.shape[-2:])
    return _weighed(_weighed(images, *rows).mT, *columns).mT.contiguous()


def nearest_index(source: int, target: int) -> np.ndarray:
    """Return which of `source` pixels each of `target` copies, as ``INTER_NEAREST_EXACT``.

    In the integers of OpenCV 4.
    """
    factor = ((source << 16) + target // 2) // target
    index = (factor * np.arange(target) + factor // 2 - source % 2) >> 16
    return np.asarray(np.clip(index, 0, source - 1))


def _cubic(n: int, scale: int, authors: bool) -> tuple[Tensor, Tensor]:
    count = -(-n // scale)
    place = torch.arange(count, dtype=torch.float64) * scale
    centres = place + (n - 1) / 2 - (count - 1) * scale / 2
    taps = (centres - 2 * scale - 1e-9).ceil()[:, None] + torch.arange(4 * scale)
    index = taps.long() % (2 * n)
    index = torch.minimum(index, 2 * n - 1 - index)
    distance = (centres[:, None] - (index if authors else taps)) / scale
    return index, _keys(distance)


def _keys(distance: Tensor) -> Tensor:
    """Return Keys' cubic convolution kernel, a = -1/2, doi:10.1109/TASSP.1981.1163711."""
    t = distance.abs()
    near = (1.5 * t - 2.5) * t.square() + 1
    far = -0.5 * (((t - 5) * t + 8) * t - 4)
    return torch.where(t <= 1, near, torch.where(t < 2, far, 0.0))


def _covered(n: int, count: int) -> tuple[Tensor, Tensor]:
    """Weigh each pixel by the part of it that a pixel of the result covers."""
    edges = torch.arange(count + 1, dtype=torch.float64) * (n / count)
    taps = (edges[:-1] + 1e-9).floor()[:, None] + torch.arange(math.ceil(n / count) + 1)
    overlap = torch.minimum(taps + 1, edges[1:, None]) - torch.maximum(taps, edges[:-1, None])
    return taps.clamp(0, n - 1).long(), overlap.clamp_min(0)


def _weighed(images: Tensor, index: Tensor, weights: Tensor) -> Tensor:
    """Return weighted means of rows, one tap after the other; both are ``(rows, taps)``."""
    weights = (weights / weights.sum(1, keepdim=True)).to(images.dtype)
    weights, index = (t.to(images.device, non_blocking=True) for t in (weights, index))
    total = images.new_zeros(*images.shape[:-2], len(index), images.shape[-1])
    for tap in range(index.shape[1]):
        total += weights[:, tap, None] * images.index_select(-2, index[:, tap])
    return total
