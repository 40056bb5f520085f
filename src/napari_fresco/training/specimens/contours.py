"""Closed smooth outlines, folded sheets and networks: level lines of random fields."""

from __future__ import annotations

import torch
from torch import Tensor

from ...degrade.random_source import RandomSource
from .textures import clouds, inside, to_peak


def outlines(count: int, size: int, random: RandomSource) -> Tensor:
    """Draw closed lines of even width, some of them filled; wound closely they make a network.

    Returns ``(count, size, size)``, 0 to 1.
    """
    length = random.log_uniform(2.5, 45, count, 1, 1)
    field = clouds(length, size, random) - random.uniform(-0.8, 0.8, count, 1, 1)
    slope = torch.hypot(*(_difference(field, axis) for axis in (1, 2)))
    # The distance to a level line, to first order; where the field is flat it is large.
    distance = field / (slope + 0.15 / length)
    width = random.log_uniform(0.6, 1.8, count, 1, 1)
    line = (-0.5 * (distance / width).square()).exp()
    uneven = clouds(random.log_uniform(3, 40, count, 1, 1), size, random)
    strength = (random.uniform(0, 1, count, 1, 1) * uneven).exp()
    texture = clouds(random.log_uniform(1.5, 10, count, 1, 1), size, random)
    body = inside(distance, 0.7) * (random.uniform(0, 0.7, count, 1, 1) * texture).exp()
    filled = random.uniform(0, 1, count, 1, 1) ** 3
    return to_peak(strength * line * (1 - filled) + filled * body)


def _difference(field: Tensor, axis: int) -> Tensor:
    return (field.roll(-1, axis) - field.roll(1, axis)) / 2
