"""An intervention on record: what it says, and that it can be repeated bit for bit."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.evidence.fill_error import CALIBRATED, MEANING, loss_errors
from napari_fresco.intervention import (
    DrawnMask,
    FillRun,
    Intervention,
    agreement,
    condition,
    hypotheses,
    render,
    repeat,
    report,
)
from napari_fresco.intervention.report_pages import report_page

RANDOM = np.random.default_rng(0)
WALL = ndimage.gaussian_filter(RANDOM.normal(size=(64, 80, 3)), (2, 2, 0))
WALL = np.clip(128 + 60 * WALL / WALL.std(), 0, 255).astype(np.uint8)
LABELS = np.zeros((64, 80), np.uint8)
LABELS[10:12, 10:40] = 1  # crack
LABELS[30:42, 20:32] = 2  # loss
LABELS[50:54, 60:70] = 7  # craquelure, left
FAST = {'method': 'dpir', 'task': 'inpaint', 'iterations': 10, 'device': 'cpu'}


def photographed(folder: Path, name: str = 'wall.tif', pixels: Any = WALL) -> fresco.Image:
    """Return a photograph as it is read from a file."""
    exif = Pillow.Exif()
    exif[271], exif[272], exif[306] = 'Maker', 'Camera 7', '2024:05:01 10:00:00'
    axes = 'YXS' if pixels.ndim == 3 else 'YX'
    spacing = {'Y': (0.2, 'mm'), 'X': (0.2, 'mm')}
    image = fresco.Image(pixels, axes, spacing, metadata={'exif': exif.tobytes()})
    fresco.write(folder / name, image)
    return fresco.read(folder / name)


def filled(photograph: Any, mask: DrawnMask, **options: Any) -> tuple[Any, FillRun]:
    result = fresco.restore(photograph, mask=mask.damage(), **{**FAST, **options})
    return result, FillRun.of(result, mask)


@pytest.mark.parametrize(
    'drawn',
    [
        DrawnMask(LABELS, label=2),
        DrawnMask(LABELS, grow=1.5, keep=(7,)),
        DrawnMask(np.where(LABELS == 2, 0, 1).astype(np.uint8), invert=True),
        DrawnMask(LABELS == 1, grow=2),
    ],
    ids=['label', 'grow', 'invert', 'bool'],
)
def test_a_record_repeats_the_fill_bit_for_bit(tmp_path: Path, drawn: DrawnMask) -> None:
    wall = photographed(tmp_path)
    result, run = filled(wall, drawn, seed=3)
    told = Intervention(wall, result, [run])
    written = told.save(tmp_path / 'wall.json')
    made = ('wall.mask-1.png', 'wall.filled.png', 'wall.fills.csv', 'wall.json')
    assert tuple(path.name for path in written) == made
    again = repeat(tmp_path / 'wall.json')
    assert again.same
    assert again.differences == ()
    assert (again.image.data == result.image.data).all()
    assert (again.filled == result.filled).all()
    assert again.image.spacing == wall.spacing


def test_damage_is_read_from_a_mask_as_it_is_told() -> None:
    assert (DrawnMask(LABELS).damage() == (LABELS > 0)).all()
    assert (DrawnMask(LABELS, keep=(7,)).damage() == np.isin(LABELS, (1, 2))).all()
    grown = DrawnMask(LABELS, label=1, grow=2).damage()
    assert (grown == (ndimage.distance_transform_edt(LABELS != 1) <= 2)).all()
    left = DrawnMask(LABELS, leave=(7,), grow=2).damage()
    assert (left == (ndimage.distance_transform_edt(~np.isin(LABELS, (1, 2))) <= 2)).all()
    near = np.zeros_like(LABELS)
    near[5, 5], near[5, 6] = 1, 7
    assert not DrawnMask(near, grow=3, keep=(7,)).damage()[5, 6]
    assert (DrawnMask(LABELS, invert=True, keep=(7,)).damage() == (LABELS == 0)).all()


def test_several_runs_are_repeated_in_their_order(tmp_path: Path) -> None:
    wall = photographed(tmp_path, pixels=(WALL.astype(np.uint16) * 257))
    cracks, loss = DrawnMask(LABELS, label=1), DrawnMask(LABELS, label=2)
    first, one = filled(wall, cracks)
    box = (slice(20, 60), slice(8, 48))
    part = replace(first.image, data=first.image.data[box])
    whole = replace(first.image, missing=loss.damage())
    with fresco.Session() as session:
        second = session.restore(part, mask=loss.damage()[box], context=whole, **FAST)
    done = np.array(first.image.data)
    done[box] = second.image.data
    marks = np.isin(LABELS, (1, 2))
    undone = np.zeros_like(marks)
    undone[:, 30:] = marks[:, 30:]
    done[undone] = wall.data[undone]
    runs = [one, FillRun.of(second, loss, box=box, taken=loss.damage())]
    told = Intervention(wall, done, runs, marks & ~undone)
    told.save(tmp_path / 'record.json')
    found = repeat(tmp_path / 'record.json')
    assert found.same
    assert (found.image.data == done).all()
    losses = told.facts()['fills']
    assert [loss['run'] for loss in losses] == [1, 2]


def test_a_change_of_any_file_is_noticed(tmp_path: Path) -> None:
    wall = photographed(tmp_path)
    result, run = filled(wall, DrawnMask(LABELS, label=2))
    record = tmp_path / 'wall.json'
    Intervention(wall, result, [run]).save(record)
    with pytest.raises(fresco.FrescoError, match='exists'):
        Intervention(wall, result, [run]).save(record)
    other = wall.data.copy()
    other[0, 0, 0] ^= 1
    with pytest.raises(fresco.FrescoError, match='not those of the record'):
        repeat(record, other)
    assert repeat(record, WALL).same
    fresco.write(tmp_path / 'wall.tif', fresco.Image(other, 'YXS'), overwrite=True)
    with pytest.raises(fresco.FrescoError, match='not the photograph'):
        repeat(record)
    (tmp_path / 'wall.tif').unlink()
    with pytest.raises(fresco.FrescoError, match='neither beside it'):
        repeat(record)
    facts = json.loads(record.read_text())
    facts['runs'][0]['seed'] = facts['runs'][0]['options']['seed'] = 5
    record.write_text(json.dumps(facts))
    assert not repeat(record, WALL).same
    fresco.write(
        tmp_path / 'wall.mask-1.png', fresco.Image(LABELS.clip(0, 1), 'YX'), overwrite=True
    )
    with pytest.raises(fresco.FrescoError, match='not the mask'):
        repeat(record, WALL)
    (tmp_path / 'other.json').write_text('{}')
    with pytest.raises(fresco.FrescoError, match='no record of an intervention'):
        repeat(tmp_path / 'other.json')


def test_arrays_that_a_record_does_not_hold_are_refused(tmp_path: Path) -> None:
    wall = photographed(tmp_path)
    mask = DrawnMask(LABELS, label=1)
    result, run = filled(wall, mask, sigma=np.full(LABELS.shape, 2.0))
    Intervention(wall, result, [run]).save(tmp_path / 'wall.json')
    with pytest.raises(fresco.FrescoError, match='sigma of a run was an array'):
        repeat(tmp_path / 'wall.json')


def told_of(folder: Path, **facts: Any) -> Intervention:
    wall = photographed(folder)
    result, run = filled(wall, DrawnMask(LABELS, keep=(7,)))
    return Intervention(
        wall,
        result,
        [run],
        condition=condition(LABELS, mm_per_pixel=0.2),
        rendered=render(wall, result, rendering='neutral', mm_per_pixel=0.2),
        notes={'object': 'Saint <George>', 'operator': 'A. B.'},
        mm_per_pixel=0.2,
        scale_source='two points 40 mm apart',
        **facts,
    )


def test_a_record_says_what_was_done(tmp_path: Path) -> None:
    facts = told_of(tmp_path).facts()
    json.dumps(facts)
    assert facts['notes']['operator'] == 'A. B.'
    assert facts['notes']['place'] == 'not given'
    photograph = facts['photograph']
    assert (photograph['file'], photograph['camera']) == ('wall.tif', 'Camera 7')
    assert photograph['taken'] == '2024:05:01 10:00:00'
    assert photograph['dpi'] == pytest.approx(127)
    assert len(photograph['sha256']) == 64
    assert facts['scale'] == {'mm_per_pixel': 0.2, 'source': 'two points 40 mm apart'}
    crack, loss = facts['fills']
    assert crack['box_px'] == [10, 10, 30, 2]
    assert crack['box_mm'] == [2, 2, 6, 0.4]
    assert loss['area_mm2'] == pytest.approx(144 * 0.04)
    assert loss['widest_px'] == 11
    expected = loss_errors(CALIBRATED['dpir'], WALL, LABELS == 2, np.isin(LABELS, (1, 2))).expected
    assert loss['expected_error'] == pytest.approx(expected[0], rel=1e-3)
    assert loss['nine_of_ten'] > loss['expected_error']
    assert facts['left'] == [
        {'name': 'craquelure', 'area_px': 40, 'why': 'mapped, and left by decision'}
    ]
    run = facts['runs'][0]
    assert run['kind'] == 'data-consistent'
    assert run['drawn'] == {'label': None, 'grow': 0, 'invert': False, 'leave': [], 'keep': [7]}
    assert run['weights'][0]['sha256']
    assert facts['insert_only']
    assert '11 px (2.2 mm) wide' in facts['limits'][0]


def test_a_report_is_one_page_that_needs_nothing_else(tmp_path: Path) -> None:
    told = told_of(tmp_path)
    report(told, tmp_path / 'wall.html')
    text = (tmp_path / 'wall.html').read_text('utf-8')
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert text.count('data:image/png;base64,') == 7
    for said in (
        'Intervention: Saint &lt;George&gt;', 'not given', 'Before', 'After', 'Insert only',
        'Difference', 'Rendering', 'Condition', 'craquelure', '0.2 mm per pixel', 'wall.json',
        'bit for bit', told.facts()['photograph']['sha256'], told.facts()['result_sha256'],
        told.runs[0].provenance['weights'][0]['sha256'],
    ):  # fmt: skip
        assert said in text, said


def test_a_record_without_scale_or_map_says_so(tmp_path: Path) -> None:
    mask = DrawnMask(LABELS, label=1)
    result, run = filled(WALL, mask)
    told = Intervention(WALL, result, [run])
    facts = told.facts()
    assert facts['photograph']['file'] is None
    assert facts['scale']['mm_per_pixel'] is None
    assert facts['fills'][0]['box_mm'] is None
    text = report_page(told)
    assert text.count('not given') > 8
    told.save(tmp_path / 'wall.json')
    with pytest.raises(fresco.FrescoError, match='names no file'):
        repeat(tmp_path / 'wall.json')
    assert repeat(tmp_path / 'wall.json', WALL).same


def test_more_than_the_losses_changed_is_told(tmp_path: Path) -> None:
    wall = photographed(tmp_path)
    result, run = filled(wall, DrawnMask(LABELS, label=1), sigma=5)
    told = Intervention(wall, result, [run])
    assert not told.facts()['insert_only']
    text = report_page(told)
    assert 'More than the losses was changed' in text
    assert 'Insert only' not in text
    told.save(tmp_path / 'wall.json')
    assert repeat(tmp_path / 'wall.json').same


def test_wrong_notes_and_misfits_are_refused() -> None:
    with pytest.raises(fresco.FrescoError, match='did you mean'):
        Intervention(WALL, WALL, filled=LABELS, notes={'operater': 'x'})
    with pytest.raises(fresco.FrescoError, match='made of this photograph'):
        Intervention(WALL, WALL[1:], filled=LABELS)
    with pytest.raises(fresco.FrescoError, match='not known what was filled'):
        Intervention(WALL, WALL)


def test_hypotheses_differ_in_wide_losses() -> None:
    found = hypotheses(WALL, LABELS > 0, seeds=(0, 1), iterations=2, device='cpu')
    assert found.seeds == (0, 1)
    assert not found.spread[LABELS == 0].any()
    assert (found.spread[LABELS == 2] > 0).any()
    narrow = hypotheses(WALL, LABELS == 1, seeds=(0, 1), iterations=1, device='cpu')
    assert not narrow.spread.any()
    facts = found.facts()
    assert 'no error bar' in facts['meaning']
    assert 0 < facts['mean_spread'] <= facts['largest_spread']
    for seeds in ((1,), (1, 1)):
        with pytest.raises(fresco.FrescoError, match='two or more'):
            hypotheses(WALL, LABELS > 0, seeds=seeds)


def test_agreement_is_the_deviation_in_lab() -> None:
    from napari_fresco.intervention.linear_light import lab_of_light, to_linear

    one, other = np.full((2, 4, 4, 3), 100, np.uint8)
    other[:] = (140, 90, 100)
    spread = agreement([one, other], np.eye(4))
    apart = lab_of_light(to_linear(one[0, 0])) - lab_of_light(to_linear(other[0, 0]))
    assert spread[1, 1] == pytest.approx(np.linalg.norm(apart) / 2, rel=1e-5)
    assert spread[0, 1] == 0


def test_a_report_shows_where_hypotheses_agree(tmp_path: Path) -> None:
    several = hypotheses(WALL, LABELS == 2, seeds=(0, 1), iterations=2, device='cpu')
    told = told_of(tmp_path, hypotheses=several)
    assert told.facts()['hypotheses']['seeds'] == [0, 1]
    assert 'Agreement of hypotheses' in report_page(told)


def test_the_table_of_fills_says_what_an_expected_error_is(tmp_path: Path) -> None:
    told = told_of(tmp_path)
    told.save(tmp_path / 'wall.json')
    rows = list(csv.DictReader((tmp_path / 'wall.fills.csv').read_text('utf-8').splitlines()))
    assert [row['widest_px'] for row in rows] == ['1.0', '11.0']
    for row, loss in zip(rows, told.losses, strict=True):
        assert float(row['expected_error']) == loss.expected_error
        assert row['meaning'] == MEANING
    assert MEANING in report_page(told)
    assert MEANING in told.facts()['limits']


def test_a_loss_wider_than_tested_has_no_expected_error(tmp_path: Path) -> None:
    wall = np.tile(WALL, (2, 2, 1))
    marks = np.zeros(wall.shape[:2], bool)
    marks[20:90, 20:100] = True
    result, run = filled(wall, DrawnMask(marks))
    told = Intervention(wall, result, [run])
    assert [loss.expected_error for loss in told.losses] == [None]
    assert '1 of the losses are wider, and no error is told' in ' '.join(told.facts()['limits'])
    assert 'not tested' in report_page(told)
