"""The scene: items that mirror the document. It hears lists of changes and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtWidgets import QGraphicsItem

from designer.canvas.decor_items import FrameItem, NoteItem
from designer.canvas.edge_item import EdgeItem
from designer.canvas.lookup import Lookup
from designer.canvas.node_item import NodeItem
from designer.canvas.overview import Overview
from designer.canvas.wiring import Wiring
from designer.core import changes as ch
from designer.core.commands import Command, Compound
from designer.core.document import Edge, Frame, NodeId, Note
from designer.core.problems import RepairPreview
from designer.editing.workspace import Workspace
from designer.look.theme import theme_changed
from engine.catalog import Spec

ROOM = 2048.0
"""The scene's rectangle grows in steps of this size, so that its index is seldom built anew."""
LONG = 200.0
"""A wire longer than this may have to rise over layers in between."""


class CanvasScene(Lookup):
    """Items by id, and what is special about them right now.

    Attributes:
        selected, hovered, focused, drop_target, dragged: ids in these states.
        wiring: what fits while a wire is in the hand, or None.
    """

    content_changed = Signal()
    """Something was added, removed or moved."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.overview = Overview()
        self.selected: frozenset[str] = frozenset()
        self.selected_edge: Edge | None = None
        self.hovered: NodeId | None = None
        self.hovered_edge: Edge | None = None
        self.focused: NodeId | None = None
        self.drop_target: NodeId | None = None
        self.fitting_edge: Edge | None = None
        self.dragged: frozenset[str] = frozenset()
        self.wiring: Wiring | None = None
        self.preview_changed_nodes: frozenset[NodeId] = frozenset()
        self._wires: dict[NodeId, set[EdgeItem]] = {}
        self._severity: dict[NodeId, str] = {}
        self._long: set[EdgeItem] = set()
        self._area = QRectF()
        self._build()
        workspace.changed.connect(self._on_changed)
        workspace.analysed.connect(self._on_analysed)
        workspace.problems_changed.connect(self._on_problems)
        workspace.preview_changed.connect(self._on_preview)
        workspace.selection.changed.connect(self._on_selection)
        theme_changed.connect(self._repaint)

    def _repaint(self, _: object = None) -> None:
        self.update()

    # Building and following.
    def _build(self) -> None:
        document = self.workspace.document
        for frame in document.frames.values():
            self._set_frame(frame.id, frame)
        for note in document.notes.values():
            self._set_note(note.id, note)
        for node in document.nodes:
            self._add_node(node)
        self._fit_area()
        for edge in document.edges:
            self._add_edge(edge)
        self._bend(self._long)
        self._side_labels(document.nodes)
        self._on_problems(self.workspace.problems)
        self._on_selection()

    def _on_changed(self, changes: list[ch.Change]) -> None:
        touched: set[NodeId] = set()
        wired: set[NodeId] = set()
        for change in changes:
            match change:
                case ch.NodeAdded(node):
                    if node.id in self.workspace.document.nodes and node.id not in self.nodes:
                        self._add_node(node.id)
                        touched.add(node.id)
                case ch.NodeRemoved(node):
                    self._remove_node(node.id)
                    touched.discard(node.id)
                case ch.NodeChanged(before, after):
                    touched.add(after.id)
                case ch.EdgeAdded(edge) | ch.EdgeRemoved(edge):
                    wired |= {edge.source, edge.target}
                    self._keep_edge(edge)
                case ch.NoteChanged(before, after):
                    self._set_note((after or before).id, after)  # type: ignore[union-attr]
                case ch.FrameChanged(before, after):
                    self._set_frame((after or before).id, after)  # type: ignore[union-attr]
        self._refresh((touched | wired) & self.nodes.keys())
        self._side_labels(wired & self.nodes.keys())
        self._fit_area()
        self.content_changed.emit()

    def _keep_edge(self, edge: Edge) -> None:
        """Bring one wire in step with the document as it is at the end of the transaction."""
        there = self._has_edge(edge)
        if there and edge not in self.edges:
            self._add_edge(edge)
        elif not there and edge in self.edges:
            self._remove_edge(edge)

    def _has_edge(self, edge: Edge) -> bool:
        document = self.workspace.document
        if edge.source not in document.nodes or edge.target not in document.nodes:
            return False
        slots = document.inputs(edge.target)
        return edge.port < len(slots) and slots[edge.port] == edge

    def _refresh(self, nodes: Iterable[NodeId]) -> None:
        """Redraw layers from the document, with their wires."""
        document = self.workspace.document
        moved: set[NodeId] = set()
        for identifier in nodes:
            item, node = self.nodes[identifier], document.nodes[identifier]
            before = (item.width, item.height, item.inputs)
            item.set_node(node, len(document.inputs(identifier)))
            if (item.x(), item.y()) != node.position:
                item.setPos(*node.position)
                moved.add(identifier)
            if before != (item.width, item.height, item.inputs):
                moved.add(identifier)
        for identifier in moved:
            self._follow(identifier)
        if moved:
            self._bend(self._long)

    def _add_node(self, identifier: NodeId) -> None:
        document = self.workspace.document
        item = NodeItem(self, document.nodes[identifier], len(document.inputs(identifier)))
        self.nodes[identifier] = item
        self._wires[identifier] = set()
        self.addItem(item)
        self.overview.put_node(identifier, item.family, item.frame())

    def _remove_node(self, identifier: NodeId) -> None:
        item = self.nodes.pop(identifier, None)
        if item is None:
            return
        for wire in tuple(self._wires.get(identifier, ())):
            self._remove_edge(wire.edge)
        self._wires.pop(identifier, None)
        self._severity.pop(identifier, None)
        self.overview.drop_node(identifier)
        self.removeItem(item)
        self.hovered = None if self.hovered == identifier else self.hovered
        self.focused = None if self.focused == identifier else self.focused

    def _add_edge(self, edge: Edge) -> None:
        source, target = self.nodes.get(edge.source), self.nodes.get(edge.target)
        if source is None or target is None:
            return
        item = EdgeItem(self, edge, source, target)
        self.edges[edge] = item
        self._wires[edge.source].add(item)
        self._wires[edge.target].add(item)
        self.addItem(item)
        start, end = source.output_point(), target.input_point(edge.port)
        self.overview.put_edge(edge, start, end)
        if end.x() - start.x() > LONG:
            self._long.add(item)
            self._bend({item})

    def _remove_edge(self, edge: Edge) -> None:
        item = self.edges.pop(edge)
        self._wires[edge.source].discard(item)
        self._wires[edge.target].discard(item)
        self._long.discard(item)
        self.overview.drop_edge(edge)
        self.removeItem(item)
        self.hovered_edge = None if self.hovered_edge == edge else self.hovered_edge

    def _set_note(self, identifier: str, note: Note | None) -> None:
        if note is None:
            if identifier in self.notes:
                self.removeItem(self.notes.pop(identifier))
        elif identifier in self.notes:
            self.notes[identifier].set_thing(note)
        else:
            self.notes[identifier] = NoteItem(self, note)
            self.addItem(self.notes[identifier])

    def _set_frame(self, identifier: str, frame: Frame | None) -> None:
        if frame is None:
            if identifier in self.frames:
                self.removeItem(self.frames.pop(identifier))
        elif identifier in self.frames:
            self.frames[identifier].set_thing(frame)
        else:
            self.frames[identifier] = FrameItem(self, frame)
            self.addItem(self.frames[identifier])

    # Places.
    def place(self, identifier: str, position: QPointF) -> None:
        """Draw an item elsewhere while it is dragged; the document is not touched."""
        item = self.item_of(identifier)
        if item is None or item.pos() == position:
            return
        item.setPos(position)
        if identifier in self.nodes:
            self._follow(identifier)

    def settle(self) -> None:
        """Bend the wires that rise over layers, after a drag."""
        self._bend(self._long)

    def _follow(self, identifier: NodeId) -> None:
        """Bring overview and wires to where a layer is now."""
        item = self.nodes[identifier]
        self.overview.put_node(identifier, item.family, item.frame())
        for wire in self._wires[identifier]:
            start, end = wire.source.output_point(), wire.target.input_point(wire.edge.port)
            (self._long.add if end.x() - start.x() > LONG else self._long.discard)(wire)
            if end.x() - start.x() <= LONG:
                wire.over = None
            wire.reroute()
            self.overview.put_edge(wire.edge, start, end)

    def _bend(self, wires: Iterable[EdgeItem]) -> None:
        """Let long wires rise over the layers that lie in their way."""
        for wire in tuple(wires):
            over = self._top_between(wire)
            if over != wire.over:
                wire.over = over
                wire.reroute()

    def _top_between(self, wire: EdgeItem) -> float | None:
        start, end = wire.source.output_point(), wire.target.input_point(wire.edge.port)
        low, high = sorted((start.y(), end.y()))
        strip = QRectF(start.x() + 8, low - 2, end.x() - start.x() - 16, high - low + 4)
        ends = (wire.source, wire.target)
        tops = [
            item.y()
            for item in self.items(strip)
            if isinstance(item, NodeItem) and item not in ends and item.frame().intersects(strip)
        ]
        return min([*tops, wire.source.y(), wire.target.y()]) if tops else None

    def _side_labels(self, nodes: Iterable[NodeId]) -> None:
        """Where an arch leaves the same port, the label of the level wire goes below."""
        for identifier in nodes:
            leaving = [wire for wire in self._wires[identifier] if wire.edge.source == identifier]
            arched = any(wire.over is not None for wire in leaving)
            for wire in leaving:
                below = arched and wire.over is None
                if below != wire.below:
                    wire.below = below
                    wire.update()

    def _fit_area(self) -> None:
        wanted = self.content_rect().adjusted(-ROOM / 2, -ROOM / 2, ROOM / 2, ROOM / 2)
        if not self._area.contains(wanted):
            self._area = self._area.united(wanted.adjusted(-ROOM, -ROOM, ROOM, ROOM))
            self.setSceneRect(self._area)

    # What is special now.
    def _on_analysed(self, nodes: set[NodeId]) -> None:
        for identifier in nodes & self.nodes.keys():
            self.nodes[identifier].forget()
            for wire in self._wires[identifier]:
                wire.forget()

    def _on_problems(self, _: object) -> None:
        fresh: dict[NodeId, str] = {}
        for problem in reversed(self.workspace.problems):
            if problem.node is not None and problem.severity in ("error", "warning"):
                fresh[problem.node] = problem.severity
        differing = {i for i in fresh.keys() | self._severity.keys() if fresh.get(i) != self._severity.get(i)}
        self._severity = fresh
        self._renew(differing)

    def _on_selection(self) -> None:
        selection = self.workspace.selection
        before, before_edge = self.selected, self.selected_edge
        self.selected, self.selected_edge = frozenset(selection.items), selection.edge
        for identifier in before ^ self.selected:
            item = self.item_of(identifier)
            if item is not None:
                item.update()
        for edge in (before_edge, self.selected_edge):
            if edge in self.edges:
                self.edges[edge].update()

    def _on_preview(self, preview: RepairPreview | None) -> None:
        self.preview_changed_nodes = frozenset(touched_by(preview.repair.command) if preview is not None else ())
        self._renew(set(self.nodes))

    def _renew(self, nodes: set[NodeId]) -> None:
        for identifier in nodes & self.nodes.keys():
            self.nodes[identifier].forget()
            for wire in self._wires[identifier]:
                wire.forget()

    def set_wiring(self, wiring: Wiring | None) -> None:
        """Show what fits while a wire is in the hand."""
        self.wiring, self.drop_target = wiring, None
        self.update()

    def set_state(self, name: str, value: object) -> None:
        """Change one of the single states ("hovered", "hovered_edge", "focused", "drop_target", "fitting_edge")."""
        before = getattr(self, name)
        if before == value:
            return
        setattr(self, name, value)
        for key in (before, value):
            item: QGraphicsItem | None = self.edges.get(key) if isinstance(key, Edge) else self.nodes.get(str(key))
            if item is not None:
                item.update()

    def severity(self, node: NodeId) -> str:
        """ "error", "warning" or ""."""
        return self._severity.get(node, "")

    def marked(self) -> dict[NodeId, str]:
        """Layers to outline when zoomed out, with the colour."""
        colors = {"error": "error", "warning": "warn"}
        found = {node: colors[severity] for node, severity in self._severity.items()}
        return {**found, **{node: "accent" for node in self.selected if node in self.nodes}}

    def previewed(self, node: NodeId) -> Spec | None:
        """What a layer would give with the repair that is being shown, if that differs."""
        preview = self.workspace.preview
        shapes = preview.shapes.get(node) if preview is not None else None
        return shapes[0] if shapes else None

    def faded(self, node: NodeId) -> bool:
        """Whether a layer is out of reach for the wire in the hand."""
        return self.wiring is not None and not self.wiring.reaches(node)

    def faded_edge(self, edge: Edge) -> bool:
        return self.wiring is not None and edge == self.wiring.replaced

    def reason(self, node: NodeId) -> str:
        """Why it is out of reach, in a few words."""
        return self.wiring.reason(node) if self.wiring is not None else ""

    def port_glows(self, node: NodeId, side: str, port: int) -> bool:
        """Whether a port accepts the wire in the hand."""
        return self.wiring is not None and self.wiring.accepts(node, side, port)

    def bad_edge(self, edge: Edge) -> bool:
        """Whether what flows through a wire is what its target refuses."""
        if self._severity.get(edge.target) != "error":
            return False
        info = self.workspace.analysis.info(edge.target)
        return info.state == "error" and not info.param and self._stands_out(edge)

    def _stands_out(self, edge: Edge) -> bool:
        """Of several inputs only the one that differs from most (or the last) is drawn as bad."""
        slots = [e for e in self.workspace.document.inputs(edge.target) if e is not None]
        return len(slots) == 1 or edge == slots[-1]


def touched_by(command: Command) -> set[NodeId]:
    """Layers whose settings a command changes."""
    if isinstance(command, Compound):
        return {node for part in command.commands for node in touched_by(part)}
    identifier = getattr(command, "id", None)
    return {identifier} if isinstance(identifier, str) else set()
