"""Rows of labelled fields in titled groups, which can be shown and hidden."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from magicgui.widgets import Container
from magicgui.widgets.bases import Widget
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from superqt import QCollapsible

from .tones import Tone, TonedLabel

TITLE = 'font-size: 15px; font-weight: 600;'
_LABEL_WIDTH = 112
_FEWEST_LETTERS = 8
_FOLD_STYLE = (
    'QPushButton, QPushButton:checked, QPushButton:hover { text-align: left; font-weight: 600;'
    ' border: none; padding: 3px 0; background: transparent; }'
)


@dataclass(frozen=True, eq=False)
class Row:
    """A labelled field in a :class:`Form`."""

    label: QLabel
    field: QWidget

    def show(self, shown: bool) -> None:
        """Show or hide label and field together."""
        self.label.setVisible(shown)
        self.field.setVisible(shown)

    @property
    def shown(self) -> bool:
        """Whether the row is meant to be seen, even while its panel is not."""
        return not self.field.isHidden()


class Form(QWidget):
    """Labels to the left, fields to the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(3)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        self._layout = layout

    def add(self, text: str, *fields: QWidget, tooltip: str = '', place: int = -1) -> Row:
        """Add a row, last or at some `place`; several fields share its width."""
        label = QLabel(text)
        label.setFixedWidth(_LABEL_WIDTH)
        label.setWordWrap(True)
        field = fields[0] if len(fields) == 1 else side_by_side(*fields)
        for widget in (label, field):
            widget.setToolTip(tooltip)
        # Screen readers say the first of these, and keys that jump to a label the second.
        fields[0].setAccessibleName(text)
        label.setBuddy(fields[0])
        self._layout.insertRow(place, label, field)
        return Row(label, field)

    def place_of(self, row: Row) -> int:
        """Return the number of a row."""
        return int(self._layout.getWidgetPosition(row.field)[0])

    def adopt(self, row: Row) -> None:
        """Take a row over from another form."""
        self._layout.addRow(row.label, row.field)

    def add_wide(self, widget: QWidget) -> None:
        """Add a widget that takes the whole width."""
        self._layout.addRow(widget)


class Section(Container[Widget]):
    """A titled group of magicgui widgets, laid out as a form.

    `title`: heading; nothing for a group without one.
    `heads`: whether it heads its panel, in larger letters.
    """

    def __init__(self, title: str = '', heads: bool = False) -> None:
        super().__init__(labels=False)
        self.rows: dict[str, Row] = {}
        layout = self.native.layout()
        assert layout is not None
        layout.setContentsMargins(0, 2, 0, 4)
        layout.setSpacing(4)
        self.form = Form()
        self.heading: QWidget | None = None
        if title:
            name = QLabel(title)
            name.setStyleSheet(TITLE if heads else 'font-weight: 600;')
            self.heading = name if heads else stacked(name, rule())
            layout.addWidget(self.heading)
        layout.addWidget(self.form)

    def add(self, widget: Widget, *beside: QWidget, place: int = -1) -> Row:
        """Add a widget with its label and tooltip; a widget `beside` it shares its row.

        `place`: number of the row; -1 is the last.
        """
        self.insert(0, widget)  # where it is always valid, for it moves into the form below
        if isinstance(widget.native, QComboBox):
            make_narrow(widget.native)
        help_text = widget.tooltip or ''
        row = self.form.add(widget.label, widget.native, *beside, tooltip=help_text, place=place)
        self.rows[widget.name] = row
        return row

    def add_text(self, label: QLabel) -> Row:
        """Add a line of text about the fields above."""
        return self.form.add('', label)

    def hide_if_empty(self, rows: Iterable[Row]) -> None:
        """Hide the whole group when none of `rows` is shown."""
        self.native.setVisible(any(row.shown for row in rows))


def collapsible(title: str, content: QWidget) -> QCollapsible:
    """Return `content` below a title that folds it away; it starts folded."""
    # The icons that superqt draws are black on napari's dark theme; text follows the theme.
    fold = QCollapsible(f'▸ {title}', expandedIcon=QIcon(), collapsedIcon=QIcon())
    fold.toggled.connect(lambda expanded: fold.setText(f'{"▾" if expanded else "▸"} {title}'))
    fold.setDuration(0)
    for box, margin in ((fold, 0), (fold.content(), 2)):
        box.setContentsMargins(0, margin, 0, margin)
        if (layout := box.layout()) is not None:
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
    fold.toggleButton().setStyleSheet(_FOLD_STYLE)
    fold.toggleButton().setToolTip('Unfold or fold these rows')
    fold.addWidget(content)
    return fold


def side_by_side(*widgets: QWidget, evenly: bool = False) -> QWidget:
    """Return one widget that holds `widgets` in a row.

    `evenly`: whether all share the spare width, which else the first one takes.
    """
    box = QWidget()
    layout = QHBoxLayout(box)
    _tight(layout)
    for number, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if evenly or number == 0 else 0)
    return box


def stacked(
    *widgets: QWidget, into: QWidget | None = None, margin: int = 0, fill: bool = False
) -> QWidget:
    """Return one widget, by default a new one, that holds `widgets` below each other.

    With `fill`, spare height goes below them.
    """
    box = into or QWidget()
    layout = QVBoxLayout(box)
    _tight(layout, 6)
    layout.setContentsMargins(margin, margin, margin, margin)
    for widget in widgets:
        layout.addWidget(widget)
    if fill:
        layout.addStretch(1)
    return box


def rule() -> QFrame:
    """Return a thin horizontal line."""
    line = QFrame()
    line.setFixedHeight(1)
    line.setStyleSheet('background-color: rgba(128, 128, 128, 90); border: none;')
    return line


def note(text: str = '') -> TonedLabel:
    """Return a small, muted, wrapping line of text."""
    label = TonedLabel(text, Tone.MUTED)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def make_narrow(box: QComboBox) -> None:
    """Let a drop-down list be narrower than its longest item."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(_FEWEST_LETTERS)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)


class Scroll(QScrollArea):
    """Scrolls its content up and down, and is never narrower than it."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(content)
        content.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the least width of the content."""
        content, bar = self.widget(), self.verticalScrollBar()
        if event and event.type() == QEvent.Type.LayoutRequest and content and bar:
            self.setMinimumWidth(content.minimumSizeHint().width() + bar.sizeHint().width())
            # As high as its text is at this width, not at the least one.
            content.setMinimumHeight(1 if content.hasHeightForWidth() else 0)
        return super().eventFilter(watched, event)


def show_badge(label: QLabel, text: str, colour: str, tooltip: str) -> None:
    """Make `label` small and coloured."""
    label.setText(text)
    label.setToolTip(f'<p>{tooltip}</p>')
    label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)  # as high as its text
    label.setStyleSheet(
        f'background-color: {colour}; color: white; border-radius: 7px; padding: 1px 7px;'
        'font-size: 10px;'
    )


def named_button(text: str, name: str, tooltip: str) -> QPushButton:
    """Return a button that scripts and tests find by its name."""
    button = QPushButton(text)
    button.setObjectName(name)
    button.setToolTip(tooltip)
    return button


def _tight(layout: QLayout, spacing: int = 4) -> None:
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
