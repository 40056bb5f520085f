"""The rows that edit a mask: grow, shrink, holes, small pieces, classes."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from magicgui.widgets import SpinBox
from psygnal import Signal
from qtpy.QtWidgets import QPushButton
from superqt.utils import qdebounced

from ... import damage
from ...errors import FrescoError
from ...layers.images.excerpts import Excerpt
from ...layers.images.space import View
from ...layers.masks.damage_classes import classes_of
from ...layers.masks.mask_plane import MaskPlane
from ...layers.masks.proposal_layer import ProposalLayer
from ..widgets.choosers import WordList
from ..widgets.form import Section, named_button, note, side_by_side
from ..widgets.latest_job import LatestJob, said_of, stepwise
from ..widgets.listeners import is_alive
from ..widgets.texts import sentence
from .mask_choice import MaskChoice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Labels = NDArray[Any]
    Edit = Callable[[Labels, list[int]], Labels]

ALL = 'all damage'
_MOST = 2**20  # pixels of a preview
_PAUSE_MS = 120
_REMOVED = '#ffffff'


class MaskEditSection(Section):
    """Edits of a mask, each one step that can be undone.

    `chosen`: the mask that is edited, and the class that merged and separated pieces get.
    """

    edited = Signal()

    def __init__(self, chosen: MaskChoice) -> None:
        super().__init__('Edit')
        self._chosen = chosen
        self.overlay, self.work = ProposalLayer(chosen.viewer), LatestJob()
        self.which = WordList('which', 'Of', {ALL: ALL}, 'What is edited; the rest stays as it is')
        self.grow = SpinBox(
            name='grow', label='Grow by (px)', value=0, min=-200, max=200,
            tooltip='<p>Widen, or with a negative number narrow, what is marked. Shown before it '
            'is applied.</p>',
        )  # fmt: skip
        self.smaller = SpinBox(
            name='smaller', label='Smaller (px)', value=20, min=1, max=10**7,
            tooltip='Pieces of fewer pixels are removed',
        )  # fmt: skip
        self.wider = SpinBox(
            name='wider', label='Wider (px)', value=8, min=1, max=10**4,
            tooltip='<p>Pieces that are wider at their widest place become the class chosen '
            'above</p>',
        )  # fmt: skip
        self.buttons: dict[str, QPushButton] = {
            name: named_button(text, name, f'<p>{help}</p>') for name, text, help in _BUTTONS
        }
        self.message = note()
        self._lay_out()
        self._preview_soon = qdebounced(self._preview, timeout=_PAUSE_MS, parent=self.native)
        self._listen()

    def follow(self) -> None:
        """Take note that another image or mask was chosen, or that its classes have changed."""
        mask = self._chosen.mask()
        names = [] if mask is None else [each.name for each in classes_of(mask)]
        words = {word: word for word in (ALL, *names)}
        if list(self.which.choices) != list(words):
            self.which.choices = [(word, word) for word in words]
        for button in self.buttons.values():
            button.setEnabled(mask is not None)
        self.grow.value = 0
        self.message.setText('')

    def edit(self, name: str) -> None:
        """Carry out the edit of a button."""
        grown, smaller, wider, into = (
            self.grow.value, self.smaller.value, self.wider.value, self._chosen.kind().value,
        )  # fmt: skip
        edits: dict[str, Edit] = {
            'grow': lambda labels, which: _grown(labels, grown, which),
            'fill_holes': damage.fill_holes,
            'remove': lambda labels, which: damage.remove_small(labels, smaller, which),
            'separate': lambda labels, which: damage.separate(
                labels, wider, into, which, by='width'
            ),
            'merge': lambda labels, which: damage.merge(labels, into, which),
            'clear': damage.clear,
            'invert': lambda labels, which: damage.invert(labels, into),
        }
        self._do(edits[name], self.buttons[name].text())

    def undo(self) -> None:
        """Take the last change of the mask back, by any tool."""
        mask = self._chosen.mask()
        if mask is not None:
            mask.undo()
            self.message.setText('The last change was taken back.')
            self.edited.emit()

    def wait(self, timeout: float = 60) -> None:
        """Return when the edit is done; the window stays alive."""
        self.work.wait(timeout)

    def _on_button(self, name: str, _: bool = False) -> None:
        self.edit(name)

    def _do(self, edit: Edit, title: str) -> None:
        image, mask = self._chosen.image(), self._chosen.mask()
        if image is None or mask is None or self.work.busy:
            return
        self.overlay.clear()
        try:
            plane = MaskPlane.of(mask, Excerpt.whole(image, View.of(self._chosen.viewer)).part)
        except FrescoError as error:
            self.message.setText(sentence(error))
            return
        before = plane.read()
        which = self._meant(mask, before)

        def deliver(after: Labels) -> None:
            changed = after != before
            now = plane.read()  # strokes that were drawn meanwhile stay
            now[changed] = after[changed]
            count = plane.write(now)
            self.grow.value = 0
            done = f'{count} pixels changed' if count else 'there was nothing to change'
            self.message.setText(f'{title}: {done}.')
            self.edited.emit()

        def is_open() -> bool:
            return is_alive(self.native)

        self.work.ask(stepwise(title, _edited(edit, before, which), deliver, is_open))

    def _preview(self) -> None:
        image, mask, grown = self._chosen.image(), self._chosen.mask(), self.grow.value
        if image is None or mask is None or grown == 0:
            self.overlay.clear()
            return
        try:
            excerpt = Excerpt.on_show(image, View.of(self._chosen.viewer), _MOST)
            before = MaskPlane.of(mask, excerpt.part).read()
        except FrescoError as error:
            self.message.setText(sentence(error))
            return
        changed = before != _grown(before, grown, self._meant(mask, before))
        colour = self._colour(mask) if grown > 0 else _REMOVED
        self.overlay.show(excerpt.part, changed, colour)
        did = 'added' if grown > 0 else 'taken away'
        self.message.setText(f'{np.count_nonzero(changed)} pixels would be {did} in what is seen.')

    def _meant(self, mask: Any, labels: Labels) -> list[int]:
        """Return the labels that are edited: those of a class, or of all that is damage."""
        known = {each.name: each for each in classes_of(mask)}
        if self.which.value in known:
            return [known[self.which.value].value]
        kept = {each.value for each in known.values() if not each.damaged}
        return [int(value) for value in np.unique(labels) if value and value not in kept]

    def _colour(self, mask: Any) -> str:
        known = {each.name: each.colour for each in classes_of(mask)}
        return known.get(self.which.value, self._chosen.kind().colour)

    def _lay_out(self) -> None:
        buttons = self.buttons
        self.add(self.which)
        self.add(self.grow, buttons['grow'])
        self.add(self.smaller, buttons['remove'])
        self.add(self.wider, buttons['separate'])
        beside = [buttons[name] for name in ('grow', 'remove', 'separate')]
        for button in beside:
            button.setMinimumWidth(max(each.sizeHint().width() for each in beside))
        for names in (('fill_holes', 'merge'), ('clear', 'invert', 'undo')):
            self.form.add('', side_by_side(*(buttons[name] for name in names), evenly=True))
        self.form.add_wide(self.message)

    def _listen(self) -> None:
        for name, button in self.buttons.items():
            button.clicked.connect(self.undo if name == 'undo' else partial(self._on_button, name))
        self.grow.changed.connect(lambda _: self._preview_soon())
        self.which.changed.connect(lambda _: self._preview_soon())
        self.work.failed.connect(lambda error: self.message.setText(sentence(said_of(error))))
        self.native.destroyed.connect(self.overlay.clear)


def _grown(labels: Labels, pixels: int, which: list[int]) -> Labels:
    if pixels < 0:
        return damage.shrink(labels, -pixels, which)
    return damage.grow(labels, pixels, which)


def _edited(edit: Edit, before: Labels, which: list[int]) -> Generator[Any, None, Labels]:
    yield
    return edit(before, which)


_BUTTONS = (
    ('grow', 'Apply', 'Grow or shrink the whole mask'),
    ('remove', 'Remove', 'Remove small pieces'),
    ('separate', 'Separate', 'Give wide pieces the class chosen above'),
    ('fill_holes', 'Fill holes', 'Mark what is enclosed'),
    ('merge', 'Merge', 'Give all of it the class chosen above'),
    ('clear', 'Clear', 'Take all of it away'),
    ('invert', 'Invert', 'Mark what is not marked, as the class chosen above'),
    ('undo', 'Undo', 'Take the last change of the mask back'),
)
