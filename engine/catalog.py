"""What the designer and the documentation know about components, read from their declarations."""

from __future__ import annotations

import functools
import inspect
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.core import naming, params, registry
from engine.core.errors import ParamError, ShapeError
from engine.core.graph import Graph, trace
from engine.core.shapes import explaining
from engine.core.tensor import Spec

__all__ = ["Component", "ParamInfo", "Preview", "Spec", "WeightInfo", "component", "describe", "preview", "to_json"]

KINDS = ("layer", "loss", "metric", "optimizer", "schedule", "callback", "initializer", "regularizer", "constraint")
"""Kinds that `describe()` lists; activations are functions and come last."""

_MODULES = ("layers", "losses", "metrics", "optimizers", "callbacks", "initializers", "regularizers", "constraints")
_CACHED = 8192


@dataclass(frozen=True)
class ParamInfo:
    """One parameter of a component.

    Attributes:
        name: its name in the constructor and in the config.
        type: "int", "float", "bool", "str", "Dims" (`rank` whole numbers), "Shape", "Any" or a kind of object.
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
        ports: inputs and outputs of a layer; None for other kinds.
        has_weights: whether the layer holds numbers that are trained or gathered.
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
    has_weights: bool
    train_only: bool
    since: str


@dataclass(frozen=True)
class WeightInfo:
    """One weight of a layer; nothing is allocated for it."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    trainable: bool

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class Preview:
    """What a layer would be for given inputs.

    Attributes:
        outputs: shapes and types, batch first.
        weights: in the order of files.
        parameters, trainable_parameters: how many numbers the weights hold.
        derivation: how the output shape comes about, in numbers.
        parameter_rule: how the number of parameters comes about: "3·3·16·16 + 16 = 2,320".
        macs: multiplications with addition for one sample.
    """

    outputs: tuple[Spec, ...]
    weights: tuple[WeightInfo, ...]
    parameters: int
    trainable_parameters: int
    derivation: tuple[str, ...]
    parameter_rule: str
    macs: int


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
    found = _by_name(kind, _version(kind)).get(name)
    if found is None:
        raise KeyError(f"There is no {kind} called {name!r}.")
    return found


def to_json(kind: str | None = None) -> str:
    """`describe()` as JSON."""
    return json.dumps([asdict(found) for found in describe(kind)], default=_plain, ensure_ascii=False)


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
    category = getattr(found, "CATEGORY", "") if is_layer else ""
    return Component(
        kind=kind,
        name=name,
        keras_name=f"{module}.{keras}" if keras else "",
        category=category,
        summary=doc.split("\n\n")[0].replace("\n", " "),
        doc=doc,
        aliases=tuple(getattr(found, "ALIASES", ())),
        params=tuple(_param(info) for info in getattr(found, "PARAMS", {}).values()),
        ports=getattr(found, "PORTS", None) if is_layer else None,
        has_weights=is_layer and _has_weights(found),
        train_only=category == "regularization",
        since=getattr(found, "SINCE", "0.1"),
    )


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
    plain = isinstance(info.default, (str, int, float, bool, tuple, list, dict, type(None)))
    return info.default if plain else params.serialize_value(info, info.default)


def preview(layer_class_name: str, config: Mapping[str, Any], inputs: Sequence[Spec]) -> Preview:
    """What a layer with these settings would do to inputs of these shapes. Nothing is computed or allocated.

    Args:
        layer_class_name: name of a registered layer.
        config: its settings, as configs hold them; what is missing takes its default.
        inputs: shape and type of each input in order, batch first.

    Raises:
        KeyError: there is no such layer.
        ParamError: a setting is outside its range.
        ShapeError: the inputs do not fit.
    """
    cls = _layer_class(layer_class_name)
    specs = tuple(Spec(tuple(spec[0]), spec[1]) for spec in inputs)
    try:
        key = json.dumps(config, sort_keys=True)
    except TypeError:
        return _preview(cls, dict(config), specs)
    return _cached_preview(cls, key, specs)


def _layer_class(name: str) -> Any:
    _import_all()
    found = registry.lookup("layer", name) or registry.get_registered_object(name)
    if found is None:
        raise KeyError(f"There is no layer called {name!r}.")
    return found


@functools.lru_cache(_CACHED)
def _cached_preview(cls: Any, key: str, inputs: tuple[Spec, ...]) -> Preview:
    return _preview(cls, json.loads(key), inputs)


def _preview(cls: Any, config: dict[str, Any], inputs: tuple[Spec, ...]) -> Preview:
    layer = _made(cls, {"name": naming.to_snake_case(cls.__name__), **config})
    if not inputs:
        return _source(layer)
    with explaining() as notes:
        graph = _traced(layer, inputs)
    outputs = tuple(symbol.spec for symbol in graph.outputs if symbol is not None)
    weights = tuple(WeightInfo(w.name, tuple(w.shape), w.dtype, bool(w.trainable)) for w in layer.weights)
    return Preview(
        outputs=outputs,
        weights=weights,
        parameters=sum(w.size for w in weights),
        trainable_parameters=sum(w.size for w in weights if w.trainable),
        derivation=tuple(notes),
        parameter_rule=_rule(weights),
        macs=_macs(graph),
    )


def _made(cls: Any, config: dict[str, Any]) -> Any:
    try:
        return cls.from_config(config)
    except (ShapeError, ParamError):
        raise
    except (TypeError, ValueError) as error:
        raise ParamError(f"{cls.__name__}: {error}", owner=cls.__name__) from error


def _traced(layer: Any, inputs: tuple[Spec, ...]) -> Graph:
    """The layer's computation as a graph of ops; the layer is built on the way."""
    merges = getattr(type(layer), "CATEGORY", "") == "merging"

    def call(*values: Any) -> Any:
        return layer(list(values)) if merges else layer(*values)

    try:
        return trace(call, inputs)
    except (ShapeError, ParamError):
        raise
    except (TypeError, ValueError) as error:
        shapes = [spec.shape for spec in inputs]
        raise ShapeError(str(error), layer=layer.name, shapes=shapes) from error


def _source(layer: Any) -> Preview:
    """An input layer: its outputs are what it declares."""
    shape = getattr(layer, "batch_shape", None)
    if shape is None:
        raise ShapeError("the layer has no input.", layer=layer.name, hint="Connect one.")
    return Preview((Spec(tuple(shape), layer.dtype),), (), 0, 0, (), "", 0)


def _rule(weights: Sequence[WeightInfo]) -> str:
    """ "3·3·16·16 + 16 = 2,320": one product for each weight, equal ones in a row counted."""
    terms: list[list[Any]] = []
    for weight in weights:
        text = "·".join(str(dim) for dim in weight.shape) or "1"
        if terms and terms[-1][0] == text:
            terms[-1][1] += 1
        else:
            terms.append([text, 1])
    total = sum(weight.size for weight in weights)
    words = [text if count == 1 else f"{count}·{text}" for text, count in terms]
    rule = " + ".join(words)
    return rule if not words or rule == f"{total}" else f"{rule} = {total:,}"


def _macs(graph: Graph) -> int:
    """Multiply-adds of one sample: every op counts its own."""
    total = 0
    for node in graph.nodes:
        if node.op.macs is not None:
            specs = [None if symbol is None else symbol.spec for symbol in node.inputs]
            total += int(node.op.macs(node.outputs[0].spec, *specs, **node.attrs))
    return total


_SAMPLES = tuple(Spec((None, *(8,) * rank), dtype) for rank in (1, 2, 3, 4) for dtype in ("float32", "int32"))
"""Inputs tried to find out whether a layer has weights."""

_SAMPLE_VALUES = {"int": 1, "float": 0.5, "bool": True, "Dims": 1, "Shape": (8,), "str": ""}


@functools.cache
def _has_weights(cls: Any) -> bool:
    required = {info.name: _sample(info) for info in getattr(cls, "PARAMS", {}).values() if info.required}
    for spec in _SAMPLES:
        for count in (1, 2):
            try:
                return _preview(cls, required, (spec,) * count).parameters > 0
            except (ShapeError, ParamError):
                continue
    return False


def _sample(info: params.ParamInfo) -> Any:
    if info.choices:
        return info.choices[0]
    value = _SAMPLE_VALUES.get(info.kind)
    return math.ceil(info.ge) if info.kind == "int" and info.ge is not None else value
