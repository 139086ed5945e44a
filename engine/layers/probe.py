"""Outputs of layers as KerasTensors; where Python needs lengths that are open, two lengths are tried and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.core import tree
from engine.core.errors import TraceError
from engine.core.graph import trace
from engine.core.tensor import KerasTensor, Spec

_LENGTHS = (7, 11)
"""Tried for open axes; long enough for usual kernels, short enough for loops over time."""


def traced_outputs(function: Callable[..., Any], specs: Sequence[Spec]) -> Any:
    """KerasTensors of what `function` returns. Its Python may ask for open axes after the batch, but for no numbers.

    Raises:
        TraceError: it asks for numbers.
    """
    try:
        result = trace(function, specs).structure
    except TraceError:
        if all(d is not None for spec in specs for d in spec.shape[1:]):
            raise
    else:
        return tree.map_structure(lambda s: None if s is None else like(s), result)
    first, second = (trace(function, [_closed(spec, n) for spec in specs]).structure for n in _LENGTHS)
    return tree.map_structure(_common, first, second)


def like(value: Any) -> KerasTensor:
    """A KerasTensor of the same shape and type; its mask, if there is one, is a KerasTensor too."""
    tensor = KerasTensor(value.shape, value.dtype)
    mask = getattr(value, "_keras_mask", None)
    if mask is not None:
        tensor._keras_mask = KerasTensor(mask.shape, mask.dtype)
    return tensor


def _closed(spec: Spec, length: int) -> Spec:
    return Spec((*spec.shape[:1], *(length if d is None else d for d in spec.shape[1:])), spec.dtype)


def _common(a: Any, b: Any) -> Any:
    if a is None or b is None:
        return None
    tensor = KerasTensor([x if x == y else None for x, y in zip(a.shape, b.shape, strict=True)], a.dtype)
    tensor._keras_mask = _common(a._keras_mask, b._keras_mask)
    return tensor
