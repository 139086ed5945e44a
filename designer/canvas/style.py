"""Measures of nodes, ports and wires, and the words on a node."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF

from designer.core.catalog import component
from designer.core.document import Node, ports_of

WIDTH, HEIGHT, DIVIDER = 148.0, 80.0, 44.0
PORT, HIT, STEP, SNAP = 5.0, 16.0, 22.0, 8
FULL, NAMED, GLYPH = 0.70, 0.35, 0.12
"""Zoom from which everything, glyph and name, or the glyph is drawn; bars below."""


def snap(value: float) -> float:
    """The nearest place on the grid."""
    return float(round(value / SNAP) * SNAP)


def category_of(layer_type: str) -> str:
    """The family of a layer type."""
    known = component(layer_type)
    return known.category if known else "custom"


def height_of(inputs: int) -> float:
    """A node grows with its inputs."""
    return HEIGHT if inputs <= 2 else HEIGHT + (inputs - 2) * STEP


def input_place(port: int, inputs: int) -> QPointF:
    """Where an input port stands, in the node's own coordinates."""
    if inputs <= 1:
        return QPointF(0, DIVIDER)
    return QPointF(0, DIVIDER - STEP + port * STEP)


def output_place() -> QPointF:
    """Where the output port stands."""
    return QPointF(WIDTH, DIVIDER)


def has_inputs(layer_type: str) -> bool:
    """Whether anything can be wired into the layer."""
    return ports_of(layer_type)[1] != 0


def type_text(node: Node) -> str:
    """The type with its main settings: "Conv2D 16, 3×3"."""
    values = [_value(node.params[key]) for key in _MAIN.get(node.type, ()) if key in node.params]
    return f"{node.type} {', '.join(values)}" if values else node.type


_MAIN = {
    "Dense": ("units", "activation"),
    "Conv2D": ("filters", "kernel_size"),
    "DepthwiseConv2D": ("kernel_size",),
    "MaxPooling2D": ("pool_size",),
    "AveragePooling2D": ("pool_size",),
    "Dropout": ("rate",),
    "Embedding": ("input_dim", "output_dim"),
    "LSTM": ("units",),
    "GRU": ("units",),
    "SimpleRNN": ("units",),
    "MultiHeadAttention": ("num_heads", "key_dim"),
    "Activation": ("activation",),
    "Reshape": ("target_shape",),
    "Rescaling": ("scale",),
}


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "×".join(str(v) for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
