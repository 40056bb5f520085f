"""Pages of large TIFF files, read when they are looked at."""

from __future__ import annotations

import math
import threading
import weakref
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from ..image.model import Array

LARGE = 64 * 2**20
"""Bytes beyond which an image stays in its file where that is possible."""

_SIDE = 1024  # pixels along Y and X of a large page that are read together, about


def lazily(
    path: Path, file: tifffile.TiffFile, series: tifffile.TiffPageSeries, number: int
) -> Any:
    """Return an array that reads lazily, or None where that is impossible.

    Uncompressed samples that lie in one piece are mapped into memory; others are read by dask,
    where that is installed: page by page, or tile by tile with zarr where pages are large.
    """
    if series.dataoffset is not None:
        order = file.byteorder + series.dtype.char
        return np.memmap(path, order, 'r', series.dataoffset, tuple(series.shape))
    pages = math.prod(series.shape) // math.prod(series.keyframe.shape)
    large = series.keyframe.nbytes > LARGE and find_spec('zarr') is not None
    if not large and (pages != len(series.pages) or pages == 1):
        return None
    try:
        from dask import array
    except ImportError:
        return None
    from_array: Any = array.from_array  # dask states no types
    source: Any
    if large:
        source = _Tiles(path, number)
        return from_array(source, source.chunks, lock=False, asarray=False, name=False)
    source = _Pages(path, number, tuple(series.shape), series.dtype, series.keyframe.shape)
    leading = source.ndim - source.inner
    chunks = (1,) * leading + source.shape[leading:]
    meta = np.empty((0,) * source.ndim, source.dtype)
    return from_array(source, chunks, lock=False, asarray=False, name=False, meta=meta)


class _Pages:
    """A series whose pages are read one by one; its stack axes come first."""

    def __init__(
        self,
        path: Path,
        number: int,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        page: tuple[int, ...],
    ) -> None:
        self.path, self.number, self.shape, self.dtype = path, number, shape, dtype
        self.ndim, self.inner = len(shape), _inner(shape, page)
        self._lock = threading.Lock()
        self._file: tifffile.TiffFile | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, '_lock': None, '_file': None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({**state, '_lock': threading.Lock()})

    def __getitem__(self, key: tuple[Any, ...]) -> Array:
        leading = self.shape[: self.ndim - self.inner]
        picked = [i for i, part in enumerate(key) if isinstance(part, int | np.integer)]
        key = tuple(slice(p, p + 1) if i in picked else p for i, p in enumerate(key))
        places = [range(n)[part] for n, part in zip(leading, key, strict=False)]
        grid = np.meshgrid(*places, indexing='ij')
        numbers = np.ravel_multi_index([axis.ravel() for axis in grid], leading)
        block = np.stack([self._page(int(i)) for i in numbers])
        whole = block.reshape(*(len(r) for r in places), *self.shape[len(leading) :])
        part = whole[(slice(None),) * len(leading) + key[len(leading) :]]
        return np.asarray(part.squeeze(tuple(picked)))

    def _page(self, index: int) -> Array:
        with self._lock:
            if self._file is None:
                self._file = tifffile.TiffFile(self.path)
                weakref.finalize(self, self._file.close)
            page: Any = self._file.series[self.number].pages[index]
            return np.asarray(page.asarray())


class _Tiles:
    """A series whose pages are large, read tile by tile."""

    def __init__(self, path: Path, number: int) -> None:
        self.path, self.number = path, number
        self._array: Any = None
        array = self._opened()
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.dtype, self.ndim = array.dtype, len(array.shape)
        # Strips and tiles are small; reading many together costs fewer tasks.
        self.chunks = tuple(
            min(n, max(1, _SIDE // side) * side if side > 1 or n > _SIDE else 1)
            for n, side in zip(self.shape, array.chunks, strict=True)
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, '_array': None}

    def __getitem__(self, key: tuple[Any, ...]) -> Array:
        return np.asarray(self._opened()[key])

    def _opened(self) -> Any:
        if self._array is None:
            import zarr

            store = tifffile.imread(self.path, aszarr=True, series=self.number, level=0)
            self._array = zarr.open(store, mode='r')
            weakref.finalize(self, store.close)
        return self._array


def _inner(shape: tuple[int, ...], page: tuple[int, ...]) -> int:
    """Return the number of last axes that lie in one page."""
    count, size = 0, 1
    while size < math.prod(page):
        count += 1
        size *= shape[-count]
    return max(count, 2)
