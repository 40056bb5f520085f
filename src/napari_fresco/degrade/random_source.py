"""Random numbers for batches of images: the one source of all that is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

_Choice = TypeVar('_Choice')


class RandomSource:
    """Draws tensors of given shapes, on the device of a generator.

    A source made by :meth:`seeded` draws decisions and parameters on the processor, so that
    no step waits for the device to know what comes next, and a seed means the same on every
    device. Only what is as large as images is drawn where they are, by :attr:`pixels`.

    `generator`: what all draws follow from.
    `pixels`: draws where the images are; by default this one.
    """

    def __init__(self, generator: torch.Generator, pixels: RandomSource | None = None) -> None:
        self.generator, self.device = generator, generator.device
        self.pixels = pixels or self

    @classmethod
    def seeded(cls, seed: int, device: torch.device | str = 'cpu') -> RandomSource:
        """Return a source on the processor, with one for pixels on `device`, from one seed."""
        decisions = torch.Generator().manual_seed(seed)
        own = int(torch.randint(0, 2**62, (), generator=decisions))
        return cls(decisions, RandomSource(torch.Generator(device).manual_seed(own)))

    def normal(self, *shape: int) -> Tensor:
        """Draw standard normal numbers."""
        return torch.randn(shape, generator=self.generator, device=self.device)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Draw numbers from `low` to `high`."""
        drawn = torch.rand(shape, generator=self.generator, device=self.device)
        return drawn.mul_(high - low).add_(low)

    def log_uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Draw numbers from `low` to `high`, as often in every octave."""
        return self.uniform(math.log(low), math.log(high), *shape).exp_()

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Draw whole numbers, `high` excluded."""
        return torch.randint(low, high, shape, generator=self.generator, device=self.device)

    def happens(self, probability: float, *shape: int) -> Tensor:
        """Draw true with a probability."""
        return self.uniform(0, 1, *shape) < probability

    def spread(self, width: float, *shape: int) -> Tensor:
        """Draw log-normal factors of median 1, `width` being that of the logarithm."""
        return self.normal(*shape).mul_(width).exp_()

    def poisson(self, rate: Tensor) -> Tensor:
        """Draw photon counts with the expectation `rate`, which is on the same device."""
        return torch.poisson(rate, generator=self.generator)

    def noise(self, like: Tensor) -> Tensor:
        """Draw white noise of variance 1 in the shape and precision of `like`."""
        return torch.randn(
            like.shape, generator=self.generator, device=self.device, dtype=like.dtype
        )

    def choice(self, options: Sequence[_Choice]) -> _Choice:
        """Return one of the options."""
        return options[int(self.integers(0, len(options)))]

    def permutation(self, count: int) -> list[int]:
        """Return the numbers from 0 in random order."""
        order: list[int] = torch.randperm(count, generator=self.generator).tolist()
        return order

    def numpy(self) -> np.random.Generator:
        """Return a generator of numpy, for what is drawn there."""
        return np.random.default_rng(int(self.integers(0, 2**62)))

    def sometimes(
        self, probability: float, step: Callable[[Tensor], Tensor], images: Tensor
    ) -> Tensor:
        """Take a step with some of the images, each with the given probability."""
        hit = self.happens(probability, len(images))
        if hit.all():
            return step(images)
        if not hit.any():
            return images
        index = self.put(hit.nonzero()[:, 0])
        return images.index_copy(0, index, step(images.index_select(0, index)))

    def put(self, values: Tensor) -> Tensor:
        """Copy parameters to the device of the pixels, without waiting for it."""
        return values.to(self.pixels.device, non_blocking=True)

    def put_each(self, values: Tensor) -> Tensor:
        """Copy a number per image to the device of the pixels, as ``(N, 1, 1, 1)``."""
        return self.put(values.view(-1, 1, 1, 1))
