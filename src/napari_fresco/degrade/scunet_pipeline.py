"""A degradation for training a blind denoiser, in the manner of SCUNet.

The authors never released theirs. This is a documented substitute: the noise
functions of BSRGAN's program with levels up to 50, resizing of both images, JPEG,
and the unprocessing of Brooks et al. in place of the authors' camera; all of it twice,
each time in random order. Probabilities are those of BSRGAN's second model, for
SCUNet's are not known. No torch.

References
----------
K. Zhang et al., "Practical Blind Image Denoising via Swin-Conv-UNet and Data Synthesis",
Machine Intelligence Research 20, 2023, doi:10.1007/s11633-023-1466-0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import camera_noise, gaussian_noise, jpeg
from .planes import Floats, as_plane
from .resize import Mode, resize

Pair = tuple[Floats, Floats]

LEVELS = (2, 50)
QUALITIES = (30, 95)
RARE = 0.1
FACTORS = (0.5, 2.0)
MODES: tuple[Mode, ...] = ('bilinear', 'bicubic')


def degrade(image: Any, random: np.random.Generator, *, resizing: bool = True) -> Pair:
    """Degrade an image twice by noise, JPEG, camera and resizing, in random order.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, 3)
        In [0, 1].
    random : numpy.random.Generator
    resizing : bool
        Resize both images by U(0.5, 2), twice; each side of the result then has a
        quarter to four times as many pixels.

    Returns
    -------
    tuple of ndarray
        The noisy image and the clean one, of the same size, both in [0, 1]. The
        clean one is resized, and passed through the same cameras, like the noisy one.
    """
    clean = np.clip(as_plane(image), 0, 1)
    pair = (clean, clean)
    for _ in range(2):
        for i in random.permutation(len(STEPS)):
            step = STEPS[i]
            if resizing or step is not _resize:
                pair = step(pair, random)
    return pair


def _gaussian(pair: Pair, random: np.random.Generator) -> Pair:
    return gaussian_noise.mixed_gaussian(pair[0], LEVELS, random), pair[1]


def _speckle(pair: Pair, random: np.random.Generator) -> Pair:
    if random.uniform() >= RARE:
        return pair
    return gaussian_noise.mixed_gaussian(pair[0], LEVELS, random, speckle=True), pair[1]


def _poisson(pair: Pair, random: np.random.Generator) -> Pair:
    """Add the photon noise of the clean image, as the authors' figure shows."""
    if random.uniform() >= RARE:
        return pair
    noisy, clean = pair
    return np.clip(noisy + gaussian_noise.mixed_poisson(clean, random) - clean, 0, 1), clean


def _jpeg(pair: Pair, random: np.random.Generator) -> Pair:
    quality = int(random.integers(QUALITIES[0], QUALITIES[1] + 1))
    return jpeg.compress_unit(pair[0], quality), pair[1]


def _camera(pair: Pair, random: np.random.Generator) -> Pair:
    if random.uniform() >= RARE:
        return pair
    body = camera_noise.Camera.draw(random)
    noisy, clean = (body.unprocess(image) for image in pair)
    return body.process(body.expose(noisy, random)), body.process(clean)


def _resize(pair: Pair, random: np.random.Generator) -> Pair:
    factor = random.uniform(*FACTORS)
    mode = MODES[random.integers(len(MODES))]
    rows, cols = (max(round(factor * n), 1) for n in pair[0].shape[:2])
    noisy, clean = (np.clip(resize(image, (rows, cols), mode), 0, 1) for image in pair)
    return noisy, clean


STEPS: tuple[Callable[[Pair, np.random.Generator], Pair], ...] = (
    _gaussian,
    _speckle,
    _poisson,
    _jpeg,
    _camera,
    _resize,
)
