"""An untrained network that is fitted to one image, and its guard.

References
----------
D. Ulyanov, A. Vedaldi, V. Lempitsky, "Deep Image Prior", CVPR 2018,
doi:10.1109/CVPR.2018.00984.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .adam import Adam
from .prior_settings import Settings

Operator = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Fit:
    """The data term ``mean(weight (H x - y)^2)``; no weight means 1 everywhere."""

    forward: Operator
    y: Tensor
    weight: Tensor | None = None

    def loss(self, x: Tensor) -> Tensor:
        """Return the error of `x`, with gradient."""
        square = (self.forward(x) - self.y).square()
        return (square if self.weight is None else square * self.weight).mean()


class Errors(NamedTuple):
    """Terms of the loss: misfit, distance to the target, weighted total variation."""

    data: float
    gap: float
    roughness: float


def total_variation(x: Tensor) -> Tensor:
    """Return the sum of the lengths of the gradients of `x`, by differences to right and below."""
    here = x[..., :-1, :-1]
    squares = (x[..., :-1, 1:] - here).square() + (x[..., 1:, :-1] - here).square()
    steep = squares > 0  # a root has no slope at 0
    return torch.where(steep, squares, 1.0).sqrt().mul(steep).sum()


class Hourglass:
    """``x = T(z)``: an untrained network, its fixed input and its optimiser.

    `network`: maps ``(1, D, H, W)`` to ``(1, C, >= H, >= W)`` with values in [0, 1].
    `z`: the fixed input.
    `noise`: gives standard normal noise like `z`.
    `settings`: noise on the input, step size, and range of the output.
    `size`: height and width to which the output is cropped.
    `autocast`: gives the context in which the network runs.
    """

    def __init__(
        self,
        network: nn.Module,
        z: Tensor,
        noise: Callable[[], Tensor],
        settings: Settings,
        *,
        size: tuple[int, int],
        autocast: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self.network = network.train()
        self.z, self.noise, self.settings = z, noise, settings
        self.height, self.width = size
        self.autocast = autocast
        self.optimizer = Adam(network.parameters(), settings.learning_rate)

    def output(self) -> Tensor:
        """Return ``T(z + noise)`` with gradient, in the precision of z."""
        z, low, high = self.z, self.settings.low, self.settings.high
        if self.settings.input_noise > 0:
            z = torch.add(z, self.noise(), alpha=self.settings.input_noise)
        with self.autocast():
            raw: Tensor = self.network(z)
        raw = raw[..., : self.height, : self.width].to(z.dtype)
        return raw if (low, high) == (0, 1) else low + (high - low) * raw

    @torch.enable_grad()
    def step(self, fit: Fit, target: Tensor | None, penalty: float) -> tuple[Tensor, Errors]:
        """Take one step of Adam; return the output before it and its errors."""
        out, smoothing = self.output(), self.settings.total_variation
        data = fit.loss(out)
        gap = torch.zeros_like(data) if target is None else (out - target).square().mean()
        rough = smoothing * total_variation(out) if smoothing else torch.zeros_like(data)
        (data + penalty * gap + rough).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return out.detach(), Errors(*torch.stack((data, gap, rough)).tolist())

    def set_rate(self, learning_rate: float) -> None:
        """Use `learning_rate` from the next step on."""
        self.optimizer.rate = learning_rate


class Backtrack:
    """Puts earlier weights back when the fit falls apart.

    The weights are copied every `every` iterations. When the error grows by
    more than `decibels` over that of the copy, the copy is put back and the
    moments of Adam are forgotten.
    """

    def __init__(self, net: Hourglass, decibels: float, every: int = 25) -> None:
        self.net, self.factor, self.every = net, 10 ** (decibels / 10), every
        self._copies = [p.detach().clone() for p in net.network.parameters()]
        self._age, self._level = 0, math.inf

    @torch.no_grad()
    def fell(self, error: float) -> bool:
        """See the error before the last step; return whether weights were put back."""
        if error > self.factor * self._level:
            for p, copy in zip(self.net.network.parameters(), self._copies, strict=True):
                p.copy_(copy)
            self.net.optimizer.forget()
            return True
        self._age += 1
        if self._age >= self.every:
            for p, copy in zip(self.net.network.parameters(), self._copies, strict=True):
                copy.copy_(p)
            self._age, self._level = 0, error
        return False
