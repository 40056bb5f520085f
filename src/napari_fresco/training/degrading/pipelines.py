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
from ...degrade.resize import MODES
from ...physics.resample import imresize
from ..random_source import Chance
from . import batch_camera, batch_jpeg, batch_noise
from .blurs import random_blur, shifted_decimation
from .resizing import resize, scaled

GROUPS = 4
"""Parts of a batch, at most, that have an order of their own."""

_BLOCK = 8

Step = Callable[[Tensor], Tensor]
Pair = tuple[Tensor, Tensor]


def bsrgan(images: Tensor, scale: int, chance: Chance) -> Tensor:
    """Degrade by blur, two reductions, noise, camera and JPEG, in random order.

    Parameters
    ----------
    images : Tensor
        ``(N, C, H, W)`` in [0, 1], C = 1 or 3; the sides are multiples of `scale`.
    scale : int
        s, at least 1.
    chance : Chance

    Returns
    -------
    Tensor
        ``(N, C, H / s, W / s)`` in [0, 1].
    """
    groups = images.contiguous().chunk(GROUPS)
    return torch.cat([_reduced(group, scale, chance) for group in groups])


def scunet(images: Tensor, side: int, chance: Chance) -> Pair:
    """Degrade twice by noise, JPEG, camera and resizing, in random order.

    Only as much of an image is degraded as becomes a crop of the size asked for. The
    factors of the resizing are such that there is enough; blocks of JPEG begin anywhere.

    Parameters
    ----------
    images : Tensor
        ``(N, C, H, H)`` in [0, 1], C = 1 or 3, with H twice `side`.
    side : int
        Rows and columns of the result, at least 8.
    chance : Chance

    Returns
    -------
    tuple of Tensor
        The noisy images and the clean ones ``(N, C, side, side)``, in [0, 1]. The clean
        ones are resized, and passed through the same cameras, like the noisy ones.
    """
    groups = images.contiguous().chunk(GROUPS)
    noisy, clean = zip(*(_mixed(group, side, chance) for group in groups), strict=True)
    return torch.cat(noisy), torch.cat(clean)


def _reduced(images: Tensor, scale: int, chance: Chance) -> Tensor:
    left = scale
    if scale == 4 and chance.happens(super_resolution.HALVED):
        images, left = _halved(images, chance), 2
    steps = _reducing_steps(images, left, chance)
    for name in super_resolution.ordered(chance.permutation(len(steps))):
        images = steps[name](images)
    return _jpeg(images, chance)


def _reducing_steps(images: Tensor, scale: int, chance: Chance) -> dict[str, Step]:
    blurring = partial(random_blur, scale=scale, chance=chance)
    rows, columns = (max(n // scale, 1) for n in images.shape[-2:])
    compress, develop = partial(_jpeg, chance=chance), partial(batch_camera.develop, chance=chance)
    return {
        'blur': blurring,
        'blur again': blurring,
        'shrink': partial(_shrink, scale=scale, chance=chance),
        'shrink to size': lambda x: resize(x, (rows, columns), chance.choice(MODES)),
        'gaussian': partial(
            batch_noise.mixed_gaussian, levels=super_resolution.LEVELS, chance=chance
        ),
        'jpeg': lambda x: chance.sometimes(super_resolution.COMPRESSED, compress, x),
        'camera': lambda x: chance.sometimes(super_resolution.PHOTOGRAPHED, develop, x),
    }


def _halved(images: Tensor, chance: Chance) -> Tensor:
    if chance.happens(super_resolution.HALVED_FREELY):
        return resize(images, scaled(images, 0.5), chance.choice(MODES))
    return imresize(images, 0.5).clamp(0, 1)


def _shrink(images: Tensor, scale: int, chance: Chance) -> Tensor:
    if chance.happens(super_resolution.SHRUNK_FREELY):
        factor = 1 / float(chance.uniform(*super_resolution.shrinking(scale)))
        return resize(images, scaled(images, factor), chance.choice(MODES))
    return shifted_decimation(images, scale, chance).clamp(0, 1)


def _jpeg(
    images: Tensor, chance: Chance, qualities: tuple[int, int] = super_resolution.QUALITIES
) -> Tensor:
    quality = chance.integers(qualities[0], qualities[1] + 1, len(images))
    return batch_jpeg.compress(images, quality)


def _mixed(images: Tensor, side: int, chance: Chance) -> Pair:
    source, *sizes = _sizes(images.shape[-1], side + _BLOCK, chance)
    clean = images[..., :source, :source]
    noisy = clean
    for size in sizes:
        steps = _mixing_steps(size, chance)
        for i in chance.permutation(len(steps)):
            noisy, clean = steps[i](noisy, clean)
    top, left = chance.integers(0, _BLOCK + 1, 2).tolist()
    window = (..., slice(top, top + side), slice(left, left + side))
    return noisy[window], clean[window]


def _sizes(available: int, wanted: int, chance: Chance) -> tuple[int, int, int]:
    """Return the side of the square that is cut out, and that after each of two resizings."""
    low, high = denoising.FACTORS
    first = float(chance.uniform(low, high))
    second = float(chance.uniform(max(low, wanted / (available * first)), high))
    source = min(math.ceil(wanted / (first * second)), available)
    return source, max(round(first * source), 1), wanted


def _mixing_steps(size: int, chance: Chance) -> tuple[Callable[[Tensor, Tensor], Pair], ...]:
    """Return steps that take noisy and clean images, and return them."""
    mode = chance.choice(denoising.MODES)
    gaussian = partial(batch_noise.mixed_gaussian, levels=denoising.LEVELS, chance=chance)
    speckle = partial(gaussian, speckle=True)
    return (
        lambda y, x: (gaussian(y), x),
        lambda y, x: (chance.sometimes(denoising.RARE, speckle, y), x),
        lambda y, x: _together(_poisson, y, x, chance),
        lambda y, x: (_jpeg(y, chance, denoising.QUALITIES), x),
        lambda y, x: _together(_photographed, y, x, chance),
        lambda y, x: (resize(y, (size, size), mode), resize(x, (size, size), mode)),
    )


def _together(
    step: Callable[[Tensor, Tensor, Chance], Pair], noisy: Tensor, clean: Tensor, chance: Chance
) -> Pair:
    """Take a rare step that concerns both images."""

    def both(images: Tensor) -> Tensor:
        noisy, clean = images.chunk(2, 1)
        return torch.cat(step(noisy, clean, chance), 1)

    noisy, clean = chance.sometimes(denoising.RARE, both, torch.cat((noisy, clean), 1)).chunk(2, 1)
    return noisy, clean


def _poisson(noisy: Tensor, clean: Tensor, chance: Chance) -> Pair:
    """Add the photon noise of the clean image, as the authors' figure shows."""
    return (noisy + batch_noise.mixed_poisson(clean, chance)).clamp(0, 1), clean


def _photographed(noisy: Tensor, clean: Tensor, chance: Chance) -> Pair:
    cameras = batch_camera.Cameras.draw(len(noisy), noisy.shape[1], chance)
    noisy, clean = cameras.unprocess(noisy), cameras.unprocess(clean)
    return cameras.process(cameras.expose(noisy, chance)), cameras.process(clean)
