"""Fetching weights that are not on this computer: only when asked, and beside the window."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from napari.utils.notifications import show_error, show_info
from psygnal import Signal
from qtpy.QtWidgets import QMessageBox, QWidget

from ... import weights
from ...layers.jobs.job import Job
from ..widgets.listeners import is_alive


class Fetcher:
    """Fetches one checkpoint at a time for a panel.

    `panel`: what the question lies over; the fetcher ends with it, a download under way does not.
    """

    changed = Signal()
    """A download has begun, or ended."""

    def __init__(self, panel: QWidget) -> None:
        self._panel = panel
        self._job: Job[str] | None = None

    @property
    def at_work(self) -> bool:
        """Whether a file is on its way."""
        return self._job is not None

    def fetch(self, known: weights.Entry | None) -> None:
        """Fetch the file of a checkpoint, if it is known and the user agrees."""
        if known is None or self.at_work or not agreed(self._panel, known):
            return
        self._job = Job(f'Fetching {known.file}', lambda cancel: _fetch(known.name), _tell)
        self._job.ended.connect(self._on_ended)
        self._job.start()
        self.changed.emit()

    def _on_ended(self) -> None:
        job, self._job = self._job, None
        if job is not None and job.error:
            show_error(job.error)
        if is_alive(self._panel):
            self.changed.emit()


def agreed(parent: QWidget, known: weights.Entry) -> bool:
    """Ask whether a file may be fetched, saying whence, under which licence and whither."""
    size = known.describe_size()
    question = (
        f'Fetch {known.file}{f" ({size})" if size else ""} from\n{known.urls[0]} ?\n\n'
        f'Licence: {known.licence}.\nIt is kept in {weights.cache_folder()}, where you can also '
        'put it yourself.'
    )
    answer = QMessageBox.question(parent, 'Weights', question)
    return answer == QMessageBox.StandardButton.Yes


def _fetch(name: str) -> Generator[Any, None, str]:
    """Fetch the file of a checkpoint and return its name."""
    yield
    weights.get(name, progress=False)
    return name


def _tell(name: str) -> list[Any]:
    show_info(f'Weights {name} are here now.')
    return []
