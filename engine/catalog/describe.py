"""Components described as plain data, read from their declarations."""

from __future__ import annotations

import functools
import inspect
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from engine.catalog.preview import INPUT, preview_of
from engine.core import params, registry
from engine.core.errors import ParamError, ShapeError
from engine.core.params import Param
from engine.core.tensor import Spec

KINDS = ("layer", "loss", "metric", "optimizer", "schedule", "callback", "initializer", "regularizer", "constraint")
"""Kinds that `describe()` lists; activations are functions and come last."""

_MODULES = ("layers", "losses", "metrics", "optimizers", "callbacks", "initializers", "regularizers", "constraints")
_INPUT_PARAMS = {
    "shape": Param(kind="Shape", ge=1, doc="Axes of one sample, the batch left out; empty axes may vary."),
    "dtype": Param(
        "float32",
        kind="str",
        choices=("float32", "int32", "int64", "string"),
        advanced=True,
        doc="Type of the values that come in.",
    ),
}


@dataclass(frozen=True)
class ParamInfo:
    """One parameter of a component.

    Attributes:
        name: its name in the constructor and in the config.
        type: "int", "float", "bool", "str", "Dims" (`rank` whole numbers), "Range" (one or two
            numbers), "Shape", "Any" or a kind of object.
        default: value when it is not given, as configs hold it; None when `required`.
        minimum, maximum, exclusive_minimum, exclusive_maximum: bounds of a number.
        nullable: whether None is allowed.
    """

    name: str
    type: str
    default: Any
    required: bool
    choices: tuple[Any, ...] | None
    minimum: float | None
    maximum: float | None
    exclusive_minimum: float | None
    exclusive_maximum: float | None
    step: float | None
    rank: int | None
    nullable: bool
    group: str
    advanced: bool
    doc: str


@dataclass(frozen=True)
class Component:
    """A layer, loss, optimizer, ...: everything a palette, a property panel or a code writer needs.

    Attributes:
        kind: one of `KINDS` or "activation".
        name: its name in the engine; `keras_name` is its full name in Keras ("keras.layers.Dense").
        category: family of a layer ("convolution", ...), "" for other kinds.
        summary: first sentence of the documentation; `doc` is all of it.
        aliases: further words under which people look for it.
        ports: inputs and outputs of a layer; None for other kinds, and for layers that only live inside others.
        train_only: whether the layer does nothing outside of training.
        since: version in which it came.
    """

    kind: str
    name: str
    keras_name: str
    category: str
    summary: str
    doc: str
    aliases: tuple[str, ...]
    params: tuple[ParamInfo, ...]
    ports: Any
    train_only: bool
    since: str

    @property
    def has_weights(self) -> bool:
        """Whether a layer holds numbers that are trained or gathered. Tried out when it is first asked."""
        return self.kind == "layer" and _has_weights(
            registry.all_of("layer")[INPUT if self.name == "Input" else self.name]
        )

    @property
    def learns_from_data(self) -> bool:
        """Whether a layer finds figures of the data before training, by `adapt`."""
        return self.has_weights and hasattr(registry.lookup("layer", self.name), "adapt")


def describe(kind: str | None = None) -> tuple[Component, ...]:
    """All components, or those of one kind, in the order in which they were declared."""
    if kind is not None:
        return _described(kind, _version(kind))
    return tuple(found for each in (*KINDS, "activation") for found in describe(each))


def component(kind: str, name: str) -> Component:
    """One component.

    Raises:
        KeyError: nothing of that kind and name.
    """
    found = _by_name(kind, _version(kind)).get("Input" if (kind, name) == ("layer", INPUT) else name)
    if found is None:
        raise KeyError(f"There is no {kind} called {name!r}.")
    return found


def to_json(kind: str | None = None) -> str:
    """`describe()` as JSON."""
    facts = [{**asdict(c), "has_weights": c.has_weights} for c in describe(kind)]
    return json.dumps(facts, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (tuple, frozenset, set)) else str(value)


def _version(kind: str) -> int:
    """How many components of the kind are registered; grows when a user declares one."""
    _import_all()
    return len(registry.all_of(kind))


@functools.cache
def _import_all() -> None:
    import engine

    for module in (*_MODULES, "activations"):
        getattr(engine, module)


@functools.lru_cache(32)
def _by_name(kind: str, version: int) -> dict[str, Component]:
    return {found.name: found for found in _described(kind, version)}


@functools.lru_cache(32)
def _described(kind: str, version: int) -> tuple[Component, ...]:
    return tuple(_describe(kind, name, found) for name, found in registry.all_of(kind).items())


def _describe(kind: str, name: str, found: Any) -> Component:
    doc = inspect.cleandoc(found.__doc__ or "")
    module, keras = registry.keras_name(found) or ("", "")
    is_layer = kind == "layer"
    declared = getattr(found, "PARAMS", {})
    if is_layer and name == INPUT:
        name, keras, declared = "Input", "Input", _named(_INPUT_PARAMS)
    category = getattr(found, "CATEGORY", "") if is_layer else ""
    return Component(
        kind=kind,
        name=name,
        keras_name=f"{module}.{keras}" if keras else "",
        category=category,
        summary=doc.split("\n\n")[0].replace("\n", " "),
        doc=doc,
        aliases=tuple(getattr(found, "ALIASES", ())),
        params=tuple(_param(info) for info in declared.values() if not info.hidden),
        ports=found.PORTS if is_layer and _stands_alone(found) else None,
        train_only=is_layer and (category == "regularization" or not getattr(found, "ALWAYS", True)),
        since=getattr(found, "SINCE", "0.1"),
    )


def _stands_alone(cls: Any) -> bool:
    """Whether the layer can be wired by itself: cells of recurrent layers and layers of code cannot."""
    from engine.layers.rnn import StackedRNNCells
    from engine.layers.rnn_cells import Cell

    code = any(info.required and info.kind == "Function" for info in getattr(cls, "PARAMS", {}).values())
    return not code and not issubclass(cls, (Cell, StackedRNNCells))


def _named(declared: Mapping[str, params.ParamInfo]) -> dict[str, params.ParamInfo]:
    return {name: replace(info, name=name) for name, info in declared.items()}


def _param(info: params.ParamInfo) -> ParamInfo:
    return ParamInfo(
        name=info.name,
        type=info.kind,
        default=None if info.required else _plain_default(info),
        required=info.required,
        choices=info.choices,
        minimum=info.ge,
        maximum=info.le,
        exclusive_minimum=info.gt,
        exclusive_maximum=info.lt,
        step=info.step,
        rank=info.rank,
        nullable=info.nullable,
        group=info.group,
        advanced=info.advanced,
        doc=info.doc,
    )


def _plain_default(info: params.ParamInfo) -> Any:
    if info.kind == "Dims":
        return info.check(info.default, info.name)
    plain = isinstance(info.default, (str, int, float, bool, tuple, list, dict, type(None)))
    return info.default if plain else params.serialize_value(info, info.default)


_SAMPLES = tuple(Spec((None, *(8,) * rank), dtype) for rank in (1, 2, 3, 4) for dtype in ("float32", "int32"))
"""Inputs tried to find out whether a layer has weights."""

_SAMPLE_VALUES = {"int": 1, "float": 0.5, "bool": True, "Dims": 1, "Range": 0.5, "Shape": (8,), "str": ""}


@functools.cache
def _has_weights(cls: Any) -> bool:
    """Tried out; a layer that fits no sample has weights if it builds something."""
    from engine.layers import Layer

    required = {info.name: _sample(info) for info in getattr(cls, "PARAMS", {}).values() if info.required}
    for spec in _SAMPLES:
        for count in (1, 2):
            try:
                return preview_of(cls, required, (spec,) * count).parameters > 0
            except (ShapeError, ParamError):
                continue
    return cls.build is not Layer.build


def _sample(info: params.ParamInfo) -> Any:
    if info.kind == "Layer":
        return _sample_layer(info.choices[0] if info.choices else "Dense")
    if info.choices:
        return info.choices[0]
    value = _SAMPLE_VALUES.get(info.kind)
    return math.ceil(info.ge) if info.kind == "int" and info.ge is not None else value


def _sample_layer(name: str) -> dict[str, Any]:
    """The config of a layer inside another."""
    required = [info for info in registry.all_of("layer")[name].PARAMS.values() if info.required]
    return {"class_name": name, "config": {info.name: _sample(info) for info in required}, "module": "keras.layers"}
