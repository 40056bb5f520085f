"""BSRGAN's and SCUNet's degradations of batches.

The laws are those of :mod:`napari_fresco.degrade.bsrgan_pipeline` and
:mod:`napari_fresco.degrade.scunet_pipeline`. A batch is split into :data:`GROUPS`, whose images
share what decides sizes and order; all else is drawn for every image.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from ...degrade import bsrgan_pipeline as super_resolution
from ...degrade import scunet_pipeline as denoising
from ...degrade.random_source import RandomSource
from ...degrade.resize import MODES
from ...physics.resample import imresize
from . import batch_camera, batch_jpeg, batch_noise
from .blurs import random_blur, shifted_decimation
from .resizing import resize, scaled

GROUPS = 4
"""Parts of a batch, at most, that have an order of their own."""

_BLOCK = 8

Step = Callable[[Tensor], Tensor]
Pair = tuple[Tensor, Tensor]


def bsrgan(images: Tensor, scale: int, random: RandomSource) -> Tensor:
    """Degrade by blur, two reductions, noise, camera and JPEG, in random order.

    Parameters
    ----------
    images : Tensor
        ``(N, C, H, W)`` in [0, 1], C = 1 or 3; the sides are multiples of `scale`.
    scale : int
        s, at least 1.
    random : RandomSource

    Returns
    -------
    Tensor
        ``(N, C, H / s, W / s)`` in [0, 1].
    """
    groups = images.contiguous().chunk(GROUPS)
    return torch.cat([_reduced(group, scale, random) for group in groups])


def scunet(images: Tensor, side: int, random: RandomSource) -> Pair:
    """Degrade twice by noise, JPEG, camera and resizing, in random order.

    Only as much of an image is degraded as becomes a crop of the size asked for. The
    factors of the resizing are such that there is enough; blocks of JPEG begin anywhere.

    Parameters
    ----------
    images : Tensor
        ``(N, C, H, H)`` in [0, 1], C = 1 or 3, with H twice `side`.
    side : int
        Rows and columns of the result, at least 8.
    random : RandomSource

    Returns
    -------
    tuple of Tensor
        The noisy images and the clean ones ``(N, C, side, side)``, in [0, 1]. The clean
        ones are resized, and passed through the same cameras, like the noisy ones.
    """
    groups = images.contiguous().chunk(GROUPS)
    noisy, clean = zip(*(_mixed(group, side, random) for group in groups), strict=True)
    return torch.cat(noisy), torch.cat(clean)


def _reduced(images: Tensor, scale: int, random: RandomSource) -> Tensor:
    left = scale
    if scale == 4 and random.happens(super_resolution.HALVED):
        images, left = _halved(images, random), 2
    steps = _reducing_steps(images, left, random)
    for name in super_resolution.ordered(random.permutation(len(steps))):
        images = steps[name](images)
    return _jpeg(images, random)


def _reducing_steps(images: Tensor, scale: int, random: RandomSource) -> dict[str, Step]:
    blurring = partial(random_blur, scale=scale, random=random)
    rows, columns = (max(n // scale, 1) for n in images.shape[-2:])
    compress, develop = partial(_jpeg, random=random), partial(batch_camera.develop, random=random)
    return {
        'blur': blurring,
        'blur again': blurring,
        'shrink': partial(_shrink, scale=scale, random=random),
        'shrink to size': lambda x: resize(x, (rows, columns), random.choice(MODES)),
        'gaussian': partial(
            batch_noise.mixed_gaussian, levels=super_resolution.LEVELS, random=random
        ),
        'jpeg': lambda x: random.sometimes(super_resolution.COMPRESSED, compress, x),
        'camera': lambda x: random.sometimes(super_resolution.PHOTOGRAPHED, develop, x),
    }


def _halved(images: Tensor, random: RandomSource) -> Tensor:
    if random.happens(super_resolution.HALVED_FREELY):
        return resize(images, scaled(images, 0.5), random.choice(MODES))
    return imresize(images, 0.5).clamp(0, 1)


def _shrink(images: Tensor, scale: int, random: RandomSource) -> Tensor:
    if random.happens(super_resolution.SHRUNK_FREELY):
        factor = 1 / float(random.uniform(*super_resolution.shrinking(scale)))
        return resize(images, scaled(images, factor), random.choice(MODES))
    return shifted_decimation(images, scale, random).clamp(0, 1)


def _jpeg(
    images: Tensor, random: RandomSource, qualities: tuple[int, int] = super_resolution.QUALITIES
) -> Tensor:
    quality = random.integers(qualities[0], qualities[1] + 1, len(images))
    return batch_jpeg.compress(images, quality)


def _mixed(images: Tensor, side: int, random: RandomSource) -> Pair:
    source, *sizes = _sizes(images.shape[-1], side + _BLOCK, random)
    clean = images[..., :source, :source]
    noisy = clean
    for size in sizes:
        steps = _mixing_steps(size, random)
        for i in random.permutation(len(steps)):
            noisy, clean = steps[i](noisy, clean)
    top, left = random.integers(0, _BLOCK + 1, 2).tolist()
    window = (..., slice(top, top + side), slice(left, left + side))
    return noisy[window], clean[window]


def _sizes(available: int, wanted: int, random: RandomSource) -> tuple[int, int, int]:
    """Return the side of the square that is cut out, and that after each of two resizings."""
    low, high = denoising.FACTORS
    first = float(random.uniform(low, high))
    second = float(random.uniform(max(low, wanted / (available * first)), high))
    source = min(math.ceil(wanted / (first * second)), available)
    return source, max(round(first * source), 1), wanted


def _mixing_steps(size: int, random: RandomSource) -> tuple[Callable[[Tensor, Tensor], Pair], ...]:
    """Return steps that take noisy and clean images, and return them."""
    mode = random.choice(denoising.MODES)
    gaussian = partial(batch_noise.mixed_gaussian, levels=denoising.LEVELS, random=random)
    speckle = partial(gaussian, speckle=True)
    return (
        lambda y, x: (gaussian(y), x),
        lambda y, x: (random.sometimes(denoising.RARE, speckle, y), x),
        lambda y, x: _together(_poisson, y, x, random),
        lambda y, x: (_jpeg(y, random, denoising.QUALITIES), x),
        lambda y, x: _together(_photographed, y, x, random),
        lambda y, x: (resize(y, (size, size), mode), resize(x, (size, size), mode)),
    )


def _together(
    step: Callable[[Tensor, Tensor, RandomSource], Pair],
    noisy: Tensor,
    clean: Tensor,
    random: RandomSource,
) -> Pair:
    """Take a rare step that concerns both images."""

    def both(images: Tensor) -> Tensor:
        noisy, clean = images.chunk(2, 1)
        return torch.cat(step(noisy, clean, random), 1)

    noisy, clean = random.sometimes(denoising.RARE, both, torch.cat((noisy, clean), 1)).chunk(2, 1)
    return noisy, clean


def _poisson(noisy: Tensor, clean: Tensor, random: RandomSource) -> Pair:
    """Add the photon noise of the clean image, as the authors' figure shows."""
    return (noisy + batch_noise.mixed_poisson(clean, random)).clamp(0, 1), clean


def _photographed(noisy: Tensor, clean: Tensor, random: RandomSource) -> Pair:
    cameras = batch_camera.Cameras.draw(len(noisy), noisy.shape[1], random)
    noisy, clean = cameras.unprocess(noisy), cameras.unprocess(clean)
    return cameras.process(cameras.expose(noisy, random)), cameras.process(clean)
