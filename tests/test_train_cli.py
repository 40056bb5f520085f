"""``napari-fresco train``: it learns, resumes, starts from what fits, and says what is wrong."""

from __future__ import annotations

import csv
import errno
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from skimage import data

from napari_fresco import training, weights
from napari_fresco.cli import main
from napari_fresco.evidence import metrics
from napari_fresco.io.files import read, write
from napari_fresco.training import checkpointing
from napari_fresco.training.data import Corpus
from napari_fresco.training.interrupts import held_back
from napari_fresco.training.loop import Run
from napari_fresco.training.objective_declarations import GaussianDenoising
from napari_fresco.training.regimes import REGIMES, Regime, Stage

from .command_line import call

GRAY = Regime(
    'tiny',
    'ffdnet',
    {'in_nc': 1, 'out_nc': 1, 'nc': 16, 'nb': 4},
    channels=1,
    objective=GaussianDenoising(50),
    stages=(Stage(150, learning_rate=3e-3, batch=8, patch=32),),
)
WIDE = replace(GRAY, name='wide', config={**GRAY.config, 'nb': 6})
TWO = replace(GRAY, name='two', stages=(Stage(20, 2e-3, 8, 32), Stage(20, 4e-4, 8, 32)))
COLOUR = replace(
    GRAY, name='colour', config={'in_nc': 3, 'out_nc': 3, 'nc': 24, 'nb': 4}, channels=3
)


@pytest.fixture(autouse=True)
def regimes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command line know small regimes, beside a real name that must not be trained."""
    known = {regime.name: regime for regime in (GRAY, WIDE, TWO, COLOUR)}
    monkeypatch.setattr(training, 'find_regime', lambda name: known.get(name) or REGIMES[name])


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What starts the tests in the background may have told them not to listen."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder with a 16-bit stack of three planes."""
    folder = tmp_path / 'images'
    folder.mkdir()
    camera = data.camera()
    planes = np.stack([camera[i : i + 96, 80 : 80 + 128] for i in (40, 150, 260)])
    write(folder / 'stack.tif', (100 + 20 * planes.astype(np.uint16)))
    return folder


def train(*arguments: object) -> int:
    return call('train', *arguments)


def failure(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Return the one line that a training fails with."""
    capsys.readouterr()
    assert train(*arguments, '--quiet') == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith('error: ')
    return lines[0]


def log(run: Path) -> list[list[float]]:
    with (run / 'log.csv').open(newline='', encoding='utf-8') as file:
        return [[float(x) for x in row] for row in list(csv.reader(file))[1:]]


def test_a_microscopist_trains_a_denoiser(images, tmp_path, capsys) -> None:
    """On a stack, to a lower loss and a better image, through the command line alone."""
    run = tmp_path / 'run'
    assert train('tiny', '--data', images, '-o', run, '--steps', 100, '--evaluate', images) == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(run / 'tiny.safetensors')
    assert '2 images to train on, 1 for validation' in said.err
    rows = log(run)
    steps, losses, quality = ([row[i] for row in rows] for i in (0, -2, -1))
    assert (steps[0], steps[-1]) == (0, 100)
    assert np.isnan(losses[0])
    assert np.mean(losses[-5:]) < 0.8 * losses[1]
    assert quality[-1] > quality[0] + 2
    assert '| images (3) | sigma 25 |' in (run / 'tiny.md').read_text()

    truth, noisy, out = (
        read(images / 'stack.tif').data,
        tmp_path / 'n.tif',
        tmp_path / 'o.tif',
    )
    noise = np.random.default_rng(0).normal(3000, 500, truth.shape)
    write(noisy, (truth + noise).astype(np.uint16))
    options = ['-m', 'ffdnet', '--sigma', 500, '-q', '--model', run / 'tiny.safetensors']
    assert call('restore', noisy, '-o', out, *options) == 0
    before, after = (read(path).data.astype(float) - 3000 for path in (noisy, out))
    assert metrics.psnr(after, truth, 5000) > metrics.psnr(before, truth, 5000) + 3


def test_an_interrupted_run_goes_on_as_if_it_had_not_been(
    images, tmp_path, monkeypatch, capsys, interruptible
) -> None:
    """Long before a state is written by itself, and with the step that was begun."""
    whole, parts = tmp_path / 'whole', tmp_path / 'parts'
    assert train('tiny', '--data', images, '-o', whole, '--steps', 12, '-q') == 0
    with monkeypatch.context() as patch:
        patch.setattr(Run, 'train_step', _interrupted_in(5, Run.train_step))
        assert train('tiny', '--data', images, '-o', parts, '--steps', 12, '-q') == 130
    said = capsys.readouterr().err
    assert said == f'interrupted; {parts} holds what --resume goes on with\n'
    assert 'holds a run already' in failure(capsys, 'tiny', '--data', images, '-o', parts)
    assert train('tiny', '--data', images, '-o', parts, '--resume') == 0
    assert 'going on after 5 steps' in capsys.readouterr().err
    first, second = (load_file(folder / 'tiny.safetensors') for folder in (whole, parts))
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    for columns in (slice(2), slice(3, None)):  # all but the time
        np.testing.assert_array_equal(*([r[columns] for r in log(f)] for f in (whole, parts)))


def test_a_second_interrupt_is_not_held_back(interruptible) -> None:
    with held_back() as interrupted:
        assert not interrupted()
        signal.raise_signal(signal.SIGINT)
        assert interrupted()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_that_nobody_hears_is_not_listened_for() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_back() as interrupted:
            signal.raise_signal(signal.SIGINT)
            assert not interrupted()
    finally:
        signal.signal(signal.SIGINT, before)
    with ThreadPoolExecutor(1) as pool:  # a thread may not even ask
        assert pool.submit(lambda: held_back().__enter__()()).result() is False


def test_an_interrupt_before_there_is_a_run_is_one_line_too(
    images, tmp_path, monkeypatch, capsys
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Corpus, 'read', interrupted)
    assert train('tiny', '--data', images, '-o', tmp_path / 'run') == 130
    assert capsys.readouterr().err.split() == ['cancelled']
    assert not (tmp_path / 'run').exists()


@pytest.mark.parametrize('error', [RuntimeError('CUDA out of memory.'), MemoryError()])
def test_too_little_memory_is_said_with_what_takes_it(
    error, images, tmp_path, monkeypatch, capsys
) -> None:
    def hungry(*_: object) -> None:
        raise error

    monkeypatch.setattr(Run, 'train_step', hungry)
    said = failure(capsys, 'tiny', '--data', images, '-o', tmp_path / 'run', '--steps', 2)
    assert 'cpu ran out of memory; a step of tiny takes 8 crops of 32 x 32 pixels' in said
    assert '--device' in said


def test_other_errors_of_a_step_are_not_taken_for_it(images, tmp_path, monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError('shapes do not match')

    monkeypatch.setattr(Run, 'train_step', broken)
    with pytest.raises(RuntimeError, match='shapes'):
        main(['train', 'tiny', '--data', str(images), '-o', str(tmp_path / 'run'), '--steps', '2'])


def test_the_highest_step_size_is_what_is_asked_for_and_stays(images, tmp_path, capsys) -> None:
    """The other stages go with it; the card shows them, and a resumed run keeps them."""
    run, common = tmp_path / 'run', ('two', '--data', images, '-q')
    given = ('--steps', 40, '--learning-rate', 5e-4)
    assert train(*common, '-o', run, *given) == 0
    stages = '20 steps at 0.0005 of 8 crops of 32 x 32; then 20 steps at 0.0001 of'
    assert stages in (run / 'two.md').read_text()
    sizes = [row[3] for row in log(run)]
    assert max(sizes[:13]) == pytest.approx(5e-4 * 0.2, rel=0.3)  # in the warm-up
    assert max(sizes[14:]) < 2.1e-5
    for other in ((), ('--learning-rate', 1)):
        (run / 'two.md').unlink()
        assert train(*common, '-o', run, '--resume', *other) == 0
        assert stages in (run / 'two.md').read_text()
    resumed = Run(TWO, run, torch.device('cpu'), learning_rate=1.0)
    assert [stage.learning_rate for stage in resumed.regime.stages] == [5e-4, 1e-4]


def test_resuming_nothing_is_said_to_be_a_new_run(images, tmp_path, capsys) -> None:
    run = tmp_path / 'run'
    assert train('tiny', '--data', images, '-o', run, '--steps', 2, '--resume') == 0
    assert f'nothing to resume in {run}' in capsys.readouterr().err


def test_without_images_a_gray_network_sees_drawn_micrographs(images, tmp_path, capsys) -> None:
    run = tmp_path / 'run'
    assert train('tiny', '-o', run, '--steps', 3) == 0
    assert 'no images (--data)' in capsys.readouterr().err
    assert '100% of the crops' in (run / 'tiny.md').read_text()
    assert 'without images' in failure(capsys, 'tiny', '-o', run, '--resume', '--data', images)
    assert '--data' in failure(capsys, 'colour', '-o', tmp_path / 'other')
    assert not (tmp_path / 'other').exists()


def test_a_run_on_images_is_not_resumed_without_them(images, tmp_path, capsys) -> None:
    run = tmp_path / 'run'
    assert train('tiny', '--data', images, '-o', run, '--steps', 2, '-q') == 0
    assert 'on images' in failure(capsys, 'tiny', '-o', run, '--resume')


def test_what_fits_of_a_start_is_taken_and_counted(images, tmp_path, capsys) -> None:
    start = tmp_path / 'start' / 'tiny.safetensors'
    assert train('tiny', '--data', images, '-o', start.parent, '--steps', 2, '-q') == 0
    again = ('--data', images, '--steps', 1, '--start-from', start)
    assert train('tiny', *again, '-o', tmp_path / 'same') == 0
    assert f'starting from {start}: all of it fits' in capsys.readouterr().err
    assert train('wide', *again, '-o', tmp_path / 'wide') == 0
    assert 'only 6 of 12 tensors fit' in capsys.readouterr().err
    said = failure(capsys, 'colour', *again, '-o', tmp_path / 'colour')
    assert 'tiny.safetensors is an FFDNet (1 channel); colour trains an FFDNet (3 channels)' in said
    assert not (tmp_path / 'colour').exists()


def test_a_given_start_is_that_of_the_list_and_not_a_run_beside(images, tmp_path) -> None:
    """Retraining twice from the bundled weights must not go on from the first result."""
    assert train('tiny', '--data', images, '-o', tmp_path / 'ffdnet_gray', '--steps', 1, '-q') == 0
    beside = tmp_path / 'ffdnet_gray' / 'tiny.safetensors'
    beside.rename(beside.with_name('ffdnet_gray.safetensors'))
    bundled = REGIMES['ffdnet_gray']
    run = Run(bundled, tmp_path / 'run', torch.device('cpu'), start_from='ffdnet_gray')
    for name, value in weights.load('ffdnet_gray').state_dict().items():
        expected = torch.zeros_like(value) if name.endswith('.bias') else value
        assert torch.equal(run.network.state_dict()[name], expected), name


def test_a_resumed_run_remembers_what_it_started_from(images, tmp_path) -> None:
    start, run = tmp_path / 'start' / 'tiny.safetensors', tmp_path / 'run'
    assert train('tiny', '--data', images, '-o', start.parent, '--steps', 1, '-q') == 0
    common = ('tiny', '--data', images, '-o', run, '-q')
    assert train(*common, '--steps', 2, '--start-from', start) == 0
    start.unlink()
    assert train(*common, '--resume') == 0
    assert f'- Started from: {start}' in (run / 'tiny.md').read_text()


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (('--minutes', 0), 'minutes = 0.0'),
        (('--minutes', -1), 'minutes = -1.0'),
        (('--minutes', 'nan'), 'minutes = nan'),
        (('--minutes', 'inf'), 'minutes = inf'),
        (('--minutes', 'ten'), "'ten' is not a valid float"),
        (('--steps', 0), 'steps = 0'),
        (('--learning-rate', 0), 'learning_rate = 0.0'),
        (('--learning-rate', -1e-3), 'learning_rate = -0.001'),
        (('--learning-rate', 'nan'), 'learning_rate = nan'),
        (('--learning-rate', 'inf'), 'learning_rate = inf'),
        (('--steps', 3, '--minutes', 1), 'both steps and minutes'),
        (('--data', 'nowhere'), 'there is no folder nowhere'),
        (('--data', 'file.txt'), 'file.txt is a file'),
        (('--data', 'empty'), 'empty holds no image of at least 32 x 32 pixels'),
        (('--evaluate', 'nowhere'), 'there is no folder nowhere'),
        (('--evaluate', 'empty'), 'empty holds no image'),
        (('--output', 'file.txt'), 'file.txt'),
        (('--start-from', 'fdnet_gray'), "did you mean 'ffdnet_gray'?"),
        (('--start-from', 'file.txt'), 'file.txt is not a file of weights'),
        (('--start-from', 'none.safetensors'), 'there is no file none.safetensors'),
        (('--device', 'cuda:99'), "device 'cuda:99' is not on this machine"),
    ],
    ids=lambda value: ' '.join(map(str, value)) if isinstance(value, tuple) else '',
)
def test_errors_are_one_line_before_any_work(
    arguments, said, images, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'file.txt').write_text('nothing to train on')
    default = () if '--data' in arguments else ('--data', 'images')
    if not {'--steps', '--minutes'} & set(arguments):
        default += ('--steps', 1)
    assert said in failure(capsys, 'tiny', *default, *arguments)
    assert not (tmp_path / 'runs').exists()


def test_an_unknown_regime_lists_those_there_are(monkeypatch, capsys) -> None:
    monkeypatch.undo()
    said = failure(capsys, 'nosuch')
    assert "no regime trains 'nosuch'" in said
    assert 'ffdnet_gray' in said


def test_a_regime_that_starts_from_another_says_which_to_train_first(
    images, tmp_path, capsys
) -> None:
    said = failure(capsys, 'ircnn_gray', '--data', images, '-o', tmp_path / 'runs' / 'ircnn_gray')
    assert f'train ircnn_gray_start --output {tmp_path / "runs" / "ircnn_gray_start"}' in said


def test_only_a_sound_state_of_the_regime_is_resumed(images, tmp_path, capsys) -> None:
    run, again = tmp_path / 'run', ('--data', images, '-o', tmp_path / 'run', '--resume')
    assert train('tiny', '--data', images, '-o', run, '--steps', 1, '-q') == 0
    assert 'is a run of tiny, not of wide' in failure(capsys, 'wide', *again)
    state = run / 'state.pt'
    sound = state.read_bytes()
    other = Run(replace(WIDE, name='tiny'), tmp_path / 'other', torch.device('cpu'))
    other.save()
    damaged = {
        'of another network': other.state_file.read_bytes(),
        'cut short': sound[: len(sound) // 2],
        'empty': b'',
        'no state': b'hello',
    }
    for content in damaged.values():
        state.write_bytes(content)
        assert f'{state} is damaged, or is no state' in failure(capsys, 'tiny', *again)
    save_file({'x': torch.zeros(1)}, state)
    assert f'{state} is damaged, or is no state' in failure(capsys, 'tiny', *again)


def test_a_full_disk_leaves_the_last_state(images, tmp_path, monkeypatch, capsys) -> None:
    run = tmp_path / 'run'
    assert train('tiny', '--data', images, '-o', run, '--steps', 1, '-q') == 0
    before = {path.name: path.read_bytes() for path in run.iterdir()}

    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, 'No space left on device', str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, 'write_bytes', full)
        said = failure(capsys, 'tiny', '--data', images, '-o', run, '--resume')
        assert 'cannot be written: No space left on device; make room' in said
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    with pytest.raises(checkpointing.FileError, match='cannot be written'):
        checkpointing.write(run / 'tiny.md' / 'below', b'')


def _interrupted_in(number, step):
    """Return `step`, with an interrupt that comes while the step of a number is computed."""

    def taken(run, crops):
        if run.step == number - 1:
            signal.raise_signal(signal.SIGINT)
        return step(run, crops)

    return taken
