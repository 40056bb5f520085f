"""A worker of a crew: a process of its own, or a thread of a cluster, and what it reports."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..types import Step
from .file_restoration import restore_file
from .planning import BatchFile
from .records import FileRecord

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

_TELL = 1.0  # seconds between two messages of a worker of a cluster


def share_of(step: Step) -> float:
    """Return the finished share of an image after a step."""
    return min(step.index / step.total, 1.0)


@dataclass(frozen=True)
class _Parent:
    """The ties of a worker process to the program that started it.

    `cancelled`: set when the files at work are to be broken off.
    `shares`: finished shares of the files at work, one for each worker.
    `place`: of this worker among them.
    """

    cancelled: Event
    shares: Any
    place: int

    def on_step(self, step: Step) -> None:
        """Write down what of the file is done."""
        self.shares[self.place] = share_of(step)

    def on_end(self) -> None:
        """Write down that no file is at work."""
        self.shares[self.place] = 0.0


# Events and shared memory reach a process only as it begins, never with a file.
_parent: _Parent | None = None


def begin(
    numbers: Any, threads: int, devices: tuple[str, ...], cancelled: Event, shares: Any
) -> None:
    """Begin as a worker process."""
    global _parent
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which says so
    with numbers.get_lock():
        index, numbers.value = numbers.value, numbers.value + 1
    prepare_process(index, threads, devices)
    _parent = _Parent(cancelled, shares, index % len(shares))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def prepare_process(index: int, threads: int, devices: tuple[str, ...]) -> None:
    """Give a worker process its share of the machine, before it imports torch.

    `index`: number of the worker, from 0.
    `threads`: how many threads it may use.
    `devices`: the GPUs of the machine, of which it gets one.
    """
    for name in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
        os.environ[name] = str(threads)
    if devices:
        os.environ['CUDA_VISIBLE_DEVICES'] = devices[index % len(devices)]
    if 'torch' in sys.modules:  # the program itself imports it
        sys.modules['torch'].set_num_threads(threads)


def _end_with_parent() -> None:
    """End when the parent was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def restore_for_parent(file: BatchFile, wait: bool) -> FileRecord:
    """Restore a file in a process that has begun, and write down its progress."""
    assert _parent is not None
    try:
        watched: Any = {'callback': _parent.on_step, 'cancelled': _parent.cancelled.is_set}
        return restore_file(file, wait=wait, **watched)
    finally:
        _parent.on_end()


def restore_for_scheduler(file: BatchFile, wait: bool, topic: str) -> FileRecord:
    """Restore a file on a worker of a cluster, and report its progress under `topic`."""
    from distributed import get_worker

    worker: Any = get_worker()
    told = 0.0

    def tell(share: float) -> None:
        worker.log_event(topic, (str(file.image), share))

    def on_step(step: Step) -> bool:
        nonlocal told
        if time.monotonic() - told > _TELL:
            told = time.monotonic()
            tell(share_of(step))
        return True

    try:
        return restore_file(file, wait=wait, callback=on_step)
    finally:
        tell(0.0)
