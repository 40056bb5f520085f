"""Zarr stores - a folder, or one in a zip archive - and their arrays, read chunk by chunk."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from ..errors import FileError
from ..image.model import Array

SUFFIX = '.zarr'
"""How the names of stores end that are written."""

_ROOTS = ('zarr.json', '.zgroup', '.zarray', '.zattrs')
_ZIP = b'PK\x03\x04'
_MOST_COUNTED = 100_000  # chunks beyond which those that are stored are not counted


def is_store(path: Path) -> bool:
    """Whether a path is a folder or a zip archive that holds Zarr."""
    if path.is_dir():
        return any((path / name).is_file() for name in _ROOTS)
    return _root_in_zip(path) is not None


def open_store(path: Path) -> Any:
    """Return the group or the array that a store holds.

    Raises FileError when the package zarr is not installed, or the store cannot be opened.
    """
    zarr = zarr_package(path)
    try:
        if path.is_dir():
            return zarr.open(str(path), mode='r')
        inner = _root_in_zip(path)
        return zarr.open(zarr.storage.ZipStore(path, mode='r'), mode='r', path=inner)
    except Exception as error:  # of many kinds, for metadata that is cut off
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise FileError(f'{path} is no Zarr that can be opened: {reason}') from None


def zarr_package(path: Path) -> Any:
    """Return the package zarr.

    Raises FileError when it is not installed; the message says how to install it.
    """
    try:
        import yaozarrs  # noqa: F401
        import zarr
    except ImportError:
        raise FileError(
            f'{path}: OME-Zarr needs other packages: python -m pip install "napari-fresco[zarr]"'
        ) from None
    return zarr


class Chunked:
    """An array in a store that says in one sentence which file is damaged.

    `array`: of zarr.
    `path`: the store, for messages.
    """

    def __init__(self, array: Any, path: Path) -> None:
        self._array, self._path = array, path
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.dtype: np.dtype[Any] = array.dtype
        self.ndim = len(self.shape)
        self.chunks: tuple[int, ...] = tuple(getattr(array, 'shards', None) or array.chunks)

    def __getitem__(self, key: Any) -> Array:
        try:
            return np.asarray(self._array[key])
        except (IndexError, MemoryError):
            raise
        except Exception as error:  # each codec has its own
            reason = ' '.join(str(error).split()) or type(error).__name__
            raise FileError(
                f'{self._path} is damaged: a chunk of array {self._array.path or "/"} cannot be '
                f'read ({reason}); copy it again'
            ) from None

    @property
    def fill(self) -> Any:
        """The value of chunks that are not stored."""
        return self._array.fill_value

    def lazy(self) -> Any:
        """Return it as an array of dask."""
        from dask import array

        from_array: Any = array.from_array  # dask states no types
        chunks = tuple(min(n, size) for n, size in zip(self.chunks, self.shape, strict=True))
        meta = np.empty((0,) * self.ndim, self.dtype)
        return from_array(self, chunks, lock=False, asarray=False, name=False, meta=meta)

    @property
    def lost(self) -> tuple[int, int]:
        """The number of chunks (or shards) that are not stored, and the number of all."""
        sides = zip(self.shape, self.chunks, strict=True)
        expected = math.prod(-(-n // max(side, 1)) for n, side in sides)
        if expected > _MOST_COUNTED:
            return 0, expected
        return max(expected - self._stored(), 0), expected

    def _stored(self) -> int:
        """Count the files of chunks."""
        inside = self._array.path
        if self._path.is_dir():
            walk = os.walk(self._path / inside)
            return sum(not _is_metadata(name) for _, _, names in walk for name in names)
        with ZipFile(self._path) as archive:
            start = f'{inside}/' if inside else ''
            names = [name for name in archive.namelist() if name.startswith(start)]
        return sum(not (name.endswith('/') or _is_metadata(name)) for name in names)


def _is_metadata(name: str) -> bool:
    return name.rpartition('/')[2] in ('zarr.json', '.zarray', '.zattrs', '.zgroup', '.zmetadata')


def _root_in_zip(path: Path) -> str | None:
    """Return the folder in a zip archive that is the root of a store, or None."""
    try:
        with path.open('rb') as file:
            if not file.read(4).startswith(_ZIP):
                return None
        with ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, BadZipFile):
        return None
    found = [name.rpartition('/')[0] for name in names if name.rpartition('/')[2] in _ROOTS]
    return min(found, key=lambda folder: (folder.count('/') + bool(folder), folder), default=None)
