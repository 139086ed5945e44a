"""Settings as text and back: what a person types in a field, checked against the catalogue's description."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from designer.core.text import tr
from engine import catalog
from engine.catalog import Component, ParamInfo
from engine.core.naming import to_snake_case

OBJECT_KINDS = {
    "Initializer": "initializer",
    "Regularizer": "regularizer",
    "Constraint": "constraint",
    "Activation": "activation",
    "LearningRate": "schedule",
    "Layer": "layer",
}
"""Types of settings that hold an object of the catalogue, and its kind there."""


def words(name: str) -> str:
    """A setting's name as people read it: "kernel_size" is "Kernel size", "use_bias" is "Bias"."""
    return name.removeprefix("use_").replace("_", " ").capitalize()


def plain(value: Any) -> Any:
    """A value with lists for tuples, so that equal settings compare equal."""
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def shown(info: ParamInfo, value: Any) -> str:
    """A value as the text of its field."""
    if value is None:
        return ""
    if info.type == "Dims" and isinstance(value, int) and info.rank:
        value = [value] * info.rank
    if isinstance(value, (list, tuple)):
        if info.type == "Range" and all(isinstance(v, (int, float)) for v in value):
            return " to ".join(f"{v:g}" for v in value)
        if info.type in ("Dims", "Shape") and not any(isinstance(v, (list, tuple)) for v in value):
            return " × ".join("?" if v is None else str(v) for v in value)
        return json.dumps(plain(value))
    if isinstance(value, bool) or not isinstance(value, float):
        return json.dumps(value) if isinstance(value, dict) else str(value)
    return repr(value) if value != int(value) or abs(value) >= 1e6 else f"{value:.1f}"


def parse(info: ParamInfo, text: str) -> Any:
    """The value that a text means; None for an empty one where nothing has to be given.

    Raises:
        ValueError: it means none; the sentence tells what is expected.
    """
    text = text.strip()
    if not text:
        if info.required:
            raise ValueError(tr("{name} has to be given: {what}.", name=words(info.name), what=expected(info)))
        return None
    if info.type == "Dims":
        return _dims(info, text)
    if info.type == "Range":
        return _range(info, text)
    if info.type == "Shape":
        return [None if part == "?" else _number(info, part, whole=True) for part in _parts(text)]
    if info.type in ("int", "float", "LearningRate"):
        return _number(info, text, info.type == "int")
    return _anything(text) if info.type == "Any" else text


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"[\s,×x*()\[\]]+", text) if part]


def _dims(info: ParamInfo, text: str) -> list[Any]:
    numbers = [_number(info, part, whole=True) for part in _parts(text)]
    rank = info.rank or len(numbers)
    if len(numbers) == 1:
        numbers = numbers * rank
    if len(numbers) != rank:
        raise ValueError(_got(info, text))
    return numbers


def _range(info: ParamInfo, text: str) -> Any:
    """One number, or the two ends of a range: "0.2", "0.1 to 0.4", "0.1, 0.4"."""
    parts = [part for part in re.split(r"\s*(?:to|;|\.\.|,\s)\s*|\s+", text.strip("()[] ")) if part]
    numbers = [_number(info, part, whole=False) for part in parts]
    if not numbers or len(numbers) > 2:
        raise ValueError(_got(info, text))
    return numbers if len(numbers) == 2 else numbers[0]


def _number(info: ParamInfo, text: str, whole: bool) -> Any:
    plain_text = text.replace("−", "-")
    try:
        value = int(plain_text) if whole else float(plain_text.replace(",", "."))
    except ValueError:
        raise ValueError(_got(info, text)) from None
    if not math.isfinite(value) or not _within(info, value):
        raise ValueError(_got(info, text))
    return value


def _within(info: ParamInfo, value: float) -> bool:
    return not (
        (info.minimum is not None and value < info.minimum)
        or (info.maximum is not None and value > info.maximum)
        or (info.exclusive_minimum is not None and value <= info.exclusive_minimum)
        or (info.exclusive_maximum is not None and value >= info.exclusive_maximum)
    )


def _got(info: ParamInfo, text: str) -> str:
    return tr("{name} is {what}. Got {text}.", name=words(info.name), what=expected(info), text=text)


def expected(info: ParamInfo) -> str:
    """What a field takes: "a whole number of at least 1"."""
    if info.type == "Dims" and info.rank and info.rank > 1:
        return tr("{n} whole numbers", n=info.rank) + _bounds(info)
    if info.type == "Shape":
        return tr("whole numbers of at least 1, or ? for an axis that varies")
    if info.type in ("int", "Dims"):
        return tr("a whole number") + _bounds(info)
    if info.type in ("float", "LearningRate"):
        return tr("a number") + _bounds(info)
    if info.type == "Range":
        return tr("a number or two numbers") + _bounds(info)
    return tr("a text")


def _bounds(info: ParamInfo) -> str:
    low, high = info.minimum, info.maximum
    if low is not None and high is not None:
        return tr(" from {low:g} to {high:g}", low=low, high=high)
    if low is not None and info.exclusive_maximum is not None:
        return tr(" from {low:g} to below {high:g}", low=low, high=info.exclusive_maximum)
    if low is not None:
        return tr(" of at least {low:g}", low=low)
    if info.exclusive_minimum is not None:
        return tr(" above {low:g}", low=info.exclusive_minimum)
    return tr(" of at most {high:g}", high=high) if high is not None else ""


def _anything(text: str) -> Any:
    if text in ("None", "none"):
        return None
    try:
        return json.loads(text.replace("(", "[").replace(")", "]"))
    except json.JSONDecodeError:
        return text


def step(info: ParamInfo, value: Any, up: bool) -> Any:
    """The next value upwards or downwards, inside the bounds; None where there is no next one."""
    if isinstance(value, (list, tuple)):
        moved = [step(info, v, up) for v in value]
        return None if None in moved else moved
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if info.type in ("int", "Dims", "Shape"):
        found: Any = int(value + (info.step or 1) * (1 if up else -1))
    elif info.maximum is not None or info.exclusive_maximum is not None or info.step:
        found = round(value + (info.step or 0.05) * (1 if up else -1), 10)
    else:
        found = _ladder(float(value), up)
    return found if _within(info, found) else None


def _ladder(value: float, up: bool) -> float:
    """The neighbour on 1, 2, 5, 10, 20, 50, ..."""
    if value == 0:
        return 0.001 if up else 0.0
    exponent = math.floor(math.log10(abs(value)) + 1e-9)
    rungs = [round(m * 10.0 ** (exponent + e), 12) for e in (-1, 0, 1) for m in (1, 2, 5)]
    size = abs(value)
    higher, lower = [r for r in rungs if r > size * 1.0001], [r for r in rungs if r < size * 0.9999]
    return float(math.copysign(higher[0] if up == (value > 0) else lower[-1], value))


def component_of(kind: str, value: Any) -> Component | None:
    """The component that a value names: "glorot_uniform", {"class_name": "L2", "config": ...}."""
    name = value.get("class_name", "") if isinstance(value, Mapping) else value
    if not isinstance(name, str):
        return None
    for known in catalog.describe(kind):
        if name in (known.name, to_snake_case(known.name)):
            return known
    return None


def config_of(value: Any) -> dict[str, Any]:
    """Settings inside an object's value."""
    return dict(value.get("config", {})) if isinstance(value, Mapping) else {}


def object_value(kind: str, known: Component, config: Mapping[str, Any]) -> Any:
    """The value of a setting that holds this object: its name where that says it all, a config otherwise."""
    if kind == "activation" or (kind == "initializer" and not config):
        return known.name if kind == "activation" else to_snake_case(known.name)
    module = known.keras_name.rpartition(".")[0] or f"keras.{kind}s"
    return {"module": module, "class_name": known.name, "config": dict(config), "registered_name": None}


def number(name: str, default: float, low: float | None, high: float | None, whole: bool, doc: str,
           step: float | None = None) -> ParamInfo:  # fmt: skip
    """The description of a number that is no part of the catalogue."""
    kind = "int" if whole else "float"
    return ParamInfo(name, kind, default, True, None, low, high, None, None, step, None, False, "", False, doc)


def optional(info: ParamInfo) -> ParamInfo:
    """The description with nothing that has to be given."""
    return dataclasses.replace(info, required=False, nullable=True)
