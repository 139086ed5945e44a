"""Drop: a component dragged from the palette is added where it lands, or inserted into the wire under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPointF, QRectF
from PySide6.QtGui import QColor, QPainter

from designer.canvas import operations, style
from designer.core.catalog import component
from designer.look.painting import draw_tile, rounded
from designer.look.theme import theme

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

MIME = "application/x-bricklayer-component"


def dragged_component(data: QMimeData) -> str | None:
    """Name of the component that is dragged, if one is."""
    if not data.hasFormat(MIME):
        return None
    name = bytes(data.data(MIME).data()).decode("utf-8", "replace")
    return name if component(name) is not None else None


class DropTool:
    """Shows where the layer would land."""

    def __init__(self, view: CanvasView, layer_type: str) -> None:
        self.view, self.layer_type = view, layer_type
        self._place: QPointF | None = None

    def move(self, place: QPointF) -> None:
        """The mouse drags over a place of the scene."""
        self._place = place
        wire = self.view.canvas.edge_at(place, 12.0) if operations.takes_input(self.layer_type) else None
        self.view.canvas.set_state("fitting_edge", wire.edge if wire is not None else None)
        self.view.viewport().update()

    def drop(self, place: QPointF) -> None:
        """It was let go there."""
        self.move(place)
        self.cancel()
        self.view.drop_component(self.layer_type, place)

    def cancel(self) -> None:
        """It was dragged away."""
        self._place = None
        self.view.canvas.set_state("fitting_edge", None)
        self.view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        """A pale layer in the hand."""
        if self._place is None:
            return
        corner = self._place - QPointF(style.WIDTH / 2, style.DIVIDER)
        x, y = style.snap(corner.x()), style.snap(corner.y())
        current = theme()
        fill = QColor(current.color("node"))
        fill.setAlphaF(0.7)
        rounded(painter, QRectF(x, y, style.WIDTH, style.HEIGHT), 8, fill, current.color("accent"), 2, (6, 4))
        draw_tile(painter, QRectF(x + 8, y + 8, 28, 28), style.category_of(self.layer_type))
        painter.setPen(current.color("text"))
        painter.setFont(style.canvas_font("body", False, 600))
        painter.drawText(QPointF(x + 42, y + 26), self.layer_type)
