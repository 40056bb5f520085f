"""The crews of a batch: this process, several of its own, or a cluster."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import suppress
from typing import Any, Protocol
from uuid import uuid4

from ..errors import ParameterError
from ..restoration.session import Session
from ..types import Step
from .file_restoration import restore_file
from .planning import BatchFile
from .records import FileRecord
from .worker import begin, restore_for_parent, restore_for_scheduler, share_of

_REACH = 10  # seconds after which a scheduler that does not answer is taken for absent
_AHEAD = 2  # files for each thread of a cluster that wait there, so that none is idle


class Crew(Protocol):
    """Takes files and hands back futures of their records.

    `note`: what the user should know of it, or nothing.
    """

    note: str

    @property
    def size(self) -> int:
        """The number of files that may be handed over at a time."""

    def submit(self, file: BatchFile, *, wait: bool) -> Any:
        """Begin to work on a file; return a future with ``add_done_callback``."""

    def under_way(self) -> float:
        """Return the finished share of the files at work, in files, as far as it is known."""

    def cancel(self) -> None:
        """Have the files at work broken off."""

    def renew(self) -> bool:
        """Replace workers that died; return False where that cannot be done."""

    def close(self) -> None:
        """Let everybody go."""


class SingleProcess:
    """One file after the other, in a thread of this process.

    `cancelled`: asked after every tile.
    """

    size, note = 1, ''

    def __init__(self, cancelled: Callable[[], bool]) -> None:
        self._cancelled = cancelled
        self._session = Session(warn=False)
        self._share = 0.0

    def submit(self, file: BatchFile, *, wait: bool) -> Future[FileRecord]:
        """Begin to work on a file; the end of the program does not wait for it."""
        future: Future[FileRecord] = Future()
        threading.Thread(target=self._work, args=(future, file, wait), daemon=True).start()
        return future

    def under_way(self) -> float:
        """Return the finished share of the file at work."""
        return self._share

    def cancel(self) -> None:
        """Leave it to who is asked."""

    def renew(self) -> bool:
        """Do nothing: no worker can die alone."""
        return False

    def close(self) -> None:
        """Give the memory of the networks back."""
        self._session.close()

    def _work(self, future: Future[FileRecord], file: BatchFile, wait: bool) -> None:
        try:
            watched: Any = {'callback': self._on_step, 'cancelled': self._cancelled}
            record = restore_file(file, wait=wait, session=self._session, **watched)
        except BaseException as error:
            self._share = 0.0
            future.set_exception(error)
        else:
            self._share = 0.0
            future.set_result(record)

    def _on_step(self, step: Step) -> None:
        self._share = share_of(step)


class Processes:
    """Processes on this machine, each with its share of the cores and one GPU.

    `count`: how many.
    `devices`: the GPUs of the machine.
    """

    note = ''

    def __init__(self, count: int, devices: tuple[str, ...] = ()) -> None:
        self.size = count
        self._devices = devices
        # Not forked: torch does not survive that, and there may be threads.
        self._context = multiprocessing.get_context('spawn')
        self._cancelled = self._context.Event()
        self._shares = self._context.Array('d', count, lock=False)
        self._pool = self._make()

    def submit(self, file: BatchFile, *, wait: bool) -> Future[FileRecord]:
        """Hand a file to the next worker that is free."""
        try:
            return self._pool.submit(restore_for_parent, file, wait)
        except BrokenExecutor as error:  # a worker was killed since the last file ended
            broken: Future[FileRecord] = Future()
            broken.set_exception(error)
            return broken

    def under_way(self) -> float:
        """Return the finished share of the files at work, as the workers wrote it down last."""
        return float(sum(self._shares))

    def cancel(self) -> None:
        """Have the files at work broken off after their present step."""
        self._cancelled.set()

    def renew(self) -> bool:
        """Start workers anew after one was killed, which ends the others."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = self._make()
        return True

    def close(self) -> None:
        """Let the workers end."""
        self._cancelled.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _make(self) -> ProcessPoolExecutor:
        threads = threads_for(self.size)
        numbers = self._context.Value('i', 0)
        self._shares[:] = [0.0] * self.size
        return ProcessPoolExecutor(
            self.size,
            self._context,
            begin,
            (numbers, threads, self._devices, self._cancelled, self._shares),
        )


class Cluster:
    """Workers of a dask.distributed scheduler, which see the same files under the same names.

    `address`: of the scheduler, such as ``'tcp://host:8786'``.
    Raises ParameterError when dask.distributed is not installed or nobody answers.
    """

    def __init__(self, address: str) -> None:
        try:
            import distributed
        except ImportError:
            raise ParameterError(
                '--scheduler needs dask.distributed; install napari-fresco[cluster]'
            ) from None
        self._topic = f'napari-fresco-{uuid4()}'
        self._shares: dict[str, float] = {}
        try:
            connect: Any = distributed.Client
            self._client = connect(address, timeout=_REACH, set_as_default=False)
        except (OSError, TimeoutError, ValueError):
            raise ParameterError(
                f'--scheduler {address} does not answer; start one with "dask scheduler" and give '
                'its address, such as tcp://host:8786'
            ) from None
        self._client.subscribe_topic(self._topic, self._hear)
        waits = f'{address} has no workers yet; the first that comes begins'
        self.note = '' if self._workers() else waits

    @property
    def size(self) -> int:
        """The number of files that may wait at the scheduler."""
        threads = sum(int(facts['nthreads']) for facts in self._workers())
        return max(1, _AHEAD * threads)

    def submit(self, file: BatchFile, *, wait: bool) -> Any:
        """Hand a file to the scheduler, which gives it to another worker if one dies."""
        gpus = any('GPU' in facts.get('resources', {}) for facts in self._workers())
        uses_gpu = gpus and str(file.recipe.options.get('device', 'auto')) != 'cpu'
        resources = {'GPU': 1} if uses_gpu else None
        return self._client.submit(
            restore_for_scheduler,
            file,
            wait,
            self._topic,
            pure=False,
            retries=2,
            resources=resources,
        )

    def under_way(self) -> float:
        """Return the finished share of the files at work, as the workers reported it last."""
        return sum(self._shares.values())

    def cancel(self) -> None:
        """What is at work is finished by its worker; the rest was not handed over."""

    def renew(self) -> bool:
        """Return whether the scheduler is still there; it has workers started anew itself."""
        return str(self._client.status) == 'running'

    def close(self) -> None:
        """Leave the scheduler as it was."""
        with suppress(Exception):  # it may be gone
            self._client.close(timeout=_REACH)

    def _hear(self, event: tuple[float, tuple[str, float]]) -> None:
        """Note the report of a worker on its file."""
        _, (image, share) = event
        self._shares[image] = share

    def _workers(self) -> list[dict[str, Any]]:
        return list(self._client.scheduler_info(n_workers=-1)['workers'].values())


def threads_for(workers: int) -> int:
    """Return the threads of each of several workers, so that they do not compete."""
    given = os.environ.get('OMP_NUM_THREADS', '')
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    share = max(1, (cores or 1) // workers)
    return min(share, int(given)) if given.isdigit() and int(given) else share


def gpus() -> tuple[str, ...]:
    """Return the GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    named = os.environ.get('CUDA_VISIBLE_DEVICES')
    if named is not None:
        return tuple(each.strip() for each in named.split(',') if each.strip())
    import torch

    return tuple(str(i) for i in range(torch.cuda.device_count()))
