"""Shapes, parameters and costs of every layer while the network is edited, computed downstream of each change only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from designer.core import changes as ch
from designer.core.document import Document, Edge, Node, NodeId
from designer.core.text import tr
from engine import catalog
from engine.catalog import Preview, Spec, WeightInfo
from engine.core.errors import ParamError, ShapeError

PreviewFunction = Callable[[str, Mapping[str, Any], Sequence[Spec]], Preview]
INPUT_TYPES = ("float32", "float64", "float16", "int32", "int64", "uint8", "bool", "string")
"""Types of values that networks are fed with."""

BYTES = {"float64": 8, "int64": 8, "float16": 2, "bool": 1, "int8": 1, "uint8": 1}


@dataclass(frozen=True)
class NodeInfo:
    """What is known about one layer.

    Attributes:
        state: "ok"; "error" (a setting or the inputs do not fit); "open" (an input is not wired); "waiting" (a layer
            before it has no shape yet).
        inputs: by input number; None where unknown.
        outputs: empty unless ok.
        error: the sentence for state "error".
        param: the setting that is at fault, if one is.
        rule: the failing rule with its numbers.
        preview: the engine's answer, None unless ok.
    """

    state: str
    inputs: tuple[Spec | None, ...] = ()
    outputs: tuple[Spec, ...] = ()
    error: str = ""
    param: str = ""
    rule: str = ""
    hint: str = ""
    preview: Preview | None = None

    @property
    def output(self) -> Spec | None:
        return self.outputs[0] if self.outputs else None

    @property
    def parameters(self) -> int | None:
        return self.preview.parameters if self.preview else None

    @property
    def trainable_parameters(self) -> int | None:
        return self.preview.trainable_parameters if self.preview else None

    @property
    def weights(self) -> tuple[WeightInfo, ...]:
        return self.preview.weights if self.preview else ()

    @property
    def derivation(self) -> tuple[str, ...]:
        return self.preview.derivation if self.preview else ()

    @property
    def parameter_rule(self) -> str:
        return self.preview.parameter_rule if self.preview else ""

    @property
    def macs(self) -> int:
        return self.preview.macs if self.preview else 0


class Analysis:
    """Follows a document and knows each layer's shapes.

    Args:
        document: what to follow.
        preview: asks the engine what a layer would be (the catalogue's function).
        data_shape: gives the shape of a data source's samples, without the batch, or None.
    """

    def __init__(
        self,
        document: Document,
        preview: PreviewFunction = catalog.preview,
        data_shape: Callable[[Document], Spec | None] | None = None,
    ) -> None:
        self._document, self._preview = document, preview
        self._data_shape = data_shape or _source_spec
        self._info: dict[NodeId, NodeInfo] = {}
        self._subscribers: list[Callable[[set[NodeId]], None]] = []
        self._refresh(set(document.nodes))
        self._stop = document.subscribe(self._on_changes)

    def close(self) -> None:
        """Stop following the document."""
        self._stop()

    def info(self, node: NodeId) -> NodeInfo:
        """What is known about a layer."""
        return self._info[node]

    def on_updated(self, callback: Callable[[set[NodeId]], None]) -> Callable[[], None]:
        """Be told the ids whose facts changed; returns the function that ends it."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    @property
    def parameters(self) -> int:
        """Parameters of all layers that have shapes."""
        return sum(info.parameters or 0 for info in self._info.values())

    @property
    def memory_bytes(self) -> int:
        """Memory of all weights."""
        return sum(w.size * BYTES.get(w.dtype, 4) for info in self._info.values() for w in info.weights)

    def _on_changes(self, changes: list[ch.Change]) -> None:
        dirty: set[NodeId] = set()
        for change in changes:
            if isinstance(change, ch.NodeAdded):
                dirty.add(change.node.id)
            elif isinstance(change, ch.NodeRemoved):
                self._info.pop(change.node.id, None)
                dirty.discard(change.node.id)
            elif isinstance(change, ch.NodeChanged) and _matters(change.before, change.after):
                dirty.add(change.after.id)
            elif isinstance(change, (ch.EdgeAdded, ch.EdgeRemoved)):
                dirty.add(change.edge.target)
            elif isinstance(change, ch.DataChanged):
                dirty |= {i for i, n in self._document.nodes.items() if n.type == "Input"}
        self._refresh({i for i in dirty if i in self._document.nodes})

    def _refresh(self, dirty: set[NodeId]) -> None:
        """Recompute dirty layers and, while outputs change, those after them."""
        changed: set[NodeId] = set()
        for node in self._document.downstream(dirty) if dirty else ():
            if node not in dirty and not any(e and e.source in changed for e in self._document.inputs(node)):
                continue
            before, after = self._info.get(node), self._compute(self._document.nodes[node])
            self._info[node] = after
            if before != after:
                changed.add(node)
        if changed or dirty:
            for callback in tuple(self._subscribers):
                callback(changed | dirty)

    def _compute(self, node: Node) -> NodeInfo:
        if node.type == "Input":
            return self._compute_input(node)
        specs: list[Spec | None] = []
        is_open = False
        for edge in self._document.inputs(node.id):
            is_open |= edge is None
            source = None if edge is None else self._info.get(edge.source)
            if source is not None and edge is not None and 0 < len(source.outputs) <= edge.output:
                return self._lacking(edge)
            specs.append(None if source is None or not source.outputs else source.outputs[edge.output if edge else 0])
        if is_open or not specs:
            return NodeInfo("open", tuple(specs))
        known = [spec for spec in specs if spec is not None]
        if len(known) < len(specs):
            return NodeInfo("waiting", tuple(specs))
        return self._ask(node, known)

    def _lacking(self, edge: Edge) -> NodeInfo:
        """A wire from an output that the layer before does not have."""
        name = self._document.nodes[edge.source].name
        return NodeInfo("error", error=tr("takes output {n} of {name}, which has fewer.", n=edge.output + 1, name=name))

    def _ask(self, node: Node, inputs: list[Spec]) -> NodeInfo:
        if node.bypassed:
            return NodeInfo("ok", tuple(inputs), (inputs[0],), preview=Preview((inputs[0],), (), 0, 0, (), "", 0))
        try:
            config = {**node.params, "name": node.name, "trainable": node.trainable}
            found = self._preview(node.type, config, inputs)
        except ShapeError as error:
            return NodeInfo("error", tuple(inputs), error=error.message, rule=error.rule, hint=error.hint)
        except ParamError as error:
            return NodeInfo("error", tuple(inputs), error=_without_owner(error.message), param=error.param)
        except (ValueError, TypeError) as error:
            return NodeInfo("error", tuple(inputs), error=_without_owner(str(error)))
        except KeyError:
            return NodeInfo("error", tuple(inputs), error=tr("is a {type}, which is not known here.", type=node.type))
        return NodeInfo("ok", tuple(inputs), found.outputs, preview=found)

    def try_inputs(self, node: NodeId, inputs: Sequence[Spec]) -> NodeInfo:
        """What a layer would be if it were fed by values of these shapes. Nothing changes."""
        return self._ask(self._document.nodes[node], list(inputs))

    def _compute_input(self, node: Node) -> NodeInfo:
        shape = node.params.get("shape")
        dtype = node.params.get("dtype", "float32")
        if shape is None:
            given = self._data_shape(self._document)
            if given is None:
                return NodeInfo("open")
            shape = given.shape[1:]
        if not is_shape(shape):
            return NodeInfo(
                "error", error=tr("shape is a list of whole numbers from 1. Got {shape}.", shape=shape), param="shape"
            )
        if dtype not in INPUT_TYPES:
            words = tr("dtype is one of {known}. Got {dtype}.", known=", ".join(INPUT_TYPES), dtype=dtype)
            return NodeInfo("error", error=words, param="dtype")
        spec = Spec((None, *shape), dtype)
        return NodeInfo("ok", (), (spec,), preview=Preview((spec,), (), 0, 0, (), "", 0))


def is_shape(shape: Any) -> bool:
    """Whether a setting is a list of axes: whole numbers from 1, None for those that may vary."""
    return isinstance(shape, (list, tuple)) and all(
        d is None or (isinstance(d, int) and not isinstance(d, bool) and 1 <= d < 1 << 40) for d in shape
    )


def _without_owner(sentence: str) -> str:
    """The sentence without the class name before it: problems name the layer themselves."""
    head, colon, rest = sentence.partition(": ")
    return rest if colon and head.isidentifier() else sentence


def _matters(before: Node, after: Node) -> bool:
    return (before.params, before.type, before.trainable, before.bypassed) != (
        after.params,
        after.type,
        after.trainable,
        after.bypassed,
    )


def _source_spec(document: Document) -> Spec | None:
    """Shape of the chosen data."""
    from designer.data.sources import SOURCES

    source = SOURCES.get(document.data.source or "")
    return None if source is None else Spec((None, *source.shape(document.data.options)), "float32")
