"""What a panel offers to do about a result: report, fractions, hot pixels; and what it used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco._napari.running import result_actions
from napari_fresco.layers.jobs.layer_restoration import running

from .conftest import Dock, FakeSolver, Finish
from .signals import pump, until

RANDOM = np.random.default_rng(0)
CLEAN = 200 + 500 * ndimage.gaussian_filter(RANDOM.normal(size=(64, 64)), 2)
NOISY = (CLEAN + RANDOM.normal(0, 10, CLEAN.shape)).astype(np.float32)
PLACES = ((9, 11), (40, 50))


def with_hot_pixels() -> np.ndarray:
    image = NOISY.copy()
    for place in PLACES:
        image[place] = 60000
    return image


def settled(panel: Any) -> Any:
    offers = panel.bar.offers
    pump(lambda: offers.job is not None and offers.job.done)
    return offers


def test_hot_pixels_become_a_mask_and_are_repaired_on_request(
    model: Any, dock: Dock, finish: Finish
) -> None:
    model.add_image(with_hot_pixels(), name='frame', scale=(2, 3), translate=(1, 5))
    panel = dock(model, 'ffdnet')
    assert panel.bar.offers.isHidden()
    finish(panel)
    offers = panel.bar.offers
    assert not offers.hot_mask.isHidden()
    assert offers.hot_mask.text() == '2 hot pixels as mask'
    offers.hot_mask.click()
    settled(panel)
    labels = model.layers['frame hot pixels']
    assert {tuple(place) for place in np.argwhere(labels.data)} == set(PLACES)
    np.testing.assert_allclose(labels.scale, (2, 3))
    np.testing.assert_allclose(labels.translate, (1, 5))
    kept = model.layers['frame [FFDNet]'].data
    assert all(kept[place] == 60000 for place in PLACES)
    with until(running.ended):
        offers.repair.click()
    repaired = panel.wait()[-1].data
    assert all(abs(repaired[place] - CLEAN[place]) < 30 for place in PLACES)
    assert offers.repair.isHidden()


def test_one_click_keeps_fractions_where_rounding_lost_light(
    model: Any, dock: Dock, solver: FakeSolver, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = SimpleNamespace(name='rounding', ok=False, message='rounding moved 3 % of the light')
    iterate = solver.iterate

    def rounding(image: Any, **given: Any) -> Any:
        result = yield from iterate(image, **given)
        return replace(result, checks=() if given.get('dtype') else (check,))

    monkeypatch.setattr(solver, 'iterate', rounding)
    model.add_image(np.ones((20, 30), np.uint16), name='counts')
    panel = dock(model, 'drunet')
    finish(panel)
    assert not panel.bar.offers.fractions.isHidden()
    panel.bar.offers.fractions.click()
    pump(lambda: len(solver.calls) == 2 and panel.bar.offers.fractions.isHidden())
    assert solver.calls[-1]['dtype'] == 'float32'
    assert panel.dtype.value == 'float32'


def test_a_report_is_a_button_beside_the_badge(
    model: Any, dock: Dock, finish: Finish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.add_image(NOISY, name='frame')
    panel = dock(model, 'ffdnet')
    finish(panel)
    path = tmp_path / 'page.html'
    monkeypatch.setattr(result_actions, 'ask_for_report', lambda *_: path)
    panel.bar.offers.report.click()
    settled(panel)
    text = path.read_text(encoding='utf-8')
    assert 'FFDNet' in text
    assert 'restore IMAGE -o RESULT' in text, 'a layer is no file'
    panel.image.value = model.add_image(NOISY, name='other')
    assert panel.bar.offers.isHidden()


def test_the_range_can_be_set_and_is_shown(model: Any, dock: Dock, finish: Finish) -> None:
    model.add_image(NOISY, name='frame')
    panel = dock(model, 'ffdnet')
    assert 'Found in the image' in panel.noise_section.used.text()
    panel.data_range.value = (0, 400)
    assert panel.data_range.native.text() == '0 to 400'
    assert panel.request().settings['data_range'] == (0, 400)
    finish(panel)
    assert 'range 0 to 400' in panel.noise_section.used.text()
    assert 'σ' in panel.noise_section.used.text()
    panel.data_range.native.setText('0, many')
    assert 'two numbers' in panel.problem()
    panel.data_range.native.setText('')
    assert panel.data_range.value is None


def test_the_noise_row_says_what_a_run_will_use(model: Any, dock: Dock) -> None:
    model.add_image(NOISY, name='frame')
    panel = dock(model, 'ffdnet')
    panel.sigma.value = 7
    assert panel.noise_section.used.text().startswith('σ 7,')
    panel.noise.value = 'poisson-gaussian'
    panel.gain.value = 2
    panel.refresh()
    assert 'what is empty is found' in panel.noise_section.used.text()
    panel.offset.value, panel.read_noise.value = 100, 3
    panel.refresh()
    assert panel.noise_section.used.text() == 'Photon noise with these numbers.'


def test_a_result_says_where_to_go_next(
    viewer: Any, dock: Callable[[Any, str], Any], solver: FakeSolver, finish: Callable[[Any], None]
) -> None:
    viewer.add_image(np.zeros((16, 16)), name='wall')
    viewer.add_labels(np.eye(16, dtype=int), name='cracks')
    panel = dock(viewer, 'dpir')
    panel.task.value = 'inpaint'
    finish(panel)
    offers = panel.bar.offers
    assert not offers.document.isHidden()
    offers.compare.click()
    pump(lambda: 'Compare (Fresco)' in viewer.window.dock_widgets)
    assert viewer.window.dock_widgets['Compare (Fresco)'].second.value.name == 'wall [DPIR]'
    panel.task.value = 'denoise'
    finish(panel)
    assert offers.document.isHidden()


@pytest.mark.parametrize('suffix', ['.tif', '.png'])
def test_the_result_is_saved_and_not_the_layer_that_is_selected(
    model: Any, dock: Dock, finish: Finish, tmp_path: Path, suffix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    path, told, asked = tmp_path / f'clean{suffix}', list[str](), list[str]()

    def ask(parent: Any, title: str, name: str, kinds: str, ending: str) -> Path:
        asked.append(name + ending)
        return path

    monkeypatch.setattr(result_actions, 'ask_for_file', ask)
    monkeypatch.setattr(result_actions, 'show_info', told.append)
    monkeypatch.setattr(result_actions, 'show_error', told.append)
    noisy = NOISY.astype(np.uint16)
    model.add_image(noisy, name='frame', scale=(2, 3), units=('um', 'um'))
    panel = dock(model, 'ffdnet')
    finish(panel)
    assert model.layers.selection.active.name == 'frame'
    panel.bar.offers.save.click()
    settled(panel)
    restored = model.layers['frame [FFDNet]'].data
    assert (fresco.read(path).data == restored).all()
    assert asked == ['frame [FFDNet].tif']
    assert told == [f'{path} is written.']
    if suffix == '.tif':
        assert 'ffdnet' in Path(f'{path}.json').read_text('utf-8')
    model.layers.remove('frame [FFDNet]')
    panel.bar.offers.save.click()
    assert 'not among the layers' in told[-1]
