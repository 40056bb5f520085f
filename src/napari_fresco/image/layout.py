"""Axes: an image of any real type and axis order, seen as planes ``(H, W)`` or ``(H, W, 3)``.

Or as volumes ``(D, H, W)``, of which everything that is said here of planes holds too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from .letters import leading_first
from .model import COLOURS, Image, in_memory
from .model import Array as Array
from .tint import Tint

Floats = NDArray[np.floating[Any]]

_CONVERTED = {
    'b': 'two values have no noise; restore what they were made of, or image * numpy.uint8(255)',
    'c': 'restore numpy.abs(image)',
}
"""What to do with other types, by their kind."""


def check_type(dtype: np.dtype[Any]) -> None:
    """Make sure that an image has a type that can be restored.

    Raises ImageError, with what to do, when it is not real.
    """
    if dtype.kind not in 'uif':
        advice = _CONVERTED.get(dtype.kind, 'convert it first')
        raise ImageError(
            f'image has type {dtype}; give integers or floating-point numbers: {advice}'
        )


@dataclass(frozen=True)
class Layout:
    """The positions of the axes of an image.

    `axes`: a letter for each axis of the image as given.
    `shape`: shape of the image as given.
    `dtype`: type of the image as given.
    `order`: axes of the image in the order stack axes, (planes,) rows, columns, samples.
    `samples`: 0 without an axis of samples, else 1 (gray), 2 (gray and alpha), 3 (RGB) or 4 (RGBA).
    `dims`: how many axes are restored together: 2 for planes, 3 for volumes.
    `tint`: that of a gray picture that is stored in colour; None where there is none, or colours
        differ; see :mod:`.carriers`.
    """

    axes: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    order: tuple[int, ...]
    samples: int
    dims: int = 2
    tint: Tint | None = None

    @classmethod
    def of(cls, image: Image, dims: int = 2) -> Layout:
        """Return the layout of an image, of its planes or, with 3 `dims`, of its volumes.

        Raises ImageError when the type is not real, an axis is empty, S is no colour, or a
            volume has no Z.
        """
        shape, dtype = image.shape, image.dtype
        check_type(dtype)
        if 0 in shape:
            raise ImageError(f'image has shape {shape}; give at least one row and one column')
        samples = image.length('S') if 'S' in image.axes else 0
        if samples and samples not in COLOURS:
            raise ImageError(
                f'axis S of an image of shape {shape} needs 3 or 4 samples (RGB, RGBA), or 2 (gray '
                f'and alpha), not {samples}; call an axis of channels C'
            )
        if dims == 3 and 'Z' not in image.axes:
            raise ImageError(
                f'the image has axes {image.axes}, and a volume needs Z; '
                'say which axis that is, such as axes="ZYX"'
            )
        spatial = 'ZYX'[-dims:]
        order = tuple(image.axes.index(axis) for axis in leading_first(image.axes, spatial))
        return cls(image.axes, shape, dtype, order, samples, dims)

    def of_part(self, image: Image) -> Layout:
        """Return the layout of a part of the image, or of what the image is a part of."""
        return replace(Layout.of(image, self.dims), tint=self.tint)

    @property
    def channels(self) -> int:
        """Channels that are restored together: 1, or 3 for RGB and RGBA whose colours differ."""
        return 3 if self._n_colours == 3 and self.tint is None else 1

    @property
    def _n_colours(self) -> int:
        """How many samples are colours: all but alpha."""
        return 3 if self.samples > 2 else 1

    @property
    def _gray(self) -> int:
        """Which sample is restored of a gray picture."""
        return 0 if self.tint is None else self.tint.carrier

    @property
    def leading(self) -> tuple[int, ...]:
        """Lengths of the stack axes."""
        return tuple(self.shape[i] for i in self.order[: self._n_leading])

    @property
    def leading_axes(self) -> str:
        """Letters of the stack axes."""
        return ''.join(self.axes[i] for i in self.order[: self._n_leading])

    @property
    def plane_shape(self) -> tuple[int, ...]:
        """Rows and columns of a plane."""
        return tuple(self.shape[i] for i in self.order[self._n_leading :][: self.dims])

    @property
    def _n_leading(self) -> int:
        return len(self.order) - self.dims - bool(self.samples)

    def planes(self) -> Iterator[tuple[int, ...]]:
        """Iterate over the indices of the planes."""
        yield from np.ndindex(self.leading)

    def channel_of(self, index: tuple[int, ...]) -> int:
        """Return the channel that plane `index` belongs to; 0 where there is no axis C."""
        place = self.leading_axes.find('C')
        return index[place] if 0 <= place < len(index) else 0

    def read(self, data: Any, index: tuple[int, ...]) -> Array:
        """Return plane `index` of `data` as ``(H, W)`` or ``(H, W, samples)``, in memory."""
        chosen: list[Any] = [slice(None)] * len(self.shape)
        for axis, i in zip(self.order, index, strict=False):
            chosen[axis] = i
        return self.in_order(in_memory(data[tuple(chosen)]))

    def in_order(self, plane: Array) -> Array:
        """Return a view of a plane whose axes are those of the image: rows, columns, samples."""
        return plane.transpose(np.argsort(np.argsort(self.order[self._n_leading :])))

    def colours(self, plane: Array) -> Array:
        """Return the channels of a plane to restore, without alpha: ``(H, W)`` or ``(H, W, 3)``."""
        if not self.samples:
            return plane
        return plane[..., :3] if self.channels == 3 else plane[..., self._gray]

    def alpha(self, plane: Array) -> Array:
        """Return the alpha of a plane, ``(H, W, 1)``, or ``(H, W, 0)`` where there is none."""
        return plane[..., self._n_colours :] if self.samples else plane[..., None][..., :0]

    def with_alpha(self, colours: Array, alpha: Array) -> Array:
        """Return the plane of these colours, or gray, and `alpha`."""
        if not self.samples:
            return colours
        full = colours if colours.ndim > self.dims else colours[..., None]
        return np.concatenate([full, alpha.astype(full.dtype, copy=False)], axis=-1)

    def empty(self, scale: int, samples: int, dtype: Any = None) -> tuple[Array, Array]:
        """Return a new array with the axes of the image, and a view ordered leading-first.

        Rows and columns are `scale` times as many; a gray image that gains
        `samples` does so on a new last axis. The type is that of the image, or `dtype`.
        """
        size = (n * scale for n in self.plane_shape)
        shape = (*self.leading, *size) + ((samples,) if samples else ())
        order = self.order if len(shape) == len(self.order) else (*self.order, len(self.order))
        own, kind = [shape[i] for i in np.argsort(order)], np.dtype(dtype or self.dtype)
        try:
            array = np.zeros(own, kind)
        except MemoryError:
            raise ImageError(
                f'a result of {tuple(own)} {kind} takes {np.prod(own) * kind.itemsize / 1e9:.3g} '
                "GB, which are not there; let it grow on disk, by output='result.ome.zarr' or "
                '-o RESULT.ome.zarr, or restore a part'
            ) from None
        return array, array.transpose(order)

    def in_own_order(self, values: Array) -> Array:
        """Return values on stack axes, Y and X in the order of the image, without samples."""
        return values.transpose(np.argsort(self.order[: self._n_leading + self.dims]))

    def in_planes(self, values: Array) -> Array:
        """Return values on the last of the axes stack axes, Y, X as the planes of this layout."""
        letters = [axis for axis in leading_first(self.axes) if axis != 'S']
        mine = [self.axes[i] for i in self.order[: self._n_leading + self.dims]]
        full = values.reshape((1,) * (len(letters) - values.ndim) + values.shape)
        ordered = full.transpose([letters.index(axis) for axis in mine])
        return np.broadcast_to(ordered, (*ordered.shape[: -self.dims], *self.plane_shape))
