"""Light, which a blur only moves: a deblurred image has as much of it as the blurred one.

Networks move the means of what they restore, and a type without negative values cuts off one half
of the ringing around bright spots. Both are undone where the blurred image is sure of its means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from .spectral import Blur

BREADTH = 2.0
"""Standard deviation, in pixels, over which light is compared: noise falls to a seventh."""
_ROUNDS = 3
_LEAST = 1e-6  # light, in working units, below which a ratio says nothing


class Light:
    """Gives estimates the light of an observation: their blur gets its local means.

    `y`: observation ``(N, C, *spatial)``.
    `blur`: by a kernel of sum 1. Where it did not see, an estimate keeps the light that it has.
    `lowest`: what no value may fall below. Where some do, light is then shared out by factors, as
        by Richardson and Lucy, which keep the sum of all pixels.
    """

    def __init__(self, y: Tensor, blur: Blur, lowest: float | None) -> None:
        self._y, self._blur, self._lowest = y, blur, lowest
        self._broad = broadening(blur.shape)
        self._blurred = blur.then(_factors(blur.shape))

    def given_to(self, x: Tensor) -> Tensor:
        """Return the estimate `x`, like the observation, with its light."""
        x = x + self._left(x)
        if self._lowest is None or bool((x >= self._lowest - _LEAST).all()):
            return x
        light = (x - self._lowest).clamp_min(0)
        positive = self._positive(light, self._lowest)
        for _ in range(_ROUNDS):
            ratio = positive / self._blurred.forward(light).clamp_min(_LEAST)
            light = light * self._blurred.adjoint(ratio)
        return light.clamp_min(0) + self._lowest

    def _left(self, x: Tensor) -> Tensor:
        """Return the local means of what an estimate leaves of y."""
        if self._blur.seen is None:
            return self._means - self._blurred.forward(x)
        return self._broad.forward(self._blur.residual(self._y, x))

    def _positive(self, light: Tensor, lowest: float) -> Tensor:
        """Return the local means of the light of y above the lowest, and of H light beside it."""
        y = (self._y - lowest).clamp_min(0)
        if self._blur.seen is not None:
            y = self._blur.forward(light) + self._blur.residual(y, light)
        return self._broad.forward(y)

    @cached_property
    def _means(self) -> Tensor:
        return self._broad.forward(self._y)


def broadening(shape: Sequence[int]) -> Blur:
    """Return the blur of a torus by a Gaussian of :data:`BREADTH`."""
    point = torch.ones([1] * len(shape))
    return Blur(point, shape).then(_factors(shape))


def _factors(shape: Sequence[int]) -> Tensor:
    """Return the transfer function of the Gaussian, half spectrum ``(..., H, W // 2 + 1)``."""
    factors = torch.ones((), dtype=torch.float64)
    for place, count in enumerate(shape, start=1):
        frequency = torch.fft.rfftfreq if place == len(shape) else torch.fft.fftfreq
        across = frequency(count, dtype=torch.float64)
        factors = factors[..., None] * (-2 * (math.pi * BREADTH * across) ** 2).exp()
    return factors
