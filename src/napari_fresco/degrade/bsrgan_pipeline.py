"""BSRGAN's random degradations, for blind super-resolution.

Images are gray or RGB in [0, 1]. Every function returns the degraded image and the
target, both in [0, 1]; the target is `scale` times as large. No torch.

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
from typing import Any

import numpy as np

from ..physics import kernels as point_spread
from . import camera_noise, gaussian_noise, jpeg
from .blur import blur
from .planes import Floats, crop
from .random_kernels import anisotropic, isotropic
from .resize import MODES, Mode, downsample, imresize, resize
from .sharpen import unsharp

Step = Callable[[Floats], Floats]

LEVELS = (2, 25)
QUALITIES = (30, 95)
STEPS = ('blur', 'blur again', 'shrink', 'shrink to size', 'gaussian', 'jpeg', 'camera')
PLUS_NOISES = ('gaussian', 'poisson', 'speckle', 'camera')
PLUS_STEPS = (
    *('blur', 'resize', *PLUS_NOISES, 'jpeg'),
    *('blur again', 'resize again', *(f'{name} again' for name in PLUS_NOISES)),
)

# The numbers of the first model; batches in training take them from here.
KERNEL_SIZE = 25
HALF_SIZES = (3, 12)  # of kernels, whose sizes are odd
ELONGATED = 0.5  # share of the kernels
NARROWEST = 1e-3  # pixels; a draw of zero would have no kernel
HALVED = 0.25  # share of the images that are halved first, for a scale of 4
HALVED_FREELY, SHRUNK_FREELY = 0.5, 0.75  # share by any of MODES, else by one careful rule
COMPRESSED, PHOTOGRAPHED = 0.9, 0.25


def degrade(image: Any, scale: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Degrade by blur, two reductions, noise, camera and JPEG, in random order.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, 3)
        In [0, 1], at least `scale` pixels on each side.
    scale : int
        s, at least 1.
    random : numpy.random.Generator

    Returns
    -------
    tuple of ndarray
        The degraded image ``(H // s, W // s)``, and the target: `image` cropped to
        multiples of s.

    Notes
    -----
    The camera step is taken in one case of four. The authors' program has it
    but lacks their camera; ours is :func:`~napari_fresco.degrade.camera_noise.develop`.
    """
    target = crop(image, scale)
    values, left = target, scale
    if scale == 4 and random.uniform() < HALVED:
        values, left = _halved(target, random), 2
    steps = _steps(values.shape[:2], left, random)
    for name in order(random):
        values = steps[name](values)
    return _jpeg(values, random), target


def order(random: np.random.Generator) -> list[str]:
    """Draw an order of :data:`STEPS`: any, save that 'shrink' precedes 'shrink to size'."""
    return ordered(random.permutation(len(STEPS)))


def ordered(permutation: Iterable[int]) -> list[str]:
    """Return :data:`STEPS` in an order, with 'shrink' and 'shrink to size' changed if need be."""
    names = [STEPS[i] for i in permutation]
    first, second = names.index('shrink'), names.index('shrink to size')
    if first > second:
        names[first], names[second] = names[second], names[first]
    return names


def degrade_plus(
    image: Any,
    scale: int,
    random: np.random.Generator,
    *,
    shuffle: float = 0.5,
    sharpen: bool = True,
) -> tuple[Floats, Floats]:
    """Degrade twice by blur, resizing and four kinds of noise, with JPEG: 'BSRGAN plus'.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, 3)
        In [0, 1], at least `scale` pixels on each side.
    scale : int
        s, at least 1.
    random : numpy.random.Generator
    shuffle : float
        Probability that all steps change places; otherwise only the kinds of noise do.
    sharpen : bool
        Sharpen the target first by :func:`~napari_fresco.degrade.sharpen.unsharp`.

    Returns
    -------
    tuple of ndarray
        The degraded image ``(H // s, W // s)``, and the cropped target.
    """
    target = crop(image, scale)
    target = unsharp(target) if sharpen else target
    values, steps = target, _steps_plus(scale, random)
    for name in order_plus(random, shuffle):
        values = steps[name.removesuffix(' again')](values)
    rows, cols = (n // scale for n in target.shape[:2])
    return _jpeg(_resized(values, (rows, cols), random), random), target


def order_plus(random: np.random.Generator, shuffle: float) -> list[str]:
    """Draw an order of :data:`PLUS_STEPS`, any with probability `shuffle`."""
    names = list(PLUS_STEPS)
    if random.uniform() < shuffle:
        return [names[i] for i in random.permutation(len(names))]
    for start in (2, 9):
        picked = [names[start + i] for i in random.permutation(4)]
        names[start : start + 4] = picked
    return names


def random_blur(image: Floats, scale: int, random: np.random.Generator) -> Floats:
    """Blur by a random Gaussian, elongated in half the cases, beyond a mirrored border."""
    size = 2 * int(random.integers(*HALF_SIZES, endpoint=True)) + 1
    variance, width = widest(scale)
    if random.uniform() < ELONGATED:
        first, second = np.maximum(variance * random.uniform(0, 1, 2), NARROWEST**2)
        kernel = anisotropic(size, random.uniform(0, math.pi), first, second)
    else:
        kernel = isotropic(size, max(width * random.uniform(), NARROWEST))
    return blur(image, kernel, 'mirror')


def widest(scale: int) -> tuple[float, float]:
    """Return the largest variance of an elongated kernel, and width of a round one."""
    return 4 + scale, 2 + 0.2 * scale


def decimation_widths(scale: int) -> tuple[float, float]:
    """Return the least and largest width of the kernel before a decimation."""
    return 0.1, 0.6 * scale


def shrinking(scale: int) -> tuple[float, float]:
    """Return how many times an image is shrunk freely, at least and at most."""
    return 1, 2 * scale


def shifted_decimation(image: Floats, scale: int, width: float) -> Floats:
    """Blur by a round Gaussian moved for upper-left decimation, decimate, clip."""
    kernel = point_spread.shift(isotropic(KERNEL_SIZE, width), scale)
    return np.asarray(np.clip(downsample(blur(image, kernel, 'mirror'), scale), 0, 1))


def _steps(shape: tuple[int, ...], scale: int, random: np.random.Generator) -> dict[str, Step]:
    final = (max(shape[0] // scale, 1), max(shape[1] // scale, 1))
    blurring = partial(random_blur, scale=scale, random=random)
    return {
        'blur': blurring,
        'blur again': blurring,
        'shrink': partial(_shrink, scale=scale, random=random),
        'shrink to size': partial(_resized, shape=final, random=random),
        'gaussian': partial(gaussian_noise.mixed_gaussian, levels=LEVELS, random=random),
        'jpeg': _sometimes(COMPRESSED, partial(_jpeg, random=random), random),
        'camera': _sometimes(PHOTOGRAPHED, partial(_photographed, random=random), random),
    }


def _steps_plus(scale: int, random: np.random.Generator) -> dict[str, Step]:
    gaussian = partial(gaussian_noise.mixed_gaussian, levels=LEVELS, random=random)
    rare = {
        'poisson': partial(gaussian_noise.mixed_poisson, random=random),
        'speckle': partial(gaussian, speckle=True),
        'camera': partial(_photographed, random=random),
    }
    return {
        'blur': partial(random_blur, scale=scale, random=random),
        'resize': partial(_resize_freely, scale=scale, random=random),
        'gaussian': gaussian,
        **{name: _sometimes(0.1, step, random) for name, step in rare.items()},
        'jpeg': partial(_jpeg, random=random),
    }


def _sometimes(probability: float, step: Step, random: np.random.Generator) -> Step:
    return lambda image: step(image) if random.uniform() < probability else image


def _halved(image: Floats, random: np.random.Generator) -> Floats:
    rows, cols = image.shape[:2]
    if random.uniform() < HALVED_FREELY:
        return _resized(image, (rows // 2, cols // 2), random)
    return np.clip(imresize(image, 0.5), 0, 1)


def _shrink(image: Floats, scale: int, random: np.random.Generator) -> Floats:
    if random.uniform() < SHRUNK_FREELY:
        factor = 1 / random.uniform(*shrinking(scale))
        rows, cols = (int(factor * n) for n in image.shape[:2])
        return _resized(image, (rows, cols), random)
    return shifted_decimation(image, scale, random.uniform(*decimation_widths(scale)))


def _resized(image: Floats, shape: tuple[int, int], random: np.random.Generator) -> Floats:
    mode: Mode = MODES[random.integers(len(MODES))]
    return np.clip(resize(image, shape, mode), 0, 1)


def _jpeg(image: Floats, random: np.random.Generator) -> Floats:
    return jpeg.compress_unit(image, int(random.integers(QUALITIES[0], QUALITIES[1] + 1)))


def _photographed(image: Floats, random: np.random.Generator) -> Floats:
    return camera_noise.develop(image, random)[0]


def _resize_freely(image: Floats, scale: int, random: np.random.Generator) -> Floats:
    kind = random.uniform()
    if kind >= 0.9:
        return image
    factor = random.uniform(1, 2) if kind < 0.2 else random.uniform(0.5 / scale, 1)
    rows, cols = (int(factor * n) for n in image.shape[:2])
    return _resized(image, (rows, cols), random)
