"""Move: layers, notes and frames follow the mouse on the grid. A frame takes along what lies in it.

Ctrl+drag leaves the layers and moves copies; one unwired layer that is dropped on a wire goes into it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt

from designer.canvas import operations
from designer.canvas.style import snap
from designer.canvas.tools.base import Tool
from designer.core.commands import MoveNodes
from designer.core.document import Edge

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class MoveTool(Tool):
    """Drags the selection from one of its items."""

    def __init__(self, view: CanvasView, pixel: QPoint, pressed: str, keys: Qt.KeyboardModifier) -> None:
        super().__init__(view, pixel)
        self._pressed = pressed
        self._keys = keys
        selection = view.workspace.selection
        self._was_selected = pressed in selection
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if not self._was_selected:
            selection.add([pressed]) if keys & both else selection.set([pressed])
        self._origins: dict[str, QPointF] = {}
        self._wire: Edge | None = None

    def _pick_up(self) -> None:
        taken = dict.fromkeys(self.view.workspace.selection.items)
        for identifier in tuple(taken):
            frame = self.scene.frames.get(identifier)
            if frame is not None:
                area = frame.frame()
                taken |= dict.fromkeys(i for i, item in self.scene.nodes.items() if area.contains(item.frame()))
                taken |= dict.fromkeys(i for i, item in self.scene.notes.items() if area.contains(item.frame()))
        items = {identifier: self.scene.item_of(identifier) for identifier in taken}
        self._origins = {identifier: item.pos() for identifier, item in items.items() if item is not None}
        self.scene.dragged = frozenset(self._origins)

    def drag(self, place: QPointF, keys: Qt.KeyboardModifier) -> None:
        if not self._origins:
            self._pick_up()
        anchor = self._origins[self._pressed]
        wanted = anchor + place - self.start
        step = QPointF(snap(wanted.x()), snap(wanted.y())) - anchor
        for identifier, origin in self._origins.items():
            self.scene.place(identifier, origin + step)
        self._look_for_wire(place)

    def _look_for_wire(self, place: QPointF) -> None:
        """A single layer without wires may go into the wire under the mouse."""
        self._wire = None
        document = self.view.workspace.document
        if len(self._origins) == 1 and self._pressed in document.nodes and not document.graph.degree(self._pressed):
            found = self.scene.edge_at(place, 12.0)
            self._wire = found.edge if found is not None and operations.can_insert(document, self._pressed) else None
        self.scene.set_state("fitting_edge", self._wire)

    def release(self, pixel: QPoint, keys: Qt.KeyboardModifier) -> None:
        if not self.dragging:
            self._click()
            return
        moves = {}
        for identifier, origin in self._origins.items():
            item = self.scene.item_of(identifier)
            if item is not None and item.pos() != origin:
                moves[identifier] = ((origin.x(), origin.y()), (item.x(), item.y()))
        wire, copies = self._wire, bool(keys & Qt.KeyboardModifier.ControlModifier)
        if copies or not moves:
            self._put_back()
        self._end()
        if not moves:
            return
        if copies:
            operations.duplicate(self.view, {i: new for i, (_, new) in moves.items()})
        elif wire is not None:
            self.view.try_run(operations.insert_existing(self.view.workspace.document, self._pressed, wire, moves))
        elif not self.view.try_run(MoveNodes(moves)):
            self._put_back()
        self.scene.settle()

    def _click(self) -> None:
        """A click without drag: one of several becomes the only one; with Ctrl or Shift it is toggled."""
        selection = self.view.workspace.selection
        if self._keys & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier):
            if self._was_selected:
                selection.toggle([self._pressed])
        else:
            selection.set([self._pressed])

    def _put_back(self) -> None:
        for identifier, origin in self._origins.items():
            self.scene.place(identifier, origin)

    def _end(self) -> None:
        self.scene.dragged = frozenset()
        self.scene.set_state("fitting_edge", None)

    def cancel(self) -> None:
        self._put_back()
        self._end()
        self.scene.settle()
