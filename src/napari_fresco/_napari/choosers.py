"""Drop-down lists of layers that follow the viewer and hold no layer alive."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox

from .form import make_narrow
from .listeners import Listeners

if TYPE_CHECKING:
    import napari

Accepts = Callable[['napari.layers.Layer'], bool]


class LayerChooser(QComboBox):
    """A list of the layers of a viewer that `accepts` lets through, the newest first.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Whose layers are offered.
    accepts : callable
        Says whether a layer is offered.
    others : str
        Texts of entries that stand for no layer; without them a layer is
        always chosen while there is one.
    """

    changed = Signal()

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        accepts: Accepts,
        *others: str,
    ) -> None:
        super().__init__()
        self._viewer = viewer
        self._accepts = accepts
        self._others = others
        make_narrow(self)
        listeners = Listeners(self)
        for name in ('inserted', 'removed', 'reordered', 'renamed'):
            listeners.listen(getattr(viewer.layers.events, name), self.refresh)
        self.refresh()
        self.currentIndexChanged.connect(self._on_index)

    @property
    def value(self) -> Any:
        """The chosen layer, or None."""
        chosen = self.currentData()
        return next((layer for layer in self._viewer.layers if _key(layer) == chosen), None)

    @value.setter
    def value(self, layer: napari.layers.Layer | None) -> None:
        place = 0 if layer is None else self.findData(_key(layer))
        if place >= 0 and (layer is not None or self._others):
            self.setCurrentIndex(place)

    def suggest(self, suits: Accepts) -> None:
        """Where no layer is chosen yet, choose the newest that `suits`, else the only one."""
        self.refresh()
        if self.value is not None:
            return
        suitable = [layer for layer in self._viewer.layers if suits(layer)]
        if suitable:
            self.value = suitable[-1]
        elif self.count() == 1 + len(self._others):
            self.setCurrentIndex(self.count() - 1)

    def refresh(self, event: Any = None) -> None:
        """Read the layers of the viewer again, keeping the choice where it still exists."""
        chosen = self.currentData()
        self.blockSignals(True)
        self.clear()
        for text in self._others:
            self.addItem(text, text)
        for layer in reversed(self._viewer.layers):
            if self._accepts(layer):
                self.addItem(layer.name, _key(layer))
        place = self.findData(chosen) if chosen is not None else -1
        self.setCurrentIndex(max(place, 0) if self.count() else -1)
        self.blockSignals(False)
        if self.currentData() != chosen:
            self.changed.emit()

    def _on_index(self, index: int) -> None:
        self.changed.emit()


def _key(layer: napari.layers.Layer) -> str:
    return str(layer.unique_id)
