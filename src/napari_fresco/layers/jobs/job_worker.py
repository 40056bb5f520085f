"""The worker of napari in which a job runs, without its hold on the warnings of the process."""

from __future__ import annotations

from napari.qt.threading import GeneratorWorker


class JobWorker(GeneratorWorker):  # type: ignore[misc]  # napari tells no types
    """A generator worker that leaves filters and display of warnings as they are.

    The worker of superqt catches warnings while it runs, and what catches them belongs to the
    process, not to the thread. Of two workers that overlap, the second therefore puts back what
    the first had put there, and from then on the warnings of every program in the process go to
    a worker that is gone.
    """

    def run(self) -> None:
        """Do the work; called by the pool of threads of Qt."""
        self.started.emit()
        self._running = True
        try:
            result = self.work()
            if isinstance(result, RuntimeError):  # the objects of Qt are gone: nobody listens
                return
            if not self.abort_requested:
                self.returned.emit(result)
        except Exception as error:
            self.errored.emit(error)
        self._running = False
        self.finished.emit()
        self._finished.emit(self)
