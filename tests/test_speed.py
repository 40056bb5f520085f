"""The speed benchmark: the reference computes the same, and everything runs (nothing is timed)."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from benchmarks.speed import cases, reference, report, scale, worker
from benchmarks.speed import measure as speed
from benchmarks.speed.known_truth import CLASSICS
from benchmarks.speed.report import Row

from napari_fresco import networks
from napari_fresco.errors import DeviceError, ParameterError
from napari_fresco.physics.operators import Downsample

CPU = torch.device('cpu')


@pytest.mark.parametrize('scale', [1, 2, 3])
@pytest.mark.parametrize('keep', [False, True])
def test_the_reference_data_step_is_ours(scale: int, keep: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    z = torch.rand(1, 2, 12, 18, generator=generator, dtype=torch.float64)
    y = torch.rand(1, 2, 12 // scale, 18 // scale, generator=generator, dtype=torch.float64)
    kernel = torch.rand(4, 5, generator=generator, dtype=torch.float64) / 10
    theirs = reference.DataStep(y, kernel.to(y), scale, keep=keep)
    ours = Downsample(kernel, scale, (12, 18)).prox(z, y, 0.05)
    torch.testing.assert_close(theirs(z, 0.05), ours)


def test_the_reference_loop_turns_and_turns_back() -> None:
    y = torch.rand(1, 3, 10, 14, generator=torch.Generator().manual_seed(0))
    kernel = torch.ones(1, 1)
    restored = reference.deblur(lambda x, level: x, y, kernel, 0.03, iterations=8)
    torch.testing.assert_close(restored, y, atol=1e-4, rtol=0)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the networks of the benchmark tiny."""
    monkeypatch.setattr(cases, 'DRUNET', {'in_nc': 4, 'out_nc': 3, 'nc': (4, 4, 4, 4), 'nb': 1})
    monkeypatch.setattr(cases, 'FFDNET', {'in_nc': 3, 'out_nc': 3, 'nc': 8, 'nb': 3})
    build = networks.build

    def smaller(architecture: str, **config: Any) -> torch.nn.Module:
        shape = {'n_channels': 3, 'skip_n33d': 4, 'skip_n33u': 4, 'skip_n11': 4}
        return build(architecture, **(config or shape))

    monkeypatch.setattr(networks, 'build', smaller)


@pytest.mark.usefixtures('tiny')
@pytest.mark.parametrize('name', cases.CASES)
def test_every_way_of_every_case_works(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_fresco.networks.hourglass import SkipConfig
    from napari_fresco.runtime import denoisers

    monkeypatch.setattr(denoisers, '_factories', dict(denoisers._factories))
    small = SkipConfig.preset('small', 3)
    monkeypatch.setattr(SkipConfig, 'preset', lambda name, channels: small)
    monkeypatch.setitem(cases.CASES, name, replace(cases.CASES[name], calls=1))
    for variant in cases.CASES[name].variants:
        if variant not in (cases.PEER, *CLASSICS[1:]):
            threads = torch.get_num_threads()
            job = worker.Job(name, variant, 'cpu', threads, quick=True)
            answers = io.StringIO()
            worker.serve(job, io.StringIO('go\ngo\n'), answers)
            first, *rest = [json.loads(line) for line in answers.getvalue().splitlines()]
            assert first['flops'] >= 0
            assert len(rest) == 2
            assert all(r['wall'] > 0 for r in rest)
            known = cases.CASES[name].truth is not None
            assert all((r['psnr'] is not None) is known for r in rest)
            assert not known or rest[0]['psnr'] > 20
            inside = rest[-1]['inside']
            assert (inside is None) is (name != 'DPIR deblurring' or variant == 'authors')


def test_processes_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    case = replace(cases.CASES['data step x2, 256'], variants=('float32', 'authors'))
    monkeypatch.setattr(speed, 'CASES', {case.name: case})
    seen: list[Row] = []
    rows = speed.measure(1, quick=True, peer=False, progress=seen.extend)
    assert rows == seen
    assert [row.variant for row in rows] == ['float32', 'authors']
    assert rows[1].faster == 1
    assert rows[0].mark is rows[0].reached is None
    assert json.loads(report.to_json(rows))['rows'][0]['case'] == 'data step x2, 256'


def test_a_process_that_fails_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with (
        speed.Worker('DRUNet', 'auto', 'no-device', 1, True) as process,
        pytest.raises(DeviceError, match='ended'),
    ):
        process.answer()
    assert 'no-device' in capfd.readouterr().err


def test_unknown_cases_are_errors() -> None:
    with pytest.raises(ParameterError, match=r'cases are .*DRUNet'):
        speed.measure(only=['sprint'])
    with pytest.raises(ParameterError, match='threads'):
        speed.measure(threads=0)


def test_tables() -> None:
    row = Row('DRUNet', '256', 'auto', 0.5, 1.0, 900.0, 500.0, 0.02, 2.4, 2.5, 2.35, 2.3)
    slow = replace(
        row,
        decibels=29.527,
        faster=1.0,
        outside=None,
        faster_than_peer=None,
        gflops=0.0,
        peak_mb=0.0,
    )
    text = report.table([row, slow]).splitlines()
    assert len(text) == 4
    assert text[2].endswith('2.3 ok      -')
    assert text[3].endswith('2.3 missed  29.53')
    marks = report.markdown([row, slow]).splitlines()
    assert len(marks) == 4
    assert len({line.count('|') for line in marks}) == 1


def test_values_by_commas_say_on_which_machine() -> None:
    row = Row('DRUNet', '256, colour', 'auto', 0.5, 1.0, 900.0, 500.0, 0.02, 2.4, 2.5, 2.35, 2.3)
    (read,) = csv.DictReader(io.StringIO(report.to_csv([row])))
    assert (read['configuration'], float(read['faster']), read['decibels']) == (
        '256, colour',
        2.4,
        '',
    )
    assert all(ability in read['machine'] for ability in ('bfloat16', 'AMX', 'VNNI'))


def test_growth_with_the_pixels_is_that_of_large_images() -> None:
    points = [
        scale.Point('ffdnet', n, 0.1 + 2e-6 * n, 1.0, 400 + n / 1e5) for n in (10**5, 10**6, 10**7)
    ]
    ((power, least, most),) = scale.growth(points).values()
    assert 0.95 < power < 1
    assert (least, most) == (401, 500)
    assert scale.growth(points[:1]) == {}


def test_points_are_kept_in_a_file_and_drawn(tmp_path) -> None:
    pytest.importorskip('matplotlib')
    points = [scale.Point('ffdnet', n, 1e-6 * n, 0.5, 400.0) for n in (65536, 262144)]
    scale.write(tmp_path / 'scale.csv', points)
    assert scale.read(tmp_path / 'scale.csv') == points
    scale.plot(points, tmp_path / 'scale.svg')
    assert 'svg' in (tmp_path / 'scale.svg').read_text(encoding='utf-8')


def test_a_restoration_is_measured() -> None:
    found = scale._measured('wiener deblurs', (64, 72))
    assert found['cpu_seconds'] > 0
    assert scale.picture((64, 72), blurred=True).shape == (64, 72)
