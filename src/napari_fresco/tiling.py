"""Cutting images into overlapping tiles and joining the results.

Each tile reads its *core* and a *halo* around it, and answers for the core
alone. A function whose result depends only on pixels closer than the halo
then gives the same image in tiles as in one piece. Functions that see farther
are joined by ramps across the cuts instead, so that no seam shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Rectangle = tuple[slice, slice]


@dataclass(frozen=True)
class Span:
    """An interval along one axis: ``[start, stop)`` is the core, ``[low, high)`` what is read."""

    start: int
    stop: int
    low: int
    high: int


@dataclass(frozen=True)
class Tile:
    """A rectangle of the image that one call restores.

    Attributes
    ----------
    rows, columns : Span
        Core and read interval along both axes, inside the image.
    """

    rows: Span
    columns: Span

    @property
    def core(self) -> Rectangle:
        """Where the result belongs in the image."""
        return slice(self.rows.start, self.rows.stop), slice(self.columns.start, self.columns.stop)

    @property
    def outer(self) -> Rectangle:
        """What is read of the image: the core and its halo, clipped to the image."""
        return slice(self.rows.low, self.rows.high), slice(self.columns.low, self.columns.high)


def plan(height: int, width: int, tile: int, halo: int, grid: int = 1) -> list[Tile]:
    """Cut an image into tiles of almost equal size, row by row.

    Parameters
    ----------
    height, width : int
        Size of the image.
    tile : int
        Largest side of a core in pixels, rounded down to a multiple of `grid`.
    halo : int
        Least margin that is read beyond a core, up to the border of the image.
    grid : int, optional
        Cores and what is read start at multiples of `grid`; networks that
        downsample need it.

    Returns
    -------
    list of Tile
        The cores cover every pixel exactly once.
    """
    if min(height, width, tile, grid) < 1 or halo < 0:
        raise ValueError(f'no plan for {height} x {width}, tile {tile}, halo {halo}, grid {grid}')
    rows, columns = (_spans(length, tile, halo, grid) for length in (height, width))
    return [Tile(r, c) for r in rows for c in columns]


def apply(
    function: Callable[[Tensor, float | Tensor], Tensor],
    x: Tensor,
    sigma: float | Tensor,
    *,
    tile: int,
    halo: int,
    grid: int = 1,
    blend: bool = False,
) -> Tensor:
    """Compute ``function(x, sigma)`` tile by tile.

    Parameters
    ----------
    function : callable
        Maps ``(N, C, H, W)`` and sigma to ``(N, C, H, W)``, any H and W.
    x : Tensor
        Image ``(N, C, H, W)``.
    sigma : float or Tensor
        A number, or a map ``(N or 1, 1, H, W)`` that is cut like the image.
    tile, halo, grid : int
        See :func:`plan`.
    blend : bool, optional
        False: every pixel comes from one tile; equal to the untiled result
        when `function` looks at most `halo` pixels far. True: neighbouring
        results fade into each other over up to `halo` pixels around the cut.

    Returns
    -------
    Tensor
        As large as `x`, of the type that `function` returns.
    """
    height, width = x.shape[-2:]
    tiles = plan(height, width, tile, halo, grid)
    if len(tiles) == 1:
        return function(x, sigma)
    joined: Tensor | None = None
    fade = _fade(tiles, halo) if blend else 0
    for t in tiles:
        part = function(x[(..., *t.outer)], _cut(sigma, t))
        if joined is None:
            joined = part.new_zeros(*part.shape[:-2], height, width)
        if blend:
            joined[(..., *t.outer)] += part * _weights(t, fade, height, width, part)
        else:
            joined[(..., *t.core)] = part[(..., *_inside(t))]
    assert joined is not None
    return joined


def _spans(length: int, tile: int, halo: int, grid: int) -> list[Span]:
    count = -(-length // max(tile // grid * grid, grid))
    step = -(-length // (count * grid)) * grid
    margin = -(-halo // grid) * grid
    return [
        Span(s, min(s + step, length), max(s - margin, 0), min(s + step + margin, length))
        for s in range(0, length, step)
    ]


def _cut(sigma: float | Tensor, tile: Tile) -> float | Tensor:
    return sigma[(..., *tile.outer)] if isinstance(sigma, Tensor) else sigma


def _inside(tile: Tile) -> Rectangle:
    """Return the core relative to what was read."""
    r, c = tile.rows, tile.columns
    return slice(r.start - r.low, r.stop - r.low), slice(c.start - c.low, c.stop - c.low)


def _fade(tiles: list[Tile], halo: int) -> int:
    """Return half the width of the ramps: they must fit the halo and not meet in a core."""
    spans = [span for tile in tiles for span in (tile.rows, tile.columns)]
    return min(halo, *(span.stop - span.start for span in spans)) // 2


def _weights(tile: Tile, fade: int, height: int, width: int, like: Tensor) -> Tensor:
    rows = _window(tile.rows, fade, height, like)
    return rows[:, None] * _window(tile.columns, fade, width, like)


def _window(span: Span, fade: int, length: int, like: Tensor) -> Tensor:
    """Return a trapezium on the read interval whose ramps sum to one with the neighbours'."""
    centres = torch.arange(span.low, span.high, device=like.device) + 0.5
    window = torch.ones_like(centres)
    if span.start > 0:
        window = window * _ramp(centres - span.start, fade)
    if span.stop < length:
        window = window * (1 - _ramp(centres - span.stop, fade))
    return window.to(like.dtype)


def _ramp(distance: Tensor, fade: int) -> Tensor:
    """Rise from 0 to 1 over ``[-fade, fade]``; a step when `fade` is 0."""
    return (distance / (2 * max(fade, 0.25)) + 0.5).clamp(0, 1)
