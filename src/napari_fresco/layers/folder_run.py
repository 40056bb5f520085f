"""A batch beside the window: the same as on the command line, on a worker thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any

from ..batch import BatchOutcome, BatchPlan, BatchReport, iterate
from ..declare.methods import METHODS
from .job import Job
from .layer_restoration import running


class FolderRun:
    """A batch under way.

    `plan`: what is done.
    `is_open`: whether the window is still there; the batch ends when it is not, and the same
        recipe goes on with it.
    """

    def __init__(self, plan: BatchPlan, is_open: Callable[[], bool] = lambda: True) -> None:
        self.plan = plan
        self.outcome: BatchOutcome | None = None
        self.job: Job[BatchOutcome] = Job(self.busy_text, self._work, self._deliver, is_open)
        self.job.ended.connect(self._on_ended)

    @property
    def busy_text(self) -> str:
        """What other panels say while this runs."""
        title = METHODS[self.plan.recipe.method].title
        return f'{title} on {len(self.plan.files)} files'

    def start(self) -> Job[BatchOutcome]:
        """Start working and return the job.

        Raises FrescoError while something else runs.
        """
        running.take(self)
        return self.job.start()

    def cancel(self) -> None:
        """Ask for an end after the present step; what is finished stays."""
        self.job.cancel()
        running.changed.emit()

    def _work(self, cancel: threading.Event) -> Generator[BatchReport, None, BatchOutcome]:
        return (yield from iterate(self.plan, workers=1, cancelled=cancel.is_set))

    def _deliver(self, outcome: BatchOutcome) -> list[Any]:
        self.outcome = outcome
        return []

    def _on_ended(self) -> None:
        running.leave(self)
