"""A batch beside the window: the same as on the command line, on a worker thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any

from ...batch import BatchOutcome, BatchPlan, BatchReport, iterate
from ...declare.methods import METHODS
from .layer_restoration import Exclusive


class FolderRun(Exclusive[BatchOutcome]):
    """A batch under way.

    `plan`: what is done.
    `is_open`: whether the window is still there; the batch ends when it is not, and the same
        recipe goes on with it.
    """

    def __init__(self, plan: BatchPlan, is_open: Callable[[], bool] = lambda: True) -> None:
        self.plan = plan
        self.outcome: BatchOutcome | None = None
        super().__init__(self._work, self._deliver, is_open)

    @property
    def busy_text(self) -> str:
        """The message of other panels while this runs."""
        title = METHODS[self.plan.recipe.method].title
        return f'{title} on {len(self.plan.files)} files'

    def _work(self, cancel: threading.Event) -> Generator[BatchReport, None, BatchOutcome]:
        return (yield from iterate(self.plan, workers=1, cancelled=cancel.is_set))

    def _deliver(self, outcome: BatchOutcome) -> list[Any]:
        self.outcome = outcome
        return []
