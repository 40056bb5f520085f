"""One piece of work in a worker thread: restoring, simulating, estimating, fetching weights.

Three facts of napari's workers shape this module. A ``RuntimeError`` in a worker is taken for a
deleted Qt object and swallowed, so it is raised again as a :class:`FrescoError`. A worker that
was quit keeps its suspended generator, so that holds nothing but the :class:`Job`, which is
closed from outside. And tracebacks keep the tensors of their frames, so errors leave the worker
without one. Without Qt a plain thread takes the place of the worker.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from psygnal import Signal

from ...errors import FrescoError

if TYPE_CHECKING:
    from napari.qt.threading import GeneratorWorker

R = TypeVar('R')
Work = Callable[[threading.Event], Generator[Any, None, R]]
"""Makes a generator of reports that returns the result, and ends soon after the event is set."""

_PAUSE = 0.005  # seconds between two looks at whether a job has ended
_LOOK_MS, _LONGEST = 20, 5.0  # between looks at whether layers are on show, and seconds of them

logger = logging.getLogger(__name__)


class Job(Generic[R]):
    """Work that is under way, and the delivery of its result.

    `title`: what is done on what, such as 'DPIR on camera'.
    `work`: called in the worker thread with the event that cancels; returns a generator, whose
        items are reports and whose value is the result.
    `deliver`: called in the thread of the viewer with the result; returns the layers it added.
    `is_open`: whether there is still somebody to deliver to.
    """

    reported = Signal(object)
    """What the work says of itself, in the thread of the viewer."""
    ended = Signal()
    """The layers are there, or :attr:`error` says why not."""

    def __init__(
        self,
        title: str,
        work: Work[R],
        deliver: Callable[[R], list[Any]],
        is_open: Callable[[], bool] = lambda: True,
    ) -> None:
        self.title = title
        self.cancelled = threading.Event()
        self.layers: list[Any] = []
        self.error = ''
        self._work: Work[R] | None = work
        self._deliver: Callable[[R], list[Any]] | None = deliver
        self._is_open = is_open
        self._steps: Generator[Any, None, R] | None = None
        self._worker: GeneratorWorker[Any, None, R] | None = None
        self._thread: threading.Thread | None = None
        self._ending: Callable[[], None] = lambda: None
        self._over = False

    @property
    def done(self) -> bool:
        """Whether the work has ended and its layers are there."""
        if self._thread is not None and not self._thread.is_alive():
            self._thread = None
            self._ending()
            self._finish()
        return self._over

    def start(self) -> Job[R]:
        """Start working; return the job itself."""
        atexit.register(self._end_before_qt)
        if _has_event_loop():
            self._worker = self._make_worker()
            self._worker.start()
        else:
            self._thread = threading.Thread(target=self._run, daemon=True, name=self.title)
            self._thread.start()
        return self

    def cancel(self) -> None:
        """Ask the work to end after its present step and to keep what there is."""
        self.cancelled.set()

    def wait(self, timeout: float | None = None) -> list[Any]:
        """Return the layers once they are there; meanwhile the window stays alive.

        `timeout`: most seconds to wait.
        Raises FrescoError when the work failed.
        Raises TimeoutError when it has not ended in time; it goes on.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while not self.done:
            if end is not None and time.monotonic() > end:
                raise TimeoutError(f'{self.title} has not ended after {timeout:g} s; it goes on')
            _process_events()
            time.sleep(_PAUSE)
        if self.error:
            raise FrescoError(self.error)
        return list(self.layers)

    def steps(self) -> Generator[Any, None, R]:
        """Do the work step by step in a worker thread.

        Raises FrescoError for whatever goes wrong, in one sentence and without a traceback.
        """
        try:
            assert self._work is not None, 'a job is done once'
            self._steps = self._work(self.cancelled)
            while True:
                try:
                    report = next(self._steps)
                except StopIteration as end:
                    result: R = end.value
                    return result
                yield report
        except Exception as error:
            failure = _explained(error, self.title)
        finally:
            self._close()
        raise failure

    def _make_worker(self) -> GeneratorWorker[Any, None, R]:
        from napari.qt.threading import create_worker

        from .job_worker import JobWorker

        worker = create_worker(
            _worker_steps,
            self,
            _start_thread=False,
            _worker_class=JobWorker,
            _ignore_errors=True,
            _progress={'total': 0, 'desc': self.title},
        )
        worker.yielded.connect(self._on_report)
        worker.returned.connect(self._on_result)
        worker.errored.connect(self._on_error)
        worker.finished.connect(self._finish_when_shown)
        return worker

    def _run(self) -> None:
        """Do the work without Qt; what is to be done afterwards waits for :attr:`done`."""
        steps = self.steps()
        try:
            while True:
                next(steps)
        except StopIteration as end:
            result: R = end.value
            self._ending = lambda: self._on_result(result)
        except FrescoError as error:
            failure = error
            self._ending = lambda: self._on_error(failure)

    def _on_report(self, report: Any) -> None:
        if not self._is_open():
            self.cancel()
            return
        self.reported.emit(report)
        # Last, because napari's bar lets events in, such as the next report.
        self._show_progress(report)

    def _show_progress(self, report: Any) -> None:
        bar = None if self._worker is None else self._worker.pbar
        total = getattr(report, 'total', 0)
        if bar is not None and total:
            if bar.total != total:
                bar.total = total
            bar.update(report.index - bar.n)

    def _on_result(self, result: R) -> None:
        if self._deliver is None or not self._is_open():
            return
        try:
            self.layers = self._deliver(result)
        except Exception as error:
            logger.exception('%s: no layer', self.title)
            self.error = f'{self.title}: the result could not be shown ({error})'

    def _on_error(self, error: Exception) -> None:
        self.error = f'{self.title} stopped: {error}'

    def _finish_when_shown(self, until: float | None = None) -> None:
        """Finish once the layers are on show: napari may slice them in a thread of its own."""
        end = time.monotonic() + _LONGEST if until is None else until
        core = sys.modules.get('qtpy.QtCore')
        hidden = any(layer.visible and not layer.loaded for layer in self.layers)
        if core is not None and hidden and self._is_open() and time.monotonic() < end:
            core.QTimer.singleShot(_LOOK_MS, partial(self._finish_when_shown, end))
            return
        self._finish()

    def _finish(self) -> None:
        if self._over:
            return
        # When napari quits the worker on closing, its generator never gets to clean up.
        self._close()
        atexit.unregister(self._end_before_qt)
        self._work = self._deliver = self._worker = None
        self._is_open = lambda: False  # napari keeps workers that were quit, and so this job
        self._ending = lambda: None
        self._over = True
        self.ended.emit()

    def _end_before_qt(self) -> None:
        """End with Python: a worker that outlives the objects of Qt aborts the process."""
        self.cancel()
        core = sys.modules.get('qtpy.QtCore')
        if self._worker is not None and core is not None:
            core.QThreadPool.globalInstance().waitForDone()

    def _close(self) -> None:
        steps, self._steps = self._steps, None
        if steps is not None:
            with contextlib.suppress(ValueError):  # it runs right now, and will see the event
                steps.close()


def _worker_steps(job: Job[R]) -> Generator[Any, None, R]:
    """The generator function that napari runs; it could cancel nothing else."""
    return (yield from job.steps())


def _explained(error: Exception, title: str) -> FrescoError:
    if isinstance(error, FrescoError):
        return FrescoError(error.in_window if _has_event_loop() else str(error))
    logger.error('%s failed\n%s', title, ''.join(traceback.format_exception(error)))
    if isinstance(error, MemoryError):
        return FrescoError('not enough memory; choose a smaller tile or a region of interest')
    first_line = (str(error).splitlines() or [''])[0]
    return FrescoError(f'{type(error).__name__}: {first_line}')


def _application() -> Any:
    widgets = sys.modules.get('qtpy.QtWidgets')
    return None if widgets is None else widgets.QApplication.instance()


def _has_event_loop() -> bool:
    return _application() is not None


def _process_events() -> None:
    application = _application()
    if application is not None and threading.current_thread() is threading.main_thread():
        application.processEvents()
