"""The foot of a panel: Run and Cancel, progress, read-outs, and why it cannot run."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from psygnal import Signal
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QCheckBox, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ..widgets import texts
from ..widgets.form import note, rule, show_badge, side_by_side
from ..widgets.tones import Tone, in_tone
from .residual_curve import Curve

if TYPE_CHECKING:
    from ...layers.jobs.step_reports import LayerOutcome, Report
    from .result_actions import ResultActions

RUN, CANCEL, CANCELLING = 'Run', 'Cancel', 'Cancelling …'
ESTIMATE = 'Estimate, then restore'
RUN_STYLE = (
    'QPushButton:enabled { background-color: #4b62c4; color: white; font-weight: 600; }'
    'QPushButton:enabled:hover { background-color: #5b72d4; }'
)
_MOST_DOUBTS = 4
_SECOND = 1000  # milliseconds


class RunBar(QWidget):
    """The run button with its states, and all messages about a run.

    `offers`: what can be done about a result.
    `state`: line on how the run will be computed.
    """

    pressed = Signal()
    estimate_pressed = Signal()
    preview_toggled = Signal(bool)
    copy_pressed = Signal()
    folder_pressed = Signal()
    sweep_pressed = Signal()
    compare_held = Signal(bool)

    def __init__(self, offers: ResultActions, state: QWidget) -> None:
        super().__init__()
        self.offers, self._state = offers, state
        self.button = QPushButton(RUN)
        self.button.setMinimumHeight(32)
        self.button.setToolTip('Restore with these settings, or cancel what runs')
        self.estimate = QPushButton(ESTIMATE)
        self.estimate.setMinimumHeight(32)
        self.copy = QPushButton('Copy as Python')
        self.copy.setToolTip('Copy a script that does the same to the clipboard')
        self.folder = QPushButton('Apply to folder …')
        self.folder.setToolTip('Do the same to many files, or write the recipe for it')
        self.sweep = QPushButton('Sweep …')
        self.sweep.setToolTip('Try several values on a small part, side by side')
        self.compare = QPushButton('Before')
        self.compare.setToolTip('Hold down to see the image without the result (key H)')
        self.preview = QCheckBox('Live preview')
        self.preview.setToolTip('Show the estimate while it improves; slows the method a little')
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.time = QLabel()
        self.time.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.read_out = note()
        self.numbers = note()
        self.curve = Curve()
        self.curve.setToolTip('Residual: how far the estimate is from the measured data')
        self.badge, self.message = QLabel(), note()
        self.badge.hide()
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._waited, self._clock = 0, QTimer(self)
        self._clock.timeout.connect(self._wait)
        self._lay_out()
        self.button.clicked.connect(lambda: self.pressed.emit())
        self.estimate.clicked.connect(lambda: self.estimate_pressed.emit())
        self.copy.clicked.connect(lambda: self.copy_pressed.emit())
        self.folder.clicked.connect(lambda: self.folder_pressed.emit())
        self.sweep.clicked.connect(lambda: self.sweep_pressed.emit())
        self.compare.pressed.connect(lambda: self.compare_held.emit(True))
        self.compare.released.connect(lambda: self.compare_held.emit(False))
        self.preview.toggled.connect(self.preview_toggled.emit)
        self._show_progress(False)

    def ready(self, problem: str) -> None:
        """Offer Run, or show the reason why not."""
        self.button.setText(RUN)
        self.button.setStyleSheet(RUN_STYLE)
        self.button.setEnabled(not problem)
        self.copy.setEnabled(not problem)
        self.folder.setEnabled(not problem)
        self.sweep.setEnabled(not problem)
        if problem:
            self.say(problem, Tone.PROBLEM)
        elif self.message.tone is Tone.PROBLEM:
            self.say('')

    def offer_estimate(self, shown: bool, problem: str, help_text: str) -> None:
        """Offer to estimate first; the tooltip explains it, or why it is impossible."""
        self.estimate.setVisible(shown)
        self.estimate.setEnabled(not problem)
        self.estimate.setToolTip(f'<p>{problem or help_text}</p>')

    def offer_compare(self, shown: bool) -> None:
        """Offer to look at the image as it was before."""
        self.compare.setVisible(shown)

    def running(self, cancelling: bool) -> None:
        """Offer Cancel, or say that it is under way."""
        self.estimate.setEnabled(False)
        self.button.setText(CANCELLING if cancelling else CANCEL)
        self.button.setStyleSheet('')
        self.button.setEnabled(not cancelling)
        if cancelling:
            self.time.setText('')
            self.read_out.setText('The present step ends first …')

    @property
    def at_work(self) -> bool:
        """Whether the progress of a run is on show."""
        return not self.progress.isHidden()

    def begin(self) -> None:
        """Clear the read-outs of the run before."""
        self.curve.clear()
        self.read_out.setText('Working …')
        self._waited = 0
        self._clock.start(_SECOND)
        self.numbers.setText('')
        self.time.setText('')
        self.progress.setRange(0, 0)
        self.say('')
        self._show_progress(True)

    def show_report(self, report: Report) -> None:
        """Show the progress of the run."""
        self._clock.stop()
        self.progress.setRange(0, report.total)
        self.progress.setValue(report.index)
        if report.remaining is not None:
            self.time.setText(f'{texts.duration(report.remaining)} left')
            self.say(texts.patience(report.remaining))
        self.read_out.setText(f'Step {report.index} of {report.total}')
        parts = []
        if report.residual is not None:
            self.curve.append(report.residual)
            parts.append(f'residual {texts.number(report.residual)}')
        if report.psnr is not None:
            parts.append(f'PSNR {report.psnr:.2f} dB')
        if parts:
            self.numbers.setText(' · '.join(parts))

    def end(self) -> None:
        """Put the progress away."""
        self._clock.stop()
        self._show_progress(False)

    def succeeded(self, outcome: LayerOutcome) -> None:
        """Show the outcome of the run, its verdict, and its doubts."""
        every = texts.doubts(outcome)
        doubts = every if len(every) <= _MOST_DOUBTS else texts.first(every, _MOST_DOUBTS)
        if doubts and outcome.result.finish == 'cancelled':
            doubts = [texts.UNFINISHED]
        listed = in_tone(''.join(f'\n• {text}' for text in doubts), Tone.PROBLEM, self.message)
        said = escape(texts.summary(outcome), quote=False)
        self.say(f'{said}{listed}' if doubts else said)
        self.message.setToolTip(''.join(f'<p>{escape(text)}</p>' for text in every))
        if not outcome.is_empty:
            show_badge(self.badge, *texts.verdict(outcome))
            self.badge.show()

    def failed(self, text: str) -> None:
        """Show an error; one that is on show as a problem goes when it is solved."""
        if text != self.message.text():
            self.say(text, Tone.FAILURE)

    def forget(self) -> None:
        """Remove the texts about a run that is over."""
        if self.message.tone is not Tone.PROBLEM:
            self.say('')

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Show a line of text below the button."""
        self.badge.hide()
        self.offers.forget()
        self.message.setToolTip('')
        self.message.set_tone(tone)
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _wait(self) -> None:
        """Show that the run is alive before its first step, which may take long."""
        self._waited += 1
        self.read_out.setText(f'Working … {self._waited} s')

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 4)
        layout.setSpacing(4)
        layout.addWidget(rule())
        layout.addWidget(side_by_side(self.preview, self.compare))
        layout.addWidget(side_by_side(self.copy, self.folder, self.sweep))
        layout.addWidget(self._state)
        layout.addWidget(side_by_side(self.button, self.estimate))
        layout.addWidget(self.progress)
        layout.addWidget(side_by_side(self.read_out, self.time))
        layout.addWidget(self.numbers)
        layout.addWidget(self.curve)
        layout.addWidget(self.badge, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.message)
        layout.addWidget(self.offers)

    def _show_progress(self, shown: bool) -> None:
        for widget in (self.progress, self.read_out, self.time, self.numbers, self.curve):
            widget.setVisible(shown)
