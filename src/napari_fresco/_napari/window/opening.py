"""Opening panels: from our menu, from the tour; one that is open already comes to the front.

napari's own menu of widgets hides a panel that is open behind another tab, and calls the panels
of methods by their names alone. The commands of our menu are the functions here, each named like
the widget of the manifest that it opens. What a panel needs is imported beside the window first,
which takes half a second of a processor once in a session; then it is made part by part.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any

import napari
import napari.viewer
from npe2 import PluginManager
from qtpy.QtCore import QTimer

from ..widgets.settings import PLUGIN, read_preferences
from .docked import bring_to_front


def open_panel(viewer: Any, name: str) -> Any:
    """Show a panel, a new one where there is none, and return it.

    `viewer`: in whose window.
    `name`: of its command in the manifest, without that of the plugin.
    """
    found = _shown(viewer, name)
    return _docked(viewer, name, _widget(name).get_callable()(viewer)) if found is None else found


def _shown(viewer: Any, name: str) -> Any:
    """Bring a panel that is open to the front and return it; None where there is none."""
    docks = viewer.window.dock_widgets
    for title in _titles(name):  # as menus and as scripts call the dock
        if title in docks:
            bring_to_front(docks[title])
            return docks[title]
    return None


def _parts(viewer: Any, name: str) -> Generator[None, None, Any]:
    """Make a panel and return it; yield between its parts, where it has some."""
    panel: Any = _widget(name).get_callable()
    if hasattr(panel, 'in_parts'):
        return (yield from panel.in_parts(viewer))
    return panel(viewer)


def _docked(viewer: Any, name: str, panel: Any) -> Any:
    viewer.window.add_dock_widget(panel, name=_titles(name)[0])
    return panel


class Opening:
    """A panel that opens once all that it needs has been imported; the window stays alive.

    `viewer`, `name`: as :func:`open_panel` has them.
    """

    def __init__(self, viewer: Any, name: str) -> None:
        self._viewer, self._name = viewer, name
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._prepare, daemon=True)
        self._timer = QTimer()
        self._timer.timeout.connect(self._look)
        _UNDER_WAY[name] = self
        viewer.status = f'Opening {_titles(name)[0]} …'
        self._thread.start()
        self._timer.start(_PAUSE)

    def _prepare(self) -> None:
        try:
            _widget(self._name).get_callable()
            read_preferences()
        except BaseException as error:  # it is raised where somebody sees it
            self._error = error

    def _look(self) -> None:
        if self._thread.is_alive():
            return
        self._timer.stop()
        if self._error is not None:
            _UNDER_WAY.pop(self._name)
            raise self._error
        if _shown(self._viewer, self._name) is None:
            self._go_on(_parts(self._viewer, self._name))
        else:
            self._finish(None)

    def _go_on(self, parts: Generator[None, None, Any]) -> None:
        """Make a part of the panel, and go on when the window has answered in between."""
        try:
            next(parts)
        except StopIteration as made:
            panel = made.value
            QTimer.singleShot(0, lambda: self._finish(panel))
        except BaseException:
            _UNDER_WAY.pop(self._name)
            raise
        else:
            QTimer.singleShot(0, lambda: self._go_on(parts))

    def _finish(self, panel: Any) -> None:
        _UNDER_WAY.pop(self._name)
        self._viewer.status = 'Ready'
        if panel is not None:
            _docked(self._viewer, self._name, panel)


def open_soon(viewer: Any, name: str) -> None:
    """Show a panel once all that it needs has been imported, as :func:`open_panel` does."""
    if name not in _UNDER_WAY and _shown(viewer, name) is None:
        Opening(viewer, name)


_PAUSE = 20  # milliseconds between two looks
_UNDER_WAY: dict[str, Opening] = {}


def _widget(name: str) -> Any:
    manifest = PluginManager.instance().get_manifest(PLUGIN)
    widgets = manifest.contributions.widgets or []
    return next(each for each in widgets if each.command == f'{PLUGIN}.{name}')


def _titles(name: str) -> list[str]:
    shown = PluginManager.instance().get_manifest(PLUGIN).display_name
    return [f'{_widget(name).display_name} ({by})' for by in (shown, PLUGIN)]


def _opener(name: str) -> Callable[[Any], None]:
    def opened(viewer: napari.viewer.Viewer) -> None:
        open_soon(viewer, name)

    return opened


def __getattr__(name: str) -> Callable[[Any], None]:
    if name.startswith('_'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return _opener(name)
