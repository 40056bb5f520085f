"""Panels that are open at once are tabs: one below the other they would squeeze each other."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt

from .signals import pump


def test_panels_are_tabs_unless_a_user_has_put_one_elsewhere(make_napari_viewer: Any) -> None:
    window = make_napari_viewer(show=True).window
    docks = []
    for name in ('Restore', 'Compare', 'DPIR'):
        dock, _ = window.add_plugin_dock_widget('napari-fresco', name)
        pump(dock.isVisible)
        docks.append(dock)
    main = window._qt_window
    pump(lambda: set(main.tabifiedDockWidgets(docks[0])) == set(docks[1:]))
    pump(lambda: not docks[-1].visibleRegion().isEmpty())  # the one that was opened last
    assert docks[0].visibleRegion().isEmpty()

    main.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, docks[1])
    docks[1].hide()
    docks[1].show()
    pump(docks[1].isVisible)
    assert main.tabifiedDockWidgets(docks[1]) == []
