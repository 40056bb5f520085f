"""The line below the method: which one is recommended for this very image, and why."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QWidget
from superqt.utils import qdebounced

from ...declare.methods import METHODS
from ...declare.recommendations import ImageFacts, Recommendation, recommended
from ...declare.tasks import TASKS
from ...errors import FrescoError
from ...layers.images.identity import key_of
from ...layers.jobs.job import Job
from ..widgets.form import named_button, note, side_by_side, stacked
from ..widgets.listeners import is_alive
from ..widgets.tones import Tone, in_tone

if TYPE_CHECKING:
    from .choices import Choices

_WAIT_MS = 400  # so that the brush does not stutter
_MOST_KNOWN = 16  # images and masks of which it is remembered what was found
_LOOKING = 'Looking at the image …'
_TAKE_HELP = '<p>Choose the method that is recommended; everything else stays as it is.</p>'

Key = tuple[Any, ...]


class Recommending:
    """Looks at the image beside the window, and chooses a method until the user does.

    `choices`: what is chosen in the panel.
    `place`: an empty widget that it fills.
    """

    def __init__(self, choices: Choices, place: QWidget) -> None:
        self.choices, self.native = choices, place
        self.text = note()
        self.take = named_button('Take it', 'recommendation_take', _TAKE_HELP)
        stacked(side_by_side(self.text, self.take), into=place)
        self.said: Recommendation | None = None
        self.job: Job[ImageFacts] | None = None
        self._known: dict[Key, ImageFacts] = {}
        self._asked: Key = ()
        self._unfit: Key = ()
        self._strokes = 0
        self._soon = qdebounced(self._look, timeout=_WAIT_MS, parent=place)
        self.take.clicked.connect(self._on_take)
        choices.damage.measured.connect(self._on_mask)
        self._show()

    def follow(self) -> None:
        """Update the line to the choices."""
        key = self._key()
        if key != self._asked:
            self._asked = key
            if key and key not in self._known:
                self._soon()
        self._show()

    def _on_mask(self) -> None:
        self._strokes += 1

    def _key(self) -> Key:
        """Return the choices that the facts depend on; empty without an image."""
        image, mask = self.choices.image, self._mask()
        if image is None:
            return ()
        try:
            part = self.choices.input.selection()
        except FrescoError:
            return ()
        box = tuple((s.start, s.stop) for s in (part.index[axis] for axis in part.spatial))
        of_mask = () if mask is None else (key_of(mask), self._strokes)
        return (key_of(image), box, *of_mask)

    def _mask(self) -> Any:
        """Return the mask layer, where the task takes one."""
        takes = 'mask' in TASKS[self.choices.input.task].takes
        return self.choices.damage.mask_rows.layer.value if takes else None

    def _look(self) -> None:
        """Begin to look, unless that is under way; then once more when it has ended."""
        if self.job is not None or not is_alive(self.native) or self.choices.image is None:
            return
        key = self._asked
        try:
            part = self.choices.input.selection()
            mask = None if self._mask() is None else self.choices.damage.mask_rows.marked()
        except FrescoError:
            self._give_up(key)
            return
        self.job = Job(f'Look at {self.choices.image.name}', _looking(part, mask), self._taker(key))
        self.job.ended.connect(lambda: self._on_ended(key))
        self.job.start()

    def _taker(self, key: Key) -> Callable[[ImageFacts], list[Any]]:
        def take(facts: ImageFacts) -> list[Any]:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = facts
            return []

        return take

    def _on_ended(self, key: Key) -> None:
        self.job = None
        if not is_alive(self.native):
            return
        if key not in self._known:
            self._give_up(key)
        if self._asked and self._asked not in (self._unfit, *self._known):
            self._soon()
        self._show()

    def _give_up(self, key: Key) -> None:
        """Recommend nothing for these choices, which Run says what is wrong with."""
        self._unfit = key
        self._show()

    def _show(self) -> None:
        facts = self._known.get(self._asked)
        self.said = None if facts is None else self._recommended(facts)
        if self.said is None:
            self.text.setText(_LOOKING if self._asked and self._asked != self._unfit else '')
            self.take.hide()
            return
        row, title = self.choices.input.method_row, METHODS[self.said.method].title
        caution = self.said.caution[:1].upper() + self.said.caution[1:]
        warned = f'<br>{in_tone(f"{caution}.", Tone.PROBLEM, self.text)}' if caution else ''
        self.text.setText(f'{title} is recommended: {escape(self.said.reason)}.{warned}')
        if self.said.method in row.choices:
            row.suggest(self.said.method)
        self.take.setVisible(self.said.method in row.choices and row.value != self.said.method)

    def _recommended(self, facts: ImageFacts) -> Recommendation:
        kernel = self.choices.damage.kernel
        axes = 0 if kernel is None else min(kernel.ndim, 3)
        task = self.choices.input.task
        return recommended(task, replace(facts, kernel=axes, scale=self.choices.scale))

    def _on_take(self) -> None:
        if self.said is not None:
            self.choices.input.method_row.value = self.said.method


def _looking(part: Any, mask: Any) -> Callable[[threading.Event], Generator[Any, None, ImageFacts]]:
    def work(cancel: threading.Event) -> Generator[Any, None, ImageFacts]:
        from ...restoration.image_facts import facts_of

        yield
        return facts_of(part.image(), mask=None if mask is None else mask.load())

    return work
