"""The zoomed-out picture: all layers and wires from arrays in a few calls, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QTransform

from designer.canvas import style
from designer.core.document import Edge, NodeId
from designer.look.icons import glyph, pixmap
from designer.look.theme import theme

SMOOTH_UP_TO = 300
"""Wires up to this number are drawn smooth."""


class Overview:
    """Rectangles by family and lines, changed in place: moving a layer touches its own entries only."""

    def __init__(self) -> None:
        self._rects: dict[str, list[QRectF]] = {}
        self._owners: dict[str, list[NodeId]] = {}
        self._place: dict[NodeId, tuple[str, int]] = {}
        self._lines: list[QLineF] = []
        self._edges: list[Edge] = []
        self._line_of: dict[Edge, int] = {}
        self._stamps: tuple[float, dict[str, list[tuple[int, int]]]] | None = None

    def put_node(self, node: NodeId, family: str, rect: QRectF) -> None:
        """Add a layer or give it another rectangle."""
        known = self._place.get(node)
        self._stamps = None
        if known is not None and known[0] == family:
            self._rects[family][known[1]] = rect
            return
        if known is not None:
            self.drop_node(node)
        rects = self._rects.setdefault(family, [])
        self._place[node] = (family, len(rects))
        rects.append(rect)
        self._owners.setdefault(family, []).append(node)

    def drop_node(self, node: NodeId) -> None:
        """Take a layer off; the last of its family takes its entry."""
        self._stamps = None
        family, index = self._place.pop(node)
        rects, owners = self._rects[family], self._owners[family]
        last_rect, last_owner = rects.pop(), owners.pop()
        if last_owner != node:
            rects[index], owners[index] = last_rect, last_owner
            self._place[last_owner] = (family, index)

    def put_edge(self, edge: Edge, start: QPointF, end: QPointF) -> None:
        """Add a wire or move its ends."""
        index = self._line_of.get(edge)
        if index is not None:
            self._lines[index] = QLineF(start, end)
            return
        self._line_of[edge] = len(self._lines)
        self._lines.append(QLineF(start, end))
        self._edges.append(edge)

    def drop_edge(self, edge: Edge) -> None:
        """Take a wire off."""
        index = self._line_of.pop(edge)
        last_line, last_edge = self._lines.pop(), self._edges.pop()
        if last_edge != edge:
            self._lines[index], self._edges[index] = last_line, last_edge
            self._line_of[last_edge] = index

    def content(self) -> tuple[dict[NodeId, tuple[str, QRectF]], dict[Edge, QLineF]]:
        """Everything that would be drawn, by owner."""
        nodes = {node: (family, self._rects[family][index]) for node, (family, index) in self._place.items()}
        return nodes, {edge: self._lines[index] for edge, index in self._line_of.items()}

    def paint(
        self, painter: QPainter, transform: QTransform, marks: Iterable[tuple[QRectF, str]], glyphs: bool = True
    ) -> None:
        """Draw everything.

        Args:
            transform: from the scene to the widget.
            marks: rectangles to outline by 2 px in a colour token: selection and problems.
            glyphs: False for the minimap.
        """
        current, scale = theme(), transform.m11()
        painter.setWorldTransform(transform)
        wire = QPen(current.color("wire"), 1.25)
        wire.setCosmetic(True)
        painter.setPen(wire)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(self._lines) <= SMOOTH_UP_TO)
        painter.drawLines(self._lines)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        for family, rects in self._rects.items():
            painter.setBrush(current.family(family)[0])
            painter.drawRects(rects)
        if glyphs and scale >= style.GLYPHS:
            self._paint_glyphs(painter, transform, scale)
        painter.setWorldTransform(transform)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for rect, token in marks:
            edge = QPen(current.color(token), 2)
            edge.setCosmetic(True)
            painter.setPen(edge)
            out = 2 / scale
            painter.drawRect(rect.adjusted(-out, -out, out, out))

    def _paint_glyphs(self, painter: QPainter, transform: QTransform, scale: float) -> None:
        """One stored picture of each family's glyph at every layer of it, in whole pixels."""
        side, ratio = max(4, round(48 * scale)), painter.device().devicePixelRatioF()
        if self._stamps is None or self._stamps[0] != scale:
            self._stamps = (scale, self._make_stamps(scale, side))
        # Stamps lie in whole pixels from the scene's origin; only the scroll position is left.
        painter.setWorldTransform(QTransform.fromTranslate(round(transform.dx()), round(transform.dy())))
        draw = painter.drawPixmap
        for family, stamps in self._stamps[1].items():
            picture = pixmap(glyph(family), side, theme().family(family)[1], ratio)
            for x, y in stamps:
                draw(x, y, picture)

    def _make_stamps(self, scale: float, side: int) -> dict[str, list[tuple[int, int]]]:
        """Where glyphs lie at a scale."""
        half = side / 2
        return {
            family: [
                (
                    round((rect.x() + rect.width() / 2) * scale - half),
                    round((rect.y() + rect.height() / 2) * scale - half),
                )
                for rect in rects
            ]
            for family, rects in self._rects.items()
        }
