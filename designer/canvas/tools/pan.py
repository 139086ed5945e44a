"""Panning: middle button, right button, or Space with the left one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class PanTool:
    """Moves the view, in pixels of the window. It works while another gesture is under way."""

    def __init__(self, view: CanvasView, start: QPoint) -> None:
        self._view, self._last = view, start
        self.moved = False

    def move(self, place: QPoint) -> None:
        """The mouse is at `place` (pixels)."""
        delta = place - self._last
        self.moved |= delta.manhattanLength() > 0
        self._last = place
        self._view.pan(delta)
