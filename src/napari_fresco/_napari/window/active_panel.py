"""The panel that a key press is meant for: the focused or the last one shown."""

from __future__ import annotations

import weakref
from typing import Any

from qtpy.QtWidgets import QApplication, QMainWindow, QWidget

from ...layers.jobs.layer_restoration import unwrapped
from ..widgets.listeners import is_alive

_SHOWN: list[weakref.ref[Any]] = []
"""The widgets of all panels that run something, the last one shown at the end."""


def note_shown(widget: QWidget) -> None:
    """Take note that the widget of a panel has come to the front."""
    others = [ref for ref in _SHOWN if ref() is not None and ref() is not widget]
    _SHOWN[:] = [*others, weakref.ref(widget)]


def panel_in_front(viewer: Any) -> Any:
    """Return the panel of `viewer` that is typed in, else the last one shown; None without any."""
    mine = [w for w in _widgets() if unwrapped(w.panel.viewer) is unwrapped(viewer)]
    visible = [w for w in mine if w.isVisible()]
    focus = QApplication.focusWidget()
    typed_in = [w for w in visible if focus is not None and w.isAncestorOf(focus)]
    found = [*visible, *typed_in]
    return found[-1].panel if found else None


def window_in_front() -> QWidget | None:
    """Return the active window, else one that is on the screen: a dialog without one is lost."""
    windows = (w for w in QApplication.topLevelWidgets() if isinstance(w, QMainWindow))
    shown = next((w for w in windows if w.isVisible()), None)
    return QApplication.activeWindow() or shown


def _widgets() -> list[Any]:
    return [w for ref in _SHOWN if (w := ref()) is not None and is_alive(w)]
