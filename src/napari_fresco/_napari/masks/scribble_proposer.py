"""Damage learned from strokes: the layer to scribble on, and the proposals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtWidgets import QPushButton
from superqt.utils import qdebounced

from ...damage.classes import DamageClass
from ...damage.scribbles import DAMAGE, PAINT
from ...errors import FrescoError
from ...layers.images.excerpts import Excerpt
from ...layers.images.layer_kinds import SCRIBBLES
from ...layers.images.selection import select
from ...layers.images.space import View
from ...layers.masks.damage_classes import class_keywords
from ...layers.masks.mask_plane import MaskPlane
from ...layers.masks.teaching import Teaching, everywhere
from ..widgets.choosers import WordList
from ..widgets.form import note
from ..widgets.listeners import Listeners
from .new_mask import empty_labels
from .proposers import Proposer

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from .proposers import Mask, Steps

_STROKES_HELP = 'What the next strokes of the brush are examples of'
_PAUSE_MS = 250  # after a stroke
_STROKES = (
    DamageClass(DAMAGE, 'damage', '#ff3b1f'),
    DamageClass(PAINT, 'paint', '#2bff6a', damaged=False, filled=False),
)
_BOTH = 'Scribble over some damage and over some paint, at least one stroke of each.'


class ScribbleProposer(Proposer):
    """A classifier that learns from strokes.

    `viewer`: where the layer of scribbles is.
    """

    title = 'Learn from scribbles'
    damage = 'crack'
    most = 2**18

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._image: Any = None
        self._teaching = Teaching()
        self.brush = WordList(
            'strokes', 'Strokes over', {DAMAGE: 'damage', PAINT: 'paint'}, _STROKES_HELP
        )
        self.start = QPushButton('Scribble')
        self.start.setToolTip('Take up the brush on a layer for strokes')
        self.hint = note()
        self.add(self.brush, self.start)
        self.add_text(self.hint)
        self._watched = Listeners(self.native)
        self._learn_soon = qdebounced(self._learn, timeout=_PAUSE_MS, parent=self.native)
        self.brush.changed.connect(self._on_brush)
        self.start.clicked.connect(self.scribble)

    @property
    def layer(self) -> Any:
        """The layer of scribbles on the chosen image, or None."""
        for layer in reversed(self._viewer.layers):
            if SCRIBBLES in layer.metadata and self._plane_of(layer) is not None:
                return layer
        return None

    @property
    def problem(self) -> str:
        """Say that strokes are missing."""
        layer = self.layer
        if layer is None:
            return 'Press "Scribble" and paint some strokes first.'
        values = np.unique(np.asarray(layer.data))
        return '' if {DAMAGE, PAINT} <= set(values.tolist()) else _BOTH

    def follow(self, layer: napari.layers.Image | None) -> None:
        """Drop what was learned on another image, and follow the scribbles on this one."""
        if layer is None or self._image is None or layer.unique_id != self._image.unique_id:
            self._teaching = Teaching()
        self._image = layer
        self._listen()

    def scribble(self) -> None:
        """Take up the brush, on a new layer where there is none."""
        if self._image is None:
            return
        layer = self.layer
        if layer is None:
            told = class_keywords(_STROKES)
            told['metadata'] = {SCRIBBLES: True}
            layer = empty_labels(self._viewer, self._image, 'scribbles', told)
            layer.opacity = 0.8
        layer.selected_label, layer.mode = self.brush.value, 'paint'
        self._viewer.layers.selection.active = layer
        self._listen()
        self.begun.emit()

    def beforehand(self, excerpt: Excerpt) -> Steps | None:
        """Compute the features; strokes need not be there yet."""
        return self._teaching.first_look(excerpt)

    def steps(self, excerpt: Excerpt) -> Steps:
        """Learn from all strokes."""
        whole = Excerpt.whole(self._image, View.of(self._viewer))
        return self._teaching.steps(whole, excerpt, self._strokes(whole))

    def mask(self, excerpt: Excerpt, evidence: Any) -> Mask:
        """Return the damage that was learned."""
        return np.asarray(evidence.learned.mask)

    def everywhere(self, whole: Excerpt, excerpt: Excerpt | None, evidence: Any) -> Steps:
        """Apply the classifier to all of the picture."""
        if excerpt is None or evidence is None:
            raise FrescoError('Press "Preview" and look at what is learned first.')
        if excerpt.key == whole.key:
            return _said(evidence.learned.mask)
        return everywhere(whole, evidence, self._strokes(whole))

    def _strokes(self, excerpt: Excerpt) -> NDArray[Any]:
        layer = self.layer
        if layer is None:
            raise FrescoError(self.problem)
        return MaskPlane.of(layer, excerpt.part).read()

    def _plane_of(self, layer: Any) -> MaskPlane | None:
        if self._image is None:
            return None
        try:
            return MaskPlane.of(layer, select(self._image))
        except FrescoError:
            return None

    def _listen(self) -> None:
        self._watched.close()
        layer = self.layer
        if layer is not None:
            for name in ('paint', 'labels_update', 'set_data'):
                self._watched.listen(getattr(layer.events, name), lambda _: self._learn_soon())

    def _learn(self) -> None:
        self.hint.setText('' if self.problem else 'Go on scribbling where it is wrong.')
        self.asked.emit()

    def _on_brush(self, value: int) -> None:
        layer = self.layer
        if layer is not None:
            layer.selected_label = value


def _said(mask: Mask) -> Steps:
    yield
    return mask
