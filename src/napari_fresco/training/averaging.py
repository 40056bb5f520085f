"""The average of the weights over the last steps, which is the result of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

_POWER = 30.0


class Average:
    """Follows the weights of a network.

    The weight of a step grows with a power of its number, so that the beginning is
    forgotten in a short run as in a long one: the average is over about the last
    thirtieth of the steps (T. Karras et al., arXiv:2312.02696, eq. 123).

    `network`: whose weights are followed.
    """

    def __init__(self, network: nn.Module) -> None:
        self._weights = list(network.parameters())
        self._values = [weight.detach().clone() for weight in self._weights]

    @torch.no_grad()
    def follow(self, step: int) -> None:
        """Take in the weights after step number `step`, counted from 0."""
        share = 1 - (1 - 1 / (step + 1)) ** (_POWER + 1)
        torch._foreach_lerp_(self._values, [w.detach() for w in self._weights], share)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the network have the averaged weights within the context."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def state_dict(self) -> list[Tensor]:
        """Return the state for a resumed run."""
        return self._values

    @torch.no_grad()
    def load_state_dict(self, values: list[Tensor]) -> None:
        """Go on from what :meth:`state_dict` has returned."""
        for own, value in zip(self._values, values, strict=True):
            own.copy_(value)

    @torch.no_grad()
    def _swap(self) -> None:
        for weight, value in zip(self._weights, self._values, strict=True):
            former = weight.detach().clone()
            weight.copy_(value)
            value.copy_(former)
