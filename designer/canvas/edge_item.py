"""A wire on the canvas, with the shape that flows through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from designer.canvas import style
from designer.canvas.routes import Route, forward, route
from designer.core.document import Edge
from designer.core.ports import shape_text
from designer.look.painting import pen
from designer.look.theme import theme

if TYPE_CHECKING:
    from designer.canvas.node_item import NodeItem
    from designer.canvas.scene import CanvasScene

REACH = 8.0


class EdgeItem(QGraphicsItem):
    """Shows one edge of the document; drawn in scene coordinates."""

    def __init__(self, scene: CanvasScene, edge: Edge, source: NodeItem, target: NodeItem) -> None:
        super().__init__()
        self.canvas, self.edge = scene, edge
        self.source, self.target = source, target
        self.over: float | None = None
        self.below = False
        self._label: str | None = None
        self._outline: list[QPointF] | None = None
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setZValue(1)
        self.route: Route = self._route()
        self._rect = self._bounds()

    def _route(self) -> Route:
        start, end = self.source.output_point(), self.target.input_point(self.edge.port)
        return route(start, end, self.over, self.source.y() + self.source.height)

    def _bounds(self) -> QRectF:
        rect = self.route.path.controlPointRect().adjusted(-8, -8, 8, 8)
        label = self.route.label
        if label is not None:
            rect = rect.united(QRectF(label.x() - 60, label.y() - 16, 120, 48))
        return rect

    def reroute(self) -> None:
        """Follow the ends."""
        self.prepareGeometryChange()
        self.route = self._route()
        self._rect = self._bounds()
        self._outline = None

    def forget(self) -> None:
        """Work out the label anew at the next drawing."""
        self._label = None
        self.update()

    @property
    def label(self) -> str:
        """The shape that flows; "" when it is not known."""
        if self._label is None:
            info = self.canvas.workspace.analysis.info(self.edge.source)
            self._label = shape_text(info.output) if info.output is not None else ""
        return self._label

    def distance(self, point: QPointF) -> float:
        """Distance of a scene point from the wire."""
        if self._outline is None:
            path = self.route.path
            steps = 1 if self.route.straight else 32
            self._outline = [path.pointAtPercent(i / steps) for i in range(steps + 1)]
        points = self._outline
        return min(_to_segment(point, a, b) for a, b in zip(points, points[1:]))

    # Qt.
    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        scene = self.canvas
        transform = painter.worldTransform()
        scale, ratio = transform.m11(), painter.device().devicePixelRatioF()
        token, width, dashes = self._look()
        if scene.fitting_edge == self.edge:
            glow = QColor(theme().color("accent"))
            glow.setAlphaF(0.25)
            self._stroke(painter, pen(glow, 8.0))
        if scale < style.FULL:
            width = max(width, 1.25 / scale) if scale < 0.5 else width
        if scene.faded_edge(self.edge):
            painter.setOpacity(0.45)
        self._stroke(painter, pen(theme().color(token), width, dashes))
        if scale >= style.FULL and self.route.label is not None:
            self._paint_label(painter, scale * ratio)
        painter.setOpacity(1.0)

    def _stroke(self, painter: QPainter, how: object) -> None:
        painter.setPen(how)  # type: ignore[call-overload]
        if self.route.straight:
            painter.drawLine(self.source.output_point(), self.target.input_point(self.edge.port))
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(self.route.path)

    def _look(self) -> tuple[str, float, tuple[float, float] | None]:
        """Colour, width and dashes for the state of the wire."""
        scene = self.canvas
        if scene.previewed(self.edge.source) is not None:
            return "success", 2.0, (7.0, 5.0)
        if self.edge == scene.selected_edge:
            return "accent", 3.0, None
        width = 3.0 if self.edge == scene.hovered_edge else 2.0
        if scene.bad_edge(self.edge):
            return "error", width, (7.0, 5.0)
        return "wire", width, None

    def _paint_label(self, painter: QPainter, real: float) -> None:
        scene, place = self.canvas, self.route.label
        if place is None:
            return
        fresh = scene.previewed(self.edge.source)
        if fresh is None and not self.label:
            return
        x, y = place.x(), place.y()
        if self.below and not self.route.pill:
            y += 24
        token = self._look()[0]
        chosen = token in ("accent", "error")
        if fresh is None:
            shown = token if chosen else "text" if self.route.pill else "text2"
            style.draw_label(painter, x, y, self.label, shown, real, bold=chosen, pill=self.route.pill)
            return
        new = shape_text(fresh)
        struck = bool(self.label) and self.label != new and not self.route.pill
        if struck:
            style.draw_label(painter, x, y, self.label, "error", real, struck=True)
            y += 24
        style.draw_label(painter, x, y, new, "success", real, bold=True, pill=self.route.pill)


def wire_path(start: QPointF, end: QPointF) -> QPainterPath:
    """The plain way of a wire, for miniatures."""
    return forward(start, end).path


def _to_segment(point: QPointF, a: QPointF, b: QPointF) -> float:
    """Distance of a point from a line between two others."""
    way, off = b - a, point - a
    length = way.x() ** 2 + way.y() ** 2
    share = 0.0 if length == 0 else min(max((off.x() * way.x() + off.y() * way.y()) / length, 0.0), 1.0)
    rest = off - way * share
    return float((rest.x() ** 2 + rest.y() ** 2) ** 0.5)
