"""Spots of light: beads, molecules, vesicles, transcripts."""

from __future__ import annotations

import torch
from torch import Tensor

from ...degrade.random_source import RandomSource
from .textures import coordinates, to_peak

_CLUSTERS = 12
_PIXELS_PER_SPOT = 40
"""Of the most crowded image."""


def points(count: int, size: int, random: RandomSource) -> Tensor:
    """Draw spots with Gaussian profiles, from one in the image to crowded.

    Their brightness spreads over a factor of two to a thousand; some are out of
    focus. In half of the images they gather in clusters.

    Returns ``(count, size, size)``, 0 to 1.
    """
    most = max(size * size // _PIXELS_PER_SPOT, 1)
    wanted = random.log_uniform(2, most + 1, count, 1)
    present = torch.arange(most, device=random.device) < wanted.floor()
    place = _places(count, most, size, random)
    width = random.log_uniform(0.6, 1.8, count, 1) * random.spread(0.08, count, most)
    away = random.happens(0.5, count, 1) * random.uniform(0, 1, count, most) ** 4
    width = width * (1 + 4 * away)
    # A spot out of focus spreads its light.
    amount = random.normal(count, most).mul(random.uniform(0.1, 1.4, count, 1)).exp()
    peak = present * amount / (1 + 4 * away).square()
    line = coordinates(size, random.device)[1]
    rows, columns = (_profile(place[..., axis], width, line) for axis in (0, 1))
    return to_peak(rows.mul_(peak[..., None]).mT @ columns)


def _profile(centre: Tensor, width: Tensor, line: Tensor) -> Tensor:
    """Return Gaussians ``(N, K, S)`` of peak 1 along one axis."""
    scale = (0.5**0.5 / width)[..., None]
    distance = torch.addcmul(-centre[..., None] * scale, line, scale)
    return distance.square_().neg_().exp_()


def _places(count: int, most: int, size: int, random: RandomSource) -> Tensor:
    """Return rows and columns ``(count, most, 2)``."""
    anywhere = random.uniform(0, size, count, most, 2)
    centres = random.uniform(-0.1 * size, 1.1 * size, count, _CLUSTERS, 2)
    member = (random.uniform(0, 1, count, most) ** 2 * _CLUSTERS).long()
    spread = random.log_uniform(2.5, 25, count, 1, 1)
    chosen = centres.gather(1, member[..., None].expand(-1, -1, 2))
    gathered = chosen + spread * random.normal(count, most, 2)
    loose = random.happens(0.25, count, most, 1) | random.happens(0.5, count, 1, 1)
    return torch.where(loose, anywhere, gathered)
