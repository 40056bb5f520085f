"""Two pictures in one layer: one left of a line that can be moved, the other right of it.

napari draws whole layers, so a further layer takes columns of the one and of the other. Both then
have one contrast, and what differs is the pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .compared import Planes
from .layer_kinds import COMPARISON
from .look import Look
from .removal import take_away
from .results import inserted
from .space import View

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray


class Swipe:
    """A layer that shows one picture left of a line and another one right of it.

    `viewer`: where the layer is added, above both.
    `first`, `second`: the pictures; the contrast is that of the first.
    Raises ImageError where they cannot be compared, see :meth:`Planes.of`.
    """

    def __init__(
        self, viewer: Any, first: napari.layers.Image, second: napari.layers.Image
    ) -> None:
        self._viewer, self._first, self._second = viewer, first, second
        self._planes = Planes.of(first, second, View.of(viewer))
        self._at = self._width // 2
        rgb = bool(first.rgb)
        keywords = {
            'name': f'{first.name} | {second.name}',
            'rgb': rgb,
            'metadata': {COMPARISON: [first.name, second.name]},
            **self._planes.place,
            **Look.of(first).like(rgb=rgb),
        }
        active = viewer.layers.selection.active
        self.layer = inserted(viewer, None, (self._joined(), keywords, 'image'))
        viewer.layers.selection.active = active

    @property
    def at(self) -> float:
        """Share of the width that shows the first picture, 0 to 1."""
        return self._at / self._width

    @at.setter
    def at(self, share: float) -> None:
        column = round(float(np.clip(share, 0, 1)) * self._width)
        between = slice(min(column, self._at), max(column, self._at))
        source = self._planes.first if column > self._at else self._planes.second
        self.layer.data[:, between] = source[:, between]
        self._at = column
        self.layer.refresh()

    @property
    def is_open(self) -> bool:
        """Whether the layer and both pictures are still there."""
        here = {str(layer.unique_id) for layer in self._viewer.layers}
        return all(
            str(layer.unique_id) in here for layer in (self.layer, self._first, self._second)
        )

    def reload(self) -> None:
        """Show the planes that the viewer has gone to.

        Raises ImageError where they cannot be compared.
        """
        self._planes = Planes.of(self._first, self._second, View.of(self._viewer))
        self.layer.data = self._joined()

    def follow(self, position: Any) -> None:
        """Put the line where a position in the world of the viewer is."""
        self.at = float(self.layer.world_to_data(position)[-1]) / self._width

    def close(self) -> None:
        """Take the layer away, if it is still there."""
        if self.layer in self._viewer.layers:
            take_away(self._viewer, self.layer)

    @property
    def _width(self) -> int:
        return int(self._planes.first.shape[1])

    def _joined(self) -> NDArray[Any]:
        first, second = self._planes.first, self._planes.second
        joined = np.array(second, dtype=np.result_type(first, second))
        joined[:, : self._at] = first[:, : self._at]
        return joined
