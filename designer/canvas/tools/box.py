"""Rubber band: selects what it touches. Shift adds, Ctrl toggles; a click on nothing selects nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from designer.canvas.tools.base import Tool
from designer.look.theme import theme

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class BoxTool(Tool):
    """Box selection from empty canvas."""

    def __init__(self, view: CanvasView, pixel: QPoint) -> None:
        super().__init__(view, pixel)
        self._end = self.start
        self._before = view.workspace.selection.items

    @property
    def rect(self) -> QRectF:
        return QRectF(self.start, self._end).normalized()

    def drag(self, place: QPointF, keys: Qt.KeyboardModifier) -> None:
        self._end = place
        self._select(keys)
        self.view.viewport().update()

    def _select(self, keys: Qt.KeyboardModifier) -> None:
        touched, before = self.scene.inside(self.rect), self._before
        if keys & Qt.KeyboardModifier.ControlModifier:
            kept = [i for i in before if i not in touched]
            touched = kept + [i for i in touched if i not in before]
        elif keys & Qt.KeyboardModifier.ShiftModifier:
            touched = [*before, *touched]
        self.view.workspace.selection.set(touched)

    def release(self, pixel: QPoint, keys: Qt.KeyboardModifier) -> None:
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if not self.dragging and not keys & both:
            self.view.workspace.selection.clear()

    def cancel(self) -> None:
        self.view.workspace.selection.set(self._before)

    def paint(self, painter: QPainter) -> None:
        if self.dragging:
            edge = theme().color("accent")
            fill = QColor(edge)
            fill.setAlphaF(0.12)
            line = QPen(edge, 1.5)
            line.setCosmetic(True)
            painter.setPen(line)
            painter.setBrush(fill)
            painter.drawRect(self.rect)
