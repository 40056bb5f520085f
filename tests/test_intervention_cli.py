"""Condition maps and repeated interventions on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import napari_fresco as fresco

from .command_line import call

WALL = np.random.default_rng(0).integers(40, 220, (40, 50, 3), dtype=np.uint8)
LABELS = np.zeros((40, 50), np.uint8)
LABELS[5:7, 5:30], LABELS[20:28, 20:28] = 1, 2


def test_a_condition_map_is_written_in_every_form(tmp_path: Path, capsys: Any) -> None:
    fresco.write(tmp_path / 'map.png', fresco.Image(LABELS, 'YX'))
    fresco.write(tmp_path / 'wall.png', fresco.Image(WALL, 'YXS'))
    files = [tmp_path / f'out{suffix}' for suffix in ('.png', '.csv', '.geojson', '.svg')]
    outputs = [each for file in files for each in ('-o', file)]
    more = ['--mm-per-pixel', 0.5, '--photograph', tmp_path / 'wall.png']
    assert call('condition', tmp_path / 'map.png', *outputs, *more) == 0
    assert all(file.is_file() for file in files)
    said = capsys.readouterr().out
    assert 'loss               1 piece, 0.16 cm², 3.2 %' in said
    assert 'all damage' in said
    assert call('condition', tmp_path / 'map.png', *outputs) == 2
    assert 'exists' in capsys.readouterr().err


def test_a_map_and_its_photograph_lie_in_files_of_several_images(
    tmp_path: Path, capsys: Any
) -> None:
    other = np.ones((9, 8), np.uint8)
    fresco.write(tmp_path / 'map.tif', [fresco.Image(other, 'YX'), fresco.Image(LABELS, 'YX')])
    fresco.write(tmp_path / 'wall.png', fresco.Image(WALL, 'YXS'))
    asked = ['condition', tmp_path / 'map.tif', '-o', tmp_path / 'out.png']
    asked += ['--photograph', tmp_path / 'wall.png']
    assert call(*asked) == 2
    assert '--series' in capsys.readouterr().err
    assert call(*asked, '--series', 1) == 0
    assert 'loss               1 piece, 64 px' in capsys.readouterr().out


def test_a_photograph_in_a_file_of_several_is_filled_anew(tmp_path: Path, capsys: Any) -> None:
    other = fresco.Image(np.ones((9, 8), np.uint8), 'YX')
    fresco.write(tmp_path / 'wall.tif', [other, fresco.Image(WALL, 'YXS')])
    wall, mask = fresco.read(tmp_path / 'wall.tif', series=1), fresco.intervention.DrawnMask(LABELS)
    options = {'method': 'dpir', 'task': 'inpaint', 'iterations': 1, 'device': 'cpu'}
    result = fresco.restore(wall, mask=mask.damage(), **options)
    record, run = tmp_path / 'wall.json', fresco.intervention.FillRun.of(result, mask)
    fresco.intervention.Intervention(wall, result, [run]).save(record)
    assert call('repeat', record, '-o', tmp_path / 'again.tif') == 0
    facts = json.loads(record.read_text())
    del facts['photograph']['series']  # of a record of an earlier version
    record.write_text(json.dumps(facts))
    assert call('repeat', record, '-o', tmp_path / 'more.tif') == 2
    assert '--series' in capsys.readouterr().err
    assert call('repeat', record, '-o', tmp_path / 'more.tif', '--series', 1) == 0


def test_a_mask_of_black_and_white_is_damage_of_no_class(tmp_path: Path, capsys: Any) -> None:
    fresco.write(tmp_path / 'mask.png', fresco.Image((LABELS > 0) * np.uint8(255), 'YX'))
    assert call('condition', tmp_path / 'mask.png', '-o', tmp_path / 'out.csv') == 0
    assert capsys.readouterr().out.startswith('damage ')
    colour = np.dstack([(LABELS == 2) * np.uint8(255)] * 3)
    fresco.write(tmp_path / 'colour.png', fresco.Image(colour, 'YXS'))
    assert call('condition', tmp_path / 'colour.png', '-o', tmp_path / 'more.csv', '-q') == 0
    assert (tmp_path / 'more.csv').read_text().splitlines()[1].startswith('damage,')


def test_an_intervention_is_repeated_from_its_files(tmp_path: Path, capsys: Any) -> None:
    fresco.write(tmp_path / 'wall.tif', fresco.Image(WALL, 'YXS'))
    wall, mask = fresco.read(tmp_path / 'wall.tif'), fresco.intervention.DrawnMask(LABELS, label=1)
    options = {'method': 'dpir', 'task': 'inpaint', 'iterations': 1, 'device': 'cpu'}
    result = fresco.restore(wall, mask=mask.damage(), **options)
    run_ = fresco.intervention.FillRun.of(result, mask)
    record = tmp_path / 'wall.json'
    fresco.intervention.Intervention(wall, result, [run_]).save(record)
    assert call('repeat', record, '-o', tmp_path / 'again.tif') == 0
    assert 'the same as on record' in capsys.readouterr().out
    for over in ('wall.tif', 'wall.json'):
        before = (tmp_path / over).read_bytes()
        assert call('repeat', record, '-o', tmp_path / over, '--overwrite') == 2
        assert (tmp_path / over).read_bytes() == before
    assert (fresco.read(tmp_path / 'again.tif').data == result.image.data).all()
    facts = json.loads(record.read_text())
    facts['result_sha256'] = '0'
    record.write_text(json.dumps(facts))
    assert call('repeat', record, '-o', tmp_path / 'other.tif') == 1
    assert call('repeat', tmp_path / 'none.json', '-o', tmp_path / 'none.tif') == 2
