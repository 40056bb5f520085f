"""The rows that propose damage, show it on the part on show, and put it into the mask."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from psygnal import Signal
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget
from superqt.utils import qdebounced

from ...damage.classes import DamageClass
from ...errors import FrescoError
from ...layers.comparing.looking import camera_of
from ...layers.images.excerpts import Excerpt
from ...layers.images.regions import pixel_at
from ...layers.images.space import View
from ...layers.masks.mask_plane import MaskPlane
from ...layers.masks.proposal_layer import ProposalLayer
from ..widgets.choosers import WordList
from ..widgets.clicks import Clicks
from ..widgets.form import Section, note, side_by_side, stacked
from ..widgets.latest_job import LatestJob, said_of, stepwise
from ..widgets.listeners import Listeners, is_alive
from ..widgets.texts import sentence
from .mask_choice import MaskChoice
from .proposers import ClickProposer, CrackProposer, OutlierProposer, Proposer
from .scribble_proposer import ScribbleProposer

_PAUSE_MS = 250  # after the view has moved
PREVIEW, APPLY = 'Preview', 'Apply to all'


class ProposeSection(QWidget):
    """Proposals of several kinds, looked at before they are taken over.

    `chosen`: the picture that is looked at, the mask that proposals go into, and their class.
    """

    suggested = Signal(str)
    """Name of the class that suits the chosen kind of proposal."""
    applied = Signal()
    """The mask has been added to."""

    def __init__(self, chosen: MaskChoice) -> None:
        super().__init__()
        self._chosen, self._viewer = chosen, chosen.viewer
        self.proposers: dict[str, Proposer] = {
            'cracks': CrackProposer(),
            'clicks': ClickProposer(),
            'colours': OutlierProposer(),
            'scribbles': ScribbleProposer(chosen.viewer),
        }
        titles = {name: each.title for name, each in self.proposers.items()}
        self.what = WordList('propose', 'Propose', titles, 'What proposes damage')
        self.preview = QPushButton(PREVIEW)
        self.preview.setToolTip('<p>Show what is proposed on the part of the picture on show</p>')
        self.preview.setCheckable(True)
        self.apply = QPushButton(APPLY)
        self.apply.setToolTip(
            '<p>Find it in the whole picture and add it to the mask, but for pixels that have a '
            'label already. Ctrl+Z takes it back.</p>'
        )
        self.message = note()
        self.overlay = ProposalLayer(chosen.viewer)
        self.looking, self.applying = LatestJob(), LatestJob()
        self._excerpt: Excerpt | None = None
        self._evidence: Any = None
        self._key: Any = None
        self._clicks = Clicks(chosen.viewer, self)
        self._lay_out()
        self._listen()
        self._on_kind()

    @property
    def proposer(self) -> Proposer:
        """The chosen proposer."""
        return self.proposers[self.what.value]

    @property
    def at_work(self) -> bool:
        """Whether a search is under way."""
        return self.looking.busy or self.applying.busy

    def follow(self) -> None:
        """Take note that another image was chosen."""
        for each in self.proposers.values():
            each.follow(self._chosen.image())
        self._forget()
        self.refresh()

    def refresh(self) -> None:
        """Show the proposals on the part on show, if that is wanted."""
        layer = self._chosen.image()
        self.preview.setEnabled(layer is not None)
        self.apply.setEnabled(layer is not None and not self.applying.busy)
        if layer is None or not self.preview.isChecked():
            self.looking.cancel()
            self.overlay.clear()
            return
        try:
            self._look(layer)
        except FrescoError as error:
            self.overlay.clear()
            self.message.setText(sentence(error))

    def look_again(self) -> None:
        """Drop the evidence, and find it again."""
        self._forget()
        self.refresh()

    def take(self) -> None:
        """Find proposals in the whole picture and add them to the mask."""
        layer = self._chosen.image()
        if layer is None or self.applying.busy:
            return
        kind = self._chosen.kind()
        try:
            if self.proposer.problem:
                raise FrescoError(self.proposer.problem)
            whole = Excerpt.whole(layer, View.of(self._viewer))
            plane = MaskPlane.of(self._chosen.editable_mask(), whole.part)
            evidence = self._evidence if self._key == self._wanted else None
            excerpt = self._excerpt if evidence is not None else None
            steps = self.proposer.everywhere(whole, excerpt, evidence)
        except FrescoError as error:
            self.message.setText(sentence(error))
            return
        self.message.setText('Looking at the whole picture …')
        title = f'{self.proposer.title} of {layer.name}'

        def deliver(found: Any) -> None:
            self._taken(plane, found, kind)

        self.applying.ask(stepwise(title, _with_pause(steps), deliver, self._is_open))

    def wait(self, timeout: float = 60) -> None:
        """Return when nothing is being looked for any more; the window stays alive."""
        self.looking.wait(timeout)
        self.applying.wait(timeout)

    def close_preview(self) -> None:
        """Take the preview away."""
        self.preview.setChecked(False)

    def _look(self, layer: Any) -> None:
        proposer, view = self.proposer, View.of(self._viewer)
        if proposer.problem:
            self._look_ahead(proposer.excerpt(layer, view))
            raise FrescoError(proposer.problem)
        wanted = self._wanted
        known = self._excerpt if self._key == wanted else None
        if known is not None and known.holds(proposer.excerpt(layer, view, margin=False)):
            self._show()
            return
        excerpt = proposer.excerpt(layer, view)
        self.message.setText('Looking …')

        def deliver(evidence: Any) -> None:
            self._excerpt, self._evidence, self._key = excerpt, evidence, wanted
            self._show()

        steps = proposer.steps(excerpt)
        self.looking.ask(stepwise(f'Proposal on {layer.name}', steps, deliver, self._is_open))

    def _look_ahead(self, excerpt: Excerpt) -> None:
        """Compute the slowest part while the user is still drawing."""
        steps = None if self.looking.busy else self.proposer.beforehand(excerpt)
        if steps is not None:
            title = f'{self.proposer.title}: a first look'
            self.looking.ask(stepwise(title, steps, lambda _: None, self._is_open))

    def _show(self) -> None:
        if self._excerpt is None or not self.preview.isChecked():
            return
        try:
            found = self.proposer.mask(self._excerpt, self._evidence)
        except FrescoError as error:
            self.message.setText(sentence(error))
            return
        self.overlay.show(self._excerpt.part, found, self._chosen.kind().colour)
        count = int(np.count_nonzero(found))
        whole = self._excerpt.part.size == _plane_size(self._excerpt)
        where = 'the picture' if whole else 'what is seen'
        told = f'{count / found.size:.2%} of {where} is proposed.'
        self.message.setText(f'{told} "{APPLY}" puts it into the mask.' if count else told)

    def _taken(self, plane: MaskPlane, found: Any, kind: DamageClass) -> None:
        count = plane.add(found, kind.value)
        self.proposer.done()
        self.close_preview()
        self._viewer.layers.selection.active = plane.layer  # so that Ctrl+Z is for the mask
        self.message.setText(
            f'{count} pixels were added as {kind.name!r}; Ctrl+Z or "Undo" takes them back. '
            '"Fill losses" fills what is marked.'
        )
        self.applied.emit()

    @property
    def _wanted(self) -> Any:
        return self.what.value, self.proposer.key

    def _forget(self) -> None:
        self._excerpt = self._evidence = self._key = None

    def _is_open(self) -> bool:
        return is_alive(self)

    def _lay_out(self) -> None:
        head = Section('Propose')
        head.add(self.what)
        parts = [each.native for each in self.proposers.values()]
        buttons = side_by_side(self.preview, self.apply)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(stacked(head.native, *parts, buttons, self.message))
        self._head = head

    def _listen(self) -> None:
        self._soon = qdebounced(self.refresh, timeout=_PAUSE_MS, parent=self)
        listeners = Listeners(self)
        camera, dims = camera_of(self._viewer).events, self._viewer.dims.events
        for emitter in (camera.center, camera.zoom, dims.current_step, dims.order):
            listeners.listen(emitter, lambda _: self._soon())
        self.what.changed.connect(lambda _: self._on_kind())
        self.preview.toggled.connect(self._on_preview)
        self.apply.clicked.connect(self.take)
        self._clicks.clicked.connect(self._on_click)
        for each in self.proposers.values():
            each.asked.connect(self.look_again)
            each.moved.connect(self._show)
            each.begun.connect(lambda: self.preview.setChecked(True))
        for work in (self.looking, self.applying):
            work.failed.connect(lambda error: self.message.setText(sentence(said_of(error))))
            work.changed.connect(self._on_work)
        self.destroyed.connect(self.overlay.clear)

    def _on_kind(self) -> None:
        for name, each in self.proposers.items():
            each.native.setVisible(name == self.what.value)
        self.suggested.emit(self.proposer.damage)
        self.message.setText('')
        self._forget()
        self._follow_clicks()
        self.refresh()

    def _on_preview(self, shown: bool) -> None:
        if not shown:
            self.message.setText('')
        self._follow_clicks()
        self.refresh()

    def _on_work(self) -> None:
        if is_alive(self):
            self.apply.setEnabled(self._chosen.image() is not None and not self.applying.busy)

    def _follow_clicks(self) -> None:
        """Listen to clicks on the picture while they mean losses."""
        if self.what.value == 'clicks' and self.preview.isChecked():
            self._clicks.start()
            # With the mask selected, the brush would paint.
            self._viewer.layers.selection.active = self._chosen.image()
        else:
            self._clicks.stop()

    def _on_click(self, position: tuple[float, ...]) -> None:
        proposer = self.proposer
        if isinstance(proposer, ClickProposer) and self._excerpt is not None:
            proposer.click(pixel_at(self._excerpt.part, View.of(self._viewer), position))


def _plane_size(excerpt: Excerpt) -> int:
    return int(np.prod([excerpt.part.grid[axis] for axis in excerpt.part.spatial]))


def _with_pause(steps: Generator[Any, None, Any]) -> Generator[Any, None, Any]:
    """Begin with a report, so that even short work can be cancelled."""
    yield
    return (yield from steps)
