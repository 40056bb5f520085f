"""A curve small enough for a panel."""

from __future__ import annotations

import math

from qtpy.QtCore import QPointF
from qtpy.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

_HEIGHT = 34
_MOST_POINTS = 600


class Curve(QWidget):
    """Draws one series of numbers, left to right, logarithmic where all are positive."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: list[float] = []
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def values(self) -> tuple[float, ...]:
        """The numbers drawn."""
        return tuple(self._values)

    def clear(self) -> None:
        """Start a new series."""
        self._values.clear()
        self.update()

    def append(self, value: float) -> None:
        """Add a number; of a long series every other one is dropped."""
        if math.isfinite(value):
            self._values.append(value)
            if len(self._values) > _MOST_POINTS:
                del self._values[1:-1:2]
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the curve."""
        heights = self._heights()
        if len(heights) < 2:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().highlight().color().lighter(130), 1.5))
        across = (self.width() - 4) / (len(heights) - 1)
        down = self.height() - 6
        points = [QPointF(2 + across * i, 3 + down * (1 - h)) for i, h in enumerate(heights)]
        painter.drawPolyline(QPolygonF(points))

    def _heights(self) -> list[float]:
        positive = all(value > 0 for value in self._values)
        scaled = [math.log(value) if positive else value for value in self._values]
        if not scaled:
            return []
        low, span = min(scaled), max(scaled) - min(scaled)
        return [(value - low) / span if span else 0.5 for value in scaled]
