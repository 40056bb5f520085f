"""Tones of text, each read as well on the light theme of napari as on the dark one."""

from __future__ import annotations

from enum import Enum
from html import escape

from qtpy.QtCore import QEvent
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QLabel, QWidget

_HALF = 128  # lightness


class Tone(Enum):
    """Colours of text on the dark and on the light theme, none for that of the theme."""

    PLAIN = '', ''
    MUTED = '#9aa0a6', '#5a5f64'
    GOOD = '#58b368', '#1f6b34'
    PROBLEM = '#e0a33a', '#8a4b00'
    FAILURE = '#e8806f', '#b3261e'

    def colour(self, place: QWidget) -> str:
        """Return the colour on the background of a widget."""
        return self.value[_is_light(place)]


class TonedLabel(QLabel):
    """A line of text in a tone; its colours follow the theme, also those of :func:`in_tone`."""

    def __init__(self, text: str = '', tone: Tone = Tone.PLAIN) -> None:
        super().__init__(text)
        self._tone = tone
        self._follow()

    @property
    def tone(self) -> Tone:
        """The tone of the text."""
        return self._tone

    def set_tone(self, tone: Tone) -> None:
        """Choose another tone."""
        self._tone = tone
        self._follow()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.StyleChange:
            self._follow()

    def _follow(self) -> None:
        colour = self._tone.colour(self)
        style = f'color: {colour};' if colour else ''
        if style != self.styleSheet():
            self.setStyleSheet(style)
        light = _is_light(self)
        text = self.text()
        for tone in Tone:
            if tone is not Tone.PLAIN:
                text = text.replace(tone.value[not light], tone.value[light])
        if text != self.text():
            self.setText(text)


def in_tone(text: str, tone: Tone, place: QWidget) -> str:
    """Return text as HTML in a tone, for a :class:`TonedLabel`; line breaks are kept."""
    lines = '<br>'.join(escape(line) for line in text.split('\n'))
    return f'<span style="color: {tone.colour(place)};">{lines}</span>'


def _is_light(place: QWidget) -> bool:
    return place.palette().color(QPalette.ColorRole.Window).lightness() > _HALF
