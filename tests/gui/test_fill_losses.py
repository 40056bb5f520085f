"""Losses are filled into one layer that grows, and each can be undone or filled again."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_fresco._napari.files.readers_writers import write_tiff
from napari_fresco.errors import FrescoError, MaskError
from napari_fresco.evidence.fill_error import CALIBRATED, FEWEST, loss_errors
from napari_fresco.generators import Returning
from napari_fresco.intervention import Intervention, repeat
from napari_fresco.layers import fill_losses, restore_layer, undo_fill
from napari_fresco.layers.fills.fill_records import runs_of
from napari_fresco.layers.fills.fills import Fills
from napari_fresco.layers.fills.growing_layer import fill_at
from napari_fresco.layers.fills.loss_filling import LossFilling
from napari_fresco.layers.images.layer_kinds import FILLS
from napari_fresco.layers.jobs import pace
from napari_fresco.layers.jobs.scripted import layer_request
from napari_fresco.restoration import api

SIZE = (120, 300)
QUICK = {'iterations': 2, 'device': 'cpu'}
FIRST, SECOND, THIRD = np.s_[20:24, 20:40], np.s_[60:70, 140:150], np.s_[100:103, 250:290]


def wall(dtype: Any = np.uint8, colours: int = 3) -> Any:
    rng = np.random.default_rng(0)
    shape = (*SIZE, colours) if colours else SIZE
    return rng.integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def damage(*places: Any) -> Any:
    mask = np.zeros(SIZE, np.uint8)
    for place in places:
        mask[place] = 1
    return mask


@pytest.fixture
def viewer() -> Any:
    return ViewerModel()


def counted(grown: Any) -> int:
    fills = grown.metadata[FILLS]
    assert fills.count == len(np.unique(fills.numbers[fills.numbers > 0]))
    return int(fills.count)


def runs(viewer: Any) -> Any:
    return viewer.layers['wall [filled]'].metadata['napari_fresco']['fills']


@pytest.mark.parametrize('colours', [0, 3, 4])
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_only_what_is_marked_changes(viewer: Any, dtype: Any, colours: int) -> None:
    pixels = wall(dtype, colours)
    before = pixels.copy()
    place = {'scale': (0.2, 0.2), 'translate': (3, 4), 'units': ('mm', 'mm')}
    source = viewer.add_image(pixels, name='wall', rgb=colours > 0, **place)
    mask = damage(FIRST, SECOND)
    (grown,) = fill_losses(viewer, 'wall', mask=mask, **QUICK)
    assert np.array_equal(source.data, before)
    assert (grown.data.dtype, grown.data.shape) == (pixels.dtype, pixels.shape)
    assert np.array_equal(grown.data[mask == 0], pixels[mask == 0])
    assert (grown.data[mask > 0] != pixels[mask > 0]).any()
    assert grown.units == source.units
    np.testing.assert_allclose(grown.data_to_world((5, 7)), source.data_to_world((5, 7)))
    assert np.array_equal(grown.metadata[FILLS].filled, mask > 0)


def test_how_it_was_computed_is_known_of_the_next_fill(
    viewer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, '_PACES', {})
    viewer.add_image(wall(), name='wall', rgb=True)
    fill_losses(viewer, 'wall', mask=damage(FIRST), method='dpir', **QUICK)
    known = pace.pace_of('dpir', 'inpaint')
    assert known is not None
    assert (known.device, known.seconds, known.memory(10**9)) == ('cpu', None, 0)
    assert [network['network'] for network in known.networks] == ['drunet_compact_color']


def test_a_second_run_continues_in_the_same_layer(viewer: Any) -> None:
    viewer.add_image(wall(), name='wall', rgb=True)
    mask = viewer.add_labels(damage(FIRST), name='mask')
    (grown,) = fill_losses(viewer, 'wall', mask='mask', **QUICK)
    first = grown.data[FIRST].copy()
    with pytest.raises(FrescoError, match='paint more'):
        fill_losses(viewer, 'wall', mask='mask', **QUICK)
    mask.data = damage(FIRST, SECOND)
    (again,) = fill_losses(viewer, 'wall', mask='mask', **QUICK)
    assert again is grown
    assert [layer.name for layer in viewer.layers] == ['wall', 'wall [filled]', 'mask']
    assert np.array_equal(grown.data[FIRST], first)
    assert [run['numbers'] for run in runs(viewer)] == [[1, 1], [2, 2]]
    assert grown.metadata[FILLS].count == 2


def test_the_window_does_not_wait_for_what_becomes_of_a_large_picture(
    viewer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, grown = [], Fills.grown

    def watched(self: Fills, *given: Any) -> Any:
        threads.append(threading.current_thread())
        return grown(self, *given)

    monkeypatch.setattr(Fills, 'grown', watched)
    viewer.add_image(wall(), name='wall', rgb=True)
    fill_losses(viewer, 'wall', mask=damage(FIRST), **QUICK)
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


def test_earlier_fills_are_known_to_a_later_run(viewer: Any) -> None:
    viewer.add_image(np.full(SIZE, 100, np.uint8), name='wall')
    beside = np.s_[60:64, 140:150], np.s_[64:70, 140:150]
    (grown,) = fill_losses(viewer, 'wall', mask=damage(beside[0]), **QUICK)
    grown.data[beside[0]] = 180  # as if it had been filled with something bright
    fill_losses(viewer, 'wall', mask=damage(*beside), **QUICK)
    assert (grown.data[beside[0]] == 180).all()
    assert grown.data[64, 144] > grown.data[69, 144] + 10


def test_earlier_fills_tell_nothing_of_the_noise(viewer: Any) -> None:
    noisy = 100 + np.random.default_rng(0).normal(0, 5, SIZE)
    viewer.add_image(noisy.astype(np.uint8), name='wall')
    smooth = np.s_[40:80, 100:140], np.s_[10:12, 10:14], np.s_[20:22, 10:14]
    (grown,) = fill_losses(viewer, 'wall', mask=damage(*smooth[:2]), **QUICK)
    grown.data[smooth[0]] = 100
    fill_losses(viewer, 'wall', mask=damage(*smooth), **QUICK)
    (plane,) = grown.metadata['napari_fresco']['planes']
    assert plane['sigma'] == pytest.approx(5, rel=0.05)


SMOOTH = np.s_[30:120, 60:300]
CORNER = (slice(0, 60), slice(0, 60))


def noisy_with_smooth_damage() -> Any:
    noisy = np.random.default_rng(0).normal(100, 5, SIZE)
    noisy[SMOOTH] = 100
    return noisy.astype(np.uint8)


@pytest.mark.parametrize('by', ['layer', 'whole array', 'array of the part'])
@pytest.mark.parametrize('fill', [fill_losses, restore_layer])
def test_damage_beside_a_region_tells_nothing_of_the_noise(viewer: Any, fill: Any, by: str) -> None:
    viewer.add_image(noisy_with_smooth_damage(), name='wall')
    mask = damage(np.s_[20:23, 10:30], SMOOTH)
    viewer.add_labels(mask, name='mask')
    given = {'layer': 'mask', 'whole array': mask, 'array of the part': mask[CORNER]}[by]
    done = {} if fill is fill_losses else {'task': 'inpaint'}
    made = fill(viewer, 'wall', mask=given, part=CORNER, method='dpir', **done, **QUICK)
    (plane,) = made[-1].metadata['napari_fresco']['planes']
    known = by != 'array of the part'
    assert (plane['sigma'] == pytest.approx(5, rel=0.1)) == known


def test_damage_inside_a_region_tells_nothing_of_the_noise(viewer: Any) -> None:
    viewer.add_image(noisy_with_smooth_damage(), name='wall')
    mask, inside = damage(SMOOTH), (slice(0, 120), slice(0, 299))
    told = {'task': 'inpaint', 'method': 'dpir', **QUICK}
    made = restore_layer(viewer, 'wall', mask=mask[inside], part=inside, **told)
    (plane,) = made[-1].metadata['napari_fresco']['planes']
    assert plane['sigma'] == pytest.approx(5, rel=0.1)


def test_a_run_in_a_region_is_repeated_from_its_record(viewer: Any, tmp_path: Path) -> None:
    pixels = noisy_with_smooth_damage()
    viewer.add_image(pixels, name='wall')
    mask = damage(np.s_[20:23, 10:30], np.s_[40:42, 20:30], SMOOTH)
    (grown,) = fill_losses(viewer, 'wall', mask=mask, part=CORNER, method='dpir', **QUICK)
    told = Intervention(pixels, grown.data, runs_of(grown), grown.metadata[FILLS].filled)
    told.save(tmp_path / 'wall.json')
    repeated = repeat(tmp_path / 'wall.json', pixels)
    assert repeated.differences == ()
    assert repeated.same


@pytest.mark.parametrize('undone', [False, True])
def test_a_fill_that_was_filled_again_is_repeated_without_a_difference(
    viewer: Any, tmp_path: Path, undone: bool
) -> None:
    pixels = wall()
    viewer.add_image(pixels, name='wall', rgb=True)
    (grown,) = fill_losses(viewer, 'wall', mask=damage(FIRST, SECOND), **QUICK)
    if undone:
        undo_fill(viewer, 'wall', 1)
    fill_losses(viewer, 'wall', again=[1], seed=3, **QUICK)
    told = Intervention(pixels, grown.data, runs_of(grown), grown.metadata[FILLS].filled)
    told.save(tmp_path / 'wall.json')
    repeated = repeat(tmp_path / 'wall.json', pixels)
    assert repeated.same
    assert repeated.differences == ()


def test_nothing_left_says_what_to_do_with_what_was_undone(viewer: Any) -> None:
    viewer.add_image(wall(), name='wall', rgb=True)
    fill_losses(viewer, 'wall', mask=damage(FIRST), **QUICK)
    undo_fill(viewer, 'wall', 1)
    with pytest.raises(FrescoError, match='undone and stays so'):
        fill_losses(viewer, 'wall', mask=damage(FIRST), **QUICK)


def test_a_fill_is_undone_and_stays_so_until_it_is_asked_for(viewer: Any) -> None:
    pixels = wall()
    viewer.add_image(pixels, name='wall', rgb=True, scale=(0.5, 0.5))
    (grown,) = fill_losses(viewer, 'wall', mask=damage(FIRST, SECOND), **QUICK)
    filled = grown.data.copy()
    assert undo_fill(viewer, grown, at=(31.0, 72.0)) == 2
    assert np.array_equal(grown.data[SECOND], pixels[SECOND])
    assert np.array_equal(grown.data[FIRST], filled[FIRST])
    assert runs(viewer)[0]['undone'] == [2]
    assert counted(grown) == 1
    with pytest.raises(MaskError, match='undone already'):
        undo_fill(viewer, 'wall', 2)
    with pytest.raises(MaskError, match='no fill'):
        undo_fill(viewer, 'wall', at=(0, 0))
    fill_losses(viewer, 'wall', mask=damage(FIRST, SECOND, THIRD), **QUICK)
    assert np.array_equal(grown.data[SECOND], pixels[SECOND])
    assert fill_at(grown, (50.5, 130)) == 3
    assert counted(grown) == 2
    fill_losses(viewer, 'wall', again=[2], **QUICK)
    assert (grown.data[SECOND] != pixels[SECOND]).any()
    assert counted(grown) == 3


def test_each_fill_is_told_with_the_error_of_the_run_that_made_it(viewer: Any) -> None:
    pixels, mask = wall(), damage(FIRST, SECOND)
    viewer.add_image(pixels, name='wall', rgb=True)
    (grown,) = fill_losses(viewer, 'wall', mask=mask, iterations=FEWEST, device='cpu')
    fills, told = grown.metadata[FILLS], loss_errors(CALIBRATED['dpir'], pixels, mask > 0)
    for number in (1, 2):
        fill = fills.fill(number)
        assert fill.expected_error == pytest.approx(told.expected[number - 1])
        assert fill.nine_of_ten == pytest.approx(told.nine_of_ten[number - 1])
    fill_losses(viewer, 'wall', again=[2], **QUICK)
    assert fills.fill(2).expected_error is None
    assert fills.fill(1).expected_error == pytest.approx(told.expected[0])


def test_only_the_chosen_fill_is_filled_again(viewer: Any) -> None:
    viewer.add_image(wall(), name='wall', rgb=True)
    mask = damage(FIRST, SECOND)
    (grown,) = fill_losses(viewer, 'wall', mask=mask, **QUICK)
    before = grown.data.copy()
    fill_losses(viewer, 'wall', again=[2], method='ircnn', seed=5, **QUICK)
    assert (grown.data[SECOND] != before[SECOND]).any()
    changed = (grown.data != before).any(axis=-1)
    assert not changed[mask == 0].any()
    assert not changed[FIRST].any()
    last = runs(viewer)[-1]
    assert (last['method'], last['seed'], last['again']) == ('ircnn', 5, [2])
    assert grown.metadata[FILLS].fill(2).run == 1
    viewer.add_image(wall(), name='other', rgb=True)
    with pytest.raises(FrescoError, match='nothing was filled'):
        fill_losses(viewer, 'other', again=[1])


def test_what_is_left_out_of_a_run_is_not_taken_for_paint(viewer: Any) -> None:
    pixels = np.full(SIZE, 100, np.uint8)
    pixels[60:70, 140:150] = 255  # two losses that touch are one; here they are filled apart
    viewer.add_image(pixels, name='wall')
    (grown,) = fill_losses(viewer, 'wall', mask=damage(SECOND), **QUICK)
    undo_fill(viewer, grown, 1)
    fill_losses(viewer, 'wall', mask=damage(np.s_[60:70, 150:153]), **QUICK)
    assert (grown.data[60:70, 140:150] == 255).all()
    assert (grown.data[60:70, 150:153] < 130).all()


def test_a_run_is_repeated_from_its_record(viewer: Any) -> None:
    viewer.add_image(wall(), name='wall', rgb=True)
    asked = {**QUICK, 'seed': 3, 'method': 'dpir'}
    (grown,) = fill_losses(viewer, 'wall', mask=damage(FIRST, SECOND), **asked)
    record, fills = json.loads(json.dumps(runs(viewer)[0])), grown.metadata[FILLS]
    again = ViewerModel()
    again.add_image(viewer.layers['wall'].data, name='wall', rgb=True)
    given = {**record['parameters'], 'seed': record['seed'], 'device': 'cpu'}
    (same,) = fill_losses(
        again,
        'wall',
        mask=fills.fill_runs()[0].mask.damage(),
        method=record['method'],
        params=given.pop('params', None),
        **given,
    )
    assert np.array_equal(same.data, grown.data)
    assert runs(again)[0]['mask'] == record['mask']


def test_a_cancelled_run_keeps_finished_losses_and_is_continued(viewer: Any) -> None:
    pixels = wall()
    viewer.add_image(pixels, name='wall', rgb=True)
    mask = damage(FIRST, SECOND, THIRD)
    started: list[Any] = []

    def iterate(**arguments: Any) -> Any:
        steps = Returning(api.iterate(**arguments))
        for step in steps:
            if step.painted.any():
                started[0].cancel()
            yield step
        return steps.result

    request = layer_request(
        viewer,
        viewer.layers['wall'],
        'dpir',
        'inpaint',
        {'mask': mask, 'keep_known': True, **QUICK},
    )
    started.append(LossFilling(request, viewer, iterate=iterate))
    (grown,) = started[0].start().wait()
    filled = grown.metadata[FILLS].filled
    assert 0 < filled.sum() < (mask > 0).sum()
    assert np.array_equal(grown.data[~filled], pixels[~filled])
    assert any('2 of 3 losses' in said for said in runs(viewer)[0]['warnings'])
    (grown,) = fill_losses(viewer, 'wall', mask=mask, **QUICK)
    assert np.array_equal(grown.metadata[FILLS].filled, mask > 0)
    assert np.array_equal(grown.data[mask == 0], pixels[mask == 0])
    assert grown.metadata[FILLS].count == 3


def test_the_rest_is_denoised_if_asked_and_once(viewer: Any) -> None:
    rng = np.random.default_rng(0)
    noisy = rng.normal(120, 15, SIZE).clip(0, 255).astype(np.uint8)
    viewer.add_image(noisy, name='wall')
    asked = {**QUICK, 'sigma': 15}
    (grown,) = fill_losses(viewer, 'wall', mask=damage(FIRST), keep_known=False, **asked)
    rest = damage(FIRST, SECOND) == 0
    assert grown.data[rest].std() < 0.6 * noisy[rest].std()
    before = grown.data.copy()
    fill_losses(viewer, 'wall', mask=damage(FIRST, SECOND), keep_known=False, **QUICK)
    assert np.array_equal(grown.data[rest], before[rest])
    undo_fill(viewer, grown, 2)
    assert np.array_equal(grown.data[SECOND], noisy[SECOND])


@pytest.mark.parametrize('axes', [(), ('x', 'z', 'y')])
def test_planes_of_a_stack_are_filled_each_by_its_own_mask(viewer: Any, axes: Any) -> None:
    stack = np.random.default_rng(0).integers(0, 255, (3, 40, 50), dtype=np.uint8)
    mask = np.zeros(stack.shape, np.uint8)
    mask[0, 5:8, 10:20] = mask[2, 20:24, 30:36] = 1
    if axes:
        stack, mask = (np.transpose(each, (2, 0, 1)).copy() for each in (stack, mask))
    viewer.add_image(stack, name='wall', axis_labels=axes or ('z', 'y', 'x'))
    viewer.add_labels(mask, name='mask', axis_labels=axes or ('z', 'y', 'x'))
    (grown,) = fill_losses(viewer, 'wall', mask='mask', **QUICK)
    assert np.array_equal(grown.data[mask == 0], stack[mask == 0])
    assert (grown.data[mask > 0] != stack[mask > 0]).any()
    assert grown.metadata[FILLS].count == 2


def test_the_numbers_of_fills_are_labels_that_follow(viewer: Any) -> None:
    viewer.add_image(wall(), name='wall', rgb=True)
    numbers, grown = fill_losses(viewer, 'wall', mask=damage(FIRST), filled=True, **QUICK)
    assert numbers.name == 'wall [filled] numbers'
    assert viewer.layers.selection.active.name == 'wall', 'what is hidden is not taken up'
    fill_losses(viewer, 'wall', mask=damage(FIRST, SECOND), **QUICK)
    assert set(np.unique(numbers.data)) == {0, 1, 2}
    undo_fill(viewer, grown, 1)
    assert set(np.unique(numbers.data)) == {0, 2}


def test_a_layer_that_grew_is_saved_with_its_runs(viewer: Any, tmp_path: Path) -> None:
    viewer.add_image(wall(), name='wall', rgb=True)
    (grown,) = fill_losses(viewer, 'wall', mask=damage(FIRST), **QUICK)
    data, meta, _ = grown.as_layer_data_tuple()
    path = tmp_path / 'filled.tif'
    write_tiff(str(path), data, meta)
    record = json.loads(Path(f'{path}.json').read_text(encoding='utf-8'))
    (run,) = record['napari_fresco']['fills']
    assert run['mask']['sha256']
    assert run['numbers'] == [1, 1]


def test_lines_of_a_layer_are_guides_where_they_lie(viewer: Any) -> None:
    pixels = np.full(SIZE, 60, np.uint8)
    pixels[60:] = 180
    mask = np.zeros(SIZE, np.uint8)
    mask[40:80, 130:170] = 1
    viewer.add_image(np.where(mask > 0, 0, pixels), name='wall', scale=(0.5, 0.5))
    line = viewer.add_shapes([[(30, 60), (30, 90)]], shape_type='line', name='lines')
    line.scale = (1, 1)  # of the world, where a pixel of the wall is half as large
    (grown,) = fill_losses(viewer, 'wall', mask=mask, guides='lines', method='ircnn', **QUICK)
    assert (grown.data[57:60, 130:170] < 100).all()
    assert (grown.data[61:64, 130:170] > 140).all()
    assert runs(viewer)[0]['options']['guides'] == '60,120 60,180'
    viewer.add_shapes([np.eye(4)[:, :2] * 9], shape_type='polygon', name='patch')
    with pytest.raises(FrescoError, match='holds polygon'):
        fill_losses(viewer, 'wall', mask=mask, guides='patch', again=[1], **QUICK)
