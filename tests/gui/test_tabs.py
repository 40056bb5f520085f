"""Panels that are open at once are tabs: one below the other they would squeeze each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import Qt

from napari_fresco.layers.comparing.side_by_side import grid_of

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
    assert [dock.windowTitle() for dock in docks] == ['Restore', 'Compare', 'DPIR']
    assert 'DPIR (napari-fresco)' in window.dock_widgets  # as scripts call it

    main.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, docks[1])
    docks[1].hide()
    docks[1].show()
    pump(docks[1].isVisible)
    assert main.tabifiedDockWidgets(docks[1]) == []


def test_what_a_panel_shows_ends_when_it_is_closed(make_napari_viewer: Any) -> None:
    viewer = make_napari_viewer(show=True)
    for name in ('a', 'b', 'other'):
        viewer.add_image(np.zeros((16, 16)), name=name)
    mask_dock, mask = viewer.window.add_plugin_dock_widget('napari-fresco', 'Damage mask')
    compare_dock, compare = viewer.window.add_plugin_dock_widget('napari-fresco', 'Compare')
    pump(compare_dock.isVisible)
    mask.propose.preview.setChecked(True)
    compare.first.value, compare.second.value = 'a', 'b'
    compare.grid.button.click()
    pump(lambda: mask_dock in viewer.window._qt_window.tabifiedDockWidgets(compare_dock))
    assert mask.propose.preview.isChecked(), 'behind another tab it goes on'
    assert grid_of(viewer).enabled
    for dock in (mask_dock, compare_dock):
        viewer.window.remove_dock_widget(dock)
    assert not mask.propose.preview.isChecked()
    assert not grid_of(viewer).enabled
    assert all(layer.visible for layer in viewer.layers)
