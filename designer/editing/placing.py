"""Making new layers: settings to start with, a free name, a place on the grid."""

from __future__ import annotations

import math
from typing import Any

from designer.core.catalog import component
from designer.core.document import Document, Node, NodeId
from engine.catalog import ParamInfo, Spec

GRID = 8
COLUMN, ROW = 200, 120
WIDTH, HEIGHT = 148, 80

_BY_SETTING: dict[str, Any] = {
    "activation": "relu",
    "axes": -1,
    "filters": 16,
    "height": 32,
    "height_factor": 0.1,
    "input_dim": 1000,
    "kernel_size": 3,
    "key_dim": 16,
    "max_number": 10,
    "n": 4,
    "num_bins": 10,
    "num_heads": 4,
    "num_tokens": 10,
    "output_dim": 32,
    "output_size": 2,
    "pool_size": 2,
    "rate": 0.3,
    "scale": 0.0625,
    "stddev": 0.1,
    "units": 32,
    "width": 32,
    "width_factor": 0.1,
}
"""What a setting without a default starts with, whatever the layer; sizes hold for every axis."""
_BY_LAYER: dict[str, dict[str, Any]] = {
    "RandomSaturation": {"factor": [0.4, 0.6]},
    "RandomSharpness": {"factor": [0.4, 0.7]},
}
"""Strengths for which not 0 but 0.5 changes nothing."""
_STARTED = ("int", "Range", "Layer", "Dims")
"""Types of settings that start with something, whatever their name."""


def starting_params(layer_type: str, spec: Spec | None = None) -> dict[str, Any]:
    """Settings with which a layer of this type works, fed by a value of this shape."""
    axes = [d if d is not None else 1 for d in spec.shape[1:]] if spec is not None else []
    if layer_type == "Reshape":
        return {"target_shape": _other_shape(axes)}
    if layer_type == "Permute":
        return {"dims": list(range(len(axes) or 2, 0, -1))}
    if layer_type == "EinsumDense":
        letters = "bcde"[: len(axes) or 1]
        equation = f"a{letters},{letters[-1]}z->a{letters[:-1]}z"
        return {"equation": equation, "output_shape": [*axes[:-1], 32] if axes else [32]}
    known = component(layer_type)
    params = {p.name: p for p in known.params} if known is not None else {}
    needed = [p for p in params.values() if p.required and (p.name in _BY_SETTING or p.type in _STARTED)]
    started = {p.name: _start(p) for p in needed} | _BY_LAYER.get(layer_type, {})
    if layer_type == "Dense" or (known is not None and known.category == "convolution"):
        started["activation"] = "relu"
    if known is not None and known.category == "convolution":
        started["padding"] = "same"
    if {"height", "width"} <= started.keys() and len(axes) == 3:
        started |= {"height": max(axes[0] // 2, 1), "width": max(axes[1] // 2, 1)}
    if layer_type == "Discretization":
        started["bin_boundaries"] = [-1.0, 0.0, 1.0]
    if layer_type == "GroupNormalization" and axes:
        started["groups"] = max(n for n in range(1, 33) if axes[-1] % n == 0)
    return started


def _start(param: ParamInfo) -> Any:
    """What a setting begins with that has no default."""
    if param.type == "Layer":
        inner = param.choices[0] if param.choices else "Dense"
        params = starting_params(inner)
        return {"module": "keras.layers", "class_name": inner, "config": params, "registered_name": None}
    if param.type == "Range" and param.maximum is not None and param.maximum > 1:
        return int(param.maximum) // 2
    value = _BY_SETTING.get(param.name, 0.2 if param.type == "Range" else max(int(param.minimum or 1), 1))
    return [value] * param.rank if param.rank and param.type == "Dims" else value


def _other_shape(axes: list[int]) -> list[int]:
    """Rows as steps for a picture, one column for a row of numbers, a row otherwise."""
    size = math.prod(axes) if axes else 16
    if len(axes) > 2:
        return [axes[0], size // axes[0]]
    return [size, 1] if len(axes) == 1 else [size]


def new_node(document: Document, layer_type: str, position: tuple[float, float], spec: Spec | None = None) -> Node:
    """A layer that can be added to the document."""
    x, y = (float(round(value / GRID) * GRID) for value in position)
    params = starting_params(layer_type, spec)
    return Node(document.fresh_id(), layer_type, document.fresh_name(layer_type), params, (x, y))


def place_after(document: Document, node: NodeId | None) -> tuple[float, float]:
    """A free place: right of a layer, or right of everything; below what stands there."""
    if node is None or node not in document.nodes:
        if not document.nodes:
            return 0.0, 0.0
        node = max(document.nodes, key=lambda i: document.nodes[i].position[0])
    x, y = document.nodes[node].position
    x += COLUMN
    taken = [n.position for n in document.nodes.values()] + [n.position for n in document.notes.values()]
    while any(abs(x - a) < WIDTH + 16 and abs(y - b) < HEIGHT + 16 for a, b in taken):
        y += ROW
    return x, y
