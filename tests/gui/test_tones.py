"""Text is read on both themes of napari, and follows a change of theme."""

from __future__ import annotations

from typing import Any

import pytest
from napari.utils.theme import get_theme
from qtpy.QtGui import QColor

from napari_fresco._napari.widgets import texts
from napari_fresco._napari.widgets.tones import Tone, TonedLabel, in_tone

READABLE = 4.5  # contrast of small text, WCAG 2.2, criterion 1.4.3
THEMES = ('dark', 'light')


def luminance(colour: QColor) -> float:
    """Relative luminance of sRGB, as WCAG defines it."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: QColor, b: QColor) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize('number', [0, 1])
@pytest.mark.parametrize('tone', [tone for tone in Tone if tone is not Tone.PLAIN])
def test_a_tone_is_read_on_its_theme(tone: Tone, number: int) -> None:
    behind = QColor(get_theme(THEMES[number]).background.as_hex())
    assert contrast(QColor(tone.value[number]), behind) >= READABLE


def test_white_words_are_read_on_every_badge() -> None:
    white = QColor('white')
    badges = [*(colour for colour, _ in texts.KINDS.values()), *texts.BADGES]
    assert min(contrast(QColor(colour), white) for colour in badges) >= READABLE


def test_the_words_of_a_panel_follow_the_theme_of_the_window(viewer: Any) -> None:
    label = TonedLabel(tone=Tone.FAILURE)
    viewer.window.add_dock_widget(label, name='words')
    label.setText(f'so {in_tone("1 < 2", Tone.PROBLEM, label)}')
    for theme in ('light', 'dark', 'light'):
        viewer.theme = theme
        number = THEMES.index(theme)
        assert Tone.FAILURE.value[number] in label.styleSheet()
        assert Tone.PROBLEM.value[number] in label.text()
        assert '1 &lt; 2' in label.text()
