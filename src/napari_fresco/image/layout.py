"""Axes: an image of any real type and axis order, seen as planes ``(H, W)`` or ``(H, W, 3)``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError

Array = NDArray[Any]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Layout:
    """Where the axes of an image lie.

    Attributes
    ----------
    shape : tuple of int
        Shape of the image as given.
    dtype : numpy.dtype
        Type of the image as given.
    order : tuple of int
        Axes of the image in the order leading, rows, columns, samples.
    samples : int
        0 for a gray image, otherwise 3 (RGB) or 4 (RGBA).
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    order: tuple[int, ...]
    samples: int

    @classmethod
    def of(cls, image: Any, axes: str | None = None, rgb: bool | None = None) -> Layout:
        """Find the axes of `image`.

        Parameters
        ----------
        image : array-like
            Anything with ``shape`` and ``dtype``.
        axes : str, optional
            One letter for each axis, such as ``'ZYX'`` or ``'YXS'``; Y and X
            are rows and columns, S colour samples, all others are stacked.
        rgb : bool, optional
            Whether the last axis (or axis S or C) holds RGB or RGBA. By
            default a last axis of 3 or 4 behind two others does.

        Raises
        ------
        ImageError
            When the type is not real, an axis is empty, or `axes` does not fit.
        """
        shape, dtype = tuple(int(n) for n in image.shape), _numpy_dtype(image)
        if dtype.kind not in 'uif':
            raise ImageError(
                f'image has type {dtype}; give integers or floating-point numbers '
                '(a boolean or complex image must be converted first)'
            )
        if len(shape) < 2 or 0 in shape:
            raise ImageError(f'image has shape {shape}; give at least one row and one column')
        letters = _letters(shape, axes, rgb)
        samples = shape[letters.index('S')] if 'S' in letters else 0
        if samples and samples not in (3, 4):
            raise ImageError(f'an RGB image of shape {shape} needs 3 or 4 samples, not {samples}')
        last = [letters.index(letter) for letter in 'YXS' if letter in letters]
        leading = [i for i in range(len(shape)) if i not in last]
        return cls(shape, dtype, tuple(leading + last), samples)

    @property
    def channels(self) -> int:
        """Channels that are restored: 1, or 3 for RGB and RGBA."""
        return 3 if self.samples else 1

    @property
    def leading(self) -> tuple[int, ...]:
        """Lengths of the stack axes."""
        return tuple(self.shape[i] for i in self.order[: self._n_leading])

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns of a plane."""
        rows, columns = self.order[self._n_leading : self._n_leading + 2]
        return self.shape[rows], self.shape[columns]

    @property
    def _n_leading(self) -> int:
        return len(self.order) - 2 - bool(self.samples)

    def planes(self) -> Iterator[tuple[int, ...]]:
        """Iterate over the indices of the planes."""
        yield from np.ndindex(self.leading)

    def read(self, image: Any, index: tuple[int, ...]) -> Array:
        """Return plane `index` of `image` as ``(H, W)`` or ``(H, W, samples)``, in memory."""
        chosen: list[Any] = [slice(None)] * len(self.shape)
        for axis, i in zip(self.order, index, strict=False):
            chosen[axis] = i
        plane = _in_memory(image[tuple(chosen)])
        ranks = np.argsort(np.argsort(self.order[self._n_leading :]))
        return plane.transpose(ranks)

    def empty(self, scale: int, samples: int) -> tuple[Array, Array]:
        """Return a new array with the axes of the image, and a view ordered leading-first.

        Rows and columns are `scale` times as many; a gray image that gains
        `samples` does so on a new last axis.
        """
        rows, columns = (n * scale for n in self.plane_shape)
        shape = (*self.leading, rows, columns) + ((samples,) if samples else ())
        order = self.order if len(shape) == len(self.order) else (*self.order, len(self.order))
        array = np.zeros([shape[i] for i in np.argsort(order)], self.dtype)
        return array, array.transpose(order)


def as_array(image: Any) -> Any:
    """Return `image` as something with ``shape``, ``dtype`` and slices.

    numpy, dask, zarr and torch arrays pass as they are; anything else goes
    through :func:`numpy.asarray`.
    """
    if all(hasattr(image, name) for name in ('shape', 'dtype', '__getitem__')):
        return image
    try:
        return np.asarray(image)
    except ValueError as error:
        raise ImageError(f'image is not an array: {error}') from None


def _letters(shape: tuple[int, ...], axes: str | None, rgb: bool | None) -> list[str]:
    if axes is None:
        colour = rgb if rgb is not None else len(shape) > 2 and shape[-1] in (3, 4)
        if colour and len(shape) < 3:
            raise ImageError(f'an RGB image needs three axes, but the shape is {shape}')
        tail = 'YXS' if colour else 'YX'
        return ['-'] * (len(shape) - len(tail)) + list(tail)
    letters = list(axes.upper())
    if len(letters) != len(shape) or letters.count('Y') != 1 or letters.count('X') != 1:
        raise ImageError(
            f'axes {axes!r} does not fit an image of shape {shape}; give one letter for each '
            "axis with Y and X once each, such as 'ZYX' or 'YXS'"
        )
    if rgb and 'S' not in letters and letters.count('C') == 1:
        letters[letters.index('C')] = 'S'
    if rgb is False:
        letters = ['C' if letter == 'S' else letter for letter in letters]
    return letters


def _numpy_dtype(image: Any) -> np.dtype[Any]:
    # torch spells its types in its own way, and numpy has no bfloat16.
    name = str(image.dtype).removeprefix('torch.').replace('bfloat16', 'float32')
    found: np.dtype[Any] = np.dtype(name if hasattr(image, 'detach') else image.dtype)
    return found


def _in_memory(part: Any) -> Array:
    if hasattr(part, 'detach'):
        part = part.detach().cpu()
        part = part.float() if 'bfloat16' in str(part.dtype) else part
    return np.asarray(part)
