"""Estimate, then restore: one button, one job, two records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_fresco._napari.degradation import noise_section
from napari_fresco.declare.methods import METHODS
from napari_fresco.layers.jobs.layer_restoration import running
from napari_fresco.physics import kernels

from .conftest import Dock, FakeSolver, Finish
from .linked import BICUBIC, enlarging, run_script
from .signals import until


@pytest.fixture
def image(model: Any) -> Any:
    return model.add_image(
        np.random.default_rng(0).integers(0, 255, (24, 32), dtype=np.uint8), name='wall'
    )


def test_estimating_is_offered_where_it_helps(model: Any, image: Any, dock: Dock) -> None:
    offered = {}
    for name in METHODS:
        panel = dock(model, name)
        for task in panel.method.tasks:
            panel.task.value = task
            offered[name, task] = not panel.bar.estimate.isHidden()
    expected = {
        (name, task)
        for name, method in METHODS.items()
        for task in method.tasks
        if not method.blind and task not in ('demosaic', 'deblock')
    }
    assert {key for key, shown in offered.items() if shown} == expected


def test_estimate_then_restore_asks_for_both_steps(
    model: Any,
    image: Any,
    dock: Dock,
    solver: FakeSolver,
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
    tiny_networks: None,
) -> None:
    found = kernels.gaussian(1.0, size=5)
    solver.kernel, solver.maps = found, {'variance': np.full((24, 32), 9.0)}
    facts = {**BICUBIC, 'downsampling': 'direct'}
    solver.facts = {'kernel': facts, 'estimate': {'method': 'virnet', 'kernel': BICUBIC}}
    panel = enlarging(dock(model, 'dpir'), image)
    panel.sigma.mode.value = noise_section.MAP  # estimated, so it need not be given
    panel.sigma.map.native.setCurrentIndex(-1)
    with until(running.ended):
        panel.bar.estimate.click()
    (call,) = solver.calls
    assert (call['sigma'], call['kernel']) == ('virnet', 'virnet')
    title = 'wall [VIRNet + DPIR]'
    names = [layer.name for layer in model.layers]
    assert names == ['wall', f'{title} kernel', f'{title} variance', title]
    assert model.layers[f'{title} kernel'].metadata['napari_fresco_kernel'] == {
        **facts,
        'position': 'shifted',
    }
    assert model.layers[title].metadata['napari_fresco']['estimate']['method'] == 'virnet'
    variance = model.layers[f'{title} variance']
    np.testing.assert_allclose(variance.scale, image.scale)
    asked = run_script(panel, model, monkeypatch, estimate=True)
    assert (asked['sigma'], asked['kernel']) == ('virnet', 'virnet')


def test_copy_repeats_what_was_pressed_last(
    model: Any,
    image: Any,
    dock: Dock,
    solver: FakeSolver,
    finish: Finish,
    notes: Any,
    monkeypatch: pytest.MonkeyPatch,
    tiny_networks: None,
    qtbot: Any,
) -> None:
    from napari_fresco._napari.widgets import clipboard

    copied: list[str] = []
    monkeypatch.setattr(clipboard, 'copy_text', copied.append)
    panel = dock(model, 'drunet')
    panel.model.value = 'own.pth'
    panel.bar.copy.click()
    with until(running.ended):
        panel.bar.estimate.click()
    panel.bar.copy.click()
    finish(panel)
    panel.bar.copy.click()
    assert ["sigma='virnet'" in text for text in copied] == [False, True, False]
    assert ['estimates first' in text for text in notes.infos] == [False, True, False]


def test_cancel_works_in_both_steps(
    model: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any, tiny_networks: None
) -> None:
    solver.gated, solver.steps = True, 9
    panel = enlarging(dock(model, 'dpir'), image)
    panel.bar.estimate.click()
    assert not panel.bar.estimate.isEnabled()
    with until(running.reported):
        solver.allow()
    panel.bar.button.click()
    with until(running.ended):
        solver.allow()
    assert model.layers[-1].name == 'wall [VIRNet + DPIR] partial'
    assert panel.bar.estimate.isEnabled()


def test_a_scale_that_cannot_be_estimated_disables_the_button(
    model: Any, image: Any, dock: Dock, tiny_networks: None
) -> None:
    panel = enlarging(dock(model, 'dpir'), image)
    assert panel.bar.estimate.isEnabled()
    assert 'the blur kernel' in panel.bar.estimate.toolTip()
    panel.scale.value = 3
    assert 'x2' in panel.bar.estimate.toolTip()
    panel.scale.value = 5
    assert 'not for × 5' in panel.bar.estimate.toolTip()
    assert not panel.bar.estimate.isEnabled()
    assert panel.bar.button.isEnabled()


@pytest.mark.parametrize('name', ['usrnet', 'dpir'])
def test_the_whole_way_with_networks(
    viewer: Any, dock: Dock, qtbot: Any, tiny_networks: None, name: str
) -> None:
    noisy = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    image = viewer.add_image(noisy, name='wall', rgb=True, scale=(2, 2), units=('um', 'um'))
    panel = enlarging(dock(viewer, name), image)
    if name == 'dpir':
        panel.model.value = 'nlm'
        panel.iterations.value = 2
    totals: list[int] = []
    running.reported.connect(lambda report: totals.append(report.total))
    with until(running.ended):
        panel.bar.estimate.click()
    assert totals[0] == 1
    assert totals[-1] == 2
    title = f'wall [VIRNet + {panel.method.title}]'
    result = viewer.layers[title]
    record = result.metadata['napari_fresco']
    assert record['estimate']['weights'][0]['name'] == 'virnet_sr_test'
    assert record['estimate']['kernel']['downsampling'] == 'bicubic'
    kernel, variance = viewer.layers[f'{title} kernel'], viewer.layers[f'{title} variance']
    assert kernel.metadata['napari_fresco_kernel']['downsampling'] == 'direct'
    np.testing.assert_allclose(kernel.scale, (1, 1))
    np.testing.assert_allclose(result.scale, (1, 1))
    corner = np.array(variance.data.shape) - 0.5
    np.testing.assert_allclose(variance.data_to_world(corner), image.data_to_world((23.5, 31.5)))
    place: dict[str, Any] = {'viewer': viewer}
    exec(panel.script(estimate=True), place)
    np.testing.assert_array_equal(place['job'].wait(60)[-1].data, result.data)


def test_cancelling_while_the_second_step_runs(
    model: Any, image: Any, dock: Dock, qtbot: Any, tiny_networks: None
) -> None:
    panel = enlarging(dock(model, 'dpir'), image)
    panel.model.value = 'nlm'
    panel.iterations.value = 900
    reports: list[Any] = []

    def stop(report: Any) -> None:
        reports.append(report)
        if report.total == 900:
            running.restoration.cancel()

    running.reported.connect(stop)
    with until(running.ended):
        panel.bar.estimate.click()
    running.reported.disconnect(stop)
    assert [reports[0].total, reports[-1].total] == [1, 900]
    result = model.layers['wall [VIRNet + DPIR] partial']
    assert result.metadata['napari_fresco']['estimate']['finish'] == 'completed'


def test_deblurring_finds_the_kernel_where_none_is_chosen(
    model: Any,
    image: Any,
    dock: Dock,
    solver: FakeSolver,
    monkeypatch: pytest.MonkeyPatch,
    tiny_networks: None,
    qtbot: Any,
) -> None:
    panel = dock(model, 'dpir')
    panel.image.value = image
    panel.task.value = 'deblur'
    assert 'needs the blur kernel' in panel.problem()
    assert panel.bar.estimate.isEnabled()
    assert 'straight motion or defocus' in panel.bar.estimate.toolTip()
    solver.kernel = kernels.motion(5)
    with until(running.ended):
        panel.bar.estimate.click()
    (call,) = solver.calls
    assert (call['sigma'], call['kernel']) == ('auto', 'auto')
    assert 'wall [DPIR] kernel' in [layer.name for layer in model.layers]
    asked = run_script(panel, model, monkeypatch, estimate=True)
    assert (asked['sigma'], asked['kernel']) == ('auto', 'auto')
    panel.kernel.value = model.layers['wall [DPIR] kernel']
    assert panel.choices.estimated == ('sigma',)
    assert 'the noise' in panel.bar.estimate.toolTip()
