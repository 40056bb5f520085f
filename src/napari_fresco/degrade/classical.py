"""Blur, fewer pixels, noise: the models of USRNet and DPIR, and of VIRNet."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .blur import authors_truncated, blur
from .gaussian_noise import gaussian
from .jpeg import to_bytes
from .random_source import RandomSource
from .resize import resize_right


def classical(
    images: Tensor,
    kernels: Tensor,
    scale: int,
    sigma: float,
    random: RandomSource,
    *,
    border: str = 'wrap',
    authors: bool = False,
) -> Tensor:
    """Blur, keep the upper left pixel of every cell, add noise; nothing is clipped.

    `images`: ``(N, C, H, W)``, in [0, 1] for the authors' way, in any unit otherwise.
    `kernels`: ``(1, 1, kh, kw)``; the origin is the pixel ``size // 2``, shifted by (s - 1)/2 to
        the upper left if coarse and fine pixels are to be concentric.
    `scale`: s, at least 1.
    `sigma`: standard deviation of the noise, in the unit of the images.
    `border`: {'wrap', 'mirror', 'symmetric', 'edge'}, what lies beyond the image; see
        :func:`~napari_fresco.degrade.blur.blur`.
    `authors`: blur the images as bytes, cutting off fractions, as the programs of USRNet and DPIR
        do.
    Returns ``ceil(H / s)`` rows and ``ceil(W / s)`` columns.
    """
    blurred = _truncated(images, kernels, border) if authors else blur(images, kernels, border)
    return gaussian(blurred[..., ::scale, ::scale], sigma, random)


def virnet(
    images: Tensor,
    kernels: Tensor,
    scale: int,
    sigma: float,
    random: RandomSource,
    *,
    direct: bool = False,
    authors: bool = False,
) -> Tensor:
    """Blur beyond a mirrored border, shrink bicubically, add noise.

    `images`: ``(N, C, H, W)``, in [0, 1] for the authors' way, in any unit otherwise.
    `kernels`: ``(N or 1, 1, kh, kw)``, centred on the pixel ``size // 2``.
    `scale`: s, at least 1.
    `sigma`: standard deviation of the noise, in the unit of the images.
    `direct`: keep the upper left pixel of every cell in place of shrinking bicubically.
    `authors`: clip to [0, 1] before and after the noise, and resize as VIRNet's copy of ResizeRight
        does near the border.
    Returns ``ceil(H / s)`` rows and ``ceil(W / s)`` columns.
    """
    blurred = blur(images, kernels, 'symmetric')
    blurred = blurred.clamp(0, 1) if authors else blurred
    small = (
        blurred[..., ::scale, ::scale] if direct else resize_right(blurred, scale, authors=authors)
    )
    noisy = gaussian(small, sigma, random)
    return noisy.clamp(0, 1) if authors else noisy


def _truncated(images: Tensor, kernels: Tensor, border: str) -> Tensor:
    levels = to_bytes(images).byte().numpy()
    kernel = kernels[0, 0].numpy()
    planes = [[authors_truncated(plane, kernel, border) for plane in image] for image in levels]
    return torch.from_numpy(np.array(planes)).to(images.dtype) / 255
