"""Kernels read from files with what these say beside the values: spacing and wavelengths."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import FrescoError, KernelError
from ..image.model import Image
from ..physics.kernels.kernel import Kernel
from ..physics.kernels.kernel_files import read_values
from ..physics.kernels.known_light import known_light
from ..physics.kernels.plane_values import PlaneValues
from .files import read as read_image


def read(path: str | Path, index: int | None = None) -> np.ndarray:
    """Read a kernel from .npy, .npz, .mat or an image file.

    Parameters
    ----------
    path : str or Path
        A colour picture is averaged over its channels.
    index : int, optional
        Which kernel of a plane, from 0, when the file holds several: cells of a
        MATLAB array, pages of a TIFF, arrays of an archive. Without it, a single
        array of three axes is the kernel of a volume.

    Returns
    -------
    ndarray, float64
        ``(h, w)`` or ``(d, h, w)``, sums to 1. As a kernel of :func:`napari_fresco.restore` it
        has the spacing and the wavelengths of its file; ``np.asarray(kernel)`` has neither.

    Raises
    ------
    FileError
        When the file is missing or cannot be read as an array.
    KernelError
        When it holds no usable kernel, or several and `index` does not say which.
    """
    return PlaneValues.of(read_kernel(path, index))


def read_kernel(path: str | Path, index: int | None = None) -> Kernel:
    """Return the same as a :class:`~napari_fresco.kernels.Kernel`; its source is the file."""
    values = read_values(path, index)
    kernel = Kernel(values, source=Path(path).name)
    try:
        image = read_image(path)
        told = _plane(image, index) if index is not None else image
    except FrescoError:  # of a format that holds no images, or several images
        return kernel
    axes = 'ZYX'[-values.ndim :]
    sizes = told.pixel_sizes if tuple(map(told.length, axes)) == values.shape else {}
    spacing = {axis: sizes[axis] for axis in axes if axis in sizes}
    return Kernel(values, spacing or None, source=kernel.source, metadata=known_light(told))


def _plane(image: Image, index: int) -> Image:
    """Return what one of the kernels in an image is told by: its channel, where these are kernels.

    Raises KernelError when there is no such channel.
    """
    several = [axis for axis in image.axes if axis not in 'YX' and image.length(axis) > 1]
    if several != ['C']:
        return image
    if index >= image.length('C'):
        raise KernelError(f'there is no kernel {index}')
    return image.channel(index)
