"""Panels that begin with what is wanted recommend a method, and losses are filled one by one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QLabel, QWidget

from napari_fresco._napari import commands
from napari_fresco._napari.restoring import fills_section, goal_panels
from napari_fresco._napari.widgets.form import Scroll
from napari_fresco._napari.window.opening import open_panel
from napari_fresco.declare.methods import METHODS
from napari_fresco.declare.tasks import TASKS
from napari_fresco.errors import FrescoError
from napari_fresco.layers import undo_fill
from napari_fresco.layers.fills.loss_filling import LossFilling
from napari_fresco.layers.images.layer_kinds import FILLS
from napari_fresco.layers.jobs import pace
from napari_fresco.layers.jobs.layer_restoration import running
from napari_fresco.layers.jobs.scripted import layer_request

from .conftest import Finish
from .signals import pump, until

FIRST, SECOND = np.s_[10:14, 10:30], np.s_[40:46, 50:56]
FILLED = ('wall [filled]', 'wall [filled] numbers')
WINDOW = 1280, 800


def recommended(panel: Any) -> Any:
    pump(lambda: panel.recommending.said is not None and panel.recommending.job is None)
    return panel.recommending.said


def click(viewer: Any, place: tuple[float, ...], drag: bool = False) -> None:
    event = SimpleNamespace(type='mouse_press', position=place, modifiers=())
    presses = [callback(viewer, event) for callback in viewer.mouse_drag_callbacks]
    kinds = ['mouse_press', *(['mouse_move'] if drag else []), 'mouse_release']
    for event.type in kinds:
        for press in presses:
            next(press, None)


def shown(field: Any) -> bool:
    return not getattr(field, 'native', field).isHidden()


@pytest.fixture
def photograph(model: Any) -> Any:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)
    return model.add_image(pixels, name='wall', rgb=True)


@pytest.fixture
def mask(model: Any, photograph: Any) -> Any:
    labels = np.zeros((64, 80), np.uint8)
    labels[FIRST] = 1
    return model.add_labels(labels, name='damage')


@pytest.fixture
def filling(model: Any, photograph: Any, mask: Any, qtbot: Any) -> Any:
    panel = commands.fill_losses(model)
    qtbot.addWidget(panel.native)
    panel.mask.value = mask
    panel.iterations.value, panel.device.value = 2, 'cpu'
    return panel


@pytest.fixture
def no_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, '_PACES', {})


@pytest.fixture
def restoring(model: Any, qtbot: Any) -> Any:
    noisy = np.random.default_rng(0).poisson(np.full((96, 96), 40)) * 3.0 + 100
    noisy[:48] += np.random.default_rng(1).poisson(np.full((48, 96), 400)) * 3.0
    model.add_image(noisy.astype(np.uint16), name='frame')
    panel = commands.restore(model)
    qtbot.addWidget(panel.native)
    return panel


def test_restore_asks_what_is_wrong_and_offers_every_method(restoring: Any) -> None:
    words = [restoring.task.native.itemText(i) for i in range(restoring.task.native.count())]
    assert words == [facts.trouble for facts in TASKS.values()]
    offered = set()
    for task in TASKS:
        restoring.task.value = task
        offered |= set(restoring.input_section.method_row.choices)
    assert offered == set(METHODS)


def test_a_method_is_recommended_with_its_reason_until_one_is_chosen(restoring: Any) -> None:
    said = recommended(restoring)
    assert (said.task, said.method, restoring.method.name) == ('denoise', 'drunet', 'drunet')
    assert 'grows with the light' in restoring.recommending.text.text()
    assert not shown(restoring.recommending.take)
    restoring.input_section.method_row.value = 'dncnn'
    restoring.task.value = 'deblur'
    assert restoring.method.name == 'dpir'
    restoring.task.value = 'denoise'
    restoring.input_section.method_row.value = 'dncnn'
    assert shown(restoring.recommending.take)
    restoring.recommending.take.click()
    assert restoring.method.name == 'drunet'
    assert not shown(restoring.recommending.take)


def test_a_kernel_and_the_scale_count_at_once(restoring: Any, model: Any) -> None:
    restoring.task.value = 'super_resolve'
    assert recommended(restoring).method == 'virnet'
    restoring.kernel.value = model.add_image(np.ones((5, 5)), name='psf')
    assert recommended(restoring).method == 'usrnet'
    assert restoring.method.name == 'usrnet'


def test_another_image_is_looked_at(restoring: Any, model: Any) -> None:
    assert recommended(restoring).method == 'drunet'
    rough = np.kron(np.random.default_rng(0).normal(100, 20, (48, 48, 3)), np.ones((2, 2, 1)))
    restoring.image.value = model.add_image(rough.clip(0, 255).astype(np.uint8), rgb=True)
    pump(lambda: restoring.recommending.said is not None)
    assert recommended(restoring).method == 'scunet'


def test_the_panel_restores_by_what_it_recommends_and_tells_the_time(
    restoring: Any, finish: Finish, no_runs: None
) -> None:
    recommended(restoring)
    assert 'about' not in restoring.state.native.text()
    finish(restoring)
    assert 'about' in restoring.state.native.text()
    assert 'the last run of this method here' in restoring.state.native.toolTip()
    assert [layer.name for layer in restoring.wait()] == ['frame [DRUNet]']


def test_wide_losses_are_said_to_be_invented(filling: Any, mask: Any) -> None:
    said = recommended(filling)
    assert 'its rim tells enough' in said.reason
    assert not said.caution
    wide = np.zeros((64, 80), np.uint8)
    wide[4:60, 10:66] = 1
    mask.data = wide
    pump(lambda: 'invented' in filling.recommending.text.text())
    assert 'neutral tone' in filling.recommending.text.text()


def test_runs_go_into_one_layer_and_the_photograph_stays(
    filling: Any, model: Any, mask: Any, photograph: Any, finish: Finish
) -> None:
    before = photograph.data.copy()
    assert not shown(filling.fills)
    finish(filling)
    filling.wait()
    grown = model.layers['wall [filled]']
    labels = mask.data.copy()
    labels[SECOND] = 1
    mask.data = labels
    finish(filling)
    assert grown in filling.wait()
    assert np.array_equal(photograph.data, before)
    assert np.array_equal(grown.data[labels == 0], before[labels == 0])
    assert [layer.name for layer in model.layers] == ['wall', *FILLED, 'damage']
    assert filling.image.value.name == 'wall'
    assert not mask.visible
    assert shown(filling.fills)
    assert '2 filled' in filling.fills.said.text()
    finish(filling)
    assert 'paint more' in filling.bar.message.text()


def test_a_fill_is_chosen_by_a_click_undone_and_filled_again(
    filling: Any, model: Any, photograph: Any, finish: Finish
) -> None:
    filling.iterations.value = 10
    finish(filling)
    filling.wait()
    grown = model.layers['wall [filled]']
    filled = grown.data[FIRST].copy()
    click(model, (11.0, 15.0))
    assert filling.fills.number.value == 1
    assert 'DPIR, seed 0' in filling.fills.said.text()
    assert 'Expected error' in filling.fills.said.text()
    filling.fills.undo.click()
    assert np.array_equal(grown.data[FIRST], photograph.data[FIRST])
    assert 'undone' in filling.fills.said.text()
    assert not filling.fills.undo.isEnabled()
    filling.input_section.method_row.value = 'ircnn'
    filling.iterations.value, filling.seed.value = 2, 7
    with until(running.ended):
        filling.fills.fill_again.click()
    assert 'IRCNN, seed 7' in filling.fills.said.text()
    assert 'No error is told' in filling.fills.said.text()
    assert not np.array_equal(grown.data[FIRST], filled)


def test_a_drag_over_a_fill_chooses_nothing(filling: Any, model: Any, finish: Finish) -> None:
    finish(filling)
    click(model, (11.0, 15.0), drag=True)
    assert filling.fills.number.value == 0


def test_a_command_undoes_the_fill_under_the_pointer(
    filling: Any, model: Any, photograph: Any, finish: Finish, notes: Any
) -> None:
    finish(filling)
    filling.wait()
    grown = model.layers['wall [filled]']
    model.cursor.position = (12.0, 20.0)
    assert commands.undo_fill_here(model) == 1
    assert np.array_equal(grown.data, photograph.data)
    assert 'fill 1 is undone' in notes.infos[0]
    model.cursor.position = (60.0, 70.0)
    with pytest.raises(FrescoError, match='no fill under the pointer'):
        commands.undo_fill_here(model)


def test_the_script_of_the_panel_fills_the_same(
    filling: Any, model: Any, mask: Any, finish: Finish
) -> None:
    text = filling.script()
    finish(filling)
    grown = model.layers['wall [filled]']
    filled = grown.data.copy()
    for name in FILLED:
        model.layers.remove(name)
    scope: dict[str, Any] = {'viewer': model}
    exec(text, scope)
    scope['job'].wait()
    assert np.array_equal(model.layers['wall [filled]'].data, filled)
    assert [layer.name for layer in model.layers] == ['wall', *FILLED, 'damage']


@pytest.mark.parametrize('after', [False, True])
def test_a_run_that_fails_leaves_nothing(
    model: Any, photograph: Any, mask: Any, finish: Finish, after: bool, filling: Any
) -> None:
    if after:
        finish(filling)
        labels = mask.data.copy()
        labels[SECOND] = 1
        mask.data = labels
    grown = model.layers['wall [filled]'] if after else None
    before = None if grown is None else grown.data.copy()

    def iterate(**arguments: Any) -> Any:
        from napari_fresco.restoration import api

        for step in api.iterate(**arguments):
            yield step
            if step.painted.any():
                raise FrescoError('a lightning')

    asked = {'mask': mask.data > 0, 'iterations': 2, 'device': 'cpu'}
    request = layer_request(model, photograph, 'dpir', 'inpaint', asked)
    filling_ = LossFilling(request, model, iterate=iterate, preview=True)
    with until(running.ended):
        filling_.start()
    assert 'a lightning' in filling_.job.error
    if grown is None:
        assert [layer.name for layer in model.layers] == ['wall', 'damage']
    else:
        assert np.array_equal(grown.data, before)
        assert len(grown.metadata[FILLS].runs) == 1


def test_other_sections_have_their_place(
    model: Any, photograph: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    class Other:
        def __init__(self, panel: Any) -> None:
            self.native: QWidget = QLabel('of others')
            self.panel = panel

        def refresh(self) -> None:
            seen.append(self.panel.fills.layer)

    monkeypatch.setattr(goal_panels.FillPanel, 'sections', [Other])
    panel = commands.fill_losses(model)
    qtbot.addWidget(panel.native)
    assert 'of others' in [label.text() for label in panel.native.findChildren(QLabel)]
    assert seen


def test_nothing_is_undone_while_the_layer_grows(
    filling: Any, model: Any, mask: Any, finish: Finish
) -> None:
    finish(filling)
    labels = mask.data.copy()
    labels[SECOND] = 1
    mask.data = labels
    with until(running.ended):
        filling.run()
        with pytest.raises(FrescoError, match='Busy: DPIR on wall'):
            undo_fill(model, 'wall', 1)
    assert model.layers['wall [filled]'].metadata[FILLS].count == 2


def test_a_closed_panel_does_not_listen_to_clicks(viewer: Any, qtbot: Any) -> None:
    before = len(viewer.mouse_drag_callbacks)
    panel = commands.fill_losses(viewer)
    assert len(viewer.mouse_drag_callbacks) == before + 1
    panel.native.deleteLater()
    qtbot.waitUntil(lambda: len(viewer.mouse_drag_callbacks) == before)


def test_undoing_what_is_gone_is_said(
    filling: Any, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(fills_section, 'show_error', told.append)
    finish(filling)
    filling.fills.number.value = 1
    filling.fills.undo.click()
    filling.fills._on_undo()
    assert 'undone already' in told[0]


def test_what_matters_fits_a_small_window_without_scrolling(
    make_napari_viewer_proxy: Any, idle: None, qtbot: Any
) -> None:
    viewer = make_napari_viewer_proxy(show=True)
    viewer.window.resize(*WINDOW)
    pixels = np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)
    viewer.add_image(pixels, name='wall', rgb=True)
    labels = np.zeros((64, 80), np.uint8)
    labels[4:60, 10:66] = 1
    viewer.add_labels(labels, name='damage', metadata={'napari_fresco_damage': True})
    for name in ('Fill losses', 'Restore', 'DPIR', 'DeepRED'):
        dock, panel = viewer.window.add_plugin_dock_widget('napari-fresco', name)
        for task in panel.offer.tasks:
            panel.task.value = task
            if panel.recommending is not None:
                recommended(panel)
            qtbot.wait(50)
            (scroll,) = panel.native.findChildren(Scroll)
            bar = scroll.verticalScrollBar()
            pump(lambda bar=bar: bar.maximum() == 0)  # what layouts are, once they are done
        viewer.window.remove_dock_widget(dock)


def test_guides_are_drawn_in_a_layer_of_their_own(filling: Any, model: Any, finish: Finish) -> None:
    guides = filling.damage_section.guide_row
    guides.new.click()
    drawn = guides.layer.value
    assert (drawn.name, drawn.mode) == ('wall guides', 'add_line')
    assert model.layers.selection.active.name == drawn.name
    assert filling.mask.value.name == 'damage'
    assert not filling.mask.offers(drawn)
    assert 'no line' in filling.choices.problem()
    drawn.add(np.array([[12, 2], [12, 40]]), shape_type='line')
    assert not filling.choices.problem()
    assert "guides='12,2 12,40'" in filling.script()
    finish(filling)
    assert model.layers['wall [filled]'].metadata[FILLS].runs[0]['options']['guides']


def test_strokes_of_a_brush_serve_as_guides(filling: Any, model: Any) -> None:
    guides, wall = filling.damage_section.guide_row, filling.image.value
    strokes = np.zeros(wall.data.shape[:2], np.uint8)
    drawn = model.add_labels(strokes, name='strokes')
    assert filling.mask.value.name == 'damage'
    guides.layer.value = drawn
    assert 'no stroke' in filling.choices.problem()
    strokes[11:14, 2:41] = 3
    drawn.data = strokes
    assert not filling.choices.problem()
    assert "guides='12,40.14 12,1.86'" in filling.script()


@pytest.mark.parametrize(('name', 'pixel'), [('PSF of stack', 700), ('opened last', 1 / 343)])
def test_a_volume_and_its_point_spread_function_are_told_apart(
    model: Any, qtbot: Any, name: str, pixel: float
) -> None:
    model.add_image(np.random.default_rng(0).random((9, 20, 20)), name='stack')
    psf = model.add_image(np.full((7, 7, 7), pixel), name=name)
    assert model.layers.selection.active == psf
    panel = commands.restore(model)
    qtbot.addWidget(panel.native)
    assert panel.image.value.name == 'stack'
    panel.task.value = 'deblur'
    assert panel.kernel.value.name == name


def test_a_photograph_and_the_picture_of_its_mask_are_told_apart(
    model: Any, photograph: Any, qtbot: Any
) -> None:
    sides = photograph.data.shape[:2]
    for name, size in (('small', (9, 9)), ('stencil', sides)):
        model.add_image(np.eye(*size, dtype=np.uint8) * 255, name=name)
    model.layers.selection = set(model.layers)  # as files that are opened together are
    model.layers.selection.active = model.layers['stencil']
    panel = commands.fill_losses(model)
    qtbot.addWidget(panel.native)
    assert panel.image.value.name == 'wall'
    assert panel.mask.value.name == 'stencil'


def test_the_picture_of_a_mask_is_not_taken_for_the_photograph(
    model: Any, photograph: Any, mask: Any, qtbot: Any
) -> None:
    model.add_image(np.eye(40, dtype=np.uint8) * 255, name='stencil')
    model.layers.selection = {mask}
    panel = commands.fill_losses(model)
    qtbot.addWidget(panel.native)
    assert panel.image.value.name == 'wall'
    rows = panel.damage_section.mask_rows
    rows.layer.value, rows.problem = mask, 'does not cover another image'
    rows.measure_soon()
    pump(lambda: not rows.problem)


def test_a_mask_that_does_not_fit_is_spoken_of_until_it_fits(
    model: Any, photograph: Any, qtbot: Any
) -> None:
    small = model.add_labels(np.eye(30, dtype=np.uint8), name='small')
    panel = commands.fill_losses(model)
    qtbot.addWidget(panel.native)
    panel.mask.value = small
    rows, message = panel.damage_section.mask_rows, panel.bar.message
    pump(lambda: 'does not cover' in rows.problem)
    pump(lambda: not panel.recommending.text.text())  # nothing is looked at
    panel.run()
    assert 'does not cover' in message.text()
    assert not rows.coverage.text(), 'it is said once'
    rows.align.click()
    pump(lambda: not message.text())
    assert recommended(panel).method == 'dpir'


def test_a_mask_is_proposed_beside_the_row_that_wants_one(
    make_napari_viewer: Callable[..., Any], idle: None
) -> None:
    viewer = make_napari_viewer()
    viewer.add_image(np.zeros((20, 30, 3), np.uint8), name='wall')
    panel = open_panel(viewer, 'fill_losses')
    panel.choices.damage.mask_rows.propose.click()
    pump(lambda: 'Damage mask (Fresco)' in viewer.window.dock_widgets)
