"""Light, which a blur only moves: a deblurred image has as much of it as the blurred one.

Networks move the means of what they restore, and a type without negative values cuts off one half
of the ringing around bright spots. Both are undone where the blurred image is sure of its means.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .degradation import Degradation

BREADTH = 2.0
"""Standard deviation, in pixels, over which light is compared: noise falls to a seventh."""
_ROUNDS = 3
_LEAST = 1e-6  # light, in working units, below which a ratio says nothing


def with_light(x: Tensor, y: Tensor, degradation: Degradation, lowest: float | None) -> Tensor:
    """Return an estimate whose blur has the local means of `y`.

    Parameters
    ----------
    x : Tensor
        Estimate ``(N, C, *spatial)``.
    y : Tensor
        Observation of the same size.
    degradation : Degradation
        A blur by a kernel of sum 1, without a change of size.
    lowest : float, optional
        What no value may fall below. Where some do, light is then shared out by factors, as by
        Richardson and Lucy, which keep the sum of all pixels.
    """
    x = x + broad(y - degradation.forward(x))
    if lowest is None or bool((x >= lowest).all()):
        return x
    light, seen = (x - lowest).clamp_min(0), broad((y - lowest).clamp_min(0))
    for _ in range(_ROUNDS):
        ratio = seen / broad(degradation.forward(light)).clamp_min(_LEAST)
        light = light * degradation.adjoint(broad(ratio))
    return light.clamp_min(0) + lowest


def broad(image: Tensor) -> Tensor:
    """Return `image` blurred, as a torus, by a Gaussian of :data:`BREADTH`."""
    dims = list(range(2, image.ndim))
    spectrum: Tensor = torch.fft.rfftn(image, dim=dims)
    for dim in dims:
        count = image.shape[dim]
        frequency = torch.fft.rfftfreq if dim == dims[-1] else torch.fft.fftfreq
        across = frequency(count, device=image.device, dtype=image.dtype)
        passed = (-2 * (math.pi * BREADTH * across) ** 2).exp()
        spectrum = spectrum * passed.reshape(-1, *[1] * (image.ndim - 1 - dim))
    blurred: Tensor = torch.fft.irfftn(spectrum, s=[image.shape[dim] for dim in dims], dim=dims)
    return blurred
