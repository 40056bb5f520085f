"""Point spread functions of microscopes: Gaussian, Airy, defocused and confocal."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from ...degrade.random_source import RandomSource

SIZE = 25
"""Rows and columns of a kernel."""

_PUPIL = 32  # samples across; their grid repeats the pattern beyond the kernel
_OVERSAMPLED = 3  # times, in each direction, of which a pixel takes the mean
_AIRY = 0.61  # radius of the first dark ring, times the cut-off frequency of the field


@torch.no_grad()
def psf(count: int, source: RandomSource, size: int = SIZE) -> Tensor:
    """Draw point spread functions as fluorescence microscopes have them.

    Half are Gaussian, round or slightly elongated, 0.5 to 3 pixels wide (standard
    deviation). The others are diffracted by a round pupil with some aberration,
    Airy radius 1.2 to 5 pixels: in focus, out of focus, or confocal.

    `count`: kernels.
    `source`: says where they are made.
    `size`: odd number of rows and columns.
    Returns ``(count, 1, size, size)``, not negative, of sum 1, centred at ``size // 2``.
    """
    random = source.pixels
    shapes = torch.where(
        random.happens(0.5, count, 1, 1),
        _gaussian(count, size, random),
        _diffracted(count, size, random),
    )
    return (shapes / shapes.sum((1, 2), keepdim=True))[:, None]


def _gaussian(count: int, size: int, random: RandomSource) -> Tensor:
    line = torch.arange(size, device=random.device) - size // 2
    turn = random.uniform(0, math.pi, count, 1, 1)
    along = line * turn.cos() + line[:, None] * turn.sin()
    across = line[:, None] * turn.cos() - line * turn.sin()
    width = random.log_uniform(0.5, 3, count, 1, 1)
    longer = 1 + random.happens(0.5, count, 1, 1) * random.uniform(0, 0.5, count, 1, 1)
    shape = (-0.5 * ((along / width / longer).square() + (across / width).square())).exp()
    return shape / shape.sum((1, 2), keepdim=True)


def _diffracted(count: int, size: int, random: RandomSource) -> Tensor:
    """Return the intensity behind round pupils, seen in wide field or confocally."""
    radius = random.log_uniform(1.2, 5, count, 1, 1)
    power = 1 + random.happens(0.4, count, 1, 1).float()
    return intensity(_waves(radius, random), radius, power, size)


def intensity(waves: Tensor, radius: Tensor, power: Tensor, size: int) -> Tensor:
    """Return the mean light in every pixel behind round pupils, of sum 1.

    `waves`: aberration in wavelengths at the points :func:`pupil` of the pupil, ``(N, P, P)``.
    `radius`: of the first dark ring in pixels, ``(N, 1, 1)``.
    `power`: of the intensity, ``(N, 1, 1)``: 2 for a confocal microscope.
    `size`: rows and columns.
    """
    line, square = pupil(waves.device)
    stop = ((1 - square.sqrt()) * len(line) / 2 + 0.5).clamp(0, 1)
    light = torch.polar(stop.expand_as(waves).contiguous(), 2 * math.pi * waves)
    fine = _OVERSAMPLED * size
    place = (torch.arange(fine, device=waves.device) - (fine - 1) / 2) / _OVERSAMPLED
    phase = 2 * math.pi * _AIRY / radius * place[:, None] * line
    lens = torch.polar(torch.ones_like(phase), phase)
    seen = (lens @ light @ lens.mT).abs().square() ** power
    shape = functional.avg_pool2d(seen, _OVERSAMPLED)
    result: Tensor = shape / shape.sum((1, 2), keepdim=True)
    return result


def pupil(device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the coordinates ``(P,)`` of points across a pupil, and squares of the radius."""
    line = (torch.arange(_PUPIL, device=device) + 0.5) * (2 / _PUPIL) - 1
    square: Tensor = line[:, None].square() + line.square()
    return line, square


def _waves(radius: Tensor, random: RandomSource) -> Tensor:
    """Draw aberrations in wavelengths ``(N, P, P)``: small ones, and defocus in half of them."""
    count = len(radius)
    x, square = pupil(random.device)
    y = x[:, None]
    # A wave of defocus makes a disk of 3.3 Airy radii; it has to fit the kernel.
    most = (2.5 / radius).clamp_max(1)
    focus = most * random.happens(0.5, count, 1, 1) * random.uniform(-1, 1, count, 1, 1)
    spherical, oblique, upright, coma_y, coma_x = random.normal(5, count, 1, 1).mul_(0.05).unbind()
    waves = focus * square + spherical * (6 * square.square() - 6 * square)
    waves = waves + oblique * (2 * x * y) + upright * (x.square() - y.square())
    return waves + (3 * square - 2) * (coma_x * x + coma_y * y)
