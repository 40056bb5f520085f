"""The place of a layer over an image, and its values at the pixels of the image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ImageError
from .selection import Selection, full_resolution
from .space import Space, View, transfer

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

_EVEN = 1e-6  # so that rounding errors do not decide between two pixels


@dataclass(frozen=True, eq=False)
class Placement:
    """The map from elements of an image to those of a layer.

    `part`: the part of the image; its planes are whole.
    `layer`: what is looked up.
    `matrix`, `offset`: ``element of the layer = matrix @ element of the image + offset``.
    """

    part: Selection
    layer: Any
    matrix: NDArray[np.float64]
    offset: NDArray[np.float64]

    @classmethod
    def of(cls, part: Selection, layer: napari.layers.Layer, view: View | None = None) -> Placement:
        """Find out how `layer` lies over the image of `part`, as `view` draws the two."""
        own, its = part.space, Space.of(layer)
        if own is None:
            raise ValueError('a part of no layer lies nowhere')
        pairs = _pairs(part, its)
        matrix, offset = transfer(own, its, pairs, units=view is None or view.units is not None)
        for axis, pair in enumerate(pairs):
            if pair is None:
                offset[axis] = _fixed(layer, axis, its, view)
        return cls(part, layer, matrix, offset)

    @property
    def grid(self) -> tuple[int, ...]:
        """Lengths of the axes of the layer, without colours."""
        shape = full_resolution(self.layer).shape
        return tuple(int(n) for n in shape[: len(self.offset)])

    @property
    def covers_alike(self) -> bool:
        """Whether layer and image cover the same area, up to half of their pixels."""
        first, last = self._ends_alike()
        return first and last

    @property
    def misfit(self) -> bool:
        """Whether the layer covers another area than the image, and nobody has placed it there.

        It begins at the same corner but ends elsewhere, or has no place of its own while the
        image has one.
        """
        first, last = self._ends_alike()
        return first != last or (not first and Space.of(self.layer).is_default)

    def values(self, convert: Callable[[Any], NDArray[Any]], fill: Any = 0) -> NDArray[Any]:
        """Return the values of the layer at the pixels of the image, by the nearest element.

        `convert`: turns what stands there, ``(rows, columns)`` or with colours behind, into values.
        `fill`: stands where the layer is not.
        Returns: stack axes along which the layer differs, then rows and columns.
        """
        part = self.part
        along = [axis for axis in part.leading if np.abs(self.matrix[:, axis]).max() > _EVEN]
        lengths = [part.index[axis].stop - part.index[axis].start for axis in along]
        rows, columns = (part.grid[axis] for axis in part.spatial)
        planes = [self._plane(along, at, convert, fill) for at in np.ndindex(*lengths)]
        return np.reshape(planes, (*lengths, rows, columns))

    def _plane(
        self,
        along: list[int],
        at: tuple[int, ...],
        convert: Callable[[Any], NDArray[Any]],
        fill: Any,
    ) -> NDArray[Any]:
        part = self.part
        start = [part.index[axis].start + i for axis, i in zip(along, at, strict=True)]
        offset = self.offset + self.matrix[:, along] @ np.array(start, dtype=float)
        rows, columns = (np.arange(part.grid[axis]) for axis in part.spatial)
        steps = self.matrix[:, list(part.spatial)]
        places = []
        inside: list[NDArray[np.bool_]] = []
        for (down, right), first, size in zip(steps, offset, self.grid, strict=True):
            place = np.array(first)
            if abs(down) > _EVEN:
                place = place + down * rows[:, None]
            if abs(right) > _EVEN:
                place = place + right * columns[None, :]
            index = np.floor(place + 0.5 + _EVEN).astype(int)
            inside.append((index >= 0) & (index < size))
            places.append(np.clip(index, 0, size - 1))
        shape = (len(rows), len(columns))
        if not all(along.any() for along in inside):
            return np.full(shape, fill)
        found = convert(self._taken(places, shape))
        if all(along.all() for along in inside):
            return found
        everywhere = np.broadcast_to(reduce(np.logical_and, inside), shape)
        return np.where(everywhere, found, fill)

    def _taken(self, places: list[NDArray[Any]], shape: tuple[int, int]) -> NDArray[Any]:
        """Read elements, only of the planes that are met where the data is not in memory."""
        varying = [p for p in places if p.ndim]
        data, runs = full_resolution(self.layer), [_run(p) for p in varying]
        fixed = tuple(int(p) if p.ndim == 0 else slice(None) for p in places)
        if None not in runs and [p.shape for p in varying] == [(shape[0], 1), (1, shape[1])]:
            parts = iter(runs)
            return np.asarray(data[tuple(next(parts) if f == slice(None) else f for f in fixed)])
        return np.asarray(
            np.asarray(data[fixed])[tuple(np.broadcast_to(p, shape) for p in varying)]
        )

    def _ends_alike(self) -> tuple[bool, bool]:
        """Return whether the first and the last corners of the two meet."""
        low, high = self._bounds()
        own = np.abs(self.matrix).max(axis=1) > _EVEN
        ends = np.array([n - 0.5 for n in self.grid])
        allowed = 0.5 * np.maximum(1, np.abs(self.matrix).sum(axis=1)) + 0.01
        first, last = np.abs(low + 0.5) <= allowed, np.abs(high - ends) <= allowed
        return bool(first[own].all()), bool(last[own].all())

    def _bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lowest and the highest corner of the image in elements of the layer."""
        corners = np.array(list(product(*((-0.5, n - 0.5) for n in self.part.grid))))
        mapped = corners @ self.matrix.T + self.offset
        return mapped.min(axis=0), mapped.max(axis=0)


def to_image(
    part: Selection, layer: napari.layers.Layer, points: NDArray[Any], view: View | None = None
) -> NDArray[np.float64]:
    """Map points of `layer` to elements of the image of `part`, rows and columns last.

    Axes that the layer does not have are 0.
    """
    place = Placement.of(part, layer, view)
    # The layer may have fewer axes than the image, or more, which then count for nothing.
    mapped = (points - place.offset) @ np.linalg.pinv(place.matrix).T
    return np.asarray(mapped[:, [*part.leading, *part.spatial]])


def _run(places: NDArray[Any]) -> slice | None:
    """Return the elements at `places` as a slice, where each follows the one before."""
    flat = places.ravel()
    follows = min(places.shape) == 1 and bool((np.diff(flat) == 1).all())
    return slice(int(flat[0]), int(flat[-1]) + 1) if follows else None


def _pairs(part: Selection, its: Space) -> list[int | None]:
    """Return the axis of the image that runs along each axis of another layer."""
    surplus = its.ndim - len(part.index)
    if surplus >= 0:  # as napari draws them
        return [*[None] * surplus, *range(len(part.index))]
    # Fewer axes: those of a plane go with rows and columns.
    leading = part.leading[len(part.leading) - (its.ndim - 2) :] if its.ndim > 2 else ()
    return [*leading, *part.spatial]


def _fixed(layer: napari.layers.Layer, axis: int, its: Space, view: View | None) -> float:
    """Return the place on an axis that the image does not have: where the slider stands."""
    if hasattr(layer, 'shape_type') or full_resolution(layer).shape[axis] == 1:
        return 0.0
    place = np.nan if view is None else view.place(its, view.displayed(its.ndim))[axis]
    if np.isnan(place):
        raise ImageError(
            f'layer {layer.name!r} has shape {tuple(full_resolution(layer).shape)}, which is more '
            'axes than the image has; choose a layer with the axes of the image'
        )
    return float(place)
