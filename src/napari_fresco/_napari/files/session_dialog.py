"""The command that records the session of a viewer in a folder."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

from napari.utils.notifications import show_error, show_info
from qtpy.QtWidgets import QFileDialog

from ...layers.files.session_record import RecordedSession
from ...layers.jobs.job import Job

_TITLE = 'Record of the session: name of a new folder'


def ask_for_record(viewer: Any) -> Job[list[Path]] | None:
    """Ask for a folder, and write the record into it; None where the user cancels.

    Raises FrescoError when no layer is a result.
    """
    session = RecordedSession.of(viewer)
    path, _ = QFileDialog.getSaveFileName(None, _TITLE, 'session')
    return write_record(session, Path(path)) if path else None


def write_record(session: RecordedSession, folder: Path) -> Job[list[Path]]:
    """Write a session beside the window, and say so."""

    def work(cancel: threading.Event) -> Generator[Any, None, list[Path]]:
        yield
        return session.write(folder)

    def tell(written: list[Path]) -> list[Any]:
        names = ', '.join(path.name for path in written[:4])
        show_info(f'{folder} holds the session: {names} and what they need.')
        return []

    job = Job(f'Record of the session in {folder.name}', work, tell)
    job.ended.connect(lambda: show_error(job.error) if job.error else None)
    return job.start()
