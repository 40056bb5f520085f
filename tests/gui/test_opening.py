"""Every panel opens from both menus; one that is open comes to the front, none comes twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

import pytest
from npe2 import PluginManifest

from napari_fresco._napari.window.opening import open_panel

from .signals import pump

MANIFEST = PluginManifest.from_file(str(resources.files('napari_fresco') / 'napari.yaml'))
WIDGETS = [widget.display_name for widget in MANIFEST.contributions.widgets]


def entries(menu: Any) -> Iterator[Any]:
    """Yield all entries of a menu and of the menus in it."""
    menu.aboutToShow.emit()
    for entry in menu.actions():
        inner = entry.menu()
        yield from [entry] if inner is None else entries(inner)


def entry_of(window: Any, menu: str, text: str) -> Any:
    bar = window._qt_window.menuBar()
    inside = next(each.menu() for each in bar.actions() if each.text().replace('&', '') == menu)
    return next(each for each in entries(inside) if each.text().replace('&', '') == text)


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], idle: None) -> Any:
    return make_napari_viewer().window


def test_the_menu_of_plugins_opens_each_panel(window: Any) -> None:
    titles = [f'{title} (Fresco)' for title in WIDGETS]
    for title in titles:
        entry_of(window, 'Plugins', title).trigger()
    assert set(titles) <= set(window.dock_widgets)


def test_our_menu_opens_a_panel_once_and_brings_it_to_the_front(
    make_napari_viewer: Callable[..., Any], idle: None
) -> None:
    window = make_napari_viewer(show=True).window
    restore = 'Restore: recommends a method for what is wrong (Fresco)'
    entry_of(window, 'Layers', restore).trigger()
    pump(lambda: 'Restore (Fresco)' in window.dock_widgets)  # imported beside the window
    panel = window.dock_widgets['Restore (Fresco)']
    pump(panel.native.isVisible)
    entry_of(window, 'Layers', 'Denoise: network, fast (FFDNet) (Fresco)').trigger()
    pump(lambda: 'FFDNet (Fresco)' in window.dock_widgets)
    pump(lambda: panel.native.visibleRegion().isEmpty())  # behind the other tab
    entry_of(window, 'Layers', restore).trigger()
    pump(lambda: not panel.native.visibleRegion().isEmpty())
    assert sorted(window.dock_widgets) == ['FFDNet (Fresco)', 'Restore (Fresco)']


def test_a_panel_that_a_script_has_opened_is_found(
    make_napari_viewer_proxy: Callable[..., Any], idle: None
) -> None:
    viewer = make_napari_viewer_proxy()
    viewer.window.add_plugin_dock_widget('napari-fresco', 'Restore')
    panel = open_panel(viewer, 'restore')
    assert [*viewer.window.dock_widgets] == ['Restore (napari-fresco)']
    assert panel.method.title
    for _ in range(2):
        open_panel(viewer, 'compare')
    assert 'Compare (Fresco)' in viewer.window.dock_widgets
    assert len(viewer.window.dock_widgets) == 2
