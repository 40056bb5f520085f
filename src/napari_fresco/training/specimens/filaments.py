"""Lines of light: microtubules, stress fibres, mitochondria."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ...degrade.random_source import RandomSource
from .textures import to_peak, transfer

_STEP = 1.0  # pixels; spaced like this, blurred dots make an even line
_DENSITY = 0.75  # filaments at most, for a pixel of the side
_DEPTHS = (1.0, 1.7, 4.0)
"""How much wider filaments are in focus, a little out of focus, and far out of it."""
_SHARES = (0.72, 0.93)
"""Of the filaments: those in focus, and those at most a little out of it."""


@dataclass(frozen=True, eq=False)
class _Law:
    """The common properties of the filaments of an image, each ``(N, 1, 1)``."""

    number: Tensor
    length: Tensor
    bend: Tensor
    """Random turn, in radians for every square root of a pixel."""
    alignment: Tensor
    """Spread of the directions in radians."""
    gather: Tensor
    """Spread of the starts around one place, in pixels; infinite where they lie anywhere."""
    width: Tensor
    contrast: Tensor
    """Width of the logarithm of their brightness."""
    gaps: Tensor
    """Level of a normal variable below which a filament is dark."""
    crowding: Tensor
    """How much crossings saturate; 0 adds up the light."""


def filaments(count: int, size: int, random: RandomSource) -> Tensor:
    """Draw curved, crossing filaments, some of them out of focus.

    In every image they follow one of three laws: long, stiff and thin, from
    anywhere or from one organiser; nearly straight and side by side; short,
    thick, wavy and of even brightness.

    Returns ``(count, size, size)``, 0 to 1.
    """
    law = _law(count, size, random)
    most = max(round(_DENSITY * size), 16)
    steps = round(1.3 * size / _STEP)
    rows, columns = _paths(law, (count, most, steps), size, random)
    light = _light(law, (count, most, steps), random)
    depth = random.uniform(0, 1, count, most)
    layer = (depth > _SHARES[0]).long() + (depth > _SHARES[1])
    canvas = _splat(rows, columns, light, layer, size)
    lines = _widened(canvas, law.width)
    crowded = law.crowding * lines / lines.amax((1, 2), keepdim=True).clamp_min(1e-6)
    saturated = -torch.expm1(-crowded) / law.crowding
    return to_peak(saturated)


def _law(count: int, size: int, random: RandomSource) -> _Law:
    """Draw which of the three laws an image follows, and its numbers."""
    kind = random.integers(0, 3, count, 1, 1)

    def choose(*ranges: tuple[float, float]) -> Tensor:
        drawn = torch.stack([random.log_uniform(*limits, count, 1, 1) for limits in ranges])
        return drawn.gather(0, kind[None])[0]

    anywhere = torch.full((count, 1, 1), math.inf, device=random.device)
    centred = random.happens(0.35, count, 1, 1)
    most = max(_DENSITY * size, 16)
    return _Law(
        number=choose((3, most), (6, most), (12, most)),
        length=choose((0.4 * size, 1.3 * size), (0.3 * size, 1.3 * size), (8, 60)),
        bend=choose((0.008, 0.06), (0.002, 0.02), (0.05, 0.3)),
        alignment=choose((9, 10), (0.02, 0.3), (0.3, 9)),
        gather=torch.where(centred, choose((1, 12), (8, 60), (12, 60)), anywhere),
        width=choose((0.55, 1.4), (0.6, 2.0), (0.9, 3.0)),
        contrast=choose((0.1, 0.6), (0.3, 1.2), (0.1, 0.6)),
        gaps=random.uniform(-5, 0, count, 1, 1),
        crowding=choose((0.05, 2), (0.05, 2), (1, 12)),
    )


def _paths(
    law: _Law, shape: tuple[int, int, int], size: int, random: RandomSource
) -> tuple[Tensor, Tensor]:
    """Return the rows and columns of dots along random walks, ``(N, filaments, steps)``."""
    count, most, _ = shape
    main = random.uniform(0, 2 * math.pi, count, 1, 1)
    back = math.pi * random.happens(0.5, count, most, 1)
    first = main + back + law.alignment * random.normal(count, most, 1)
    turns = random.normal(*shape).mul_(law.bend * math.sqrt(_STEP))
    heading = turns.cumsum(2).add_(first)
    start = [_starts(law, most, size, random) for _ in range(2)]
    rows = heading.sin().mul_(_STEP).cumsum(2).add_(start[0])
    columns = heading.cos().mul_(_STEP).cumsum(2).add_(start[1])
    return rows, columns


def _starts(law: _Law, most: int, size: int, random: RandomSource) -> Tensor:
    count = law.number.shape[0]
    anywhere = random.uniform(-0.2 * size, 1.2 * size, count, most, 1)
    centre = random.uniform(0, size, count, 1, 1)
    near = centre + law.gather.clamp_max(size) * random.normal(count, most, 1)
    return torch.where(law.gather.isinf(), anywhere, near)


def _light(law: _Law, shape: tuple[int, int, int], random: RandomSource) -> Tensor:
    """Return the brightness of every dot: it varies along a filament, which has gaps and ends."""
    count, most, steps = shape
    along = torch.arange(steps, device=random.device) * _STEP
    length = law.length * random.spread(0.35, count, most, 1)
    ends = (length - along).mul_(0.5).clamp_(0, 1)
    coarse = random.normal(count * most, 1, steps // 10 + 2)
    wave = functional.interpolate(coarse, size=steps, mode='linear').view(shape)
    lit = (4 * (wave - law.gaps)).sigmoid() * (0.3 * wave).exp()
    present = torch.arange(most, device=random.device)[:, None] < law.number
    amount = present * (law.contrast * random.normal(count, most, 1)).exp()
    return ends.mul_(lit).mul_(amount)


def _splat(rows: Tensor, columns: Tensor, light: Tensor, layer: Tensor, size: int) -> Tensor:
    """Share every dot among the four pixels around it, in the layer of its filament.

    Returns ``(N, layers, size, size)``.
    """
    count = rows.shape[0]
    layers = len(_DEPTHS)
    top, left = rows.floor(), columns.floor()
    light = light * ((top >= 0) & (top < size - 1) & (left >= 0) & (left < size - 1))
    down, across = rows - top, columns - left
    corner = (top.clamp(0, size - 2) * size + left.clamp(0, size - 2)).long()
    corner = corner + layer[..., None] * (size * size)
    canvas = light.new_zeros(count, layers * size * size)
    for offset, share in (
        (0, (1 - down) * (1 - across)),
        (1, (1 - down) * across),
        (size, down * (1 - across)),
        (size + 1, down * across),
    ):
        canvas.scatter_add_(1, (corner + offset).flatten(1), (share * light).flatten(1))
    return canvas.view(count, layers, size, size)


def _widened(canvas: Tensor, width: Tensor) -> Tensor:
    """Give every layer its width, and add them: ``(N, S, S)``."""
    size = canvas.shape[-1]
    widths = torch.stack([width * depth for depth in _DEPTHS], 1)
    spectrum = torch.fft.rfft2(canvas) * transfer(widths, size)
    lines: Tensor = torch.fft.irfft2(spectrum.sum(1), s=(size, size))
    return lines.clamp_min_(0)
