"""Keys of the viewer run, cancel, compare and add masks, wherever napari has none of its own."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari._qt.widgets.qt_keyboard_settings import ShortcutEditor
from napari.components import ViewerModel
from napari.settings import get_settings
from napari.utils.action_manager import action_manager
from napari.utils.key_bindings import coerce_keybinding
from napari.utils.shortcuts import default_shortcuts
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from napari_fresco._napari import shortcuts
from napari_fresco._napari.shortcuts import SHORTCUTS, ShortcutsDialog
from napari_fresco._napari.window.active_panel import panel_in_front
from napari_fresco.layers.images.layer_kinds import METADATA
from napari_fresco.layers.jobs import layer_restoration
from napari_fresco.layers.jobs.layer_restoration import running

from .conftest import FakeSolver
from .signals import pump, until

Press = Callable[..., None]
NONE, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def shown(make_napari_viewer_proxy: Callable[..., Any], idle: None) -> Any:
    """A viewer whose window is on the screen."""
    return make_napari_viewer_proxy(show=True)


@pytest.fixture
def wall(shown: Any) -> Any:
    return shown.add_image(np.zeros((16, 16)), name='wall')


@pytest.fixture
def press(shown: Any, qtbot: Any) -> Press:
    """Press a key in the window, or one half of it."""

    def press_key(key: Any, with_: Any = NONE, act: str = 'Click') -> None:
        window = layer_restoration.unwrapped(shown).window._qt_window
        getattr(qtbot, f'key{act}')(window, key, with_)

    return press_key


def result_of(viewer: Any, name: str, source: str = 'wall') -> Any:
    metadata = {METADATA: {'method': 'ffdnet', 'source': {'layer': source}}}
    return viewer.add_image(np.ones((16, 16)), name=name, metadata=metadata)


def visible(viewer: Any) -> list[str]:
    return [layer.name for layer in viewer.layers if layer.visible]


def test_no_key_is_one_of_napari() -> None:
    taken = {str(key) for keys in default_shortcuts.values() for key in keys}
    ours = {str(coerce_keybinding(each.key)) for each in SHORTCUTS}
    assert len(ours) == len(SHORTCUTS)
    assert not ours & taken


def test_keys_run_and_cancel_the_panel_in_front(
    shown: Any, wall: Any, press: Press, dock: Any, solver: FakeSolver
) -> None:
    for name in ('dncnn', 'ffdnet'):
        panel = dock(shown, name)
        pump(panel.native.isVisible)
    assert panel_in_front(shown) is panel
    solver.gated = True
    press(Qt.Key.Key_Return, CONTROL)
    assert running.restoration is not None
    assert running.restoration.request.method.name == 'ffdnet'
    with until(running.ended):
        press(Qt.Key.Key_Period, CONTROL)
        solver.allow(3)
    assert shown.layers[-1].name == 'wall [FFDNet] partial'


def test_keys_compare_leaf_and_add_masks(
    shown: Any, wall: Any, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(shortcuts, 'show_info', said.append)
    for key, with_ in ((Qt.Key.Key_Return, CONTROL), (Qt.Key.Key_H, NONE), (Qt.Key.Key_N, NONE)):
        press(key, with_)
    assert ['panel' in said[0], 'no result' in said[1], 'no result' in said[2]] == [True] * 3

    for name in ('one', 'two', 'three'):
        result_of(shown, name)
    result_of(shown, 'of another', source='gone')
    shown.layers.selection.active = shown.layers['two']
    press(Qt.Key.Key_H, act='Press')
    assert visible(shown) == ['wall']
    press(Qt.Key.Key_H, act='Release')
    assert len(visible(shown)) == len(shown.layers)

    seen = []
    for _ in range(3):
        press(Qt.Key.Key_N)
        seen.append(visible(shown))
    assert seen == [['wall', name, 'of another'] for name in ('three', 'one', 'two')]

    shown.layers.selection.active = wall
    press(Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    assert shown.layers['wall mask'].mode == 'paint'


def test_the_dialog_lists_every_key_and_those_of_others(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = SHORTCUTS
    monkeypatch.setitem(ViewerModel.class_keymap, coerce_keybinding(first.key), print)
    shortcuts.bind_keys()
    dialog = ShortcutsDialog()
    qtbot.addWidget(dialog)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    assert f'{first.does} (bound to something else)' in texts
    for each in SHORTCUTS[1:]:
        assert {each.shown, each.does} <= set(texts)


def test_other_keys_can_be_chosen_in_the_preferences_of_napari(
    shown: Any, wall: Any, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaf = next(each for each in SHORTCUTS if each.act is shortcuts.show_next_result)
    chosen = {**get_settings().shortcuts.shortcuts, leaf.action: [coerce_keybinding('Shift-J')]}
    monkeypatch.setattr(shortcuts, 'get_settings', lambda: _settings(chosen))
    monkeypatch.setattr(shortcuts, '_REGISTERED', set())
    try:
        action_manager.unbind_shortcut(leaf.action)
        shortcuts.bind_keys()
        assert leaf.shown.endswith('+J')
        assert leaf.is_bound
        result_of(shown, 'one')
        wall.visible = False
        said: list[str] = []
        monkeypatch.setattr(shortcuts, 'next_result', lambda viewer: said.append('next'))
        monkeypatch.setattr(shortcuts, 'show_info', said.append)
        press(Qt.Key.Key_N)
        assert said == []
        press(Qt.Key.Key_J, Qt.KeyboardModifier.ShiftModifier)
        assert said[0] == 'next'
    finally:
        action_manager.unbind_shortcut(leaf.action)
        action_manager.bind_shortcut(leaf.action, leaf.key)


def test_napari_lists_our_actions(shown: Any) -> None:
    shortcuts.bind_keys()
    editor = ShortcutEditor()
    editor.layer_combo_box.setCurrentText(editor.VIEWER_KEYBINDINGS)
    table = editor._table
    listed = {table.item(row, 0).text() for row in range(table.rowCount())}
    assert {f'Fresco: {each.does}' for each in SHORTCUTS} <= listed
    editor.close()


def _settings(chosen: dict[str, Any]) -> Any:
    return SimpleNamespace(shortcuts=SimpleNamespace(shortcuts=chosen))
