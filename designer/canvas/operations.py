"""Edits of the canvas as single commands: add, insert, delete, reconnect, nudge, duplicate, arrange."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from designer.canvas.style import SNAP, WIDTH
from designer.core.commands import (
    AddNode,
    Command,
    Compound,
    Connect,
    Disconnect,
    InsertOnEdge,
    MoveNodes,
    Position,
    RemoveNodes,
    SetFrame,
    SetNote,
)
from designer.core.document import Document, Edge, Node, NodeId, ports_of
from designer.core.errors import Refused
from designer.core.text import count, tr
from designer.editing.placing import new_node
from designer.editing.workspace import Workspace

if TYPE_CHECKING:
    from designer.canvas.edits import Edits

LEAST_GAP = 44.0


@dataclass(frozen=True)
class Feeding:
    """An open input that a new layer shall feed."""

    node: NodeId
    port: int


def takes_input(layer_type: str) -> bool:
    """Whether anything can be wired into a layer of this type."""
    return ports_of(layer_type)[1] != 0


def can_insert(document: Document, node: NodeId) -> bool:
    """Whether an existing layer can go into a wire."""
    return takes_input(document.nodes[node].type)


def add(workspace: Workspace, layer_type: str, position: Position, source: NodeId | None = None,
        feeding: Feeding | None = None) -> tuple[Node, Command]:  # fmt: skip
    """A new layer at a place, wired from `source` or into an open input when given."""
    document = workspace.document
    spec = workspace.analysis.info(source).output if source is not None else None
    node = new_node(document, layer_type, position, spec)
    steps: list[Command] = [AddNode(node)]
    if source is not None and takes_input(layer_type):
        steps.append(Connect(Edge(source, node.id, 0)))
        text = tr("add {name} after {source}", name=node.name, source=document.nodes[source].name)
    elif feeding is not None:
        steps.append(Connect(Edge(node.id, feeding.node, feeding.port)))
        text = tr("add {name} before {target}", name=node.name, target=document.nodes[feeding.node].name)
    else:
        return node, steps[0]
    return node, Compound(text, steps)


def insert(workspace: Workspace, layer_type: str, position: Position, edge: Edge) -> tuple[Node, Command]:
    """A new layer in a wire; what comes after moves aside when there is no room."""
    document = workspace.document
    spec = workspace.analysis.info(edge.source).output
    source, target = document.nodes[edge.source], document.nodes[edge.target]
    level = abs(source.position[1] - target.position[1]) < 44 and target.position[0] > source.position[0]
    if level:
        # In a row the layer stands in line, whatever the height at which it was dropped.
        position = max(position[0], source.position[0] + WIDTH + LEAST_GAP + 8), source.position[1]
    node = new_node(document, layer_type, position, spec)
    lacking = node.position[0] + WIDTH + LEAST_GAP + 8 - target.position[0] if level else 0.0
    command: Command = InsertOnEdge(node, edge)
    if lacking > 0:
        moves = _aside(document, edge.target, -(-lacking // SNAP) * SNAP)
        command = Compound(command.text, [command, MoveNodes(moves)])
    return node, command


def _aside(document: Document, first: NodeId, step: float) -> dict[str, tuple[Position, Position]]:
    """Moves to the right for a layer and all after it that stand in its row."""
    x0, y0 = document.nodes[first].position
    after = [document.nodes[i] for i in document.downstream({first})]
    row = [n for n in after if n.position[0] >= x0 and abs(n.position[1] - y0) < 80]
    return {n.id: (n.position, (n.position[0] + step, n.position[1])) for n in row}


def insert_existing(
    document: Document, node: NodeId, edge: Edge, moves: Mapping[str, tuple[Position, Position]]
) -> Command:
    """A layer that was dragged onto a wire goes into it."""
    first, second = Edge(edge.source, node, 0, edge.output), Edge(node, edge.target, edge.port)
    text = tr("insert {name}", name=document.nodes[node].name)
    return Compound(text, [MoveNodes(moves), Disconnect(edge), Connect(first), Connect(second)])


def delete(workspace: Workspace) -> Command | None:
    """Take off what is selected and nothing else; None when nothing is."""
    selection, document = workspace.selection, workspace.document
    if selection.edge is not None:
        return Disconnect(selection.edge)
    steps: list[Command] = [RemoveNodes(selection.ids)] if selection.ids else []
    steps += [SetNote(i, None) for i in selection.items if i in document.notes]
    steps += [SetFrame(i, None) for i in selection.items if i in document.frames]
    if not steps:
        return None
    if len(steps) == 1:
        return steps[0]
    return Compound(tr("delete {what}", what=count(len(selection.items), "item", "items")), steps)


def delete_and_reconnect(document: Document, ids: Sequence[NodeId]) -> Command | None:
    """Take layers off and wire what fed them to what they fed.

    Raises:
        Refused: a layer has several inputs, so it is open which of them goes on.
    """
    gone = set(ids)
    if not gone:
        return None
    for node in ids:
        if len({e.source for e in document.inputs(node) if e}) > 1:
            raise Refused(tr("{name} joins several wires; which one goes on is open.", name=document.nodes[node].name))
    steps: list[Command] = [RemoveNodes(ids)]
    for edge in document.edges:
        if edge.source not in gone or edge.target in gone:
            continue
        source: NodeId | None = edge.source
        while source in gone:
            before = next((e for e in document.inputs(source) if e), None)
            source = before.source if before is not None else None
        if source is not None:
            steps.append(Connect(Edge(source, edge.target, edge.port)))
    names = [document.nodes[i].name for i in ids]
    what = names[0] if len(names) == 1 else count(len(names), "layer", "layers")
    return Compound(tr("delete {what} and reconnect", what=what), steps)


def nudge(workspace: Workspace, dx: float, dy: float, gesture: int) -> Command | None:
    """Move what is selected by pixels; nudges of one gesture merge."""
    document = workspace.document
    moves: dict[str, tuple[Position, Position]] = {}
    for identifier in workspace.selection.items:
        thing = document.nodes.get(identifier) or document.notes.get(identifier) or document.frames.get(identifier)
        if thing is not None:
            x, y = thing.position
            moves[identifier] = (x, y), (x + dx, y + dy)
    return MoveNodes(moves, gesture=gesture) if moves else None


def duplicate(view: Edits, places: Mapping[str, Position] | None = None) -> None:
    """Copies of the selected layers with the wires between them, at the given places or a little below."""
    document = view.workspace.document
    chosen = [i for i in (places or view.workspace.selection.ids) if i in document.nodes]
    if not chosen:
        return
    new_ids: dict[NodeId, NodeId] = {}
    taken: set[str] = set()
    steps: list[Command] = []
    for identifier in chosen:
        node = document.nodes[identifier]
        name = document.fresh_name(node.type, taken)
        taken.add(name)
        new_ids[identifier] = document.fresh_id()
        x, y = places[identifier] if places else (node.position[0] + 24, node.position[1] + 96)
        steps.append(AddNode(dataclasses.replace(node, id=new_ids[identifier], name=name, position=(x, y))))
    for edge in document.edges:
        if edge.source in new_ids and edge.target in new_ids:
            steps.append(Connect(Edge(new_ids[edge.source], new_ids[edge.target], edge.port, edge.output)))
    what = document.nodes[chosen[0]].name if len(chosen) == 1 else count(len(chosen), "layer", "layers")
    if view.try_run(Compound(tr("duplicate {what}", what=what), steps)):
        view.workspace.selection.set(new_ids.values())
