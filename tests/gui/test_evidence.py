"""The dock *Evidence*: the numbers, graphs, maps and report of a result layer."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QComboBox, QPushButton
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco import evidence
from napari_fresco._napari import commands
from napari_fresco._napari.reports import evidence_panel, working_panel
from napari_fresco.evidence.channel_noise import noise_of
from napari_fresco.layers import restore_layer
from napari_fresco.layers.files.layer_files import file_layers
from napari_fresco.layers.images.layer_kinds import KERNEL, METADATA, is_picture
from napari_fresco.layers.jobs.evidence_request import EvidenceRequest

from .signals import pump

Open = Callable[..., Any]
RANDOM = np.random.default_rng(0)
CLEAN = 100 + 300 * ndimage.gaussian_filter(RANDOM.normal(size=(3, 64, 80)), (0, 2, 2))
NOISY = (CLEAN + RANDOM.normal(0, 10, CLEAN.shape)).astype(np.float32)
PLACE = {'scale': (0.2, 0.1), 'units': ('um', 'um'), 'translate': (5, 7)}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    errors: list[str] = []
    monkeypatch.setattr(working_panel, 'show_error', errors.append)
    return errors


@pytest.fixture
def opened(qtbot: Any, told: list[str]) -> Open:
    """Open the dock, in a window where there is one."""

    def open_panel(viewer: Any) -> Any:
        panel = commands.evidence(viewer)
        if hasattr(viewer, 'window'):
            viewer.window.add_dock_widget(panel, name='Evidence')
        else:
            qtbot.addWidget(panel)
        return panel

    return open_panel


def restored(viewer: Any, data: Any = NOISY[0], **options: Any) -> Any:
    place = PLACE if np.ndim(data) == 2 else {}
    viewer.add_image(data, name='cells', **place)
    (layer,) = restore_layer(viewer, 'cells', method='ffdnet', sigma=10, **options)
    return layer


def known_checks(layer: Any) -> dict[str, bool]:
    return {check['name']: check['ok'] for check in layer.metadata[METADATA]['checks']}


def done(panel: Any) -> list[Any]:
    layers: list[Any] = panel.wait(60)
    pump(lambda: not panel.at_work)
    return layers


def measured(panel: Any) -> Any:
    panel.button.click()
    done(panel)
    return panel


def test_a_result_is_measured_in_a_viewer_as_it_is_without_one(viewer: Any, opened: Open) -> None:
    layer = restored(viewer)
    panel = measured(opened(viewer))
    assert panel.result.value.name == 'cells [FFDNet]'
    assert panel.image.text == 'cells'
    known = noise_of(layer.metadata[METADATA])
    alone = evidence.evaluate(layer.data, NOISY[0], noise=known)
    assert panel.table.line('RSE').text(1) == f'{alone["error_map"]["rse"]:.4g}'
    assert panel.table.line('RSE').text(2) == 'image units'
    assert panel.table.line('input decorrelation').text(2) in ('um', '')
    checks = known_checks(layer)
    said = {name: panel.table.line(name).text(2) for name in checks}
    assert said == {name: 'good' if ok else 'look' for name, ok in checks.items()}
    assert (panel.badge.text() == 'all checks passed') == all(checks.values())
    names = [view.graph.name for view in panel.findChildren(evidence_panel.GraphView)]
    assert 'Residual' in names
    assert 'Decorrelation' in names
    assert not panel.found.isHidden()


def test_truth_and_second_frame_add_what_they_tell(model: Any, opened: Open) -> None:
    restored(model)
    model.add_image(CLEAN[0], name='truth', **PLACE)
    again = (CLEAN[0] + RANDOM.normal(0, 10, CLEAN[0].shape)).astype(np.float32)
    model.add_image(again, name='again', **PLACE)
    panel = opened(model)
    panel.truth.value, panel.second.value = 'truth', 'again'
    measured(panel)
    assert float(panel.table.line('PSNR').text(1)) > float(panel.table.line('input PSNR').text(1))
    assert panel.table.line('input two frames').text(2) == 'um'
    assert panel.findChildren(evidence_panel.GraphView)[0].graph.name == 'FRC, two frames'


@pytest.mark.parametrize('kind', ['error', 'residual', 'chi_square'])
def test_maps_lie_over_the_result(model: Any, opened: Open, kind: Any) -> None:
    layer = restored(model)
    panel = measured(opened(model))
    panel.map_buttons[kind].click()
    (found,) = done(panel)
    assert model.layers.index(found) == model.layers.index(layer.name) + 1
    np.testing.assert_allclose(found.scale, layer.scale)
    np.testing.assert_allclose(found.translate, layer.translate)
    assert found.units == layer.units
    assert not is_picture(found)
    x = np.asarray(layer.data, float)
    wanted = {
        'error': lambda: evidence.error_map(NOISY[0], x).map,
        'residual': lambda: (NOISY[0] - x) / 10,
        'chi_square': lambda: evidence.residual(NOISY[0], x, 10.0).chi_square.local,
    }[kind]()
    np.testing.assert_allclose(found.data, wanted, rtol=1e-3, atol=1e-3)


def test_a_stack_is_measured_as_shown_or_whole(model: Any, opened: Open) -> None:
    restored(model, NOISY)
    panel = opened(model)
    model.dims.set_point(0, 2)
    measured(panel)
    assert panel.table.line('all').text(1) == '1'
    panel.add_map('residual')
    (found,) = done(panel)
    assert found.data.shape == (1, 64, 80)
    np.testing.assert_allclose(found.translate, (2, 0, 0))
    x = np.asarray(model.layers['cells [FFDNet]'].data[2], float)
    np.testing.assert_allclose(found.data[0], (NOISY[2] - x) / 10, atol=1e-3)
    panel.extent.value = 'Whole stack'
    assert panel.found.isHidden()
    measured(panel)
    assert panel.table.line('all').text(1) == '3'
    panel.add_map('residual')
    (found,) = done(panel)
    assert found.data.shape == NOISY.shape


@pytest.mark.parametrize('full_size', [False, True])
def test_a_part_is_compared_with_its_part(model: Any, opened: Open, full_size: bool) -> None:
    part = np.s_[8:56, 16:80]
    layer = restored(model, part=part, full_size=full_size)
    panel = measured(opened(model))
    x = layer.data[part] if full_size else layer.data
    found = evidence.evaluate(x, NOISY[0][part], noise=10.0)['residual']['rms']
    assert panel.table.line('rms').text(1) == f'{found:.4g}'


def test_a_part_may_be_compared_with_a_cut_of_the_image(model: Any, opened: Open) -> None:
    part = np.s_[8:56, 16:80]
    layer = restored(model, part=part)
    model.add_image(NOISY[0][part], name='cut')
    panel = opened(model)
    panel.image.value = 'cut'
    measured(panel)
    found = evidence.evaluate(layer.data, NOISY[0][part], noise=10.0)['residual']['rms']
    assert panel.table.line('rms').text(1) == f'{found:.4g}'


@pytest.mark.parametrize('chosen', [False, True], ids=['the kernel of the run', 'a layer'])
def test_a_volume_is_blurred_again_by_its_kernel(model: Any, opened: Open, chosen: bool) -> None:
    points = np.zeros((20, 40, 48))
    points[3::4, 5::8, 5::8] = 20_000
    truth = 100 + ndimage.gaussian_filter(points, 1)
    kernel = np.zeros((5, 7, 7))
    kernel[2, 3, 3] = 1
    kernel = ndimage.gaussian_filter(kernel, (0.8, 1.2, 1.2))
    seen = ndimage.convolve(truth, kernel) + RANDOM.normal(0, 5, truth.shape)
    place = {'scale': (0.2, 0.1, 0.1), 'units': ('um',) * 3, 'axis_labels': ('z', 'y', 'x')}
    model.add_image(seen.astype(np.float32), name='cells', **place)
    model.add_image(kernel, name='psf', metadata={KERNEL: True}, **place)
    restore_layer(model, 'cells', method='wiener', task='deblur', kernel='psf', sigma=5)
    model.dims.set_point(0, 2.0)
    panel = opened(model)
    panel.kernel.value = 'psf' if chosen else None
    panel.extent.value = evidence_panel.SLICE  # the volume all the same
    measured(panel)
    found = evidence.evaluate(
        fresco.Image(model.layers['cells [Wiener]'].data, 'ZYX'),
        fresco.Image(seen.astype(np.float32), 'ZYX'),
        kernel=kernel,
        noise=5.0,
    )
    assert float(panel.table.line('rms').text(1)) == pytest.approx(
        found['residual']['rms'], rel=0.01
    )
    panel.map_buttons['residual'].click()
    (layer,) = done(panel)
    judged = np.isfinite(layer.data).all((1, 2))
    assert layer.data.shape == truth.shape
    assert judged[4:-4].all()
    assert not judged[[0, -1]].any()


def test_a_report_is_written(model: Any, opened: Open, tmp_path: Path, monkeypatch: Any) -> None:
    restored(model)
    panel = opened(model)
    monkeypatch.setattr(evidence_panel, 'ask_for_report', lambda *_: tmp_path / 'page.html')
    panel.report_button.click()
    done(panel)
    text = (tmp_path / 'page.html').read_text(encoding='utf-8')
    assert text.count('data:image/png;base64,') == 3
    assert 'FFDNet' in text
    assert 'page.html' in panel.message.text()


def test_a_report_names_the_file_of_a_whole_layer(model: Any, tmp_path: Path) -> None:
    fresco.write(tmp_path / 'frame.tif', NOISY[0])
    ((data, keywords, _),) = file_layers(tmp_path / 'frame.tif')
    layer = model.add_image(data, **keywords)
    for part, named in ((np.s_[:, :], 'frame.tif'), (np.s_[:20, :], 'IMAGE')):
        (made,) = restore_layer(model, layer, method='ffdnet', sigma=5, part=part)
        work = EvidenceRequest.of(made, layer).report(tmp_path / 'page.html')
        for _ in work(threading.Event()):
            pass
        text = (tmp_path / 'page.html').read_text(encoding='utf-8')
        assert re.search(rf'restore \S*{named} -o RESULT', text)


def test_what_is_no_result_is_measured_but_not_reported(model: Any, opened: Open) -> None:
    model.add_image(NOISY[0], name='cells')
    panel = opened(model)
    assert not panel.button.isEnabled()
    model.add_image(ndimage.gaussian_filter(NOISY[0], 1), name='by another program')
    panel.result.value, panel.image.value = 'by another program', 'cells'
    assert panel.button.isEnabled()
    assert not panel.report_button.isEnabled()
    measured(panel)
    assert panel.table.line('rms') is not None


def test_layers_that_do_not_belong_together_are_refused(
    model: Any, opened: Open, told: list[str]
) -> None:
    restored(model)
    model.add_image(NOISY[0][:32], name='other')
    panel = opened(model)
    panel.image.value = 'other'
    assert not panel.button.isEnabled()
    assert 'choose the image that the result was made of' in panel.message.text()
    panel.measure()
    assert len(told) == 1


def test_what_was_measured_does_not_outlive_the_choice(model: Any, opened: Open) -> None:
    restored(model)
    panel = measured(opened(model))
    panel.result.value = 'cells'
    assert panel.found.isHidden()
    assert panel.table.line('rms') is None
    assert not panel.map_buttons['error'].isEnabled()


def test_a_dock_may_close_while_it_measures(viewer: Any, opened: Open, told: list[str]) -> None:
    restored(viewer)
    panel = opened(viewer)
    panel.measure()
    job = panel._job
    viewer.window.remove_dock_widget(panel)
    pump(lambda: job.done)
    assert not job.error
    assert not told


def test_every_control_has_a_name_and_a_tooltip(model: Any, opened: Open) -> None:
    panel = opened(model)
    controls = [*panel.findChildren(QPushButton), *panel.findChildren(QComboBox)]
    assert len(controls) >= 11
    assert all(each.objectName() and each.toolTip() for each in controls)
