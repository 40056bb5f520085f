"""Carrying out a batch: files go to free workers, and each leaves a record, a row and a line."""

from __future__ import annotations

import os
import queue
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import FileError
from ..io.atomic import remove_stale
from ..io.files import make_folder
from .crews import Cluster, Crew, Processes, SingleProcess, gpus
from .planning import BatchFile, BatchPlan, subfolders_passed_over
from .records import FileRecord
from .summary import BatchLog

_TRIES = 2  # how often a file is given to workers that die, or change under our hands
_LOOK = 0.2  # seconds between two looks at whether to go on
_DONE = ('made', 'finished')


@dataclass(frozen=True)
class BatchReport:
    """The progress of a batch, reported after each file, and now and then meanwhile.

    `index`, `total`: files that are done with, and all of them.
    `remaining`: seconds still needed, as far as can be told.
    `record`: what became of the file that ended; None where none did.
    `note`: what the user should know before the first file ends.
    `under_way`: what of the files at work is done, in files.
    """

    index: int
    total: int
    remaining: float | None = None
    record: FileRecord | None = None
    note: str = ''
    under_way: float = 0.0


@dataclass(frozen=True)
class BatchOutcome:
    """The outcome of a batch.

    Attributes
    ----------
    records : tuple of FileRecord
        What became of each file that was looked at.
    total : int
        How many files there are.
    stopped : str
        Why it ended early, or nothing.
    cancelled : bool
        Whether it was cancelled.
    """

    records: tuple[FileRecord, ...] = ()
    total: int = 0
    stopped: str = ''
    cancelled: bool = False

    @property
    def counts(self) -> Counter[str]:
        """The number of files of each status."""
        return Counter(record.status for record in self.records)

    @property
    def failed(self) -> tuple[FileRecord, ...]:
        """The files that have no result and were not broken off."""
        ends = (*_DONE, 'cancelled')
        return tuple(record for record in self.records if record.status not in ends)

    @property
    def problem(self) -> str:
        """The reason in one sentence why not everything is done, or nothing."""
        if self.stopped:
            return self.stopped
        kept = self.counts['kept']
        failed = len(self.failed) - kept
        said = [f'{failed} of {self.total} images failed'] if failed else []
        if kept:
            said.append(
                f'{kept} of {self.total} images have results of another recipe or maker, which '
                'were left as they are: --overwrite makes them again, another folder keeps both'
            )
        if said and kept + failed < self.total:
            said.append('the others are done')
        return '; '.join(said)


def iterate(
    plan: BatchPlan,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Generator[BatchReport, None, BatchOutcome]:
    """Carry out a plan, file by file, reporting on each and on the progress of those under way.

    `workers`: processes on this machine; one for each GPU, or this process alone, by default.
    `scheduler`: address of a dask.distributed scheduler, whose workers are taken instead.
    `cancelled`: asked now and then; files at work are then broken off and not written.
    Raises FrescoError when nothing can be written, or the scheduler does not answer.
    """
    plan = plan if scheduler is None else plan.absolute()
    folder = plan.recipe.output_folder
    crew = _crew(plan, workers, scheduler, cancelled)
    with closing(crew):
        make_folder(folder)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise FileError(f'folder {folder} is read-only; choose another folder of results')
        log = _log(plan)
        remove_stale(folder)
        state = _State(plan.files)
        try:
            for note in filter(None, (crew.note, subfolders_passed_over(plan.recipe))):
                log.note(note)
                yield BatchReport(0, state.total, note=note)
            yield BatchReport(0, state.total)
            yield from _work(crew, state, log, cancelled)
        finally:
            log.close()
    return BatchOutcome(tuple(state.records), state.total, state.stopped, cancelled())


def _log(plan: BatchPlan) -> BatchLog:
    try:
        return BatchLog(plan)
    except (OSError, FileError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise FileError(
            f'folder {plan.recipe.record_folder} of the records cannot be written ({reason}); name '
            'another one as records'
        ) from None


def _crew(
    plan: BatchPlan,
    workers: int | None,
    scheduler: str | None,
    cancelled: Callable[[], bool],
) -> Crew:
    if scheduler is not None:
        return Cluster(scheduler)
    anywhere = str(plan.recipe.options.get('device', 'auto')) in ('auto', 'cuda')
    devices = gpus() if anywhere and workers != 1 else ()
    count = min(workers or max(1, len(devices)), len(plan.files))
    if count > 1:
        return Processes(count, devices)
    return SingleProcess(cancelled)


class _State:
    """The progress of a batch."""

    def __init__(self, files: Iterable[BatchFile]) -> None:
        self.waiting = deque(files)
        self.put_off: deque[BatchFile] = deque()  # another batch is at work on them
        self.suspects: deque[BatchFile] = deque()  # were at work when a worker died
        self.at_work: dict[Any, BatchFile] = {}
        self.alone = False  # a suspect is at work, with nobody beside it to be blamed
        self.total = len(self.waiting)
        self.records: list[FileRecord] = []
        self.stopped = ''
        self._tries: Counter[Path] = Counter()
        self._began = time.monotonic()
        self._made = 0

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to do any more."""
        left = self.waiting or self.put_off or self.suspects or self.at_work
        return not left or bool(self.stopped)

    def next(self, room: int) -> tuple[BatchFile, bool] | None:
        """Return the next file, and whether to wait for another batch to end with it.

        `room`: how many files may be at work.
        """
        alone = self.alone or self.suspects
        if len(self.at_work) >= (1 if alone else room):
            return None
        if self.suspects:
            self.alone = True
            return self.suspects.popleft(), False
        if self.waiting:
            return self.waiting.popleft(), False
        return (self.put_off.popleft(), True) if self.put_off else None

    def ended(self, future: Any) -> BatchFile | None:
        """Take a file back from a worker; None where that was done before."""
        file = self.at_work.pop(future, None)
        if file is not None:
            self.alone = False
        return file

    def tried(self, file: BatchFile) -> bool:
        """Count a failed try, and return whether that was the last one."""
        self._tries[file.record] += 1
        return self._tries[file.record] >= _TRIES

    def give_up(self) -> None:
        """Hand nothing over any more."""
        for files in (self.waiting, self.put_off, self.suspects):
            files.clear()

    def add(self, record: FileRecord, under_way: float) -> BatchReport:
        """Take note of the end of a file."""
        self.records.append(record)
        self._made += record.status == 'made'
        return self.report(under_way, record)

    def report(self, under_way: float, record: FileRecord | None = None) -> BatchReport:
        """Return the progress of the batch."""
        done, worked = len(self.records), self._made + under_way
        each = (time.monotonic() - self._began) / worked if worked > 0 else None
        left = None if each is None else each * max(self.total - done - under_way, 0)
        return BatchReport(done, self.total, left, record, under_way=under_way)


def _work(
    crew: Crew, state: _State, log: BatchLog, cancelled: Callable[[], bool]
) -> Generator[BatchReport, None, None]:
    ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
    while not state.is_over:
        if cancelled():
            crew.cancel()
            state.give_up()
            if isinstance(crew, Cluster):
                return
        while following := state.next(crew.size):
            file, wait = following
            future = crew.submit(file, wait=wait)
            state.at_work[future] = file
            future.add_done_callback(ended.put)
        try:
            future = ended.get(timeout=_LOOK)
        except queue.Empty:
            if crew.under_way() > 0:
                yield state.report(crew.under_way())
            continue
        taken = state.ended(future)
        record = None if taken is None else _record_of(future, taken, crew, state)
        if taken is None or record is None or _is_put_off(record, taken, state):
            continue
        log.add(taken, record)
        yield state.add(record, crew.under_way())
        if record.status == 'full':
            state.stopped = _full(record, state)


def _record_of(future: Any, file: BatchFile, crew: Crew, state: _State) -> FileRecord | None:
    """Return the outcome of a file; None where it is tried again."""
    try:
        record: FileRecord = future.result()
        return record
    except Exception as error:  # its worker died, or the cluster could not run it
        lost = f'{type(error).__name__}: {" ".join(str(error).split())}'
    if not crew.renew():
        state.stopped = f'the scheduler is gone ({lost}); the same command does the rest'
        return None
    beside = [] if isinstance(crew, Cluster) else list(state.at_work.values())
    if beside:  # a pool dies with any of its workers: who was it?
        state.suspects.extend([file, *beside])
        state.at_work.clear()
        return None
    if not state.tried(file):
        state.suspects.append(file)
        return None
    died = f'its worker died {_TRIES} times, perhaps for lack of memory ({lost})'
    return FileRecord(str(file.image), str(file.outputs.image), 'failed', error=died)


def _is_put_off(record: FileRecord, file: BatchFile, state: _State) -> bool:
    if record.status == 'busy':
        state.put_off.append(file)
        return True
    if record.status == 'changed' and not state.tried(file):
        state.waiting.append(file)
        return True
    return False


def _full(record: FileRecord, state: _State) -> str:
    left = state.total - len(state.records) + 1
    return (
        f'{record.error}: the disk is full; make space, and the same command does the {left} left'
    )
