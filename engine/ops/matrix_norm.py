"""Norms of vectors and matrices."""

from __future__ import annotations

import math
from typing import Any

from engine.core import dtypes, shapes
from engine.core.op import composite
from engine.core.tensor import convert_to_tensor
from engine.ops import elementwise as ew
from engine.ops import reduce as red
from engine.ops.factor import LINALG, singular_values
from engine.ops.shape import expand_dims, moveaxis, squeeze

__all__ = ["norm"]


@composite(f"{LINALG}:Norm")
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Size of vectors (one axis) or matrices (two axes).

    Args:
        x: any value; whole numbers become floats.
        ord: of vectors: None or 2 (Euclid), another power, 0 (how many are not 0), inf, -inf (largest, smallest).
            Of matrices: None or "fro" (Euclid over all elements), "nuc" (sum of singular values), 2, -2 (largest and
            smallest of them), 1, -1 (largest and smallest sum over columns), inf, -inf (over rows).
        axis: one or two axes; None takes all, which without `ord` may be any number.
        keepdims: keep the axes with length 1.
    """
    x = _float(x)
    if axis is None and ord is None:
        return ew.sqrt(red.sum(ew.square(x), keepdims=keepdims))
    axes = shapes.normalize_axes(tuple(axis) if isinstance(axis, list) else axis, len(x.shape), "norm")
    if isinstance(ord, str) and ord not in ("fro", "nuc"):
        raise ValueError(
            f"Invalid `ord` argument. Expected one of {{'fro', 'nuc'}} when using string. Received: ord={ord}"
        )
    if len(axes) == 1:
        return _vector_norm(x, ord, axes, keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    raise ValueError(f"norm: one axis names vectors and two name matrices. Received: axis={axis} for shape {x.shape}")


def _float(x: Any) -> Any:
    x = convert_to_tensor(x)
    return x if dtypes.is_float(x.dtype) else ew.cast(x, dtypes.result_type(x.dtype, "float32"))


def _vector_norm(x: Any, ord: Any, axes: Any, keepdims: bool) -> Any:
    if isinstance(ord, str):
        raise ValueError(f"Invalid `ord` argument for vector norm. Received: ord={ord}")
    if ord is None or ord == 2:
        return ew.sqrt(red.sum(ew.square(x), axis=axes, keepdims=keepdims))
    if ord == 0:
        return red.sum(ew.cast(ew.not_equal(x, 0), x.dtype), axis=axes, keepdims=keepdims)
    sizes = ew.abs(x)
    if ord == 1:
        return red.sum(sizes, axis=axes, keepdims=keepdims)
    if ord in (math.inf, -math.inf):
        return (red.max if ord > 0 else red.min)(sizes, axis=axes, keepdims=keepdims)
    return ew.power(red.sum(ew.power(sizes, ord), axis=axes, keepdims=keepdims), 1.0 / ord)


def _matrix_norm(x: Any, ord: Any, axes: Any, keepdims: bool) -> Any:
    rows, columns = axes
    if ord in (None, "fro"):
        return ew.sqrt(red.sum(ew.square(x), axis=axes, keepdims=keepdims))
    if ord in ("nuc", 2, -2):
        values = singular_values(moveaxis(x, (rows, columns), (-2, -1)))
        result = {"nuc": red.sum, 2: red.max, -2: red.min}[ord](values, axis=-1)
        return expand_dims(result, tuple(sorted(axes))) if keepdims else result
    if ord not in (1, -1, math.inf, -math.inf):
        raise ValueError(f"Invalid `ord` argument for matrix norm. Received: ord={ord}")
    first, second = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = red.sum(ew.abs(x), axis=first, keepdims=True)
    result = (red.max if ord > 0 else red.min)(sums, axis=second, keepdims=True)
    return result if keepdims else squeeze(result, axes)
