"""Layers to arrays, and results to layers that lie where their source lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ImageError
from ..image.model import UNNAMED

if TYPE_CHECKING:
    import napari
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Selection:
    """The part of a layer's data to work on: lazily held, loaded in the worker.

    Attributes
    ----------
    data : array-like
        Full resolution data of the layer; numpy, dask or zarr.
    index : tuple of slice
        One slice for each axis that is not the channel axis.
    spatial : tuple of int
        The axes shown as rows and columns.
    rgb : bool
        Whether a last axis holds colour channels.
    """

    data: Any
    index: tuple[slice, ...]
    spatial: tuple[int, int]
    rgb: bool

    @property
    def size(self) -> int:
        """Number of selected pixels, over all planes."""
        return int(np.prod([part.stop - part.start for part in self.index]))

    @property
    def origin(self) -> NDArray[np.float64]:
        """First selected element along each axis."""
        return np.array([part.start for part in self.index], dtype=float)

    def thinned(self, step: int) -> Selection:
        """Return every `step`-th row and column of the selected part."""
        index = [
            slice(s.start, s.stop, step) if axis in self.spatial else s
            for axis, s in enumerate(self.index)
        ]
        return replace(self, index=tuple(index)) if step > 1 else self

    @property
    def axes(self) -> str:
        """A letter for each axis of :meth:`load`, as :func:`napari_fresco.restore` takes them."""
        letters = list(UNNAMED[: len(self.index)])
        letters[self.spatial[0]], letters[self.spatial[1]] = 'Y', 'X'
        return ''.join(letters) + ('S' if self.rgb else '')

    def load(self) -> NDArray[Any]:
        """Return the selected part in memory, with the axes of the layer."""
        return np.asarray(self.data[self.index])

    def load_ordered(self) -> NDArray[Any]:
        """Return the selected part in memory, rows and columns last (before channels)."""
        return self.ordered(self.load())

    def ordered(self, array: NDArray[Any]) -> NDArray[Any]:
        """Move rows and columns of an array with the axes of the layer behind all others."""
        ndim = len(self.index)
        return np.moveaxis(array, self.spatial, (ndim - 2, ndim - 1))

    def unordered(self, array: NDArray[Any]) -> NDArray[Any]:
        """Undo :meth:`ordered`."""
        ndim = len(self.index)
        return np.moveaxis(array, (ndim - 2, ndim - 1), self.spatial)


@dataclass(frozen=True, eq=False)
class Space:
    """Where a layer lies in the world: a copy, so that the layer may be deleted meanwhile."""

    scale: NDArray[np.float64]
    translate: NDArray[np.float64]
    rotate: NDArray[np.float64]
    shear: NDArray[np.float64]
    affine: NDArray[np.float64]
    units: tuple[Any, ...]
    axis_labels: tuple[str, ...]

    @classmethod
    def of(cls, layer: napari.layers.Layer) -> Space:
        """Copy the space of `layer`."""
        return cls(
            scale=np.array(layer.scale, dtype=float),
            translate=np.array(layer.translate, dtype=float),
            rotate=np.array(layer.rotate, dtype=float),
            shear=_shear_matrix(np.asarray(layer.shear, dtype=float), layer.ndim),
            affine=np.array(layer.affine.affine_matrix, dtype=float),
            units=tuple(layer.units),
            axis_labels=tuple(layer.axis_labels),
        )

    def along(self, axes: Sequence[int]) -> Space:
        """Return the space of some of the axes, which the others are taken not to turn."""
        chosen = list(axes)
        homogeneous = [*chosen, len(self.scale)]
        return Space(
            scale=self.scale[chosen],
            translate=self.translate[chosen],
            rotate=self.rotate[np.ix_(chosen, chosen)],
            shear=self.shear[np.ix_(chosen, chosen)],
            affine=self.affine[np.ix_(homogeneous, homogeneous)],
            units=tuple(self.units[axis] for axis in chosen),
            axis_labels=tuple(self.axis_labels[axis] for axis in chosen),
        )

    def part(self, origin: ArrayLike, factor: ArrayLike) -> dict[str, Any]:
        """Return layer keywords for data whose element j lies at ``j / factor + origin``.

        napari maps data to world by ``A (R S D x + t)`` with D the scale. Replacing x
        by ``x / factor + origin`` gives the scale ``D / factor`` and the translation
        ``t + R S D origin``.
        """
        stretch = np.asarray(factor, dtype=float)
        linear = self.rotate @ self.shear @ np.diag(self.scale)
        return {
            'scale': self.scale / stretch,
            'translate': self.translate + linear @ np.asarray(origin, dtype=float),
            'rotate': self.rotate,
            'shear': self.shear,
            'affine': self.affine,
            'units': self.units,
            'axis_labels': self.axis_labels,
        }


def _shear_matrix(shear: NDArray[np.float64], ndim: int) -> NDArray[np.float64]:
    if shear.ndim == 2:
        return shear
    matrix = np.eye(ndim)
    matrix[np.triu_indices(ndim, k=1)] = shear
    return matrix


def full_resolution(layer: napari.layers.Layer) -> Any:
    """Return the data of `layer`; of a pyramid its finest level."""
    return layer.data[0] if layer.multiscale else layer.data


def spatial_axes(layer: napari.layers.Layer) -> tuple[int, int]:
    """Return the axes of rows and columns: those labelled y and x, else the last two."""
    names = [str(label).lower() for label in layer.axis_labels]
    if names.count('y') == 1 and names.count('x') == 1:
        return names.index('y'), names.index('x')
    return layer.ndim - 2, layer.ndim - 1


def is_stack(layer: napari.layers.Layer) -> bool:
    """Say whether the layer holds more than one plane."""
    shape = _grid(layer)
    return any(n > 1 for axis, n in enumerate(shape) if axis not in spatial_axes(layer))


def select(
    layer: napari.layers.Image,
    *,
    point: Sequence[float] | None = None,
    box: tuple[slice, slice] | None = None,
) -> Selection:
    """Choose a part of an image layer.

    Parameters
    ----------
    layer : Image
        The layer.
    point : sequence of float, optional
        World position whose plane is chosen; all planes by default.
    box : tuple of slice, optional
        Rows and columns; all by default.

    Raises
    ------
    ImageError
        When the layer has fewer than two axes, or the point misses the stack.
    """
    shape, spatial = _grid(layer), spatial_axes(layer)
    if len(shape) < 2:
        raise ImageError(f'layer {layer.name!r} has one axis; choose an image with two or more')
    index = [slice(0, n) for n in shape]
    if point is not None:
        place = np.rint(layer.world_to_data(point)).astype(int)
        for axis in set(range(len(shape))) - set(spatial):
            index[axis] = _plane(int(place[axis]), shape[axis], layer.name)
    if box is not None:
        index[spatial[0]], index[spatial[1]] = box
    return Selection(full_resolution(layer), tuple(index), spatial, bool(layer.rgb))


def select_same(layer: napari.layers.Image, like: Selection, scale: int = 1) -> Selection:
    """Choose from another layer the part that `like` chooses: a noise map, a reference.

    Parameters
    ----------
    layer : Image
        The other layer.
    like : Selection
        Part of an image.
    scale : int
        Pixels of the other layer per pixel of the image, in rows and columns; it may have
        up to ``scale - 1`` more at the end, which decimation leaves over.

    Raises
    ------
    ImageError
        When the grids differ.
    """
    grid = _grid(layer)
    factors = [scale if axis in like.spatial else 1 for axis in range(len(like.index))]
    wanted = [n * f for n, f in zip(like.data.shape, factors, strict=False)]
    index = [slice(s.start * f, s.stop * f) for s, f in zip(like.index, factors, strict=True)]
    data, rgb = full_resolution(layer), bool(layer.rgb)
    if len(grid) == len(wanted) and _fits(grid, wanted, scale):
        return Selection(data, tuple(index), like.spatial, rgb)
    rows, columns = like.spatial
    if len(grid) == 2 and _fits(grid, [wanted[rows], wanted[columns]], scale):
        return Selection(data, (index[rows], index[columns]), (0, 1), rgb)
    what = 'the image' if scale == 1 else f'the image enlarged × {scale}'
    raise ImageError(
        f'layer {layer.name!r} has shape {grid}, {what} {tuple(wanted)}; '
        'choose one on the same grid'
    )


def _fits(grid: Sequence[int], wanted: Sequence[int], scale: int) -> bool:
    return all(0 <= n - w < scale for n, w in zip(grid, wanted, strict=True))


def _grid(layer: napari.layers.Layer) -> tuple[int, ...]:
    shape = tuple(int(n) for n in full_resolution(layer).shape)
    return shape[:-1] if getattr(layer, 'rgb', False) else shape


def _plane(place: int, size: int, name: str) -> slice:
    if not 0 <= place < size:
        raise ImageError(
            f'the slice on show lies outside layer {name!r} ({size} planes there); '
            'move the slider onto the layer or choose "Whole stack"'
        )
    return slice(place, place + 1)
