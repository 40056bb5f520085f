"""Damage is proposed, looked at, taken over, edited and undone in a window."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from napari_fresco import damage
from napari_fresco._napari import commands
from napari_fresco._napari.masks.damage_mask_panel import DamageMaskPanel
from napari_fresco._napari.masks.mask_edit_section import ALL
from napari_fresco._napari.masks.new_mask import new_mask
from napari_fresco._napari.masks.scribble_proposer import ScribbleProposer
from napari_fresco.damage.cracks import crack_response
from napari_fresco.degrade import damage_masks
from napari_fresco.layers.comparing.looking import camera_of
from napari_fresco.layers.images.layer_kinds import PROPOSAL, SCRIBBLES
from napari_fresco.layers.masks import teaching
from napari_fresco.layers.masks.damage_classes import classes_of

from .signals import pump

SHAPE = (120, 150)
KEEP = damage.class_named('keep').value


def cracked() -> np.ndarray:
    random = np.random.default_rng(0)
    mask = damage_masks.craquelure(SHAPE, 0.05, 2, random)
    ground = np.array([0.7, 0.6, 0.45]) * (1 + random.normal(0, 0.01, (*SHAPE, 1)))
    wall = ground * (1 - 0.4 * ndimage.gaussian_filter(mask * 1.0, 0.6))[..., None]
    return np.round(255 * np.clip(wall, 0, 1)).astype(np.uint8)


def opened(viewer: Any) -> DamageMaskPanel:
    viewer.add_image(cracked(), name='wall', rgb=True, scale=(0.5, 0.5), units=('mm', 'mm'))
    return commands.damage_mask(viewer)


@pytest.fixture
def panel(model: Any, qtbot: Any) -> DamageMaskPanel:
    panel = opened(model)
    qtbot.addWidget(panel)
    return panel


@pytest.fixture
def docked(viewer: Any) -> DamageMaskPanel:
    panel = opened(viewer)
    viewer.window.add_dock_widget(panel, name='Damage mask')
    return panel


def proposals(viewer: Any) -> list[Any]:
    return [layer for layer in viewer.layers if PROPOSAL in layer.metadata]


def labels(panel: DamageMaskPanel) -> np.ndarray:
    return np.asarray(panel.mask_row.value.data)


def test_cracks_are_looked_at_taken_over_and_undone(viewer: Any, docked: DamageMaskPanel) -> None:
    image, cracks = viewer.layers['wall'], docked.propose.proposers['cracks']
    docked.propose.preview.setChecked(True)
    docked.wait()
    (shown,) = proposals(viewer)
    response = crack_response(image.data, 0.5)
    expected = damage.cracks_above(response, 0.08)
    np.testing.assert_array_equal(shown.data != 0, expected)
    np.testing.assert_allclose(shown.data_to_world((3, 4)), image.data_to_world((3, 4)))
    assert cracks.rows['widest'].label.text() == 'Widest (mm)'
    cracks.share.value = 3  # at once, without a worker
    assert not docked.propose.at_work
    np.testing.assert_array_equal(shown.data != 0, damage.cracks_above(response, 0.03))
    cracks.shortest.value = 20.0  # mm
    fewer = damage.cracks_above(response, 0.03, 40)
    np.testing.assert_array_equal(shown.data != 0, fewer)
    assert docked.mask_row.value is None
    docked.propose.take()
    docked.wait()
    assert not proposals(viewer)
    np.testing.assert_array_equal(labels(docked), fewer.astype(np.uint8))
    assert f'{int(fewer.sum())} px, {fewer.sum() * 0.0025:.4g} cm²' in docked._said()
    assert 'takes them back' in docked.propose.message.text()
    docked.edit.undo()
    assert not docked.propose.message.text()
    assert 'taken back' in docked.edit.message.text()
    assert not labels(docked).any()


def test_a_proposal_leaves_what_was_drawn(model: Any, panel: DamageMaskPanel) -> None:
    panel.make_new()
    mask = panel.mask_row.value
    mask.data[:60], mask.data[60:70] = KEEP, 2
    panel.propose.take()
    panel.wait()
    assert (labels(panel)[:60] == KEEP).all()
    assert (labels(panel)[60:70] == 2).all()
    assert set(np.unique(labels(panel)[70:])) == {0, 1}


def test_the_class_is_that_of_the_brush_and_of_proposals(
    model: Any, panel: DamageMaskPanel
) -> None:
    panel.make_new()
    mask = panel.mask_row.value
    assert [each.name for each in classes_of(mask)] == list(panel.kind.choices)
    panel.kind.value = 'stain'
    assert mask.selected_label == damage.class_named('stain').value
    mask.selected_label = KEEP
    assert panel.kind.value == 'keep'
    panel.propose.what.value = 'clicks'
    assert panel.kind.value == 'loss'
    assert mask.selected_label == 2


def test_clicks_grow_to_losses(viewer: Any, docked: DamageMaskPanel) -> None:
    image = viewer.layers['wall']
    picture = np.full((*SHAPE, 3), 120, np.uint8)
    picture[20:40, 30:60] = 230
    picture[70:80, 90:99] = 225
    image.data = picture
    docked.propose.what.value = 'clicks'
    docked.propose.preview.setChecked(True)
    docked.wait()
    click = viewer.mouse_drag_callbacks[-1]
    for world in ((15.0, 20.0), (37.0, 47.0)):  # mm
        steps = click(viewer, SimpleNamespace(position=world, type='mouse_press'))
        assert list(steps) == [None]
    (shown,) = proposals(viewer)
    assert shown.data[30, 40] == shown.data[75, 95] == 1
    assert not shown.data[60, 60]
    drag = SimpleNamespace(position=(2.0, 2.0), type='mouse_press')
    steps = click(viewer, drag)
    next(steps)
    drag.type = 'mouse_move'
    next(steps)
    drag.type = 'mouse_release'
    assert list(steps) == []
    assert not shown.data[4, 4], 'a drag moves the picture'
    docked.propose.take()
    docked.wait()
    assert click not in viewer.mouse_drag_callbacks
    assert set(np.unique(labels(docked))) == {0, 2}
    assert (labels(docked) == 2).sum() == 690


def test_losses_stand_out_by_colour(model: Any, panel: DamageMaskPanel) -> None:
    picture = cracked()
    picture[20:40, 30:60] = (250, 250, 255)
    model.layers['wall'].data = picture
    panel.propose.what.value = 'colours'
    panel.propose.preview.setChecked(True)
    panel.wait()
    panel.propose.take()
    panel.wait()
    expected = damage.propose_losses(picture)
    np.testing.assert_array_equal(labels(panel) == 2, expected)
    assert expected[30, 45]


def test_scribbles_teach_and_are_learned_again(
    viewer: Any, docked: DamageMaskPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip('sklearn')
    docked.propose.what.value = 'scribbles'
    learner = docked.propose.proposers['scribbles']
    looks: list[Any] = []
    monkeypatch.setattr(
        teaching, 'scribble_features', lambda *a: looks.append(a) or damage.scribble_features(*a)
    )
    docked.propose.preview.setChecked(True)
    assert 'Scribble' in docked.propose.message.text()
    docked.wait()
    assert len(looks) == 1, 'before there is a stroke'
    docked.propose.preview.setChecked(False)
    learner.start.click()
    assert docked.propose.preview.isChecked(), 'strokes are answered'
    docked.wait()
    assert len(looks) == 1
    (strokes,) = [layer for layer in viewer.layers if SCRIBBLES in layer.metadata]
    assert viewer.layers.selection.active.name == strokes.name
    assert not docked.mask_row.offers(strokes)
    cracks = damage.propose_cracks(viewer.layers['wall'].data)
    places = np.nonzero(cracks[:, :75])
    strokes.data_setitem(places, 1)
    learner.brush.value = 2
    assert strokes.selected_label == 2
    strokes.data_setitem((np.full(60, 3), np.arange(60)), 2)
    pump(lambda: bool(proposals(viewer)))
    docked.wait()
    assert len(looks) == 1, 'what was looked at while strokes were missing is known'
    (shown,) = proposals(viewer)
    said = np.asarray(strokes.data).copy()
    learned = damage.learn_from_scribbles(viewer.layers['wall'].data, said)
    np.testing.assert_array_equal(shown.data != 0, learned.mask)
    wrong = np.nonzero(learned.mask[:, 100:] & (said[:, 100:] == 0))
    strokes.data_setitem((wrong[0][:5], wrong[1][:5] + 100), 2)
    pump(lambda: not shown.data[wrong[0][0], wrong[1][0] + 100])
    docked.wait()
    docked.propose.take()
    docked.wait()
    np.testing.assert_array_equal(labels(docked) == 1, shown.data != 0)


def test_strokes_in_several_places_are_learned_together(
    viewer: Any, docked: DamageMaskPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip('sklearn')
    if not hasattr(viewer, 'canvas'):
        pytest.skip('before 0.9 napari does not say what is on show')
    monkeypatch.setattr(ScribbleProposer, 'most', 6000)
    monkeypatch.setattr(teaching, '_TILE', 50)
    docked.propose.what.value = 'scribbles'
    learner = docked.propose.proposers['scribbles']
    learner.scribble()
    docked.propose.preview.setChecked(False)  # which scribbling switched on
    image = viewer.layers['wall'].data
    strokes, cracks = learner.layer, damage.propose_cracks(image)
    there, said = np.zeros(SHAPE, bool), np.zeros(SHAPE, np.uint8)
    there[:40, :75] = True
    said[there & cracks], said[there & ~cracks] = 1, 2
    strokes.data_setitem(np.nonzero(said), said[said > 0])
    camera_of(viewer).zoom, camera_of(viewer).center = 30, (0, 50.0, 60.0)  # mm
    docked.propose.preview.setChecked(True)
    docked.wait()
    (shown,) = proposals(viewer)
    rows, columns = (slice(int(2 * a), int(2 * a) + n) for a, n in zip(
        shown.translate, shown.data.shape, strict=True
    ))  # fmt: skip
    assert rows.start > 40, 'no stroke is on show'
    found = np.asarray(shown.data) != 0
    assert (found & cracks[rows, columns]).sum() > 0.5 * found.sum() > 0
    docked.propose.take()
    docked.wait()
    marked = labels(docked) == 1
    assert (marked[rows, columns] ^ found).mean() < 0.02
    assert (marked & cracks).sum() > 0.5 * cracks.sum()


@pytest.mark.parametrize('name', ['remove', 'separate', 'fill_holes', 'merge', 'clear', 'invert'])
def test_an_edit_is_one_step_that_can_be_undone(
    model: Any, panel: DamageMaskPanel, name: str
) -> None:
    panel.make_new()
    mask, before = panel.mask_row.value, np.zeros(SHAPE, np.uint8)
    before[20:60, 20:60], before[30:34, 30:34], before[90, 90], before[100, :] = 1, 0, 2, KEEP
    mask.data_setitem(np.nonzero(before), before[before > 0])
    panel.kind.value = 'stain'
    panel.edit.buttons[name].click()
    panel.wait()
    of, into = [1, 2], damage.class_named('stain').value
    expected = {
        'remove': lambda: damage.remove_small(before, 20, of),
        'separate': lambda: damage.separate(before, 8, into, of, by='width'),
        'fill_holes': lambda: damage.fill_holes(before, of),
        'merge': lambda: damage.merge(before, into, of),
        'clear': lambda: damage.clear(before, of),
        'invert': lambda: damage.invert(before, into),
    }[name]()
    assert (expected != before).any()
    np.testing.assert_array_equal(labels(panel), expected)
    mask.undo()
    np.testing.assert_array_equal(labels(panel), before)
    mask.redo()
    np.testing.assert_array_equal(labels(panel), expected)


def test_growing_is_shown_before_it_is_applied(model: Any, panel: DamageMaskPanel) -> None:
    panel.make_new()
    before = np.zeros(SHAPE, np.uint8)
    before[20:60, 20:60], before[80:90, 80:90], before[50:70, 62:66] = 1, 2, KEEP
    mask = panel.mask_row.value
    mask.data_setitem(np.nonzero(before), before[before > 0])
    assert panel.edit.which.choices[0] == ALL
    for which, pixels in (('crack', 3), (ALL, -2)):
        panel.edit.which.value, panel.edit.grow.value = which, pixels
        pump(lambda: bool(proposals(model)))
        of = [1] if which == 'crack' else [1, 2]
        grown = damage.grow(before, 3, of) if pixels > 0 else damage.shrink(before, 2, of)
        (shown,) = proposals(model)
        np.testing.assert_array_equal(shown.data != 0, grown != before)
        np.testing.assert_array_equal(labels(panel), before)
        panel.edit.edit('grow')
        panel.wait()
        assert not proposals(model)
        assert panel.edit.grow.value == 0
        np.testing.assert_array_equal(labels(panel), grown)
        panel.edit.undo()


def test_strokes_that_are_drawn_meanwhile_stay(model: Any, panel: DamageMaskPanel) -> None:
    panel.make_new()
    mask = panel.mask_row.value
    mask.data_setitem((np.array([5]), np.array([5])), 1)
    panel.edit.edit('clear')
    mask.data_setitem((np.array([50]), np.array([50])), 1)
    panel.wait()
    assert np.argwhere(labels(panel)).tolist() == [[50, 50]]


def test_the_brush_keeps_its_size_on_the_screen(model: Any, panel: DamageMaskPanel) -> None:
    panel.make_new()
    mask, camera = panel.mask_row.value, camera_of(model)
    camera.zoom = 2.0
    wide = mask.brush_size
    camera.zoom = 0.5
    assert mask.brush_size == pytest.approx(4 * wide, abs=4)
    mask.brush_size = 10
    camera.zoom = 0.25
    assert mask.brush_size == 20
    panel.fixed_brush.value = False
    camera.zoom = 1.0
    assert mask.brush_size == 20


def test_the_picture_of_a_mask_is_offered_as_one(
    model: Any, panel: DamageMaskPanel, qtbot: Any
) -> None:
    marked = np.zeros(SHAPE, np.uint8)
    marked[10:20, 10:30] = 255
    space = {'scale': (0.5, 0.5), 'units': ('mm', 'mm')}
    picture = model.add_image(marked, name='cracks', **space)
    gray = model.add_image(cracked()[..., 0], name='gray', **space)
    panel.image.value = model.layers['wall']
    assert panel.mask_row.offers(picture)
    assert not panel.mask_row.offers(gray)
    assert not panel.image.offers(picture)
    panel.mask_row.value = picture
    assert panel.mask_row.text == 'cracks (a picture)'
    dpir = commands.dpir(model)
    qtbot.addWidget(dpir.native)
    dpir.image.value, dpir.task.value, dpir.mask.value = model.layers['wall'], 'inpaint', picture
    assert not dpir.mask.offers(gray)
    assert dpir.damage_section.mask_rows.marked().load().sum() == 200
    panel.give.click()
    made = panel.mask_row.value
    assert made.name == 'wall mask'
    np.testing.assert_array_equal(made.data, marked // 255)
    assert not picture.visible


def test_the_picture_of_a_mask_of_another_size_is_stretched(
    model: Any, panel: DamageMaskPanel
) -> None:
    small, narrow = np.zeros((60, 75), bool), np.zeros((60, 60), bool)
    small[10, 20:30] = True
    panel.mask_row.value = model.add_image(small, name='small')
    assert 'Make labels' in panel._said()
    panel.give.click()
    expected = np.zeros(SHAPE, np.uint8)
    expected[20:22, 40:60] = 1
    np.testing.assert_array_equal(labels(panel), expected)
    panel.mask_row.value = model.add_image(narrow, name='narrow')
    panel.give.click()
    assert 'another aspect ratio' in panel.coverage.text()
    assert panel.mask_row.value.name == 'narrow'


def test_the_plane_on_show_of_a_stack_is_marked(model: Any, qtbot: Any) -> None:
    stack = np.stack([cracked()[..., 0], 255 - cracked()[..., 0], cracked()[::-1, ..., 0]])
    model.add_image(stack, name='stack', rgb=False, contrast_limits=(0, 255))
    panel = commands.damage_mask(model)
    qtbot.addWidget(panel)
    panel.make_new()
    model.dims.set_current_step(0, 2)
    panel.propose.preview.setChecked(True)
    panel.wait()
    (shown,) = proposals(model)
    expected = damage.propose_cracks(stack[2])
    np.testing.assert_array_equal(shown.data[0] != 0, expected)
    assert shown.translate[0] == 2
    panel.propose.take()
    panel.wait()
    panel.edit.grow.value = 1
    panel.edit.edit('grow')
    panel.wait()
    np.testing.assert_array_equal(labels(panel)[2] == 1, damage.grow(expected, 1))
    assert not labels(panel)[:2].any()


def test_labels_that_may_mean_anything_get_no_classes_unasked(
    model: Any, panel: DamageMaskPanel
) -> None:
    cells = np.zeros(SHAPE, np.uint8)
    cells[5:9, 5:9], cells[20:30, 20:30] = 4, 5
    space = {'scale': (0.5, 0.5), 'units': ('mm', 'mm')}
    layer = model.add_labels(cells, name='cells', **space)
    panel.mask_row.value = layer
    assert classes_of(layer) == ()
    assert 'Give classes' in panel._said()
    panel.give.click()
    assert 'keep: ' in panel._said()


def test_a_method_fills_what_was_marked(model: Any, panel: DamageMaskPanel, qtbot: Any) -> None:
    panel.propose.take()
    panel.wait()
    mask = panel.mask_row.value
    mask.data_setitem((np.full(SHAPE[1], 60), np.arange(SHAPE[1])), KEEP)
    dpir = commands.dpir(model)
    qtbot.addWidget(dpir.native)
    assert dpir.task.value == 'inpaint'
    assert dpir.mask.value.name == mask.name
    marked = dpir.damage_section.mask_rows.marked().load()
    np.testing.assert_array_equal(marked, np.asarray(mask.data) == 1)


def test_clicks_on_what_was_on_show_before_count(
    viewer: Any, docked: DamageMaskPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = viewer.layers['wall']
    pixels = np.full((*SHAPE, 3), 90, np.uint8)
    pixels[20:30, 20:30] = pixels[90:100, 120:130] = 240
    wall.data = pixels
    docked.propose.what.value = 'clicks'
    proposer = docked.propose.proposer
    monkeypatch.setattr(type(proposer), 'most', 40**2)
    camera_of(viewer).zoom, camera_of(viewer).center = 20, (0, 47, 62)  # mm: on the second
    docked.propose.preview.setChecked(True)
    docked.wait()
    proposer.click((25, 25))
    proposer.click((95, 125))
    docked.propose.take()
    docked.wait()
    loss = damage.class_named('loss').value
    np.testing.assert_array_equal(labels(docked) == loss, pixels[..., 0] == 240)


def test_a_panel_that_is_closed_leaves_nothing(
    viewer: Any, docked: DamageMaskPanel, qtbot: Any
) -> None:
    before = list(viewer.mouse_drag_callbacks)
    docked.propose.what.value = 'clicks'
    docked.propose.preview.setChecked(True)
    docked.wait()
    docked.propose.proposers['clicks'].click((5, 5))
    assert proposals(viewer)
    assert list(viewer.mouse_drag_callbacks) != before
    viewer.window.remove_dock_widget(docked)
    docked.deleteLater()
    qtbot.wait(20)
    assert not proposals(viewer)
    assert list(viewer.mouse_drag_callbacks) == before
    camera_of(viewer).zoom = 3
    viewer.layers['wall'].visible = False


def test_other_masks_do_not_lie_over_a_new_one(model: Any) -> None:
    image = model.add_image(np.zeros(SHAPE), name='wall')
    labels = model.add_labels(np.ones(SHAPE, np.uint8), name='cells')
    masks = [new_mask(model, image) for _ in range(2)]
    assert [mask.visible for mask in masks] == [False, True]
    assert labels.visible
