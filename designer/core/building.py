"""The engine's model for a document."""

from __future__ import annotations

from typing import Any

from designer.core.analysis import Analysis
from designer.core.document import Document, Node, NodeId
from designer.core.errors import Refused
from designer.core.text import tr
from engine import catalog


def takes_several(layer_type: str) -> bool:
    """Whether a layer has several inputs, so that a Sequential model cannot hold it."""
    ports = catalog.component("layer", layer_type).ports
    return ports is not None and ports.inputs[1] != 1 and layer_type != "Input"


def takes_list(layer_type: str) -> bool:
    """Whether a layer takes its inputs as one list (Add) rather than one by one (attention)."""
    ports = catalog.component("layer", layer_type).ports
    return ports is not None and bool(ports.as_list)


def sources_of(document: Document, node: NodeId) -> list[NodeId]:
    """Where the inputs of a layer come from, bypassed layers passed through."""
    found = []
    for edge in document.inputs(node):
        source = None if edge is None else edge.source
        while source is not None and document.nodes[source].bypassed:
            before = [e for e in document.inputs(source) if e is not None]
            source = before[0].source if before else None
        if source is not None:
            found.append(source)
    return found


def used_layers(document: Document) -> list[Node]:
    """The layers that are not bypassed, each after those that feed it."""
    return [document.nodes[i] for i in document.topological() if not document.nodes[i].bypassed]


def is_line(document: Document, order: list[Node]) -> bool:
    """Whether the layers follow each other without branches, from one Input on."""
    if not order or order[0].type != "Input" or sum(node.type == "Input" for node in order) != 1:
        return False
    pairs = zip(order[:-1], order[1:], strict=True)
    return all(sources_of(document, node.id) == [before.id] and not takes_several(node.type) for before, node in pairs)


def build_model(document: Document, analysis: Analysis | None = None) -> Any:
    """The engine's model: Sequential for a line, Functional otherwise; layers bear the nodes' names.

    Raises:
        Refused: the network is unfinished.
    """
    from engine import layers, models

    known = analysis or Analysis(document)
    try:
        order = used_layers(document)
        _check(order, known)
        name = _model_name(document)
        if is_line(document, order):
            made = [_make(node, known) for node in order[1:]]
            spec = known.info(order[0].id).outputs[0]
            start = layers.InputLayer(batch_shape=spec.shape, dtype=spec.dtype, name=order[0].name)
            return models.Sequential([start, *made], name=name)
        return _functional(document, order, known, name)
    finally:
        if analysis is None:
            known.close()


def _check(order: list[Node], analysis: Analysis) -> None:
    if len(order) < 2:
        raise Refused(tr("The network has no layers yet. Add an Input and a layer."))
    unfinished = [node.name for node in order if analysis.info(node.id).state != "ok"]
    if unfinished:
        raise Refused(tr("The network is unfinished at {names}. See the problems.", names=", ".join(unfinished[:3])))


def _model_name(document: Document) -> str:
    text = "".join(c if c.isalnum() else "_" for c in document.name).strip("_")
    return text or "network"


def _make(node: Node, analysis: Analysis) -> Any:
    """The engine's layer of a node."""
    from engine.core import registry
    from engine.core.state import opening_file

    cls = registry.lookup("layer", node.type)
    if cls is None:
        raise Refused(tr("{name} is a {type}, which is not known here.", name=node.name, type=node.type))
    with opening_file():  # settings must not make the engine read files
        layer = cls.from_config({**node.params, "name": node.name})
    if not node.trainable:
        layer.trainable = False
    return layer


def _functional(document: Document, order: list[Node], analysis: Analysis, name: str) -> Any:
    from engine import layers, models

    values: dict[NodeId, Any] = {}
    used: set[NodeId] = set()
    for node in order:
        if node.type == "Input":
            spec = analysis.info(node.id).outputs[0]
            values[node.id] = layers.Input(batch_shape=spec.shape, dtype=spec.dtype, name=node.name)
            continue
        sources = sources_of(document, node.id)
        used.update(sources)
        inputs = [values[s] for s in sources]
        layer = _make(node, analysis)
        if takes_several(node.type):
            values[node.id] = layer(inputs) if takes_list(node.type) else layer(*inputs)
        else:
            values[node.id] = layer(inputs[0])
    starts = [values[n.id] for n in order if n.type == "Input"]
    ends = [values[n.id] for n in order if n.id not in used and n.type != "Input"]
    return models.Model(starts[0] if len(starts) == 1 else starts, ends[0] if len(ends) == 1 else ends, name=name)
