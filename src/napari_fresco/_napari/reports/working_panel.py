"""A docked panel that makes or writes one thing at a time beside the window, and tells of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_error, show_info

from ...layers.jobs.job import Job
from ..widgets.form import note
from ..widgets.listeners import is_alive
from ..widgets.texts import sentence
from ..window.docked import Docked

if TYPE_CHECKING:
    import napari


class WorkingPanel(Docked):
    """A panel with a line of text below, on what runs and what came of it.

    `viewer`: whose layers are looked at.
    `name`: of the line.
    """

    def __init__(self, viewer: napari.viewer.Viewer, name: str) -> None:
        super().__init__()
        self.viewer = viewer
        self.message = note()
        self.message.setObjectName(name)
        self._job: Job[Any] | None = None
        self._written = ''

    @property
    def at_work(self) -> bool:
        """Whether something is made, measured or written."""
        return self._job is not None

    def wait(self, timeout: float | None = None) -> list[Any]:
        """Wait for what runs; return the layers it added. See :meth:`.MethodPanel.wait`."""
        return [] if self._job is None else self._job.wait(timeout)

    def refresh(self, *_: Any) -> None:
        """Bring the buttons into line with the choices and with what runs."""
        raise NotImplementedError

    def _start(self, job: Job[Any]) -> None:
        self._job, self._written = job, ''
        job.ended.connect(partial(self._on_ended, job))
        job.start()
        self.refresh()
        self._say(f'{job.title} …')

    def _on_ended(self, job: Job[Any]) -> None:
        if not is_alive(self) or self._job is not job:
            return
        self._job = None
        self._say('')
        self.refresh()
        if job.error:
            self._fail(job.error)
        elif self._written:
            self._say(f'Written: {self._written}')

    def _wrote(self, path: Path) -> list[Any]:
        show_info(f'{path} is written.')
        if is_alive(self):
            self._written = str(path)
        return []

    def _fail(self, text: str) -> None:
        self._say(sentence(text))
        show_error(text)

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))
