"""Documents for tests, drawn in few words."""

from __future__ import annotations

from typing import Any

from designer.core.commands import AddNode, Connect, SetData
from designer.core.document import Document, Edge, Node
from designer.core.settings import DataSettings

CONV = {"filters": 4, "kernel_size": [3, 3], "padding": "same", "activation": "relu"}


def blank(source: str | None = "digits", name: str = "net") -> Document:
    """An empty document with data."""
    document = Document(name)
    if source:
        SetData(DataSettings(source=source)).do(document)
    return document


def add(document: Document, kind: str, name: str, *sources: str, **params: Any) -> str:
    """Add a layer fed by the layers of these names; its id."""
    node = Node(document.fresh_id(), kind, name, params, (200.0 * len(document.nodes), 0.0))
    AddNode(node).do(document)
    for port, source in enumerate(sources):
        known = document.node_named(source)
        assert known is not None
        Connect(Edge(known.id, node.id, port)).do(document)
    return node.id


def line(*layers: tuple[str, str, dict[str, Any]], source: str | None = "digits") -> Document:
    """Layers one after the other."""
    document = blank(source)
    before: tuple[str, ...] = ()
    for kind, name, params in layers:
        add(document, kind, name, *before, **params)
        before = (name,)
    return document


def classifier() -> Document:
    """A small digit classifier without errors."""
    return line(
        ("Input", "digits", {}),
        ("Conv2D", "conv", CONV),
        ("Flatten", "flatten", {}),
        ("Dense", "digit", {"units": 10, "activation": "softmax"}),
    )


def residual() -> Document:
    """A network with a skip."""
    document = blank()
    add(document, "Input", "digits")
    add(document, "Conv2D", "conv_1", "digits", **CONV)
    add(document, "Conv2D", "conv_2", "conv_1", **CONV)
    add(document, "BatchNormalization", "norm", "conv_2")
    add(document, "Add", "add", "conv_1", "norm")
    add(document, "Flatten", "flatten", "add")
    add(document, "Dense", "digit", "flatten", units=10, activation="softmax")
    return document
