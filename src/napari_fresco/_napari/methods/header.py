"""The head of a panel: its name, its purpose, and how far to trust its results."""

from __future__ import annotations

from html import escape

from qtpy.QtWidgets import QLabel, QWidget

from ...declare.method import Method
from ...types import Kind, Task
from ..widgets import texts
from ..widgets.form import TITLE, note, show_badge, side_by_side, stacked
from .about import about, cautions
from .offer import Offer


class Header:
    """Title, badge and two lines of text.

    `offer`: what the panel has on offer; what the method needs and gives stands in the tooltip.
    `beside`: what stands beside the title.
    """

    def __init__(self, offer: Offer, *beside: QWidget) -> None:
        self.badge, self.about, self._summary = QLabel(), note(), note(offer.summary)
        name = QLabel(offer.title)
        name.setStyleSheet(TITLE)
        self._caution, self._single = note(), len(offer.methods) == 1
        first = side_by_side(name, self.badge, *beside)
        self.native: QWidget = stacked(first, self._summary, self._caution)

    def show(self, method: Method, task: Task, kind: Kind, doubt: str) -> None:
        """Describe the inputs and outputs of `method` for `task` with the chosen weights."""
        self.about.setText(about(method, task, kind, doubt))
        self.about.setToolTip(f'<p>{method.citation}</p>')
        self._summary.setToolTip(f'<p>{method.summary} {escape(self.about.text())}</p>')
        caution = ' '.join(cautions(method, doubt))
        self._caution.setText(caution)
        self._caution.setVisible(self._single and bool(caution))
        self._summary.setVisible(self._caution.isHidden())
        show_badge(self.badge, kind, *texts.KINDS[kind])
