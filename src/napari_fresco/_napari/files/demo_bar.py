"""The bar below the pictures of ``napari-fresco demo``: which of the two is on show."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QButtonGroup, QWidget

from ...layers.comparing.side_by_side import SideBySide
from ...layers.images.layer_kinds import KERNEL, TRUTH
from ..widgets.form import named_button, note, side_by_side, stacked

_SHOWN = {
    'mural': 'Left: a mural with cracks, losses and noise. Right: filled by DPIR inside its mask.',
    'micrograph': 'Left: cells, noisy and blurred by the microscope. Right: deconvolved by DPIR '
    'with its point spread function.',
}
_NEXT = (
    "Both zoom and move together; napari's grid button, below the list of layers, lays one over "
    'the other. Layers > Filter > Fresco > Restore goes on from here.'
)
_HEIGHT = 64


class DemoBar(QWidget):
    """Shows one sample at a time, as it was found beside what became of it.

    They are not shown together, for a wall is metres wide and a cell micrometres.

    `viewer`: has the layers of both samples, and their results ``"{name} [DPIR]"``.
    """

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self._viewer = viewer
        self._beside: SideBySide | None = None
        self.buttons = {
            name: named_button(name.capitalize(), f'demo_{name}', text)
            for name, text in _SHOWN.items()
        }
        self._group = QButtonGroup(self)
        for name, button in self.buttons.items():
            button.setCheckable(True)
            self._group.addButton(button)
            button.clicked.connect(lambda _, name=name: self.show_sample(name))
        self._text = note()
        texts = stacked(self._text, note(_NEXT))
        stacked(side_by_side(texts, *self.buttons.values()), into=self, margin=6)
        self.setFixedHeight(_HEIGHT)

    def show_sample(self, name: str) -> None:
        """Show a sample and its result beside each other, and make the sample active."""
        if self._beside is not None:
            self._beside.close()
            self._beside = None
        layers = self._viewer.layers
        for layer in layers:
            sample = next((each for each in _SHOWN if layer.name.startswith(each)), None)
            if sample is not None:  # others are the user's
                aside = TRUTH in layer.metadata or KERNEL in layer.metadata
                layer.visible = sample == name and not aside
        self.buttons[name].setChecked(True)
        self._text.setText(_SHOWN[name])
        pair = (name, f'{name} [DPIR]')
        if all(each in layers for each in pair):
            self._beside = SideBySide(self._viewer, *(layers[each] for each in pair))
            for each in pair:
                self._beside.name(layers[each])
            layers.selection.active = layers[name]  # which panels begin with
