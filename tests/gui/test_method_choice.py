"""Where a panel has several methods on offer, choosing another one loses nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_fresco._napari.masks.damage_mask_panel import DamageMaskPanel
from napari_fresco._napari.methods.offer import Offer
from napari_fresco._napari.restoring.panel import MethodPanel
from napari_fresco.declare.methods import METHODS
from napari_fresco.declare.tasks import TASKS
from napari_fresco.errors import FrescoError
from napari_fresco.layers.jobs.layer_restoration import running

from .conftest import FakeSolver
from .signals import until


class EveryMethod(MethodPanel):
    offer = Offer('every', 'Every', 'All there is.', tuple(METHODS.values()), tuple(TASKS))


@pytest.fixture
def panel(model: Any, qtbot: Any) -> Any:
    noisy = np.random.default_rng(0).integers(0, 255, (40, 50), dtype=np.uint8)
    model.add_image(noisy, name='wall')
    made = EveryMethod(model)
    qtbot.addWidget(made.native)
    return made


def chosen(panel: Any, name: str) -> Any:
    panel.input_section.method_row.value = name
    return panel


def test_methods_on_offer_are_those_that_do_the_task(panel: Any) -> None:
    row = panel.input_section.method_row
    for task in TASKS:
        panel.task.value = task
        assert panel.method.name in row.choices
        assert all(task in METHODS[name].tasks for name in row.choices)
        assert panel.request if TASKS[task].needs else panel.request()


def test_what_two_methods_share_stays_when_the_other_is_chosen(panel: Any, model: Any) -> None:
    kernel = model.add_image(np.ones((5, 5)), name='psf')
    panel.task.value = 'deblur'
    chosen(panel, 'dpir').kernel.value = kernel
    panel.iterations.value, panel.sigma.value, panel.seed.value = 12, 7.5, 3
    asked = chosen(panel, 'ircnn').request()
    assert asked.method.name == 'ircnn'
    assert (asked.sigma, asked.parameters['iterations'], asked.settings['seed']) == (7.5, 12, 3)
    assert asked.kernel.shape == (5, 5)


def test_what_means_something_else_there_waits_for_its_method(panel: Any) -> None:
    panel.task.value = 'denoise'
    chosen(panel, 'drunet').model.value = 'nlm.safetensors'
    panel.uncertainty.value = True
    assert chosen(panel, 'deepred').iterations.value is None
    panel.iterations.value = 500
    assert chosen(panel, 'ffdnet').model.value == 'auto'
    assert panel.uncertainty.value
    with pytest.raises(AttributeError, match='no row'):
        panel.iterations  # noqa: B018
    assert chosen(panel, 'deepred').iterations.value == 500
    assert chosen(panel, 'drunet').model.value == 'nlm.safetensors'


def test_a_method_that_does_not_do_the_task_gives_way(panel: Any) -> None:
    panel.task.value = 'denoise'
    chosen(panel, 'scunet')
    panel.task.value = 'inpaint'
    assert panel.method.name == 'dpir'
    with pytest.raises(FrescoError, match='not on offer'):
        chosen(panel, 'scunet')


def test_only_rows_of_the_chosen_method_are_shown(panel: Any) -> None:
    groups = {each.parameter.group for each in panel.solver_section.rows}
    assert groups == {'solver'}  # what is folded away is not laid out
    panel.solver_section.fold.expand()
    for task in TASKS:
        panel.task.value = task
        for name in panel.input_section.method_row.choices:
            chosen(panel, name)
            shown = {
                each.parameter.name for each, row in panel.solver_section.rows.items() if row.shown
            }
            assert shown <= set(panel.parameters)
            assert 'seed' in shown
            form = panel.solver_section.advanced.form.layout()
            below = [
                form.itemAt(n, form.ItemRole.FieldRole).widget() for n in range(form.rowCount())
            ]
            assert below == _declared_order(panel.solver_section)  # whenever they were laid out


def _declared_order(section: Any) -> list[Any]:
    rows = sorted(section.rows, key=section._declared.index)
    return [section.rows[row].field for row in rows if row.parameter.group == 'advanced']


def test_a_run_is_shown_in_the_panel_that_asked(
    panel: Any, model: Any, dock: Any, solver: FakeSolver
) -> None:
    other = dock(model, 'ffdnet')
    chosen(panel, 'ffdnet')
    with until(running.ended):
        panel.run()
    assert 'Done' in panel.bar.message.text()
    assert not other.bar.message.text()
    with until(running.ended):
        other.run()
    assert 'Done' in other.bar.message.text()


def test_no_result_is_restored_unasked_when_its_image_is_gone(panel: Any, model: Any) -> None:
    made = {'napari_fresco': {'method': 'drunet', 'finish': 'completed'}}
    model.layers.clear()
    image = model.add_image(np.ones((40, 50)), name='cells')
    other = model.add_image(np.ones((40, 50)), name='others')
    result = model.add_image(np.ones((40, 50)), name='others [DRUNet]', metadata=made)
    panel.image.value = other
    model.layers.remove(other)
    assert panel.image.value.name == 'cells'
    assert DamageMaskPanel(model).image.value.name == 'cells'
    model.layers.remove(image)
    assert panel.image.value.name == result.name  # the only one


def test_what_is_no_choice_is_told_by_its_kind_or_its_viewer(panel: Any, model: Any) -> None:
    with pytest.raises(FrescoError, match="'wall', which is in another viewer or in none"):
        panel.image.value = ViewerModel().add_image(np.ones((4, 5)), name='wall')
    with pytest.raises(FrescoError, match="'marks', a layer of points, is not on offer"):
        panel.image.value = model.add_points(np.ones((2, 2)), name='marks')
