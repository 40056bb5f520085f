"""Random numbers for batches: the laws that specimens are drawn by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Dice:
    """Draws float32 tensors of given shapes on one device."""

    generator: torch.Generator

    @classmethod
    def on(cls, device: torch.device, generator: torch.Generator) -> Dice:
        """Go on from `generator`, which may live on another device than `device`.

        A generator of the CPU for a device of another kind costs no synchronisation;
        the other way round it does.
        """
        if generator.device.type == device.type:
            return cls(generator)
        seed = torch.randint(2**62, (), generator=generator, device=generator.device)
        return cls(torch.Generator(device).manual_seed(int(seed)))

    @property
    def device(self) -> torch.device:
        """Where the numbers are made."""
        return self.generator.device

    def normal(self, *shape: int) -> Tensor:
        """Draw standard normal numbers."""
        return torch.randn(shape, generator=self.generator, device=self.device)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Draw numbers from `low` to `high`."""
        return (
            torch.rand(shape, generator=self.generator, device=self.device)
            .mul_(high - low)
            .add_(low)
        )

    def log_uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Draw numbers from `low` to `high`, as often in every octave."""
        return self.uniform(math.log(low), math.log(high), *shape).exp_()

    def chance(self, probability: float, *shape: int) -> Tensor:
        """Draw true with a probability."""
        return self.uniform(0, 1, *shape) < probability

    def spread(self, width: float, *shape: int) -> Tensor:
        """Draw log-normal factors of median 1, `width` being that of the logarithm."""
        return self.normal(*shape).mul_(width).exp_()
