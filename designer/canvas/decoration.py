"""Notes and frames."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from designer.core.document import Frame, Note
from designer.look.fonts import font
from designer.look.theme import color


class NoteItem(QGraphicsItem):
    """A text on the canvas; its first line is its title."""

    def __init__(self, note: Note) -> None:
        super().__init__()
        self.note = note
        self.setPos(*note.position)
        self.setZValue(0.5)

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, *self.note.size).adjusted(-1, -1, 1, 1)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(0, 0, *self.note.size)
        painter.setPen(QPen(color("note_edge"), 1))
        painter.setBrush(color("note"))
        painter.drawRoundedRect(rect, 4, 4)
        title, _, body = self.note.text.partition("\n")
        painter.setPen(color("text"))
        painter.setFont(font("small", weight=600, scaled=False))
        painter.drawText(rect.adjusted(12, 10, -10, -8), Qt.TextFlag.TextWordWrap, title)
        painter.setFont(font("small", scaled=False))
        painter.drawText(rect.adjusted(12, 29, -10, -6), Qt.TextFlag.TextWordWrap, body)


class FrameItem(QGraphicsItem):
    """A titled border around layers."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.frame = frame
        self.setPos(*frame.position)
        self.setZValue(-1)

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, *self.frame.size).adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill = QColor(color("text"))
        fill.setAlphaF(0.04)
        pen = QPen(color("control"), 1)
        pen.setDashPattern([3, 3])
        painter.setPen(pen)
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(0, 0, *self.frame.size), 12, 12)
        painter.setFont(font("small", weight=600, scaled=False))
        painter.setPen(color("text2"))
        painter.drawText(QRectF(14, 6, self.frame.size[0] - 28, 20), Qt.AlignmentFlag.AlignVCenter, self.frame.title)
