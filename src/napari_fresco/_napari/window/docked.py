"""Panels that napari docks: one below the other they squeeze each other, so they come as tabs."""

from __future__ import annotations

import re
from typing import Any

from psygnal import Signal
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from ..widgets.listeners import is_alive
from ..widgets.settings import PLUGIN

_DIRECT = Qt.FindChildOption.FindDirectChildrenOnly  # docks are; a search through all takes long
_PLUGIN_NAME = re.compile(rf' \((Fresco|{PLUGIN})\)$')  # as menus and as scripts call the dock


class Docked(QWidget):
    """A panel that becomes a tab beside another one of this plugin, when it is first shown.

    napari puts each panel below those that are there. Where the user drags it, it stays. Its tab
    has its name alone: that of the plugin, which the dock has too, would leave no room for it.
    """

    closed = Signal()
    """The user has closed the dock."""

    def __init__(self) -> None:
        super().__init__()
        self._is_placed = False

    def showEvent(self, event: QShowEvent | None) -> None:
        """Find the place of the panel, once napari has docked it."""
        if not self._is_placed:
            self._is_placed = True
            QTimer.singleShot(0, self._join_others)
        super().showEvent(event)

    def event(self, event: QEvent | None) -> bool:
        """Say so where the dock lets go of the panel: napari hides one that is closed, no more."""
        moved = event is not None and event.type() == QEvent.Type.ParentChange
        if moved and self._is_placed and self.parent() is None:
            self.closed.emit()
        return super().event(event)

    def _join_others(self) -> None:
        dock = dock_of(self) if is_alive(self) else None
        window = None if dock is None else dock.parentWidget()
        if dock is None or not isinstance(window, QMainWindow):
            return
        dock.setWindowTitle(_PLUGIN_NAME.sub('', dock.windowTitle()))
        if dock.isFloating():
            return
        area = window.dockWidgetArea(dock)
        for other in window.findChildren(QDockWidget, options=_DIRECT):
            if other is dock or other.isFloating() or not isinstance(other.widget(), Docked):
                continue
            if window.dockWidgetArea(other) == area:
                window.tabifyDockWidget(other, dock)
                dock.raise_()
                return


def bring_to_front(panel: Any) -> None:
    """Show a panel that may be hidden, or behind another tab."""
    dock = dock_of(getattr(panel, 'native', panel))
    if dock is not None:
        dock.show()
        dock.raise_()


def dock_of(widget: QWidget | None) -> Any:
    """Return the dock that holds a widget; None where it is in none, as in a dialog."""
    while widget is not None and not isinstance(widget, QDockWidget):
        widget = widget.parentWidget()
    return widget
