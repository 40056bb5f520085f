"""A graph in a panel: axes, curves, curves to compare them with, and a mark."""

from __future__ import annotations

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from ...evidence.graphs import Graph, Trace

_HEIGHT = 146
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 22, 30
_LINE, _BETWEEN = 14, 12  # pixels: height of the names of the curves, and between them
_COLOURS = ('#6fa8ff', '#e0a33a', '#7bc67b')
_MARK = '#e06c5a'
_END = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ROOM = 1.1  # above the highest value


class GraphView(QWidget):
    """Draws a :class:`~napari_fresco.evidence.Graph`."""

    def __init__(self, graph: Graph, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.graph = graph
        self.setObjectName(f'graph_{graph.name.split(",")[0].replace(" ", "_").lower()}')
        self.setToolTip(f'<p><b>{graph.name}</b>: {graph.caption}.</p>')
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw axes, curves and mark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        frame = QRectF(_LEFT, _TOP, self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM)
        self._draw_axes(painter, frame)
        colours = iter(_COLOURS)
        for trace in self.graph.traces:
            colour = self._faint if trace.style == 'dashed' else QColor(next(colours))
            self._draw(painter, trace, colour, frame)
        self._draw_legend(painter, frame)

    @property
    def _faint(self) -> QColor:
        colour = self.palette().text().color()
        colour.setAlpha(130)
        return colour

    def _limits(self) -> tuple[float, float, float, float]:
        """Return the ends of both axes."""
        xs = [float(each) for trace in self.graph.traces for each in (trace.x.min(), trace.x.max())]
        ys = [float(each) for trace in self.graph.traces for each in (trace.y.min(), trace.y.max())]
        left, right = min(0.0, *xs), max(xs)
        if not self.graph.from_zero:
            room = (_ROOM - 1) * (max(ys) - min(ys))
            return left, right if right > left else left + 1, min(ys), max(ys) + (room or 1)
        low, high = min(0.0, *ys), _ROOM * max(ys)
        return left, right if right > left else left + 1, low, high if high > low else low + 1

    def _placed(self, trace: Trace, frame: QRectF) -> list[QPointF]:
        left, right, low, high = self._limits()
        across = frame.left() + frame.width() * (trace.x - left) / (right - left)
        down = frame.bottom() - frame.height() * (trace.y - low) / (high - low)
        return [QPointF(float(x), float(y)) for x, y in zip(across, down, strict=True)]

    def _draw_axes(self, painter: QPainter, frame: QRectF) -> None:
        left, right, low, high = self._limits()
        painter.setPen(QPen(self._faint, 1))
        painter.drawLine(frame.bottomLeft(), frame.bottomRight())
        painter.drawLine(frame.bottomLeft(), frame.topLeft())
        for y, value in ((frame.top(), high), (frame.bottom(), low)):
            box = QRectF(0, y - 8, _LEFT - 4, 16)
            painter.drawText(box, _END, _number(value))
        below = QRectF(frame.left(), frame.bottom() + 2, frame.width(), 14)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, _number(left))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, _number(right))
        painter.drawText(below.translated(0, 1), Qt.AlignmentFlag.AlignHCenter, self.graph.across)

    def _draw(self, painter: QPainter, trace: Trace, colour: QColor, frame: QRectF) -> None:
        points = self._placed(trace, frame)
        if trace.style == 'dots':
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            for point in points:
                painter.drawEllipse(point, 2.2, 2.2)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            return
        style = Qt.PenStyle.DashLine if trace.style == 'dashed' else Qt.PenStyle.SolidLine
        painter.setPen(QPen(colour, 1.0 if trace.style == 'dashed' else 1.6, style))
        painter.drawPolyline(QPolygonF(points))

    def _draw_legend(self, painter: QPainter, frame: QRectF) -> None:
        """Name the curves above the frame, where none of them is, and draw the mark."""
        left, right, *_ = self._limits()
        if self.graph.mark is not None:
            x = frame.left() + frame.width() * (self.graph.mark - left) / (right - left)
            painter.setPen(QPen(QColor(_MARK), 1))
            painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))
        colours, letters, x = iter(_COLOURS), painter.fontMetrics(), frame.left()
        names = [trace.name for trace in self.graph.traces if trace.name]
        widths = [letters.horizontalAdvance(name) + _BETWEEN for name in names]
        fits = sum(widths) <= frame.width() + _BETWEEN
        for trace in self.graph.traces:
            colour = self._faint if trace.style == 'dashed' else QColor(next(colours))
            if not trace.name:
                continue
            room = widths[names.index(trace.name)] if fits else frame.width() / len(names)
            text = letters.elidedText(
                trace.name, Qt.TextElideMode.ElideMiddle, round(room - _BETWEEN) + 1
            )
            painter.setPen(colour)
            painter.drawText(QRectF(x, 0, room, _LINE), Qt.AlignmentFlag.AlignLeft, text)
            x += room


def _number(value: float) -> str:
    """Write the end of an axis in few letters."""
    return f'{value:.0f}' if 100 <= abs(value) < 1e6 else f'{value:.3g}'
