"""Rematerialization: the backward pass computes the values inside a function again instead of keeping them.

Chen et al., 2016, "Training deep nets with sublinear memory cost".
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from engine.core import dtypes, tree
from engine.core.op import OPS, Op, dispatch
from engine.core.state import STATE, autocast_scope, loss_collector
from engine.core.stateless import StatelessScope
from engine.core.tape import GradientTape
from engine.core.tensor import Spec, Value, Variable, convert_to_tensor
from engine.core.value import _op

_MODES = ("full", "activations", "larger_than", "list_of_layers", None)


class RematScope:
    """Layers made inside compute their inner values again in the backward pass.

    Args:
        mode: "full" for every layer; "activations" for activation functions; "larger_than" for layers whose output
            has more elements than the threshold; "list_of_layers" for those named; None for none.
        output_size_threshold: elements, for "larger_than".
        layer_names: names, for "list_of_layers".

    Raises:
        ValueError: an unknown mode.
    """

    def __init__(
        self, mode: str | None = "full", output_size_threshold: int = 1024, layer_names: Sequence[str] | None = None
    ) -> None:
        if mode not in _MODES:
            raise ValueError(
                f"Invalid mode '{mode}'. Supported modes are: 'full', 'activations', 'larger_than', 'list_of_layers', "
                "or None."
            )
        self.mode, self.output_size_threshold = mode, output_size_threshold
        self.layer_names = list(layer_names or [])

    def __enter__(self) -> RematScope:
        self._outer, STATE.remat = STATE.remat, self
        return self

    def __exit__(self, *exc: object) -> None:
        STATE.remat = self._outer

    def applied(self, operation: Any, fn: Callable[..., Any], args: Sequence[Any], kwargs: Any) -> Callable[..., Any]:
        """`fn` as this scope wants it for an operation."""
        if self.mode == "activations":
            return fn if getattr(operation, "activation", None) is None else _with_remat_activation(operation, fn)
        if self.mode == "larger_than":
            return rematerialized(fn, larger_than=self.output_size_threshold)
        wanted = self.mode == "full" or (self.mode == "list_of_layers" and operation.name in self.layer_names)
        return remat(fn) if wanted else fn


def _with_remat_activation(layer: Any, fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    def run(*args: Any, **kwargs: Any) -> Any:
        plain = layer.activation
        layer.activation = remat(plain)
        try:
            return fn(*args, **kwargs)
        finally:
            layer.activation = plain

    return run


class _Listener(GradientTape):
    """A tape that notes which variables are read, and on demand every op."""

    def __init__(self, ops_too: bool) -> None:
        super().__init__()
        self._found: dict[int, tuple[Variable, Any]] = {}
        self._ops_too = ops_too
        self.heard: list[Any] = []

    @property
    def found(self) -> list[tuple[Variable, Any]]:
        return list(self._found.values())

    def note_read(self, variable: Variable, value: Any) -> None:
        self._found.setdefault(id(variable), (variable, value))

    def record(self, *what: Any) -> None:
        if self._ops_too:
            self.heard.append(what)


def remat(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f`, of which the backward pass keeps only the inputs: it runs `f` again for the values inside.

    Variables that `f` assigns are assigned once; the second run sees the values that the first one saw.

    Args:
        f: a function of values, a layer, or a layer's `call`.
    """
    return rematerialized(f)


def rematerialized(f: Callable[..., Any], larger_than: int | None = None) -> Callable[..., Any]:
    """`remat(f)`; with `larger_than` only when the outputs have more elements than that."""

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        flat = [convert_to_tensor(x) if hasattr(x, "shape") else x for x in tree.flatten([list(args), kwargs])]
        listener = _Listener(ops_too=larger_than is not None)
        tapes, STATE.tapes = STATE.tapes, (listener,)
        try:
            with loss_collector() as losses:
                result = _call(f, args, kwargs, flat)
        finally:
            STATE.tapes = tapes
        for tape in tapes:
            for variable, value in listener.found:
                tape.note_read(variable, value)
        outputs = [*tree.flatten(result), *(loss for _, loss in losses)]
        if larger_than is not None and _size(outputs) <= larger_than:
            _replay(listener.heard, tapes)
        else:
            outputs = _kept_apart(f, args, kwargs, flat, listener.found, outputs, tapes)
        count = len(outputs) - len(losses)
        for (layer, _), loss in zip(losses, outputs[count:], strict=True):
            layer.add_loss(loss)
        return tree.pack_sequence_as(result, outputs[:count])

    return wrapped


def _replay(heard: Sequence[Any], tapes: Sequence[GradientTape]) -> None:
    for tape in tapes:
        for what in heard:
            tape.record(*what)


def _kept_apart(
    f: Callable[..., Any], args: Any, kwargs: Any, flat: Sequence[Any], reads: Any, found: Any, tapes: Any
) -> list[Any]:
    """Record the whole call as one op on tapes; returns its outputs."""
    outputs: list[Any] = [_op("copy")(y) if any(y is x for x in flat) else y for y in found]
    places = [i for i, x in enumerate(flat) if isinstance(x, Value)]
    inputs = [*(flat[i] for i in places), *(value for _, value in reads)]

    autocast = STATE.autocast

    def again(values: Sequence[Any]) -> list[Any]:
        given = list(flat)
        for i, value in zip(places, values, strict=False):
            given[i] = value
        seen = zip((v for v, _ in reads), values[len(places) :], strict=True)
        with StatelessScope(seen), autocast_scope(autocast), loss_collector() as losses:
            found = tree.flatten(_call(f, args, kwargs, given))
        results: list[Any] = [*found, *(loss for _, loss in losses)]
        return results

    op = _remat_op(getattr(f, "__name__", "function"), outputs, again)
    for tape in tapes:
        tape.record(op, inputs, {}, outputs)
    return outputs


def _size(outputs: Sequence[Any]) -> int:
    """Elements of all outputs of one sample."""
    return sum(math.prod(d or 1 for d in x.shape) for x in outputs if x is not None)


def _call(f: Any, args: Any, kwargs: Any, flat: Sequence[Any]) -> Any:
    new_args, new_kwargs = tree.pack_sequence_as([list(args), kwargs], list(flat))
    return f(*new_args, **new_kwargs)


def _remat_op(name: str, outputs: Sequence[Any], again: Callable[..., list[Any]]) -> Op:
    def vjp_all(grads: Any, ys: Any, xs: Any, attrs: Any) -> tuple[Any, ...]:
        weights = {i: g for i, g in enumerate(grads) if g is not None}
        start = next(iter(weights.values()))
        inputs = [dispatch(OPS["after"], (x, start), {}) if x is not None else None for x in xs]
        followed = [x for x in inputs if x is not None and dtypes.is_float(x.dtype)]
        with GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(followed)
            results = again(inputs)
        found = iter(tape.gradient([results[i] for i in weights], followed, output_gradients=list(weights.values())))
        return tuple(next(found) if x is not None and dtypes.is_float(x.dtype) else None for x in inputs)

    specs = tuple(Spec(y.shape, y.dtype) for y in outputs)
    return Op(f"remat_{name}", {}, lambda *_: specs, vjp_all=vjp_all)
