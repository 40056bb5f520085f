"""The plane of a mask that lies over the plane of an image on show: read, and changed undoably."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import MaskError
from ..images.selection import Selection, full_resolution
from ..images.space import Space, unit_factors

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class MaskPlane:
    """A part of a plane of a Labels layer.

    `layer`: the mask.
    `index`: one slice for each of its axes.
    `rows`, `columns`: its axes that are the rows and columns of the image.
    """

    layer: Any
    index: tuple[slice, ...]
    rows: int
    columns: int

    @classmethod
    def of(cls, layer: napari.layers.Labels, part: Selection) -> MaskPlane:
        """Find the plane of `layer` that lies over `part`, pixel on pixel.

        Raises MaskError when it does not lie so, or cannot be changed.
        """
        own = layer.ndim == len(part.index)
        axes = list(range(layer.ndim)) if own else list(part.spatial)
        data = full_resolution(layer)
        if part.space is None or not _lies_alike(layer, part, axes):
            raise MaskError(
                f'mask {layer.name!r} does not lie pixel on pixel over image {part.name!r}; press '
                '"New" for one that does'
            )
        if layer.multiscale or not isinstance(data, np.ndarray) or not data.flags.writeable:
            raise MaskError(f'mask {layer.name!r} is not in memory; press "New" for one to edit')
        rows, columns = part.spatial if own else (0, 1)
        return cls(layer, tuple(part.index[axis] for axis in axes), rows, columns)

    def read(self) -> NDArray[Any]:
        """Return a copy of the labels, rows and columns."""
        return self._turned(np.array(self.layer.data[self.index]))

    def write(self, labels: NDArray[Any]) -> int:
        """Change the labels, as one step that can be undone; return how many pixels changed."""
        changed = self._turned(self.layer.data[self.index]) != labels
        rows, columns = np.nonzero(changed)
        places: list[Any] = [np.full(rows.shape, part.start) for part in self.index]
        places[self.rows] = rows + self.index[self.rows].start
        places[self.columns] = columns + self.index[self.columns].start
        if rows.size:
            self.layer.data_setitem(tuple(places), labels[changed].astype(self.layer.data.dtype))
        return int(rows.size)

    def add(self, found: NDArray[np.bool_], label: int) -> int:
        """Label what was found, but for pixels that have a label already; as :meth:`write`."""
        labels = self.read()
        labels[found & (labels == 0)] = label
        return self.write(labels)

    def _turned(self, data: NDArray[Any]) -> NDArray[Any]:
        turned = np.moveaxis(data, (self.rows, self.columns), (-2, -1))
        return turned.reshape(turned.shape[-2:])


def _lies_alike(layer: napari.layers.Labels, part: Selection, axes: list[int]) -> bool:
    if layer.ndim not in (2, len(part.index)) or part.space is None:
        return False
    its, image = Space.of(layer), part.space.along(axes)
    grid = tuple(part.grid[axis] for axis in axes)
    if tuple(full_resolution(layer).shape) != grid:
        return False
    factors = np.append(unit_factors(its.units, image.units), 1)
    return np.allclose(np.diag(factors) @ its.matrix, image.matrix)
