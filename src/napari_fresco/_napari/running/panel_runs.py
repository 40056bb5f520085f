"""The restorations that a panel starts, one after the other, and what its foot says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_error
from psygnal import Signal

from ...errors import FrescoError
from ...layers.images.identity import key_of
from ...layers.jobs.layer_restoration import Restoration, running
from ...layers.jobs.step_reports import Report
from ...restoration.session import Session
from ..widgets.listeners import Listeners, cancelled_with, is_alive, main_window_of

if TYPE_CHECKING:
    import napari
    from qtpy.QtWidgets import QWidget

    from ...layers.jobs.job import Job
    from .run_bar import RunBar


class PanelRuns:
    """Follows the restorations that a panel of some name asks for in a viewer.

    Another panel of that name may have started the running one: both show it, and may cancel it.
    The networks stay loaded from one to the next, for as long as the panel is open.

    `name`: of the panel.
    `viewer`: where results go.
    `native`: the widget of the panel.
    `bar`: its foot.
    """

    changed = Signal()
    """A restoration has started, is being cancelled, or has ended, or its layers have gone."""
    succeeded = Signal(object)
    """The :class:`Restoration` whose layers are there."""
    forgotten = Signal()
    """What was said of the last restoration holds no more."""

    def __init__(
        self, name: str, viewer: napari.viewer.Viewer, native: QWidget, bar: RunBar
    ) -> None:
        self.made: list[str] = []  # ids of the layers of the last restoration
        self._name, self._viewer, self._native, self._bar = name, viewer, native, bar
        self._session = Session()
        self._job: Job[Any] | None = None
        self._failure = ''
        self._spoken_of = set[str]()
        links = Listeners(native)
        links.listen(viewer.layers.events.removed, self._on_removed)
        links.listen(running.changed, self._on_running)
        links.listen(running.reported, self._on_report)
        links.listen(running.ended, self._on_ended)
        native.destroyed.connect(self._close_session)

    @property
    def restoration(self) -> Restoration | None:
        """The running restoration, if a panel like this in this viewer started it."""
        found = running.restoration
        return found if found is not None and self._is_mine(found) else None

    def options(self, rate: float) -> dict[str, Any]:
        """Return keywords of a :class:`Restoration` of this panel.

        `rate`: previews per second.
        """
        window = main_window_of(self._native)
        return {
            'is_open': lambda: is_alive(window),
            'rate': rate,
            'preview': self._bar.preview.isChecked(),
            'iterate': self._session.iterate,
            'keep': True,
        }

    def begin(self) -> None:
        """Take note that a restoration is wanted, and of none that was before."""
        self.made, self._failure = [], ''

    def start(self, restoration: Restoration, source: Any) -> None:
        """Start a restoration of the layer `source`.

        Raises FrescoError while something else runs.
        """
        self._spoken_of = {key_of(source)}
        self._job = restoration.start()
        cancelled_with(main_window_of(self._native), self._job)

    def cancel(self) -> None:
        """Ask for an end after the present step; the best estimate so far is kept."""
        if (restoration := self.restoration) is not None:
            restoration.cancel()

    def wait(self, timeout: float | None) -> list[Any]:
        """Return the result layers once they are there; meanwhile the window stays alive.

        Raises FrescoError when the restoration could not start, or failed.
        Raises TimeoutError when it has not ended in time; it goes on.
        """
        if self._job is not None:
            self._job.wait(timeout)
        if self._failure:
            raise FrescoError(self._failure)
        return [each for each in self._viewer.layers if key_of(each) in self.made]

    def fail(self, text: str) -> None:
        """Say why a restoration could not start, or failed."""
        self._failure = text
        self._bar.failed(text)
        show_error(text)

    def forget(self) -> None:
        """Remove the texts about a restoration that is over."""
        if self.restoration is None:
            self._spoken_of = set()
            self._bar.forget()
            self.forgotten.emit()

    def show_preview(self, wanted: bool) -> None:
        """Turn the live preview of the running restoration on or off."""
        if (restoration := self.restoration) is not None:
            restoration.show_preview(wanted)

    def _is_mine(self, restoration: Restoration) -> bool:
        return restoration.asked_by(self._name, self._viewer)

    def _close_session(self) -> None:
        """Give the memory of the networks back, now or when they are not needed any more."""
        session, job = self._session, self._job
        if job is None:
            session.close()
        else:
            job.ended.connect(lambda: session.close())

    def _on_running(self) -> None:
        mine = self.restoration is not None
        if mine and not self._bar.at_work:
            self._bar.begin()
        elif not mine:
            self._bar.end()
        self.changed.emit()

    def _on_report(self, report: Report) -> None:
        if self.restoration is not None:
            self._bar.show_report(report)

    def _on_ended(self, restoration: Restoration) -> None:
        if not self._is_mine(restoration):
            return
        if self._job is restoration.job:
            self._job = None
        if restoration.job.error:
            self.fail(restoration.job.error)
        elif restoration.outcome is not None:
            self._bar.succeeded(restoration.outcome)
            self._bar.offers.offer(restoration)
            self.made = [key_of(layer) for layer in restoration.job.layers]
            self._spoken_of |= set(self.made[-1:])
            self.succeeded.emit(restoration)

    def _on_removed(self, event: Any) -> None:
        """Remove texts about a layer that is gone."""
        if key_of(event.value) in self._spoken_of and self.restoration is None:
            self.forget()
            self.changed.emit()
