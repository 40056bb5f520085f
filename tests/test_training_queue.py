"""A queue of trainings: turns, kills at any moment, what is measured and what is offered."""

from __future__ import annotations

import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from skimage import data, io

from napari_fresco import networks, weights
from napari_fresco.errors import FrescoError
from napari_fresco.training import gates, regimes, training_queue
from napari_fresco.training.objective_declarations import GaussianDenoising
from napari_fresco.training.plan import read_plan
from napari_fresco.training.regimes import Regime, Stage
from napari_fresco.weights.cards import CARDS, Card, Score

from .command_line import call

TINY = Regime(
    'tiny',
    'ffdnet',
    {'in_nc': 1, 'out_nc': 1, 'nc': 8, 'nb': 3},
    channels=1,
    objective=GaussianDenoising(50, relative=True),
    stages=(Stage(60, learning_rate=3e-3, batch=2, patch=16, sigma_power=2.0),),
    bias_free=True,
)
SECOND = replace(TINY, name='second', config={**TINY.config, 'nc': 12})

KILLED = """
import sys
from pathlib import Path
from napari_fresco.training import regimes, training_queue
from napari_fresco.training.plan import read_plan
from tests.test_training_queue import TINY
regimes.REGIMES = {'tiny': TINY}
training_queue.work(read_plan(Path(sys.argv[1])), lambda line: print(line, flush=True))
"""


@pytest.fixture(autouse=True)
def known_regimes(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {regime.name: regime for regime in (TINY, SECOND)}
    monkeypatch.setattr(regimes, 'REGIMES', {**regimes.REGIMES, **known})
    monkeypatch.setattr(training_queue, 'lower_priority', lambda: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    images = {'train/a': data.camera(), 'train/b': data.moon(), 'test2/c': data.coins()}
    for name, image in images.items():
        path = tmp_path / f'{name}.png'
        path.parent.mkdir(exist_ok=True)
        io.imsave(path, image[:96, :96], check_contrast=False)
    return tmp_path


def plan(folder: Path, *names: str, **settings: object) -> Path:
    lines = [f'{key} = {value!r}' for key, value in settings.items()]
    for name in names:
        lines += ['[[checkpoint]]', f'name = {name!r}', "data = 'train'", 'steps = 60']
        lines += ["evaluate = 'test2'"]
    path = folder / f'plan-{settings.get("output", "runs")}.toml'
    path.write_text('\n'.join(lines))
    return path


def log(folder: Path, name: str) -> list[dict[str, str]]:
    text = (folder / name / training_queue.LOG).read_text()
    return list(csv.DictReader(text.splitlines()))


def test_checkpoints_take_turns(folder: Path) -> None:
    said: list[str] = []
    training_queue.work(read_plan(plan(folder, 'tiny', 'second', slice_minutes=5e-4)), said.append)
    names = [line.partition(':')[0] for line in said]
    assert names[:4] == ['tiny', 'second', 'tiny', 'second']
    for name in ('tiny', 'second'):
        rows = log(folder / 'runs', name)
        assert [int(row['step']) for row in rows] == sorted({int(row['step']) for row in rows})
        assert rows[-1]['step'] == '60'
        hours = [float(row['core-hours']) for row in rows]
        assert hours == sorted(hours)
        assert float(rows[-1]['test2 (1), sigma 25']) > 15
    again: list[str] = []
    training_queue.work(read_plan(plan(folder, 'tiny', 'second')), again.append)
    assert again == ['tiny: has had its time', 'second: has had its time']


def test_a_queue_that_is_killed_goes_on_where_it_was(folder: Path) -> None:
    """Killed at random moments it ends with the very weights of a run that was left alone."""
    training_queue.work(read_plan(plan(folder, 'tiny', output='whole')), lambda line: None)
    path = plan(folder, 'tiny', output='killed', save_minutes=1e-6)
    chance, seen = random.Random(0), set()
    state = folder / 'killed/tiny/state.pt'
    for kill in (True, True, False):
        process = subprocess.Popen(
            [sys.executable, '-c', KILLED, str(path)],
            cwd=Path(__file__).parents[1],
            env={**os.environ, 'OMP_NUM_THREADS': str(torch.get_num_threads())},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if kill:
            before = state.stat().st_mtime_ns if state.exists() else 0
            _until(lambda: state.exists() and state.stat().st_mtime_ns > before, process)  # noqa: B023
            time.sleep(chance.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
            process.wait()
            if process.returncode == -signal.SIGKILL:
                seen.add(torch.load(state, weights_only=True)['step'])
        else:
            assert process.wait(timeout=120) == 0, process.stdout and process.stdout.read()
        assert process.stdout is not None
        process.stdout.close()
    assert seen
    assert min(seen) < 60
    files = (folder / run / 'tiny/tiny.safetensors' for run in ('whole', 'killed'))
    first, second = map(load_file, files)
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def _until(holds, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 100
    while not holds() and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.002)


def test_what_is_better_is_offered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holds = [True]
    monkeypatch.setattr(gates, 'compare', lambda *args: [gates.Gate('spots', holds[0], 'flux 0.5')])
    said: list[str] = []
    training_queue.work(read_plan(plan(folder, 'tiny')), said.append)
    assert 'offered' in said[0]
    offered = folder / 'runs/offered'
    assert {p.suffix for p in offered.iterdir()} == {'.json', '.md', '.safetensors'}
    assert weights.load(offered / 'tiny.safetensors')(torch.zeros(1, 1, 8, 8), 0.1).shape[-1] == 8
    holds[0] = False
    training_queue.work(read_plan(plan(folder, 'tiny', output='other')), said.append)
    assert 'not offered (spots: flux 0.5)' in said[1]
    assert not (folder / 'other/offered').exists()


def test_gates_see_what_psnr_does_not() -> None:
    network = networks.build('ffdnet', **TINY.config)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    assert gates.small_noise(network, 1)[0.3] > 100
    assert gates.drift(network, 1) > 0.8
    assert max(abs(x) for x in gates.spots(network, 1).values()) < 0.1
    assert gates._law(networks.build('ffdnet', **TINY.config), 1).holds is False


def test_the_bundled_network_keeps_its_own_place(tmp_path: Path) -> None:
    """Not better than itself; spots and noise not worse."""
    name = 'dncnn_compact_gray'
    file = tmp_path / f'{name}.safetensors'
    shutil.copyfile(weights.path(name), file)
    scores = [Score('set', 1, f'sigma {s}', 20.0, 30.0) for s in (15, 25)]
    bundled = gates.Bundled(weights.path(name), scores)
    judged = gates.compare(
        file, Card.read(CARDS / f'{name}.json'), regimes.REGIMES[name], scores, bundled
    )
    found = {gate.name: gate for gate in judged}
    assert not found['PSNR'].holds
    assert all(found[name].holds for name in ('small noise', 'spots', 'size'))


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('', r'has no \[\[checkpoint\]\]'),
        ('[[checkpoint]', 'is no TOML'),
        ('[[checkpoint]]\nname = "nothing"', 'no regime trains'),
        ('[[checkpoint]]\nname = "ffdnet_gray"\nhours = 3', 'hours is unknown; known are name'),
        ('[[checkpoint]]\nminutes = 3', 'lacks name'),
        ('[[checkpoint]]\nname = "ffdnet_gray"\nminutes = -1', 'give a number above 0'),
        ('[[checkpoint]]\nname = "ffdnet_gray"\nminutes = 1\nsteps = 1', 'give one of them'),
        ('threads = "all"\n[[checkpoint]]\nname = "ffdnet_gray"', "threads = 'all'; give a number"),
        ('[[checkpoint]]\nname = "ffdnet_gray"\n' * 2, 'names a checkpoint twice'),
        ('[[checkpoint]]\nname = "ffdnet_color"', 'trained on colour images'),
        ('[[checkpoint]]\nname = "ffdnet_gray"\ndata = "nowhere"', 'there is no folder'),
    ],
)
def test_faulty_plans_are_refused_in_a_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / 'plan.toml'
    path.write_text(text)
    with pytest.raises(FrescoError, match=said):
        training_queue.check(read_plan(path))


def test_the_command_takes_a_plan_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = plan(folder, 'tiny')
    both, more = ['ffdnet_gray', '--queue', str(path)], ['--queue', str(path), '--steps', '3']
    for arguments in (both, more, []):
        assert call('train', *arguments) == 2
        assert capsys.readouterr().err.startswith('error: ')
    assert call('train', '--queue', path) == 0
    assert capsys.readouterr().out.startswith('tiny: 100%')
    assert np.isfinite(float(log(folder / 'runs', 'tiny')[0]['mean dB']))
