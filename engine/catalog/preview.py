"""What a layer would be for given inputs: shapes, weights, derivation, cost. Nothing is computed or allocated."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.core import naming, registry
from engine.core.errors import ParamError, ShapeError
from engine.core.graph import Graph, trace
from engine.core.shapes import explaining
from engine.core.state import opening_file
from engine.core.tensor import Spec

_CACHED = 8192

SENSELESS = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, ZeroDivisionError, RecursionError,
    MemoryError, RuntimeError, NotImplementedError,
)  # fmt: skip
"""What code ends in when it is given settings nobody thought of."""

INPUT = "InputLayer"
"""Known to people, to the designer and to Keras's functional API as `Input`."""


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
        return preview_of(cls, dict(config), specs)
    return _cached_preview(cls, key, specs)


def _layer_class(name: str) -> Any:
    import engine.layers  # noqa: F401  (registers them)

    found = registry.lookup("layer", INPUT if name == "Input" else name) or registry.get_registered_object(name)
    if found is None:
        raise KeyError(f"There is no layer called {name!r}.")
    return found


@functools.lru_cache(_CACHED)
def _cached_preview(cls: Any, key: str, inputs: tuple[Spec, ...]) -> Preview:
    return preview_of(cls, json.loads(key), inputs)


def preview_of(cls: Any, config: dict[str, Any], inputs: tuple[Spec, ...]) -> Preview:
    """`preview` for a class, without the memory of earlier answers."""
    layer = _made(cls, {"name": naming.to_snake_case(cls.__name__), **config})
    _check_ports(layer, inputs)
    if not inputs:
        return _source(layer)
    with explaining() as notes:
        graph = _traced(layer, inputs)
    outputs = tuple(symbol.spec for symbol in graph.outputs if symbol is not None)
    trained = {id(w) for w in layer.trainable_weights}
    weights = tuple(WeightInfo(w.name, tuple(w.shape), w.dtype, id(w) in trained) for w in layer.weights)
    return Preview(
        outputs=outputs,
        weights=weights,
        parameters=sum(w.size for w in weights),
        trainable_parameters=sum(w.size for w in weights if w.trainable),
        derivation=tuple(notes),
        parameter_rule=_rule(weights),
        macs=_macs(graph),
    )


def _check_ports(layer: Any, inputs: tuple[Spec, ...]) -> None:
    """Refuse a wrong number of inputs or axes in plain words, before the layer says it in Keras's."""
    fewest, most = layer.PORTS.inputs
    if len(inputs) < fewest or (most is not None and len(inputs) > most):
        span = f"{fewest}" if fewest == most else f"at least {fewest}" if most is None else f"{fewest} to {most}"
        raise ShapeError(
            f"{type(layer).__name__} takes {span} input{'' if span == '1' else 's'} and has {len(inputs)}.",
            layer=layer.name,
            hint="Connect one more." if len(inputs) < fewest else "Disconnect one.",
        )
    low, high = layer.PORTS.ranks or (0, None)
    for spec in inputs:
        rank = len(spec.shape)
        if rank < low or (high is not None and rank > high):
            bound = low if rank < low else high or low
            wanted = f"{low - 1}" if low == high else f"{'at least' if rank < low else 'at most'} {bound - 1}"
            raise ShapeError(
                f"{type(layer).__name__} needs {wanted} axes per sample and gets {rank - 1}.",
                layer=layer.name,
                shapes=(spec.shape,),
            )


def _made(cls: Any, config: dict[str, Any]) -> Any:
    try:
        with opening_file(), np.errstate(all="ignore"):  # settings must not make the engine read files
            return cls.from_config(config)
    except (ShapeError, ParamError):
        raise
    except SENSELESS as error:
        raise ParamError(f"{cls.__name__}: {_reason(error)}", owner=cls.__name__) from error


def _reason(error: BaseException) -> str:
    return str(error).strip() if isinstance(error, (ValueError, TypeError)) and str(error) else _PLAIN_REASON


_PLAIN_REASON = "these settings make no layer."


def _traced(layer: Any, inputs: tuple[Spec, ...]) -> Graph:
    """The layer's computation as a graph of ops; the layer is built on the way."""
    merges = type(layer).PORTS.as_list

    def call(*values: Any) -> Any:
        return layer(list(values)) if merges else layer(*values)

    try:
        with np.errstate(all="ignore"):  # numbers beyond the type's range become infinite
            return trace(call, inputs)
    except (ShapeError, ParamError):
        raise
    except SENSELESS as error:
        shapes = [spec.shape for spec in inputs]
        raise ShapeError(_reason(error), layer=layer.name, shapes=shapes) from error


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
