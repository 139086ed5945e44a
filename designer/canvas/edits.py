"""Every edit of the canvas as a method: what keys, menus, buttons and gestures call."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from designer.canvas import operations, style
from designer.canvas.camera import Camera
from designer.canvas.floating import Bubble
from designer.canvas.operations import Feeding
from designer.canvas.problem_card import ProblemCard
from designer.canvas.quick_add import QuickAdd
from designer.canvas.scene import CanvasScene
from designer.core.commands import Command, MoveNodes, SetBypassed, SetTrainable
from designer.core.document import NodeId
from designer.core.errors import Refused
from designer.core.layout import layered
from designer.core.text import tr
from designer.editing import clipboard
from designer.editing.placing import place_after
from designer.editing.workspace import Workspace


class Edits(Camera):
    """A view that edits. `said(str)` tells what was said at the cursor."""

    said = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(CanvasScene(workspace), parent)
        self.canvas.setParent(self)
        self.workspace = workspace
        self.quick_add: QuickAdd | None = None
        self.card = ProblemCard(self)
        self._bubble = Bubble(self)
        self._pixel = QPoint()
        self._nudges = 0

    def say_at_cursor(self, sentence: str) -> None:
        """A reason, at the cursor, for three seconds."""
        self._bubble.say(sentence, self.viewport().mapTo(self, self._pixel))
        self.said.emit(sentence)

    # Going somewhere.
    def show_node(self, node: NodeId) -> None:
        """Go to a layer, select it, and show its problem if it has one."""
        if node in self.canvas.nodes:
            self.workspace.selection.set([node])
            self.reveal(node)
            if self.canvas.severity(node) == "error":
                self.card.open(node)

    center_on = show_node

    def fit_animated(self) -> None:
        self.fit(animated=True)

    def fit_selection(self) -> None:
        """Show what is selected, or everything."""
        rect = QRectF()
        for identifier in self.workspace.selection.items:
            item = self.canvas.item_of(identifier)
            rect = rect.united(item.frame()) if item is not None else rect
        self.fit(rect, animated=True)

    def reset_zoom(self) -> None:
        self.zoom_to(1.0)

    # Editing.
    def try_run(self, command: Command | None) -> bool:
        """Run a command; a refusal is said at the cursor."""
        if command is None:
            return False
        try:
            self.workspace.run(command)
        except Refused as refusal:
            self.say_at_cursor(refusal.sentence)
            return False
        return True

    def try_apply(self) -> None:
        """Make the repair that is previewed."""
        if self.workspace.preview is not None:
            self.try_run(self.workspace.preview.repair.command)

    def offer(self, place: QPointF | None = None, source: NodeId | None = None, feeding: Feeding | None = None) -> None:
        """The quick-add box at a place of the scene, with what fits after `source` first."""
        if self.quick_add is not None:
            self.quick_add.dismiss()
        self._bubble.hide()
        target = place if place is not None else self.mapToScene(self.viewport().rect().center())
        box = QuickAdd(self.window(), self.workspace, source, feeding)
        self.quick_add = box
        box.closed.connect(self._quick_add_closed)
        box.chosen.connect(lambda name, again: self._place_chosen(box, name, target, again))
        box.open_at(self.viewport().mapTo(self.window(), self.mapFromScene(target)))

    def offer_after(self, node: NodeId) -> None:
        """The quick-add box for what comes after a layer, beside it."""
        self.offer(self.canvas.nodes[node].output_point() + QPointF(52, 0), node)

    def _quick_add_closed(self) -> None:
        self.quick_add = None
        self.setFocus()

    def _place_chosen(self, box: QuickAdd, name: str, target: QPointF, again: bool) -> None:
        added = self.add_component(name, target, box.source, box.feeding)
        if added is not None and again:
            box.go_on_after(added)
            target += QPointF(200, 0)

    def add_component(self, layer_type: str, place: QPointF, source: NodeId | None = None,
                      feeding: Feeding | None = None) -> NodeId | None:  # fmt: skip
        """Add a layer whose input (when wired), or middle, comes to a place of the scene; its id, None if refused."""
        x = place.x() - (style.WIDTH if feeding is not None else 0 if source is not None else style.WIDTH / 2)
        node, command = operations.add(self.workspace, layer_type, (x, place.y() - style.DIVIDER), source, feeding)
        return self._added(node.id, command)

    def _added(self, node: NodeId, command: Command) -> NodeId | None:
        if not self.try_run(command):
            return None
        self.workspace.selection.set([node])
        return node

    def drop_component(self, layer_type: str, place: QPointF) -> NodeId | None:
        """Add a layer around a place of the scene; on a wire it is inserted there."""
        wire = self.canvas.edge_at(place, 12.0) if operations.takes_input(layer_type) else None
        self.setFocus()
        if wire is None:
            return self.add_component(layer_type, place)
        corner = (place.x() - style.WIDTH / 2, place.y() - style.DIVIDER)
        node, command = operations.insert(self.workspace, layer_type, corner, wire.edge)
        return self._added(node.id, command)

    def place_near_selection(self, layer_type: str) -> None:
        """Add a layer after the selected one and wire it; right of everything when nothing is selected."""
        document, current = self.workspace.document, self.workspace.selection.current
        open_end = current is not None and not document.outputs(current) and operations.takes_input(layer_type)
        node, command = operations.add(
            self.workspace, layer_type, place_after(document, current), current if open_end else None
        )
        if self._added(node.id, command) is not None:
            self.reveal(node.id) if len(document.nodes) > 1 else self.fit()

    def delete_selection(self) -> None:
        """Delete what is selected, and nothing else."""
        self.try_run(operations.delete(self.workspace))

    def delete_and_reconnect(self) -> None:
        """Delete the selected layers and wire what came before them to what came after."""
        try:
            command = operations.delete_and_reconnect(self.workspace.document, self.workspace.selection.ids)
        except Refused as refusal:
            self.say_at_cursor(refusal.sentence)
            return
        self.try_run(command)

    def copy(self) -> bool:
        """Put what is selected on the clipboard, as text; whether there was anything."""
        text = clipboard.copied(self.workspace.document, self.workspace.selection.items)
        if text:
            QGuiApplication.clipboard().setText(text)
        else:
            self.say_at_cursor(tr("Nothing is selected. Click a layer, or drag a box around several."))
        return bool(text)

    def cut(self) -> None:
        """Copy what is selected and delete it."""
        if self.copy():
            self.delete_selection()

    def paste(self) -> None:
        """Add the layers on the clipboard, select them and show them."""
        try:
            clip = clipboard.read(QGuiApplication.clipboard().text())
        except Refused as refusal:
            self.say_at_cursor(refusal.sentence)
            return
        command, added = clipboard.paste(self.workspace.document, clip)
        if self.try_run(command):
            self.workspace.selection.set(added)
            for identifier in added:
                if identifier in self.workspace.document.nodes:
                    self.reveal(identifier)

    def duplicate(self) -> None:
        """Copies of the selected layers."""
        operations.duplicate(self)

    def toggle_bypass(self) -> None:
        """Let values pass by the selected layer, or through it again."""
        node = self.workspace.selection.current
        if node is not None:
            self.try_run(SetBypassed(node, not self.workspace.document.nodes[node].bypassed))

    def toggle_frozen(self) -> None:
        """Keep the selected layer's weights as they are in training, or train them again."""
        node = self.workspace.selection.current
        if node is not None:
            self.try_run(SetTrainable(node, not self.workspace.document.nodes[node].trainable))

    def nudge(self, dx: int, dy: int, steps: int = 1) -> None:
        """Move what is selected by grid steps."""
        gesture = self._nudges or self.workspace.history.new_gesture()
        step = style.SNAP * steps
        self.try_run(operations.nudge(self.workspace, dx * step, dy * step, gesture))

    def select_all(self) -> None:
        """Select every layer, note and frame."""
        document = self.workspace.document
        self.workspace.selection.set([*document.nodes, *document.notes, *document.frames])

    def arrange(self) -> None:
        """Lay the selected layers out, or all of them, in one step."""
        document, chosen = self.workspace.document, set(self.workspace.selection.ids)
        part = chosen if len(chosen) > 1 else None
        wrap = max(self.viewport().width() - 48, 620) if len(document.nodes) < 60 and part is None else None
        places = layered(document, part, wrap)
        moves = {i: (document.nodes[i].position, p) for i, p in places.items() if document.nodes[i].position != p}
        if moves and self.try_run(MoveNodes(moves, text=tr("arrange layers"))) and part is None:
            self.fit(animated=True)
