"""Pictures beside each other in napari's grid, and all as it was before again."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from ..images.identity import key_of
from .looking import camera_of, look_at


class SideBySide:
    """Shows some layers alone, each in a box of napari's grid, from left to right.

    All boxes have one camera, which shows the whole at first. What was shown, the grid and the
    camera as they were come back at the end.

    `viewer`: whose layers they are.
    `layers`: what is shown; the first one is left of the second.
    """

    def __init__(self, viewer: Any, *layers: Any) -> None:
        self._viewer = viewer
        self.grid = grid_of(viewer)
        self._before = {name: getattr(self.grid, name) for name in ('stride', 'shape', 'enabled')}
        self._camera = camera_of(viewer)
        self._seen = {name: getattr(self._camera, name) for name in ('center', 'zoom')}
        self._visible = {key_of(layer): layer.visible for layer in viewer.layers}
        self._shown = shown = {key_of(layer) for layer in layers}
        self._named = {key_of(layer): is_named(layer) for layer in layers}
        for layer in viewer.layers:
            layer.visible = key_of(layer) in shown
        order = [key_of(layer) for layer in viewer.layers]
        first, second = (order.index(key_of(layer)) for layer in layers[:2])
        stride = 1 if first < second else -1  # napari begins with the lowest
        boxes = [key_of(layer) in shown for layer in viewer.layers][::stride]
        columns = len(layers) if hasattr(viewer, 'canvas') else _columns(boxes)
        self._arrange(shape=(1, columns), stride=stride, enabled=True)
        look_at(viewer, *layers)

    @property
    def is_open(self) -> bool:
        """Whether all are still there, and napari's own button has not ended the grid."""
        here = {key_of(layer) for layer in self._viewer.layers}
        return bool(self.grid.enabled) and self._shown <= here

    def name(self, layer: Any) -> None:
        """Write the name of a layer into its box, from napari 0.9 on, which takes it a while."""
        if key_of(layer) in self._shown:
            _name(layer, True)

    def close(self) -> None:
        """Show all as it was before; layers that have come since stay as they are."""
        self._arrange(**self._before)
        for name, value in self._seen.items():
            setattr(self._camera, name, value)
        for layer in self._viewer.layers:
            layer.visible = self._visible.get(key_of(layer), layer.visible)
            _name(layer, self._named.get(key_of(layer), is_named(layer)))

    def _arrange(self, shape: tuple[int, int], stride: int, enabled: bool) -> None:
        self.grid.enabled = False
        with self.grid.events.blocker_all():  # else napari draws all anew after each
            self.grid.shape, self.grid.stride = shape, stride
        self.grid.enabled = enabled


def grid_of(viewer: Any) -> Any:
    """Return the grid of a viewer, which is of its canvas from napari 0.9 on."""
    canvas = getattr(viewer, 'canvas', None)
    return viewer.grid if canvas is None else canvas.grid


def _columns(boxes: list[bool]) -> int:
    """Return the columns for boxes in one row, of which napari makes hidden ones before 0.9.

    It begins anew behind the last column: as few as give each box that is shown a place of its own.
    """
    shown = [place for place, is_shown in enumerate(boxes) if is_shown]
    for columns in range(len(shown), len(boxes)):
        places = [place % columns for place in shown]
        if all(left < right for left, right in pairwise(places)):
            return columns
    return len(boxes)


def is_named(layer: Any) -> bool:
    """Return whether the name of a layer stands in the picture."""
    return bool(layer.name_overlay.visible) if hasattr(layer, 'name_overlay') else False


def _name(layer: Any, shown: bool) -> None:
    if hasattr(layer, 'name_overlay'):
        layer.name_overlay.visible = shown
