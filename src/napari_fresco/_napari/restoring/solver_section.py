"""The rows of the solver: the method's own parameters, and the machine it runs on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from magicgui.widgets.bases import ValueWidget
from psygnal import Signal
from qtpy.QtWidgets import QFileDialog, QPushButton, QWidget

from ...declare.method import Method
from ...types import Task
from ..methods.offered_models import PARAMETERS as MODEL_PARAMETERS
from ..methods.offered_models import model_choices
from ..methods.parameter_rows import OF_SOLVER, DeclaredRow, ParameterRows, values_beside
from ..methods.validation import FILE, GET
from ..widgets.form import Row, Section, collapsible, stacked
from ..widgets.rows import Choice

GETTING = 'Coming …'
_WEIGHTS = 'Weights (*.safetensors *.pth *.pt *.npz *.mat)'


class SolverSection:
    """Solver parameters, and below a fold the advanced ones with device, tile and seed.

    `declared`: everything that is declared; of it the groups :data:`OF_SOLVER` are shown.
    `method`: returns the chosen method.
    `folded`: what lies below the fold as well.
    `whole`: whether the solver parameters do, too.
    """

    get_pressed = Signal()
    """The weights that are chosen are to be fetched."""

    def __init__(
        self,
        declared: ParameterRows,
        method: Callable[[], Method],
        folded: Sequence[QWidget] = (),
        whole: bool = False,
    ) -> None:
        self._every, self._chosen, self._whole = declared, method, whole
        declared.are_folded = whole
        self._declared = declared.of_groups(*OF_SOLVER)
        self._offered_for: dict[str, tuple[Task, int]] = {}
        self._gets: dict[str, QPushButton] = {}
        self._offer = (False, False)
        self.plain, self.advanced = Section('Solver'), Section()
        self.rows: dict[DeclaredRow, Row] = {}
        """Of several methods those that have been seen; laying all out would take its time."""
        above, below = ([], [self.plain.native]) if whole else ([self.plain.native], [])
        self.fold = collapsible('Advanced', stacked(*folded, *below, self.advanced.native))
        self.native = stacked(*above, self.fold)
        if len(declared.methods) == 1:
            for row in self._declared:
                self.rows[row] = self._add(row)

    @property
    def get(self) -> QPushButton | None:
        """The button that fetches the weights of the chosen method; None where it has none."""
        return self._gets.get(self._chosen().name)

    def refresh(self, task: Task, scale: int = 1, hidden: Collection[str] = ()) -> None:
        """Show the rows that `task` uses, but those `hidden`, and the models for it."""
        method = self._chosen()
        widgets = self._every.of(method)
        known = self._offered_for.get(method.name)
        self._offered_for[method.name] = wanted = (task, scale)
        for declared in self._declared:
            parameter, serves = declared.parameter, declared.serves(method, task)
            serves = serves and parameter.name not in hidden
            shown = serves and parameter.applies(values_beside(parameter, widgets))
            if shown and declared not in self.rows and self._is_unfolded(declared):
                self.rows[declared] = self._add(declared)
            if declared in self.rows:
                self.rows[declared].show(shown)
            if parameter.name in MODEL_PARAMETERS and serves and known != wanted:
                assert isinstance(declared.widget, Choice)
                declared.widget.offer(model_choices(method, task, parameter.name, scale))
        self.plain.hide_if_empty(row for each, row in self.rows.items() if _is_plain(each))

    def offer_get(self, shown: bool, at_work: bool) -> None:
        """Offer to fetch weights that are not here, or say that they are on their way."""
        self._offer = shown, at_work
        if self.get is not None:
            self.get.setVisible(shown)
            self.get.setEnabled(not at_work)
            self.get.setText(GETTING if at_work else GET)

    def _is_unfolded(self, declared: DeclaredRow) -> bool:
        above = _is_plain(declared) and not self._whole
        return above or bool(self.fold.isExpanded())

    def _add(self, declared: DeclaredRow) -> Row:
        section = self.plain if _is_plain(declared) else self.advanced
        widget = declared.widget
        before = self._declared[: self._declared.index(declared)]
        place = sum(each in self.rows and _is_plain(each) == _is_plain(declared) for each in before)
        if declared.parameter.name not in MODEL_PARAMETERS:
            return section.add(widget, place=place)
        get, browse = QPushButton(GET), QPushButton(FILE)
        get.setToolTip('Fetch these weights from where their authors publish them')
        get.clicked.connect(lambda: self.get_pressed.emit())
        browse.setToolTip('Take the weights of a file')
        browse.clicked.connect(lambda: _browse(browse, widget))
        self._gets |= dict.fromkeys(declared.methods, get)
        row = section.add(widget, get, browse, place=place)
        self.offer_get(*self._offer)
        return row


def _is_plain(declared: DeclaredRow) -> bool:
    return declared.parameter.group == 'solver'


def _browse(parent: QWidget, row: ValueWidget[Any]) -> None:
    path, _ = QFileDialog.getOpenFileName(parent, 'Weights', '', _WEIGHTS)
    if path:
        row.value = path
