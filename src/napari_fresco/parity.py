"""Running networks the authors' way, where that differs from ours.

Golden files and benchmarks compare with the authors' programs to the last
digit, so their tilers and index rounding are kept here. Nothing that a user
runs imports this module: hard-cut tiles leave seams and rounding picks a model
one too strong.

Reference: https://github.com/cszn/DPIR, commit 15bca3f (behaviour, not code).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .solvers.schedule import Schedule

Forward = Callable[[Tensor], Tensor]


def padded(forward: Forward, x: Tensor, modulo: int = 16) -> Tensor:
    """Run `forward` on `x` continued at the bottom and right to multiples of `modulo`."""
    height, width = x.shape[-2:]
    extended = F.pad(x, (0, -width % modulo, 0, -height % modulo), mode='replicate')
    return forward(extended)[..., :height, :width]


def quartered(forward: Forward, x: Tensor, refield: int = 64) -> Tensor:
    """Run `forward` on four overlapping corners, joined by a hard cut in the middle.

    The sides of the corners are the multiple of `refield` above half the
    image; both sides of the image must be at least `refield`.
    """
    height, width = x.shape[-2:]
    tall, wide = ((side // 2 // refield + 1) * refield for side in (height, width))
    top, left = height // 2, width // 2
    rows = []
    for vertical in (slice(0, tall), slice(height - tall, height)):
        west, east = forward(x[..., vertical, :wide]), forward(x[..., vertical, width - wide :])
        rows.append(torch.cat((west[..., :left], east[..., left - width :]), dim=-1))
    return torch.cat((rows[0][..., :top, :], rows[1][..., top - height :, :]), dim=-2)


def split(
    forward: Forward, x: Tensor, refield: int = 32, min_size: int = 256, modulo: int = 16
) -> Tensor:
    """Quarter `x` until a quarter holds at most ``min_size**2`` pixels."""
    pixels = x.shape[-2] * x.shape[-1]
    if pixels <= min_size**2:
        return padded(forward, x, modulo)
    if pixels <= 4 * min_size**2:
        return quartered(forward, x, refield)
    return quartered(lambda tile: split(forward, tile, refield, min_size, modulo), x, refield)


class AuthorsDRUNet:
    """DRUNet as the authors' iterations run it: one constant noise map, split tiles."""

    name = 'drunet (authors)'
    channels = None

    def __init__(self, network: Forward, refield: int = 32) -> None:
        self.network = network
        self.refield = refield

    @torch.no_grad()
    def __call__(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        noise_map = torch.as_tensor(sigma, dtype=x.dtype).expand(x.shape[0], 1, *x.shape[-2:])
        return split(self.network, torch.cat((x, noise_map), dim=1), self.refield)


class AuthorsIRCNN:
    """The IRCNN bank with the authors' choice of model; `bank` maps 0...24 to networks."""

    name = 'ircnn (authors)'
    channels = None

    def __init__(self, bank: Mapping[int, Forward]) -> None:
        self.bank = bank

    @torch.no_grad()
    def __call__(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        return self.bank[ircnn_index(float(sigma))](x)


def ircnn_index(sigma: float, *, promoted: bool = True) -> int:
    """Return the model that the authors' Python takes for `sigma` (working units).

    The strength is rounded to float32 before ``ceil(255 sigma / 2) - 1``. NumPy
    1 evaluated the rest in float64 (`promoted`), NumPy 2 stays in float32; they
    differ where 255 sigma is an even integer.
    """
    rounded = np.float32(sigma)
    level = float(rounded) * 255.0 / 2.0 if promoted else rounded * np.float32(255) / np.float32(2)
    return math.ceil(level) - 1


def ircnn_index_matlab(sigma: float) -> int:
    """Return the 1-based model that the authors' MATLAB programs take for `sigma`."""
    return min(25, max(math.ceil(sigma * 255 / 2), 1))


def blended_strength(schedule: Schedule, k: int, share: float) -> float:
    """Return a strength that is spaced in logarithm by `share`, and linearly by the rest."""
    uniform = schedule.uniform()
    first, last = uniform.sigma(0), uniform.sigma(schedule.iterations - 1)
    linear = first + (last - first) * k / max(schedule.iterations - 1, 1)
    return float(share * uniform.sigma(k) + (1 - share) * linear)
