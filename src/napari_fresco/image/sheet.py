"""Squares spread over planes that are too large to be judged, put together as smaller planes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .model import Array, Image, in_memory

LARGEST = 4096 * 4096
"""Pixels beyond which a plane is restored block by block and judged by a part of it."""

_SQUARES, _SIDE = 4, 512  # along each axis, and their sides in pixels
_GRID = 64  # on which they begin, so that they keep the blocks of JPEG and the lattices of a mosaic


def is_large(image: Image) -> bool:
    """Whether the planes of an image are too large to be restored whole."""
    return image.length('Y') * image.length('X') > LARGEST


def sheet_of(image: Image, mask: Any = None) -> Image:
    """Return 4 x 4 squares spread over every plane as one plane, read when they are looked at.

    `mask`: damage, which counts as missing; its last two axes are Y and X.
    """
    rows, columns = (_spans(image.length(axis)) for axis in 'YX')
    data = _Sheet(image.data, image.axes, rows, columns)
    shape = image.length('Y'), image.length('X')
    hidden = [_cut(values, shape, rows, columns) for values in (image.missing, mask)]
    known = [values for values in hidden if values is not None]
    missing = None if not known else known[0] if len(known) == 1 else known[0] | known[1]
    return replace(image, data=data, missing=missing)


class _Sheet:
    """An array of which only squares are read."""

    def __init__(self, data: Any, axes: str, rows: list[slice], columns: list[slice]) -> None:
        self._data, self._rows, self._columns = data, rows, columns
        self._y, self._x = axes.index('Y'), axes.index('X')
        sides = {self._y: _total(rows), self._x: _total(columns)}
        self.shape = tuple(sides.get(i, int(n)) for i, n in enumerate(data.shape))
        self.dtype, self.ndim = data.dtype, len(self.shape)

    def __getitem__(self, key: tuple[Any, ...]) -> Array:
        left = [i for i, part in enumerate(key) if isinstance(part, slice)]
        bands = []
        for row in self._rows:
            squares = []
            for column in self._columns:
                part = list(key)
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


def _spans(length: int) -> list[slice]:
    """Return where the squares lie along an axis."""
    if length <= _SQUARES * _SIDE:
        return [slice(0, length)]
    starts = np.linspace(0, length - _SIDE, _SQUARES) // _GRID * _GRID
    return [slice(int(start), int(start) + _SIDE) for start in starts]


def _total(spans: list[slice]) -> int:
    return sum(span.stop - span.start for span in spans)
