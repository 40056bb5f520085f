"""Opening panels: from our menu, from the tour; one that is open already comes to the front.

napari's own menu of widgets hides a panel that is open behind another tab, and calls the panels
of methods by their names alone. The commands of our menu are the functions here, each named like
the widget of the manifest that it opens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import napari
import napari.viewer
from npe2 import PluginManager

from .docked import bring_to_front
from .settings import PLUGIN


def open_panel(viewer: Any, name: str) -> Any:
    """Show a panel, a new one where there is none, and return it.

    `viewer`: in whose window.
    `name`: of its command in the manifest, without that of the plugin.
    """
    manifest = PluginManager.instance().get_manifest(PLUGIN)
    widgets = manifest.contributions.widgets or []
    widget = next(each for each in widgets if each.command == f'{PLUGIN}.{name}')
    titles = [f'{widget.display_name} ({by})' for by in (manifest.display_name, PLUGIN)]
    docks = viewer.window.dock_widgets
    for title in titles:  # as menus and as scripts call the dock
        if title in docks:
            bring_to_front(docks[title])
            return docks[title]
    panel: Any = widget.get_callable()(viewer)
    viewer.window.add_dock_widget(panel, name=titles[0])
    return panel


def _opener(name: str) -> Callable[[Any], None]:
    def opened(viewer: napari.viewer.Viewer) -> None:
        open_panel(viewer, name)

    return opened


def __getattr__(name: str) -> Callable[[Any], None]:
    if name.startswith('_'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return _opener(name)
