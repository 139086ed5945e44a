"""Moving layers, and selecting with a box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QGraphicsRectItem

from designer.canvas import style as s
from designer.canvas.tools.base import Tool
from designer.core.commands import MoveNodes
from designer.core.document import NodeId
from designer.look.theme import color

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class MoveTool(Tool):
    """Drag the selected layers; they snap to the grid."""

    def __init__(self, view: CanvasView, start: QPointF) -> None:
        super().__init__(view)
        self._start = start
        self._from = {i: self.scene.nodes[i].pos() for i in self.workspace.selection.ids if i in self.scene.nodes}

    def _target(self, node: NodeId, place: QPointF) -> QPointF:
        wished = self._from[node] + place - self._start
        return QPointF(s.snap(wished.x()), s.snap(wished.y()))

    def move(self, place: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        for node in self._from:
            self.scene.nodes[node].setPos(self._target(node, place))
            self.scene.place_edges(node)

    def release(self, place: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        moves = {
            node: ((start.x(), start.y()), (self._target(node, place).x(), self._target(node, place).y()))
            for node, start in self._from.items()
        }
        if any(old != new for old, new in moves.values()):
            self.workspace.run(MoveNodes(moves))

    def cancel(self) -> None:
        for node, start in self._from.items():
            self.scene.nodes[node].setPos(start)
            self.scene.place_edges(node)


class BoxTool(Tool):
    """Select what a box touches; Shift adds."""

    def __init__(self, view: CanvasView, start: QPointF, add: bool) -> None:
        super().__init__(view)
        self._start = start
        self._before = self.workspace.selection.ids if add else ()
        self._box = QGraphicsRectItem()
        self._box.setZValue(9)
        fill = QColor(color("accent"))
        fill.setAlphaF(0.12)
        self._box.setBrush(fill)
        self._box.setPen(QPen(color("accent"), 1))
        self.scene.addItem(self._box)

    def move(self, place: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        rect = QRectF(self._start, place).normalized()
        self._box.setRect(rect)
        hit = [i for i, item in self.scene.nodes.items() if rect.intersects(item.rect().translated(item.pos()))]
        self.workspace.selection.set([*self._before, *hit])

    def release(self, place: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.scene.removeItem(self._box)

    def cancel(self) -> None:
        self.scene.removeItem(self._box)
        self.workspace.selection.set(self._before)
