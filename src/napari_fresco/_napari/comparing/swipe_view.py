"""The button and the slider of a swipe: two images in one layer, left and right of a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from magicgui.widgets import FloatSlider
from psygnal import Signal

from ...errors import FrescoError
from ...layers.comparing.swipe import Swipe
from ..widgets.form import named_button
from ..widgets.listeners import Listeners, is_alive
from .swipe_line import SwipeLine, canvas_beside

if TYPE_CHECKING:
    import napari
    from qtpy.QtWidgets import QWidget


class SwipeView:
    """Shows the swipe of two images while its button is pressed.

    `viewer`: whose layers are compared.
    `panel`: beside whose canvas the line is drawn.
    `chosen`: returns both images, or raises FrescoError.
    """

    failed = Signal(object)
    """The FrescoError that says why both cannot be shown."""

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        panel: QWidget,
        chosen: Callable[[], tuple[Any, Any]],
    ) -> None:
        self._viewer, self._panel, self._chosen = viewer, panel, chosen
        self.at = FloatSlider(
            name='at', label='Line at', min=0, max=1, step=0.001, value=0.5, tooltip=_AT
        )
        self.button = named_button('Swipe', 'compare_swipe', _SWIPE)
        self.button.setCheckable(True)
        self.shown: Swipe | None = None
        self.line: SwipeLine | None = None
        self._callbacks = viewer.mouse_move_callbacks
        self._callbacks.append(self._on_pointer)
        links = Listeners(panel)
        links.listen(viewer.dims.events.current_step, self._on_slice)
        links.listen(viewer.layers.events.removed, self._on_removed)
        self.at.changed.connect(self._on_slider)
        panel.destroyed.connect(self._let_go)

    def show(self, shown: bool) -> None:
        """Add the layer that shows both, or take it away."""
        if self.shown is not None:
            self._drop_line()
            self.shown.close()
            self.shown = None
        try:
            if shown:
                self.shown = Swipe(self._viewer, *self._chosen())
                self.shown.at = self.at.value
                self._draw_line(self.shown)
        except FrescoError as error:
            self.failed.emit(error)
        if self.button.isChecked() != (self.shown is not None):
            self.button.setChecked(self.shown is not None)

    @property
    def _open(self) -> Swipe | None:
        """What is shown, if its layer and both images are still there."""
        return self.shown if self.shown is not None and self.shown.is_open else None

    def _draw_line(self, swipe: Swipe) -> None:
        canvas = canvas_beside(self._panel, self._viewer)
        if canvas is not None:
            self.line = SwipeLine(canvas, self._viewer, swipe)
            swipe.moved.connect(self._on_line)

    def _drop_line(self) -> None:
        line, self.line = self.line, None
        if line is not None and is_alive(line):
            line.close_line()

    def _on_line(self) -> None:
        if is_alive(self._panel) and self.shown is not None:
            self.at.value = self.shown.at

    def _on_slider(self, share: float) -> None:
        if (swipe := self._open) is not None:
            swipe.at = share

    def _on_slice(self, *_: Any) -> None:
        """Follow the viewer to another plane."""
        if (swipe := self._open) is None:
            return
        try:
            swipe.reload()
        except FrescoError:
            self.show(False)

    def _on_removed(self, *_: Any) -> None:
        if self.shown is not None and not self.shown.is_open:
            self.show(False)

    def _on_pointer(self, _: Any, event: Any) -> None:
        """Let the line follow the pointer while Shift is held."""
        if 'Shift' in event.modifiers and (swipe := self._open) is not None:
            swipe.follow(event.position)
            self.at.value = swipe.at

    def _let_go(self) -> None:
        if self._on_pointer in self._callbacks:
            self._callbacks.remove(self._on_pointer)


_AT = (
    '<p>Where the line is; further right shows more of the left image. The mouse takes it in the '
    'picture, and while Shift is held it follows the pointer.</p>'
)
_SWIPE = '<p>Show both in one layer, left and right of a line. Press again to take it away.</p>'
