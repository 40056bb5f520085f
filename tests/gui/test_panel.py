"""Panels show what a task needs, say what is missing, and ask for exactly that."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_fresco._napari.degradation import noise_section
from napari_fresco._napari.restoring import panel as panel_module
from napari_fresco._napari.widgets import clipboard
from napari_fresco._napari.widgets.rows import row_of
from napari_fresco._napari.widgets.settings import Preferences
from napari_fresco.declare.fields import Parameter
from napari_fresco.declare.methods import METHODS
from napari_fresco.errors import FrescoError, ParameterError
from napari_fresco.image.model import Image

from .conftest import Dock, FakeSolver
from .linked import run_script
from .signals import pump


def shown(field: Any) -> bool:
    """Whether a widget is meant to be seen, though the test's window is not."""
    return not getattr(field, 'native', field).isHidden()


@pytest.fixture
def image(model: Any) -> Any:
    noisy = np.random.default_rng(0).integers(0, 255, (40, 50), dtype=np.uint8)
    return model.add_image(noisy, name='wall')


@pytest.mark.parametrize('name', METHODS)
def test_every_method_has_a_panel_with_all_its_parameters(
    model: Any, dock: Dock, name: str
) -> None:
    panel = dock(model, name)
    assert {p.name: getattr(panel, p.name).value for p in METHODS[name].parameters} == {
        p.name: p.default for p in METHODS[name].parameters
    }
    assert 'Open an image' in panel.bar.message.text()
    assert not panel.bar.button.isEnabled()


def test_a_task_shows_only_what_it_needs(model: Any, image: Any, dock: Dock) -> None:
    panel = dock(model, 'dpir')
    seen = {}
    for task in panel.method.tasks:
        panel.task.value = task
        seen[task] = (
            shown(panel.damage_section.mask_rows.rows[0].field),
            shown(panel.kernel.native.parentWidget()),
            shown(panel.scale.native),
            shown(panel.noise_section.native),
            shown(panel.iterations.native),
            shown(panel.pattern.native),
        )
    assert [task for task, flags in seen.items() if flags[0]] == ['inpaint']
    assert seen['denoise'][1:] == (False, False, True, False, False)
    assert seen['deblur'][1:] == (True, False, True, True, False)
    assert seen['super_resolve'][1:] == (True, True, True, True, False)
    assert seen['demosaic'][1:] == (False, False, True, True, True)
    assert seen['deblock'][1:] == (False, False, False, False, False)


def test_camera_numbers_are_shown_for_photon_noise_only(model: Any, image: Any, dock: Dock) -> None:
    panel = dock(model, 'ffdnet')
    assert not shown(panel.gain.native)
    panel.noise.value = 'poisson-gaussian'
    assert shown(panel.gain.native)


def test_what_the_noise_section_hides_does_not_count(model: Any, image: Any, dock: Dock) -> None:
    panel = dock(model, 'dpir')
    panel.image.value = image
    panel.task.value = 'denoise'
    panel.sigma.mode.value = noise_section.VALUE
    panel.noise.value = 'poisson-gaussian'
    panel.gain.value = 2.0
    assert not shown(panel.sigma.number)
    told = panel.choices.request()
    assert (told.sigma, told.parameters['gain']) == ('auto', 2.0)
    assert 'noise model' in panel.choices.problem(estimate=True)
    panel.noise.value = 'gaussian'
    told = panel.choices.request()
    assert told.sigma == panel.sigma.number.value
    assert 'gain' not in told.parameters


def plain(arguments: dict[str, Any]) -> dict[str, Any]:
    """Images as arrays, with the axes of the image."""
    pixels = {k: np.asarray(v.data) for k, v in arguments.items() if isinstance(v, Image)}
    return {**arguments, **pixels, 'axes': arguments['image'].axes}


def test_the_panel_asks_for_what_was_set(model: Any, image: Any, dock: Dock) -> None:
    kernel = model.add_image(np.ones((5, 5)), name='psf')
    panel = dock(model, 'dpir')
    panel.image.value = image
    panel.task.value = 'super_resolve'
    panel.kernel.value = kernel
    panel.scale.value = 3
    panel.sigma.value = 2.5
    panel.iterations.value = 12
    panel.quality.value = 11  # of another task
    panel.device.value = 'cpu'
    panel.tile.value = 128
    asked = plain(panel.request().arguments())
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
    panel.image.value = image
    panel.sigma.value = model.layers['sigma']
    panel.region.value = model.layers['roi']
    asked = plain(panel.request().arguments())
    np.testing.assert_array_equal(asked['image'], image.data[4:8, 6:10])
    np.testing.assert_array_equal(asked['sigma'], model.layers['sigma'].data[4:8, 6:10])


def test_a_stack_offers_the_slice_on_show(model: Any, dock: Dock) -> None:
    panel = dock(model, 'ffdnet')
    layer = model.add_image(np.arange(3 * 40 * 50.0).reshape(3, 40, 50), name='stack')
    assert shown(panel.extent.native)
    model.dims.set_current_step(0, 2)
    assert (plain(panel.request().arguments())['image'] == layer.data[2:]).all()
    panel.extent.value = 'Whole stack'
    assert plain(panel.request().arguments())['image'].shape == (3, 40, 50)
    panel.image.value = model.add_image(np.zeros((40, 50)), name='flat')
    assert not shown(panel.extent.native)


def test_the_panel_says_what_is_missing(model: Any, image: Any, dock: Dock, qtbot: Any) -> None:
    panel = dock(model, 'deepred')
    panel.task.value = 'inpaint'
    assert 'needs a mask' in panel.bar.message.text()
    panel.damage_section.mask_rows.make_new()
    mask = panel.mask.value
    assert mask.name == 'wall mask'
    assert mask.mode == 'paint'
    qtbot.waitUntil(lambda: 'no damage yet' in panel.bar.message.text())
    mask.paint((20, 20), 1)
    qtbot.waitUntil(panel.bar.button.isEnabled)
    assert 'covers' in panel.damage_section.mask_rows.coverage.text()
    assert not panel.bar.message.text()
    panel.task.value = 'deblur'
    assert 'blur kernel' in panel.bar.message.text()
    with pytest.raises(FrescoError, match='kernel'):
        panel.request()


def test_an_image_of_two_values_is_refused_before_the_run(model: Any, dock: Dock) -> None:
    layer = model.add_image(np.eye(20, dtype=bool))
    panel = dock(model, 'dpir')
    assert 'type bool' in panel.bar.message.text()
    assert not panel.bar.button.isEnabled()
    layer.data = np.eye(20, dtype=np.uint8)
    assert panel.choices.problem() == ''


def test_what_is_doubtful_about_mask_and_kernel_is_said_before_the_run(
    model: Any, image: Any, dock: Dock, qtbot: Any
) -> None:
    wide = np.zeros((40, 50), int)
    wide[4:36, 6:40] = 1
    mask, kernel = model.add_labels(wide), model.add_image(np.eye(5)[2:3] * np.ones((5, 1)))
    panel = dock(model, 'dpir')
    panel.image.value, panel.task.value = image, 'inpaint'
    panel.mask.value = mask
    coverage = panel.damage_section.mask_rows.coverage
    qtbot.waitUntil(lambda: 'covers' in coverage.text())
    assert 'widest hole' in coverage.text()
    panel.task.value = 'deblur'
    panel.kernel.value = kernel
    assert 'hardly blurs' not in panel.damage_section.kernel_note.text()
    kernel.data = np.pad(np.eye(1), 2)
    panel.kernel.value = None
    panel.kernel.value = kernel
    assert 'hardly blurs' in panel.damage_section.kernel_note.text()


def test_a_wrong_number_is_named(model: Any, image: Any, dock: Dock) -> None:
    panel = dock(model, 'deepred')
    panel.task.value = 'denoise'
    panel.learning_rate.native.setText('fast')
    assert "'fast'" in panel.bar.message.text()
    panel.learning_rate.native.setText('77')
    assert 'out of range' in panel.bar.message.text()
    panel.learning_rate.native.setText('')
    assert panel.bar.button.isEnabled()


def test_choosers_follow_the_viewer(model: Any, image: Any, dock: Dock) -> None:
    panel = dock(model, 'dpir')
    other = model.add_image(np.zeros((9, 9)), name='other')
    assert panel.image.value.name == 'wall'
    image.name = 'mural'
    assert panel.image.text == 'mural'
    model.layers.remove('mural')
    assert panel.image.value.name == 'other'
    model.layers.remove(other.name)
    assert panel.image.value is None
    assert 'Open an image' in panel.bar.message.text()


def test_a_kernel_layer_is_no_image_to_restore(model: Any, image: Any, dock: Dock) -> None:
    model.add_image(np.ones((5, 5)), name='psf', metadata={'napari_fresco_kernel': True})
    panel = dock(model, 'dpir')
    assert [panel.image.native.itemText(i) for i in range(panel.image.native.count())] == ['wall']
    panel.task.value = 'deblur'
    assert panel.kernel.value.name == 'psf'


def test_estimate_fills_in_the_noise(model: Any, dock: Dock, notes: Any) -> None:
    noisy = np.random.default_rng(0).normal(1000, 30, (3, 96, 96))
    model.add_image(noisy, name='stack')
    panel = dock(model, 'ffdnet')
    panel.estimate()
    pump(lambda: panel.sigma.value != 'auto')
    assert panel.sigma.value == pytest.approx(30, rel=0.1)
    assert panel.request().sigma == panel.sigma.value
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
    panel.image.value = model.layers[0]
    panel.task.value = 'inpaint'
    panel.mask.value = model.layers['damage']
    panel.mask_label.value = 4
    panel.mask_grow.value = 1
    panel.region.value = shapes
    panel.regularization.value = 0.5
    model.dims.set_current_step(0, 2)
    asked = plain(panel.request().arguments())
    call = plain(run_script(panel, model, monkeypatch))
    for name in ('image', 'mask', 'context'):
        np.testing.assert_array_equal(call.pop(name), asked.pop(name))
    assert call == asked
    panel.run()
    mine = panel.wait(20)[-1]
    place: dict[str, Any] = {'viewer': model}
    exec(panel.script(), place)
    assert 'napari_fresco._' not in panel.script()
    its = place['job'].wait(20)[-1]
    np.testing.assert_array_equal(mine.data, its.data)
    np.testing.assert_array_equal(its.data_to_world((0, 0, 0)), (8, 10, 12))
    assert its.name.startswith('it\'s "mural" [DPIR]')
    assert mine.metadata['napari_fresco'] == its.metadata['napari_fresco']


def test_copy_puts_the_script_on_the_clipboard(
    model: Any, image: Any, dock: Dock, notes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    panel = dock(model, 'ffdnet')
    monkeypatch.setattr(clipboard, 'copy_text', copied.append)
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
    assert panel.request().settings == {'device': 'cpu', 'tile': 256}
    assert not panel.bar.preview.isChecked()


def test_a_weights_file_can_be_chosen(model: Any, image: Any, dock: Dock) -> None:
    panel = dock(model, 'drunet')
    panel.model.value = 'own.pth'
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
    field = row_of(parameter)
    qtbot.addWidget(field.native)
    assert field.value == parameter.default
    changes: list[Any] = []
    field.changed.connect(lambda: changes.append(field.value))
    field.value = value
    assert changes == [value]
    assert type(field.value) is parameter.type


def test_a_field_checks_its_range(qtbot: Any) -> None:
    field = row_of(Parameter('o', int, None, '', 'Optional', optional=True, minimum=1))
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
