"""Cells side by side: membranes, bodies and nuclei of one tiling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from ...degrade.random_source import RandomSource
from .textures import clouds, coordinates, inside, to_peak

_TABLE = 32  # cells along either side of the lattice, after which it repeats; a power of 2
_JITTER = 0.8  # of a lattice cell; within it the seeds that matter are in 3 x 3 cells
_TRAITS = 8
_TINY = 1e-6  # keeps the distance to one's own seed out


@dataclass(frozen=True, eq=False)
class _Tiling:
    """The place of every pixel in its cell.

    `spacing`: distance of the cells in pixels, ``(N, 1, 1)``.
    `wall`: distance to the nearest wall in pixels, ``(N, S, S)``.
    `rows`, `columns`: position relative to the cell's seed in pixels, ``(N, S, S)``.
    `traits`: uniform random numbers of the cell, ``(8, N, S, S)``.
    """

    spacing: Tensor
    wall: Tensor
    rows: Tensor
    columns: Tensor
    traits: Tensor


def cells(count: int, size: int, random: RandomSource) -> Tensor:
    """Draw a tissue or a culture: mostly nuclei, mostly membranes, or mostly bodies.

    Returns ``(count, size, size)``, 0 to 1.
    """
    tiling = _tiling(random.log_uniform(14, 150, count, 1, 1), size, random)
    present = tiling.traits[0] < random.uniform(0.35, 1.4, count, 1, 1)
    shape, nucleus = _nuclei(tiling, size, random)
    kind = random.integers(0, 3, count, 1, 1)
    amounts = [
        torch.where(kind == i, 1.0, random.uniform(0, 1, count, 1, 1) ** power * most)
        for i, power, most in ((0, 4, 1.0), (1, 4, 0.8), (2, 3, 0.5))
    ]
    body = _bodies(tiling, shape, size, random)
    walls = _walls(tiling, present, size, random)
    return to_peak(present * (amounts[0] * nucleus + amounts[2] * body) + amounts[1] * walls)


def _tiling(spacing: Tensor, size: int, random: RandomSource) -> _Tiling:
    """Draw a Voronoi tiling of a jittered lattice, turned, stretched and bent."""
    row, column = _lattice(spacing, size, random)
    down, across = row.floor(), column.floor()
    cell = down.long(), across.long()
    jitter = (1 - _JITTER) / 2
    seeds = random.uniform(jitter, 1 - jitter, 2, len(spacing), _TABLE, _TABLE)
    rows, columns = _look_up(_neighbours(seeds), *cell).view(2, 9, *row.shape)
    rows -= row - down
    columns -= column - across
    wall, own_row, own_column, which = _walls_around(rows, columns)
    table = random.uniform(0, 1, _TRAITS, len(spacing), _TABLE, _TABLE)
    traits = _look_up(table, cell[0] + which // 3 - 1, cell[1] + which % 3 - 1)
    return _Tiling(spacing, wall * spacing, -own_row * spacing, -own_column * spacing, traits)


def _walls_around(rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Find the nearest of 9 seeds, and the wall around it.

    `rows`, `columns`: from the pixel to the seeds, ``(9, N, S, S)``; overwritten.
    Returns: distance to the wall; rows and columns to the nearest seed, and which it is; each ``(N,
        S, S)``.
    """
    # One plane after the other stays in the processor's cache.
    square = [r.square().addcmul_(c, c) for r, c in zip(rows, columns, strict=True)]
    nearest = square[0]
    for plane in square[1:]:
        nearest = torch.minimum(nearest, plane)
    own_row, own_column, which, close = (torch.zeros_like(nearest) for _ in range(4))
    for number, plane in enumerate(square):
        own = (plane == nearest).float()
        own_row.addcmul_(own, rows[number])
        own_column.addcmul_(own, columns[number])
        which.add_(own, alpha=number)
    # The reciprocal square of the distance to the wall towards every neighbour. Their sum is
    # that of the nearest wall, with corners rounded.
    for row, column, plane in zip(rows, columns, square, strict=True):
        row -= own_row
        column -= own_column
        apart = row.square_().addcmul_(column, column)
        close.addcdiv_(apart, plane.sub_(nearest).square_().add_(_TINY), value=4)
    return close.add_(_TINY).rsqrt_(), own_row, own_column, which.long()


def _look_up(table: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Return entries ``(K, N, S, S)`` of tables ``(K, N, 32, 32)``, which repeat.

    `down` and `across` are the numbers of the entry for every pixel, ``(N, S, S)``.
    """
    last = _TABLE - 1  # a mask of bits, faster than a remainder
    entry = ((down & last) * _TABLE + (across & last)).flatten(1)
    found = table.flatten(2).gather(2, entry.expand(len(table), -1, -1))
    return found.view(len(table), *down.shape)


def _lattice(spacing: Tensor, size: int, random: RandomSource) -> tuple[Tensor, Tensor]:
    """Return the position of every pixel in units of the lattice, ``(N, S, S)`` each."""
    count = len(spacing)
    rows, columns = coordinates(size, random.device)
    turn = random.uniform(0, 2 * math.pi, count, 1, 1)
    stretch = random.uniform(1, 1.4, count, 1, 1)
    along = columns * turn.cos() + rows * turn.sin()
    across = rows * turn.cos() - columns * turn.sin()
    bend = spacing * random.uniform(0, 0.22, count, 1, 1)
    length = spacing * random.uniform(0.6, 1.4, count, 1, 1)
    moved = [v + bend * clouds(length, size, random) for v in (across * stretch, along / stretch)]
    origin = random.uniform(0, _TABLE, 2, count, 1, 1)
    return moved[0] / spacing + origin[0], moved[1] / spacing + origin[1]


def _neighbours(seeds: Tensor) -> Tensor:
    """Return rows, then columns, of the seeds in 3 x 3 cells: ``(18, N, cells, cells)``."""
    offsets = list(product((-1, 0, 1), repeat=2))
    around = [
        seeds[axis].roll((-offset[0], -offset[1]), (1, 2)) + offset[axis]
        for axis in (0, 1)
        for offset in offsets
    ]
    return torch.stack(around)


def _nuclei(tiling: _Tiling, size: int, random: RandomSource) -> tuple[Tensor, Tensor]:
    """Return the shape of the nuclei, 0 to 1, and their light, each ``(N, S, S)``."""
    count, traits = len(tiling.spacing), tiling.traits
    radius = tiling.spacing * random.uniform(0.16, 0.46, count, 1, 1)
    rough = clouds(radius * random.uniform(0.5, 1.5, count, 1, 1), size, random)
    turn, stretch = math.pi * traits[1], 1 + 0.6 * traits[2].square()
    aside = 0.4 * (0.5 * tiling.spacing - radius).clamp_min(0)
    rows = tiling.rows - aside * (2 * traits[3] - 1)
    columns = tiling.columns - aside * (2 * traits[4] - 1)
    along = (columns * turn.cos() + rows * turn.sin()) * stretch.rsqrt()
    across = (rows * turn.cos() - columns * turn.sin()) * stretch.sqrt()
    own = radius * (0.75 + 0.4 * traits[5]) * (1 + random.uniform(0, 0.15, count, 1, 1) * rough)
    depth = torch.minimum(own - _length(along, across), tiling.wall - 0.5)
    softness = random.log_uniform(0.25, 1.5, count, 1, 1)
    shape = inside(depth, softness)
    round_ = (depth / own).clamp(0.02, 1) ** random.uniform(0, 0.5, count, 1, 1)
    rim = random.happens(0.25, count, 1, 1) * random.uniform(0, 3, count, 1, 1)
    ring = rim * (-0.5 * ((depth - 1) / (1 + 0.03 * radius)).square()).exp()
    bright = (random.uniform(0, 1.6, count, 1, 1) * (traits[6] - 1)).exp()
    light = bright * shape * (round_ * _chromatin(radius, size, random) + ring)
    return shape, light


def _chromatin(radius: Tensor, size: int, random: RandomSource) -> Tensor:
    """Return the texture of nuclei: lumps, and holes where nucleoli are."""
    count = len(radius)
    fine = clouds(random.log_uniform(1.3, 6, count, 1, 1), size, random)
    coarse = clouds(radius * random.uniform(0.15, 0.35, count, 1, 1), size, random)
    lumps = (random.uniform(0, 0.7, count, 1, 1) * fine + 0.2 * coarse).exp()
    holes = random.uniform(0, 0.8, count, 1, 1) * inside(coarse - 1.3, 0.25)
    return lumps * (1 - holes)


def _bodies(tiling: _Tiling, nuclei: Tensor, size: int, random: RandomSource) -> Tensor:
    """Return the light of cell bodies, darker or not where nuclei are."""
    count, traits = len(tiling.spacing), tiling.traits
    grain = random.log_uniform(1.5, 12, count, 1, 1)
    texture = clouds(grain, size, random)
    # An outline rougher than the grain would fall to pieces.
    rough = torch.minimum(0.15 * tiling.spacing, 0.5 * grain) * random.uniform(0, 1, count, 1, 1)
    gap = tiling.spacing * random.uniform(-0.02, 0.2, count, 1, 1) + rough * texture
    edge = inside(tiling.wall - gap, random.log_uniform(0.4, 4, count, 1, 1))
    distance = _length(tiling.rows, tiling.columns) / tiling.spacing
    fall = (-random.uniform(0, 5, count, 1, 1) * distance).exp()
    bright = (random.uniform(0, 2.5, count, 1, 1) * (traits[7] - 1)).exp()
    dark = 1 - random.uniform(0, 1, count, 1, 1) * nuclei
    return bright * edge * fall * dark * (random.uniform(0, 0.6, count, 1, 1) * texture).exp()


def _walls(tiling: _Tiling, present: Tensor, size: int, random: RandomSource) -> Tensor:
    """Return the light of membranes: walls shared by all cells, or one for each that is present."""
    count = len(tiling.spacing)
    width = random.log_uniform(0.6, 4, count, 1, 1).clamp_max(0.08 * tiling.spacing)
    uneven = clouds(random.log_uniform(3, 40, count, 1, 1), size, random)
    strength = (random.uniform(0, 0.8, count, 1, 1) * uneven).exp()
    shared = random.happens(0.6, count, 1, 1)
    gap = torch.where(shared, 0, width * random.uniform(1.5, 4, count, 1, 1))
    line = (-0.5 * ((tiling.wall - gap) / width).square()).exp()
    return line * strength * (shared | present)


def _length(rows: Tensor, columns: Tensor) -> Tensor:
    """Return the same as ``torch.hypot``, without its care for overflow, and faster."""
    return rows.square().addcmul_(columns, columns).sqrt_()
