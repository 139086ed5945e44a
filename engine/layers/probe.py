"""Outputs of layers as KerasTensors; where Python needs lengths that are open, two are tried and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.core import tree
from engine.core.errors import TraceError
from engine.core.graph import trace
from engine.core.tensor import KerasTensor, Spec, Value

_LENGTHS = (7, 11)
"""Tried for open axes; long enough for usual kernels, short enough for loops over time."""


def traced_call(run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """KerasTensors of what `run(args, kwargs)` returns; values among the arguments are symbols in it, with masks."""
    leaves = tree.flatten([list(args), kwargs])
    tensors = [x for x in leaves if isinstance(x, Value)]
    masks = [getattr(x, "_keras_mask", None) for x in tensors]
    specs = [Spec(tuple(x.shape), x.dtype) for x in [*tensors, *(m for m in masks if m is not None)]]

    def call(*symbols: Any) -> Any:
        values, given = iter(symbols[: len(tensors)]), iter(symbols[len(tensors) :])
        for symbol, mask in zip(symbols, masks, strict=False):
            symbol._keras_mask = None if mask is None else next(given)
        replaced = [next(values) if isinstance(x, Value) else x for x in leaves]
        new_args, new_kwargs = tree.pack_sequence_as([list(args), kwargs], replaced)
        return run(tuple(new_args), new_kwargs)

    return traced_outputs(call, specs)


def traced_outputs(function: Callable[..., Any], specs: Sequence[Spec]) -> Any:
    """KerasTensors of what `function` returns. Its Python may ask for open axes, but for no numbers.

    Axes stay open where they can; else those after the batch are tried with two lengths, and at last the batch too.

    Raises:
        TraceError: it asks for numbers.
    """
    try:
        result = trace(function, specs).structure
    except (TraceError, TypeError) as error:
        refusal = error
    else:
        return tree.map_structure(lambda s: _common(s, s), result)
    for with_batch in (False, True):
        if not any(d is None for spec in specs for d in spec.shape[0 if with_batch else 1 :]):
            continue
        try:
            first, second = (
                trace(function, [_closed(spec, n, with_batch) for spec in specs]).structure for n in _LENGTHS
            )
        except (TraceError, TypeError):
            continue
        return tree.map_structure(_common, first, second)
    raise refusal


def _closed(spec: Spec, length: int, with_batch: bool) -> Spec:
    first = 0 if with_batch else 1
    return Spec((*spec.shape[:first], *(length if d is None else d for d in spec.shape[first:])), spec.dtype)


def _common(a: Any, b: Any) -> Any:
    if a is None or b is None:
        return None
    found = KerasTensor([x if x == y else None for x, y in zip(a.shape, b.shape, strict=True)], a.dtype)
    found._keras_mask = _common(*(getattr(x, "_keras_mask", None) for x in (a, b)))
    return found


def like(tensor: Any) -> Any:
    """A KerasTensor of the same shape and type, with a mask if that has one."""
    return _common(tensor, tensor)
