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

from .degradation import Degradation
from .spectral import Blur

BREADTH = 2.0
"""Standard deviation, in pixels, over which light is compared: noise falls to a seventh."""
_ROUNDS = 3
_ROUNDS_OF_MEANS = 6  # from a flat start
_SHARE_OF_NOISE = 0.5  # of that of means, which takes some below dark
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


def light_of_means(
    y: Tensor, degradation: Degradation, background: float, least_weight: float
) -> Tensor:
    """Return an estimate of the light that the local means of an image tell, blurred as they are.

    By the iteration of Richardson and Lucy, as for an image that was blurred once more: as much
    light as was seen, and little of the noise of single pixels.

    `y`: photons ``(1, C, *spatial)``, `background` among them.
    `background`: variance of the read noise; means over :data:`BREADTH` have little of it.
    `least_weight`: share of its light that must reach what was seen; of less there is none.
    """
    broad, axes = broadening(y.shape[2:]), list(range(2, y.ndim))
    weights = degradation.adjoint(torch.ones_like(y))
    untold, weights = weights <= least_weight, weights.clamp_min(least_weight)
    spread = degradation.adjoint(broad.adjoint(torch.ones_like(y))).clamp_min(least_weight)
    light = (y - background).mean(axes, keepdim=True).clamp_min(_LEAST)
    left = _SHARE_OF_NOISE * background / (2 * math.sqrt(math.pi) * BREADTH) ** len(axes)
    means = (broad.forward(y - background) + left).clamp_min(0)
    total = light * math.prod(y.shape[2:])
    x = light.expand(degradation.shape_of(y.shape)).masked_fill(untold, 0)
    for _ in range(_ROUNDS_OF_MEANS):
        predicted = broad.forward(degradation.forward(x)) + left
        ratio = means / predicted.clamp_min(_LEAST)
        x = (x * degradation.adjoint(broad.adjoint(ratio)) / spread).clamp_min(0)
        x = x * (total / (weights * x).sum(axes, keepdim=True).clamp_min(_LEAST))
    return x


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
