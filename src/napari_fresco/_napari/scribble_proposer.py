"""Damage learned from strokes: a layer to scribble on, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtWidgets import QPushButton
from superqt.utils import qdebounced

from ..damage.classes import DamageClass
from ..damage.scribbles import (
    DAMAGE,
    PAINT,
    Features,
    Learned,
    Lessons,
    decided,
    forest_of,
    learned_steps,
    lessons_of,
    probability_of,
    scribble_features,
)
from ..errors import FrescoError
from ..layers.damage_classes import class_keywords
from ..layers.excerpts import Excerpt
from ..layers.layer_kinds import SCRIBBLES
from ..layers.mask_plane import MaskPlane
from ..layers.selection import select
from .choosers import WordList
from .form import note
from .listeners import Listeners
from .new_mask import empty_labels
from .proposers import Proposer

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from .proposers import Mask, Steps

_PAUSE_MS = 250  # after a stroke
_STROKES = (
    DamageClass(DAMAGE, 'damage', '#ff3b1f'),
    DamageClass(PAINT, 'paint', '#2bff6a', damaged=False, filled=False),
)
_BOTH = 'Scribble over some damage and over some paint, at least one stroke of each.'


@dataclass(frozen=True, eq=False)
class Taught:
    """What an excerpt and its scribbles taught.

    `features`: of the excerpt.
    `lessons`: its own.
    `learned`: from all lessons.
    """

    features: Features
    lessons: Lessons
    learned: Learned


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
        self._seen: dict[Any, Features] = {}
        self._lessons: dict[Any, Lessons] = {}
        self.brush = WordList('strokes', 'Strokes over', {DAMAGE: 'damage', PAINT: 'paint'})
        self.start = QPushButton('Scribble')
        self.start.setToolTip('Take up the brush on a layer for strokes')
        self.hint = note(_BOTH)
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
        """Forget what was learned on another image, and listen to the scribbles on this one."""
        if layer is None or self._image is None or layer.unique_id != self._image.unique_id:
            self._seen.clear()
            self._lessons.clear()
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

    def steps(self, excerpt: Excerpt) -> Steps:
        """Learn from all strokes; features of the excerpt are found once."""
        seen = self._seen.get(excerpt.key)
        others = [each for key, each in self._lessons.items() if key != excerpt.key]
        return _taught(excerpt, seen, self._levels(excerpt), others, self._strokes(excerpt))

    def mask(self, excerpt: Excerpt, evidence: Any) -> Mask:
        """Return what was learned; it is remembered for other excerpts."""
        self._seen = {excerpt.key: evidence.features}
        self._lessons[excerpt.key] = evidence.lessons
        return np.asarray(evidence.learned.mask)

    def everywhere(self, whole: Excerpt, excerpt: Excerpt | None, evidence: Any) -> Steps:
        """Apply what was learned to all of the picture."""
        if excerpt is None or evidence is None:
            raise FrescoError('Press "Preview" and look at what is learned first.')
        if excerpt.key == whole.key:
            return _said(evidence.learned.mask)
        levels = evidence.features.levels
        return _learned(whole, list(self._lessons.values()), levels, self._strokes(whole))

    def _levels(self, excerpt: Excerpt) -> tuple[float, ...] | None:
        """Return the levels of the first excerpt, while it is not forgotten."""
        return next((each.levels for each in self._seen.values()), None) if self._lessons else None

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
        self.hint.setText(self.problem or 'Go on scribbling where it is wrong.')
        self.asked.emit()

    def _on_brush(self, value: int) -> None:
        layer = self.layer
        if layer is not None:
            layer.selected_label = value


def _taught(
    excerpt: Excerpt,
    seen: Features | None,
    levels: tuple[float, ...] | None,
    others: Sequence[Lessons],
    strokes: NDArray[Any],
) -> Steps:
    yield
    features = seen or scribble_features(excerpt.pixels(), levels)
    yield
    own = lessons_of(features, strokes, partly=True)
    forest = forest_of([*others, own])
    return Taught(features, own, decided(probability_of(forest, features), strokes))


def _said(mask: Mask) -> Steps:
    yield
    return mask


def _learned(whole: Excerpt, lessons: Sequence[Lessons], levels: Any, strokes: Any) -> Steps:
    return (yield from learned_steps(whole.pixels(), lessons, levels, strokes)).mask
