"""How the image is restored: the method's own parameters, and the machine it runs on."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QPushButton, QSpinBox, QWidget

from ..declare.fields import Parameter
from ..declare.methods import Method
from ..types import Task
from .form import Row, Section, collapsible, combo_box, stacked
from .model_row import PARAMETERS as MODEL_PARAMETERS
from .model_row import model_choices
from .obstacles import FILE, GET
from .rows import Field
from .settings import Preferences

_DEVICES = ('auto', 'cpu', 'cuda', 'mps')
_LARGEST_TILE = 8192
_SMALLEST_TILE = 64
GETTING = 'Coming …'
_WEIGHTS = 'Weights (*.safetensors *.pth *.pt *.npz *.mat)'


class SolverSection(QWidget):
    """Solver parameters, and below a fold the advanced ones with device, tile and seed."""

    changed = Signal()
    get_pressed = Signal()

    def __init__(self, method: Method, fields: list[Field], preferences: Preferences) -> None:
        super().__init__()
        self._method = method
        self._fields = fields
        self._aim: tuple[Task, int] | None = None
        self.get = QPushButton(GET)
        self.get.setToolTip('Fetch these weights from where their authors publish them')
        self.get.clicked.connect(self.get_pressed)
        self.device = combo_box(*_DEVICES)
        self.device.setEditable(True)
        self.device.setCurrentText(preferences.device)
        self.tile = QSpinBox()
        self.tile.setRange(0, _LARGEST_TILE)
        self.tile.setSingleStep(_SMALLEST_TILE)
        self.tile.setSpecialValueText('auto')
        self.tile.setValue(preferences.tile or 0)
        self.seed = QSpinBox()
        self.seed.setRange(0, 2**31 - 1)
        self._solver = Section('Solver')
        advanced = Section('')
        self._rows = {f.parameter.name: self._row(f, advanced) for f in fields}
        advanced.add('Device', self.device, tooltip=_DEVICE_HELP)
        advanced.add('Tile', self.tile, tooltip=_TILE_HELP)
        advanced.add('Seed', self.seed, tooltip='The same seed gives the same result')
        self.fold = collapsible('Advanced', advanced)
        stacked(self._solver, self.fold, into=self)
        for field in fields:
            field.changed.connect(self._on_changed)

    @property
    def settings(self) -> dict[str, Any]:
        """Keywords of :func:`napari_fresco.restore` that differ from their defaults."""
        chosen = {
            'device': self.device.currentText().strip() or 'auto',
            'tile': max(self.tile.value(), _SMALLEST_TILE) if self.tile.value() else None,
            'seed': self.seed.value(),
        }
        return {name: value for name, value in chosen.items() if value not in ('auto', None, 0)}

    def refresh(self, task: Task, scale: int = 1) -> None:
        """Show what `task` uses, and the models there are for it."""
        for field in self._fields:
            parameter, name = field.parameter, field.parameter.name
            self._rows[name].show(self._method.uses(parameter, task) and self._applies(parameter))
            if name in MODEL_PARAMETERS and (task, scale) != self._aim:
                field.offer(model_choices(self._method, task, name, scale))
        self._aim = (task, scale)
        self._solver.hide_if_empty(
            [self._rows[f.parameter.name] for f in self._fields if f.parameter.group == 'solver']
        )

    def offer_get(self, shown: bool, at_work: bool) -> None:
        """Offer to fetch weights that are not here, or say that they are on their way."""
        self.get.setVisible(shown)
        self.get.setEnabled(not at_work)
        self.get.setText(GETTING if at_work else GET)

    def _applies(self, parameter: Parameter) -> bool:
        """Say whether a parameter makes a difference with the values of the others."""
        if parameter.only_with is None:
            return True
        other, value = parameter.only_with
        return all(f.value == value for f in self._fields if f.parameter.name == other)

    def _row(self, field: Field, advanced: Section) -> Row:
        section = self._solver if field.parameter.group == 'solver' else advanced
        if field.parameter.name not in MODEL_PARAMETERS:
            return field.add_to(section)
        browse = QPushButton(FILE)
        browse.setToolTip('Take the weights of a file')
        browse.clicked.connect(lambda: self._browse(field))
        return section.add(field.label, field.native, self.get, browse, tooltip=field.tooltip)

    def _browse(self, field: Field) -> None:
        path, _ = QFileDialog.getOpenFileName(self, 'Weights', '', _WEIGHTS)
        if path:
            field.choose(path)

    def _on_changed(self) -> None:
        self.changed.emit()


_DEVICE_HELP = (
    '<p>Where networks run; "auto" takes a GPU where there is one. Of several GPUs type which: '
    'cuda:1.</p>'
)
_TILE_HELP = (
    '<p>Side of the tiles that networks see, in pixels; the overlap is added to it. Automatic '
    'takes what fits into memory.</p>'
)
