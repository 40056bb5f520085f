"""A dialog whose button starts work beside the window, and cancels it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QProgressBar, QPushButton, QWidget

from ...errors import FrescoError
from ...layers.jobs.layer_restoration import Exclusive
from ..widgets.form import note
from ..widgets.listeners import cancelled_with, is_alive, main_window_of
from ..widgets.tones import Tone
from .run_bar import CANCEL, CANCELLING


class RunDialog(QDialog):
    """A dialog that starts a run, shows how far it is, and cancels it.

    `title`: of the window.
    `start`: the button, with the text it has while nothing runs.
    `parent`: what it lies over; the run ends with the window of it, not with the dialog.
    """

    run: Any

    def __init__(self, title: str, start: QPushButton, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.run = None
        self.start, self._idle, self._over = start, start.text(), parent
        self.message, self.progress = note(), QProgressBar()
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.start.clicked.connect(self._on_pressed)

    def begin(self) -> None:
        """Start, or show the error."""
        window = main_window_of(self._over)
        try:
            run = self._prepared(lambda: is_alive(window))
            run.job.reported.connect(self._on_report)
            run.job.ended.connect(self._on_ended)
            self.run = run  # the panel asks for it as soon as it starts
            cancelled_with(window, run.start())
        except FrescoError as error:
            self.run = None
            self._say(str(error), Tone.FAILURE)
            return
        self._say('Working …')
        self._show_running(True)

    @abstractmethod
    def _prepared(self, is_open: Callable[[], bool]) -> Exclusive[Any]:
        """Return the run to start; raises FrescoError where there can be none."""

    @abstractmethod
    def _on_report(self, report: Any) -> None:
        """Show how far the run is."""

    @abstractmethod
    def _on_ended(self) -> None:
        """Show what came of the run."""

    @abstractmethod
    def _fields(self) -> Sequence[QWidget]:
        """Return what cannot be changed during a run."""

    def _on_pressed(self) -> None:
        if self.run is None:
            self.begin()
        else:
            self.run.cancel()
            self.start.setText(CANCELLING)
            self.start.setEnabled(False)

    def _show_running(self, at_work: bool) -> None:
        self.progress.setRange(0, 0)
        self.progress.setVisible(at_work)
        self.start.setEnabled(True)
        self.start.setText(CANCEL if at_work else self._idle)
        for field in self._fields():
            field.setEnabled(not at_work)

    def _say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        self.message.set_tone(tone)
        self.message.setText(text)
