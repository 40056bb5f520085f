"""The head of a panel: its name, what it is for, and how far its results can be trusted."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QWidget

from ..declare.methods import Method
from ..types import Kind, Task
from . import texts
from .about import about
from .form import note, show_badge, side_by_side, stacked


class Header:
    """Title, badge and two lines of text.

    `title`: name of the panel.
    `summary`: what it is for.
    """

    def __init__(self, title: str, summary: str) -> None:
        self.badge, self.about = QLabel(), note()
        name = QLabel(title)
        name.setStyleSheet('font-size: 15px; font-weight: 600;')
        self.native: QWidget = stacked(side_by_side(name, self.badge), note(summary), self.about)

    def show(self, method: Method, task: Task, kind: Kind, doubt: str) -> None:
        """Say what `method` needs for `task` and gives with the chosen weights."""
        self.about.setText(about(method, task, kind, doubt))
        self.about.setToolTip(f'<p>{method.citation}</p>')
        show_badge(self.badge, kind, *texts.KINDS[kind])
