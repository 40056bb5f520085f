"""Convolution with a blur kernel, for every kind of border. No torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import fft, ndimage, signal

from ..errors import KernelError, ParameterError
from .planes import Floats, as_plane

BORDERS = ('wrap', 'mirror', 'symmetric', 'edge')
_PAD: dict[str, Any] = {'mirror': 'reflect', 'symmetric': 'symmetric', 'edge': 'edge'}
_NDIMAGE = {'wrap': 'wrap', 'mirror': 'mirror', 'symmetric': 'reflect', 'edge': 'nearest'}


def blur(image: Any, kernel: np.ndarray, border: str = 'wrap') -> Floats:
    """Convolve every channel with `kernel`, whose origin is the pixel ``size // 2``.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, C)
    kernel : ndarray, 2-D
        Of any size; on a periodic image one larger than it wraps around.
    border : {'wrap', 'mirror', 'symmetric', 'edge'}
        What lies beyond the image: its periodic continuation, its mirror image
        without or with the edge repeated, or the edge itself.

    Returns
    -------
    ndarray, float64
        Same shape as `image`.

    Raises
    ------
    KernelError, ParameterError
        When the kernel is no plane, or the border is unknown.
    """
    values = as_plane(image)
    if kernel.ndim != 2 or kernel.size == 0:
        raise KernelError(f'a kernel is a plane (rows, columns), but its shape is {kernel.shape}')
    if border not in BORDERS:
        raise ParameterError(f'border = {border!r}; choose {", ".join(BORDERS)}')
    planes = np.moveaxis(values, -1, 0) if values.ndim == 3 else values
    blurred = _periodic(planes, kernel) if border == 'wrap' else _padded(planes, kernel, border)
    return np.ascontiguousarray(np.moveaxis(blurred, 0, -1)) if values.ndim == 3 else blurred


def authors_truncated(image: np.ndarray, kernel: np.ndarray, border: str = 'wrap') -> np.ndarray:
    """Blur bytes and cut off the fractions, half a gray level darker on average.

    The test data of USRNet and DPIR, and USRNet's training data, are made this
    way, on periodic images: the authors' convolution keeps the type of the
    image, uint8.
    """
    weights = kernel if image.ndim == 2 else kernel[..., None]
    return np.asarray(ndimage.convolve(image, weights, mode=_NDIMAGE[border]))


def _periodic(planes: Floats, kernel: np.ndarray) -> Floats:
    shape = planes.shape[-2:]
    rows, cols = ((np.arange(k) - k // 2) % n for k, n in zip(kernel.shape, shape, strict=True))
    folded = np.zeros(shape)
    np.add.at(folded, np.ix_(rows, cols), kernel)
    spectrum = fft.rfft2(planes) * fft.rfft2(folded)
    return np.asarray(fft.irfft2(spectrum, s=shape))


def _padded(planes: Floats, kernel: np.ndarray, border: str) -> Floats:
    # A convolution reaches as far before a pixel as the kernel extends behind its origin.
    around = [(k - 1 - k // 2, k // 2) for k in kernel.shape]
    padded = np.pad(planes, [(0, 0)] * (planes.ndim - 2) + around, mode=_PAD[border])
    weights = kernel if planes.ndim == 2 else kernel[None]
    return np.asarray(signal.fftconvolve(padded, weights, mode='valid'))
