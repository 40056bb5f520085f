"""Values of kernels read from files: .npy, .npz, .mat and images. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ...errors import FileError, KernelError
from ...image.given import path_of
from .normalise import normalise


def read_values(path: str | Path, index: int | None = None) -> np.ndarray:
    """Return the values of a kernel in a file; see :func:`napari_fresco.kernels.read`."""
    path = path_of(path, "fresco.kernels.read('psf.tif'); arrays need no reading")
    try:
        arrays = list(_load(path))
    except FileError:
        raise
    except Exception as error:  # parsers meet foreign bytes with any kind of error
        raise FileError(f'{path} cannot be read as a kernel: {error}') from None
    found = [kernel for array in arrays for kernel in _kernels(array)]
    if index is not None:
        found = [plane for kernel in found for plane in (kernel if kernel.ndim == 3 else [kernel])]
    if not found:
        raise KernelError(f'{path} holds no 2-D or 3-D array of numbers')
    if index is None and len(found) > 1:
        shapes = (' x '.join(map(str, kernel.shape)) for kernel in found[:12])
        sizes = ', '.join(f'{i}: {shape}' for i, shape in enumerate(shapes))
        raise KernelError(f'{path} holds {len(found)} kernels ({sizes}); say which by index')
    if not 0 <= (index or 0) < len(found):
        raise KernelError(f'{path} holds {len(found)} kernels; index = {index} must be below that')
    return normalise(found[index or 0], ndim=None)


def _load(path: Path) -> Iterator[Any]:
    suffix = path.suffix.lower()
    if not path.is_file():
        raise FileError(f'{path} does not exist or is not a file')
    if suffix == '.npy':
        yield np.load(path, allow_pickle=False)
    elif suffix == '.npz':
        with np.load(path, allow_pickle=False) as archive:
            yield from (archive[name] for name in archive.files)
    elif suffix == '.mat':
        yield from _load_matlab(path)
    elif suffix in ('.tif', '.tiff'):
        yield _load_tiff(path)
    else:
        yield _load_picture(path)


def _load_picture(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        colour = len(picture.getbands()) > 1 or picture.mode == 'P'
        return np.asarray(picture.convert('RGB') if colour else picture)


def _load_tiff(path: Path) -> np.ndarray:
    try:
        import tifffile  # takes long, and few kernels are TIFF

        return np.asarray(tifffile.imread(path))
    except ValueError:  # LZW and the like, which tifffile leaves to imagecodecs
        return _load_picture(path)


def _load_matlab(path: Path) -> Iterator[Any]:
    try:
        from scipy.io import loadmat  # takes long, and few kernels are MATLAB files

        content = loadmat(path)
    except NotImplementedError:
        yield from _load_matlab_hdf5(path)
        return
    for name, value in content.items():
        if not name.startswith('__'):
            yield np.moveaxis(value, -1, 0) if np.ndim(value) == 3 else value


def _load_matlab_hdf5(path: Path) -> Iterator[np.ndarray]:
    try:
        import h5py
    except ImportError:
        raise FileError(
            f'{path} is a MATLAB 7.3 file; install h5py to read it, or save it with -v7'
        ) from None
    with h5py.File(path) as file:
        for name in file:
            if name.startswith('#') or not isinstance(file[name], h5py.Dataset):
                continue
            data = file[name][()]
            cells = [file[c][()] for c in data.T.flat] if data.dtype.kind == 'O' else [data]
            yield from (cell.T for cell in cells)


def _kernels(array: Any) -> Iterator[np.ndarray]:
    """Yield the kernels of planes and volumes in an array, or in the cells of an object array."""
    array = np.asarray(array)
    if array.dtype == object:
        for cell in array.flat:
            yield from _kernels(cell)
    elif array.dtype.kind not in 'buif' or array.size < 2:
        return
    elif array.ndim == 3 and array.dtype == np.uint8 and array.shape[-1] == 3:
        yield array.mean(axis=-1)
    elif array.ndim == 3 and len(array) == 1:
        yield array[0]
    elif array.ndim in (2, 3):
        yield array
