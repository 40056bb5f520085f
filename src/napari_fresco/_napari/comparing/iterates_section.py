"""Estimates of the last run as thumbnails, of which one can be used instead of the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QIcon, QImage, QPixmap
from qtpy.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from ...layers.images.identity import key_of, with_key
from ...layers.results.iterates import Iterate, iterate_layer, iterates_of
from ...layers.results.results import inserted
from ..widgets.form import named_button, note, side_by_side, stacked

if TYPE_CHECKING:
    import napari

_SIDE = 64  # pixels of a thumbnail
_SAID = 'Steps of the last run; the result is its last or best one.'


class IteratesSection(QWidget):
    """Shows the estimates that a result holds.

    `viewer`: where one is added as a layer.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._layer_id = ''
        self.list = QListWidget()
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setIconSize(QSize(_SIDE, _SIDE))
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setFixedHeight(_SIDE + 44)
        self.list.setWrapping(False)
        self.list.setToolTip('<p>Estimates that were kept: the further right, the later.</p>')
        self.use = named_button('Use this one', 'compare_use_iterate', _USE)
        self.use.clicked.connect(self.use_chosen)
        self.list.currentRowChanged.connect(lambda row: self.use.setEnabled(row >= 0))
        stacked(note(_SAID), self.list, side_by_side(self.use), into=self)
        self.show_of(None)

    @property
    def layer(self) -> Any:
        """The result whose estimates are shown, or None."""
        return with_key(self._viewer.layers, self._layer_id)

    def show_of(self, layer: Any) -> None:
        """Show the estimates that a result holds, if there are any."""
        kept = [] if layer is None else iterates_of(layer)
        self._layer_id = key_of(layer) if kept else ''
        self.list.clear()
        low, high = (0.0, 1.0) if layer is None else layer.contrast_limits
        for each in kept:
            item = QListWidgetItem(QIcon(_thumbnail(each, low, high)), f'step {each.step}')
            item.setToolTip(f'Step {each.step} of {each.total}')
            self.list.addItem(item)
        self.use.setEnabled(False)
        self.setVisible(bool(kept))

    def use_chosen(self) -> Any:
        """Add the chosen estimate as a layer above the result, and return it."""
        layer, row = self.layer, self.list.currentRow()
        if layer is None or row < 0:
            return None
        return inserted(self._viewer, layer, iterate_layer(layer, iterates_of(layer)[row]))


def _thumbnail(iterate: Iterate, low: float, high: float) -> QPixmap:
    """Return a small picture of an estimate, between two values as black and white."""
    pixels = iterate.pixels
    step = max(1, max(pixels.shape[:2]) // (2 * _SIDE))
    small = pixels[::step, ::step, :3] if pixels.ndim == 3 else pixels[::step, ::step, None]
    shades = (np.nan_to_num(small.astype(float)) - low) / max(high - low, 1e-12)
    colours = np.broadcast_to((255 * shades.clip(0, 1)).astype(np.uint8), (*small.shape[:2], 3))
    data = np.ascontiguousarray(colours)
    rows, columns = data.shape[:2]
    image = QImage(data.tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888)
    shown = QPixmap.fromImage(image.copy())
    return shown.scaled(
        _SIDE, _SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


_USE = (
    '<p>Add the chosen estimate as a layer: an earlier one is smoother where iterations sharpen, '
    'and rougher where they smooth.</p>'
)
