"""Scattering: values added or written at positions, and reductions of rows by the segment they belong to."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.core import dtypes
from engine.core.cases import POS, F, I, case
from engine.core.errors import TraceError
from engine.core.op import PublicOp, composite, defop
from engine.core.tensor import Spec, Symbol, convert_to_tensor
from engine.kernels.scatter import scatter_add_rows
from engine.ops import elementwise as ew

__all__ = [
    "scatter",
    "scatter_update",
    "segment_max",
    "segment_min",
    "segment_prod",
    "segment_sum",
]

_PLACES = np.array([[0, 1], [2, 0], [0, 1]], "int32")
_ROWS = np.array([[2], [0]], "int32")


def _key(indices: Any) -> tuple[Any, ...]:
    return tuple(np.moveaxis(indices, -1, 0))


@defop(
    infer=lambda x, indices: Spec((*indices.shape[:-1], *x.shape[indices.shape[-1] :]), x.dtype),
    vjp=(lambda g, y, x, i: scatter_like(x, i, g), None),
    cases=(case(F(3, 4), _PLACES), case(F(3, 4), _ROWS)),
)
def gather_at(x: Any, indices: Any) -> Any:
    """The elements, or slices, of x at positions given along the last axis of `indices`."""
    return x[_key(indices)]


@defop(
    infer=lambda x, indices, values: Spec(x.shape, values.dtype),
    vjp=(None, None, lambda g, y, x, i, v: gather_at(g, i)),
    shape_only=(0,),
    cases=(case(F(3, 4), _PLACES, F(3)), case(F(3, 4), _ROWS, F(2, 4))),
)
def scatter_like(x: Any, indices: Any, values: Any, *, out: Any = None) -> Any:
    """Zeros in the shape of x to which the values are added at positions."""
    out = np.empty(x.shape, values.dtype) if out is None else out
    out.fill(0)
    np.add.at(out, _key(indices), values)
    return out


@defop(
    infer=lambda indices, values, *, shape: Spec(shape, values.dtype),
    vjp=(None, lambda g, y, i, v, *, shape: gather_at(g, i)),
    cases=(case(_PLACES, F(3), shape=(3, 4)), case(_ROWS, F(2, 4), shape=(3, 4))),
    name="scatter",
)
def _scatter(indices: Any, values: Any, *, shape: tuple[int, ...], out: Any = None) -> Any:
    out = np.empty(shape, values.dtype) if out is None else out
    out.fill(0)
    np.add.at(out, _key(indices), values)
    return out


@composite("keras.src.ops.core:Scatter", call=("indices", "values"))
def scatter(indices: Any, values: Any, shape: Any) -> Any:
    """Zeros of the given shape to which the values are added at the positions (along the last axis of `indices`)."""
    return _scatter(convert_to_tensor(indices), convert_to_tensor(values), shape=tuple(int(n) for n in shape))


_WRITERS: dict[str | None, Any] = {
    "add": np.add.at,
    "max": np.maximum.at,
    "min": np.minimum.at,
    "mul": np.multiply.at,
}


@defop(
    infer=lambda x, indices, updates, *, reduction: x,
    vjp=(
        lambda g, y, x, i, u, *, reduction: _kept(g, y, x, i, u, reduction),
        None,
        lambda g, y, x, i, u, *, reduction: _given(g, y, x, i, u, reduction),
    ),
    cases=tuple(case(F(3, 4), _PLACES, F(3), reduction=r) for r in (None, "add", "max", "min", "mul"))
    + tuple(case(F(3, 4), _ROWS, F(2, 4), reduction=r) for r in (None, "add", "max", "min", "mul")),
    name="scatter_update",
)
def _scatter_update(x: Any, indices: Any, updates: Any, *, reduction: str | None, out: Any = None) -> Any:
    if out is None:
        out = x.copy()
    else:
        np.copyto(out, x)
    key = _key(indices)
    if reduction is None:
        out[key] = updates
    else:
        _WRITERS[reduction](out, key, updates)
    return out


@defop(
    infer=lambda x, indices, updates: Spec(updates.shape, x.dtype),
    shape_only=(2,),
    cases=(case(F(3, 4), _PLACES, F(3)), case(F(3, 4), _ROWS, F(2, 4))),
    nondiff="depends on positions only",
)
def last_written(x: Any, indices: Any, updates: Any) -> Any:
    """1 for the updates that stay when all are written one after the other, 0 for those written over."""
    flat = indices.reshape(-1, indices.shape[-1])
    holder = np.zeros(x.shape[: indices.shape[-1]], "int64")
    order = np.arange(len(flat))
    holder[_key(flat)] = order
    stays = (holder[_key(flat)] == order).reshape(indices.shape[:-1])
    rest = (1,) * (len(updates.shape) - stays.ndim)
    return np.broadcast_to(stays.reshape(*stays.shape, *rest), updates.shape).astype(x.dtype)


def _kept(g: Any, y: Any, x: Any, i: Any, u: Any, reduction: str | None) -> Any:
    """The gradient by what was there before."""
    if reduction is None:
        return _scatter_update(g, i, ew.zeros_like(u), reduction=None)
    if reduction == "add":
        return g
    if reduction == "mul":
        return g * _others(x, *_factors(x, i, u))
    return g * _hits(x, y) / _sharing(y, x, i, u)


def _given(g: Any, y: Any, x: Any, i: Any, u: Any, reduction: str | None) -> Any:
    """The gradient by the updates."""
    if reduction is None:
        return gather_at(g, i) * last_written(x, i, u)
    if reduction == "add":
        return gather_at(g, i)
    if reduction == "mul":
        product, zeros = _factors(x, i, u)
        return gather_at(g, i) * _others(u, gather_at(product, i), gather_at(zeros, i))
    return gather_at(g / _sharing(y, x, i, u), i) * _hits(u, gather_at(y, i))


def _hits(x: Any, y: Any) -> Any:
    return ew.cast(ew.equal(x, y), y.dtype)


def _sharing(y: Any, x: Any, i: Any, u: Any) -> Any:
    """How many equal values share each extreme."""
    return _hits(x, y) + scatter_like(x, i, _hits(u, gather_at(y, i)))


def _factors(x: Any, i: Any, u: Any) -> tuple[Any, Any]:
    """At each place the product of the factors that are not 0, and how many are."""
    product = _scatter_update(_without_zeros(x), i, _without_zeros(u), reduction="mul")
    return product, _zeros(x) + scatter_like(x, i, _zeros(u))


def _zeros(x: Any) -> Any:
    return ew.cast(ew.equal(x, 0), x.dtype)


def _without_zeros(x: Any) -> Any:
    return ew.where(ew.equal(x, 0), ew.ones_like(x), x)


def _others(x: Any, product: Any, zeros: Any) -> Any:
    """The product of all factors but x, from that of the factors that are not 0 and the number of those that are."""
    is_zero = ew.equal(x, 0)
    rest = ew.where(is_zero, product, product / _without_zeros(x))
    return rest * ew.cast(ew.equal(zeros, _zeros(x)), x.dtype)


@composite("keras.src.ops.core:ScatterUpdate", call=("inputs", "indices", "updates"))
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Any:
    """`inputs` with `updates` at the positions along the last axis of `indices`.

    Args:
        inputs: what there is.
        indices: positions, along the last axis.
        updates: what comes there.
        reduction: None writes (the last one stays), "add", "max", "min" or "mul" joins with what is there.

    Raises:
        ValueError: another reduction.
    """
    reduction = None if reduction is None else reduction.lower()
    if reduction is not None and reduction not in _WRITERS:
        raise ValueError(f"Invalid reduction: {reduction}. Supported values are: None, 'add', 'max', 'min', 'mul'.")
    x = convert_to_tensor(inputs)
    return _scatter_update(
        x, convert_to_tensor(indices), ew.cast(convert_to_tensor(updates), x.dtype), reduction=reduction
    )


# Segments.
def _lowest(dtype: str) -> Any:
    kind = dtypes.numpy_dtype(dtype)
    return -math.inf if dtypes.is_float(dtype) else False if dtype == "bool" else np.iinfo(kind).min


def _highest(dtype: str) -> Any:
    kind = dtypes.numpy_dtype(dtype)
    return math.inf if dtypes.is_float(dtype) else True if dtype == "bool" else np.iinfo(kind).max


_IDS = np.array([0, 2, -1, 2, 0, 1], "int32")


def _segment(name: str, writer: Any, start: Callable[[str], Any], rule: Callable[..., Any]) -> PublicOp:
    def kernel(data: Any, segment_ids: Any, *, num_segments: int, out: Any = None) -> Any:
        out = np.empty((num_segments, *data.shape[1:]), data.dtype) if out is None else out
        out.fill(start(data.dtype.name))
        known = (segment_ids >= 0) & (segment_ids < num_segments)
        if known.all():
            writer(out, segment_ids, data)
        else:
            writer(out, segment_ids[known], data[known])
        return out

    return defop(
        infer=lambda data, ids, *, num_segments: Spec((num_segments, *data.shape[1:]), data.dtype),
        vjp=(lambda g, y, x, ids, *, num_segments: rule(g, y, x, ids, num_segments), None),
        cases=(case(F(6), _IDS, num_segments=3), case(POS(6, 2), I(6, high=3), num_segments=3)),
        name=name,
    )(kernel)


@defop(
    infer=lambda y, ids: Spec((*ids.shape, *y.shape[1:]), y.dtype),
    vjp=(lambda g, y, x, ids: scatter_rows(x, ids, g), None),
    cases=(case(F(4, 2), _IDS),),
)
def rows_of(y: Any, segment_ids: Any) -> Any:
    """For each row the one of its segment; 0 for rows that belong to none."""
    known = (segment_ids >= 0) & (segment_ids < len(y))
    rows = y[np.where(known, segment_ids, 0)]
    rows[~known] = 0
    return rows


@defop(
    infer=lambda y, ids, g: Spec(y.shape, g.dtype),
    vjp=(None, None, lambda h, z, y, ids, g: rows_of(h, ids)),
    shape_only=(0,),
    cases=(case(F(4, 2), _IDS, F(6, 2)),),
)
def scatter_rows(y: Any, segment_ids: Any, g: Any) -> Any:
    """Zeros in the shape of y to which each row of g is added in its segment."""
    result = np.zeros(y.shape, g.dtype)
    known = (segment_ids >= 0) & (segment_ids < len(y))
    _add_rows(result, segment_ids[known], g[known])
    return result


def _extreme_rule(g: Any, y: Any, x: Any, ids: Any, num_segments: int) -> Any:
    hits = _hits(x, rows_of(y, ids))
    ties = _segment_sum(hits, ids, num_segments=num_segments)
    return rows_of(g / ew.maximum(ties, 1.0), ids) * hits


def _product_rule(g: Any, y: Any, x: Any, ids: Any, num_segments: int) -> Any:
    product = _segment_prod(_without_zeros(x), ids, num_segments=num_segments)
    zeros = _segment_sum(_zeros(x), ids, num_segments=num_segments)
    return rows_of(g, ids) * _others(x, rows_of(product, ids), rows_of(zeros, ids))


def _add_rows(out: Any, rows: Any, values: Any) -> None:
    if values.ndim == 1:
        np.add.at(out, rows, values)
    elif values.size:
        flat = values.reshape(len(values), -1)
        out += scatter_add_rows(rows, flat, len(out)).reshape(out.shape)


_segment_sum = _segment("segment_sum", _add_rows, lambda dtype: 0, lambda g, y, x, ids, n: rows_of(g, ids))
_segment_prod = _segment("segment_prod", np.multiply.at, lambda dtype: 1, _product_rule)
_segment_max = _segment("segment_max", np.maximum.at, _lowest, _extreme_rule)
_segment_min = _segment("segment_min", np.minimum.at, _highest, _extreme_rule)


def _reduced(op: PublicOp, data: Any, segment_ids: Any, num_segments: int | None) -> Any:
    data, ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
    if len(ids.shape) > 1:
        raise ValueError(
            f"Argument `segment_ids` should be an 1-D vector, got shape: {len(ids.shape)}. Flatten it, and the leading "
            "axes of `data` with it."
        )
    if None not in (ids.shape[0], data.shape[0]) and ids.shape[0] != data.shape[0]:
        raise ValueError(
            "Argument `segment_ids` and `data` should have same leading dimension. "
            f"Got {tuple(ids.shape)} v.s. {tuple(data.shape)}."
        )
    if num_segments is None:
        if isinstance(ids, Symbol):
            raise TraceError("The number of segments depends on values; give `num_segments`.")
        num_segments = int(ids.numpy().max()) + 1 if ids.size else 0
    return op(data, ids, num_segments=num_segments)


@composite("keras.src.ops.math:SegmentSum", call=("data", "segment_ids"))
def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Sum of the rows of each segment; rows with a negative number belong to none."""
    return _reduced(_segment_sum, data, segment_ids, num_segments)


@composite("keras.src.ops.math:SegmentMax", call=("data", "segment_ids"))
def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Largest of the rows of each segment; the least number of the type for segments without rows."""
    return _reduced(_segment_max, data, segment_ids, num_segments)


@composite("keras.src.ops.math:SegmentMin", call=("data", "segment_ids"))
def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Smallest of the rows of each segment; the largest number of the type for segments without rows."""
    return _reduced(_segment_min, data, segment_ids, num_segments)


@composite("keras.src.ops.math:SegmentProd", call=("data", "segment_ids"))
def segment_prod(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Product of the rows of each segment."""
    return _reduced(_segment_prod, data, segment_ids, num_segments)
