"""The window *Camera*: found from an image or from stacks, kept, read and used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QPushButton

from napari_fresco._napari.degradation import camera_dialog
from napari_fresco._napari.degradation.camera_dialog import STACKS, CameraDialog
from napari_fresco.errors import ParameterError

from .conftest import Dock
from .signals import pump
from .test_estimate_noise import frame, white


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    errors: list[str] = []
    monkeypatch.setattr(camera_dialog, 'show_error', errors.append)
    return errors


@pytest.fixture
def opened(model: Any, dock: Dock, told: list[str]) -> Any:
    model.add_image(frame(), name='frame')
    return dock(model, 'ffdnet')


def window(panel: Any) -> CameraDialog:
    panel.noise_section.camera_button.click()
    (found,) = panel.native.findChildren(CameraDialog)
    return found


def search(dialog: CameraDialog) -> Any:
    dialog.search.click()
    pump(lambda: dialog.job is None)
    return dialog.found


def frames(mean: float, seed: int, count: int = 6) -> np.ndarray:
    random = np.random.default_rng(seed)
    light = random.poisson(mean, (count, 40, 40))
    return np.rint(2.0 * light + 100 + random.normal(0, 3, light.shape)).astype(np.uint16)


def test_a_camera_of_the_image_is_shown_drawn_and_used(opened: Any) -> None:
    dialog = window(opened)
    assert not dialog.use.isEnabled()
    found = search(dialog)
    assert found.camera.gain == pytest.approx(2, rel=0.2)
    assert 'image units per photo-electron' in dialog.numbers.text()
    assert 'cannot tell the offset' in dialog.numbers.text()
    assert found.graph.traces[1].style == 'line'
    dialog.use.click()
    assert opened.noise.value == 'poisson-gaussian'
    assert opened.gain.value == pytest.approx(found.camera.gain)
    assert 'cannot tell the offset' in opened.noise_section.said
    assert opened.request().parameters['offset'] == pytest.approx(found.camera.offset)


def test_stacks_tell_the_offset_and_presets_come_back(
    model: Any, opened: Any, tmp_path: Path
) -> None:
    model.add_image(frames(0, 1), name='dark')
    for level in (20, 100, 300):
        model.add_image(frames(level, level), name=f'flat {level}')
    dialog = window(opened)
    dialog.source.value, dialog.dark.value = STACKS, 'dark'
    for i in range(dialog.flats.count()):
        item = dialog.flats.item(i)
        if item.text().startswith('flat'):
            item.setCheckState(Qt.CheckState.Checked)
    found = search(dialog)
    assert found.camera.gain == pytest.approx(2, rel=0.05)
    assert found.camera.offset == pytest.approx(100, abs=0.5)
    assert len(found.graph.traces[0].x) == 4
    dialog.save_preset(tmp_path / 'left.json')
    assert (tmp_path / 'left.offset.tif').is_file()
    dialog.found = None
    dialog.load_preset(tmp_path / 'left.json')
    assert dialog.found.camera == pytest.approx(found.camera)
    assert 'left.json' in dialog.numbers.text()
    dialog.use.click()
    assert opened.offset.value == pytest.approx(found.camera.offset)


def test_a_preset_of_another_bit_depth_is_refused(model: Any, opened: Any, tmp_path: Path) -> None:
    dialog = window(opened)
    search(dialog)
    dialog.save_preset(tmp_path / 'left.json')
    opened.image.value = model.add_image(frame().clip(0, 255).astype(np.uint8), name='bytes')
    with pytest.raises(ParameterError, match='calibrated for uint16, the image is uint8'):
        dialog.load_preset(tmp_path / 'left.json')


def test_what_cannot_be_found_is_said(model: Any, opened: Any, told: list[str]) -> None:
    dialog = window(opened)
    dialog.source.value = STACKS
    dialog.search.click()
    assert 'stack of dark frames' in told[0]
    opened.image.value = model.add_image(white(7), name='white')
    dialog.source.value = camera_dialog.IMAGE
    assert search(dialog).camera is None
    assert 'o photon noise' in dialog.numbers.text()
    assert not dialog.save.isEnabled()


def test_every_control_of_the_window_has_a_name_and_a_tooltip(opened: Any) -> None:
    dialog = window(opened)
    controls = [*dialog.findChildren(QPushButton), *dialog.findChildren(QComboBox)]
    assert len(controls) == 6
    assert all(each.objectName() and each.toolTip() for each in controls)
    assert window(opened) is dialog
