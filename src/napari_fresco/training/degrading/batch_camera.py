"""Noise of colour cameras, one for each image of a batch.

See :mod:`napari_fresco.degrade.camera_noise`, whose laws these are.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...degrade import camera_noise as laws
from ...degrade.random_source import RandomSource
from .blurs import mirror


@dataclass(frozen=True, eq=False)
class Cameras:
    """As many cameras as there are images.

    Attributes
    ----------
    colours, developed : Tensor
        From linear sRGB to the colours of the camera and back, ``(N, 3, 3)``.
    gains : Tensor
        White balance times exposure, ``(N, 3, 1, 1)``, or ``(N, 1, 1, 1)`` of gray images.
    shot, read : Tensor
        Variance of the noise is ``shot x + read``, ``(N, 1, 1, 1)``.
    """

    colours: Tensor
    developed: Tensor
    gains: Tensor
    shot: Tensor
    read: Tensor

    @classmethod
    def draw(cls, count: int, channels: int, random: RandomSource) -> Cameras:
        """Draw cameras and their exposures for images with 1 or 3 channels."""
        mix = random.uniform(0, 1, 9 * count).view(-1, 3, 3)
        strength = random.uniform(0, laws.MIXED, count).view(-1, 1, 1)
        mix = mix / mix.sum(2, keepdim=True)
        colours = (1 - strength) * torch.eye(3) + strength * mix
        mean, deviation = laws.EXPOSURE
        exposure = 1 / (mean + deviation * random.normal(count))
        red, blue = (random.uniform(*limits, count) for limits in (laws.RED, laws.BLUE))
        balance = (red, torch.ones(count), blue)
        gains = exposure * torch.stack(balance if channels == 3 else balance[1:2])
        shot = random.log_uniform(*laws.SHOT, count)
        slope, offset, deviation = laws.READ
        log_read = slope * shot.log() + offset + deviation * random.normal(count)
        return cls(
            random.put(colours),
            random.put(torch.linalg.inv(colours)),
            random.put(gains.T[..., None, None].contiguous()),
            random.put_each(shot),
            random.put_each(log_read.exp()),
        )

    def unprocess(self, images: Tensor) -> Tensor:
        """Return the raw values, in [0, 1], that would be developed to the images."""
        linear = _untone(images.clamp(0, 1)) ** laws.GAMMA
        if images.shape[1] == 1:
            return self._ungained(linear, linear)
        raw = _turned(linear, self.colours)
        return self._ungained(raw, raw.mean(1, keepdim=True))

    def process(self, raw: Tensor) -> Tensor:
        """Develop raw values: white balance, colours, gamma and tone, in [0, 1]."""
        balanced = (raw * self.gains).clamp(0, 1)
        if raw.shape[1] == 3:
            balanced = _turned(balanced, self.developed)
        encoded = balanced ** (1 / laws.GAMMA)
        return encoded.square() * (3 - 2 * encoded)

    def expose(self, raw: Tensor, random: RandomSource) -> Tensor:
        """Add photon and read noise to raw values of one colour per pixel, demosaicked."""
        noisy = raw + (self.shot * raw + self.read).sqrt() * random.pixels.noise(raw)
        return (_demosaicked(noisy) if raw.shape[1] == 3 else noisy).clamp(0, 1)

    def _ungained(self, raw: Tensor, brightness: Tensor) -> Tensor:
        """Divide by the gains, less and less towards white, so that highlights stay white."""
        bright = ((brightness - laws.BRIGHT).clamp_min(0) / (1 - laws.BRIGHT)).square()
        inverse = 1 / self.gains
        return (raw * torch.maximum(bright + (1 - bright) * inverse, inverse)).clamp(0, 1)


def develop(images: Tensor, random: RandomSource) -> Tensor:
    """Photograph images in [0, 1], each with a random camera."""
    cameras = Cameras.draw(len(images), images.shape[1], random)
    return cameras.process(cameras.expose(cameras.unprocess(images), random))


def _untone(images: Tensor) -> Tensor:
    """Invert the tone curve ``3 x^2 - 2 x^3``."""
    return 0.5 - torch.sin(torch.asin(1 - 2 * images) / 3)


def _turned(colours: Tensor, matrix: Tensor) -> Tensor:
    return (matrix @ colours.flatten(2)).view_as(colours).clamp(0, 1)


def _demosaicked(raw: Tensor) -> Tensor:
    """Interpolate bilinearly from one colour per pixel, red at the upper left."""
    odd_row, odd_column = (torch.arange(n, device=raw.device) % 2 == 1 for n in raw.shape[-2:])
    odd_row = odd_row[:, None]
    measured = torch.stack((~odd_row & ~odd_column, odd_row ^ odd_column, odd_row & odd_column))
    around = mirror(raw.where(measured, 0), 1, 1, 1)
    tall = around[..., :-2, :] + 2 * around[..., 1:-1, :] + around[..., 2:, :]
    sums = tall[..., :-2] + 2 * tall[..., 1:-1] + tall[..., 2:]
    # Of red and blue every pixel sees a weight of 4, of green, where it is missing, 8.
    green = torch.arange(3, device=raw.device).view(3, 1, 1) == 1
    return torch.where(measured, raw, torch.where(green, sums / 8, sums / 4))
