"""Pan: the canvas sticks to the mouse (middle button, right button, or Space)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt

from designer.canvas.tools.base import Tool

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class PanTool(Tool):
    """Moves the view; may run while another gesture is under way."""

    scrolls = False

    def __init__(self, view: CanvasView, pixel: QPoint, button: Qt.MouseButton) -> None:
        super().__init__(view, pixel)
        self.button = button
        self._last = pixel

    def move(self, pixel: QPoint, keys: Qt.KeyboardModifier) -> None:
        self.dragging = self.dragging or (pixel - self.pressed_at).manhattanLength() >= 4
        if self.dragging:
            self.view.pan(pixel - self._last)
            self._last = pixel
