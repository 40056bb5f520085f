"""The image as it was before, for as long as a button is held down."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from ...layers.images.identity import key_of

if TYPE_CHECKING:
    import napari


class BeforeView:
    """Shows the source of a result alone, with all other layers hidden.

    `viewer`: whose layers are shown and hidden.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self._viewer = viewer
        self._source = ''
        self._made: Collection[str] = ()
        self._visible: dict[str, bool] = {}

    def of(self, source: str, made: Collection[str]) -> None:
        """Take note of the ids of a source and of the layers made of it."""
        self._source, self._made = source, made

    @property
    def can_show(self) -> bool:
        """Whether both source and result are still there."""
        there = {key_of(layer) for layer in self._viewer.layers}
        return self._source in there and not there.isdisjoint(self._made)

    def hold(self, held: bool) -> None:
        """Show only the source, or all as it was."""
        if held and self.can_show:
            self._visible = {key_of(layer): layer.visible for layer in self._viewer.layers}
            for layer in self._viewer.layers:
                layer.visible = key_of(layer) == self._source
        elif not held:
            for layer in self._viewer.layers:
                layer.visible = self._visible.get(key_of(layer), layer.visible)
            self._visible = {}
