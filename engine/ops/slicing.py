"""Parts of values, cut out and written at a place that Python knows or that is known only when a plan runs."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from engine.core.cases import F, I, case
from engine.core.errors import ShapeError
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.tensor import Spec, Symbol, convert_to_tensor, infer_shape_of
from engine.ops import elementwise as ew

__all__ = ["slice", "slice_update"]


@defop(
    infer=lambda x, start, *, shape: Spec(shape, x.dtype),
    vjp=(lambda g, y, x, start, *, shape: unslice_at(g, x, start), None),
    cases=(case(F(4, 5), I(2, high=2), shape=(2, 3)),),
)
def slice_at(x: Any, start: Any, *, shape: tuple[int, ...]) -> Any:
    """The part of the given shape that begins at a place known only when it runs."""
    return x[_key(start, shape)]


@defop(
    infer=lambda g, x, start: Spec(x.shape, g.dtype),
    vjp=(lambda h, y, g, x, start: slice_at(h, start, shape=tuple(g.shape)), None, None),
    shape_only=(1,),
    cases=(case(F(2, 3), F(4, 5), I(2, high=2)),),
)
def unslice_at(g: Any, x: Any, start: Any, *, out: Any = None) -> Any:
    """Zeros in the shape of x with g at a place known only when it runs."""
    out = np.empty(x.shape, g.dtype) if out is None else out
    out.fill(0)
    out[_key(start, g.shape)] = g
    return out


def _key(start: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    return tuple(builtins.slice(int(s), int(s) + n) for s, n in zip(start, shape, strict=True))


@composite("keras.src.ops.core:Slice", call=("inputs", "start_indices"))
def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """The part of `inputs` that begins at `start_indices` and has the given shape; -1 reaches to the end.

    Raises:
        ValueError: not one start and one length for each axis.
    """
    x = convert_to_tensor(inputs)
    starts = start_indices if isinstance(start_indices, (list, tuple)) else convert_to_tensor(start_indices)
    if not len(starts) == len(shape) == len(x.shape):
        raise ValueError(
            "Length of `start_indices` must match length of `shape`. "
            f"Received: start_indices={start_indices}, shape={shape}"
        )
    if _open(starts):
        if -1 in tuple(shape):
            raise ShapeError("slice: a part that reaches to the end needs a start that Python knows.", op="slice")
        return slice_at(x, convert_to_tensor(starts, "int32"), shape=tuple(int(n) for n in shape))
    ends = [None if n == -1 else int(s) + int(n) for s, n in zip(starts, shape, strict=True)]
    _check_inside(infer_shape_of(x), ends)
    return x[tuple(builtins.slice(int(s), e) for s, e in zip(starts, ends, strict=True))]


def _check_inside(lengths: tuple[Any, ...], ends: list[int | None]) -> None:
    for axis, (length, end) in enumerate(zip(lengths, ends, strict=True)):
        if length is not None and end is not None and end > length:
            raise ShapeError(f"slice: axis {axis} has {length} elements, but the part ends at {end}.", op="slice")


def _open(starts: Any) -> bool:
    return isinstance(starts, Symbol) or any(isinstance(s, Symbol) for s in starts)


@composite("keras.src.ops.core:SliceUpdate", call=("inputs", "start_indices", "updates"))
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """`inputs` with `updates` written from the given start.

    Raises:
        ValueError: not one start for each axis.
    """
    x, new = convert_to_tensor(inputs), convert_to_tensor(updates)
    starts = start_indices if isinstance(start_indices, (list, tuple)) else convert_to_tensor(start_indices)
    if not len(starts) == len(new.shape) == len(x.shape):
        raise ValueError(
            "slice_update needs one start for each axis, and as many axes of `updates`. "
            f"Received: start_indices={start_indices}, inputs of shape {x.shape}, updates of shape {new.shape}"
        )
    new = ew.cast(new, x.dtype)
    if _open(starts):
        place = convert_to_tensor(starts, "int32")
        inside, placed = unslice_at(ew.ones_like(new), x, place), unslice_at(new, x, place)
    else:
        lengths = infer_shape_of(new)
        ends = [None if n is None else int(s) + n for s, n in zip(starts, lengths, strict=True)]
        if 0 not in lengths:
            _check_inside(infer_shape_of(x), ends)
        key = {"key": tuple(builtins.slice(int(s), e) for s, e in zip(starts, ends, strict=True))}
        inside = dispatch(OPS["unslice"], (ew.ones_like(new), x), key)
        placed = dispatch(OPS["unslice"], (new, x), key)
    return ew.where(ew.cast(inside, "bool"), placed, x)
