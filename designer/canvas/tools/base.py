"""What a gesture is: an object that is told of the mouse and decides at release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPainter

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

DRAG_FROM = 4
"""Pixels that the mouse moves before a press becomes a drag."""


class Tool:
    """A gesture. Only pictures change while it goes on; `release` runs one command, `cancel` puts everything back."""

    scrolls = True
    """Whether the view scrolls when the mouse comes to its edge."""

    def __init__(self, view: CanvasView, pixel: QPoint) -> None:
        self.view, self.scene = view, view.canvas
        self.pressed_at = pixel
        self.start = view.mapToScene(pixel)
        self.dragging = False

    def move(self, pixel: QPoint, keys: Qt.KeyboardModifier) -> None:
        """The mouse is at a pixel of the viewport."""
        if not self.dragging and (pixel - self.pressed_at).manhattanLength() >= DRAG_FROM:
            self.dragging = True
        if self.dragging:
            self.drag(self.view.mapToScene(pixel), keys)

    def drag(self, place: QPointF, keys: Qt.KeyboardModifier) -> None:
        """The mouse is dragged to a place of the scene."""

    def release(self, pixel: QPoint, keys: Qt.KeyboardModifier) -> None:
        """The button went up."""

    def cancel(self) -> None:
        """Esc, or the focus went away."""

    def paint(self, painter: QPainter) -> None:
        """Draw what is in the hand, in scene coordinates."""
