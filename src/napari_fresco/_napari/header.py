"""The head of a panel: its name, what it is for, and how far its results can be trusted."""

from __future__ import annotations

from html import escape

from qtpy.QtWidgets import QLabel, QWidget

from ..declare.methods import Method
from ..types import Kind, Task
from . import texts
from .about import about
from .form import note, show_badge, side_by_side, stacked
from .offer import Offer


class Header:
    """Title, badge and two lines of text.

    `offer`: what the panel has on offer; where there are several methods, what is said of the
        chosen one stands in the tooltip.
    `beside`: what stands beside the title.
    """

    def __init__(self, offer: Offer, *beside: QWidget) -> None:
        self.badge, self.about, self._summary = QLabel(), note(), note(offer.summary)
        name = QLabel(offer.title)
        name.setStyleSheet('font-size: 15px; font-weight: 600;')
        self.native: QWidget = stacked(
            side_by_side(name, self.badge, *beside), self._summary, self.about
        )
        self.about.setVisible(len(offer.methods) == 1)

    def show(self, method: Method, task: Task, kind: Kind, doubt: str) -> None:
        """Say what `method` needs for `task` and gives with the chosen weights."""
        self.about.setText(about(method, task, kind, doubt))
        self.about.setToolTip(f'<p>{method.citation}</p>')
        self._summary.setToolTip(f'<p>{method.summary} {escape(self.about.text())}</p>')
        show_badge(self.badge, kind, *texts.KINDS[kind])
