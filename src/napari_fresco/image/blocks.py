"""Planes of arrays that are not in memory: read block by block, and each block once."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from .layout import Layout
from .model import Array, in_memory

Index = tuple[int, ...]

SAMPLE = 16
"""Planes that stand for a stack which is not in memory."""
_FEW = 4  # planes of a stack that are all looked at
_LARGEST = 256 << 20  # bytes of a block beyond which its planes are read one by one


class BlockReader:
    """Reads planes of an array; the other planes of a block are kept until they are asked for.

    `data`: numpy, torch, dask, zarr or anything with shape, dtype and slices.
    `layout`: its axes.
    `lazy`: whether reading costs something: everything but numpy and torch arrays in memory.
    """

    def __init__(self, data: Any, layout: Layout) -> None:
        self._data, self._layout = data, layout
        self.lazy = isinstance(data, np.memmap) or not (
            isinstance(data, np.ndarray) or hasattr(data, 'detach')
        )
        self._bounds = [_bounds(data, axis) for axis in layout.order[: len(layout.leading)]]
        self._waiting: dict[Index, Array] = {}

    def read(self, index: Index, *, again: bool = False) -> Array:
        """Return plane `index`, ``(H, W)`` or ``(H, W, samples)``.

        `again` says that it will be read once more, so that it is kept until then.
        """
        if not self.lazy:
            return self._layout.read(self._data, index)
        if index not in self._waiting:
            self._fetch(index)
        return self._waiting[index] if again else self._waiting.pop(index)

    def sample(self, indices: Sequence[Index]) -> Sequence[Index]:
        """Return those of the planes `indices` that stand for all of them.

        In memory these are at most 16, evenly spread; elsewhere they lie in few blocks, which
        are at most half of all and never the last one, so that work can begin early.
        """
        groups: dict[Index, list[Index]] = {}
        for index in indices:
            groups.setdefault(self._block(index), []).append(index)
        if self.lazy and len(indices) > _FEW and len(groups) > 1:
            blocks = list(groups.values())[:-1]
            most = min(SAMPLE // max(map(len, blocks)), len(groups) // 2)
            indices = [index for block in _spread(blocks, max(1, most)) for index in block]
        return _spread(indices, SAMPLE)

    def _block(self, index: Index) -> Index:
        """Return which block plane `index` lies in."""
        if not self.lazy:
            return index
        starts = zip(self._bounds, index, strict=True)
        return tuple(bisect_right(ends, i) for ends, i in starts)

    def _fetch(self, index: Index) -> None:
        """Read the block of plane `index`, or the plane alone where the block is large."""
        block = self._block(index)
        ranges = [
            range(ends[at - 1] if at else 0, ends[at])
            for ends, at in zip(self._bounds, block, strict=True)
        ]
        pixels = math.prod(self._layout.plane_shape) * max(self._layout.samples, 1)
        count = math.prod(map(len, ranges))
        if count == 1 or count * pixels * self._layout.dtype.itemsize > _LARGEST:
            self._waiting[index] = self._layout.read(self._data, index)
            return
        chosen: list[Any] = [slice(None)] * len(self._layout.shape)
        for axis, span in zip(self._layout.order, ranges, strict=False):
            chosen[axis] = slice(span.start, span.stop)
        part = in_memory(self._data[tuple(chosen)]).transpose(self._layout.order)
        for place in product(*ranges):
            inside = tuple(i - span.start for i, span in zip(place, ranges, strict=True))
            self._waiting.setdefault(place, part[inside])


def _bounds(data: Any, axis: int) -> list[int]:
    """Return where the blocks along an axis end."""
    length, chunks = int(data.shape[axis]), getattr(data, 'chunks', None)
    if not isinstance(chunks, tuple | list) or len(chunks) != len(data.shape):
        return list(range(1, length + 1))
    if isinstance(chunks[axis], tuple | list):  # of dask
        return [int(end) for end in np.cumsum(chunks[axis])]
    step = max(int(chunks[axis]), 1)  # of zarr and HDF5
    return [min(end, length) for end in range(step, length + step, step)]


def _spread(items: Sequence[Any], most: int) -> Sequence[Any]:
    return items[:: max(1, math.ceil(len(items) / most))]
