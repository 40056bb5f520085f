"""Panels sweep a small part, show the results as one layer, and take the values of a click."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from napari_fresco._napari import commands
from napari_fresco._napari.restoring.sweep_settings import first_values, sweepable, values_of
from napari_fresco.declare.methods import METHODS
from napari_fresco.errors import ParameterError
from napari_fresco.layers.images.layer_kinds import SWEEP, may_be_restored
from napari_fresco.layers.jobs.layer_restoration import running

from .signals import pump


@pytest.fixture
def image(model: Any) -> Any:
    blots = np.random.default_rng(0).normal(size=(200, 180))
    scene = 1000 + 4000 * ndimage.gaussian_filter(blots, 3)
    noisy = scene + np.random.default_rng(1).normal(0, 40, scene.shape)
    return model.add_image(noisy.astype(np.uint16), name='cells', scale=(2, 2))


@pytest.fixture
def panel(model: Any, image: Any, qtbot: Any) -> Any:
    found = commands.ffdnet(model)
    qtbot.addWidget(found.native)
    found.device.value = 'cpu'
    return found


@pytest.fixture
def dialog(panel: Any, qtbot: Any) -> Any:
    shown = panel.sweep()
    qtbot.addWidget(shown)
    pump(lambda: bool(shown.first_values.value))
    return shown


def click(viewer: Any, position: Any) -> None:
    event = SimpleNamespace(type='mouse_press', position=position, modifiers=())
    presses = [callback(viewer, event) for callback in viewer.mouse_drag_callbacks]
    for event.type in ('mouse_press', 'mouse_release'):
        for press in presses:
            next(press, None)


def sweep(dialog: Any) -> None:
    run = None

    def ended() -> bool:
        return run is not None and dialog.run is None

    dialog.begin()
    run = dialog.run
    pump(ended)


def test_a_sweep_shows_results_beside_the_image_and_takes_a_click(
    panel: Any, dialog: Any, model: Any, image: Any
) -> None:
    proposed = [float(word) for word in dialog.first_values.value.split(',')]
    assert proposed[2] == pytest.approx(40, rel=0.2)
    dialog.first_values.value = '10, 40, 160'
    sweep(dialog)
    layer = model.layers[-1]
    assert layer.name == 'cells sweep: sigma'
    assert not may_be_restored(layer)
    assert layer.metadata[SWEEP] == {'sigma': [10, 40, 160]}
    np.testing.assert_array_equal(layer.scale, image.scale)
    assert layer.translate[1] > image.data_to_world((0, 180))[1]
    assert 'Suggested, with the star: sigma 40' in dialog.message.text()

    rows, columns = dialog.last.sheet.boxes[2]
    click(model, layer.data_to_world((rows.start + 5, columns.start + 5)))
    assert panel.sigma.value == 160
    click(model, image.data_to_world((5, 5)))  # beside it
    assert panel.sigma.value == 160
    dialog.best.click()
    assert panel.sigma.value == 40


def test_a_sweep_runs_alone_and_can_be_cancelled(panel: Any, dialog: Any) -> None:
    dialog.second.value = 'sigma'  # twice the same is once
    assert list(dialog.over()) == ['sigma']
    dialog.begin()
    assert running.busy_text.startswith('Busy: FFDNet on cells, a sweep')
    assert panel.problem() == running.busy_text
    dialog.start.click()
    pump(lambda: dialog.run is None)
    assert not running.busy_text


def test_the_width_of_the_kernel_is_taken_as_a_new_kernel(
    model: Any, image: Any, qtbot: Any
) -> None:
    panel = commands.wiener(model)
    qtbot.addWidget(panel.native)
    panel.kernel.value = np.ones((5, 5))
    assert list(panel.sweep().settings)[:2] == ['sigma', 'kernel_width']
    panel.choices.take({'kernel_width': 2.0, 'regularization': 0.01})
    assert panel.kernel.value.data.shape == (9, 9)
    assert panel.regularization.value == 0.01


@pytest.mark.parametrize('name', METHODS)
def test_first_values_are_allowed(name: str) -> None:
    method = METHODS[name]
    for task in method.tasks:
        for parameter in sweepable(method, task, kernel=True).values():
            text = first_values(parameter, sigma=5.0)
            assert len(values_of(parameter, text)) > 1, parameter.name


def test_values_that_are_none_are_refused() -> None:
    sigma = sweepable(METHODS['ffdnet'], 'denoise', kernel=False)['sigma']
    for text in ('', 'much', '-3'):
        with pytest.raises(ParameterError):
            values_of(sigma, text)
