"""Opening a panel costs little: counted in what it makes and imports, not in seconds."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QWidget

import napari_fresco
from napari_fresco._napari import commands
from napari_fresco._napari.comparing.compare_panel import ComparePanel
from napari_fresco._napari.widgets.coalesced_call import CoalescedCall
from napari_fresco.layers.comparing.side_by_side import SideBySide, grid_of
from napari_fresco.layers.images import removal
from napari_fresco.layers.images.removal import take_away
from napari_fresco.layers.results.results import inserted

from .fresh_process import run_fresh
from .signals import pump

MOST_WIDGETS = {'restore': 320, 'fill_losses': 320, 'dpir': 400, 'compare': 120}
"""In a panel as it opens: each costs a processor a third of a millisecond."""


@pytest.mark.parametrize('name', MOST_WIDGETS)
def test_a_panel_makes_no_more_than_it_shows(model: Any, qtbot: Any, name: str) -> None:
    model.add_image(np.zeros((32, 32)))
    panel = getattr(commands, name)(model)
    native = getattr(panel, 'native', panel)
    qtbot.addWidget(native)
    assert len(native.findChildren(QWidget)) <= MOST_WIDGETS[name]


def test_a_panel_imports_its_own_modules_alone() -> None:
    code = (
        'import gc, sys\n'
        'import napari.layers, napari.components, napari_fresco._napari.window.opening\n'
        'from napari_fresco._napari import commands\n'
        'gc.callbacks.append(lambda phase, info: print("search", info["generation"]))\n'
        'commands.compare\n'
        'gc.callbacks.clear()\n'
        'print(*sys.modules, sep="\\n")\n'
    )
    lines = run_fresh(code).stdout.splitlines()
    assert 'search 2' not in lines
    assert 'scipy.optimize' not in lines
    ours = [name for name in lines if name.startswith('napari_fresco')]
    imported = {name.rpartition('.')[2] for name in ours}
    assert 'compare_panel' in imported
    assert not imported & {'panel', 'simulate_panel', 'document_panel', 'kernel_panel', 'batch'}


def test_what_follows_a_choice_asks_for_itself_once_more_at_most(
    model: Any, dock: Callable[[Any, str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model.add_image(np.zeros((32, 32)))
    panel = dock(model, 'dpir')
    rounds: list[int] = []
    monkeypatch.setattr(panel._rounds, '_act', lambda: rounds.append(1))
    panel.task.value = 'inpaint'
    pump(lambda: bool(rounds))
    assert len(rounds) <= 2


def test_rounds_end() -> None:
    asked: list[int] = []

    def act() -> None:
        asked.append(1)
        rounds.go()

    rounds = CoalescedCall(act)
    rounds.go()
    assert len(asked) == 3


@pytest.mark.skipif(sys.platform == 'win32', reason='drivers of Windows want the search')
def test_a_layer_goes_without_a_search_through_all_objects(
    viewer: Any, full_searches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = [viewer.add_image(np.zeros((32, 32))) for _ in range(2)]
    there = len(gc.get_objects())
    full_searches.clear()
    take_away(viewer, layers[0])
    assert max(full_searches, default=0) < there / 10
    assert not gc.get_freeze_count()
    monkeypatch.setattr(removal, '_LIGHT', 0)
    take_away(viewer, layers[1])
    assert not len(viewer.layers)
    assert gc.isenabled()


def test_all_layers_go_that_way() -> None:
    removing = [
        path.name
        for path in Path(napari_fresco.__file__).parent.rglob('*.py')
        if 'layers.remove(' in path.read_text('utf-8')
    ]
    assert removing == ['removal.py']


def test_boxes_are_made_once(viewer: Any) -> None:
    layers = [viewer.add_image(np.zeros((32, 32))) for _ in range(3)]
    grid = grid_of(viewer)
    heard: list[str] = []
    grid.events.connect(lambda event: heard.append(event.type))
    beside = SideBySide(viewer, *layers[1:])
    assert grid.actual_shape(viewer.layers) == (1, 2)
    assert set(heard) == {'enabled'}
    heard.clear()
    beside.close()
    assert grid.shape == (-1, -1)
    assert set(heard) == {'enabled'}


def test_the_panel_of_methods_is_made_part_by_part(model: Any, qtbot: Any) -> None:
    model.add_image(np.zeros((32, 32)))
    made: list[Any] = []

    def whole() -> Generator[None, None, None]:
        made.append((yield from commands.restore.in_parts(model)))

    assert len(list(whole())) > 3
    (panel,) = made
    qtbot.addWidget(panel.native)
    assert panel.image.value is not None
    assert panel.native.panel is panel


def test_what_is_selected_stays_so_unheard(viewer: Any) -> None:
    first, second = (viewer.add_image(np.zeros((32, 32))) for _ in range(2))
    selection = viewer.layers.selection
    heard: list[Any] = []
    for event in (selection.events.active, selection.events.changed):
        event.connect(heard.append)
    data = (np.zeros((32, 32)), {'name': 'third'}, 'image')
    inserted(viewer, None, data, select=False)
    assert selection.active.name == second.name
    assert not heard
    selection.add(first)
    heard.clear()
    inserted(viewer, None, data, select=False)
    assert {layer.name for layer in selection} == {first.name, second.name}
    assert not heard
    selection.clear()
    last = inserted(viewer, None, data, select=False)
    assert selection.active.name == last.name


def test_a_line_is_drawn_after_it_was_added(viewer: Any) -> None:
    for number in range(2):
        viewer.add_image(np.full((32, 32), number))
    panel = ComparePanel(viewer)
    viewer.window.add_dock_widget(panel)
    panel.first.value, panel.second.value = viewer.layers
    panel.profile.button.click()
    assert panel.profile.view is not None
    assert not panel.profile.line.visible
    pump(lambda: panel.profile.line.visible)
    panel.profile.button.click()
    panel.profile.button.click()
    panel.profile.button.click()
    assert len(viewer.layers) == 2
