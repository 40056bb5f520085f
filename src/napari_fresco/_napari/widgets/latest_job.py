"""Background work where only the latest request counts: older ones are cancelled or dropped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from psygnal import Signal
from qtpy.QtWidgets import QApplication

from ...generators import Returning
from ...layers.jobs.job import Job

R = TypeVar('R')
_PAUSE = 0.005  # seconds


class LatestJob:
    """Runs one job at a time; of those asked for meanwhile only the latest follows."""

    changed = Signal()
    """Work has begun, or ended."""
    failed = Signal(str)
    """A job has stopped, and why."""

    def __init__(self) -> None:
        self._job: Job[Any] | None = None
        self._next: Job[Any] | None = None

    @property
    def busy(self) -> bool:
        """Whether there is work."""
        return self._job is not None

    def ask(self, job: Job[Any]) -> None:
        """Cancel the present job, and start `job` as soon as it has ended."""
        if self._job is not None:
            self._next = job
            self._job.cancel()
            return
        self._job = job
        job.ended.connect(self._on_ended)
        job.start()
        self.changed.emit()

    def cancel(self) -> None:
        """Cancel the present job, and drop the waiting one."""
        self._next = None
        if self._job is not None:
            self._job.cancel()

    def wait(self, timeout: float = 60) -> None:
        """Return when all work is done; meanwhile the window stays alive.

        Raises TimeoutError when it has not ended in time; it goes on.
        """
        end = time.monotonic() + timeout
        while self.busy:
            if time.monotonic() > end:
                raise TimeoutError(f'not done after {timeout:g} s; it goes on')
            QApplication.processEvents()
            time.sleep(_PAUSE)

    def _on_ended(self) -> None:
        job, self._job = self._job, None
        following, self._next = self._next, None
        if job is not None and job.error and following is None:
            self.failed.emit(job.error)
        if following is not None:
            self.ask(following)
        self.changed.emit()


def stepwise(
    title: str,
    steps: Generator[Any, None, R],
    deliver: Callable[[R], Any],
    is_open: Callable[[], bool],
) -> Job[R | None]:
    """Return the job that does `steps`, which may be cancelled between them, and delivers."""

    def work(cancel: threading.Event) -> Generator[Any, None, R | None]:
        reports = Returning(steps)
        for report in reports:
            if cancel.is_set():
                steps.close()
                return None
            yield report
        return None if cancel.is_set() else reports.result

    def hand_over(result: R | None) -> list[Any]:
        if result is not None:
            deliver(result)
        return []

    return Job(title, work, hand_over, is_open)


def said_of(error: str) -> str:
    """Return the error of a job without the name of the job."""
    return error.partition(' stopped: ')[2] or error
