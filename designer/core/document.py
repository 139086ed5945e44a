"""The document: a directed acyclic graph of layers with its notes, data and training settings.

Only commands write, inside `transaction()`; views read and subscribe. Each transaction ends with one list of changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import networkx as nx

from designer.core import changes as ch
from designer.core.errors import Refused
from designer.core.settings import DataSettings, TrainingSettings
from designer.core.text import tr
from engine import catalog
from engine.core.naming import to_snake_case

NodeId = str
Subscriber = Callable[[list[ch.Change]], None]
PORTS = 1000
"""Most inputs of a layer."""

NAME = re.compile(r"[A-Za-z0-9_.\-]+")


@dataclass(frozen=True)
class Node:
    """One layer of the network.

    Attributes:
        id: stable, never shown.
        type: name of the layer in the catalogue ("Conv2D", "Input").
        name: the layer's name in the model, unique in the document.
        params: settings that differ from their defaults, as JSON values.
        position: top left corner on the canvas.
        trainable: False when frozen.
        bypassed: the value passes through without the layer.
    """

    id: NodeId
    type: str
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    position: tuple[float, float] = (0.0, 0.0)
    trainable: bool = True
    bypassed: bool = False


@dataclass(frozen=True)
class Edge:
    """A wire from an output of `source` to input number `port` of `target`."""

    source: NodeId
    target: NodeId
    port: int = 0
    output: int = 0


@dataclass(frozen=True)
class Note:
    """A text on the canvas."""

    id: str
    text: str
    position: tuple[float, float]
    size: tuple[float, float] = (160.0, 72.0)


@dataclass(frozen=True)
class Frame:
    """A titled border around layers; decoration only."""

    id: str
    title: str
    position: tuple[float, float]
    size: tuple[float, float]


class Document:
    """A network being designed.

    Attributes:
        revision: grows with every transaction.
    """

    def __init__(self, name: str = "") -> None:
        self._graph = nx.MultiDiGraph()
        self._nodes: dict[NodeId, Node] = {}
        self._edges: dict[Edge, None] = {}
        self._notes: dict[str, Note] = {}
        self._frames: dict[str, Frame] = {}
        self._data, self._training = DataSettings(), TrainingSettings()
        self._name = name
        self._counter = 0
        self._order: dict[NodeId, int] | None = None
        self._subscribers: list[Subscriber] = []
        self._pending: list[ch.Change] | None = None
        self.revision = 0

    # Reading.
    @property
    def graph(self) -> nx.MultiDiGraph:
        """The graph of node ids, read-only."""
        return nx.freeze(self._graph.copy(as_view=True))

    @property
    def nodes(self) -> Mapping[NodeId, Node]:
        return MappingProxyType(self._nodes)

    @property
    def edges(self) -> tuple[Edge, ...]:
        return tuple(self._edges)

    @property
    def notes(self) -> Mapping[str, Note]:
        return MappingProxyType(self._notes)

    @property
    def frames(self) -> Mapping[str, Frame]:
        return MappingProxyType(self._frames)

    @property
    def data(self) -> DataSettings:
        return self._data

    @property
    def training(self) -> TrainingSettings:
        return self._training

    @property
    def name(self) -> str:
        return self._name

    def inputs(self, node: NodeId) -> list[Edge | None]:
        """The wires into a node by input number; None where an input is open."""
        incoming = [edge for _, _, edge in self._graph.in_edges(node, keys=True)]
        least = ports_of(self._nodes[node].type)[0]
        count = max([edge.port + 1 for edge in incoming] + [least])
        slots: list[Edge | None] = [None] * count
        for edge in incoming:
            slots[edge.port] = edge
        return slots

    def outputs(self, node: NodeId) -> list[Edge]:
        """The wires out of a node, in the order in which they were drawn."""
        order = {edge: i for i, edge in enumerate(self._edges)} if self._graph.out_degree(node) > 1 else {}
        return sorted((edge for _, _, edge in self._graph.out_edges(node, keys=True)), key=lambda e: order.get(e, 0))

    def topological(self) -> list[NodeId]:
        """Ids so that each comes after those that feed it; otherwise in the order of placing."""
        return list(self._ranks())

    def _ranks(self) -> dict[NodeId, int]:
        """Each node's place in topological order; worked out anew only after layers or wires have changed."""
        if self._order is None:
            placed = {node: i for i, node in enumerate(self._nodes)}
            found = nx.lexicographical_topological_sort(self._graph, key=placed.__getitem__)
            self._order = {node: i for i, node in enumerate(found)}
        return self._order

    def downstream(self, nodes: set[NodeId]) -> list[NodeId]:
        """The given nodes and all that they feed, in topological order."""
        reached = set(nodes)
        stack = list(nodes)
        while stack:
            for target in self._graph.successors(stack.pop()):
                if target not in reached:
                    reached.add(target)
                    stack.append(target)
        return sorted(reached, key=self._ranks().__getitem__)

    def node_named(self, name: str) -> Node | None:
        """The node with this layer name."""
        return next((node for node in self._nodes.values() if node.name == name), None)

    def fresh_id(self) -> NodeId:
        """An id that no node, note or frame of this document has had."""
        self._counter += 1
        return f"n{self._counter}"

    def fresh_name(self, layer_type: str, taken: set[str] | None = None) -> str:
        """A free layer name made from the type: "conv2d", "conv2d_2"."""
        base = to_snake_case(layer_type)
        names = {node.name for node in self._nodes.values()} | (taken or set())
        number, name = 2, base
        while name in names:
            name, number = f"{base}_{number}", number + 1
        return name

    def can_connect(self, edge: Edge, acyclic: bool = False) -> Refused | None:
        """Why a wire cannot be drawn, or None when it can.

        Args:
            edge: the wire.
            acyclic: whether it is known that no circle comes about.
        """
        source, target = self._nodes.get(edge.source), self._nodes.get(edge.target)
        if source is None or target is None:
            return Refused(tr("One end of the wire is not there."))
        if source is target:
            return Refused(tr("{name} cannot feed itself.", name=source.name))
        least, most = ports_of(target.type)
        if most == 0:
            return Refused(tr("{name} is where data enter; it has no input.", name=target.name))
        if not 0 <= edge.port < PORTS or edge.output < 0:
            return Refused(tr("{name} has no input of that number.", name=target.name))
        if most is not None and edge.port >= most:
            words = tr("one input") if most == 1 else tr("{most} inputs", most=most)
            return Refused(tr("{name} has {words} and it is taken.", name=target.name, words=words))
        slots = self.inputs(edge.target)
        if edge.port < len(slots) and slots[edge.port] is not None:
            known = self._nodes[slots[edge.port].source].name  # type: ignore[union-attr]
            return Refused(
                tr("This input of {name} is fed by {known}. Take that wire off.", name=target.name, known=known)
            )
        if not acyclic and nx.has_path(self._graph, edge.target, edge.source):
            return Refused(
                tr(
                    "{target} already feeds {source}; a wire back would go in a circle.",
                    target=target.name,
                    source=source.name,
                )
            )
        return None

    def free_port(self, node: NodeId) -> int:
        """The number of the next open input."""
        slots = self.inputs(node)
        return next((i for i, slot in enumerate(slots) if slot is None), len(slots))

    def copy(self) -> Document:
        """An independent document with the same content and no subscribers."""
        twin = Document(self._name)
        twin._graph = self._graph.copy()
        twin._nodes, twin._edges = dict(self._nodes), dict(self._edges)
        twin._notes, twin._frames = dict(self._notes), dict(self._frames)
        twin._data, twin._training, twin._counter = self._data, self._training, self._counter
        twin.revision = self.revision
        return twin

    def state(self) -> tuple[Any, ...]:
        """Everything that undo has to restore, comparable."""
        nodes = tuple((n.id, n.type, n.name, repr(sorted(n.params.items())), n.position, n.trainable, n.bypassed)
                      for n in self._nodes.values())  # fmt: skip
        rest = (tuple(self._notes.values()), tuple(self._frames.values()), self._data, self._training, self._name)
        return nodes, tuple(self._edges), rest

    # Subscribing.
    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Be told of every transaction; returns the function that ends it."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Collect writes; subscribers hear one list at the end. Nested ones join the outer."""
        if self._pending is not None:
            yield
            return
        self._pending = []
        try:
            yield
        finally:
            told, self._pending = self._pending, None
            if told:
                self.revision += 1
                for callback in tuple(self._subscribers):
                    callback(told)

    # Writing: commands only.
    def _tell(self, change: ch.Change) -> None:
        if self._pending is None:
            raise RuntimeError("The document is written by commands inside a transaction only.")
        if isinstance(change, (ch.NodeAdded, ch.NodeRemoved, ch.EdgeAdded, ch.EdgeRemoved)):
            self._order = None
        self._pending.append(change)

    def write_node(self, node: Node, index: int | None = None) -> None:
        """Add a node, at a place in the order when given."""
        self._tell(ch.NodeAdded(node))
        self._graph.add_node(node.id)
        self._nodes[node.id] = node
        self._counter = max(self._counter, _number(node.id))
        if index is not None:
            self._nodes = _moved(self._nodes, node.id, index)

    def erase_node(self, node: NodeId) -> None:
        """Remove a node without wires."""
        if self._graph.degree(node):
            raise RuntimeError("A node's wires are taken off before the node.")
        self._tell(ch.NodeRemoved(self._nodes.pop(node)))
        self._graph.remove_node(node)

    def replace_node(self, node: Node) -> None:
        """Put a node in the place of the one with its id."""
        before = self._nodes[node.id]
        self._tell(ch.NodeChanged(before, node))
        self._nodes[node.id] = node

    def write_edge(self, edge: Edge, index: int | None = None, acyclic: bool = False) -> None:
        """Add a wire.

        Raises:
            Refused: it cannot be drawn.
        """
        refusal = self.can_connect(edge, acyclic)
        if refusal is not None:
            raise refusal
        self._tell(ch.EdgeAdded(edge))
        self._graph.add_edge(edge.source, edge.target, key=edge)
        self._edges[edge] = None
        if index is not None:
            self._edges = _moved(self._edges, edge, index)

    def erase_edge(self, edge: Edge) -> None:
        """Remove a wire."""
        self._tell(ch.EdgeRemoved(edge))
        self._graph.remove_edge(edge.source, edge.target, key=edge)
        del self._edges[edge]

    def write_note(self, identifier: str, note: Note | None, index: int | None = None) -> None:
        """Add, replace or (None) remove a note."""
        self._tell(ch.NoteChanged(self._notes.get(identifier), note))
        self._notes = _written(self._notes, identifier, note, index)
        self._counter = max(self._counter, _number(identifier))

    def write_frame(self, identifier: str, frame: Frame | None, index: int | None = None) -> None:
        """Add, replace or (None) remove a frame."""
        self._tell(ch.FrameChanged(self._frames.get(identifier), frame))
        self._frames = _written(self._frames, identifier, frame, index)
        self._counter = max(self._counter, _number(identifier))

    def write_data(self, settings: DataSettings) -> None:
        """Replace the data settings."""
        self._tell(ch.DataChanged(self._data, settings))
        self._data = settings

    def write_training(self, settings: TrainingSettings) -> None:
        """Replace the training settings."""
        self._tell(ch.TrainingChanged(self._training, settings))
        self._training = settings

    def write_name(self, name: str) -> None:
        """Replace the project's name."""
        self._tell(ch.Renamed(self._name, name))
        self._name = name


def ports_of(layer_type: str) -> tuple[int, int | None]:
    """Fewest and most inputs of a layer type; one for types that are not known."""
    try:
        ports = catalog.component("layer", layer_type).ports
    except KeyError:
        return 1, None
    inputs: tuple[int, int | None] = ports.inputs
    return inputs


def _number(identifier: str) -> int:
    digits = identifier[1:19]
    return int(digits) if digits.isascii() and digits.isdecimal() and len(identifier) < 20 else 0


def _moved(mapping: dict[Any, Any], key: Any, index: int) -> dict[Any, Any]:
    """The mapping with one key at another place in the order."""
    items = [item for item in mapping.items() if item[0] != key]
    items.insert(index, (key, mapping[key]))
    return dict(items)


def _written(mapping: dict[str, Any], key: str, value: Any, index: int | None) -> dict[str, Any]:
    result = dict(mapping)
    if value is None:
        result.pop(key, None)
        return result
    result[key] = value
    return result if index is None else _moved(result, key, index)
