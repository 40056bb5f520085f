"""Panels take, save and load presets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco._napari import commands
from napari_fresco._napari.methods import preset_menu
from napari_fresco.errors import FrescoError


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(preset_menu, 'own_folder', lambda: tmp_path)
    return tmp_path


@pytest.fixture
def panel(model: Any, own: Path, qtbot: Any) -> Any:
    model.add_image(np.zeros((4, 16, 16), np.uint16), name='stack')
    found = commands.restore(model)
    qtbot.addWidget(found.native)
    return found


def titles(panel: Any) -> list[str]:
    panel.presets.fill()
    return [entry.text() for entry in panel.presets.entries]


def test_a_preset_is_chosen_in_the_menu_and_says_why(panel: Any) -> None:
    stack = fresco.presets()['stack']
    panel.sigma.value, panel.tile.value = 5, 256
    titles(panel)
    next(entry for entry in panel.presets.entries if entry.text() == stack.title).trigger()
    assert (panel.method.name, panel.task.value, panel.neighbours.value) == ('ffdnet', 'denoise', 2)
    assert panel.sigma.value == 'auto'
    assert panel.tile.value == 256  # of this computer
    assert stack.about[:-1] in panel.bar.message.text()
    panel.use_preset('few-photons')
    assert (panel.dtype.value, panel.neighbours.value) == ('float32', 0)


def test_what_was_saved_is_offered_and_comes_back(panel: Any, own: Path) -> None:
    panel.task.value = 'inpaint'
    panel.input_section.method_row.value = 'dpir'
    panel.sigma.value, panel.exemplars.value, panel.keep_known.value = 4, False, False
    panel.presets.save(own / 'My wall.json')
    panel.use_preset('jpeg-photograph')
    assert panel.method.name == 'vdir'
    assert 'My wall' in titles(panel)
    panel.presets.load(own / 'My wall.json')
    assert (panel.method.name, panel.task.value) == ('dpir', 'inpaint')
    assert (panel.sigma.value, panel.exemplars.value, panel.keep_known.value) == (4, False, False)
    kept = fresco.Preset.of(own / 'My wall.json')
    assert kept.options == {'sigma': 4.0, 'keep_known': False}


def test_a_panel_offers_only_what_it_can_do(model: Any, own: Path, qtbot: Any) -> None:
    panel = commands.ffdnet(model)
    qtbot.addWidget(panel.native)
    bundled = [preset for preset in fresco.presets().values() if preset.title in titles(panel)]
    assert {preset.method for preset in bundled} == {'ffdnet'}
    with pytest.raises(FrescoError, match='not on offer'):
        panel.use_preset('jpeg-photograph')


def test_a_map_of_the_noise_is_not_saved(panel: Any, model: Any, own: Path) -> None:
    panel.sigma.value = model.add_image(np.ones((16, 16)), name='map')
    with pytest.raises(FrescoError, match='belongs to its image'):
        panel.presets.save(own / 'a.json')
