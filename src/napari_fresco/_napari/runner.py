"""The one restoration that may run at a time in this process, and who is told of it.

State lives here and not in a panel: a panel may be closed, or opened twice,
while its job runs.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from napari.qt.threading import create_worker
from napari.utils.notifications import show_error
from qtpy.QtCore import QObject, Signal

from ..errors import FrescoError
from ..layers.results import add_results, preview_layer
from .jobs import Outcome, Report, Session, restore_layer
from .listeners import is_alive

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    import napari
    from napari.qt.threading import GeneratorWorker
    from qtpy.QtWidgets import QWidget

    from ..layers.layer_request import PanelRequest


class Runner(QObject):
    """Runs one :class:`Session` at a time and adds what comes of it to its viewer.

    Networks share one GPU and one set of processor cores, so a second job would
    only slow both down or run out of memory.
    """

    changed = Signal()
    """A job has started, is being cancelled, or has ended."""
    reported = Signal(object)
    """A :class:`Report` on the running job."""
    ended = Signal(object, object)
    """What the job was, and its :class:`Outcome` or a sentence on what went wrong."""

    def __init__(self) -> None:
        super().__init__()
        self._job: _Job | None = None

    @property
    def request(self) -> PanelRequest | None:
        """What is running, if anything."""
        return self._job.session.request if self._job else None

    @property
    def cancelling(self) -> bool:
        """Whether the running job has been told to stop."""
        return self._job is not None and self._job.session.cancel.is_set()

    def runs_in(self, viewer: napari.viewer.Viewer) -> bool:
        """Say whether the running job belongs to `viewer`."""
        return self._job is not None and _unwrapped(self._job.viewer) is _unwrapped(viewer)

    def start(
        self,
        viewer: napari.viewer.Viewer,
        request: PanelRequest,
        *,
        window: QWidget | None = None,
        rate: float = 4.0,
        preview: bool = False,
    ) -> None:
        """Start a job.

        Parameters
        ----------
        viewer : napari.viewer.Viewer
            Where the results go.
        request : PanelRequest
            What to do.
        window : QWidget, optional
            Window of the viewer; the job ends when it is gone.
        rate : float
            Previews and read-outs per second, at most 4.
        preview : bool
            Show a live preview.

        Raises
        ------
        FrescoError
            While another job runs.
        """
        if self._job is not None:
            raise FrescoError(f'busy: {self._job.session.request.busy_text}; wait or cancel it')
        session = Session(request, rate)
        self._job = _Job(viewer, window, session, self._worker(session))
        self.show_preview(preview)
        self._job.worker.start()
        self.changed.emit()

    def cancel(self) -> None:
        """Ask the running job to stop after the present step and to keep its best estimate."""
        if self._job is not None:
            self._job.session.cancel.set()
            self.changed.emit()

    def show_preview(self, wanted: bool) -> None:
        """Turn the live preview of the running job on or off."""
        if self._job is None:
            return
        if wanted:
            self._job.session.preview.set()
        else:
            self._job.session.preview.clear()
            self._job.drop_preview()

    def _worker(self, session: Session) -> GeneratorWorker:
        worker = create_worker(
            restore_layer,
            session,
            _start_thread=False,
            _ignore_errors=True,
            _progress={'total': 0, 'desc': session.request.busy_text},
        )
        worker.yielded.connect(self._on_report)
        worker.returned.connect(self._on_outcome)
        worker.errored.connect(self._on_error)
        worker.warned.connect(self._on_warning)
        worker.finished.connect(self._on_finished)
        return worker

    def _on_report(self, report: Report) -> None:
        job = self._job
        if job is None:
            return
        if not job.is_open:
            job.session.cancel.set()
            return
        if job.session.preview.is_set():
            self._draw(job, report)
        self.reported.emit(report)
        # Last, because napari's bar lets events in, such as the next report.
        job.show_progress(report)

    def _draw(self, job: _Job, report: Report) -> None:
        try:
            job.draw_preview(report)
        except Exception:  # a preview is not worth a run; napari may be closing
            logger.exception('%s: no preview', job.session.request.busy_text)
            job.session.preview.clear()

    def _on_warning(self, shown: tuple[object, ...]) -> None:
        # napari relays no warnings of workers under PyQt6.
        logger.warning('%s', shown[0])

    def _on_outcome(self, outcome: Outcome) -> None:
        job = self._job
        if job is None or not job.is_open:
            return
        job.drop_preview()
        try:
            layer = add_results(job.viewer, job.session.request, outcome.result)[-1]
        except Exception as error:
            logger.exception('%s: no layer', job.session.request.busy_text)
            self._on_error(FrescoError(f'the result could not be shown ({error})'))
        else:
            job.ending = replace(outcome, layer=str(layer.unique_id))

    def _on_error(self, error: Exception) -> None:
        job = self._job
        if job is None or not job.is_open:
            return
        job.drop_preview()
        job.ending = f'{job.session.request.busy_text} stopped: {error}'
        show_error(job.ending)

    def _on_finished(self) -> None:
        job, self._job = self._job, None
        if job is None:
            return
        # When napari quits the worker on closing, its generator never gets to clean up.
        job.session.close()
        self.changed.emit()
        if job.ending is not None:
            self.ended.emit(job.session.request, job.ending)


class _Job:
    """The running session, its worker, and the preview layer it made."""

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        window: QWidget | None,
        session: Session,
        worker: GeneratorWorker,
    ) -> None:
        self.viewer = viewer
        self._window = window
        self.session = session
        self.worker = worker
        self.ending: Outcome | str | None = None
        self._preview: Any = None

    @property
    def is_open(self) -> bool:
        """Whether the viewer still has its window."""
        return is_alive(self._window)

    def show_progress(self, report: Report) -> None:
        """Move the bar in napari's activity dock."""
        bar = self.worker.pbar
        if bar is None:
            return
        if bar.total != report.total:
            bar.total = report.total
        bar.update(report.index - bar.n)

    def draw_preview(self, report: Report) -> None:
        """Put the estimate into the preview layer; a user who deletes it wants no other."""
        if report.preview is None:
            return
        if self._preview is None:
            keywords = preview_layer(self.session.request, report.preview, report.stride)
            active = self.viewer.layers.selection.active
            self._preview = self.viewer.add_image(**keywords)
            self.viewer.layers.selection.active = active
        elif self._shown():
            self._preview.data = report.preview
        else:
            self.session.preview.clear()

    def drop_preview(self) -> None:
        """Remove the preview layer if it is still there."""
        if self._preview is not None and self._shown():
            self.viewer.layers.remove(self._preview.name)
        self._preview = None

    def _shown(self) -> bool:
        return any(layer.unique_id == self._preview.unique_id for layer in self.viewer.layers)


def _unwrapped(viewer: Any) -> Any:
    """The viewer itself: napari hands each panel a proxy of its own."""
    return getattr(viewer, '__wrapped__', viewer)


@cache
def runner() -> Runner:
    """Return the runner of this process."""
    return Runner()
