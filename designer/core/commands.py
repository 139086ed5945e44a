"""Reversible edits: the only writers of a document. `do` and `undo` mirror each other exactly."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from designer.core.document import NAME, Document, Edge, Frame, Node, NodeId, Note
from designer.core.errors import Refused
from designer.core.settings import DataSettings, TrainingSettings
from designer.core.text import count, tr


class Unset:
    """Marks a setting that goes back to its default."""


UNSET = Unset()


class Command:
    """One edit.

    Attributes:
        text: what undo says ("set conv_2 padding to same").
        gesture: commands of one gesture merge into one step.
    """

    text = ""
    gesture: int | None = None

    def do(self, document: Document) -> None:
        """Make the edit.

        Raises:
            Refused: it cannot be made; nothing has changed.
        """
        raise NotImplementedError

    def undo(self, document: Document) -> None:
        """Take the edit back."""
        raise NotImplementedError

    def merge(self, other: Command) -> bool:
        """Take over a later command of the same gesture; False when it is another edit."""
        return False

    def _same_gesture(self, other: Command) -> bool:
        return type(other) is type(self) and self.gesture is not None and self.gesture == other.gesture


class Compound(Command):
    """Several edits as one step. If one is refused, those before it are taken back."""

    def __init__(self, text: str, commands: Sequence[Command]) -> None:
        self.text, self.commands = text, list(commands)

    def do(self, document: Document) -> None:
        done: list[Command] = []
        with document.transaction():
            try:
                for command in self.commands:
                    command.do(document)
                    done.append(command)
            except Refused:
                for command in reversed(done):
                    command.undo(document)
                raise

    def undo(self, document: Document) -> None:
        with document.transaction():
            for command in reversed(self.commands):
                command.undo(document)


class AddNode(Command):
    """Place a layer."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.text = tr("add {name}", name=node.name)

    def do(self, document: Document) -> None:
        _check_name(document, self.node.name)
        with document.transaction():
            document.write_node(self.node)

    def undo(self, document: Document) -> None:
        with document.transaction():
            document.erase_node(self.node.id)


class RemoveNodes(Command):
    """Take layers off, with their wires."""

    def __init__(self, ids: Sequence[NodeId], text: str = "") -> None:
        self.ids = tuple(dict.fromkeys(ids))
        self.text = text
        self._nodes: list[tuple[int, Node]] = []
        self._edges: list[tuple[int, Edge]] = []

    def do(self, document: Document) -> None:
        missing = [i for i in self.ids if i not in document.nodes]
        if missing:
            raise Refused(tr("A layer to delete is not there any more."))
        gone = set(self.ids)
        names = [document.nodes[i].name for i in self.ids]
        self.text = self.text or tr(
            "delete {what}", what=names[0] if len(names) == 1 else count(len(names), "layer", "layers")
        )
        order = {node: i for i, node in enumerate(document.nodes)}
        self._edges = [(i, e) for i, e in enumerate(document.edges) if e.source in gone or e.target in gone]
        self._nodes = sorted((order[i], document.nodes[i]) for i in self.ids)
        with document.transaction():
            for _, edge in self._edges:
                document.erase_edge(edge)
            for _, node in self._nodes:
                document.erase_node(node.id)

    def undo(self, document: Document) -> None:
        with document.transaction():
            for index, node in self._nodes:
                document.write_node(node, index)
            for index, edge in self._edges:
                document.write_edge(edge, index)


class Connect(Command):
    """Draw a wire."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge

    def do(self, document: Document) -> None:
        with document.transaction():
            document.write_edge(self.edge)
        ends = (document.nodes[self.edge.source].name, document.nodes[self.edge.target].name)
        self.text = tr("connect {a} to {b}", a=ends[0], b=ends[1])

    def undo(self, document: Document) -> None:
        with document.transaction():
            document.erase_edge(self.edge)


class Disconnect(Command):
    """Take a wire off."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self._index = 0

    def do(self, document: Document) -> None:
        if self.edge not in document.edges:
            raise Refused(tr("The wire is not there any more."))
        self._index = document.edges.index(self.edge)
        ends = (document.nodes[self.edge.source].name, document.nodes[self.edge.target].name)
        self.text = tr("disconnect {a} from {b}", a=ends[0], b=ends[1])
        with document.transaction():
            document.erase_edge(self.edge)

    def undo(self, document: Document) -> None:
        with document.transaction():
            document.write_edge(self.edge, self._index)


class InsertOnEdge(Command):
    """Put a new layer into a wire."""

    def __init__(self, node: Node, edge: Edge) -> None:
        first = Edge(edge.source, node.id, 0, edge.output)
        second = Edge(node.id, edge.target, edge.port, 0)
        self.text = tr("insert {name}", name=node.name)
        self._steps = Compound(self.text, [AddNode(node), Disconnect(edge), Connect(first), Connect(second)])

    def do(self, document: Document) -> None:
        self._steps.do(document)

    def undo(self, document: Document) -> None:
        self._steps.undo(document)


Position = tuple[float, float]


class MoveNodes(Command):
    """Move layers (and notes and frames) from old to new places."""

    def __init__(
        self, moves: Mapping[str, tuple[Position, Position]], gesture: int | None = None, text: str = ""
    ) -> None:
        self.moves = dict(moves)
        self.gesture = gesture
        self.text = text or tr("move {what}", what=count(len(self.moves), "item", "items"))

    def do(self, document: Document) -> None:
        self._place(document, 1)

    def undo(self, document: Document) -> None:
        self._place(document, 0)

    def _place(self, document: Document, which: int) -> None:
        with document.transaction():
            for identifier, places in self.moves.items():
                if identifier in document.nodes:
                    document.replace_node(dataclasses.replace(document.nodes[identifier], position=places[which]))
                elif identifier in document.notes:
                    note = dataclasses.replace(document.notes[identifier], position=places[which])
                    document.write_note(identifier, note)
                elif identifier in document.frames:
                    frame = dataclasses.replace(document.frames[identifier], position=places[which])
                    document.write_frame(identifier, frame)

    def merge(self, other: Command) -> bool:
        if not self._same_gesture(other) or not isinstance(other, MoveNodes) or set(other.moves) != set(self.moves):
            return False
        self.moves = {key: (self.moves[key][0], other.moves[key][1]) for key in self.moves}
        return True


class _ChangeNode(Command):
    """Replace one node by a changed copy."""

    def __init__(self, identifier: NodeId) -> None:
        self.id = identifier
        self._before: Node | None = None

    def changed(self, document: Document, node: Node) -> Node:
        raise NotImplementedError

    def do(self, document: Document) -> None:
        node = document.nodes.get(self.id)
        if node is None:
            raise Refused(tr("The layer is not there any more."))
        after = self.changed(document, node)
        self._before = node
        with document.transaction():
            document.replace_node(after)

    def undo(self, document: Document) -> None:
        if self._before is not None:
            with document.transaction():
                document.replace_node(self._before)


class RenameNode(_ChangeNode):
    """Give a layer another name."""

    def __init__(self, identifier: NodeId, name: str) -> None:
        super().__init__(identifier)
        self.name = name.strip()

    def changed(self, document: Document, node: Node) -> Node:
        _check_name(document, self.name, node.id)
        self.text = tr("rename {old} to {new}", old=node.name, new=self.name)
        return dataclasses.replace(node, name=self.name)


class SetParams(_ChangeNode):
    """Change settings of a layer; `UNSET` takes one back to its default."""

    def __init__(self, identifier: NodeId, values: Mapping[str, Any], gesture: int | None = None) -> None:
        super().__init__(identifier)
        self.values, self.gesture = dict(values), gesture

    def changed(self, document: Document, node: Node) -> Node:
        params = dict(node.params)
        for key, value in self.values.items():
            if isinstance(value, Unset):
                params.pop(key, None)
            else:
                params[key] = value
        first = next(iter(self.values))
        value = self.values[first]
        shown = tr("its default") if isinstance(value, Unset) else _shown(value)
        self.text = tr("set {name} {key} to {value}", name=node.name, key=first.replace("_", " "), value=shown)
        return dataclasses.replace(node, params=params)

    def merge(self, other: Command) -> bool:
        if not self._same_gesture(other) or not isinstance(other, SetParams) or other.id != self.id:
            return False
        if set(other.values) != set(self.values):
            return False
        self.values, self.text = other.values, other.text
        return True


class SetTrainable(_ChangeNode):
    """Freeze a layer or let it learn again."""

    def __init__(self, identifier: NodeId, trainable: bool) -> None:
        super().__init__(identifier)
        self.trainable = trainable

    def changed(self, document: Document, node: Node) -> Node:
        word = tr("unfreeze {name}", name=node.name) if self.trainable else tr("freeze {name}", name=node.name)
        self.text = word
        return dataclasses.replace(node, trainable=self.trainable)


class SetBypassed(_ChangeNode):
    """Let the value pass through without the layer, or use it again."""

    def __init__(self, identifier: NodeId, bypassed: bool) -> None:
        super().__init__(identifier)
        self.bypassed = bypassed

    def changed(self, document: Document, node: Node) -> Node:
        self.text = tr("bypass {name}", name=node.name) if self.bypassed else tr("use {name} again", name=node.name)
        return dataclasses.replace(node, bypassed=self.bypassed)


class SetNote(Command):
    """Add, change or (None) remove a note."""

    def __init__(self, identifier: str, note: Note | None) -> None:
        self.id, self.note = identifier, note
        self.text = tr("delete note") if note is None else tr("write note")
        self._before: tuple[Note | None, int | None] = (None, None)

    def do(self, document: Document) -> None:
        known = list(document.notes)
        self._before = document.notes.get(self.id), known.index(self.id) if self.id in known else None
        with document.transaction():
            document.write_note(self.id, self.note)

    def undo(self, document: Document) -> None:
        note, index = self._before
        with document.transaction():
            document.write_note(self.id, note, index)


class SetFrame(Command):
    """Add, change or (None) remove a frame."""

    def __init__(self, identifier: str, frame: Frame | None) -> None:
        self.id, self.frame = identifier, frame
        self.text = tr("delete frame") if frame is None else tr("draw frame")
        self._before: tuple[Frame | None, int | None] = (None, None)

    def do(self, document: Document) -> None:
        known = list(document.frames)
        self._before = document.frames.get(self.id), known.index(self.id) if self.id in known else None
        with document.transaction():
            document.write_frame(self.id, self.frame)

    def undo(self, document: Document) -> None:
        frame, index = self._before
        with document.transaction():
            document.write_frame(self.id, frame, index)


class SetData(Command):
    """Replace the data settings."""

    def __init__(self, settings: DataSettings, text: str = "", gesture: int | None = None) -> None:
        self.settings, self.gesture = settings, gesture
        self.text = text or tr("change data")
        self._before: DataSettings | None = None

    def do(self, document: Document) -> None:
        self._before = document.data
        with document.transaction():
            document.write_data(self.settings)

    def undo(self, document: Document) -> None:
        if self._before is not None:
            with document.transaction():
                document.write_data(self._before)

    def merge(self, other: Command) -> bool:
        if not self._same_gesture(other) or not isinstance(other, SetData):
            return False
        self.settings = other.settings
        return True


class SetTraining(Command):
    """Replace the training settings."""

    def __init__(self, settings: TrainingSettings, text: str = "", gesture: int | None = None) -> None:
        self.settings, self.gesture = settings, gesture
        self.text = text or tr("change training")
        self._before: TrainingSettings | None = None

    def do(self, document: Document) -> None:
        self._before = document.training
        with document.transaction():
            document.write_training(self.settings)

    def undo(self, document: Document) -> None:
        if self._before is not None:
            with document.transaction():
                document.write_training(self._before)

    def merge(self, other: Command) -> bool:
        if not self._same_gesture(other) or not isinstance(other, SetTraining):
            return False
        self.settings = other.settings
        return True


def _check_name(document: Document, name: str, own: NodeId | None = None) -> None:
    if not NAME.fullmatch(name):
        raise Refused(tr("A layer's name has letters, digits, _ . and - only; {name} has others.", name=repr(name)))
    known = document.node_named(name)
    if known is not None and known.id != own:
        raise Refused(tr("Another layer is called {name}. Names in a network are unique.", name=name))


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " × ".join(str(v) for v in value)
    if isinstance(value, Mapping):
        return str(value.get("class_name") or value.get("name") or value)
    return str(value)
