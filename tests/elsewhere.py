"""A device that computes nothing, so that nothing can be read back from it or mixed with it."""

from __future__ import annotations

import torch

from napari_fresco.degrade.random_source import RandomSource

NOWHERE = torch.device('meta')


class Elsewhere(RandomSource):
    """Random numbers of a step whose images are there."""

    def __init__(self, seed: int) -> None:
        pixels = RandomSource(torch.Generator())
        pixels.generator, pixels.device = None, NOWHERE
        super().__init__(torch.Generator().manual_seed(seed), pixels)
