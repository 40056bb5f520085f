"""Opening a panel costs little: counted in what it makes and imports, not in seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QWidget

from napari_fresco._napari import commands
from napari_fresco._napari.rounds import Rounds

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
        'import sys\n'
        'import napari.layers, napari.components, napari_fresco._napari.opening\n'
        'from napari_fresco._napari import commands\n'
        'commands.compare\n'
        'print(*(name for name in sys.modules if name.startswith("napari_fresco")), sep="\\n")\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, timeout=120,
        env={**os.environ, 'QT_QPA_PLATFORM': 'offscreen'},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    imported = {name.rpartition('.')[2] for name in done.stdout.split()}
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

    rounds = Rounds(act)
    rounds.go()
    assert len(asked) == 3
