"""BSRGAN's random degradations of batches, for blind super-resolution.

Images are gray or RGB in [0, 1]. A batch is split into :data:`GROUPS`, whose images share what
decides sizes and order; all else is drawn for every image.

References
----------
K. Zhang et al., "Designing a Practical Degradation Model for Deep Blind Image
Super-Resolution", ICCV 2021, doi:10.1109/ICCV48922.2021.00475. Where the article and the
authors' program differ, this follows the program.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import Tensor

from ..physics.resample import imresize
from . import camera_noise, gaussian_noise, jpeg
from .blur import blur
from .gaussian_kernels import gaussians, round_gaussians, shifted
from .planes import crop
from .random_source import RandomSource
from .resize import MODES, resize, scaled
from .sharpen import unsharp

Step = Callable[[Tensor], Tensor]

GROUPS = 4
"""Parts of a batch, at most, that have an order of their own."""
STEPS = ('blur', 'blur again', 'shrink', 'shrink to size', 'gaussian', 'jpeg', 'camera')
PLUS_NOISES = ('gaussian', 'poisson', 'speckle', 'camera')
PLUS_STEPS = (
    *('blur', 'resize', *PLUS_NOISES, 'jpeg'),
    *('blur again', 'resize again', *(f'{name} again' for name in PLUS_NOISES)),
)

LEVELS = (2, 25)
QUALITIES = (30, 95)
KERNEL_SIZE = 25
HALF_SIZES = (3, 12)  # of kernels, whose sizes are odd
ELONGATED = 0.5  # share of the kernels
NARROWEST = 1e-3  # pixels; a draw of zero would have no kernel
HALVED = 0.25  # share of the images that are halved first, for a scale of 4
HALVED_FREELY, SHRUNK_FREELY = 0.5, 0.75  # share by any of MODES, else by one careful rule
COMPRESSED, PHOTOGRAPHED = 0.9, 0.25
RARE = 0.1  # share of each kind of noise of the second model, but Gaussian
ENLARGED, KEPT = 0.2, 0.1  # share of the resizings of the second model


def degrade(images: Tensor, scale: int, random: RandomSource) -> Tensor:
    """Degrade by blur, two reductions, noise, camera and JPEG, in random order.

    The camera step is taken in one case of four. The authors' program has it
    but lacks their camera; ours is :func:`~napari_fresco.degrade.camera_noise.develop`.

    `images`: ``(N, C, H, W)`` in [0, 1], C = 1 or 3; the sides are multiples of `scale`.
    `scale`: s, at least 1.
    Returns ``(N, C, H / s, W / s)`` in [0, 1].
    """
    groups = images.contiguous().chunk(GROUPS)
    return torch.cat([_reduced(group, scale, random) for group in groups])


def degrade_plus(
    images: Tensor, scale: int, random: RandomSource, *, shuffle: float = 0.5, sharpen: bool = True
) -> tuple[Tensor, Tensor]:
    """Degrade twice by blur, resizing and four kinds of noise, with JPEG: 'BSRGAN plus'.

    `images`: ``(N, C, H, W)`` in [0, 1], at least `scale` pixels on each side.
    `scale`: s, at least 1.
    `random`: draws one order and one size for all images.
    `shuffle`: probability that all steps change places; otherwise only the kinds of noise do.
    `sharpen`: sharpen the target first by :func:`~napari_fresco.degrade.sharpen.unsharp`.
    Returns the degraded images ``(N, C, H // s, W // s)``, and the cropped targets.
    """
    target = crop(images, scale)
    target = unsharp(target) if sharpen else target
    values, steps = target, _steps_plus(scale, random)
    for name in order_plus(random, shuffle):
        values = steps[name.removesuffix(' again')](values)
    rows, columns = (n // scale for n in target.shape[-2:])
    return compressed(_resized(values, (rows, columns), random), random, QUALITIES), target


def ordered(permutation: Iterable[int]) -> list[str]:
    """Return :data:`STEPS` in an order, save that 'shrink' precedes 'shrink to size'."""
    names = [STEPS[i] for i in permutation]
    first, second = names.index('shrink'), names.index('shrink to size')
    if first > second:
        names[first], names[second] = names[second], names[first]
    return names


def order_plus(random: RandomSource, shuffle: float) -> list[str]:
    """Draw an order of :data:`PLUS_STEPS`, any with probability `shuffle`."""
    names = list(PLUS_STEPS)
    if random.happens(shuffle):
        return [names[i] for i in random.permutation(len(names))]
    for start in (2, 9):
        names[start : start + 4] = [names[start + i] for i in random.permutation(4)]
    return names


def compressed(images: Tensor, random: RandomSource, qualities: tuple[int, int]) -> Tensor:
    """Compress by JPEG, each image with a quality of its own from least to largest."""
    quality = random.integers(qualities[0], qualities[1] + 1, len(images))
    return jpeg.compress(images, quality)


def random_blur(images: Tensor, scale: int, random: RandomSource) -> Tensor:
    """Blur by random Gaussians, elongated in half the cases, beyond a mirrored border."""
    count, (variance, width) = len(images), (4 + scale, 2 + 0.2 * scale)
    least, most = HALF_SIZES
    size = 2 * random.integers(least, most + 1, count) + 1
    elongated = random.happens(ELONGATED, count)
    round_ = random.uniform(0, width, count).square()
    variances = torch.where(elongated, random.uniform(0, variance, 2, count), round_)
    angle = random.uniform(0, math.pi, 1, count)
    drawn = torch.cat((angle, variances.clamp_min(NARROWEST**2), size[None]))
    angle, first, second, cut = random.put(drawn)
    return blur(images, gaussians(KERNEL_SIZE, angle, first, second, cut=cut), 'mirror')


def random_decimation(images: Tensor, scale: int, random: RandomSource) -> Tensor:
    """Take :func:`shifted_decimation` with random widths."""
    return shifted_decimation(
        images, scale, random.put(random.uniform(0.1, 0.6 * scale, len(images)))
    )


def shifted_decimation(images: Tensor, scale: int, width: Tensor) -> Tensor:
    """Blur by round Gaussians moved for upper-left decimation, decimate, clip."""
    kernels = shifted(round_gaussians(KERNEL_SIZE, width), scale)
    return blur(images, kernels, 'mirror')[..., ::scale, ::scale].clamp(0, 1)


def _reduced(images: Tensor, scale: int, random: RandomSource) -> Tensor:
    left = scale
    if scale == 4 and random.happens(HALVED):
        images, left = _halved(images, random), 2
    steps = _reducing_steps(images, left, random)
    for name in ordered(random.permutation(len(steps))):
        images = steps[name](images)
    return compressed(images, random, QUALITIES)


def _reducing_steps(images: Tensor, scale: int, random: RandomSource) -> dict[str, Step]:
    blurring = partial(random_blur, scale=scale, random=random)
    final = scaled(images, 1 / scale)
    compress = partial(compressed, random=random, qualities=QUALITIES)
    develop = partial(camera_noise.develop, random=random)
    return {
        'blur': blurring,
        'blur again': blurring,
        'shrink': partial(_shrink, scale=scale, random=random),
        'shrink to size': partial(_resized, shape=final, random=random),
        'gaussian': partial(gaussian_noise.mixed_gaussian, levels=LEVELS, random=random),
        'jpeg': partial(random.sometimes, COMPRESSED, compress),
        'camera': partial(random.sometimes, PHOTOGRAPHED, develop),
    }


def _steps_plus(scale: int, random: RandomSource) -> dict[str, Step]:
    gaussian = partial(gaussian_noise.mixed_gaussian, levels=LEVELS, random=random)
    rare: dict[str, Step] = {
        'poisson': lambda x: (x + gaussian_noise.mixed_poisson(x, random)).clamp(0, 1),
        'speckle': partial(gaussian, speckle=True),
        'camera': partial(camera_noise.develop, random=random),
    }
    return {
        'blur': partial(random_blur, scale=scale, random=random),
        'resize': partial(_resize_freely, scale=scale, random=random),
        'gaussian': gaussian,
        **{name: partial(random.sometimes, RARE, step) for name, step in rare.items()},
        'jpeg': partial(compressed, random=random, qualities=QUALITIES),
    }


def _halved(images: Tensor, random: RandomSource) -> Tensor:
    if random.happens(HALVED_FREELY):
        return _resized(images, scaled(images, 0.5), random)
    return imresize(images, 0.5).clamp(0, 1)


def _shrink(images: Tensor, scale: int, random: RandomSource) -> Tensor:
    if random.happens(SHRUNK_FREELY):
        factor = 1 / float(random.uniform(1, 2 * scale))
        return _resized(images, scaled(images, factor), random)
    return random_decimation(images, scale, random)


def _resize_freely(images: Tensor, scale: int, random: RandomSource) -> Tensor:
    kind = float(random.uniform(0, 1))
    if kind >= 1 - KEPT:
        return images
    limits = (1, 2) if kind < ENLARGED else (0.5 / scale, 1)
    return _resized(images, scaled(images, float(random.uniform(*limits))), random)


def _resized(images: Tensor, shape: tuple[int, int], random: RandomSource) -> Tensor:
    return resize(images, shape, random.choice(MODES)).clamp(0, 1)
