"""The button of a grid: images beside each other with one contrast and one zoom."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from psygnal import Signal
from qtpy.QtCore import QTimer

from ...errors import FrescoError
from ...layers.comparing.side_by_side import SideBySide, grid_of
from ..widgets.form import named_button
from ..widgets.listeners import Listeners, is_alive

if TYPE_CHECKING:
    import napari
    from qtpy.QtWidgets import QWidget

    from ..widgets.rows import Tick

_APART_MS = 100  # between the names of the pictures


class GridView:
    """Shows images beside each other while its button is pressed; then all is as before.

    `viewer`: whose layers are compared.
    `panel`: whose button it is.
    `pictures`: returns the images, or raises FrescoError.
    `one_contrast`: is ticked meanwhile.
    """

    failed = Signal(object)
    """The FrescoError that says why they cannot be shown."""

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        panel: QWidget,
        pictures: Callable[[], tuple[Any, ...]],
        one_contrast: Tick,
    ) -> None:
        self._viewer, self._panel, self._pictures = viewer, panel, pictures
        self._one_contrast, self._was_tied = one_contrast, False
        self.button = named_button('Grid', 'compare_grid', _GRID)
        self.button.setCheckable(True)
        self.shown: SideBySide | None = None
        links = Listeners(panel)
        links.listen(viewer.layers.events.removed, self._follow)
        links.listen(grid_of(viewer).events.enabled, self._follow)

    def show(self, shown: bool) -> None:
        """Show the images beside each other, or all as before."""
        if self.shown is not None:
            ended, self.shown = self.shown, None
            ended.close()
            self._one_contrast.value = self._was_tied
        try:
            if shown:
                pictures = dict.fromkeys(self._pictures())
                self._was_tied = self._one_contrast.value
                self._one_contrast.value = True
                self.shown = SideBySide(self._viewer, *pictures)
                self._name_soon(self.shown, list(pictures))
        except FrescoError as error:
            self.failed.emit(error)
        self.button.setChecked(self.shown is not None)

    def _name_soon(self, grid: SideBySide, layers: list[Any]) -> None:
        """Name one picture after the other: the window is drawn, and stays alive, in between."""
        QTimer.singleShot(_APART_MS, partial(self._name, grid, layers))

    def _name(self, grid: SideBySide, layers: list[Any]) -> None:
        if layers and is_alive(self._panel) and self.shown is grid:
            grid.name(layers[0])
            self._name_soon(grid, layers[1:])

    def _follow(self, *_: Any) -> None:
        """End the grid where napari's own button did, or a layer has gone."""
        if self.shown is not None and not self.shown.is_open:
            self.show(False)


_GRID = (
    '<p>Show both beside each other, and the reference if one is chosen, with one contrast and one '
    'zoom. Press again, and all is shown as it was.</p>'
)
