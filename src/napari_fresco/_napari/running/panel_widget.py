"""The widget of a panel, as napari docks it."""

from __future__ import annotations

from typing import Any

import napari
import napari.viewer
from qtpy.QtCore import QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QVBoxLayout, QWidget

from ..widgets.form import Scroll, stacked
from ..window.active_panel import note_shown
from ..window.docked import Docked
from ..window.tour import offer_tour_once
from .run_bar import RunBar


def as_widget_class(panel: Any) -> Any:
    """Return a factory of panels as a class of widgets: napari's menus open nothing else.

    `panel`: the class that makes it for a viewer. That, not a widget, is what the new class gives;
        its `in_parts` gives it part by part.
    """

    def new(cls: type[QWidget], viewer: Any) -> Any:
        return panel(viewer)

    def init(self: QWidget, viewer: napari.viewer.Viewer) -> None:
        """Say what napari is to give; it is never called."""

    members = {'__new__': new, '__init__': init, 'in_parts': staticmethod(panel.in_parts)}
    return type(panel.__name__, (QWidget,), members)


class PanelWidget(Docked):
    """The docked widget; napari unwraps it to its panel, as for magicgui."""

    def __init__(self, panel: Any, bar: RunBar) -> None:
        super().__init__()
        self._magic_widget = panel
        self.bar = bar

    @property
    def panel(self) -> Any:
        """The panel that it belongs to."""
        return self._magic_widget

    def showEvent(self, event: QShowEvent | None) -> None:
        """Take note that the panel has come to the front; the first one brings the tour."""
        note_shown(self)
        QTimer.singleShot(0, lambda: offer_tour_once(self, self.panel.viewer))
        super().showEvent(event)

    def lay_out(self, content: list[QWidget]) -> None:
        """Put `content` above the buttons, where it can be scrolled."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        above = stacked(*content, margin=8, fill=True)
        if (inside := above.layout()) is not None:
            inside.setContentsMargins(8, 8, 8, 0)  # the buttons below have a margin of their own
        layout.addWidget(Scroll(above), 1)
        layout.addWidget(self.bar)
