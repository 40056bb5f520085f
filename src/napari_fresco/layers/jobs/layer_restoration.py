"""The restoration of a layer, one at a time: a live preview, and the result layers."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING, Any, Generic, Protocol

from psygnal import Signal

from ...errors import FrescoError
from ...generators import Returning
from ...restoration import api
from ...types import Result, Step
from ..images.kept_selection import selection_kept
from ..images.removal import take_away
from ..results.iterates import Iterates
from ..results.results import add_results, preview_layer
from ..results.shade import Shade
from .job import Job, R, Work
from .pace import note_pace
from .step_reports import LayerOutcome, Report, StepReports
from .watched_pixels import WatchedPixels

if TYPE_CHECKING:
    from ..requests.layer_request import PanelRequest

    Iterate = Callable[..., Generator[Step, None, Result]]


logger = logging.getLogger(__name__)


class Busy(Protocol):
    """A job that excludes all others."""

    @property
    def busy_text(self) -> str:
        """The work and the layer it is done on."""


class Exclusive(ABC, Generic[R]):
    """A job that runs alone: the restoration of a layer or of a folder, or a sweep.

    `work`, `deliver`, `is_open`: of its job.
    """

    def __init__(
        self, work: Work[R], deliver: Callable[[R], list[Any]], is_open: Callable[[], bool]
    ) -> None:
        self.job: Job[R] = Job(self.busy_text, work, deliver, is_open)
        self.job.ended.connect(self._on_ended)

    @property
    @abstractmethod
    def busy_text(self) -> str:
        """The message of other panels while this runs: the work and its layer."""

    def start(self) -> Job[R]:
        """Start working and return the job.

        Raises FrescoError while something else runs.
        """
        running.take(self)
        return self.job.start()

    def cancel(self) -> None:
        """Ask for an end after the present step; the result by then is kept."""
        self.job.cancel()
        running.changed.emit()

    def _on_ended(self) -> None:
        running.leave(self)


class Running:
    """The one restoration that may run at a time in this process, of a layer or of a folder.

    Networks share one GPU and one set of processor cores, so a second one would only slow both
    down or run out of memory. It is kept here, for a panel may be closed while its job runs.
    """

    changed = Signal()
    """A restoration has started, is being cancelled, or has ended."""
    reported = Signal(object)
    """A :class:`Report` on the restoration."""
    ended = Signal(object)
    """The :class:`Restoration` whose layers are there, or whose job says what went wrong."""

    def __init__(self) -> None:
        self._work: Busy | None = None

    @property
    def restoration(self) -> Restoration | None:
        """The restoration of a layer that runs, if one does."""
        return self._work if isinstance(self._work, Restoration) else None

    @property
    def busy_text(self) -> str:
        """The reason why no other restoration can start; empty if there is none."""
        if self._work is None:
            return ''
        return f'Busy: {self._work.busy_text}. Wait for it, or cancel it.'

    def take(self, work: Busy) -> None:
        """Make `work` the running one.

        Raises FrescoError while something else runs.
        """
        if self._work is not None:
            raise FrescoError(self.busy_text)
        self._work = work
        self.changed.emit()

    def leave(self, work: Busy) -> None:
        """Take note that `work` has ended."""
        self._work = None
        self.changed.emit()
        if isinstance(work, Restoration):
            self.ended.emit(work)


running = Running()


class Restoration(Exclusive[LayerOutcome]):
    """A request under way, as the worker thread and the viewer see it.

    `request`: what to do.
    `viewer`: where the results go.
    `is_open`: whether the viewer is still there; the job ends when it is not.
    `rate`: previews and read-outs per second, at most 4.
    `preview`: show a live preview.
    `iterate`: :func:`napari_fresco.iterate` or that of a session, whose networks stay loaded.
    `keep`: keep some estimates of the run with the result.
    """

    def __init__(
        self,
        request: PanelRequest,
        viewer: Any,
        *,
        is_open: Callable[[], bool] = lambda: True,
        rate: float = 4.0,
        preview: bool = False,
        iterate: Iterate | None = None,
        keep: bool = False,
    ) -> None:
        self.request = request
        self.viewer = viewer
        self.outcome: LayerOutcome | None = None
        self._iterate = iterate
        self._iterates = Iterates.of(request) if keep else Iterates()
        self._reports = StepReports(request, rate)
        self._preview: Any = None
        self._shade = Shade(viewer, request)
        self._watched = WatchedPixels.of(viewer, request)
        self._is_open = is_open
        super().__init__(self._work, self._deliver, is_open)
        self.job.reported.connect(self._on_report)
        self.show_preview(preview)

    @property
    def busy_text(self) -> str:
        """The message of other panels while this runs."""
        return self.request.busy_text

    def runs_in(self, viewer: Any) -> bool:
        """Say whether the results go to `viewer`."""
        return unwrapped(self.viewer) is unwrapped(viewer)

    def asked_by(self, panel: str, viewer: Any) -> bool:
        """Say whether a panel of that name asked for it in `viewer`."""
        return self.request.panel == panel and self.runs_in(viewer)

    def show_preview(self, wanted: bool) -> None:
        """Turn the live preview on or off."""
        if wanted:
            self._reports.preview.set()
        else:
            self._reports.preview.clear()
            self._drop_preview()

    def _work(self, cancel: threading.Event) -> Generator[Report, None, LayerOutcome]:
        iterate = self._iterate or api.iterate
        reports = self._reports
        reports.load_reference()
        with closing(iterate(**self.request.arguments(), cancel=cancel)) as work:
            steps = Returning(work)
            for step in steps:
                self._iterates.note(step)
                report = reports.of(step)
                if report is not None:
                    yield report
            return reports.outcome(steps.result)

    def _deliver(self, outcome: LayerOutcome) -> list[Any]:
        self.outcome = outcome
        if outcome.is_empty:
            return []
        note_pace(self.request, outcome.result)
        if doubt := self._watched.doubt():
            warnings = outcome.result.provenance['warnings']
            outcome.result.provenance['warnings'] = [*warnings, doubt]
        return self._put(outcome)

    def _put(self, outcome: LayerOutcome) -> list[Any]:
        """Add the outcome of the run to the viewer; return its layers, the result last."""
        there = self._preview is not None and self._preview_is_there()
        preview, self._preview = self._preview if there else None, None
        layers = add_results(self.viewer, self.request, outcome.result, preview)
        self._shade.cover(layers[-1])
        if self._iterates.wanted:
            self._iterates.give_to(layers[-1], self.viewer.layers)
        return layers

    def _on_report(self, report: Report) -> None:
        if self._reports.preview.is_set():
            try:
                self._draw_preview(report)
            except Exception:  # a preview is not worth a run; napari may be closing
                logger.exception('%s: no preview', self.job.title)
                self._reports.preview.clear()
        running.reported.emit(report)

    def _on_ended(self) -> None:
        if self._is_open():
            self._drop_preview()
        self._reports.forget()
        super()._on_ended()

    def _draw_preview(self, report: Report) -> None:
        """Put the estimate into the preview layer; a user who deletes it wants no other."""
        if report.preview is None:
            return
        if self._preview is None:
            keywords = preview_layer(self.request, report.preview, report.stride)
            with selection_kept(self.viewer):
                self._preview = self.viewer.add_image(**keywords)
            self._shade.cover(self._preview)
        elif self._preview_is_there():
            self._preview.data = report.preview
        else:
            self._reports.preview.clear()
            self._shade.lift()

    def _drop_preview(self) -> None:
        if self._preview is None:
            return
        if self._preview_is_there():
            take_away(self.viewer, self._preview)
        self._preview = None
        self._shade.lift()

    def _preview_is_there(self) -> bool:
        return any(layer.unique_id == self._preview.unique_id for layer in self.viewer.layers)


def unwrapped(viewer: Any) -> Any:
    """The viewer itself: napari hands each panel a proxy of its own."""
    return getattr(viewer, '__wrapped__', viewer)
