"""The numbers of an evaluation as a table: checks with their verdicts, measures with units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from ...evidence.check_limits import in_words
from ...evidence.measure_rows import rows
from ..widgets import texts
from ..widgets.tones import Tone

_COLUMNS = ('Measure', 'Value', 'Unit or verdict')
_BOLD, _WIDTH = 600, 310
GOOD, LOOK = 'good', 'look'


class EvidenceTable(QTreeWidget):
    """Groups of numbers, each explained in its tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName('evidence_table')
        self.setToolTip('Hold the pointer over a line to read what it means')
        self.setHeaderLabels(_COLUMNS)
        self.setIndentation(10)
        self.setMinimumWidth(_WIDTH)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        if header is not None:
            for column in (0, 1):
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.itemExpanded.connect(self._fit)
        self.itemCollapsed.connect(self._fit)

    def show_numbers(self, numbers: Mapping[str, Any]) -> None:
        """Show the numbers of an evaluation."""
        self.clear()
        self._add_checks(numbers['checks'])
        group, parent = '', None
        for row in rows(numbers):
            if row.group != group or parent is None:
                group, parent = row.group, self._group(row.group)
            line = QTreeWidgetItem(parent, [row.name, row.value, row.unit])
            if not row.name:  # a sentence instead of numbers
                line.setText(0, row.value)
                line.setText(1, '')
                line.setFirstColumnSpanned(True)
            _explain(line, row.meaning or row.value)
        self.expandAll()
        self._fit()

    def line(self, name: str) -> QTreeWidgetItem | None:
        """Return the line of that name."""
        found = self.findItems(name, Qt.MatchFlag.MatchRecursive | Qt.MatchFlag.MatchExactly, 0)
        return next((each for each in found if each.parent() is not None), None)

    def _add_checks(self, checks: Any) -> None:
        if not checks:
            return
        parent = self._group('checks')
        for check in checks:
            verdict, tone = (GOOD, Tone.GOOD) if check['ok'] else (LOOK, Tone.PROBLEM)
            line = QTreeWidgetItem(parent, [check['name'], f'{check["value"]:.4g}', verdict])
            line.setForeground(2, QBrush(QColor(tone.colour(self))))
            said = '' if check['ok'] else texts.sentence(check['message'])
            _explain(line, f'{said} Limit: {in_words(check["limit"])}'.strip())
            if not check['ok']:
                remark = QTreeWidgetItem(parent, [said])
                remark.setFirstColumnSpanned(True)
                remark.setForeground(0, QBrush(QColor(tone.colour(self))))
                _explain(remark, said)

    def _group(self, title: str) -> QTreeWidgetItem:
        group = QTreeWidgetItem(self, [title.capitalize()])
        font = group.font(0)
        font.setWeight(font.Weight(_BOLD))
        group.setFont(0, font)
        group.setFirstColumnSpanned(True)
        return group

    def _fit(self, *_: Any) -> None:
        """Fit the height to the unfolded groups: the panel scrolls, the table does not."""
        header = self.header()
        height = 2 * self.frameWidth() + (0 if header is None else header.sizeHint().height())
        for i in range(self.topLevelItemCount()):
            group = self.topLevelItem(i)
            if group is not None:
                shown = group.childCount() if group.isExpanded() else 0
                height += (1 + shown) * self.sizeHintForRow(0)
        self.setFixedHeight(height)


def _explain(line: QTreeWidgetItem, text: str) -> None:
    for column in range(len(_COLUMNS)):
        line.setToolTip(column, f'<p>{text}</p>')
