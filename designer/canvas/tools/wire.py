"""Wire: from an output to an input or the other way, or a wire's end picked up from its input.

Fitting ports glow and all else fades; a refusal says its reason at the cursor; a drop on nothing offers layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPainter

from designer.canvas import operations, style
from designer.canvas.node_item import NodeItem
from designer.canvas.routes import forward
from designer.canvas.tools.base import Tool
from designer.canvas.wiring import Wiring
from designer.core.commands import Command, Compound, Connect, Disconnect
from designer.core.document import Edge
from designer.core.ports import rank_kind, shape_text
from designer.core.text import tr
from designer.look.painting import pen
from designer.look.theme import theme

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class WireTool(Tool):
    """A wire in the hand."""

    def __init__(self, view: CanvasView, pixel: QPoint, item: NodeItem, side: str, port: int) -> None:
        super().__init__(view, pixel)
        replaced = self._wire_in(view, item, port) if side == "in" else None
        if replaced is not None:
            source = self.scene.nodes[replaced.source]
            self.wiring = Wiring(view.workspace, source.node.id, "out", replaced=replaced)
            self.anchor = source.output_point()
        else:
            self.wiring = Wiring(view.workspace, item.node.id, side, port)
            self.anchor = item.output_point() if side == "out" else item.input_point(port)
        self.pressed = (item, side, port)
        self.place = self.anchor
        self.target: NodeItem | None = None
        self.target_port: int | None = None

    @staticmethod
    def _wire_in(view: CanvasView, item: NodeItem, port: int) -> Edge | None:
        slots = view.workspace.document.inputs(item.node.id)
        return slots[port] if port < len(slots) else None

    def drag(self, place: QPointF, keys: Qt.KeyboardModifier) -> None:
        if self.scene.wiring is None:
            self.scene.set_wiring(self.wiring)
        self.place = place
        self.target = self.scene.node_at(place)
        found = self.target.port_at(place) if self.target is not None else None
        self.target_port = found[1] if found is not None and found[0] == "in" else None
        fits = self.target is not None and self.target.node.id != self.wiring.node
        fits = fits and self.wiring.reaches(self.target.node.id)  # type: ignore[union-attr]
        self.scene.set_state("drop_target", self.target.node.id if fits and self.target is not None else None)
        self.view.viewport().update()

    def release(self, pixel: QPoint, keys: Qt.KeyboardModifier) -> None:
        self._end()
        if not self.dragging:
            self.view.workspace.selection.set([self.pressed[0].node.id])
            return
        if self.target is None:
            self._drop_on_nothing()
        elif self.target.node.id != self.wiring.node:
            self._drop_on(self.target)

    def _drop_on(self, target: NodeItem) -> None:
        edge, replaced = self.wiring.edge_to(target.node.id, self.target_port), self.wiring.replaced
        if edge is None or edge == replaced:
            return
        refusal = self.wiring.refusal(edge)
        if refusal and not (replaced is not None and edge.target == replaced.target and edge.port == replaced.port):
            self.view.say_at_cursor(refusal)
            return
        if replaced is None:
            self.view.try_run(Connect(edge))
            return
        names = self.view.workspace.document.nodes
        steps: list[Command] = [Disconnect(replaced), Connect(edge)]
        self.view.try_run(Compound(tr("move the wire to {name}", name=names[edge.target].name), steps))

    def _drop_on_nothing(self) -> None:
        if self.wiring.replaced is not None:
            self.view.try_run(Disconnect(self.wiring.replaced))
        elif self.wiring.side == "out":
            self.view.offer(self.place, self.wiring.node)
        else:
            self.view.offer(self.place, None, operations.Feeding(self.wiring.node, self.wiring.port))

    def cancel(self) -> None:
        self._end()

    def _end(self) -> None:
        self.scene.set_state("drop_target", None)
        self.scene.set_wiring(None)

    def paint(self, painter: QPainter) -> None:
        if not self.dragging:
            return
        end = self._snapped()
        start = self.anchor
        if self.wiring.side == "in":
            start, end = end, start
        bad = self.target is not None and self.target.node.id != self.wiring.node and self.scene.drop_target is None
        token = "error" if bad else "accent"
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen(theme().color(token), 2.5, (7, 5) if bad else None))
        painter.drawPath(forward(start, end).path)
        hand = end if self.wiring.side == "out" else start
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color(token))
        painter.drawPath(style.port_path("any", 14).translated(hand))
        self._paint_pill(painter, token)

    def _snapped(self) -> QPointF:
        """The end of the wire: in the fitting port when there is one."""
        item = self.target
        if item is None or self.scene.drop_target is None:
            return self.place
        edge = self.wiring.edge_to(item.node.id, self.target_port)
        if self.wiring.side == "in" or edge is None:
            return item.output_point()
        return item.input_point(edge.port)

    def _paint_pill(self, painter: QPainter, token: str) -> None:
        spec = self.wiring.spec
        if spec is not None and rank_kind(spec):
            real = painter.worldTransform().m11() * painter.device().devicePixelRatioF()
            place = self.place + QPointF(-36, 30)
            style.draw_label(painter, place.x(), place.y(), shape_text(spec), token, real, bold=True, pill=True)
