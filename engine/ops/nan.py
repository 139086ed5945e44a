"""Reductions that leave out NaN: sums, products, extremes, means, positions, running sums and products."""

from __future__ import annotations

import math
from typing import Any

from engine.core import dtypes
from engine.core.op import composite
from engine.core.tensor import convert_to_tensor
from engine.ops import elementwise as ew
from engine.ops import reduce as red
from engine.ops.cumulative import cumprod

__all__ = [
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
]

NUMPY = "keras.src.ops.numpy"


def _filled(x: Any, value: float) -> Any:
    """x with NaN replaced; whole numbers have none."""
    return ew.where(ew.isnan(x), value, x) if dtypes.is_float(x.dtype) else x


def _numbers(x: Any, axis: Any, keepdims: bool) -> Any:
    """How many elements are numbers, in the type of x."""
    return red.sum(ew.cast(ew.logical_not(ew.isnan(x)), x.dtype), axis=axis, keepdims=keepdims)


def _as_float(x: Any) -> Any:
    x = convert_to_tensor(x)
    return x if dtypes.is_float(x.dtype) else ew.cast(x, dtypes.compute_type(x.dtype, float))


@composite(f"{NUMPY}:Nansum")
def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Sum of the elements that are numbers."""
    return red.sum(_filled(convert_to_tensor(x), 0.0), axis=axis, keepdims=keepdims)


@composite(f"{NUMPY}:Nanprod")
def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Product of the elements that are numbers."""
    return red.prod(_filled(convert_to_tensor(x), 1.0), axis=axis, keepdims=keepdims)


def _extreme(x: Any, axis: Any, keepdims: bool, reducer: Any, worst: float) -> Any:
    x = convert_to_tensor(x)
    if not dtypes.is_float(x.dtype):
        return reducer(x, axis=axis, keepdims=keepdims)
    nothing = red.all(ew.isnan(x), axis=axis, keepdims=keepdims)
    return ew.where(nothing, math.nan, reducer(_filled(x, worst), axis=axis, keepdims=keepdims))


@composite(f"{NUMPY}:Nanmax")
def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Largest of the elements that are numbers; NaN where there is none."""
    return _extreme(x, axis, keepdims, red.max, -math.inf)


@composite(f"{NUMPY}:Nanmin")
def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Smallest of the elements that are numbers; NaN where there is none."""
    return _extreme(x, axis, keepdims, red.min, math.inf)


def _over(total: Any, count: Any) -> Any:
    """total / count, NaN where the count is 0."""
    return ew.where(ew.equal(count, 0), math.nan, total / ew.maximum(count, 1.0))


@composite(f"{NUMPY}:Nanmean")
def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Mean of the elements that are numbers; NaN where there is none."""
    x = _as_float(x)
    return _over(nansum(x, axis=axis, keepdims=keepdims), _numbers(x, axis, keepdims))


@composite(f"{NUMPY}:Nanvar")
def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Biased variance of the elements that are numbers; NaN where there is none."""
    x = _as_float(x)
    known = ew.logical_not(ew.isnan(x))
    count = red.sum(ew.cast(known, x.dtype), axis=axis, keepdims=True)
    centre = red.sum(_filled(x, 0.0), axis=axis, keepdims=True) / ew.maximum(count, 1.0)
    squares = ew.where(known, ew.square(_filled(x, 0.0) - centre), 0.0)
    return _over(red.sum(squares, axis=axis, keepdims=keepdims), _numbers(x, axis, keepdims))


@composite(f"{NUMPY}:Nanstd")
def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Biased standard deviation of the elements that are numbers; NaN where there is none."""
    variance = nanvar(x, axis=axis, keepdims=keepdims)
    flat = ew.logical_not(ew.greater(variance, 0))  # also NaN; the root has no slope there
    return ew.where(flat, variance, ew.sqrt(ew.where(flat, 1.0, variance)))


def _position(x: Any, axis: Any, keepdims: bool, finder: Any, worst: float) -> Any:
    x = convert_to_tensor(x)
    if not dtypes.is_float(x.dtype):
        return finder(x, axis=axis, keepdims=keepdims)
    nothing = red.all(ew.isnan(x), axis=axis, keepdims=keepdims)
    return ew.where(nothing, -1, finder(_filled(x, worst), axis=axis, keepdims=keepdims))


@composite(f"{NUMPY}:Nanargmax")
def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Position of the largest number; -1 where all are NaN."""
    return _position(x, axis, keepdims, red.argmax, -math.inf)


@composite(f"{NUMPY}:Nanargmin")
def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Position of the smallest number; -1 where all are NaN."""
    return _position(x, axis, keepdims, red.argmin, math.inf)


@composite(f"{NUMPY}:Nancumsum")
def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Running sum in which NaN counts as 0."""
    return red.cumsum(_filled(convert_to_tensor(x), 0.0), axis=axis, dtype=dtype)


@composite(f"{NUMPY}:Nancumprod")
def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Running product in which NaN counts as 1."""
    return cumprod(_filled(convert_to_tensor(x), 1.0), axis=axis, dtype=dtype)
