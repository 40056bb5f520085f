"""The rows that turn a Labels or Shapes layer into the damage of an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Shapes
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QCheckBox, QPushButton, QSpinBox
from superqt.utils import qthrottled

from ..errors import FrescoError
from ..layers.mask_layers import Marked, marked
from ..layers.space import View
from .choosers import LayerChooser
from .form import Section, note
from .listeners import Listeners
from .new_mask import new_mask

if TYPE_CHECKING:
    import napari

    from ..layers.selection import Selection

_READ_OUT_MS = 300
_MOST_PIXELS = 2**25  # so that the brush does not stutter
_GROWING_COST = 8


class MaskRows(QObject):
    """Chooser of a mask, with label, growth, inversion and how much it covers.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Whose Labels and Shapes layers are offered.
    section : Section
        Where the rows are added.
    image : callable
        Returns the chosen image layer, or None.
    part : callable
        Returns the chosen part of it.
    """

    changed = Signal()
    measured = Signal()

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        section: Section,
        image: Callable[[], Any],
        part: Callable[[], Selection],
    ) -> None:
        super().__init__(section)
        self._viewer, self._image, self._part = viewer, image, part
        self.coverage_fraction: float | None = None
        self.layer = LayerChooser(viewer, _may_be_mask, '(none)')
        self.new = QPushButton('New')
        self.label = _spin_box(0, 2**31 - 1, 'any')
        self.grow = _spin_box(0, 200, 'none')
        self.grow.setSuffix(' px')
        self.invert = QCheckBox('mark what is intact')
        self.coverage = note()
        self.rows = [
            section.add('Mask', self.layer, self.new, tooltip=_MASK_HELP),
            section.add('Label', self.label, tooltip='The label that means damage; 0 is any'),
            section.add('Grow by', self.grow, tooltip='Widen the damage, for soft edges of cracks'),
            section.add('Inverted', self.invert, tooltip='The mask marks intact pixels instead'),
            section.add('', self.coverage),
        ]
        self._watched = Listeners(section)
        self.measure_soon = qthrottled(self._measure, timeout=_READ_OUT_MS, parent=self)
        self._listen()

    def show(self, shown: bool) -> None:
        """Show or hide the rows; the label is for Labels layers only."""
        for row in self.rows:
            row.show(shown)
        self.rows[1].show(shown and isinstance(self.layer.value, Labels))
        self.rows[-1].show(shown and bool(self.coverage.text()))

    def marked(self) -> Marked:
        """Return the damage of the chosen part.

        Raises
        ------
        MaskError
            When the mask does not fit the image.
        """
        view = View.of(self._viewer)
        return marked(self._part(), self.layer.value, view=view, **self.options())

    def options(self) -> dict[str, Any]:
        """Return the keywords of :func:`~napari_fresco.layers.mask_layers.marked`."""
        labels = isinstance(self.layer.value, Labels)
        return {
            'label': self.label.value() if labels and self.label.value() else None,
            'grow': self.grow.value(),
            'invert': self.invert.isChecked(),
        }

    def make_new(self) -> None:
        """Make an empty mask for the chosen image, choose it and take up the brush."""
        image = self._image()
        if image is not None:
            self.layer.value = new_mask(self._viewer, image)

    def _listen(self) -> None:
        self.layer.changed.connect(self._on_layer)
        self.new.clicked.connect(self.make_new)
        for signal in (self.label.valueChanged, self.grow.valueChanged, self.invert.toggled):
            signal.connect(self._on_changed)
        self._on_layer()

    def _on_layer(self) -> None:
        self._watched.close()
        layer = self.layer.value
        if layer is not None:
            # Labels tell of each stroke by labels_update, Shapes of each change by data.
            for name in ('set_data', 'data', 'labels_update'):
                if hasattr(layer.events, name):
                    self._watched.listen(getattr(layer.events, name), self._on_changed)
        self._on_changed()

    def _on_changed(self, *args: Any) -> None:
        self.coverage_fraction = None
        self.changed.emit()
        self.measure_soon()

    def _measure(self) -> None:
        self.coverage_fraction, text = self._coverage()
        self.coverage.setText(text)
        self.measured.emit()

    def _coverage(self) -> tuple[float | None, str]:
        if self._image() is None or self.layer.value is None:
            return None, ''
        try:
            part = self._part()
            if part.size * (_GROWING_COST if self.grow.value() else 1) > _MOST_PIXELS:
                return None, ''
            mask = self.marked().load()
        except FrescoError as error:
            return None, str(error)
        count = int(np.count_nonzero(mask))
        return count / mask.size, f'covers {count / mask.size:.2%} ({count} pixels)'


_MASK_HELP = (
    '<p>Labels or Shapes layer that marks the damage. Paint it with the brush of a Labels '
    'layer, or outline it with polygons.</p>'
)


def _may_be_mask(layer: napari.layers.Layer) -> bool:
    return isinstance(layer, Labels | Shapes)


def _spin_box(low: int, high: int, special: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setSpecialValueText(special)
    return box
