"""Blur, fewer pixels, noise: the models of USRNet and DPIR, and of VIRNet. No torch."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .blur import authors_truncated, blur
from .gaussian_noise import gaussian
from .jpeg import to_bytes
from .planes import Floats, Random
from .resize import downsample, resize_right


def classical(
    image: Any,
    kernel: Floats,
    scale: int,
    sigma: float,
    random: Random,
    *,
    border: str = 'wrap',
    authors: bool = False,
) -> Floats:
    """Blur, keep the upper left pixel of every cell, add noise; nothing is clipped.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, C)
        In [0, 1] for the authors' way, in any unit otherwise.
    kernel : ndarray, 2-D
        Its origin is the pixel ``size // 2``; shifted by (s - 1)/2 to the upper left if
        coarse and fine pixels are to be concentric.
    scale : int
        s, at least 1.
    sigma : float
        Standard deviation of the noise, in the unit of `image`.
    random : numpy.random.Generator
    border : {'wrap', 'mirror', 'symmetric', 'edge'}
        What lies beyond the image; see :func:`~napari_fresco.degrade.blur.blur`.
    authors : bool
        Blur the image as bytes, cutting off fractions, as the programs of USRNet and
        DPIR do.

    Returns
    -------
    ndarray, float64
        ``ceil(H / s)`` rows and ``ceil(W / s)`` columns.
    """
    if authors:
        blurred = authors_truncated(to_bytes(image), kernel, border) / 255
    else:
        blurred = blur(image, kernel, border)
    return gaussian(downsample(blurred, scale), sigma, random)


def virnet(
    image: Any,
    kernel: Floats,
    scale: int,
    sigma: float,
    random: Random,
    *,
    direct: bool = False,
    authors: bool = False,
) -> Floats:
    """Blur beyond a mirrored border, shrink bicubically, add noise.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, C)
        In [0, 1] for the authors' way, in any unit otherwise.
    kernel : ndarray, 2-D
        Centred on the pixel ``size // 2``.
    scale : int
        s, at least 1.
    sigma : float
        Standard deviation of the noise, in the unit of `image`.
    random : numpy.random.Generator
    direct : bool
        Keep the upper left pixel of every cell in place of shrinking bicubically.
    authors : bool
        Clip to [0, 1] before and after the noise, and resize as VIRNet's copy of
        ResizeRight does near the border.

    Returns
    -------
    ndarray, float64
        ``ceil(H / s)`` rows and ``ceil(W / s)`` columns.
    """
    blurred = blur(image, kernel, 'symmetric')
    blurred = np.clip(blurred, 0, 1) if authors else blurred
    shrink = downsample if direct else partial(resize_right, authors=authors)
    noisy = gaussian(shrink(blurred, scale), sigma, random)
    return np.clip(noisy, 0, 1) if authors else noisy
