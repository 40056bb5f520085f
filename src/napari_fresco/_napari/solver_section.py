"""How the image is restored: the method's own parameters, and the machine it runs on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from magicgui.widgets.bases import ValueWidget
from qtpy.QtWidgets import QFileDialog, QPushButton, QWidget

from ..declare.fields import Parameter
from ..declare.methods import Method
from ..types import Task
from .form import Row, Section, collapsible, stacked
from .model_row import PARAMETERS as MODEL_PARAMETERS
from .model_row import model_choices
from .rows import Choice
from .validation import FILE, GET

GETTING = 'Coming …'
_WEIGHTS = 'Weights (*.safetensors *.pth *.pt *.npz *.mat)'


class SolverSection:
    """Solver parameters, and below a fold the advanced ones with device, tile and seed.

    `method`: whose parameters they are.
    `parameters`: those of the groups 'solver' and 'advanced', and options of a call.
    `rows`: their widgets.
    """

    def __init__(
        self,
        method: Method,
        parameters: Mapping[str, Parameter],
        rows: Mapping[str, ValueWidget[Any]],
    ) -> None:
        self._method, self._parameters, self._widgets = method, parameters, rows
        self._offered_for: tuple[Task, int] | None = None
        self.get = QPushButton(GET)
        self.get.setToolTip('Fetch these weights from where their authors publish them')
        self.plain, self.advanced = Section('Solver'), Section()
        self.rows = {name: self._add(name) for name in parameters}
        self.fold = collapsible('Advanced', self.advanced.native)
        self.native = stacked(self.plain.native, self.fold)

    def refresh(self, task: Task, scale: int = 1) -> None:
        """Show what `task` uses, and the models there are for it."""
        for name, parameter in self._parameters.items():
            other = None if parameter.only_with is None else parameter.only_with[0]
            values = {} if other is None else {other: self._widgets[other].value}
            self.rows[name].show(self._method.uses(parameter, task) and parameter.applies(values))
            row = self._widgets[name]
            if name in MODEL_PARAMETERS and (task, scale) != self._offered_for:
                assert isinstance(row, Choice)
                row.offer(model_choices(self._method, task, name, scale))
        self._offered_for = (task, scale)
        self.plain.hide_if_empty(self.rows[name] for name in self.plain.rows)

    def offer_get(self, shown: bool, at_work: bool) -> None:
        """Offer to fetch weights that are not here, or say that they are on their way."""
        self.get.setVisible(shown)
        self.get.setEnabled(not at_work)
        self.get.setText(GETTING if at_work else GET)

    def _add(self, name: str) -> Row:
        section = self.plain if self._parameters[name].group == 'solver' else self.advanced
        row = self._widgets[name]
        if name not in MODEL_PARAMETERS:
            return section.add(row)
        browse = QPushButton(FILE)
        browse.setToolTip('Take the weights of a file')
        browse.clicked.connect(lambda: _browse(browse, row))
        return section.add(row, self.get, browse)


def _browse(parent: QWidget, row: ValueWidget[Any]) -> None:
    path, _ = QFileDialog.getOpenFileName(parent, 'Weights', '', _WEIGHTS)
    if path:
        row.value = path
