"""Blur kernels: made from parameters, read from files, shifted between grids.

This is the whole public surface for kernels; :mod:`.psf` holds those that come
from optics. A kernel is a float64 array that sums to 1 and whose origin is the
pixel ``size // 2``. Angles are in degrees, anticlockwise from the horizontal
as an image is displayed. No torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image
from scipy import io, ndimage

from ...errors import FileError, KernelError, ParameterError
from .bead import from_bead
from .gaussian import covariance, from_covariance
from .optics import Widths, fwhm, microscope, normalise, odd_size, positive, whole
from .sampling import bicubic, direct_sampling, position

__all__ = [
    'Widths',
    'bicubic',
    'covariance',
    'direct_sampling',
    'disk',
    'from_bead',
    'from_covariance',
    'fwhm',
    'gaussian',
    'microscope',
    'motion',
    'normalise',
    'position',
    'read',
    'shift',
]


def gaussian(
    sigma: float, sigma_y: float | None = None, angle: float = 0.0, size: int | None = None
) -> np.ndarray:
    r"""Make a Gaussian kernel, :math:`k \propto \exp(-u^2/2\sigma^2 - v^2/2\sigma_y^2)`.

    Parameters
    ----------
    sigma, sigma_y : float
        Standard deviations in pixels along and across `angle`; equal by default.
    angle : float
        Direction of the axis u, degrees anticlockwise from the horizontal.
    size : int, optional
        Odd number of pixels; by default four standard deviations on either side.

    Raises
    ------
    ParameterError
        When a number is out of range.
    """
    sigma_y = sigma if sigma_y is None else sigma_y
    positive('sigma', sigma)
    positive('sigma_y', sigma_y)
    u, v = _axes(odd_size(size, 4 * max(sigma, sigma_y)), angle)
    exponent = (u / sigma) ** 2 + (v / sigma_y) ** 2
    return normalise(np.exp((exponent.min() - exponent) / 2))


def motion(length: float, angle: float = 0.0, size: int | None = None) -> np.ndarray:
    """Make the kernel of a straight, uniform motion: an antialiased line.

    Each pixel holds the overlap of a unit square, turned by `angle`, with the
    path, times a linear fall-off across it.

    Parameters
    ----------
    length : float
        Distance travelled during the exposure, in pixels.
    angle : float
        Direction, degrees anticlockwise from the horizontal.
    size : int, optional
        Odd number of pixels; by default the path fits.

    Raises
    ------
    ParameterError
        When a number is out of range.
    """
    positive('length', length)
    u, v = _axes(odd_size(size, length / 2), angle)
    along = np.clip((length + 1) / 2 - np.abs(u), 0, min(1.0, length))
    return normalise(along * np.clip(1 - np.abs(v), 0, None))


def disk(radius: float) -> np.ndarray:
    """Make the kernel of a geometric defocus: an antialiased disk.

    Parameters
    ----------
    radius : float
        Radius of the blur circle in pixels.

    Raises
    ------
    ParameterError
        When `radius` is not positive.
    """
    positive('radius', radius)
    u, v = _axes(odd_size(None, radius), 0.0)
    return normalise(np.clip(radius + 0.5 - np.hypot(u, v), 0, min(1.0, 2 * radius)))


def shift(kernel: Any, scale: int, upper_left: bool = True) -> np.ndarray:
    """Move a centred kernel to suit sampling at the corner of each cell.

    A kernel that is centred for the middle of a `scale` x `scale` cell is moved by
    (scale - 1)/2 pixels up and left, bilinearly, because downsampling keeps the
    upper-left pixel of the cell. Entries beyond the border repeat the border,
    and the result is scaled to sum to 1, as DPIR's authors do.

    Parameters
    ----------
    kernel : array_like, 2-D
        See :func:`normalise`; negative entries are accepted.
    scale : int
        Super-resolution factor, at least 1.
    upper_left : bool
        False moves down and right, which undoes the shift.

    Raises
    ------
    KernelError, ParameterError
        When `kernel` or `scale` is not usable.
    """
    whole('scale', scale)
    distance = (scale - 1) / 2 * (-1 if upper_left else 1)
    moved = ndimage.shift(normalise(kernel, signed=True), distance, order=1, mode='nearest')
    return normalise(moved, signed=True)


def read(path: str | Path, index: int | None = None) -> np.ndarray:
    """Read a kernel from .npy, .npz, .mat or an image file.

    Parameters
    ----------
    path : str or Path
        A colour picture is averaged over its channels.
    index : int, optional
        Which kernel, from 0, when the file holds several: cells of a MATLAB
        array, pages of a TIFF, arrays of an archive.

    Returns
    -------
    ndarray, float64
        Sums to 1.

    Raises
    ------
    FileError
        When the file is missing or cannot be read as an array.
    KernelError
        When it holds no usable kernel, or several and `index` does not say which.
    """
    path = Path(path)
    try:
        arrays = list(_load(path))
    except FileError:
        raise
    except Exception as error:  # parsers meet foreign bytes with any kind of error
        raise FileError(f'{path} cannot be read as a kernel: {error}') from None
    found = [plane for array in arrays for plane in _planes(array)]
    if not found:
        raise KernelError(f'{path} holds no 2-D array of numbers')
    if index is None and len(found) > 1:
        sizes = ', '.join(f'{i}: {k.shape[0]} x {k.shape[1]}' for i, k in enumerate(found[:12]))
        raise KernelError(f'{path} holds {len(found)} kernels ({sizes}); say which by index')
    if not 0 <= (index or 0) < len(found):
        raise KernelError(f'{path} holds {len(found)} kernels; index = {index} must be below that')
    return normalise(found[index or 0])


def _axes(size: int, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Return coordinates along and across the direction `angle`."""
    if not math.isfinite(angle):
        raise ParameterError(f'angle = {angle} must be a finite number of degrees')
    rows, cols = np.mgrid[:size, :size] - size // 2
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return cols * cos - rows * sin, cols * sin + rows * cos


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
        return np.asarray(tifffile.imread(path))
    except ValueError:  # LZW and the like, which tifffile leaves to imagecodecs
        return _load_picture(path)


def _load_matlab(path: Path) -> Iterator[Any]:
    try:
        content = io.loadmat(path)
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


def _planes(array: Any) -> Iterator[np.ndarray]:
    """Yield the kernels in an array: cells of an object array, pages of a stack."""
    array = np.asarray(array)
    if array.dtype == object:
        for cell in array.flat:
            yield from _planes(cell)
    elif array.dtype.kind not in 'buif' or array.size < 2:
        return
    elif array.ndim == 3 and array.dtype == np.uint8 and array.shape[-1] == 3:
        yield array.mean(axis=-1)
    elif array.ndim == 3:
        yield from array
    elif array.ndim == 2:
        yield array
