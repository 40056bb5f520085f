"""The line of a swipe stands on the canvas where the pictures meet, and the mouse moves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import napari.components
import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QWidget

from napari_fresco._napari.comparing.compare_panel import ComparePanel
from napari_fresco.layers.comparing.looking import camera_of
from napari_fresco.layers.comparing.on_canvas import from_canvas, on_canvas

from .signals import pump

pytestmark = pytest.mark.skipif(
    not hasattr(napari.components.ViewerModel(), 'canvas'),
    reason='napari tells the size of its canvas from 0.9 on',
)
PLANE = np.zeros((40, 60), np.float32)
PLACES = {
    'plain': {},
    'in µm': {'scale': (0.5, 0.25), 'units': ('um', 'um'), 'translate': (3, -4)},
    'turned': {'rotate': 30, 'shear': [0.2], 'scale': (2, 1)},
}


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('turned', [False, True])
def test_places_on_the_canvas_are_found_again(place: str, turned: bool) -> None:
    viewer = napari.components.ViewerModel()
    viewer.add_image(np.zeros((7, 40, 60)), scale=(1, 1000, 1000), units=('nm',) * 3)
    layer = viewer.add_image(PLANE, **{'units': ('nm', 'nm'), **PLACES[place]})
    if turned:
        camera_of(viewer).orientation2d = ('up', 'left')
    viewer.canvas.size = (300, 500)
    viewer.reset_view()
    points = np.array([[-0.5, 12], [39.5, 12], [3, 59]])
    shares = on_canvas(viewer, layer, points)
    assert shares is not None
    for point, share in zip(points, shares, strict=True):
        assert np.allclose(from_canvas(viewer, layer, share), point, atol=1e-6)
    viewer.dims.ndisplay = 3
    assert on_canvas(viewer, layer, points) is None


@pytest.fixture
def panel(make_napari_viewer: Callable[..., Any], idle: None) -> ComparePanel:
    viewer = make_napari_viewer(show=True)
    for number, name in enumerate('ab'):
        viewer.add_image(PLANE + number, name=name, scale=(0.1, 0.1), units=('um', 'um'))
    made = ComparePanel(viewer)
    viewer.window.add_dock_widget(made)
    made.first.value, made.second.value = 'a', 'b'
    viewer.reset_view()
    made.swipe.button.click()
    assert made.swipe.line is not None
    pump(made.swipe.line.isVisible)
    return made


def middle(line: QWidget) -> QPoint:
    return line.geometry().center()


def test_the_line_stands_where_the_pictures_meet(panel: ComparePanel) -> None:
    viewer, line = panel.viewer, panel.swipe.line
    canvas = line.parentWidget()
    pump(lambda: abs(middle(line).x() - canvas.width() / 2) <= 2)
    shot = viewer.screenshot(canvas_only=True, flash=False)[..., 0]
    here = round(middle(line).x() * shot.shape[1] / canvas.width())
    row = shot[shot.shape[0] // 2]
    assert row[here - 5] < row[here + 5], 'left is dark, right is bright'
    names = [layer.name for layer in viewer.layers]
    assert names == ['a', 'b', 'a | b'], 'the line is no layer'


def test_the_mouse_moves_the_line_and_nothing_else(panel: ComparePanel) -> None:
    line, camera = panel.swipe.line, camera_of(panel.viewer)
    pump(lambda: middle(line).x() > 0)
    before, centre, zoom = middle(line).x(), tuple(camera.center), camera.zoom
    inside = QPoint(line.width() // 2, line.height() // 2)
    QTest.mousePress(line, Qt.MouseButton.LeftButton, pos=inside)
    QTest.mouseMove(line, inside + QPoint(round(10 * 0.1 * zoom), 0))
    QTest.mouseRelease(line, Qt.MouseButton.LeftButton, pos=inside)
    assert panel.swipe.shown.at == pytest.approx(40 / 60, abs=1.5 / 60)
    assert panel.swipe.at.value == pytest.approx(panel.swipe.shown.at, abs=0.001)
    assert middle(line).x() > before
    assert tuple(camera.center) == centre
    panel.swipe.at.value = 0.25
    assert panel.swipe.shown.at == 0.25
    assert middle(line).x() < before


def test_the_line_goes_with_the_swipe(panel: ComparePanel) -> None:
    line = panel.swipe.line
    panel.viewer.layers['a | b'].visible = False
    assert not line.isVisible()
    panel.viewer.layers['a | b'].visible = True
    assert line.isVisible()
    panel.viewer.layers.remove('b')
    assert panel.swipe.line is None
    assert not line.isVisible()
