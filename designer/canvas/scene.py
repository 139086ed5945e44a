"""The scene: a projection of the document. Items are made, moved and removed only when the document says so."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsScene

from designer.canvas import style as s
from designer.canvas.decoration import FrameItem, NoteItem
from designer.canvas.edge_item import RISE, EdgeItem
from designer.canvas.node_item import NodeItem
from designer.core import changes as ch
from designer.core.document import Edge, NodeId
from designer.core.ports import shape_text
from designer.editing.workspace import Workspace
from designer.look.theme import color, theme_changed

GRID = 16


class CanvasScene(QGraphicsScene):
    """Items by node and edge."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.nodes: dict[NodeId, NodeItem] = {}
        self.edges: dict[Edge, EdgeItem] = {}
        self.notes: dict[str, NoteItem] = {}
        self.frames: dict[str, FrameItem] = {}
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.BspTreeIndex)
        document = workspace.document
        for frame in document.frames.values():
            self._show_frame(frame.id)
        for node in document.nodes:
            self._add_node(node)
        for edge in document.edges:
            self._add_edge(edge)
        for note in document.notes.values():
            self._show_note(note.id)
        workspace.changed.connect(self._on_changes)
        workspace.analysed.connect(self._on_analysed)
        workspace.problems_changed.connect(lambda _: self._show_problems())
        workspace.preview_changed.connect(self._show_preview)
        workspace.selection.changed.connect(self._show_selection)
        theme_changed.connect(self._restyle)
        self._show_problems()

    # Following the document.
    def _on_changes(self, changes: list[ch.Change]) -> None:
        touched: set[NodeId] = set()
        for change in changes:
            if isinstance(change, ch.NodeAdded):
                self._add_node(change.node.id) if change.node.id in self.workspace.document.nodes else None
            elif isinstance(change, ch.NodeRemoved):
                self._remove_node(change.node.id)
            elif isinstance(change, ch.NodeChanged):
                self._change_node(change)
                touched.add(change.after.id)
            elif isinstance(change, ch.EdgeAdded):
                self._add_edge(change.edge)
                touched |= {change.edge.source, change.edge.target}
            elif isinstance(change, ch.EdgeRemoved):
                self._remove_edge(change.edge)
                touched |= {change.edge.source, change.edge.target}
            elif isinstance(change, ch.NoteChanged):
                self._show_note((change.after or change.before).id)  # type: ignore[union-attr]
            elif isinstance(change, ch.FrameChanged):
                self._show_frame((change.after or change.before).id)  # type: ignore[union-attr]
        for node in touched & set(self.nodes):
            self._refresh_ports(node)
            self.place_edges(node)

    def _add_node(self, node: NodeId) -> None:
        document = self.workspace.document
        if node in self.nodes:
            return
        item = NodeItem(document.nodes[node], self.workspace.analysis.info(node), self._slots(node), (0, False))
        self.nodes[node] = item
        self.addItem(item)
        self._refresh_ports(node)

    def _slots(self, node: NodeId) -> int:
        document = self.workspace.document
        slots = document.inputs(node)
        return max(len(slots), 1)

    def _refresh_ports(self, node: NodeId) -> None:
        document, item = self.workspace.document, self.nodes[node]
        slots = document.inputs(node)
        item.prepareGeometryChange()
        item.inputs = max(len(slots), 1)
        item.wired_inputs = sum(1 << i for i, edge in enumerate(slots) if edge is not None)
        item.wired_output = bool(document.outputs(node))
        item.update()

    def _remove_node(self, node: NodeId) -> None:
        item = self.nodes.pop(node, None)
        if item is not None:
            self.removeItem(item)

    def _change_node(self, change: ch.NodeChanged) -> None:
        item = self.nodes[change.after.id]
        item.node = change.after
        if change.before.position != change.after.position:
            item.setPos(*change.after.position)
        item.tell()
        item.update()

    def _add_edge(self, edge: Edge) -> None:
        if edge in self.edges or edge not in self.workspace.document.edges:
            return
        item = EdgeItem(edge)
        self.edges[edge] = item
        self.addItem(item)
        self._refresh_ports(edge.source)
        self._refresh_ports(edge.target)
        self._label(edge)
        self.place_edges(edge.source)
        self.place_edges(edge.target)

    def _remove_edge(self, edge: Edge) -> None:
        item = self.edges.pop(edge, None)
        if item is not None:
            self.removeItem(item)

    def place_edges(self, node: NodeId) -> None:
        """Draw the wires of a node where its item stands now."""
        document = self.workspace.document
        for edge in (*document.outputs(node), *(e for e in document.inputs(node) if e)):
            item = self.edges.get(edge)
            if item is not None:
                source, target = self.nodes[edge.source], self.nodes[edge.target]
                start = source.pos() + s.output_place()
                end = target.pos() + s.input_place(edge.port, target.inputs)
                item.place(start, end, self._skips(edge, start, end))

    def _skips(self, edge: Edge, start: QPointF, end: QPointF) -> float:
        """Height to rise when layers lie between the ends of a wire in the same row."""
        if end.x() - start.x() < 1.2 * s.WIDTH or abs(end.y() - start.y()) > 60:
            return 0.0
        middle = QRectF(start.x() + 8, min(start.y(), end.y()) - 8, end.x() - start.x() - 16, 16)
        between = [
            i for i in self.items(middle) if isinstance(i, NodeItem) and i.node.id not in (edge.source, edge.target)
        ]
        return RISE if between else 0.0

    def _show_note(self, identifier: str) -> None:
        old = self.notes.pop(identifier, None)
        if old is not None:
            self.removeItem(old)
        note = self.workspace.document.notes.get(identifier)
        if note is not None:
            self.notes[identifier] = NoteItem(note)
            self.addItem(self.notes[identifier])

    def _show_frame(self, identifier: str) -> None:
        old = self.frames.pop(identifier, None)
        if old is not None:
            self.removeItem(old)
        frame = self.workspace.document.frames.get(identifier)
        if frame is not None:
            self.frames[identifier] = FrameItem(frame)
            self.addItem(self.frames[identifier])

    # Facts, problems, selection.
    def _on_analysed(self, ids: set[NodeId]) -> None:
        for node in ids & set(self.nodes):
            item = self.nodes[node]
            item.info = self.workspace.analysis.info(node)
            item.tell()
            item.update()
            for edge in self.workspace.document.outputs(node):
                self._label(edge)

    def _label(self, edge: Edge) -> None:
        item = self.edges.get(edge)
        if item is not None:
            output = self.workspace.analysis.info(edge.source).output
            item.label = "" if output is None else shape_text(output)
            item.update()

    def _show_problems(self) -> None:
        states = {p.node: p.severity for p in reversed(self.workspace.problems) if p.node and p.severity != "advice"}
        shapes = {p.node for p in self.workspace.problems if p.severity == "error" and p.key.startswith("shape")}
        for node, item in self.nodes.items():
            item.state = states.get(node, "")
            item.update()
        for edge, wire in self.edges.items():
            wire.failing = edge.target in shapes
            wire.update()

    def _show_preview(self, shown: object) -> None:
        shapes = self.workspace.preview.shapes if self.workspace.preview else {}
        for node, item in self.nodes.items():
            item.previewed = shape_text(shapes[node][0]) if shapes.get(node) else None
            item.update()
        for edge, wire in self.edges.items():
            wire.previewed = shape_text(shapes[edge.source][0]) if shapes.get(edge.source) else None
            wire.update()

    def _show_selection(self) -> None:
        selection = self.workspace.selection
        for node, item in self.nodes.items():
            if item.is_selected != (node in selection.ids):
                item.is_selected = node in selection.ids
                item.update()
        for edge, wire in self.edges.items():
            if wire.is_selected != (edge == selection.edge):
                wire.is_selected = edge == selection.edge
                wire.update()

    def _restyle(self, _: object = None) -> None:
        self.update()

    def content(self) -> QRectF:
        """The box around everything drawn."""
        rect = QRectF()
        for item in (*self.nodes.values(), *self.notes.values(), *self.frames.values()):
            rect = rect.united(item.sceneBoundingRect())
        return rect

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        area = QRectF(rect)
        painter.fillRect(area, color("canvas"))
        zoom = painter.worldTransform().m11()
        if zoom < 0.5:
            return
        painter.setPen(QPen(color("grid"), 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        left, top = int(area.left()) // GRID * GRID, int(area.top()) // GRID * GRID
        columns, rows = range(left, int(area.right()) + GRID, GRID), range(top, int(area.bottom()) + GRID, GRID)
        painter.drawPoints([QPointF(x, y) for x in columns for y in rows])
