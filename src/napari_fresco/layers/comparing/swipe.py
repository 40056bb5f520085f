"""Two pictures in one layer: one left of a line that can be moved, the other right of it.

napari draws whole layers, so a further layer takes columns of the one and of the other. Both then
have one contrast, and what differs is the pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from ..images.identity import key_of
from ..images.layer_kinds import COMPARISON
from ..images.look import Look
from ..images.removal import take_away
from ..images.space import Space, View
from ..results.results import inserted
from .compared import Planes
from .on_canvas import from_canvas, in_data, on_canvas

if TYPE_CHECKING:
    import napari
    from numpy.typing import ArrayLike, NDArray


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
        self.layer = inserted(viewer, None, (self._joined(), keywords, 'image'), select=False)

    moved = Signal()
    """The line is somewhere else."""

    @property
    def at(self) -> float:
        """Share of the width that shows the first picture, 0 to 1."""
        return self._at / self._width

    @at.setter
    def at(self, share: float) -> None:
        column = round(float(np.clip(share, 0, 1)) * self._width)
        if column == self._at:
            return
        between = slice(min(column, self._at), max(column, self._at))
        source = self._planes.first if column > self._at else self._planes.second
        self.layer.data[:, between] = source[:, between]
        self._at = column
        self.layer.refresh()
        self.moved.emit()

    @property
    def is_open(self) -> bool:
        """Whether the layer and both pictures are still there."""
        here = {key_of(layer) for layer in self._viewer.layers}
        return all(key_of(layer) in here for layer in (self.layer, self._first, self._second))

    def reload(self) -> None:
        """Show the planes that the viewer has gone to.

        Raises ImageError where they cannot be compared.
        """
        self._planes = Planes.of(self._first, self._second, View.of(self._viewer))
        self.layer.data = self._joined()

    def follow(self, position: Any) -> None:
        """Put the line where a position in the world of the viewer is."""
        space = Space.of(self.layer)
        self._go_to(in_data(View.of(self._viewer), space, position))

    def take_to(self, shares: ArrayLike) -> None:
        """Put the line where shares of the height and the width of the canvas are."""
        place = from_canvas(self._viewer, self.layer, shares)
        if place is not None:
            self._go_to(place)

    def ends(self) -> NDArray[np.float64] | None:
        """Return the ends of the line in shares of height and width of the canvas, shape (2, 2).

        None where the canvas does not show it.
        """
        column, rows = self._at - 0.5, self._planes.first.shape[0]
        if not self.layer.visible:
            return None
        return on_canvas(self._viewer, self.layer, [[-0.5, column], [rows - 0.5, column]])

    def close(self) -> None:
        """Take the layer away, if it is still there."""
        if self.layer in self._viewer.layers:
            take_away(self._viewer, self.layer)

    def _go_to(self, place: NDArray[np.float64]) -> None:
        """Put the line at a place in the data, where the first pixel begins at -1/2."""
        self.at = (float(place[-1]) + 0.5) / self._width

    @property
    def _width(self) -> int:
        return int(self._planes.first.shape[1])

    def _joined(self) -> NDArray[Any]:
        first, second = self._planes.first, self._planes.second
        joined = np.array(second, dtype=np.result_type(first, second))
        joined[:, : self._at] = first[:, : self._at]
        return joined
