"""What cameras make of light: Poisson-Gaussian noise of a known variance."""

from __future__ import annotations

import torch
from torch import Tensor

from .dice import Dice


@torch.no_grad()
def camera_noise(clean: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    r"""Count photons and read them out, each image with a camera and an exposure of its own.

    The brightest pixel collects 8 to 8000 photons, the read noise is 0.2 to 8 per
    cent of it, and the camera's offset, which has no shot noise, is any part of the
    darkest pixel: :math:`\mathrm{Var}\,y = a (x - o) + r^2`. How noisy an image is
    depends on its photons, not on how bright the file is.

    Parameters
    ----------
    clean : Tensor
        ``(N, C, H, W)``, not negative, of any scale.
    generator : torch.Generator
        See :func:`.draw`.

    Returns
    -------
    tuple of Tensor
        The noisy images, of mean `clean` and not clipped, and the variance of every pixel.
    """
    count = len(clean)
    dice = Dice.on(clean.device, generator)
    peak = clean.amax((1, 2, 3), keepdim=True).clamp_min(1e-4)
    darkest = clean.amin((1, 2, 3), keepdim=True).clamp_min(0)
    gain = peak / dice.log_uniform(8, 8000, count, 1, 1, 1)
    read = peak * dice.log_uniform(0.002, 0.08, count, 1, 1, 1)
    offset = darkest * dice.uniform(0, 1, count, 1, 1, 1)
    light = (clean - offset).clamp_min(0)
    counted = gain * torch.poisson(light / gain, generator=dice.generator)
    return counted + offset + read * dice.normal(*clean.shape), gain * light + read.square()
