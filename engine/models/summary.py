"""The table that `model.summary()` prints."""

from __future__ import annotations

import re
from typing import Any

from engine.core import tree
from engine.layers.core import InputLayer


def summary_text(
    model: Any,
    line_length: int | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> str:
    """Layers, output shapes, parameters and connections as a box of text."""
    connected = _is_branched(model)
    header = ["Layer (type)", "Output Shape", "Param #"]
    header += ["Connected to"] if connected else []
    header += ["Trainable"] if show_trainable else []
    rows = [_row(model, layer, level, connected, show_trainable) for layer, level in _lines(model, expand_nested)]
    if layer_range is not None:
        rows = _between(rows, layer_range)
    body = _table([header, *rows], line_length)
    return "\n".join([f'Model: "{model.name}"', body, *_totals(model)])


def _lines(model: Any, expand: bool, level: int = 0) -> list[tuple[Any, int]]:
    found = []
    for layer in getattr(model, "_line", None) or getattr(model, "operations", None) or model.layers:
        if isinstance(layer, InputLayer) and hasattr(model, "_line"):
            continue
        found.append((layer, level))
        if expand and hasattr(layer, "get_layer"):
            found += _lines(layer, expand, level + 1)
    return found


def _is_branched(model: Any) -> bool:
    if hasattr(model, "_line") or not hasattr(model, "_map"):
        return False
    return any(len(node.input_tensors) > 1 for node in model._map.nodes) or len(model.inputs) > 1


def _row(model: Any, layer: Any, level: int, connected: bool, show_trainable: bool) -> list[str]:
    count = layer.count_params() if hasattr(layer, "count_params") else 0
    row = [f"{'  ' * level}{layer.name} ({_type_name(layer)})", _shape(layer), f"{count:,}"]
    if connected:
        parents = [t.keras_history for node in model._map.nodes_of(layer) for t in node.input_tensors]
        row.append(", ".join(f"{h.operation.name}[{h.node_index}][{h.tensor_index}]" for h in parents) or "-")
    if show_trainable:
        row.append(("Y" if layer.trainable else "N") if getattr(layer, "weights", []) else "-")
    return row


def _type_name(layer: Any) -> str:
    function = getattr(layer, "function", None)
    return str(function.keras[1] if function is not None and function.keras else type(layer).__name__)


def _shape(layer: Any) -> str:
    nodes = getattr(layer, "_inbound_nodes", [])
    shapes = [str(t.shape) for t in tree.flatten(nodes[-1].outputs)] if nodes else _shapes_from_build(layer)
    if not shapes:
        return "?"
    return shapes[0] if len(shapes) == 1 else f"[{', '.join(shapes)}]"


def _shapes_from_build(layer: Any) -> list[str]:
    """Output shapes of a layer of a subclassed model, from the shapes it was built with; none when not known."""
    config = layer.get_build_config() if getattr(layer, "built", False) else None
    if not config:
        return []
    given = [config["input_shape"]] if "input_shape" in config else []
    try:
        outputs = layer.compute_output_shape(*given, **config.get("shapes_dict", {}))
    except (NotImplementedError, RuntimeError, TypeError, ValueError):
        return []
    return [str(shape) for shape in _each_shape(outputs)]


def _each_shape(structure: Any) -> list[tuple[Any, ...]]:
    if isinstance(structure, dict):
        return [shape for part in structure.values() for shape in _each_shape(part)]
    if all(d is None or isinstance(d, int) for d in structure):
        return [tuple(structure)]
    return [shape for part in structure for shape in _each_shape(part)]


def _between(rows: list[list[str]], layer_range: Any) -> list[list[str]]:
    first, last = (re.compile(pattern) for pattern in layer_range)
    places = [i for i, row in enumerate(rows) if first.match(row[0].strip()) or last.match(row[0].strip())]
    return rows[places[0] : places[-1] + 1] if places else []


def _table(rows: list[list[str]], line_length: int | None) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    if line_length:
        spare = line_length - sum(widths) - 3 * len(widths) - 1
        widths[0] = max(widths[0] + spare, 8)
    right = 2

    def line(row: list[str]) -> str:
        cells = [
            (c[:w].rjust(w) if i == right else c[:w].ljust(w)) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ]
        return "│ " + " │ ".join(cells) + " │"

    def rule(left: str, middle: str, end: str) -> str:
        return left + middle.join("─" * (w + 2) for w in widths) + end

    body = [line(row) for row in rows[1:]]
    return "\n".join([rule("┌", "┬", "┐"), line(rows[0]), rule("├", "┼", "┤"), *body, rule("└", "┴", "┘")])


def _totals(model: Any) -> list[str]:
    trainable = _count(model.trainable_weights)
    fixed = _count(model.non_trainable_weights)
    optimizer = getattr(model, "optimizer", None)
    extra = _count(optimizer.variables) if optimizer is not None and optimizer.built else (0, 0)
    lines = [("Total params", tuple(sum(p) for p in zip(trainable, fixed, extra, strict=True)))]
    lines += [("Trainable params", trainable), ("Non-trainable params", fixed)]
    lines += [("Optimizer params", extra)] if extra[0] else []
    return [f" {name}: {count:,} ({_size(size)})" for name, (count, size) in lines]


def _count(variables: Any) -> tuple[int, int]:
    from engine.core.dtypes import numpy_dtype
    from engine.core.shapes import size

    counts = [(size(v.shape) or 0, numpy_dtype(v.dtype).itemsize) for v in variables]
    return sum(c for c, _ in counts), sum(c * s for c, s in counts)


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB"):
        if count < 1024:
            return f"{count:.2f} {unit}"
        count /= 1024
    return f"{count:.2f} GB"
