"""Every control of every panel says what it is for, to those who point at it or only hear it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

import numpy as np
from npe2 import PluginManifest
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QWidget,
)

from napari_fresco._napari.window.opening import open_panel

MANIFEST = PluginManifest.from_file(str(resources.files('napari_fresco') / 'napari.yaml'))
PANELS = [widget.command.partition('.')[2] for widget in MANIFEST.contributions.widgets]
CONTROLS = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)


def controls(panel: QWidget) -> Iterator[QWidget]:
    """Yield what is pressed, chosen or typed into, without the parts that these are made of."""
    for kind in CONTROLS:
        for each in panel.findChildren(kind):
            inner = isinstance(each.parentWidget(), (*CONTROLS, QScrollBar))
            if each.isVisibleTo(panel) and not inner and not isinstance(each, QScrollBar):
                yield each


def within(panel: QWidget, control: QWidget) -> Iterator[QWidget]:
    """Yield a control and what it is a part of, such as the slider with its number."""
    yield control
    for _ in range(2):
        control = control.parentWidget()
        if control is panel or control is None:
            return
        yield control


def test_every_control_has_a_tooltip_and_a_name(
    make_napari_viewer: Callable[..., Any], idle: None
) -> None:
    viewer = make_napari_viewer()
    viewer.add_image(np.zeros((20, 30, 3), np.uint8), name='wall')
    viewer.add_labels(np.eye(20, 30, dtype=int), name='mask')
    silent, nameless = [], []
    for name in PANELS:
        opened = open_panel(viewer, name)
        panel = getattr(opened, 'native', opened)
        found = list(controls(panel))
        assert found, name
        for each in found:
            about = (name, type(each).__name__, getattr(each, 'text', each.objectName)())
            parts = list(within(panel, each))
            if not any(part.toolTip() for part in parts):
                silent.append(about)
            spoken = isinstance(each, QAbstractButton)
            if not spoken and not any(part.accessibleName() for part in parts):
                nameless.append(about)
    assert not silent
    assert not nameless
