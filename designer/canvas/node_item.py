"""A layer on the canvas, painted in one go at the detail that the zoom allows."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from designer.canvas import style as s
from designer.core.analysis import NodeInfo
from designer.core.document import Node
from designer.core.ports import axes_text, rank_kind, shape_text
from designer.core.text import tr
from designer.look.fonts import font
from designer.look.icons import pixmap
from designer.look.painting import draw_chip, draw_tile
from designer.look.theme import color, theme

_FLAG = QGraphicsItem.GraphicsItemFlag


class NodeItem(QGraphicsItem):
    """The picture of one node. It keeps what it shows; the scene tells it what changed.

    Attributes:
        node, info: the layer and what is known about it.
        state: "", "error" or "warning"; `preview` shapes are those of a repair that is shown.
        fits: True or False while a wire is in the hand, None otherwise.
    """

    def __init__(self, node: Node, info: NodeInfo, inputs: int, wired: tuple[int, bool]) -> None:
        super().__init__()
        self.node, self.info = node, info
        self.inputs = inputs
        self.wired_inputs, self.wired_output = wired
        self.state = ""
        self.is_selected = self.is_focused = self.is_hovered = False
        self.previewed: str | None = None
        self.fits: bool | None = None
        self.setAcceptHoverEvents(True)
        self.setFlag(_FLAG.ItemUsesExtendedStyleOption, False)
        self.setZValue(2)
        self.setPos(*node.position)
        self.tell()

    def tell(self) -> None:
        """Tooltip from what is known."""
        count = self.info.parameter_rule or (tr("no parameters") if self.info.parameters == 0 else "")
        axes = axes_text(self.info.output)
        lines = [
            f"{self.node.name} ({self.node.type})",
            f"N×{shape_text(self.info.output)} {axes}",
            count,
            self.info.error,
        ]
        self.setToolTip("\n".join(line for line in lines if line))

    @property
    def height(self) -> float:
        return s.height_of(self.inputs)

    def boundingRect(self) -> QRectF:
        return QRectF(-10, -10, s.WIDTH + 20, self.height + 22)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(QRectF(-s.HIT, 0, s.WIDTH + 2 * s.HIT, self.height))
        return path

    def rect(self) -> QRectF:
        """The box without ports and shadow."""
        return QRectF(0, 0, s.WIDTH, self.height)

    def port_at(self, place: QPointF) -> tuple[str, int] | None:
        """("input", number) or ("output", 0) near a point in the node's coordinates."""
        out = s.output_place()
        if (place - out).manhattanLength() <= s.HIT:
            return "output", 0
        for port in range(self.inputs if s.has_inputs(self.node.type) else 0):
            if (place - s.input_place(port, self.inputs)).manhattanLength() <= s.HIT:
                return "input", port
        return None

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        zoom = painter.worldTransform().m11()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.fits is False:
            painter.setOpacity(0.45)
        if zoom >= s.FULL:
            self._paint_full(painter)
        else:
            self._paint_small(painter, zoom)
        painter.setOpacity(1)

    def _edge(self, zoom: float) -> QPen:
        thin = 1.0
        if self.is_selected:
            return QPen(color("accent"), max(2.5, 2 / zoom))
        if self.previewed:
            return QPen(color("success"), 2, Qt.PenStyle.DashLine)
        if self.state == "error":
            return QPen(color("error"), max(2, 2 / zoom))
        if self.state == "warning":
            return QPen(color("warn"), max(2, 2 / zoom))
        if self.fits:
            pen = QPen(color("success"), 2.5)
            pen.setDashPattern([6 / 2.5, 4 / 2.5])
            return pen
        if self.node.bypassed:
            return QPen(color("control"), thin, Qt.PenStyle.DashLine)
        return QPen(color("control" if self.is_hovered else "node_line"), 1.5 if self.is_hovered else thin)

    def _paint_small(self, painter: QPainter, zoom: float) -> None:
        fill, ink = theme().family(s.category_of(self.node.type))
        painter.setPen(self._edge(zoom) if self.is_selected or self.state else Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(self.rect(), 8, 8)
        if zoom < s.GLYPH:
            return
        named = zoom >= s.NAMED
        side = 32.0
        place = QPointF(10 if named else (s.WIDTH - side) / 2, (self.height - side) / 2)
        draw_tile(painter, QRectF(place.x(), place.y(), side, side), s.category_of(self.node.type))
        if named:
            made = font("large", weight=600, scaled=False)
            painter.setFont(made)
            painter.setPen(ink)
            text = QFontMetricsF(made).elidedText(self.node.name, Qt.TextElideMode.ElideMiddle, s.WIDTH - 56)
            painter.drawText(QRectF(48, 0, s.WIDTH - 54, self.height), Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_full(self, painter: QPainter) -> None:
        rect = self.rect()
        if self.fits is not False:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color("shadow"))
            painter.drawRoundedRect(rect.translated(0, 3 if self.is_hovered else 2), 8, 8)
        if self.is_focused:
            painter.setPen(QPen(color("accent"), 2.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(-5, -5, 5, 5), 12, 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color("node"))
        painter.drawRoundedRect(rect, 8, 8)
        if not self.node.bypassed:
            painter.save()
            clip = QPainterPath()
            clip.addRoundedRect(rect, 8, 8)
            painter.setClipPath(clip)
            painter.fillRect(QRectF(0, 0, s.WIDTH, s.DIVIDER), theme().header(s.category_of(self.node.type)))
            painter.restore()
        painter.setPen(QPen(color("line"), 1))
        painter.drawLine(QPointF(0, s.DIVIDER), QPointF(s.WIDTH, s.DIVIDER))
        painter.setPen(self._edge(1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect, 8, 8)
        self._paint_header(painter)
        self._paint_body(painter)
        self._paint_ports(painter)

    def _badges(self) -> list[tuple[str, str]]:
        found = [("error", "error")] if self.state == "error" else []
        found += [("warning", "warn")] if self.state == "warning" else []
        found += [("freeze", "accent")] if not self.node.trainable else []
        return found + ([("bypass", "text")] if self.node.bypassed else [])

    def _paint_header(self, painter: QPainter) -> None:
        draw_tile(painter, QRectF(8, 8, 28, 28), s.category_of(self.node.type), 0.45 if self.node.bypassed else 1.0)
        badges = self._badges()
        room = s.WIDTH - 42 - 8 - 20 * len(badges)
        made = font("body", weight=600, scaled=False)
        painter.setFont(made)
        painter.setPen(color("text"))
        elide = Qt.TextElideMode.ElideMiddle
        painter.drawText(QPointF(42, 20), QFontMetricsF(made).elidedText(self.node.name, elide, room))
        small = font("micro", scaled=False)
        painter.setFont(small)
        painter.setPen(color("text2"))
        text = QFontMetricsF(small).elidedText(s.type_text(self.node), Qt.TextElideMode.ElideRight, s.WIDTH - 48)
        painter.drawText(QPointF(42, 35), text)
        for i, (name, token) in enumerate(reversed(badges)):
            picture = pixmap(name, 32, token, 1.0)
            painter.drawPixmap(QRectF(s.WIDTH - 24 - 20 * i, 6, 16, 16), picture, QRectF(picture.rect()))

    def _paint_body(self, painter: QPainter) -> None:
        shape, axes, state = self.previewed or shape_text(self.info.output), axes_text(self.info.output), "normal"
        if self.previewed:
            state = "preview"
        elif self.state == "error" and "≠" in self.info.rule:
            shape, axes, state = self.info.rule.replace(" ", ""), "", "error"
        right = 8 + draw_chip(painter, 8, self.height - 28, shape, axes, state)
        if self.info.parameters is not None and right < s.WIDTH - 36:
            painter.setFont(font("micro", mono=True, scaled=False))
            painter.setPen(color("text"))
            rest = QRectF(right, self.height - 28, s.WIDTH - 8 - right, 20)
            both = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(rest, both, f"{self.info.parameters:,} p")

    def _paint_ports(self, painter: QPainter) -> None:
        if s.has_inputs(self.node.type):
            for port in range(self.inputs):
                spec = self.info.inputs[port] if port < len(self.info.inputs) else None
                wired = bool(self.wired_inputs >> port & 1)
                draw_port(painter, s.input_place(port, self.inputs), rank_kind(spec), wired, color("wire"))
        if self.fits:
            halo = QColor(color("success"))
            halo.setAlphaF(0.25)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(halo)
            painter.drawEllipse(s.input_place(0, self.inputs), 12, 12)
        draw_port(painter, s.output_place(), rank_kind(self.info.output), self.wired_output, color("wire"))


def draw_port(painter: QPainter, place: QPointF, kind: str, wired: bool, ink: QColor) -> None:
    """A port: its form tells the rank of the value, filled when wired."""
    painter.setPen(QPen(ink if not wired else color("node"), 1.5))
    painter.setBrush(ink if wired else color("node"))
    r, x, y = s.PORT, place.x(), place.y()
    if kind == "image":
        painter.drawRect(QRectF(x - r, y - r, 2 * r, 2 * r))
    elif kind == "sequence":
        painter.drawPolygon(
            QPolygonF([QPointF(x, y - r - 1), QPointF(x + r + 1, y), QPointF(x, y + r + 1), QPointF(x - r - 1, y)])
        )
    elif kind == "volume":
        points = [
            (x - r, y - r / 2),
            (x, y - r - 1),
            (x + r, y - r / 2),
            (x + r, y + r / 2),
            (x, y + r + 1),
            (x - r, y + r / 2),
        ]
        painter.drawPolygon(QPolygonF([QPointF(*p) for p in points]))
    elif kind == "tokens":
        painter.drawPolygon(QPolygonF([QPointF(x - r, y - r), QPointF(x + r, y), QPointF(x - r, y + r)]))
    else:
        painter.drawEllipse(place, r, r)
