"""Degraded layers: placed on their truth, with all they were made of, ready to be restored."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import numpy as np
import pytest

from napari_fresco import degrade
from napari_fresco._napari import commands
from napari_fresco._napari.degradation.simulate_panel import SimulatePanel
from napari_fresco.errors import ImageError

from .signals import PATIENCE

WAIT = 1000 * PATIENCE


def clean(rgb: bool = False) -> np.ndarray:
    rows, columns = np.mgrid[0:25, 0:34]
    gray = (120 + 60 * np.sin(rows / 3) * np.cos(columns / 4)).astype(np.uint8)
    return np.stack([gray, gray[::-1], gray], axis=-1) if rgb else gray


@pytest.fixture
def panel(model: Any, qtbot: Any) -> SimulatePanel:
    panel = commands.simulate(model)
    qtbot.addWidget(panel)
    return panel


def field(panel: SimulatePanel, name: str) -> Any:
    return panel.fields[panel.kind.value][name]


def run(panel: SimulatePanel, qtbot: Any) -> None:
    panel.run()
    qtbot.waitUntil(lambda: not panel.at_work, timeout=WAIT)


def add(model: Any, data: np.ndarray, **more: Any) -> Any:
    space = {'scale': (0.5, 2), 'translate': (7, -3), 'units': ('um', 'um'), 'rotate': 20}
    return model.add_image(data, **{'name': 'wall', 'rgb': data.ndim == 3, **space, **more})


@pytest.mark.parametrize('name', degrade.DEGRADATIONS)
def test_every_degradation_makes_a_layer(
    model: Any, panel: SimulatePanel, qtbot: Any, notes: Any, name: str
) -> None:
    source = add(model, clean(rgb=True))
    panel.kind.value = name
    assert panel.about.text() == degrade.DEGRADATIONS[name].help
    run(panel, qtbot)
    title = f'wall [{degrade.DEGRADATIONS[name].title}]'
    made = model.layers[-1]
    assert made.name == title
    assert not notes.errors
    record = made.metadata['napari_fresco']
    assert record['simulation'] == name
    assert record['truth'] in model.layers
    assert made.units == source.units
    outputs = {'kernel': 'kernel', 'mask': 'damage', 'noise_map': 'noise σ'}
    for output, suffix in outputs.items():
        given = output in degrade.DEGRADATIONS[name].outputs
        assert (f'{title} {suffix}' in model.layers) == given
    assert made.rgb == (name != 'mosaic')


def test_the_fields_are_those_that_are_declared(
    model: Any, panel: SimulatePanel, qtbot: Any
) -> None:
    assert 'Open a clean image' in panel.message.text()
    assert not panel.button.isEnabled()
    image = add(model, clean())
    assert panel.button.isEnabled()
    panel.kind.value = 'gaussian_noise'
    field(panel, 'sigma').value = 11.0
    panel.seed.value = 5
    run(panel, qtbot)
    expected = degrade.apply(image.data, 'gaussian_noise', {'sigma': 11.0}, seed=5).image
    np.testing.assert_array_equal(model.layers[-1].data, expected)
    np.testing.assert_allclose(model.layers[-1].translate, image.translate)
    assert model.layers[-1].metadata['napari_fresco']['truth'] == 'wall'
    assert [panel.kind.native.itemText(i) for i in range(panel.kind.native.count())] == [
        each.title for each in degrade.DEGRADATIONS.values()
    ]


@pytest.mark.parametrize('position', ['centred', 'shifted'])
def test_a_decimated_image_lies_where_its_pixels_were_taken(
    model: Any, panel: SimulatePanel, qtbot: Any, position: str
) -> None:
    source = add(model, clean())
    panel.kind.value = 'classical'
    field(panel, 'scale').value = 3
    field(panel, 'kernel_position').value = position
    run(panel, qtbot)
    made, kernel = model.layers[-1], model.layers['wall [Blur, decimation and noise] kernel']
    assert made.data.shape == (8, 11)
    moved = 1.0 if position == 'shifted' else 0.0
    np.testing.assert_allclose(
        made.data_to_world((4, 5)), source.data_to_world((12 + moved, 15 + moved))
    )
    assert kernel.metadata['napari_fresco_kernel']['position'] == position
    np.testing.assert_allclose(kernel.scale, source.scale)
    restorer = commands.dpir(model)
    qtbot.addWidget(restorer.native)
    restorer.image.value = made
    restorer.task.value = 'super_resolve'
    restorer.scale.value = 3
    restorer.kernel.value = kernel
    assert restorer.reference.value.name == 'wall'
    asked = restorer.request()
    assert asked.parameters['kernel_position'] == position
    assert asked.reference.load().shape == (24, 33)
    restorer.task.value = 'denoise'
    assert restorer.reference.value is None
    assert restorer.problem() == ''


def test_damage_becomes_a_mask_on_the_image(model: Any, panel: SimulatePanel, qtbot: Any) -> None:
    source = add(model, clean(rgb=True))
    panel.kind.value = 'lines'
    run(panel, qtbot)
    damage, made = model.layers['wall [Lines] damage'], model.layers['wall [Lines]']
    np.testing.assert_allclose(damage.data_to_world((3, 4)), source.data_to_world((3, 4)))
    np.testing.assert_array_equal(made.data[damage.data == 0], source.data[damage.data == 0])
    restorer = commands.deepred(model)
    qtbot.addWidget(restorer.native)
    restorer.image.value = made
    restorer.mask.value = damage
    assert restorer.problem() == ''
    assert restorer.reference.value.name == 'wall'


def test_a_slice_brings_its_own_truth(model: Any, panel: SimulatePanel, qtbot: Any) -> None:
    stack = np.stack([clean(), clean()[::-1], clean()[:, ::-1]])
    source = model.add_image(stack, name='stack', scale=(3, 1, 1))
    model.dims.set_current_step(0, 2)
    panel.kind.value = 'noise_map'
    run(panel, qtbot)
    made, truth = model.layers[-1], model.layers['stack [Noise map] truth']
    assert made.data.shape == truth.data.shape == (1, 25, 34)
    np.testing.assert_array_equal(truth.data[0], stack[2])
    np.testing.assert_allclose(made.data_to_world((0, 1, 2)), source.data_to_world((2, 1, 2)))
    assert made.metadata['napari_fresco']['truth'] == truth.name
    assert not truth.visible
    panel.image.value = source
    panel.extent.value = 'Whole stack'
    run(panel, qtbot)
    assert model.layers[-1].data.shape == stack.shape
    assert model.layers[-1].metadata['napari_fresco']['truth'] == 'stack'


def test_it_runs_beside_the_window(
    viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, threads, apply = threading.Event(), [], degrade.apply

    def slow(*given: Any, **more: Any) -> Any:
        threads.append(threading.get_ident())
        assert gate.wait(PATIENCE)
        return apply(*given, **more)

    monkeypatch.setattr(degrade, 'apply', slow)
    viewer.add_image(clean(), name='wall')
    _, panel = viewer.window.add_plugin_dock_widget('napari-fresco', 'Simulate degradation')
    panel.button.click()
    assert panel.button.text() == 'Working …'
    assert not panel.button.isEnabled()
    viewer.layers.remove('wall')
    viewer.window.remove_dock_widget(panel)
    panel.deleteLater()
    qtbot.wait(20)
    gate.set()
    qtbot.waitUntil(lambda: 'wall [Gaussian noise]' in viewer.layers, timeout=WAIT)
    assert threads
    assert threading.get_ident() not in threads


@pytest.mark.parametrize('error', [RuntimeError('out of luck\nmore'), ImageError('too small')])
def test_errors_are_said_in_the_panel(
    model: Any,
    panel: SimulatePanel,
    qtbot: Any,
    notes: Any,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def fail(*given: Any, **more: Any) -> Any:
        raise error

    monkeypatch.setattr(degrade, 'apply', fail)
    add(model, clean())
    run(panel, qtbot)
    said = panel.message.text()
    assert said.partition(' stopped: ')[2] in ('RuntimeError: out of luck', 'too small')
    assert notes.errors == [said]
    assert panel.button.isEnabled()
    assert len(model.layers) == 1


def test_a_wrong_number_is_named(model: Any, panel: SimulatePanel, notes: Any) -> None:
    add(model, clean())
    panel.kind.value = 'gaussian_noise'
    field(panel, 'sigma').native.setText('much')
    panel.run()
    assert "'much'" in panel.message.text()
    assert not panel.at_work


def test_nothing_is_kept_of_a_deleted_image(model: Any, panel: SimulatePanel, qtbot: Any) -> None:
    add(model, clean())
    held = weakref.ref(model.layers['wall'].data)
    run(panel, qtbot)
    model.layers.clear()
    qtbot.wait(20)
    gc.collect()
    assert held() is None
