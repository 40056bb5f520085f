"""The speed benchmark: the reference computes the same, and everything runs (nothing is timed).

And the benchmark of weights on images that no card knows; test_cards.py has the rest of it.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from skimage import io as pictures

from napari_fresco import networks, samples
from napari_fresco.bench import cases, reference, speed, worker
from napari_fresco.bench.speed import Row, measure
from napari_fresco.cli import main
from napari_fresco.errors import DeviceError, FileError, ParameterError
from napari_fresco.physics.operators import Downsample
from napari_fresco.training import card_check as quality

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
        if variant != cases.PEER:
            threads = torch.get_num_threads()
            job = worker.Job(name, variant, 'cpu', threads, quick=True)
            answers = io.StringIO()
            worker.serve(job, io.StringIO('go\ngo\n'), answers)
            first, *rest = [json.loads(line) for line in answers.getvalue().splitlines()]
            assert first['flops'] >= 0
            assert len(rest) == 2
            assert all(r['wall'] > 0 for r in rest)
            inside = rest[-1]['inside']
            assert (inside is None) is (name != 'DPIR deblurring' or variant == 'authors')


def test_processes_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    case = replace(cases.CASES['data step x2, 256'], variants=('float32', 'authors'))
    monkeypatch.setattr(speed, 'CASES', {case.name: case})
    seen: list[Row] = []
    rows = measure(1, quick=True, peer=False, progress=seen.extend)
    assert rows == seen
    assert [row.variant for row in rows] == ['float32', 'authors']
    assert rows[1].faster == 1
    assert rows[0].mark is rows[0].reached is None
    assert json.loads(speed.to_json(rows))['rows'][0]['case'] == 'data step x2, 256'


def test_a_process_that_fails_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with (
        speed.Worker('DRUNet', 'auto', 'no-device', 1, True) as process,
        pytest.raises(DeviceError, match='ended'),
    ):
        process.answer()
    assert 'no-device' in capfd.readouterr().err


def test_unknown_cases_are_errors() -> None:
    with pytest.raises(ParameterError, match='cases are DRUNet'):
        measure(only=['sprint'])
    with pytest.raises(ParameterError, match='threads'):
        measure(threads=0)


def test_tables() -> None:
    row = Row('DRUNet', '256', 'auto', 0.5, 1.0, 900.0, 500.0, 0.02, 2.4, 2.5, 2.35, 2.3)
    slow = replace(row, faster=1.0, outside=None, faster_than_peer=None, gflops=0.0, peak_mb=0.0)
    text = speed.table([row, slow]).splitlines()
    assert len(text) == 4
    assert text[2].endswith('2.3 ok')
    assert text[3].endswith('2.3 missed')
    marks = speed.markdown([row, slow]).splitlines()
    assert len(marks) == 4
    assert len({line.count('|') for line in marks}) == 1


@pytest.fixture(scope='module')
def gray(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two gray images of someone's own, one of them in a folder of its own."""
    folder = tmp_path_factory.mktemp('mine')
    (folder / 'more').mkdir()
    truth = samples.mural().truth[..., 1]
    for name, image in {'a': truth[:64, :72], 'more/b': truth[64:128, :64]}.items():
        pictures.imsave(folder / f'{name}.png', image, check_contrast=False)
    return folder


def test_images_that_no_card_knows_are_measured(gray: Path) -> None:
    chosen = quality.subjects(['ffdnet_gray'])
    rows = quality.measure(chosen, gray)
    assert [row.case for row in rows] == ['sigma 15', 'sigma 25', 'sigma 50']
    for row in rows:
        assert (row.dataset, row.images, row.card, row.mark) == (gray.name, 2, None, None)
        assert row.before is not None
        assert row.now is not None
        assert row.now > row.before + 3
    befores = [row.before for row in rows]
    assert befores == sorted(befores, reverse=True)
    assert {row.images for row in quality.measure(chosen, gray, limit=1)} == {1}


def test_all_images_of_a_folder_are_measured(tmp_path: Path) -> None:
    """Cards of restorers are about eight of a set; one's own images count all."""
    picture = samples.mural().truth[:64, :64]
    for number in range(9):
        pictures.imsave(tmp_path / f'{number}.png', picture, check_contrast=False)
    rows = quality.measure(quality.subjects(['vdir_jpeg_color']), tmp_path)
    assert {row.images for row in rows} == {9}


def test_weights_that_do_not_take_the_images_are_passed_over(gray: Path) -> None:
    both = quality.subjects(['ffdnet_color', 'ffdnet_gray'])
    seen: list[quality.Row] = []
    rows = quality.measure(both, gray, progress=seen.extend)
    assert rows == seen
    assert {row.weights for row in rows} == {'ffdnet_gray'}
    with pytest.raises(FileError, match=r'none of the sets; give(?s:.)*any images: .*3 channel'):
        quality.measure(both[:1], gray)


def test_the_command_says_that_nothing_is_compared(gray: Path, capsys: Any) -> None:
    with pytest.raises(SystemExit) as end:
        main(['bench', 'weights', 'ffdnet_gray', '--data', str(gray)])
    assert not end.value.code
    header, _, *lines, empty, said = capsys.readouterr().out.splitlines()
    assert 'before, dB' in header
    assert 'card' not in header
    assert all(line.startswith(f'| ffdnet_gray | {gray.name} (2) |') for line in lines)
    assert empty == ''
    assert said.startswith('nothing to compare with')


@pytest.mark.parametrize('content', [None, b'nothing'])
def test_a_folder_without_images_is_an_error(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / 'image.png').write_bytes(content)
    said = 'holds no image' if content is None else r'image\.png'
    with pytest.raises(FileError, match=rf'none of the sets; give(?s:.)*any images: .*{said}'):
        quality.measure(quality.subjects(['ffdnet_gray', 'ffdnet_color']), tmp_path)
