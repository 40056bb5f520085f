"""Noise of colour cameras: pictures taken apart, exposed again, and developed.

This is the unprocessing of Brooks et al., with a camera for each image of a batch. It stands
in for the camera part of SCUNet's and BSRGAN's degradations, which was never published. Unlike
the reference, it draws the colour matrix at random instead of from four cameras.

References
----------
T. Brooks et al., "Unprocessing Images for Learned Raw Denoising", CVPR 2019,
doi:10.1109/CVPR.2019.01129.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..physics.operators import Mosaic
from .blur import extend
from .random_source import RandomSource

GAMMA = 2.2

# The published laws, but for the first, which is ours.
MIXED = 0.4  # share, at most, of other colours in a colour of the camera
EXPOSURE = (0.8, 0.1)  # mean and standard deviation of its reciprocal
RED, BLUE = (1.9, 2.4), (1.5, 1.9)  # white balance
SHOT = (1e-4, 0.012)  # evenly over the logarithm
READ = (2.18, 1.20, 0.26)  # slope, offset and standard deviation of the logarithm over that of SHOT
BRIGHT = 0.9  # whence highlights are kept white


@dataclass(frozen=True, eq=False)
class Cameras:
    """As many cameras as there are images.

    `colours`, `developed`: from linear sRGB to the colours of the camera and back, ``(N, 3, 3)``.
    `gains`: white balance times exposure, ``(N, 3, 1, 1)``, or ``(N, 1, 1, 1)`` of gray images.
    `shot`, `read`: variance of the noise is ``shot x + read``, ``(N, 1, 1, 1)``.
    """

    colours: Tensor
    developed: Tensor
    gains: Tensor
    shot: Tensor
    read: Tensor

    @classmethod
    def draw(
        cls, count: int, channels: int, random: RandomSource, dtype: torch.dtype = torch.float32
    ) -> Cameras:
        """Draw cameras and their exposures for images with 1 or 3 channels.

        A gray image is taken by a camera without colour filters.
        """
        mix = random.uniform(0, 1, 9 * count).view(-1, 3, 3)
        strength = random.uniform(0, MIXED, count).view(-1, 1, 1)
        mix = mix / mix.sum(2, keepdim=True)
        colours = (1 - strength) * torch.eye(3) + strength * mix
        mean, deviation = EXPOSURE
        exposure = 1 / (mean + deviation * random.normal(count))
        red, blue = (random.uniform(*limits, count) for limits in (RED, BLUE))
        balance = (red, torch.ones(count), blue)
        gains = exposure * torch.stack(balance if channels == 3 else balance[1:2])
        shot = random.log_uniform(*SHOT, count)
        slope, offset, deviation = READ
        log_read = slope * shot.log() + offset + deviation * random.normal(count)
        colours = colours.to(dtype)
        each = (
            gains.T[..., None, None].contiguous(),
            *(v.view(-1, 1, 1, 1) for v in (shot, log_read.exp())),
        )
        drawn = (colours, torch.linalg.inv(colours), *(v.to(dtype) for v in each))
        return cls(*map(random.put, drawn))

    def unprocess(self, images: Tensor) -> Tensor:
        """Return the raw values, in [0, 1], that would be developed to the images."""
        linear = _untone(images.clamp(0, 1)) ** GAMMA
        if images.shape[1] == 1:
            return self._ungained(linear, linear)
        raw = _in_colours(linear, self.colours)
        return self._ungained(raw, raw.mean(1, keepdim=True))

    def process(self, raw: Tensor) -> Tensor:
        """Develop raw values: white balance, colours, gamma and tone, in [0, 1]."""
        balanced = (raw * self.gains).clamp(0, 1)
        if raw.shape[1] == 3:
            balanced = _in_colours(balanced, self.developed)
        encoded = balanced ** (1 / GAMMA)
        return encoded.square() * (3 - 2 * encoded)

    def expose(self, raw: Tensor, random: RandomSource) -> Tensor:
        """Add photon and read noise to raw values of one colour per pixel, demosaicked."""
        noisy = raw + (self.shot * raw + self.read).sqrt() * random.pixels.noise(raw)
        return (_demosaicked(noisy) if raw.shape[1] == 3 else noisy).clamp(0, 1)

    def _ungained(self, raw: Tensor, brightness: Tensor) -> Tensor:
        """Divide by the gains, less and less towards white, so that highlights stay white."""
        bright = ((brightness - BRIGHT).clamp_min(0) / (1 - BRIGHT)).square()
        inverse = 1 / self.gains
        return (raw * torch.maximum(bright + (1 - bright) * inverse, inverse)).clamp(0, 1)


def develop(images: Tensor, random: RandomSource) -> Tensor:
    """Photograph images in [0, 1], each with a random camera."""
    cameras = Cameras.draw(len(images), images.shape[1], random, images.dtype)
    return cameras.process(cameras.expose(cameras.unprocess(images), random))


def _untone(images: Tensor) -> Tensor:
    """Invert the tone curve ``3 x^2 - 2 x^3``."""
    return 0.5 - torch.sin(torch.asin(1 - 2 * images) / 3)


def _in_colours(colours: Tensor, matrix: Tensor) -> Tensor:
    return (matrix @ colours.flatten(2)).view_as(colours).clamp(0, 1)


def _demosaicked(raw: Tensor) -> Tensor:
    """Interpolate bilinearly from one colour per pixel, red at the upper left."""
    keep = Mosaic('RGGB', raw.shape[-2:]).keep.to(raw.device, raw.dtype, non_blocking=True)
    measured, counts = keep > 0, _around(keep)
    values = _around(raw * keep) / counts.clamp_min(1)
    # A picture of a single row or column lacks a colour altogether.
    return torch.where(measured | (counts == 0), raw, values)


def _around(raw: Tensor) -> Tensor:
    """Weigh every pixel with 4, its neighbours with 2 and those across a corner with 1."""
    around = extend(raw, 'mirror', (1, 1), (1, 1))
    tall = around[..., :-2, :] + 2 * around[..., 1:-1, :] + around[..., 2:, :]
    return tall[..., :-2] + 2 * tall[..., 1:-1] + tall[..., 2:]
