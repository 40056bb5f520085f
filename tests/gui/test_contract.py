"""What scripts and users may rely on: rows by name, and nothing said of what is gone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QFormLayout, QLabel

from napari_fresco._napari.running.run_bar import RUN
from napari_fresco.declare.methods import METHODS
from napari_fresco.errors import FrescoError
from napari_fresco.layers.jobs.layer_restoration import running

from .conftest import Dock, FakeSolver
from .signals import pump, until

ROWS = (
    'image', 'task', 'extent', 'region', 'reference', 'mask', 'mask_label', 'mask_grow',
    'mask_invert', 'keep_known', 'kernel', 'scale', 'sigma', 'device', 'tile', 'seed', 'dtype',
    'full_size', 'filled',
)  # fmt: skip


@pytest.fixture
def image(model: Any) -> Any:
    noisy = np.random.default_rng(0).integers(0, 255, (40, 50), dtype=np.uint8)
    return model.add_image(noisy, name='wall')


@pytest.mark.parametrize('name', [*METHODS, 'restore', 'fill_losses'])
def test_every_row_answers_by_its_name(model: Any, dock: Dock, name: str) -> None:
    panel = dock(model, name)
    for row in (*ROWS, 'method_row', *(p.name for p in panel.method.parameters)):
        value = getattr(panel, row).value
        getattr(panel, row).value = value
    with pytest.raises(AttributeError, match='no row'):
        panel.nonsense  # noqa: B018


def test_a_docked_panel_is_driven_by_a_script(viewer: Any) -> None:
    noisy = np.random.default_rng(0).normal(100, 20, (32, 40)).astype(np.float32)
    layer = viewer.add_image(noisy, name='wall')
    psf = np.ones((3, 3)) / 9
    panel = viewer.window.add_plugin_dock_widget('napari-fresco', 'IRCNN')[1]
    again = viewer.window.add_plugin_dock_widget('napari-fresco', 'IRCNN')[1]
    assert again is panel
    panel.image.value = layer
    panel.task.value = 'deblur'
    panel.kernel.value = psf
    panel.sigma.value = 8
    panel.iterations.value = 2
    panel.regularization.value = 0.0123456
    panel.run()
    (kept,) = panel.wait(timeout=60)
    assert kept.name == 'wall [IRCNN]'
    record = kept.metadata['napari_fresco']
    assert record['parameters']['iterations'] == 2
    assert record['parameters']['regularization'] == 0.0123456
    assert panel.kernel.value.metadata['napari_fresco_kernel']
    panel.sigma.value = 'auto'
    assert panel.request().sigma == 'auto'
    panel.sigma.value = viewer.add_image(np.full((32, 40), 3.0), name='map')
    assert panel.sigma.value.name == 'map'


def test_what_is_not_on_offer_is_refused(model: Any, image: Any, dock: Dock) -> None:
    panel = dock(model, 'dpir')
    with pytest.raises(FrescoError, match="'denoise', 'deblur'"):
        panel.task.value = 'sharpen'
    with pytest.raises(FrescoError, match='wall'):
        panel.image.value = model.add_labels(np.zeros((4, 4), int))
    with pytest.raises(FrescoError, match='number'):
        panel.sigma.value = 'much'


def test_entries_that_are_no_layers_are_chosen_by_their_words(
    model: Any, image: Any, dock: Dock
) -> None:
    panel = dock(model, 'dpir')
    for word, value in ((' '.join(['Visible', 'part']), 'Visible part'), ('Whole image', None)):
        panel.region.value = word
        assert panel.region.value == value
    panel.reference.value = image
    panel.reference.value = '(none)'
    assert panel.reference.value is None


@pytest.mark.parametrize('name', METHODS)
def test_every_parameter_is_set_by_its_name_and_reaches_the_run(
    model: Any, image: Any, dock: Dock, solver: FakeSolver, name: str
) -> None:
    panel = dock(model, name)
    for task in METHODS[name].tasks:
        panel.task.value = task
        for parameter in METHODS[name].parameters:
            value = another(parameter)
            if value is None or not METHODS[name].uses(parameter, task):
                continue
            if parameter.only_with:
                getattr(panel, parameter.only_with[0]).value = parameter.only_with[1]
            if parameter.name in ('gain', 'offset', 'read_noise'):
                panel.noise.value = 'poisson-gaussian'
            getattr(panel, parameter.name).value = value
            assert panel.choices.noise_request() is not None
            chosen = panel.choices._changed([parameter])
            assert chosen == {parameter.name: pytest.approx(value)}, (task, parameter.name)


def another(parameter: Any) -> Any:
    """Return a value that is allowed and not the default; None where only files are."""
    if parameter.choices:
        return next(choice for choice in parameter.choices if choice != parameter.default)
    if parameter.type is bool:
        return not parameter.default
    if parameter.type is str:
        return None
    low = 1 if parameter.minimum is None else parameter.minimum
    next_one = low + 1 if parameter.maximum is None else min(low + 1, parameter.maximum)
    value = low if low != parameter.default else next_one
    return parameter.type(value)


def test_a_masked_run_by_a_script_is_waited_for_and_uncovers_its_result(
    model: Any, image: Any, dock: Dock, solver: FakeSolver
) -> None:
    damage = np.zeros((40, 50), int)
    damage[4:9, 5:7] = 1
    mask = model.add_labels(damage, name='cracks')
    panel = dock(model, 'ircnn')
    panel.image.value, panel.task.value, panel.mask.value = image, 'inpaint', mask
    model.layers.selection.active = mask
    pump(lambda: not panel.problem())
    panel.run()
    (layer,) = panel.wait(20)
    assert layer.name == 'wall [IRCNN]'
    np.testing.assert_array_equal(solver.calls[0]['mask'], damage > 0)
    assert not mask.visible
    assert model.layers.selection.active.name == 'cracks'


def test_a_script_hears_why_nothing_ran(model: Any, dock: Dock) -> None:
    panel = dock(model, 'dpir')
    panel.run()
    with pytest.raises(FrescoError, match='Open an image'):
        panel.wait(1)


def test_a_task_chosen_by_a_script_stays(model: Any, dock: Dock) -> None:
    panel = dock(model, 'dpir')
    panel.task.value = 'denoise'
    layer = model.add_image(np.zeros((24, 32)), name='cells')
    damage = {'napari_fresco_damage': True}
    model.add_labels(np.ones((24, 32), int), name='damage', metadata=damage)
    panel.image.value = layer
    assert panel.task.value == 'denoise'


def test_a_run_cancelled_before_its_first_plane_adds_nothing(
    model: Any, image: Any, dock: Dock, solver: FakeSolver
) -> None:
    solver.gated, solver.steps, solver.facts = True, 40, {'steps': 0}
    panel = dock(model, 'drunet')
    panel.run()
    panel.cancel()
    solver.allow()
    assert panel.wait(20) == []
    assert [layer.name for layer in model.layers] == ['wall']
    assert 'nothing was restored' in panel.bar.message.text()


@pytest.mark.parametrize('unit', [1e-6, 1.0, 1e6])
def test_the_number_follows_the_size_of_the_values(model: Any, dock: Dock, unit: float) -> None:
    noisy = unit * np.random.default_rng(0).normal(100, 15, (64, 64))
    model.add_image(noisy.astype(np.float32), name='camera')
    panel = dock(model, 'ffdnet')
    panel.noise_section.estimate_button.click()
    pump(lambda: panel.sigma.value != 'auto')
    assert panel.sigma.value == pytest.approx(15 * unit, rel=0.15)
    assert float(panel.sigma.number.native.text()) == pytest.approx(panel.sigma.value, rel=1e-5)
    panel.sigma.value = unit / 3
    assert panel.request().sigma == unit / 3


def test_an_estimate_does_not_outlive_its_image(model: Any, image: Any, dock: Dock) -> None:
    other = model.add_image(np.random.default_rng(0).normal(0, 1, (64, 64)), name='other')
    panel = dock(model, 'ffdnet')
    panel.image.value = other
    panel.estimate()
    pump(lambda: panel.sigma.value != 'auto')
    panel.image.value = image
    assert panel.sigma.value == 'auto'
    panel.sigma.value = 7
    panel.image.value = other
    assert panel.sigma.value == 7  # which somebody has typed


def test_messages_do_not_outlive_their_layer(
    model: Any, image: Any, dock: Dock, solver: FakeSolver
) -> None:
    other = model.add_image(np.zeros((8, 9)), name='other')
    for leave in (
        lambda panel: model.layers.remove('wall [DPIR]'),
        lambda panel: setattr(panel.image, 'value', other),
    ):
        panel = dock(model, 'dpir')
        panel.image.value = image
        panel.run()
        panel.wait(20)
        assert 'Done' in panel.bar.message.text()
        leave(panel)
        assert panel.bar.message.text() == ''


def test_a_mask_suggested_for_one_image_is_not_kept_for_another(model: Any, dock: Dock) -> None:
    image = model.add_image(np.zeros((24, 32)), name='cells')
    damage = {'napari_fresco_damage': True}
    model.add_labels(np.ones((24, 32), int), name='damage', metadata=damage)
    panel = dock(model, 'dpir')
    panel.image.value = image
    panel.task.value = 'inpaint'
    assert panel.mask.value.name == 'damage'
    panel.image.value = model.add_image(np.zeros((10, 10)), name='other')
    assert panel.mask.value is None


def test_a_panel_opens_with_the_selected_layer_or_with_no_result(
    model: Any, image: Any, dock: Dock, solver: FakeSolver
) -> None:
    panel = dock(model, 'dpir')
    panel.run()
    panel.wait(20)
    mask = model.add_labels(np.zeros((40, 50), int))
    model.layers.selection.active = mask
    assert dock(model, 'dpir').image.value.name == 'wall'
    model.layers.selection.active = model.layers['wall [DPIR]']
    assert dock(model, 'dpir').image.value.name == 'wall [DPIR]'
    model.layers.selection.active = image
    assert dock(model, 'dpir').image.value.name == 'wall'


def test_before_shows_the_source_whatever_else_is_in_the_list(
    model: Any, image: Any, dock: Dock, solver: FakeSolver
) -> None:
    panel = dock(model, 'dpir')
    panel.run()
    panel.wait(20)
    model.add_image(np.ones((40, 50)), name='above')
    image.visible = False
    before = {layer.name: layer.visible for layer in model.layers}
    panel.bar.compare.pressed.emit()
    assert [layer.name for layer in model.layers if layer.visible] == ['wall']
    panel.bar.compare.released.emit()
    assert {layer.name: layer.visible for layer in model.layers} == before
    model.layers.remove('wall')
    panel.refresh()
    assert panel.bar.compare.isHidden()


def test_parameters_that_a_task_does_not_use_are_hidden_and_not_asked(
    model: Any, image: Any, dock: Dock
) -> None:
    panel = dock(model, 'dpir')
    panel.image.value = image
    panel.quality.value, panel.pattern.value = 11, 'BGGR'
    panel.task.value = 'denoise'
    assert panel.quality.native.isHidden()
    assert panel.request().parameters == {}
    panel.task.value = 'deblock'
    assert not panel.quality.native.isHidden()


def test_rows_are_labelled_fields_of_a_form(model: Any, image: Any, dock: Dock) -> None:
    panel = dock(model, 'ircnn')
    found = {}
    for form in panel.native.findChildren(QFormLayout):
        for number in range(form.rowCount()):
            label = form.itemAt(number, QFormLayout.ItemRole.LabelRole)
            field = form.itemAt(number, QFormLayout.ItemRole.FieldRole)
            if label and field and isinstance(label.widget(), QLabel):
                found[label.widget().text().split(' (')[0].lower()] = field.widget()
    wanted = {'task', 'extent', 'image', 'mask', 'region', 'σ', 'iterations', 'sigma start'}
    assert wanted <= set(found)
    assert panel.native.bar.button.text() == RUN


def test_only_one_restoration_runs(
    model: Any, image: Any, dock: Dock, solver: FakeSolver, notes: Any
) -> None:
    solver.gated = True
    first, second = dock(model, 'dpir'), dock(model, 'ffdnet')
    first.run()
    second.run()
    with pytest.raises(FrescoError, match='Busy: DPIR on wall'):
        second.wait(1)
    with until(running.ended):
        solver.allow(3)
    assert len(first.wait(1)) == 1
