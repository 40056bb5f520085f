"""The noise of cameras: Poisson-Gaussian, of a known variance."""

from __future__ import annotations

import torch
from torch import Tensor

from ...degrade.gaussian_noise import poisson_gaussian
from ...degrade.random_source import RandomSource


@torch.no_grad()
def camera_noise(clean: Tensor, source: RandomSource) -> tuple[Tensor, Tensor]:
    r"""Count photons and read them out, each image with a camera and an exposure of its own.

    The brightest pixel collects 8 to 8000 photons, the read noise is 0.2 to 8 per
    cent of it, and the camera's offset, which has no shot noise, is any part of the
    darkest pixel: :math:`\mathrm{Var}\,y = a (x - o) + r^2`. How noisy an image is
    depends on its photons, not on how bright the file is.

    `clean`: ``(N, C, H, W)``, not negative, of any scale.
    `source`: on the same device.
    Returns the noisy images, of mean `clean` and not clipped, and the variance of every pixel.
    """
    count = len(clean)
    random = source.pixels
    peak = clean.amax((1, 2, 3), keepdim=True).clamp_min(1e-4)
    darkest = clean.amin((1, 2, 3), keepdim=True).clamp_min(0)
    gain = peak / random.log_uniform(8, 8000, count, 1, 1, 1)
    read = peak * random.log_uniform(0.002, 0.08, count, 1, 1, 1)
    offset = darkest * random.uniform(0, 1, count, 1, 1, 1)
    light = (clean - offset).clamp_min(0)
    noisy = poisson_gaussian(light, gain, read, source)
    return noisy + offset, gain * light + read.square()
