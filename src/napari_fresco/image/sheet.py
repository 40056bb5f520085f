"""Squares spread over planes that are too large to be judged, put together as smaller planes.

Of volumes that are too large these are columns, of planes spread over their depth.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .blocks import SAMPLE
from .letters import leading_first
from .model import Array, Image, in_memory

LARGEST = 4096 * 4096
"""Pixels beyond which a plane is restored block by block and judged by a part of it."""
LARGEST_VOLUME = 2**25
"""Voxels beyond which a volume is."""

LARGEST_AROUND_LOSSES = 2048 * 2048
"""The same where only the surroundings of losses are worked on."""

_SQUARES, _SIDE = 4, 512  # along each axis, and their sides in pixels
_COLUMN = 128  # sides of those of a volume
_GRID = 64  # on which they begin, so that they keep the blocks of JPEG and the lattices of a mosaic


def is_large(image: Image, dims: int = 2, around_losses: bool = False) -> bool:
    """Whether the planes of an image, or its volumes, are too large to be restored whole."""
    pixels = image.length('Y') * image.length('X')
    if dims == 3:
        return pixels * image.length('Z') > LARGEST_VOLUME
    return pixels > (min(LARGEST, LARGEST_AROUND_LOSSES) if around_losses else LARGEST)


def sheet_of(image: Image, mask: Any = None, dims: int = 2, every_plane: bool = False) -> Image:
    """Return 4 x 4 squares spread over every plane as one plane, read when they are looked at.

    `mask`: damage, which counts as missing; its last two axes are Y and X.
    `dims`: 3 for volumes, of which as many planes as stand for them are taken, or `every_plane`.
    """
    side = _COLUMN if dims == 3 else _SIDE
    rows, columns = (spread(image.length(axis), side) for axis in 'YX')
    step = -(-image.length('Z') // SAMPLE) if dims == 3 and not every_plane else 1
    planes = slice(None, None, step)
    data = _Sheet(image.data, image.axes, rows, columns, planes)
    shape = image.length('Y'), image.length('X')
    hidden = [_cut(values, shape, rows, columns) for values in (image.missing, mask)]
    known = [values for values in hidden if values is not None]
    missing = None if not known else known[0] if len(known) == 1 else known[0] | known[1]
    if missing is not None and step > 1:
        missing = _every(missing, leading_first(image.axes).replace('S', ''), planes)
    return replace(image, data=data, missing=missing)


class _Sheet:
    """An array of which only squares are read."""

    def __init__(
        self, data: Any, axes: str, rows: list[slice], columns: list[slice], planes: slice
    ) -> None:
        self._data, self._rows, self._columns, self._planes = data, rows, columns, planes
        self._y, self._x, self._z = axes.index('Y'), axes.index('X'), axes.find('Z')
        sides = {self._y: _total(rows), self._x: _total(columns)}
        if planes.step > 1:
            sides[self._z] = len(range(data.shape[self._z])[planes])
        self.shape = tuple(sides.get(i, int(n)) for i, n in enumerate(data.shape))
        self.dtype, self.ndim = data.dtype, len(self.shape)

    def __getitem__(self, key: tuple[Any, ...]) -> Array:
        left = [i for i, part in enumerate(key) if isinstance(part, slice)]
        bands = []
        for row in self._rows:
            squares = []
            for column in self._columns:
                part = list(key)
                if self._planes.step > 1:
                    part[self._z] = self._planes
                part[self._y], part[self._x] = row, column
                squares.append(in_memory(self._data[tuple(part)]))
            bands.append(np.concatenate(squares, axis=left.index(self._x)))
        sheet = np.concatenate(bands, axis=left.index(self._y))
        rest = [slice(None)] * sheet.ndim
        rest[left.index(self._y)], rest[left.index(self._x)] = key[self._y], key[self._x]
        return sheet[tuple(rest)]


def _cut(
    values: Any, shape: tuple[int, int], rows: list[slice], columns: list[slice]
) -> Array | None:
    """Return the squares of an array whose last two axes are Y and X."""
    if values is None:
        return None
    whole = np.broadcast_to(in_memory(values), (*values.shape[:-2], *shape))
    bands = [np.concatenate([whole[..., r, c] for c in columns], axis=-1) for r in rows]
    return np.concatenate(bands, axis=-2).astype(bool)


def _every(values: Array, letters: str, planes: slice) -> Array:
    """Return planes of an array whose axes are the last of `letters`."""
    place = letters.index('Z') - len(letters) + values.ndim
    if place < 0 or values.shape[place] == 1:
        return values
    chosen: Array = values[(*[slice(None)] * place, planes)]
    return chosen


def spread(length: int, side: int, count: int = _SQUARES) -> list[slice]:
    """Return where squares lie along an axis, evenly from end to end; all of it if they fill it."""
    if length <= count * side:
        return [slice(0, length)]
    room = length - side
    starts = (np.linspace(0, room, count) if count > 1 else np.array([room / 2])) // _GRID * _GRID
    return [slice(int(start), int(start) + side) for start in starts]


def _total(spans: list[slice]) -> int:
    return sum(span.stop - span.start for span in spans)
