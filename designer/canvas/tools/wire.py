"""Drawing a wire: fitting layers glow, others fade, and a refusal says why at the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsPathItem

from designer.canvas import style as s
from designer.canvas.edge_item import wire_path
from designer.canvas.node_item import NodeItem
from designer.canvas.tools.base import Tool
from designer.core.catalog import component
from designer.core.commands import Connect
from designer.core.document import Edge, NodeId
from designer.core.errors import Refused
from designer.core.ports import fits, shape_text
from designer.look.theme import color

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class WireTool(Tool):
    """A wire in the hand, from an output or from an input."""

    def __init__(self, view: CanvasView, node: NodeId, kind: str, port: int) -> None:
        super().__init__(view)
        self._node, self._kind, self._port = node, kind, port
        item = self.scene.nodes[node]
        self._anchor = item.pos() + (s.output_place() if kind == "output" else s.input_place(port, item.inputs))
        self._wire = QGraphicsPathItem()
        self._wire.setZValue(8)
        pen = QPen(color("accent"), 2.5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        self._wire.setPen(pen)
        self.scene.addItem(self._wire)
        self._mark()

    def _mark(self) -> None:
        """Which layers the wire can go to: computed once, so that moving costs nothing."""
        document = self.workspace.document
        graph = document.graph
        related = nx.ancestors(graph, self._node) if self._kind == "output" else nx.descendants(graph, self._node)
        spec = self.workspace.analysis.info(self._node).output if self._kind == "output" else None
        for other, item in self.scene.nodes.items():
            if other == self._node:
                continue
            ok = other not in related
            if ok and self._kind == "output":
                known = component(item.node.type)
                free = document.can_connect(Edge(self._node, other, document.free_port(other))) is None
                ok = free and known is not None and fits(known, spec) is None
            item.fits = ok
            item.update()

    def _unmark(self) -> None:
        for item in self.scene.nodes.values():
            item.fits = None
            item.update()
        self.scene.removeItem(self._wire)

    def move(self, place: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        ends = (self._anchor, place) if self._kind == "output" else (place, self._anchor)
        self._wire.setPath(wire_path(*ends))
        self.view.scroll_near_edge(place)

    def release(self, place: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        target = self.view.node_at(place, near=True)
        self._unmark()
        if target is None or target.node.id == self._node:
            if target is None and self._kind == "output":
                self.view.offer(place, self._node)
            return
        edge = self._edge(target, place)
        try:
            self.workspace.run(Connect(edge))
        except Refused as error:
            self.view.say_at_cursor(error.sentence)
            return
        self._say_if_unfit(edge)

    def _edge(self, target: NodeItem, place: QPointF) -> Edge:
        document = self.workspace.document
        if self._kind == "input":
            return Edge(target.node.id, self._node, self._port)
        found = target.port_at(place - target.pos())
        slots = document.inputs(target.node.id)
        port = found[1] if found and found[0] == "input" else document.free_port(target.node.id)
        if port < len(slots) and slots[port] is not None:
            port = document.free_port(target.node.id)
        return Edge(self._node, target.node.id, port)

    def _say_if_unfit(self, edge: Edge) -> None:
        """The wire is drawn, but the value may not fit; the problem says it too."""
        document, analysis = self.workspace.document, self.workspace.analysis
        known = component(document.nodes[edge.target].type)
        refusal = fits(known, analysis.info(edge.source).output) if known else None
        if refusal is not None:
            shape = shape_text(analysis.info(edge.source).output)
            self.view.say_at_cursor(f"{shape}: {refusal.sentence}")

    def cancel(self) -> None:
        self._unmark()
