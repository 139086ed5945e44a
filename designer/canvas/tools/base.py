"""What a gesture is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class Tool:
    """A gesture from press to release. Nothing is written before the release; `cancel` puts the pictures back."""

    def __init__(self, view: CanvasView) -> None:
        self.view, self.scene, self.workspace = view, view.canvas, view.workspace

    def move(self, place: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """The mouse is at `place` (scene coordinates)."""

    def release(self, place: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """The button was let go."""

    def cancel(self) -> None:
        """Put everything back."""
