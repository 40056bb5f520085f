"""*Sweep …*: a small part of the image with several values of one or two settings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from magicgui.widgets import LineEdit
from napari.utils.notifications import show_error, show_info
from qtpy.QtWidgets import QPushButton, QWidget

from ...declare.fields import Parameter
from ...errors import FrescoError
from ...layers.images.space import View
from ...layers.jobs.job import Job
from ...layers.jobs.step_reports import Report
from ...layers.jobs.sweep_run import SweepRun
from ..running.run_dialog import RunDialog
from ..widgets.choosers import WordList
from ..widgets.clicks import Clicks
from ..widgets.form import Section, named_button, note, side_by_side, stacked
from ..widgets.listeners import is_alive
from ..widgets.rows import label_of
from ..widgets.tones import Tone
from .choices import Choices
from .estimate_noise import noise_at_a_glance
from .sweep_settings import first_values, sweepable, values_of

if TYPE_CHECKING:
    from ...layers.images.selection import Selection

_WIDTH = 460
_NONE = ''


class SweepDialog(RunDialog):
    """Asks for the settings to vary, shows the results as a layer, applies a clicked one.

    `choices`: what is chosen in the panel.
    `viewer`: where the results are shown.
    `parent`: what it lies over.
    """

    run: SweepRun | None

    def __init__(self, choices: Choices, viewer: Any, parent: QWidget) -> None:
        start = named_button('Sweep', 'sweep_start', _START)
        super().__init__(f'{choices.method.title}: sweep', start, parent)
        self.setMinimumWidth(_WIDTH)
        self._choices, self._viewer = choices, viewer
        self.last: SweepRun | None = None
        self.settings = sweepable(
            choices.method,
            choices.input.task,
            kernel=choices.damage.kernel is not None and not choices.damage.is_apart,
        )
        words = {name: label_of(each) for name, each in self.settings.items()}
        self.first = WordList('first', 'Down', words, _FIRST)
        self.second = WordList('second', 'Across', {_NONE: '(nothing)', **words}, _SECOND)
        self.first_values = LineEdit(name='first_values', label='Values', tooltip=_VALUES)
        self.second_values = LineEdit(name='second_values', label='Values', tooltip=_VALUES)
        self.best = named_button('Take the suggestion', 'sweep_take', _TAKE)
        self._sigma: float | None = None
        self._clicks = Clicks(viewer, self)
        self._clicks.clicked.connect(self._on_click)
        self._lay_out()
        self.first.changed.connect(lambda: self._fill(self.first, self.first_values))
        self.second.changed.connect(lambda: self._fill(self.second, self.second_values))
        self.best.clicked.connect(self._on_best)
        self._fill(self.first, self.first_values)
        self._show_running(False)
        self._estimate()

    @classmethod
    def shown(cls, choices: Choices, viewer: Any, parent: QWidget) -> Self | None:
        """Show and return a new dialog, or show why there is nothing to sweep."""
        if problem := choices.problem():
            show_error(problem)
            return None
        dialog = cls(choices, viewer, parent)
        dialog.show()
        return dialog

    def over(self) -> dict[str, tuple[Any, ...]]:
        """Return the varied settings with their values.

        Raises ParameterError when a value is not allowed.
        """
        chosen = {self.first.value: self.first_values.value}
        if self.second.value not in (_NONE, self.first.value):
            chosen[self.second.value] = self.second_values.value
        return {name: values_of(self.settings[name], text) for name, text in chosen.items()}

    def _prepared(self, is_open: Callable[[], bool]) -> SweepRun:
        return SweepRun(
            self._choices.request(),
            self._choices.image,
            View.of(self._viewer),
            self.over(),
            self._viewer,
            is_open,
        )

    def _fields(self) -> Sequence[QWidget]:
        rows = self.first, self.second, self.first_values, self.second_values
        return [row.native for row in rows]

    def _fill(self, name: WordList, values: LineEdit) -> None:
        """Propose values of the chosen settings."""
        chosen: Parameter | None = self.settings.get(name.value)
        values.value = '' if chosen is None else first_values(chosen, self._sigma)
        values.native.setEnabled(chosen is not None)

    def _estimate(self) -> None:
        """Find the noise beside the window, to begin with values around it."""
        try:
            part = self._choices.input.selection()
        except FrescoError:
            return
        job = Job('Noise to sweep', _noise(part), self._on_noise, lambda: is_alive(self))
        job.start()

    def _on_noise(self, sigma: float) -> list[Any]:
        self._sigma = sigma
        for name, values in ((self.first, self.first_values), (self.second, self.second_values)):
            if is_alive(self) and name.value == 'sigma' and not values.value:
                self._fill(name, values)
        return []

    def _on_report(self, report: Report) -> None:
        if is_alive(self):
            self.progress.setRange(0, report.total)
            self.progress.setValue(report.index)
            self._say(f'{report.index} of {report.total} results')

    def _on_ended(self) -> None:
        run, self.run = self.run, None
        if run is None or not is_alive(self):
            return
        self._show_running(False)
        if run.job.error:
            self._say(run.job.error, Tone.FAILURE)
        elif run.outcome is not None:
            self.last = run
            self.best.setVisible(run.outcome.suggested is not None)
            self._clicks.start()
            self._say(_told(run.outcome))

    def _on_click(self, position: Any) -> None:
        values = None if self.last is None else self.last.values_at(position)
        if values is not None:
            self._take_values(values)

    def _on_best(self) -> None:
        outcome = None if self.last is None else self.last.outcome
        if outcome is not None and outcome.suggested is not None:
            self._take_values(outcome.suggested.values)

    def _take_values(self, values: Mapping[str, Any]) -> None:
        said = f'Taken: {_named(values)}.'
        try:
            self._choices.take(values)
        except FrescoError as error:
            said = str(error)
        self._say(said)
        if not self.isVisible():
            show_info(said)

    def _show_running(self, at_work: bool) -> None:
        super()._show_running(at_work)
        self.best.hide()

    def _lay_out(self) -> None:
        section = Section()
        for row in (self.first, self.first_values, self.second, self.second_values):
            section.add(row)
        spare: QPushButton | QWidget = QWidget()
        buttons = side_by_side(spare, self.best, self.start)
        stacked(
            section.native, note(_ABOUT), self.progress, self.message, buttons,
            into=self, margin=12, fill=True,
        )  # fmt: skip
        self.resize(_WIDTH, 1)  # as high as it must be


def _noise(part: Selection) -> Callable[[threading.Event], Generator[Any, None, float]]:
    def work(cancel: threading.Event) -> Generator[Any, None, float]:
        yield
        return noise_at_a_glance(part)[0]

    return work


def _told(outcome: Any) -> str:
    """Return the outcome of a sweep in words."""
    if not outcome.cells:
        return 'Cancelled before anything was finished.'
    best = outcome.suggested
    first = '' if best is None else f'Suggested, with the star: {_named(best.values)}. '
    return f'{first}{outcome.reason} Click a result to take its values.'


def _named(values: Mapping[str, Any]) -> str:
    return ', '.join(
        f'{name.replace("_", " ")} {f"{v:.4g}" if isinstance(v, float) else v}'
        for name, v in values.items()
    )


_FIRST = '<p>What changes from row to row; alone, from result to result.</p>'
_SECOND = '<p>What changes from column to column. More values take more time: all are combined.</p>'
_VALUES = '<p>Values, with commas between them; more of them take more time.</p>'
_START = '<p>Restore a small part with all values, as one layer beside the image.</p>'
_TAKE = '<p>Take the values with the star into the panel. Look at them first: it is no proof.</p>'
_ABOUT = (
    'A small region that is chosen in the panel is taken, else 128 × 128 pixels in the middle of '
    'what is on show. The star marks the least error on noise that a result has not seen; '
    '"!" a result that a check accuses.'
)
