"""Running networks the way the authors' programs do, where ours does better.

Golden files compare with the authors to the last digit, so their tilers and
schedules are kept here. Their tiles are joined by a hard cut with as little as one pixel
of context beyond it, which leaves seams, and small images break them.

Their Python's choice of IRCNN models is the option ``authors_index`` of
:class:`~napari_fresco.networks.ircnn.IRCNNBank`; their degradations are in
:mod:`~napari_fresco.degrade`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from napari_fresco.physics.dihedral import MODES, turn, turn_back
from napari_fresco.solvers.annealing import Level, Schedule

Forward = Callable[[Tensor], Tensor]


def matlab_model(sigma: float) -> int:
    """Return the model, 1 to 25, that IRCNN's MATLAB programs take for `sigma` (0-255)."""
    return min(25, max(math.ceil(sigma / 2), 1))


@dataclass(frozen=True)
class TestMode:
    """How DPIR runs a network on an image that may not fit it (``test_mode``).

    Attributes
    ----------
    mode : int
        0 as it is; 1 continued at the bottom and right; 2 quartered until the
        quarters are small, see :meth:`split`; 3 and 4 the mean over the eight
        turns and flips of 1 and of 2; 5 quartered once.
    refield : int
        The sides of quarters are multiples of this; no side of an image that
        is quartered may be smaller.
    min_size : int
        Images of at most the square of this many pixels are not quartered.
    modulo : int
        Images are continued to a multiple of this.
    """

    __test__ = False  # pytest would collect it

    mode: int = 2
    refield: int = 32
    min_size: int = 256
    modulo: int = 1

    def __call__(self, forward: Forward, x: Tensor) -> Tensor:
        """Return ``forward(x)`` in this mode; x is ``(N, C, H, W)``, noise map included."""
        if self.mode == 0:
            return forward(x)
        if self.mode == 5:
            return self.quarter(forward, x)
        run = self.pad if self.mode in (1, 3) else self.split
        if self.mode in (1, 2):
            return run(forward, x)
        turned = [turn_back(run(forward, turn(x, mode)), mode) for mode in range(MODES)]
        return torch.stack(turned).mean(0)

    def pad(self, forward: Forward, x: Tensor) -> Tensor:
        """Run on `x` continued by its last row and column."""
        height, width = x.shape[-2:]
        margin = (0, -width % self.modulo, 0, -height % self.modulo)
        return forward(functional.pad(x, margin, mode='replicate'))[..., :height, :width]

    def split(self, forward: Forward, x: Tensor) -> Tensor:
        """Quarter `x` until a quarter holds at most ``min_size**2`` pixels, roughly."""
        pixels = x.shape[-2] * x.shape[-1]
        if pixels <= self.min_size**2:
            return self.pad(forward, x)
        if pixels <= 4 * self.min_size**2:
            return self.quarter(forward, x)
        return self.quarter(lambda tile: self.split(forward, tile), x)

    def quarter(self, forward: Forward, x: Tensor) -> Tensor:
        """Run on four overlapping corners, joined by a hard cut in the middle."""
        height, width = x.shape[-2:]
        tall, wide = ((n // 2 // self.refield + 1) * self.refield for n in (height, width))
        top, left = height // 2, width // 2
        rows = []
        for vertical in (slice(0, tall), slice(height - tall, height)):
            west, east = forward(x[..., vertical, :wide]), forward(x[..., vertical, -wide:])
            rows.append(torch.cat((west[..., :left], east[..., left - width :]), dim=-1))
        return torch.cat((rows[0][..., :top, :], rows[1][..., top - height :, :]), dim=-2)


class AuthorsDRUNet:
    """DRUNet as a denoiser in float32 or float64, run as the authors' iterations do."""

    name = 'drunet (authors)'

    def __init__(self, network: Forward, channels: int, mode: TestMode) -> None:
        self.network = network
        self.channels = channels
        self.mode = mode

    @torch.no_grad()
    def __call__(self, x: Tensor, sigma: Level) -> Tensor:
        """Denoise `x` with a noise map of `sigma` as its last channel."""
        noise_map = torch.as_tensor(sigma).to(x).expand(x.shape[0], 1, *x.shape[-2:])
        return self.mode(self.network, torch.cat((x, noise_map), dim=1))


@dataclass(frozen=True, eq=False)
class BlendedSchedule(Schedule):
    """A schedule spaced in logarithm by `log_share` and linearly by the rest."""

    log_share: float = 1.0

    def sigma(self, k: int) -> Level:
        """Return the denoiser strength of step `k`, counted from 0."""
        linear = self.start + k / max(self.iterations - 1, 1) * (self.end - self.start)
        return self.log_share * super().sigma(k) + (1 - self.log_share) * linear
