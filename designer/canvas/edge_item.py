"""A wire on the canvas with its shape written on it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPainterPathStroker, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from designer.canvas import style as s
from designer.core.document import Edge
from designer.look.fonts import font
from designer.look.theme import color

LABEL_GAP, PILL_LENGTH, RISE, GUTTER = 44.0, 160.0, 36.0, 72.0


class EdgeItem(QGraphicsItem):
    """The picture of one wire.

    Attributes:
        label: the shape that flows, "" when unknown.
        failing: the value does not fit; `previewed`: the shape after a repair.
    """

    def __init__(self, edge: Edge) -> None:
        super().__init__()
        self.edge = edge
        self.label = ""
        self.previewed: str | None = None
        self.failing = self.is_selected = self.is_hovered = False
        self.start, self.end = QPointF(), QPointF()
        self._path = QPainterPath()
        self.setZValue(1)
        self.setAcceptHoverEvents(True)

    def place(self, start: QPointF, end: QPointF, skips: float = 0.0) -> None:
        """Go from `start` to `end`; `skips` is the height of layers that lie between and are passed above."""
        self.prepareGeometryChange()
        self.start, self.end = start, end
        self._path = wire_path(start, end, skips)

    def boundingRect(self) -> QRectF:
        return self._path.boundingRect().adjusted(-24, -24, 24, 24)

    def shape(self) -> QPainterPath:
        stroker = QPainterPathStroker()
        stroker.setWidth(12)
        return stroker.createStroke(self._path)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._pen(painter.worldTransform().m11()))
        painter.drawPath(self._path)
        if painter.worldTransform().m11() >= s.FULL:
            self._paint_label(painter)

    def _pen(self, zoom: float) -> QPen:
        token = "accent" if self.is_selected else "success" if self.previewed else "error" if self.failing else "wire"
        pen = QPen(color(token), 3 if self.is_selected or self.is_hovered else 2)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        if self.failing or self.previewed:
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setDashPattern([3.5, 2.5])
        return pen

    def _paint_label(self, painter: QPainter) -> None:
        text = self.previewed or self.label
        length = self._path.length()
        straight = abs(self.end.x() - self.start.x())
        if not text or max(length, straight) < LABEL_GAP:
            return
        made = font("micro", mono=True, weight=600 if self.is_selected else None, scaled=False)
        metrics = QFontMetricsF(made)
        wide, middle = metrics.horizontalAdvance(text), self._path.pointAtPercent(0.5)
        token = "accent" if self.is_selected else "success" if self.previewed else "error" if self.failing else "text2"
        painter.setFont(made)
        if length > PILL_LENGTH:
            pill = QRectF(middle.x() - wide / 2 - 8, middle.y() - 10, wide + 16, 20)
            painter.setPen(QPen(color("node_line"), 1))
            painter.setBrush(color("node"))
            painter.drawRoundedRect(pill, 10, 10)
            painter.setPen(color(token))
            painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
            return
        if wide > straight + 8:
            return
        path = QPainterPath()
        path.addText(QPointF(middle.x() - wide / 2, middle.y() - 8), made, text)
        painter.setPen(
            QPen(color("canvas"), 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        )
        painter.drawPath(path)
        painter.setPen(color(token))
        painter.drawText(QPointF(middle.x() - wide / 2, middle.y() - 8), text)


def wire_path(start: QPointF, end: QPointF, skips: float = 0.0) -> QPainterPath:
    """A cubic curve; above the row for skips; right-angled in the gutter when it goes back to a new row."""
    path = QPainterPath(start)
    dx = end.x() - start.x()
    if dx < -40 and end.y() - start.y() > 100:
        _return_wire(path, start, end)
        return path
    if skips:
        top = min(start.y(), end.y()) - s.DIVIDER - skips
        turn = min(max(dx / 4, 24), 60)
        path.cubicTo(
            start + QPointF(turn * 0.7, 0), QPointF(start.x() + turn * 0.5, top), QPointF(start.x() + turn * 1.3, top)
        )
        path.lineTo(end.x() - turn * 1.3, top)
        path.cubicTo(QPointF(end.x() - turn * 0.5, top), end - QPointF(turn * 0.7, 0), end)
        return path
    reach = max(abs(dx) / 2, 24.0)
    path.cubicTo(start + QPointF(reach, 0), end - QPointF(reach, 0), end)
    return path


def _return_wire(path: QPainterPath, start: QPointF, end: QPointF) -> None:
    r, right, left = 14.0, start.x() + 18, end.x() - 12
    level = start.y() - s.DIVIDER + s.HEIGHT + GUTTER
    corners = [(right, start.y()), (right, level), (left, level), (left, end.y()), (end.x(), end.y())]
    previous = (start.x(), start.y())
    for corner, after in zip(corners[:-1], corners[1:], strict=True):
        enter = _towards(corner, previous, min(r, abs(corner[0] - previous[0]) + abs(corner[1] - previous[1])))
        leave = _towards(corner, after, min(r, abs(after[0] - corner[0]) + abs(after[1] - corner[1])))
        path.lineTo(*enter)
        path.quadTo(corner[0], corner[1], *leave)
        previous = corner
    path.lineTo(end)


def _towards(a: tuple[float, float], b: tuple[float, float], distance: float) -> tuple[float, float]:
    dx, dy = b[0] - a[0], b[1] - a[1]
    size = max((dx * dx + dy * dy) ** 0.5, 1e-9)
    return a[0] + dx / size * min(distance, size), a[1] + dy / size * min(distance, size)
