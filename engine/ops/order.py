"""Order statistics: quantiles, percentiles, medians, range, partial sorting, places in sorted sequences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.core import dtypes, shapes
from engine.core.cases import F, I, case
from engine.core.errors import ShapeError
from engine.core.op import composite, defop
from engine.core.tensor import Spec, Symbol, Tensor, as_array, convert_to_tensor
from engine.ops import elementwise as ew
from engine.ops import reduce as red
from engine.ops.index import sort, take_along_axis
from engine.ops.shape import expand_dims, moveaxis, pad, ravel, reshape, transpose

__all__ = [
    "argpartition",
    "digitize",
    "median",
    "nanmedian",
    "nanpercentile",
    "nanquantile",
    "percentile",
    "ptp",
    "quantile",
    "searchsorted",
]

NUMPY = "keras.src.ops.numpy"
METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


@defop(
    infer=lambda count, q, *, method: (
        Spec((*count.shape[:-1], *q.shape), "int32"),
        Spec((*count.shape[:-1], *q.shape), "int32"),
        Spec((*count.shape[:-1], *q.shape), "float64"),
    ),
    cases=tuple(case(np.array([[5], [1], [4]], "int32"), np.array([0.0, 0.3, 1.0]), method=m) for m in METHODS),
    nondiff="positions",
)
def quantile_places(count: Any, q: Any, *, method: str) -> Any:
    """Where the quantiles q of `count` sorted numbers lie: the two places beside each, and how far from the first."""
    virtual = np.maximum(count - 1, 0) * q.astype("float64")
    low = np.floor(virtual)
    part = virtual - low
    if method == "lower":
        part = np.zeros_like(part)
    elif method == "higher":
        part = np.ceil(part)
    elif method == "midpoint":
        part = np.where(part > 0, 0.5, 0.0)
    elif method == "nearest":
        part = np.rint(virtual) - low
    return low.astype("int32"), np.ceil(virtual).astype("int32"), part


def _gathered(x: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """x with the reduced axes as one last axis, and which those were."""
    rank = len(x.shape)
    axes = tuple(sorted(set(shapes.normalize_axes(tuple(axis) if isinstance(axis, list) else axis, rank))))
    if len(axes) == rank:
        return ravel(x), axes
    kept = [a for a in range(rank) if a not in axes]
    x = transpose(x, (*kept, *axes))
    if len(axes) == 1:
        return x, axes
    lengths = [x.shape[i] for i in range(len(kept))]
    return reshape(x, (*lengths, -1)), axes


def _quantiles(x: Any, q: Any, axis: Any, method: str, keepdims: bool, skip_nan: bool) -> Any:
    if method not in METHODS:
        raise ValueError(f"Invalid method: {method}. Expected one of {METHODS}.")
    levels = q if isinstance(q, Symbol) else Tensor(np.asarray(q if isinstance(q, float) else as_array(q), "float64"))
    if isinstance(levels, Tensor) and levels.size and not 0 <= levels.numpy().min() <= levels.numpy().max() <= 1:
        raise ValueError("Quantiles must be in the range [0, 1]")
    x = convert_to_tensor(x)
    rank, kind = len(x.shape), dtypes.compute_type(x.dtype, float)
    # NumPy puts the NaN of bfloat16 anywhere when it sorts.
    rows, axes = _gathered(ew.cast(x, "float32" if kind == "bfloat16" else kind), axis)
    picked = ew.cast(_picked(rows, ravel(levels), method, skip_nan), kind)
    if keepdims:
        for a in axes:
            picked = expand_dims(picked, a)
    picked = moveaxis(picked, -1, 0)
    rest = [picked.shape[i + 1] for i in range(rank if keepdims else rank - len(axes))]
    if levels.ndim == 1:
        return picked
    return picked[0] if levels.ndim == 0 else reshape(picked, (*levels.shape, *rest))


def _picked(rows: Any, q: Any, method: str, skip_nan: bool) -> Any:
    """Quantiles of the last axis; without `skip_nan`, a single NaN makes all of a row's NaN."""
    known = red.sum(ew.cast(ew.logical_not(ew.isnan(rows)), "int32"), axis=-1, keepdims=True)
    total = red.sum(ew.cast(ew.ones_like(rows), "int32"), axis=-1, keepdims=True)
    if rows.shape[-1] in (0, None):  # what is taken where there is nothing
        rows = pad(rows, [*[(0, 0)] * (len(rows.shape) - 1), (0, 1)], constant_values=math.nan)
    low, high, part = quantile_places(known if skip_nan else total, q, method=method)
    ordered = sort(rows, axis=-1)
    below, above = take_along_axis(ordered, low, axis=-1), take_along_axis(ordered, high, axis=-1)
    part = ew.cast(part, rows.dtype)
    # From the nearer end, so that whole positions give the very number; infinities beside one stay out.
    same = ew.equal(above, below)
    step = ew.where(same, 0.0, above) - ew.where(same, 0.0, below)
    between = ew.where(ew.less(part, 0.5), below + step * part, above - step * (1.0 - part))
    exact = ew.where(ew.equal(part, 0), below, ew.where(ew.equal(part, 1), above, between))
    bad = ew.equal(known, 0) if skip_nan else ew.not_equal(known, total)
    return ew.where(bad, math.nan, exact)


@composite(f"{NUMPY}:Quantile", call=("x", "q"))
def quantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The q-quantiles of x over the given axes; several q make a new first axis.

    Args:
        x: numbers.
        q: one or several shares from 0 to 1.
        axis: axes to reduce, all by default.
        method: what to take between two numbers: "linear", "lower", "higher", "midpoint" or "nearest".
        keepdims: keep the reduced axes with length 1.

    Raises:
        ValueError: unknown method, or q outside 0 to 1.
    """
    return _quantiles(x, q, axis, method, keepdims, skip_nan=False)


@composite(f"{NUMPY}:Nanquantile", call=("x", "q"))
def nanquantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The q-quantiles (see `quantile`) of the elements that are numbers; NaN where there is none."""
    return _quantiles(x, q, axis, method, keepdims, skip_nan=True)


def _share(percent: Any) -> Any:
    return ew.true_divide(percent, 100.0) if isinstance(percent, Symbol) else as_array(percent) / 100.0


@composite(f"{NUMPY}:Percentile", call=("x", "q"))
def percentile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The quantiles (see `quantile`) at q percent."""
    return _quantiles(x, _share(q), axis, method, keepdims, skip_nan=False)


@composite(f"{NUMPY}:Nanpercentile", call=("x", "q"))
def nanpercentile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The quantiles (see `quantile`) at q percent of the elements that are numbers."""
    return _quantiles(x, _share(q), axis, method, keepdims, skip_nan=True)


@composite(f"{NUMPY}:Median")
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle of the sorted elements over the given axes, or the mean of the two in the middle."""
    return _quantiles(x, 0.5, axis, "linear", keepdims, skip_nan=False)


@composite(f"{NUMPY}:Nanmedian")
def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The median of the elements that are numbers; NaN where there is none."""
    return _quantiles(x, 0.5, axis, "linear", keepdims, skip_nan=True)


@composite(f"{NUMPY}:Ptp")
def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Largest minus smallest element over the given axes."""
    return red.max(x, axis=axis, keepdims=keepdims) - red.min(x, axis=axis, keepdims=keepdims)


@defop(
    infer=lambda x, *, kth, axis: Spec(x.shape, "int32"),
    cases=(case(F(2, 5), kth=2, axis=-1),),
    nondiff="positions",
    name="argpartition",
)
def _argpartition(x: Any, *, kth: Any, axis: int) -> Any:
    return np.argpartition(x, kth, axis).astype("int32")


@composite(f"{NUMPY}:Argpartition")
def argpartition(x: Any, kth: Any, axis: int | None = -1) -> Any:
    """Positions that put the kth smallest element in its place, smaller ones before it and larger ones behind."""
    x = convert_to_tensor(x)
    if axis is None:
        x, axis = ravel(x), -1
    return _argpartition(x, kth=kth, axis=axis)


def _one_axis(line: Spec, name: str) -> None:
    if len(line.shape) != 1:
        raise ShapeError(f"{name} needs a sequence of one axis.", op=name, shapes=(line.shape,))


def _searched(line: Spec, values: Spec, *, side: str) -> Spec:
    _one_axis(line, "searchsorted")
    return Spec(values.shape, "int32")


@defop(
    infer=_searched,
    cases=(case(np.array([0.0, 1, 2], "float32"), F(2, 3), side="left"), case(I(1), I(4), side="right")),
    nondiff="positions",
    name="searchsorted",
)
def _searchsorted(line: Any, values: Any, *, side: Any) -> Any:
    return np.searchsorted(line, values, side=side).astype("int32")


@composite(f"{NUMPY}:SearchSorted", call=("sorted_sequence", "values"))
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Where each value would be put into a rising sequence: before its equals ("left") or behind them ("right").

    Raises:
        ValueError: the sequence has not one axis.
    """
    line = convert_to_tensor(sorted_sequence)
    if len(line.shape) != 1:
        raise ValueError(
            "`searchsorted` only supports 1-D sorted sequences. You can use `keras.ops.vectorized_map` to extend it "
            f"to N-D sequences. Received: sorted_sequence.shape={line.shape}"
        )
    return _searchsorted(line, convert_to_tensor(values), side=side)


@composite(f"{NUMPY}:Digitize", call=("x", "bins"))
def digitize(x: Any, bins: Any) -> Any:
    """The number of the bin each element falls into; bin i goes from bins[i - 1] up to, not including, bins[i].

    Raises:
        ValueError: `bins` has not one axis.
    """
    edges = convert_to_tensor(bins)
    if len(edges.shape) != 1:
        raise ValueError(f"`bins` must be a 1D array. Received: bins={bins} with shape bins.shape={edges.shape}")
    return _digitize(convert_to_tensor(x), edges)


@defop(
    infer=lambda x, bins: Spec(x.shape, "int32"),
    cases=(case(F(2, 3), np.array([-1.0, 0, 1])), case(I(4), np.array([3, 1], "int32"))),
    nondiff="positions",
    name="digitize",
)
def _digitize(x: Any, bins: Any) -> Any:
    return np.digitize(x, bins).astype("int32")
