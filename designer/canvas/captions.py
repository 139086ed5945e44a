"""What a layer says about itself on the canvas: caption, figures, failing part, tooltip, words for screen readers."""

from __future__ import annotations

import re
from typing import Any

from designer.core.analysis import NodeInfo
from designer.core.catalog import component
from designer.core.document import Node
from designer.core.ports import axes_text, axes_words, shape_text
from designer.core.text import tr

_MAIN = (
    "units filters kernel_size pool_size rate stddev target_shape dims n cropping input_dim output_dim num_heads "
    "key_dim scale factor height width output_size layer cell"
).split()
_WITH_ACTIVATION = ("Dense", "Activation")
_PADDED = ("ZeroPadding2D",)


def caption(node: Node) -> str:
    """Type with its main settings: "Conv2D 16, 3×3"."""
    known = component(node.type)
    defaults = {p.name: p.default for p in known.params} if known is not None else {}
    names = [name for name in _MAIN if name in defaults]
    if node.type in _PADDED:
        names.append("padding")
    parts = [_setting(node.params.get(name, defaults[name])) for name in names]
    if node.type in _WITH_ACTIVATION:
        parts.append(_activation(node.params.get("activation")))
    words = ", ".join(part for part in parts if part)
    return f"{node.type} {words}" if words else node.type


def _setting(value: Any) -> str:
    if isinstance(value, dict) and "class_name" in value:
        settings = value.get("config")
        size = settings.get("units", settings.get("filters")) if isinstance(settings, dict) else None
        return f"{value['class_name']} {size}" if isinstance(size, int) else str(value["class_name"])
    if value is None or isinstance(value, (bool, dict, str)):
        return ""
    if isinstance(value, (list, tuple)):
        return "×".join(_setting(v) if not isinstance(v, (list, tuple)) else "+".join(map(str, v)) for v in value)
    if isinstance(value, float):
        inverse = 1 / value if value else 0.0
        if len(f"{value:g}") > 5 and abs(inverse - round(inverse)) < 1e-9:
            return f"1/{round(inverse)}"
        return f"{value:g}"
    return str(value)


def _activation(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("class_name") or value.get("name")
    return "" if value in (None, "linear") else str(value)


def figure(count: int | None) -> str:
    """A count of parameters with thousands marks; "" when it is not known."""
    return "" if count is None else f"{count:,}"


def short_figure(count: int) -> str:
    """The same for narrow places: "1.05 M"."""
    for limit, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= limit:
            return f"{count / limit:.3g}{sign}"
    return str(count)


def failing_part(info: NodeInfo) -> tuple[str, str]:
    """What the red chip of a failing layer shows: "8≠6" with the axes it is about, or "?"."""
    found = re.search(r"(\d+)\s*≠\s*(\d+)", f"{info.rule} {info.error}")
    if not found:
        return "?", ""
    shapes = [spec.shape[1:] for spec in info.inputs if spec is not None]
    letters = axes_text(next((spec for spec in info.inputs if spec is not None), None))
    if len(shapes) > 1 and len({len(shape) for shape in shapes}) == 1 and letters:
        letters = "".join(c for c, *sizes in zip(letters, *shapes) if len(set(sizes)) > 1)
    else:
        letters = ""
    return f"{found[1]}≠{found[2]}", letters


def tooltip(node: Node, info: NodeInfo | None, part: str) -> str:
    """Words for the part of a node under the mouse: "name", "shape", "parameters" or "port"."""
    if info is None or part == "name":
        return f"{node.name} · {caption(node)}"
    if info.state == "error":
        return f"{node.name}: {info.error}"
    if part == "parameters" and info.parameters is not None:
        rule = f": {info.parameter_rule}" if info.parameter_rule else ""
        return tr("{n} parameters{rule}", n=f"{info.parameters:,}", rule=rule)
    if info.output is not None:
        return tr("{shape}, for each sample of a batch (N)", shape=axes_words(info.output))
    return tr("The shape is not known yet.")


def spoken(node: Node, info: NodeInfo | None, problem: str = "") -> str:
    """Everything about a layer in one line for screen readers."""
    parts = [node.name, caption(node)]
    if info is not None and info.output is not None:
        parts.append(tr("gives {shape}", shape=shape_text(info.output)))
    if info is not None and info.parameters is not None:
        parts.append(tr("{n} parameters", n=f"{info.parameters:,}"))
    if not node.trainable:
        parts.append(tr("frozen"))
    if node.bypassed:
        parts.append(tr("bypassed"))
    if problem:
        parts.append(problem)
    return ", ".join(parts)
