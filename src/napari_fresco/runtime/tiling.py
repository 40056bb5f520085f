"""Cutting images and volumes into overlapping tiles and joining the results.

Each tile reads its *core* and a *halo* around it, and answers for the core
alone. A function whose result depends only on pixels closer than the halo
then gives the same image in tiles as in one piece. Functions that see farther
are joined by ramps across the cuts instead, so that no seam shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import Any

import torch
from torch import Tensor

Box = tuple[Any, ...]  # an ellipsis, then one slice for each spatial axis
Function = Callable[[Tensor, float | Tensor], Tensor]


@dataclass(frozen=True)
class Span:
    """An interval along one axis: ``[start, stop)`` is the core, ``[low, high)`` what is read."""

    start: int
    stop: int
    low: int
    high: int

    def times(self, scale: int) -> Span:
        """Return the same interval of an image that is `scale` times as large."""
        return Span(self.start * scale, self.stop * scale, self.low * scale, self.high * scale)


@dataclass(frozen=True)
class Tile:
    """A box of the image that one call restores.

    `spans`: core and read interval along each spatial axis, inside the image.
    """

    spans: tuple[Span, ...]

    @property
    def core(self) -> Box:
        """Where the result belongs in the image."""
        return (..., *(slice(span.start, span.stop) for span in self.spans))

    @property
    def outer(self) -> Box:
        """The place of the core and its halo in the image, clipped to the image."""
        return (..., *(slice(span.low, span.high) for span in self.spans))

    @property
    def inside(self) -> Box:
        """The core relative to :attr:`outer`."""
        return (..., *(slice(s.start - s.low, s.stop - s.low) for s in self.spans))

    def times(self, scale: int) -> Tile:
        """Return the same box of an image that is `scale` times as large."""
        return Tile(tuple(span.times(scale) for span in self.spans))


def plan(shape: Sequence[int], tile: int, halo: int, grid: int = 1) -> list[Tile]:
    """Cut an image into tiles of almost equal size, the last axis fastest.

    `shape`: size of the image: rows and columns, or slices, rows and columns.
    `tile`: largest side of a core in pixels, rounded down to a multiple of `grid`.
    `halo`: least margin that is read beyond a core, up to the border of the image.
    `grid`: cores and what is read start at multiples of `grid`; networks that downsample need it.
    Returns tiles whose cores cover every pixel exactly once.
    """
    if min(*shape, tile, grid) < 1 or halo < 0:
        size = ' x '.join(map(str, shape))
        raise ValueError(f'no plan for {size}, tile {tile}, halo {halo}, grid {grid}')
    return [Tile(spans) for spans in product(*(_spans(n, tile, halo, grid) for n in shape))]


def apply(
    function: Function,
    x: Tensor,
    sigma: float | Tensor,
    *,
    tile: int,
    halo: int,
    grid: int = 1,
    blend: bool = False,
    scale: int = 1,
) -> Tensor:
    """Compute ``function(x, sigma)`` tile by tile.

    `function`: maps ``(N, C, ...)`` and sigma to ``(N, C', ...)``, whose spatial axes, of any
        length, are `scale` times as long.
    `x`: image ``(N, C, H, W)`` or volume ``(N, C, D, H, W)``.
    `sigma`: a number, or a map ``(N or 1, 1, ...)`` that is cut like the image.
    `tile`, `halo`, `grid`: see :func:`plan`.
    `blend`: False: every pixel comes from one tile; equal to the untiled result when `function`
        looks at most `halo` pixels far. True: neighbouring results fade into each other over up to
        `halo` pixels around the cut.
    `scale`: how many pixels `function` returns for each pixel of `x`, along each axis.
    Returns: `scale` times as large as `x`, of the type that `function` returns.
    """
    shape = x.shape[2:]
    tiles = plan(shape, tile, halo, grid)
    if len(tiles) == 1:
        return function(x, sigma)
    large = [t.times(scale) for t in tiles]
    axes = [_windows([t.spans[i] for t in large], halo * scale) for i in range(len(shape))]
    joined: Tensor | None = None
    for cut, t in zip(tiles, large, strict=True):
        part = function(x[cut.outer], _cut(sigma, cut))
        if joined is None:
            joined = part.new_zeros(*part.shape[:2], *(n * scale for n in shape))
        if blend:
            ramps = [windows[span] for windows, span in zip(axes, t.spans, strict=True)]
            window = reduce(lambda outer, ramp: outer[..., None] * ramp, ramps)
            joined[t.outer] += part * window.to(part)
        else:
            joined[t.core] = part[t.inside]
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
    return sigma[tile.outer] if isinstance(sigma, Tensor) else sigma


def _windows(spans: list[Span], halo: int) -> dict[Span, Tensor]:
    """Return for each interval its weights, which sum to one wherever intervals overlap.

    Between neighbours the weights ramp over the cut, within the halo and so
    narrowly that the two ramps of a core never meet.
    """
    length = max(span.stop for span in spans)
    fade = min(halo, *(span.stop - span.start for span in spans)) // 2
    windows = {}
    for span in set(spans):
        centres = torch.arange(span.low, span.high) + 0.5
        rise = _ramp(centres - span.start, fade) if span.start > 0 else 1.0
        fall = _ramp(centres - span.stop, fade) if span.stop < length else 0.0
        windows[span] = torch.ones_like(centres) * rise * (1 - fall)
    return windows


def _ramp(distance: Tensor, fade: int) -> Tensor:
    """Rise from 0 to 1 over ``[-fade, fade]``; a step when `fade` is 0."""
    return (distance / (2 * max(fade, 0.25)) + 0.5).clamp(0, 1)
