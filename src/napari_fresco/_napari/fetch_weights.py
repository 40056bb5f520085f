"""Fetching weights that are not on this computer: only when asked, and in a worker thread."""

from __future__ import annotations

import logging
from collections.abc import Generator

from napari.qt.threading import GeneratorWorker, create_worker
from napari.utils.notifications import show_error, show_info
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QMessageBox, QWidget

from .. import weights
from ..errors import FrescoError

logger = logging.getLogger(__name__)


class Fetcher(QObject):
    """Fetches one checkpoint at a time for a panel.

    Parameters
    ----------
    panel : QWidget
        What the question lies over; the fetcher ends with it, a download under way does not.
    """

    changed = Signal()
    """A download has begun, or ended."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        self._panel = panel
        self._worker: GeneratorWorker | None = None

    @property
    def at_work(self) -> bool:
        """Whether a file is on its way."""
        return self._worker is not None

    def fetch(self, known: weights.Entry) -> None:
        """Fetch the file of a checkpoint if the user agrees."""
        if self.at_work or not agreed(self._panel, known):
            return
        worker = create_worker(
            fetch_weights,
            known.name,
            _start_thread=False,
            _ignore_errors=True,
            _progress={'total': 0, 'desc': f'fetching {known.file}'},
        )
        worker.returned.connect(_tell)
        worker.errored.connect(_explain)
        worker.finished.connect(self._on_finished)
        self._worker = worker
        worker.start()
        self.changed.emit()

    def _on_finished(self) -> None:
        self._worker = None
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


def fetch_weights(name: str) -> Generator[None, None, str]:
    """Fetch the file of a checkpoint in a worker thread and return its name.

    Raises
    ------
    FrescoError
        For whatever goes wrong: napari swallows a RuntimeError of a worker.
    """
    yield
    try:
        weights.get(name, progress=False)
    except FrescoError as error:
        failure = FrescoError(str(error))
    except Exception as error:
        logger.exception('%s was not fetched', name)
        failure = FrescoError(f'weights {name} were not fetched: {error}')
    else:
        return name
    raise failure


def _tell(name: str) -> None:
    show_info(f'Weights {name} are here now.')


def _explain(error: Exception) -> None:
    show_error(str(error))
