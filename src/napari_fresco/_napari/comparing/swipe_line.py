"""The line of a swipe on napari's canvas, where both pictures meet; it is moved with the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QRegion
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QMainWindow, QWidget

from ...layers.comparing.looking import camera_of
from ..widgets.listeners import Listeners
from ..window.docked import dock_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...layers.comparing.swipe import Swipe

_GRIP = 9  # pixels around the line that take it, and the radius of its handle
_LOOKS_AT = 65  # places along the line of which some are on the canvas
_EDGE, _CORE = QColor(0, 0, 0, 170), QColor(255, 255, 255)
_FOLLOWED = ('scale', 'translate', 'rotate', 'shear', 'affine', 'visible', 'set_data')


class SwipeLine(QWidget):
    """A thin widget above the canvas, which stays where the line is.

    `canvas`: of napari.
    `viewer`: whose canvas it is.
    `swipe`: whose line is shown.
    """

    def __init__(self, canvas: QWidget, viewer: Any, swipe: Swipe) -> None:
        super().__init__(canvas)
        self._swipe, self._canvas = swipe, canvas
        self._ends = np.zeros((2, 2))
        self.setObjectName('swipe_line')
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setToolTip('Take the line and move it.')
        self._links = Listeners(self)
        camera, dims, layer = camera_of(viewer), viewer.dims, swipe.layer
        emitters = [getattr(camera.events, name) for name in ('center', 'zoom')]
        emitters += [getattr(dims.events, name) for name in ('order', 'ndisplay')]
        emitters += [getattr(layer.events, name) for name in _FOLLOWED]
        for emitter in (*emitters, swipe.moved):
            self._links.listen(emitter, self._on_moved)
        canvas.installEventFilter(self)
        self.place()

    def close_line(self) -> None:
        """Take the line away."""
        self._links.close()
        self._canvas.removeEventFilter(self)
        self.hide()
        self.deleteLater()

    def place(self) -> None:
        """Go where the line is; hide where the canvas does not show it."""
        shares = self._swipe.ends()
        size = np.array([self._canvas.height(), self._canvas.width()])
        middle = None if shares is None else _middle_on(shares * size, size)
        if shares is None or middle is None:
            self.hide()
            return
        ends = (shares * size)[:, ::-1]  # as Qt has them: across, down
        along = ends[1] - ends[0]
        aside = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9) * _GRIP
        corners = [ends[0] - aside, ends[1] - aside, ends[1] + aside, ends[0] + aside]
        band = QPolygonF([QPointF(*map(float, corner)) for corner in corners])
        box = band.boundingRect().toAlignedRect() & self._canvas.rect()
        self._ends, self._middle = ends - [box.x(), box.y()], middle[::-1] - [box.x(), box.y()]
        self.setGeometry(box)
        self.setMask(QRegion(band.translated(-box.x(), -box.y()).toPolygon()))
        self.show()
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw a white line with dark edges, and its handle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        first, last = (QPointF(*map(float, end)) for end in self._ends)
        for colour, width in ((_EDGE, 4), (_CORE, 2)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(first, last)
        self._draw_handle(painter)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take the line: napari does not move the picture meanwhile."""
        self._take(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Move the line with the pointer."""
        self._take(event)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let the line go where it is."""
        self._take(event)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the size of the canvas."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self.place()
        return super().eventFilter(watched, event)

    def _take(self, event: QMouseEvent | None) -> None:
        if event is None or not (event.buttons() & Qt.MouseButton.LeftButton):
            return
        event.accept()
        at = self.mapToParent(event.position().toPoint())
        self._swipe.take_to((at.y() / self._canvas.height(), at.x() / self._canvas.width()))

    def _on_moved(self, *_: Any) -> None:
        self.place()

    def _draw_handle(self, painter: QPainter) -> None:
        """Draw a knob with an arrow to either side."""
        along = self._ends[1] - self._ends[0]
        painter.translate(QPointF(*map(float, self._middle)))
        painter.rotate(float(np.degrees(np.arctan2(along[1], along[0]))) - 90)
        painter.setPen(QPen(_EDGE, 1))
        painter.setBrush(_CORE)
        painter.drawEllipse(QPointF(0, 0), _GRIP - 1.5, _GRIP - 1.5)
        painter.setBrush(QColor(60, 60, 60))
        painter.setPen(Qt.PenStyle.NoPen)
        for side in (-1, 1):
            arrow = [QPoint(5 * side, 0), QPoint(2 * side, -3), QPoint(2 * side, 3)]
            painter.drawPolygon(QPolygonF([QPointF(point) for point in arrow]))


def canvas_beside(panel: QWidget, viewer: Any) -> QWidget | None:
    """Return the canvas of a viewer, in whose window a panel is docked; None without one."""
    dock = dock_of(panel)
    window = None if dock is None else dock.parentWidget()
    centre = window.centralWidget() if isinstance(window, QMainWindow) else None
    found: list[QWidget] = [] if centre is None else centre.findChildren(QOpenGLWidget)
    size = tuple(viewer.canvas.size) if hasattr(viewer, 'canvas') else ()
    alike = [each for each in found if (each.height(), each.width()) == size]  # plugins have others
    return next(iter(alike or found), None)


def _middle_on(ends: NDArray[np.float64], size: NDArray[Any]) -> NDArray[np.float64] | None:
    """Return the middle of what the canvas shows of the line; None where it shows nothing."""
    along = np.linspace(0, 1, _LOOKS_AT)[:, None]
    points = ends[0] + along * (ends[1] - ends[0])
    seen = points[((points >= 0) & (points <= size)).all(axis=1)]
    return None if not len(seen) else np.asarray((seen[0] + seen[-1]) / 2)
