"""What to cite: the works that a result was made with, each once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco.cli.run_record import records_of
from napari_fresco.declare import citations
from napari_fresco.declare.methods import METHODS
from napari_fresco.evidence import references

from .command_line import call, printed

PLANE = np.full((24, 24), 100, np.uint8)


def _texts(provenance: dict[str, Any]) -> list[str]:
    return [reference.text for reference in references(provenance)]


def _printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    return printed(capsys, 'cite', *arguments).splitlines()


def test_the_method_is_cited_and_its_weights_only_where_they_are_of_another_work() -> None:
    own = fresco.restore(PLANE, method='ffdnet', sigma=5).provenance
    assert _texts(own) == [citations.FFDNET]
    options = {'task': 'deblur', 'kernel': fresco.kernels.gaussian(1.0), 'iterations': 2}
    other = fresco.restore(PLANE, method='ircnn', sigma=5, **options).provenance
    assert _texts(other)[0] == citations.IRCNN
    assert '10.1109/TIP.2018.2839891' in _texts(other)[1]  # its prior is FFDNet


def test_noise_that_was_found_is_cited_and_noise_that_was_given_is_not() -> None:
    cells = fresco.samples.micrograph().image[100:196, 100:196]
    found = _texts(fresco.restore(cells, method='ffdnet').provenance)
    assert found == [citations.FFDNET, citations.NOISE_CURVE, citations.ANSCOMBE]
    level = _texts(fresco.restore(cells, method='ffdnet', noise='gaussian').provenance)
    assert level == [citations.FFDNET, citations.NOISE_LEVEL]


def test_optics_and_the_method_that_found_the_noise_are_cited() -> None:
    record = fresco.restore(PLANE, method='ffdnet', sigma='virnet').provenance
    assert citations.VIRNET in _texts(record)
    record['kernel'] = {'made_of': {'model': 'vectorial'}}
    assert citations.VECTORIAL_OPTICS in _texts(record)


def test_the_command_prints_each_work_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / 'clean.json'
    made = fresco.restore(PLANE, method='ffdnet', sigma=5)
    record.write_text(json.dumps(made.provenance))
    fresco.write(tmp_path / 'clean.png', made.image)
    for result in (record, tmp_path / 'clean.png'):  # the record lies beside the picture
        software, method = _printed(capsys, result)
        assert f'napari-fresco {fresco.__version__}' in software
        assert method == f'{citations.FFDNET}  [method FFDNet]'
    assert len(_printed(capsys, 'ffdnet', record, 'drunet', 'dpir')) == 3
    fills = tmp_path / 'wall.json'  # an intervention tells of several runs
    fills.write_text(json.dumps({'runs': [made.provenance, made.provenance]}))
    assert _printed(capsys, fills) == _printed(capsys, record)


def test_every_method_can_be_cited(capsys: pytest.CaptureFixture[str]) -> None:
    for method in METHODS.values():
        assert method.citation in _printed(capsys, method.name)[1]


def test_a_file_that_is_not_there_is_no_unknown_method(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 'there is no file' in printed(capsys, 'cite', tmp_path / 'clean.png', code=2)


def test_a_picture_without_a_record_is_refused_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresco.write(tmp_path / 'clean.png', PLANE)
    assert call('cite', tmp_path / 'clean.png') == 2
    said = capsys.readouterr()
    assert 'save-provenance' in said.err
    assert not said.out


def test_a_batch_is_cited_by_the_folder_of_its_results_or_records(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'scans').mkdir()
    for name, plane in (('a', PLANE), ('b', np.random.default_rng(0).poisson(PLANE))):
        fresco.write(tmp_path / f'scans/{name}.tif', plane.astype(np.uint8))
    where = {'images': str(tmp_path / 'scans'), 'output': str(tmp_path / 'out')}
    fresco.batch.run({**where, 'method': 'drunet'})
    for folder in ('out', 'out.batch'):
        lines = _printed(capsys, tmp_path / folder)
        assert METHODS['drunet'].citation in lines[1]
        assert len(lines) == len(set(lines))
    assert METHODS['drunet'].citation in _printed(capsys, tmp_path / 'out/a.tif')[1]
    for record in (tmp_path / 'out.batch/files').glob('*.json'):
        known = json.loads(record.read_text())
        record.write_text(json.dumps({k: v for k, v in known.items() if k != 'references'}))
    assert 'older version' in printed(capsys, 'cite', tmp_path / 'out', code=2)
    assert 'no record of a session' in printed(capsys, 'cite', tmp_path / 'scans', code=2)


def test_the_record_of_an_ome_file_has_its_name_with_or_without_ome(tmp_path: Path) -> None:
    for name in ('a.ome.json', 'a.json'):
        path = tmp_path / name
        path.write_text('{"method": "dpir", "finish": "completed"}')
        assert records_of(tmp_path / 'a.ome.tif')[0]['method'] == 'dpir'
        path.unlink()
    assert records_of(tmp_path / 'a.ome.tif') == []
