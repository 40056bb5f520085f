"""What one method estimates, another one uses: variance maps, kernels, and both in one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_fresco._napari import noise_section
from napari_fresco._napari.runner import runner
from napari_fresco.catalogue import METHODS
from napari_fresco.errors import FrescoError
from napari_fresco.physics import kernels

from .conftest import FakeSolver

Dock = Callable[[Any, str], Any]
Finish = Callable[[Any], None]

WAIT = 60_000
BICUBIC = {'fwhm': [3.1, 2.0], 'angle': 30.0, 'downsampling': 'bicubic', 'scale': 2}


@pytest.fixture
def image(model: Any) -> Any:
    return model.add_image(
        np.random.default_rng(0).integers(0, 255, (24, 32), dtype=np.uint8), name='wall'
    )


def variance_layer(model: Any, data: np.ndarray, scale: int = 1) -> Any:
    metadata = {'napari_fresco_variance': True, 'napari_fresco': {'scale': scale}}
    return model.add_image(data, name='variance', metadata=metadata)


def kernel_layer(model: Any, facts: Any = BICUBIC, size: int = 7) -> Any:
    kernel = kernels.gaussian(1.2, size=size)
    metadata = {'napari_fresco_kernel': facts}
    return model.add_image(kernel, name='kernel', scale=(0.5, 0.5), metadata=metadata)


def with_map(panel: Any, image: Any, layer: Any) -> Any:
    panel.input.image.value = image
    panel.noise.mode.setCurrentText(noise_section.MAP)
    panel.noise.map.value = layer
    return panel


def enlarging(panel: Any, image: Any, kernel: Any = None) -> Any:
    panel.input.image.value = image
    panel.input.task = 'super_resolve'
    panel.damage.kernel.value = kernel
    return panel


def run_script(panel: Any, model: Any, monkeypatch: pytest.MonkeyPatch, **given: Any) -> Any:
    """Run the script of a panel and return the keywords of its call."""
    import napari_fresco as fresco

    calls: list[dict[str, Any]] = []

    def restore(image: np.ndarray, **keywords: Any) -> Any:
        calls.append(keywords)
        return fresco.Result(image, None, None, 'completed', {})

    monkeypatch.setattr(fresco, 'restore', restore)
    exec(panel.script(**given), {'viewer': model})
    return calls[0]


def test_the_root_of_a_variance_map_is_the_noise(
    model: Any, image: Any, dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = variance_layer(model, np.arange(24.0 * 32).reshape(24, 32))
    panel = with_map(dock(model, 'drunet'), image, layer)
    assert 'square root' in panel.noise._root.field.text()
    assert panel.noise._root.shown
    asked = panel.request().arguments()['sigma']
    np.testing.assert_allclose(asked, np.sqrt(layer.data))
    np.testing.assert_array_equal(run_script(panel, model, monkeypatch)['sigma'], asked)
    panel.noise.map.value = model.add_image(np.ones((24, 32)), name='sigma')
    assert not panel.noise._root.shown
    assert (panel.request().arguments()['sigma'] == 1).all()


def test_a_variance_map_found_while_enlarging_is_thinned(
    model: Any, image: Any, dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine = np.repeat(np.repeat(np.arange(24.0 * 32).reshape(24, 32), 2, 0), 2, 1)
    panel = with_map(dock(model, 'dpir'), image, variance_layer(model, fine, scale=2))
    asked = panel.request().arguments()['sigma']
    np.testing.assert_allclose(asked**2, np.arange(24.0 * 32).reshape(24, 32))
    np.testing.assert_array_equal(run_script(panel, model, monkeypatch)['sigma'], asked)


def test_a_map_of_another_size_is_an_obstacle(model: Any, image: Any, dock: Dock) -> None:
    panel = with_map(dock(model, 'dpir'), image, variance_layer(model, np.ones((9, 9))))
    assert "'variance' has shape (9, 9)" in panel.bar.message.text()
    assert not panel.bar.button.isEnabled()
    with pytest.raises(FrescoError, match='same grid'):
        panel.request()
    panel.noise.mode.setCurrentText(noise_section.AUTO)
    assert panel.obstacle() == ''


def test_maps_are_no_images_to_restore_and_latents_no_noise(model: Any, dock: Dock) -> None:
    for mark in ('kernel', 'variance', 'uncertainty', 'latent', 'noise'):
        model.add_image(np.ones((9, 9)), name=mark, metadata={f'napari_fresco_{mark}': True})
    panel = dock(model, 'dpir')
    names = lambda box: {box.itemText(i) for i in range(box.count())}  # noqa: E731
    assert names(panel.input.image) == set()
    assert names(panel.noise.map) == {'variance', 'noise'}
    assert names(panel.damage.kernel) == {'(none)', 'kernel'}


@pytest.mark.parametrize('name', ['dpir', 'usrnet'])
def test_an_estimated_kernel_is_converted(
    model: Any, image: Any, dock: Dock, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    layer = kernel_layer(model)
    panel = enlarging(dock(model, name), image, layer)
    panel.fields['model'].choose('own.pth')
    assert 'FWHM 3.1 × 2.0 px at 30°' in panel.damage.kernel_note.text()
    asked = panel.request().arguments()
    np.testing.assert_allclose(asked['kernel'], kernels.direct_sampling(layer.data, 2))
    assert asked['kernel_position'] == 'shifted'
    call = run_script(panel, model, monkeypatch)
    np.testing.assert_allclose(call['kernel'], asked['kernel'])
    assert call['kernel_position'] == 'shifted'


def test_a_copy_edited_by_hand_is_converted_too(model: Any, image: Any, dock: Dock) -> None:
    original = kernel_layer(model)
    data, meta, kind = original.as_layer_data_tuple()
    edited = np.roll(data, 1, axis=0)
    copy = getattr(model, f'add_{kind}')(edited, **{**meta, 'name': 'edited'})
    panel = enlarging(dock(model, 'dpir'), image, copy)
    asked = panel.request().arguments()['kernel']
    np.testing.assert_allclose(asked, kernels.direct_sampling(edited, 2))


def test_a_kernel_of_another_scale_is_an_obstacle(model: Any, image: Any, dock: Dock) -> None:
    panel = enlarging(dock(model, 'dpir'), image, kernel_layer(model))
    panel.damage.scale.setValue(3)
    assert 'made for × 2, but × 3 is asked' in panel.bar.message.text()
    panel.damage.scale.setValue(2)
    assert panel.obstacle() == ''
    panel.fields['kernel_position'].value = 'centred'
    assert 'shifted to the upper left by 0.5 pixels' in panel.bar.message.text()
    panel.input.task = 'deblur'
    assert 'deblur the enlarged image' in panel.bar.message.text()


def test_the_kernel_of_an_enlarged_image_deblurs_it(model: Any, image: Any, dock: Dock) -> None:
    kernel = kernel_layer(model)
    large = model.add_image(np.ones((48, 64)), name='large', scale=(0.5, 0.5))
    panel = dock(model, 'dpir')
    panel.input.image.value = large
    panel.input.task = 'deblur'
    panel.damage.kernel.value = kernel
    np.testing.assert_array_equal(panel.request().arguments()['kernel'], kernel.data)


def test_a_simulated_kernel_says_where_it_looks(model: Any, image: Any, dock: Dock) -> None:
    facts = {'downsampling': 'direct', 'scale': 2, 'position': 'centred'}
    panel = enlarging(dock(model, 'dpir'), image, kernel_layer(model, facts))
    asked = panel.request().arguments()
    assert asked['kernel_position'] == 'centred'
    np.testing.assert_array_equal(asked['kernel'], panel.damage.kernel.value.data)
    panel.fields['kernel_position'].value = 'shifted'
    assert panel.request().arguments()['kernel_position'] == 'shifted'


def test_estimating_is_offered_where_it_helps(model: Any, image: Any, dock: Dock) -> None:
    offered = {}
    for name in METHODS:
        panel = dock(model, name)
        for task in panel.method.tasks:
            panel.input.task = task
            offered[name, task] = not panel.bar.estimate.isHidden()
    expected = {(m, 'super_resolve') for m in ('dpir', 'ircnn', 'usrnet', 'usrgan')}
    expected |= {(m, t) for m in ('dpir', 'ircnn') for t in ('denoise', 'deblur', 'inpaint')}
    expected |= {('dpir', 'deblock'), ('drunet', 'denoise'), ('ffdnet', 'denoise')}
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
    panel.noise.mode.setCurrentText(noise_section.MAP)  # estimated, so it need not be given
    panel.noise.map.setCurrentIndex(-1)
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
        panel.bar.estimate.click()
    (call,) = solver.calls
    assert (call['sigma'], call['kernel']) == ('virnet', 'virnet')
    title = 'wall [VIRNet + DPIR]'
    names = [layer.name for layer in model.layers]
    assert names == ['wall', f'{title} kernel', f'{title} variance', title]
    assert model.layers[f'{title} kernel'].metadata['napari_fresco_kernel'] == facts
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
    from napari_fresco._napari import panel as panel_module

    copied: list[str] = []
    monkeypatch.setattr(panel_module, 'copy_text', copied.append)
    panel = dock(model, 'drunet')
    panel.fields['model'].choose('own.pth')
    panel.bar.copy.click()
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
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
    with qtbot.waitSignal(runner().reported, timeout=WAIT):
        solver.allow()
    panel.bar.button.click()
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
        solver.allow()
    assert model.layers[-1].name == 'wall [VIRNet + DPIR] partial'
    assert panel.bar.estimate.isEnabled()


def test_a_scale_that_cannot_be_estimated_disables_the_button(
    model: Any, image: Any, dock: Dock, tiny_networks: None
) -> None:
    panel = enlarging(dock(model, 'dpir'), image)
    assert panel.bar.estimate.isEnabled()
    assert 'the blur kernel' in panel.bar.estimate.toolTip()
    panel.damage.scale.setValue(3)
    assert 'x2' in panel.bar.estimate.toolTip()
    panel.damage.scale.setValue(5)
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
        panel.fields['model'].value = 'nlm'
        panel.fields['iterations'].value = 2
    totals: list[int] = []
    runner().reported.connect(lambda report: totals.append(report.total))
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
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
    exec(panel.script(estimate=True), {'viewer': viewer})
    np.testing.assert_array_equal(viewer.layers[-1].data, result.data)


def test_cancelling_while_the_second_step_runs(
    model: Any, image: Any, dock: Dock, qtbot: Any, tiny_networks: None
) -> None:
    panel = enlarging(dock(model, 'dpir'), image)
    panel.fields['model'].value = 'nlm'
    panel.fields['iterations'].value = 900
    reports: list[Any] = []

    def stop(report: Any) -> None:
        reports.append(report)
        if report.total == 900:
            runner().cancel()

    runner().reported.connect(stop)
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
        panel.bar.estimate.click()
    runner().reported.disconnect(stop)
    assert [reports[0].total, reports[-1].total] == [1, 900]
    result = model.layers['wall [VIRNet + DPIR] partial']
    assert result.metadata['napari_fresco']['estimate']['finish'] == 'completed'
