"""Diagrams of models: `model_to_dot` for Graphviz, `plot_model` as a picture file with or without it."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from engine.core import tree

_DIRECTIONS = ("TB", "LR", "BT", "RL")
_FORMATS = ("png", "svg", "pdf", "dot")
_LETTER, _LINE, _PAD, _GAP, _LAYER = 7.2, 18, 10, 28, 44
"""Pixels: a letter's width, a line's height, space inside a box, between boxes, between ranks."""


@dataclasses.dataclass(frozen=True)
class Box:
    """A layer: its key, and what stands in its box, line by line; the first line is its heading."""

    key: str
    lines: tuple[str, ...]

    @property
    def size(self) -> tuple[float, float]:
        """(width, height) in pixels."""
        return max(map(len, self.lines)) * _LETTER + 2 * _PAD, len(self.lines) * _LINE + 2 * _PAD


@dataclasses.dataclass
class Diagram:
    """Boxes and the wires between them.

    Attributes:
        boxes: layers in the order of computation.
        edges: pairs of keys.
        direction: where the data flows: "TB", "LR", "BT" or "RL".
        splines: how Graphviz draws wires.
    """

    boxes: list[Box] = dataclasses.field(default_factory=list)
    edges: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    direction: str = "TB"
    splines: str = "ortho"

    def to_string(self) -> str:
        """The diagram in Graphviz's language."""
        numbers = {box.key: i for i, box in enumerate(self.boxes)}
        lines = ["digraph model {", f"  rankdir={self.direction};", f"  splines={_quoted(self.splines)};"]
        lines.append("  node [shape=box, fontname=Helvetica];")
        lines += [f"  n{numbers[box.key]} [label={_quoted(chr(10).join(box.lines))}];" for box in self.boxes]
        lines += [f"  n{numbers[a]} -> n{numbers[b]};" for a, b in self.edges]
        return "\n".join([*lines, "}", ""])

    def write(self, path: Any) -> None:
        """Write the diagram in Graphviz's language to a file."""
        Path(path).write_text(self.to_string(), encoding="utf-8")

    def ranks(self) -> dict[str, int]:
        """How many wires lead to each box from the inputs, at most."""
        rank: dict[str, int] = {}
        for box in self.boxes:
            rank[box.key] = max((rank[a] + 1 for a, b in self.edges if b == box.key and a in rank), default=0)
        return rank

    def routes(self) -> dict[tuple[str, str], list[str]]:
        """Keys along each wire: its ends, and a passage beside the boxes of every rank between them."""
        rank = self.ranks()
        return {(a, b): [a, *(f"{a}→{b}@{r}" for r in range(rank[a] + 1, rank[b])), b] for a, b in self.edges}

    def places(self) -> dict[str, tuple[float, float]]:
        """The middle of each box and passage, in pixels: ranks after one another, those of a rank side by side."""
        rank = self.ranks()
        rows: dict[int, list[tuple[str, tuple[float, float]]]] = {}
        for box in self.boxes:
            rows.setdefault(rank[box.key], []).append((box.key, box.size))
        for (start, _), keys in self.routes().items():
            for step, key in enumerate(keys[1:-1], rank[start] + 1):
                rows[step].append((key, (_PAD, _PAD)))
        flat = self.direction in ("LR", "RL")
        along, across = (0, 1) if flat else (1, 0)
        widths = {n: sum(size[across] for _, size in row) + _GAP * (len(row) - 1) for n, row in rows.items()}
        found, depth = {}, 0.0
        for number in sorted(rows):
            thick = max(size[along] for _, size in rows[number])
            position = (max(widths.values()) - widths[number]) / 2
            for key, size in rows[number]:
                found[key] = (position + size[across] / 2, depth + thick / 2)
                position += size[across] + _GAP
            depth += thick + _LAYER
        if self.direction in ("BT", "RL"):
            found = {key: (x, depth - _LAYER - y) for key, (x, y) in found.items()}
        return {key: (y, x) for key, (x, y) in found.items()} if flat else found


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Diagram:
    """The model as a diagram; `to_string()` gives it in Graphviz's language.

    Args:
        model: a built model.
        show_shapes: tell each layer's input and output shape.
        show_dtype: tell each layer's type of numbers.
        show_layer_names: tell each layer's name.
        rankdir: where the data flows: "TB", "LR", "BT" or "RL".
        expand_nested: show the layers of models within the model.
        dpi, subgraph: accepted for Keras's sake.
        show_layer_activations: tell each layer's activation.
        show_trainable: tell whether each layer learns.
        splines: how Graphviz draws wires.

    Raises:
        ValueError: the model is not built, or an argument is unknown.
    """
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments: {kwargs}")
    if rankdir not in _DIRECTIONS:
        raise ValueError(f"`rankdir` is one of {', '.join(_DIRECTIONS)}. Received: rankdir={rankdir}")
    if not getattr(model, "built", False):
        raise ValueError(
            "This model has not yet been built. Build the model first by calling `build()` or by calling the model on "
            "a batch of data."
        )
    shown = (show_layer_names, show_shapes, show_dtype, show_layer_activations, show_trainable)
    diagram = Diagram(direction=rankdir, splines=splines)
    _draw(diagram, model, "", shown, expand_nested)
    return diagram


def _draw(
    diagram: Diagram, model: Any, prefix: str, shown: tuple[bool, ...], expand: bool
) -> tuple[list[str], list[str]]:
    """Add a model's layers; (keys of its inputs, keys of its outputs)."""
    ends: dict[str, tuple[list[str], list[str]]] = {}
    for layer in _layers(model):
        key = f"{prefix}{layer.name}"
        if expand and hasattr(layer, "get_layer") and _layers(layer):
            ends[layer.name] = _draw(diagram, layer, f"{key}/", shown, expand)
        else:
            diagram.boxes.append(Box(key, tuple(_words(layer, shown))))
            ends[layer.name] = ([key], [key])
    followed, following = set(), set()
    for source, target in _wires(model):
        diagram.edges += [(a, b) for a in ends[source][1] for b in ends[target][0]]
        followed.add(source)
        following.add(target)
    first = [key for name, (keys, _) in ends.items() if name not in following for key in keys]
    last = [key for name, (_, keys) in ends.items() if name not in followed for key in keys]
    return first, last


def _layers(model: Any) -> list[Any]:
    return list(getattr(model, "operations", None) or model.layers)


def _wires(model: Any) -> Iterator[tuple[str, str]]:
    """(name, name) of layers that feed each other."""
    nodes = getattr(getattr(model, "_map", None), "nodes", None)
    if nodes is None:
        names = [layer.name for layer in _layers(model)]
        yield from zip(names[:-1], names[1:], strict=True) if hasattr(model, "_line") else ()
        return
    seen = set()
    for node in nodes:
        for tensor in node.input_tensors:
            wire = (tensor.keras_history.operation.name, node.operation.name)
            if wire not in seen:
                seen.add(wire)
                yield wire


def _words(layer: Any, shown: tuple[bool, ...]) -> Iterator[str]:
    names, shapes, dtype, activations, trainable = shown
    kind = type(layer).__name__
    yield f"{layer.name} ({kind})" if names else kind
    activation = getattr(layer, "activation", None)
    if activations and activation is not None:
        yield f"Activation: {getattr(activation, '__name__', None) or type(activation).__name__}"
    nodes = getattr(layer, "_inbound_nodes", [])
    if shapes:
        outputs = tree.flatten(nodes[-1].outputs) if nodes else []
        yield f"Input shape: {_shapes(nodes[-1].input_tensors or outputs if nodes else [])}"
        yield f"Output shape: {_shapes(outputs)}"
    if dtype:
        yield f"Output dtype: {tree.flatten(nodes[-1].outputs)[0].dtype if nodes else '?'}"
    if trainable and getattr(layer, "weights", []):
        yield f"Trainable: {bool(layer.trainable)}"


def _shapes(tensors: Any) -> str:
    return ", ".join(str(tuple(t.shape)) for t in tensors) or "?"


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> None:
    """Write a diagram of the model to a .png, .svg, .pdf or .dot file; see `model_to_dot` for the arguments.

    Graphviz draws it where its program `dot` is installed; else .png and .svg are drawn in a simpler way.

    Raises:
        ValueError: a file of another ending, or a PDF without Graphviz.
    """
    if kwargs.pop("layer_range", None) is not None:
        raise ValueError("Argument `layer_range` is no longer supported.")
    diagram = model_to_dot(
        model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi, False, show_layer_activations,
        show_trainable, splines, **kwargs,
    )  # fmt: skip
    path = Path(to_file)
    ending = path.suffix.lstrip(".").lower()
    if ending not in _FORMATS:
        raise ValueError(f"A diagram is written as {', '.join(_FORMATS)}. Received: to_file={to_file}")
    graphviz = shutil.which("dot")
    if ending == "dot":
        diagram.write(path)
    elif graphviz:
        command = [graphviz, f"-T{ending}", f"-Gdpi={dpi}", "-o", str(path)]
        subprocess.run(command, input=diagram.to_string(), text=True, check=True, encoding="utf-8")
    elif ending == "svg":
        path.write_text(_svg(diagram), encoding="utf-8")
    elif ending == "png":
        _png(diagram, path, dpi)
    else:
        raise ValueError("A PDF needs Graphviz, and its program `dot` is not installed. Write .svg or .png instead.")


Point = tuple[float, float]


def _strokes(diagram: Diagram) -> tuple[float, float, list[list[Point]], list[tuple[float, float, Box]]]:
    """(width, height, wires as points, boxes as (left, top, box)) with a margin around."""
    places = {key: (x + _PAD, y + _PAD) for key, (x, y) in diagram.places().items()}
    sizes = {box.key: box.size for box in diagram.boxes}
    width = max(places[k][0] + sizes.get(k, (0, 0))[0] / 2 for k in places) + _PAD
    height = max(places[k][1] + sizes.get(k, (0, 0))[1] / 2 for k in places) + _PAD
    axis = 0 if diagram.direction in ("LR", "RL") else 1
    sign = -1 if diagram.direction in ("BT", "RL") else 1
    ranks = diagram.ranks()
    thick: dict[int, float] = {}
    for box in diagram.boxes:
        thick[ranks[box.key]] = max(thick.get(ranks[box.key], 0.0), box.size[axis])
    wires = []
    for (start, end), keys in diagram.routes().items():
        points = [_moved(places[start], axis, sign * sizes[start][axis] / 2)]
        for number, key in enumerate(keys[1:-1], ranks[start] + 1):
            # Straight past the boxes of the rank, from one side of it to the other.
            points += [_moved(places[key], axis, side * sign * thick[number] / 2) for side in (-1, 1)]
        points.append(_moved(places[end], axis, -sign * sizes[end][axis] / 2))
        wires.append(points)
    boxes = [(places[b.key][0] - b.size[0] / 2, places[b.key][1] - b.size[1] / 2, b) for b in diagram.boxes]
    return width, height, wires, boxes


def _moved(point: Point, axis: int, way: float) -> Point:
    return (point[0] + way, point[1]) if axis == 0 else (point[0], point[1] + way)


def _svg(diagram: Diagram) -> str:
    width, height, wires, boxes = _strokes(diagram)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#5F6B7B"/></marker></defs>',
    ]
    for wire in wires:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in wire)
        parts.append(f'<polyline points="{points}" fill="none" stroke="#5F6B7B" marker-end="url(#tip)"/>')
    for left, top, box in boxes:
        where = f'x="{left:.1f}" y="{top:.1f}" width="{box.size[0]:.1f}" height="{box.size[1]:.1f}"'
        parts.append(f'<rect {where} rx="6" fill="#FFFFFF" stroke="#B4BCC8"/>')
        for row, line in enumerate(box.lines):
            weight = ' font-weight="bold"' if row == 0 else ""
            place = f'x="{left + _PAD:.1f}" y="{top + _PAD + _LINE * (row + 0.75):.1f}"'
            parts.append(f'<text {place} font-family="monospace" font-size="12"{weight}>{escape(line)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _png(diagram: Diagram, path: Path, dpi: int) -> None:
    from PIL import Image, ImageDraw, ImageFont

    width, height, wires, boxes = _strokes(diagram)
    scale = dpi / 96
    image = Image.new("RGB", (round(width * scale), round(height * scale)), "#FFFFFF")
    pen = ImageDraw.Draw(image)
    letters = ImageFont.load_default(12 * scale)
    for wire in wires:
        points = [(x * scale, y * scale) for x, y in wire]
        pen.line(points, "#5F6B7B", round(1.5 * scale), "curve")
        x, y = points[-1]
        pen.ellipse((x - 3 * scale, y - 3 * scale, x + 3 * scale, y + 3 * scale), "#5F6B7B")
    for left, top, box in boxes:
        corners = (left * scale, top * scale, (left + box.size[0]) * scale, (top + box.size[1]) * scale)
        pen.rounded_rectangle(corners, 6 * scale, "#FFFFFF", "#B4BCC8", round(scale))
        for row, words in enumerate(box.lines):
            pen.text(((left + _PAD) * scale, (top + _PAD + _LINE * row) * scale), words, "#12161D", letters)
    image.save(path, dpi=(dpi, dpi))
