"""Random numbers for batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

_Choice = TypeVar('_Choice')


class Chance:
    """Draws everything that a batch needs from one seed.

    Decisions and parameters are drawn on the processor, so that no step waits for the
    device to know what comes next, and a seed means the same on every device. Only
    the noise of pixels is drawn where they are.

    Parameters
    ----------
    seed : int
        Of a generator on the processor, which seeds another one for the pixels of
        another device.
    device : torch.device
        Where the images are.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        self._generator = self._pixels = torch.Generator().manual_seed(seed)
        if device.type != 'cpu':
            own = int(self.integers(0, 2**31, 1))
            self._pixels = torch.Generator(device).manual_seed(own)

    def uniform(self, low: float, high: float, count: int) -> Tensor:
        """Return `count` numbers between two bounds, on the processor."""
        return low + (high - low) * torch.rand(count, generator=self._generator)

    def normal(self, mean: float, deviation: float, count: int) -> Tensor:
        """Return `count` normal numbers, on the processor."""
        return mean + deviation * torch.randn(count, generator=self._generator)

    def integers(self, low: int, high: int, count: int) -> Tensor:
        """Return `count` whole numbers, `high` excluded, on the processor."""
        return torch.randint(low, high, (count,), generator=self._generator)

    def happens(self, probability: float) -> bool:
        """Say whether something of this probability happens."""
        return float(self.uniform(0, 1, 1)) < probability

    def choice(self, options: Sequence[_Choice]) -> _Choice:
        """Return one of the options."""
        return options[int(self.integers(0, len(options), 1))]

    def permutation(self, count: int) -> list[int]:
        """Return the numbers from 0 in random order."""
        order: list[int] = torch.randperm(count, generator=self._generator).tolist()
        return order

    def sometimes(
        self, probability: float, step: Callable[[Tensor], Tensor], images: Tensor
    ) -> Tensor:
        """Take a step with some of the images, each with the given probability."""
        hit = self.uniform(0, 1, len(images)) < probability
        if bool(hit.all()):
            return step(images)
        if not bool(hit.any()):
            return images
        index = self.put(hit.nonzero()[:, 0])
        return images.index_copy(0, index, step(images.index_select(0, index)))

    def noise(self, like: Tensor) -> Tensor:
        """Return white noise of variance 1, in the shape and on the device of `like`."""
        return torch.randn(like.shape, generator=self._pixels, device=self.device)

    def poisson(self, rate: Tensor) -> Tensor:
        """Return photon counts with the expectation `rate`, on its device."""
        return torch.poisson(rate, generator=self._pixels)

    def put(self, values: Tensor) -> Tensor:
        """Copy parameters to the device, without waiting for it."""
        return values.to(self.device, non_blocking=True)

    def put_each(self, values: Tensor) -> Tensor:
        """Copy a number per image to the device, as ``(N, 1, 1, 1)``."""
        return self.put(values.view(-1, 1, 1, 1))
