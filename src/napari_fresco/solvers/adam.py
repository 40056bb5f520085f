"""Adam, the optimiser of networks that are fitted to one image.

The one of torch is the same to rounding, and imports 800 modules of its compiler when it is made:
seconds in which a first run shows nothing and cannot be cancelled.

Reference: D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015,
arXiv:1412.6980.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

_FIRST, _SECOND = 0.9, 0.999  # decay of the averages of gradients and of their squares
_LEAST = 1e-8  # added to the root of the latter


class Adam:
    """Moves weights along their gradients, each as far as its own gradients let expect.

    Step k is ``w -= rate * m / (1 - 0.9**k) / (sqrt(v / (1 - 0.999**k)) + 1e-8)`` with the running
    means m of gradients and v of their squares (algorithm 1 of the paper).

    `weights`: what is moved; one without a gradient stays.
    `rate`: step size, which may be changed.
    """

    def __init__(self, weights: Iterable[Tensor], rate: float) -> None:
        self.rate, self.steps = rate, 0
        self._weights = list(weights)
        self._moments: list[tuple[Tensor, Tensor]] = []

    def forget(self) -> None:
        """Drop what is known of earlier gradients."""
        self.steps, self._moments = 0, []

    @torch.no_grad()
    def step(self) -> None:
        """Take a step, and drop the gradients."""
        if not self.steps:
            self._moments = [(torch.zeros_like(w), torch.zeros_like(w)) for w in self._weights]
        self.steps += 1
        rate = self.rate / (1 - _FIRST**self.steps)
        unbiased = math.sqrt(1 - _SECOND**self.steps)
        for weight, (mean, square) in zip(self._weights, self._moments, strict=True):
            if weight.grad is None:
                continue
            mean.lerp_(weight.grad, 1 - _FIRST)
            square.mul_(_SECOND).addcmul_(weight.grad, weight.grad, value=1 - _SECOND)
            weight.addcdiv_(mean, square.sqrt().div_(unbiased).add_(_LEAST), value=-rate)
            weight.grad = None
