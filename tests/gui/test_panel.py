"""Panels show what a task needs, say what is missing, and ask for exactly that."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco._napari import noise_section
from napari_fresco._napari import panel as panel_module
from napari_fresco._napari.rows import Field
from napari_fresco._napari.settings import Preferences
from napari_fresco.declare.fields import Parameter
from napari_fresco.declare.methods import METHODS
from napari_fresco.errors import FrescoError, ParameterError

from .conftest import FakeSolver

Dock = Callable[[Any, str], Any]


def shown(field: Any) -> bool:
    """Whether a widget is meant to be seen, though the test's window is not."""
    return not field.isHidden()


@pytest.fixture
def image(model: Any) -> Any:
    noisy = np.random.default_rng(0).integers(0, 255, (40, 50), dtype=np.uint8)
    return model.add_image(noisy, name='wall')


@pytest.mark.parametrize('name', METHODS)
def test_every_method_has_a_panel_with_all_its_parameters(
    model: Any, dock: Dock, name: str
) -> None:
    panel = dock(model, name)
    assert list(panel.fields) == [p.name for p in METHODS[name].parameters]
    assert {f.parameter.name: f.value for f in panel.fields.values()} == {
        p.name: p.default for p in METHODS[name].parameters
    }
    assert 'Open an image' in panel.bar.message.text()
    assert not panel.bar.button.isEnabled()


def test_a_task_shows_only_what_it_needs(model: Any, image: Any, dock: Dock) -> None:
    panel = dock(model, 'dpir')
    seen = {}
    for task in panel.method.tasks:
        panel.input.task = task
        seen[task] = (
            shown(panel.damage.mask_rows.rows[0].field),
            shown(panel.damage.kernel.parentWidget()),
            shown(panel.damage.scale),
            shown(panel.noise),
            shown(panel.fields['iterations'].native),
            shown(panel.fields['pattern'].native),
        )
    assert [task for task, flags in seen.items() if flags[0]] == ['inpaint']
    assert seen['denoise'][1:] == (False, False, True, False, False)
    assert seen['deblur'][1:] == (True, False, True, True, False)
    assert seen['super_resolve'][1:] == (True, True, True, True, False)
    assert seen['demosaic'][1:] == (False, False, True, True, True)
    assert seen['deblock'][1:] == (False, False, False, False, False)


def test_camera_numbers_are_shown_for_photon_noise_only(model: Any, image: Any, dock: Dock) -> None:
    panel = dock(model, 'ffdnet')
    assert not shown(panel.fields['gain'].native)
    panel.fields['noise'].value = 'poisson-gaussian'
    assert shown(panel.fields['gain'].native)


def test_what_the_noise_section_hides_does_not_count(model: Any, image: Any, dock: Dock) -> None:
    panel = dock(model, 'dpir')
    panel.input.image.value = image
    panel.input.task = 'denoise'
    panel.noise.mode.setCurrentText(noise_section.VALUE)
    panel.fields['noise'].value = 'poisson-gaussian'
    panel.fields['gain'].value = 2.0
    assert not shown(panel.noise.number)
    told = panel.choices.request()
    assert (told.sigma, told.parameters['gain']) == ('auto', 2.0)
    assert 'noise model' in panel.choices.obstacle(estimate=True)
    panel.fields['noise'].value = 'gaussian'
    told = panel.choices.request()
    assert told.sigma == panel.noise.number.value()
    assert 'gain' not in told.parameters


def test_the_panel_asks_for_what_was_set(model: Any, image: Any, dock: Dock) -> None:
    kernel = model.add_image(np.ones((5, 5)), name='psf')
    panel = dock(model, 'dpir')
    panel.input.image.value = image
    panel.input.task = 'super_resolve'
    panel.damage.kernel.value = kernel
    panel.damage.scale.setValue(3)
    panel.noise.mode.setCurrentText(noise_section.VALUE)
    panel.noise.number.setValue(2.5)
    panel.fields['iterations'].value = 12
    panel.fields['quality'].value = 11  # of another task
    panel.solver.device.setCurrentText('cpu')
    panel.solver.tile.setValue(128)
    asked = panel.request().arguments()
    np.testing.assert_array_equal(asked.pop('image'), image.data)
    np.testing.assert_array_equal(asked.pop('kernel'), np.ones((5, 5)))
    assert asked == {
        'axes': 'YX',
        'method': 'dpir',
        'task': 'super_resolve',
        'mask': None,
        'sigma': 2.5,
        'scale': 3,
        'device': 'cpu',
        'tile': 128,
        'iterations': 12,
    }


def test_a_sigma_map_is_cut_like_the_image(model: Any, image: Any, dock: Dock) -> None:
    model.add_image(np.arange(2000.0).reshape(40, 50), name='sigma')
    model.add_shapes([[[4, 6], [4, 9], [7, 9], [7, 6]]], shape_type='rectangle', name='roi')
    panel = dock(model, 'drunet')
    panel.input.image.value = image
    panel.noise.mode.setCurrentText(noise_section.MAP)
    panel.noise.map.value = model.layers['sigma']
    panel.input.region.value = model.layers['roi']
    asked = panel.request().arguments()
    np.testing.assert_array_equal(asked['image'], image.data[4:8, 6:10])
    np.testing.assert_array_equal(asked['sigma'], model.layers['sigma'].data[4:8, 6:10])


def test_a_stack_offers_the_slice_on_show(model: Any, dock: Dock) -> None:
    panel = dock(model, 'ffdnet')
    layer = model.add_image(np.arange(3 * 40 * 50.0).reshape(3, 40, 50), name='stack')
    assert shown(panel.input.extent)
    model.dims.set_current_step(0, 2)
    assert (panel.request().arguments()['image'] == layer.data[2:]).all()
    panel.input.extent.setCurrentText('Whole stack')
    assert panel.request().arguments()['image'].shape == (3, 40, 50)
    panel.input.image.value = model.add_image(np.zeros((40, 50)), name='flat')
    assert not shown(panel.input.extent)


def test_the_panel_says_what_is_missing(model: Any, image: Any, dock: Dock, qtbot: Any) -> None:
    panel = dock(model, 'deepred')
    panel.input.task = 'inpaint'
    assert 'needs a mask' in panel.bar.message.text()
    panel.damage.mask_rows.make_new()
    mask = panel.damage.mask_rows.layer.value
    assert mask.name == 'wall mask'
    assert mask.mode == 'paint'
    qtbot.waitUntil(lambda: 'no damage yet' in panel.bar.message.text())
    mask.paint((20, 20), 1)
    qtbot.waitUntil(panel.bar.button.isEnabled)
    assert 'covers' in panel.damage.mask_rows.coverage.text()
    assert not panel.bar.message.text()
    panel.input.task = 'deblur'
    assert 'blur kernel' in panel.bar.message.text()
    with pytest.raises(FrescoError, match='kernel'):
        panel.request()


def test_a_wrong_number_is_named(model: Any, image: Any, dock: Dock) -> None:
    panel = dock(model, 'deepred')
    panel.input.task = 'denoise'
    panel.fields['learning_rate'].native.setText('fast')
    assert "'fast'" in panel.bar.message.text()
    panel.fields['learning_rate'].native.setText('77')
    assert 'out of range' in panel.bar.message.text()
    panel.fields['learning_rate'].native.setText('')
    assert panel.bar.button.isEnabled()


def test_choosers_follow_the_viewer(model: Any, image: Any, dock: Dock) -> None:
    panel = dock(model, 'dpir')
    other = model.add_image(np.zeros((9, 9)), name='other')
    assert panel.input.image.value.name == 'wall'
    image.name = 'mural'
    assert panel.input.image.currentText() == 'mural'
    model.layers.remove('mural')
    assert panel.input.image.value.name == 'other'
    model.layers.remove(other.name)
    assert panel.input.image.value is None
    assert 'Open an image' in panel.bar.message.text()


def test_a_kernel_layer_is_no_image_to_restore(model: Any, image: Any, dock: Dock) -> None:
    model.add_image(np.ones((5, 5)), name='psf', metadata={'napari_fresco_kernel': True})
    panel = dock(model, 'dpir')
    assert [panel.input.image.itemText(i) for i in range(panel.input.image.count())] == ['wall']
    panel.input.task = 'deblur'
    assert panel.damage.kernel.value.name == 'psf'


def test_estimate_fills_in_the_noise(model: Any, dock: Dock, notes: Any) -> None:
    noisy = np.random.default_rng(0).normal(1000, 30, (3, 96, 96))
    model.add_image(noisy, name='stack')
    panel = dock(model, 'ffdnet')
    panel.noise.estimate()
    assert panel.noise.sigma == pytest.approx(30, rel=0.1)
    assert panel.request().sigma == panel.noise.sigma
    assert not notes.errors


def test_the_script_does_what_the_panel_does(
    model: Any, dock: Dock, solver: FakeSolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = np.random.default_rng(0).integers(0, 255, (3, 40, 50, 3), dtype=np.uint8)
    model.add_image(stack, name='it\'s "mural"', rgb=True, scale=(4, 2, 2), units=('um',) * 3)
    shapes = model.add_shapes(
        [[[10, 12], [10, 50], [40, 50], [40, 12]]], shape_type='rectangle', name='roi'
    )
    labels = np.zeros((3, 40, 50), np.uint8)
    labels[2, 10:12, 10:12] = 4
    model.add_labels(labels, name='damage', scale=(4, 2, 2), units=('um',) * 3)
    panel = dock(model, 'dpir')
    panel.input.image.value = model.layers[0]
    panel.input.task = 'inpaint'
    panel.damage.mask_rows.layer.value = model.layers['damage']
    panel.damage.mask_rows.label.setValue(4)
    panel.damage.mask_rows.grow.setValue(1)
    panel.input.region.value = shapes
    panel.fields['regularization'].value = 0.5
    model.dims.set_current_step(0, 2)
    calls: list[dict[str, Any]] = []

    def restore(image: np.ndarray, **given: Any) -> Any:
        calls.append({'image': image, **given})
        return fresco.Result(image, None, None, 'completed', {})

    monkeypatch.setattr(fresco, 'restore', restore)
    exec(panel.script(), {'viewer': model})
    asked = panel.request().arguments()
    asked = {k: v for k, v in asked.items() if v is not None and (k, v) != ('scale', 1)}
    (call,) = calls
    assert call.pop('rgb') is True
    assert asked.pop('axes') == 'QYXS'
    for name in ('image', 'mask'):
        np.testing.assert_array_equal(call.pop(name), asked.pop(name))
    assert call == asked
    added = model.layers[-1]
    assert added.name == 'it\'s "mural" [DPIR]'
    np.testing.assert_array_equal(added.data_to_world((0, 0, 0)), (8, 10, 12))


def test_copy_puts_the_script_on_the_clipboard(
    model: Any, image: Any, dock: Dock, notes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    panel = dock(model, 'ffdnet')
    monkeypatch.setattr(panel_module, 'copy_text', copied.append)
    panel.bar.copy.click()
    assert copied == [panel.script()]
    compile(copied[0], 'script', 'exec')
    assert notes.infos


def test_preferences_are_where_panels_start(
    model: Any, image: Any, dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = Preferences(device='cpu', tile=256, live_preview=False)
    monkeypatch.setattr(panel_module, 'read_preferences', lambda: chosen)
    panel = dock(model, 'ffdnet')
    assert panel.solver.settings == {'device': 'cpu', 'tile': 256}
    assert not panel.bar.preview.isChecked()


def test_a_weights_file_can_be_chosen(model: Any, image: Any, dock: Dock) -> None:
    panel = dock(model, 'drunet')
    panel.fields['model'].choose('own.pth')
    assert panel.request().parameters == {'model': 'own.pth'}


NUMBER = Parameter('n', float, 0.5, 'A number.', 'Number', minimum=0.001, maximum=10)


@pytest.mark.parametrize(
    ('parameter', 'value'),
    [
        (NUMBER, 0.001),
        (Parameter('i', int, 3, '', 'Integer', minimum=1, maximum=100_000), 99_999),
        (Parameter('b', bool, True, '', 'Flag'), False),
        (Parameter('s', str, 'a', '', 'Text'), 'b'),
        (Parameter('c', str, 'a', '', 'Choice', choices=('a', 'b')), 'b'),
        (Parameter('o', float, None, '', 'Optional', optional=True, minimum=1e-12), 1e-9),
        (Parameter('k', int, None, '', 'Count', optional=True), 7),
    ],
)
def test_a_field_gives_back_what_was_set(qtbot: Any, parameter: Parameter, value: Any) -> None:
    field = Field(parameter)
    qtbot.addWidget(field.native)
    assert field.value == parameter.default
    changes: list[Any] = []
    field.changed.connect(lambda: changes.append(field.value))
    field.value = value
    assert changes == [value]
    assert type(field.value) is parameter.type


def test_a_field_checks_its_range(qtbot: Any) -> None:
    field = Field(Parameter('o', int, None, '', 'Optional', optional=True, minimum=1))
    qtbot.addWidget(field.native)
    field.native.setText('1.5')
    with pytest.raises(ParameterError, match='whole number'):
        assert field.value


def test_what_a_result_remembers_can_be_written_as_json(
    model: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Callable[[Any], None]
) -> None:
    panel = dock(model, 'ffdnet')
    finish(panel)
    assert json.loads(json.dumps(model.layers[-1].metadata['napari_fresco']))['method'] == 'ffdnet'
