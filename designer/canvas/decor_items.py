"""Notes and frames: what people write and draw around layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QTextLayout, QTextOption
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from designer.canvas import style
from designer.core.document import Frame, Note
from designer.look.painting import rounded
from designer.look.theme import theme

if TYPE_CHECKING:
    from designer.canvas.scene import CanvasScene


INDENT, MARGIN, LEADING = 12.0, 10.0, 16.5
"""Pixels of a note: beside its text, above and below it, from line to line."""


class _DecorItem(QGraphicsItem):
    """A rectangle with words at its place in the scene."""

    def __init__(self, scene: CanvasScene, thing: Note | Frame, z: float) -> None:
        super().__init__()
        self.canvas, self.thing = scene, thing
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setZValue(z)
        self.setPos(*thing.position)

    def set_thing(self, thing: Note | Frame) -> None:
        """Show another state."""
        self.prepareGeometryChange()
        self.thing = thing
        self.setPos(*thing.position)
        self.update()

    @property
    def area(self) -> QRectF:
        return QRectF(0, 0, *self.thing.size)

    def frame(self) -> QRectF:
        """The rectangle in the scene."""
        return QRectF(self.x(), self.y(), *self.thing.size)

    def boundingRect(self) -> QRectF:
        return self.area.adjusted(-4, -4, 4, 8)

    def _edge(self, token: str, width: float) -> tuple[QColor, float]:
        chosen = self.thing.id in self.canvas.selected
        return theme().color("accent" if chosen else token), 2.5 if chosen else width


class FrameItem(_DecorItem):
    """A dashed border with a title; layers lie on it."""

    def __init__(self, scene: CanvasScene, frame: Frame) -> None:
        super().__init__(scene, frame, -1)

    def holds_point(self, point: QPointF) -> bool:
        """Whether a press there means the frame: its title strip or its border, not what lies in it."""
        off = point - self.pos()
        inner = self.area.adjusted(6, 30, -6, -6)
        return bool(self.area.contains(off)) and not inner.contains(off)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        current = theme()
        edge, width = self._edge("control", 1.0)
        tint = QColor(current.color("text"))
        tint.setAlphaF(0.0 if current.high_contrast else 0.04)
        rounded(painter, self.area, 12, tint, edge, width, (2.5, 2.5) if width == 1.0 else None)
        if painter.worldTransform().m11() >= style.NAMED and isinstance(self.thing, Frame):
            painter.setPen(current.color("text2"))
            painter.setFont(style.canvas_font("small", False, 600))
            painter.drawText(QPointF(14, 20), self.thing.title)


class NoteItem(_DecorItem):
    """A text on paper; its first line is bold. Paper that is too short for its text grows."""

    def __init__(self, scene: CanvasScene, note: Note) -> None:
        super().__init__(scene, note, 0)

    @property
    def area(self) -> QRectF:
        width, height = self.thing.size
        return QRectF(0, 0, width, max(height, self._paragraphs()[1]))

    def frame(self) -> QRectF:
        return self.area.translated(self.pos())

    def holds_point(self, point: QPointF) -> bool:
        """Whether a scene point lies on the note."""
        return bool(self.area.contains(point - self.pos()))

    def _paragraphs(self) -> tuple[list[QTextLayout], float]:
        """The wrapped text, and the height it needs."""
        if not isinstance(self.thing, Note):
            return [], 0.0
        first, _, rest = self.thing.text.partition("\n")
        layouts, y = [], MARGIN
        for text, weight in ((first, 600), *((part, None) for part in rest.splitlines())):
            layout, y = _wrapped(text, weight, self.thing.size[0] - 2 * INDENT, y)
            layouts.append(layout)
        return layouts, y + MARGIN

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        current = theme()
        edge, width = self._edge("note_edge", current.line_width)
        rounded(painter, self.area, 5, current.color("note"), edge, width)
        if painter.worldTransform().m11() < style.NAMED:
            return
        painter.setPen(current.color("text"))
        for layout in self._paragraphs()[0]:
            layout.draw(painter, QPointF(INDENT, 0))


def _wrapped(text: str, weight: int | None, width: float, y: float) -> tuple[QTextLayout, float]:
    """A paragraph in lines of a width, from y down; and where it ends."""
    layout = QTextLayout(text, style.canvas_font("small", False, weight))
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(0, y))
        y += LEADING
    layout.endLayout()
    return layout, y
