"""A tour in five steps: offered once, skipped at will, and each step does what it says."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from types import SimpleNamespace
from typing import Any

import pytest
from npe2 import PluginManifest

from napari_fresco._napari import commands
from napari_fresco._napari.widgets.settings import Preferences, note_tour_offered, read_preferences
from napari_fresco._napari.window import tour
from napari_fresco._napari.window.tour import STEPS, TourDialog

from .signals import pump


@pytest.fixture
def dialog(viewer: Any, qtbot: Any) -> Any:
    found = TourDialog(viewer)
    qtbot.addWidget(found)
    return found


def test_the_steps_open_run_and_compare(
    viewer: Any, dialog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def do() -> None:
        dialog.act.click()
        dialog.next.click()

    do()
    assert {'mural', 'mural damage'} <= {layer.name for layer in viewer.layers}
    do()
    do()
    assert viewer.layers['mural damage'].mode == 'paint'
    ran: list[bool] = []
    panel = SimpleNamespace(run=lambda: ran.append(True))
    monkeypatch.setattr(tour, 'panel_in_front', lambda viewer: panel)
    do()
    assert ran == [True]
    assert dialog.skip.isHidden()
    do()
    assert dialog.isHidden()


def test_one_can_go_back_and_skip(dialog: Any) -> None:
    assert len(STEPS) == 5
    assert not dialog.back.isEnabled()
    dialog.next.click()
    dialog.back.click()
    assert dialog.number == 0
    dialog.show()
    dialog.skip.click()
    assert dialog.isHidden()


def test_it_is_offered_with_the_first_panel_and_never_again(
    make_napari_viewer_proxy: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[bool] = []
    kept = {'offer': True}
    monkeypatch.setattr(tour, '_shown', lambda *given: shown.append(True))
    monkeypatch.setattr(tour, 'read_preferences', lambda: Preferences(offer_tour=kept['offer']))
    monkeypatch.setattr(tour, 'note_tour_offered', lambda: kept.update(offer=False))
    viewer = make_napari_viewer_proxy(show=True)
    for name in ('ffdnet', 'dncnn'):
        panel = getattr(commands, name)(viewer)
        viewer.window.add_dock_widget(panel, name=name)
        pump(panel.native.isVisible)
    pump(lambda: bool(shown))
    assert len(shown) == 1


def test_that_it_was_offered_is_remembered(plugin_settings: None, npe2pm: Any) -> None:
    npe2pm.register(PluginManifest.from_file(str(resources.files('napari_fresco') / 'napari.yaml')))
    assert read_preferences().offer_tour
    note_tour_offered()
    assert not read_preferences().offer_tour


def test_the_menu_shows_it_over_the_window(
    make_napari_viewer_proxy: Callable[..., Any],
) -> None:
    viewer = make_napari_viewer_proxy(show=True)
    for dialog in (commands.show_tour(viewer), commands.show_shortcuts()):
        assert dialog.isVisible()
        assert dialog.parent() is not None, 'else it is lost at once where no window is active'
        dialog.close()
