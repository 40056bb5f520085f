"""Batches that are killed: nothing is half-written, and the same command does only the rest."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tqdm import tqdm

import napari_fresco as fresco
from napari_fresco.batch import FileRecord, crews, worker
from napari_fresco.batch.records import claimed
from napari_fresco.cli import main
from napari_fresco.generators import result_of

from . import quick_session
from .command_line import call
from .quick_session import PAUSE, QuickSession

FILES = 6


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(crews, 'Session', QuickSession)
    Path('in').mkdir()
    for i in range(FILES):
        image = np.random.default_rng(i).integers(0, 255, (32, 32), np.uint8)
        fresco.write(f'in/{i}.tif', image)


def recipe(**changes: Any) -> dict[str, Any]:
    common = {'images': 'in', 'output': 'out', 'method': 'ffdnet', 'device': 'cpu'}
    return {**common, **changes}


def is_inverse(name: str) -> bool:
    made, source = fresco.read(Path('out', name)), fresco.read(Path('in', name))
    return bool((np.asarray(made.data) == 255 - np.asarray(source.data)).all())


def made_files() -> dict[str, int]:
    """Return the time of each result whose record says that it is finished."""
    found = {}
    for path in Path('out.batch/files').glob('*.json'):
        record = FileRecord.read(path)
        if record is not None and record.status == 'made':
            found[path.stem] = Path('out', path.stem).stat().st_mtime_ns
    return found


def forked(*arguments: str) -> int:
    """Run the command line in a process of its own, which needs no start; return its number."""
    child = os.fork()
    if child:
        return child
    try:
        # Forks share the lock of progress bars, and one that is killed may hold it for ever.
        tqdm.set_lock(threading.RLock())
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        main(['batch', *arguments])
    except SystemExit as end:
        os._exit(int(end.code or 0))
    finally:
        os._exit(99)


def exit_code(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


ARGUMENTS = ('in', '-o', 'out', '-m', 'ffdnet', '--device', 'cpu', '--workers', '1')


def test_kill_9_at_any_moment_costs_nothing_but_the_file_at_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(PAUSE, '0.01')
    moments = random.Random(0)
    kills, finished = 0, {}
    for _ in range(200):
        child = forked(*ARGUMENTS)
        time.sleep(moments.uniform(0, 0.3))
        os.kill(child, signal.SIGKILL)
        if exit_code(child) == 0:  # it was quicker: once more from the beginning
            assert len(made_files()) == FILES
            for path in [*Path('out').iterdir(), *Path('out.batch/files').glob('*.json')]:
                path.unlink()
            finished = {}
            continue
        kills += 1
        if Path('out').exists():
            whole = [path.name for path in Path('out').glob('*.tif')]
            assert all(is_inverse(name) for name in whole)
        now = made_files()
        assert finished.items() <= now.items(), 'what was finished is not touched again'
        finished = now
        if kills == 20:
            break
    assert kills == 20
    assert exit_code(forked(*ARGUMENTS)) == 0
    assert sorted(p.name for p in Path('out').iterdir()) == [f'{i}.tif' for i in range(FILES)]
    assert all(is_inverse(f'{i}.tif') for i in range(FILES))


def test_two_batches_into_one_folder_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PAUSE, '0.1')
    children = [forked(*ARGUMENTS) for _ in range(2)]
    assert [exit_code(child) for child in children] == [0, 0]
    assert all(is_inverse(f'{i}.tif') for i in range(FILES))
    lines = Path('out.batch/batch.log').read_text().splitlines()
    assert sum(': Quick denoise' in line for line in lines) == FILES, 'each was made once'


def test_a_batch_waits_for_the_file_of_another() -> None:
    plan = fresco.batch.plan(recipe())
    steps = fresco.batch.iterate(plan)
    with claimed(plan.files[0].record, wait=False):
        while next(steps).index < FILES - 1:
            pass  # all but the one that is held
    outcome = result_of(steps)
    assert [record.status for record in outcome.records] == ['made'] * FILES
    assert outcome.records[-1].image == str(plan.files[0].image)


def test_workers_tell_how_far_their_files_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PAUSE, '0.2')
    monkeypatch.setattr(crews, 'begin', quick_session.begin)
    reports = list(fresco.batch.iterate(fresco.batch.plan(recipe()), workers=2))
    half = [report for report in reports if report.under_way > 0]
    assert {report.under_way for report in half} <= {0.5, 1.0, 1.5, 2.0}
    assert all(report.remaining is not None for report in half)
    assert min(report.index for report in half) == 0, 'time is left to tell before a file ends'
    assert reports[-1].index == FILES
    assert reports[-1].under_way == 0


def test_a_worker_that_is_killed_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PAUSE, '0.2')
    monkeypatch.setattr(crews, 'begin', quick_session.begin)
    steps = fresco.batch.iterate(fresco.batch.plan(recipe()), workers=2)
    next(steps), next(steps)
    victim = multiprocessing.active_children()[0]
    assert victim.pid is not None
    os.kill(victim.pid, signal.SIGKILL)
    outcome = result_of(steps)
    assert not outcome.problem
    assert sorted(Path(record.image).stem for record in outcome.records) == list('012345')
    assert all(is_inverse(f'{i}.tif') for i in range(FILES))
    assert len(made_files()) == FILES


def test_a_file_that_kills_its_workers_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(quick_session.DEADLY, '3.tif')
    monkeypatch.setattr(crews, 'begin', quick_session.begin)
    outcome = result_of(fresco.batch.iterate(fresco.batch.plan(recipe()), workers=2))
    assert [Path(record.image).name for record in outcome.failed] == ['3.tif']
    assert 'its worker died' in outcome.failed[0].error
    assert len(made_files()) == FILES - 1


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two worker processes of a real scheduler, whose sessions are quick."""
    import distributed

    monkeypatch.setenv(PAUSE, '0.2')
    root = str(Path(__file__).parents[1])
    monkeypatch.setenv('PYTHONPATH', f'{root}:{os.environ.get("PYTHONPATH", "")}')
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=None,
        preload=[quick_session.__name__],
        silence_logs='CRITICAL',
    ) as made:
        yield made


def test_a_cluster_gets_every_file_when_a_worker_is_killed(cluster: Any) -> None:
    address = cluster.scheduler_address
    steps = fresco.batch.iterate(fresco.batch.plan(recipe()), scheduler=address)
    while not next(steps).under_way:
        pass  # workers tell how far they are
    victim = next(iter(cluster.workers.values())).pid
    os.kill(victim, signal.SIGKILL)
    outcome = result_of(steps)
    assert not outcome.problem
    assert len(outcome.records) == FILES
    assert all(is_inverse(f'{i}.tif') for i in range(FILES))
    arguments = (*ARGUMENTS[:-2], '--scheduler', address)
    assert call('batch', *arguments) == 0
    assert len(made_files()) == FILES


def test_a_scheduler_that_does_not_answer_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(crews, '_REACH', 0.5)
    for address in ('tcp://127.0.0.1:9', 'no address'):
        assert call('batch', *ARGUMENTS[:-2], '--scheduler', address) == 2
        error = capsys.readouterr().err
        assert error.count('\n') == 1
        assert f'--scheduler {address} does not answer' in error
    assert not Path('out').exists()


def test_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _: set(range(8)), raising=False)
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    assert [crews.threads_for(n) for n in (1, 3, 8, 20)] == [8, 2, 1, 1]
    monkeypatch.setenv('OMP_NUM_THREADS', '2')
    assert crews.threads_for(1) == 2, 'what the user has set holds'


def test_each_worker_has_one_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
        monkeypatch.setenv(name, '1')
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '4, 7')
    assert crews.gpus() == ('4', '7')
    for index, device in ((0, '4'), (1, '7'), (2, '4')):
        worker.prepare_process(index, 1, ('4', '7'))
        assert os.environ['CUDA_VISIBLE_DEVICES'] == device
