"""A device that computes nothing, so that nothing can be read back from it or mixed with it."""

from __future__ import annotations

import torch

from napari_fresco.training.random_source import Chance, Dice

NOWHERE = torch.device('meta')


class Elsewhere(Chance):
    """Random numbers of a step whose images are there."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, torch.device('cpu'))
        self.pixels = Dice(torch.Generator())
        self.pixels.generator, self.pixels.device = None, NOWHERE
