"""Degradations of batches for training a blind denoiser, in the manner of SCUNet.

The authors never released theirs. This is a documented substitute: the noise
functions of BSRGAN's program with levels up to 50, resizing of both images, JPEG,
and the unprocessing of Brooks et al. in place of the authors' camera; all of it twice,
each time in random order. Probabilities are those of BSRGAN's second model, for
SCUNet's are not known.

References
----------
K. Zhang et al., "Practical Blind Image Denoising via Swin-Conv-UNet and Data Synthesis",
Machine Intelligence Research 20, 2023, doi:10.1007/s11633-023-1466-0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from . import gaussian_noise
from .bsrgan_pipeline import GROUPS, RARE, compressed
from .camera_noise import Cameras
from .random_source import RandomSource
from .resize import Mode, resize

Pair = tuple[Tensor, Tensor]

LEVELS = (2, 50)
QUALITIES = (30, 95)
FACTORS = (0.5, 2.0)
MODES: tuple[Mode, ...] = ('bilinear', 'bicubic')

_BLOCK = 8


def degrade(images: Tensor, random: RandomSource, *, resizing: bool = True) -> Pair:
    """Degrade images twice by noise, JPEG, camera and resizing, in random order.

    `images`: ``(N, C, H, W)`` in [0, 1], C = 1 or 3.
    `random`: draws one order, and one size, for all images.
    `resizing`: resize both images by U(0.5, 2), twice; each side of the result then has a quarter
        to four times as many pixels.
    Returns the noisy images and the clean ones, of the same size, both in [0, 1]. The clean ones
        are resized, and passed through the same cameras, like the noisy ones.
    """
    noisy = clean = images.clamp(0, 1)
    rows, columns = images.shape[-2:]
    for _ in range(2):
        if resizing:
            factor = float(random.uniform(*FACTORS))
            rows, columns = (max(round(factor * n), 1) for n in (rows, columns))
        noisy, clean = _mixed(noisy, clean, (rows, columns), random)
    return noisy, clean


def degrade_crops(images: Tensor, side: int, random: RandomSource) -> Pair:
    """Degrade as :func:`degrade` does, to crops of the size asked for.

    Only as much of an image is degraded as becomes a crop. The factors of the resizing are
    such that there is enough; blocks of JPEG begin anywhere. A batch is split into
    groups that share order and sizes.

    `images`: ``(N, C, H, H)`` in [0, 1], C = 1 or 3, with H twice `side`.
    `side`: rows and columns of the result, at least 8.
    Returns: noisy and clean, ``(N, C, side, side)``.
    """
    groups = images.contiguous().chunk(GROUPS)
    noisy, clean = zip(*(_cropped(group, side, random) for group in groups), strict=True)
    return torch.cat(noisy), torch.cat(clean)


def _cropped(images: Tensor, side: int, random: RandomSource) -> Pair:
    source, *sizes = _sizes(images.shape[-1], side + _BLOCK, random)
    noisy = clean = images[..., :source, :source]
    for size in sizes:
        noisy, clean = _mixed(noisy, clean, (size, size), random)
    top, left = random.integers(0, _BLOCK + 1, 2).tolist()
    window = (..., slice(top, top + side), slice(left, left + side))
    return noisy[window], clean[window]


def _sizes(available: int, wanted: int, random: RandomSource) -> tuple[int, int, int]:
    """Return the side of the square that is cut out, and that after each of two resizings."""
    low, high = FACTORS
    first = float(random.uniform(low, high))
    second = float(random.uniform(max(low, wanted / (available * first)), high))
    source = min(math.ceil(wanted / (first * second)), available)
    return source, max(round(first * source), 1), wanted


def _mixed(noisy: Tensor, clean: Tensor, shape: tuple[int, int], random: RandomSource) -> Pair:
    """Take all steps once, in random order."""
    steps = _steps(shape, random)
    for i in random.permutation(len(steps)):
        noisy, clean = steps[i](noisy, clean)
    return noisy, clean


def _steps(
    shape: tuple[int, int], random: RandomSource
) -> tuple[Callable[[Tensor, Tensor], Pair], ...]:
    """Return steps that take noisy and clean images, and return them."""
    mode = random.choice(MODES)
    gaussian = partial(gaussian_noise.mixed_gaussian, levels=LEVELS, random=random)
    speckle = partial(gaussian, speckle=True)
    return (
        lambda y, x: (gaussian(y), x),
        lambda y, x: (random.sometimes(RARE, speckle, y), x),
        lambda y, x: _together(_poisson, y, x, random),
        lambda y, x: (compressed(y, random, QUALITIES), x),
        lambda y, x: _together(_photographed, y, x, random),
        lambda y, x: (_resized(y, shape, mode), _resized(x, shape, mode)),
    )


def _resized(images: Tensor, shape: tuple[int, int], mode: Mode) -> Tensor:
    same = tuple(images.shape[-2:]) == shape
    return images if same else resize(images, shape, mode).clamp(0, 1)


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

    noisy, clean = random.sometimes(RARE, both, torch.cat((noisy, clean), 1)).chunk(2, 1)
    return noisy, clean


def _poisson(noisy: Tensor, clean: Tensor, random: RandomSource) -> Pair:
    """Add the photon noise of the clean image, as the authors' figure shows."""
    return (noisy + gaussian_noise.mixed_poisson(clean, random)).clamp(0, 1), clean


def _photographed(noisy: Tensor, clean: Tensor, random: RandomSource) -> Pair:
    cameras = Cameras.draw(len(noisy), noisy.shape[1], random, noisy.dtype)
    noisy, clean = cameras.unprocess(noisy), cameras.unprocess(clean)
    return cameras.process(cameras.expose(noisy, random)), cameras.process(clean)
