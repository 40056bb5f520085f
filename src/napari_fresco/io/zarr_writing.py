"""OME-Zarr 0.5, written part by part: an image that is complete at once, or one that grows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from ..image.letters import leading_first
from ..image.model import Array, Image, in_memory
from . import ome_zarr
from .zarr_store import zarr_package

_SIDE = 1024  # of a chunk, in pixels along Y and X
_SMALLEST = 256  # pixels along the longer side at which a pyramid ends
_PART = 64 * 2**20  # bytes that are copied at a time


class GrowingImage:
    """An image in a store into which parts are put, one after the other.

    Its chunks are one plane thick and are not gathered in shards, so that parts which begin and
    end with chunks can be written by anybody. Until :meth:`finish`, the store says that it is
    not complete, and holds no lower resolutions.

    `path`: folder of the store, which is not there yet.
    `image`: what is known of it; of its pixels only shape and type are looked at.
    `labels`: whether its values are labels, of which no means are taken.
    """

    def __init__(self, path: Path, image: Image, *, labels: bool = False) -> None:
        zarr = zarr_package(path)
        self._labels = labels
        axes = leading_first(image.axes)
        lengths = dict(zip(image.axes, image.shape, strict=True))
        self._dtype = _storable(image.dtype)
        shape = tuple(lengths[axis] for axis in axes)
        self._image = replace(image, data=_shape_only(shape, self._dtype), axes=axes, missing=None)
        self.axes, self.shape, self._path = axes, shape, path
        self._stored = ome_zarr.stored_axes(axes)
        self._order = [axes.index(axis) for axis in self._stored]
        self._ends: dict[int, tuple[float, float]] = {}
        self._group = zarr.create_group(str(path), zarr_format=3)
        self._level = self._create('0', [lengths[axis] for axis in self._stored])
        self._say([('0', 1)], complete=False)

    @property
    def chunk(self) -> int:
        """Sides of chunks along Y and X, in pixels."""
        return _SIDE

    def __setitem__(self, key: Any, values: Array) -> None:
        """Put `values` in their place; axes are those of the image, stack axes first."""
        place = [slice(k, k + 1) if isinstance(k, int | np.integer) else k for k in key]
        place += [slice(None)] * (len(self.shape) - len(place))
        spans = [range(n)[part] for n, part in zip(self.shape, place, strict=True)]
        whole = np.asarray(values).reshape([len(span) for span in spans])
        whole = whole.transpose(self._order)
        self._see(whole, spans)
        if whole.dtype == bool:
            whole = np.where(whole, 1 if self._labels else 255, 0)
        self._level[tuple(place[i] for i in self._order)] = whole.astype(self._dtype, copy=False)

    def finish(self, metadata: Mapping[str, Any] | None = None) -> None:
        """Write lower resolutions, and that the image is complete.

        `metadata`: of the image, such as its provenance, where it has only become known now.
        """
        self._image = replace(self._image, metadata={**self._image.metadata, **(metadata or {})})
        levels, array, factor = [('0', 1)], self._level, 1
        while max(array.shape[i] for i in self._plane) > _SMALLEST:
            factor *= 2
            array = self._halved(array, str(len(levels)))
            levels.append((str(len(levels)), factor))
        self._say(levels, complete=True)

    @property
    def _plane(self) -> tuple[int, int]:
        return self._stored.index('Y'), self._stored.index('X')

    def _create(self, name: str, shape: list[int]) -> Any:
        lengths = zip(self._stored, shape, strict=True)
        sides = [min(n, _SIDE) if axis in 'YX' else 1 for axis, n in lengths]
        return self._group.create_array(
            name,
            shape=tuple(shape),
            dtype=self._dtype,
            chunks=tuple(sides),
            dimension_names=[axis.lower().replace('s', 'c') for axis in self._stored],
            # Whether a chunk is there tells then whether it was lost.
            config={'write_empty_chunks': True},
        )

    def _say(self, levels: list[tuple[str, int]], *, complete: bool) -> None:
        count = self._image.length('S' if 'S' in self.axes else 'C')
        windows = [self._ends.get(i, (0.0, 1.0)) for i in range(count)]
        name = self._path.name.removesuffix('.zarr').removesuffix('.ome')
        said = ome_zarr.attributes(
            self._image, levels, windows, name=name, complete=complete, labels=self._labels
        )
        self._group.update_attributes(said)

    def _see(self, values: Array, spans: list[range]) -> None:
        """Keep the least and greatest value of each channel."""
        place = self._stored.find('S' if 'S' in self._stored else 'C')
        numbers = spans[self._order[place]] if place >= 0 else range(1)
        for i, number in enumerate(numbers):
            part = values.take(i, axis=place) if place >= 0 else values
            known = part[np.isfinite(part)] if part.dtype.kind == 'f' else part
            if known.size:
                low, high = self._ends.get(number, (np.inf, -np.inf))
                ends = min(low, float(known.min())), max(high, float(known.max()))
                self._ends[number] = ends

    def _halved(self, array: Any, name: str) -> Any:
        """Write the means of 2 x 2 pixels of a level, or one of four labels, as the next one."""
        rows, columns = self._plane
        shape = [-(-n // 2) if i in (rows, columns) else n for i, n in enumerate(array.shape)]
        half = self._create(name, shape)
        others = [range(n) for i, n in enumerate(shape) if i not in (rows, columns)]
        for place in product(*others):
            for first in range(0, shape[rows], _SIDE):
                last = min(first + _SIDE, shape[rows])
                key: list[Any] = [slice(i, i + 1) for i in place]
                key.insert(rows, slice(2 * first, 2 * last))
                key.insert(columns, slice(None))
                values = np.asarray(array[tuple(key)])
                key[rows] = slice(first, last)
                smaller = _thinned if self._labels else _means
                half[tuple(key)] = smaller(values, rows, columns)
        return half


def write(path: Path, image: Image, *, labels: bool = False) -> None:
    """Write an image into a store that is not there yet."""
    if 'S' in image.axes and image.length('S') == 1:
        place = image.axes.index('S')
        pixels = in_memory(image.data).squeeze(place)
        image = replace(image, data=pixels, axes=image.axes.replace('S', ''))
    store = GrowingImage(path, image, labels=labels)
    order = [image.axes.index(axis) for axis in store.axes]
    for key in _parts(store.shape, store.axes, image.dtype.itemsize):
        chosen: list[Any] = [slice(None)] * len(order)
        for axis, part in zip(order, key, strict=True):
            chosen[axis] = part
        store[key] = in_memory(image.data[tuple(chosen)]).transpose(order)
    store.finish()


def _parts(shape: tuple[int, ...], axes: str, itemsize: int) -> Iterator[tuple[slice, ...]]:
    """Yield slices that tile an array: planes, or rows of chunks of large ones."""
    rows = axes.index('Y')
    plane = int(np.prod(shape[rows:])) * itemsize
    step = shape[rows] if plane <= _PART else _SIDE
    for place in product(*(range(n) for n in shape[:rows])):
        for first in range(0, shape[rows], step):
            rest = (slice(None),) * (len(shape) - rows - 1)
            span = slice(first, min(first + step, shape[rows]))
            yield (*(slice(i, i + 1) for i in place), span, *rest)


def _means(values: Array, rows: int, columns: int) -> Array:
    """Return the means of pairs along two axes; of the last one alone where it has no partner."""
    kind = values.dtype
    means: Any = values.astype(np.float64 if kind.kind in 'iu' or kind.itemsize > 4 else np.float32)
    for axis in (rows, columns):
        if means.shape[axis] % 2:
            means = np.concatenate([means, means.take([-1], axis=axis)], axis=axis)
        before = (slice(None),) * axis
        means = (means[(*before, slice(0, None, 2))] + means[(*before, slice(1, None, 2))]) / 2
    found: Array = (np.rint(means) if kind.kind in 'iu' else means).astype(kind)
    return found


def _thinned(labels: Array, rows: int, columns: int) -> Array:
    """Return every second label along two axes."""
    every: list[Any] = [slice(None)] * labels.ndim
    every[rows] = every[columns] = slice(None, None, 2)
    thinned: Array = labels[tuple(every)]
    return thinned


def _storable(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type in which pixels are stored: in the order of this machine, and no booleans."""
    # By its name, for C has two integers of 64 bits, and Zarr knows one of them.
    return np.dtype('u1' if dtype.kind == 'b' else dtype.name)


def _shape_only(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an array of a shape that takes no memory."""
    return np.broadcast_to(np.zeros((), dtype), shape)
