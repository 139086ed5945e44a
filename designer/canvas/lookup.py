"""Where things lie in the scene: items by id, by place, and the rectangles that hold them."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRectF
from PySide6.QtWidgets import QGraphicsScene

from designer.canvas.decor_items import FrameItem, NoteItem
from designer.canvas.edge_item import EdgeItem
from designer.canvas.node_item import NodeItem
from designer.core.document import Edge, NodeId


class Lookup(QGraphicsScene):
    """A scene whose items can be asked for.

    Attributes:
        nodes, edges, notes, frames: items by id or edge.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.nodes: dict[NodeId, NodeItem] = {}
        self.edges: dict[Edge, EdgeItem] = {}
        self.notes: dict[str, NoteItem] = {}
        self.frames: dict[str, FrameItem] = {}

    def item_of(self, identifier: str) -> NodeItem | NoteItem | FrameItem | None:
        """The item of a layer, note or frame."""
        return self.nodes.get(identifier) or self.notes.get(identifier) or self.frames.get(identifier)

    def content_rect(self) -> QRectF:
        """What holds every layer, note and frame."""
        rect = QRectF()
        for items in (self.nodes, self.notes, self.frames):
            for item in items.values():  # type: ignore[attr-defined]
                rect = rect.united(item.frame())
        return rect

    def drawn_rect(self) -> QRectF:
        """What holds everything with its wires."""
        rect = self.content_rect()
        for wire in self.edges.values():
            rect = rect.united(wire.route.path.controlPointRect())
        return rect

    def node_at(self, point: QPointF) -> NodeItem | None:
        """The layer whose rectangle or port holds a scene point, the topmost first."""
        reach = 12.0
        near = self.items(QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach))
        found = [item for item in near if isinstance(item, NodeItem)]
        inside = next((item for item in found if item.frame().contains(point)), None)
        return inside or next((item for item in found if item.port_at(point) is not None), None)

    def edge_at(self, point: QPointF, reach: float = 8.0) -> EdgeItem | None:
        """The wire nearest to a scene point."""
        near = self.items(QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach))
        found = [(item.distance(point), id(item), item) for item in near if isinstance(item, EdgeItem)]
        return min(found)[2] if found and min(found)[0] <= reach else None

    def decor_at(self, point: QPointF) -> NoteItem | FrameItem | None:
        """The note or frame (by its border or title) at a scene point."""
        note = next((item for item in self.notes.values() if item.holds_point(point)), None)
        return note or next((item for item in self.frames.values() if item.holds_point(point)), None)

    def inside(self, rect: QRectF) -> list[str]:
        """Ids of layers and notes that a rubber band touches."""
        touched = [i for i, item in self.nodes.items() if item.frame().intersects(rect)]
        return touched + [i for i, item in self.notes.items() if item.frame().intersects(rect)]
