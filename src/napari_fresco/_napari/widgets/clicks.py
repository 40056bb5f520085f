"""Clicks on a picture, as long as somebody wants them."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from psygnal import Signal

if TYPE_CHECKING:
    import napari
    from qtpy.QtWidgets import QWidget


class Clicks:
    """Listens to clicks in a viewer; drags, which move the picture, are none.

    `viewer`: where to listen.
    `owner`: with which listening ends.
    """

    clicked = Signal(object)
    """Where, in the world of the viewer."""

    def __init__(self, viewer: napari.viewer.Viewer, owner: QWidget) -> None:
        self._viewer = viewer
        # Qt holds slots only weakly, so the widget holds this.
        owner.__dict__.setdefault('_clicks', []).append(self)
        owner.destroyed.connect(self.stop)

    def start(self) -> None:
        """Begin to listen."""
        if self._on_mouse not in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.append(self._on_mouse)

    def stop(self) -> None:
        """Listen no more."""
        if self._on_mouse in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._on_mouse)

    def _on_mouse(self, viewer: Any, event: Any) -> Generator[None, None, None]:
        position, dragged = tuple(event.position), False
        yield
        while event.type == 'mouse_move':
            dragged = True
            yield
        if not dragged:
            self.clicked.emit(position)
