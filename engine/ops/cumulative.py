"""Running products, differences of neighbours, and the linear recurrence that carries their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import dtypes, shapes
from engine.core.cases import POS, F, case
from engine.core.op import composite, defop
from engine.core.tensor import convert_to_tensor
from engine.ops import elementwise as ew
from engine.ops import reduce as red
from engine.ops.shape import flip, pad, ravel, reshape

__all__ = ["cumprod", "diff", "recurrence", "trapezoid"]

NUMPY = "keras.src.ops.numpy"


@defop(
    infer=lambda g, a, *, axis: g,
    vjp=(
        lambda h, y, g, a, *, axis: _adjoint(h, a, axis),
        lambda h, y, g, a, *, axis: _adjoint(h, a, axis) * _ahead(y, axis),
    ),
    cases=(case(F(2, 4), F(2, 4), axis=1), case(F(3, 2), F(3, 2), axis=0), case(F(0, 2), F(0, 2), axis=0)),
)
def recurrence(g: Any, a: Any, *, axis: int, out: Any = None) -> Any:
    """y[i] = g[i] + a[i] · y[i + 1] along an axis, from its end; beyond the end y is 0."""
    result = np.empty_like(g) if out is None else out
    y, g, a = (np.moveaxis(v, axis, 0) for v in (result, g, a))
    for i in range(len(g) - 1, -1, -1):
        y[i] = g[i] if i == len(g) - 1 else g[i] + a[i] * y[i + 1]
    return result


def _ahead(x: Any, axis: int) -> Any:
    """x[i + 1] at place i, 0 at the end."""
    return _cut(pad(x, [(0, 1) if i == axis % len(x.shape) else (0, 0) for i in range(len(x.shape))]), axis, 1, None)


def _cut(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    return x[(*[slice(None)] * (axis % len(x.shape)), slice(start, stop))]


def _adjoint(h: Any, a: Any, axis: int) -> Any:
    """z[i] = h[i] + a[i - 1] · z[i - 1]: the recurrence the other way round."""
    return flip(recurrence(flip(h, axis=axis), _ahead(flip(a, axis=axis), axis), axis=axis), axis=axis)


def _cumprod_rule(g: Any, y: Any, x: Any, *, axis: int) -> Any:
    """The factors before an element times what follows from it; nothing is divided, so zeros are no matter."""
    rank, place = len(x.shape), axis % len(x.shape)
    behind = [(1, 0) if i == place else (0, 0) for i in range(rank)]
    before = _cut(pad(y, behind, constant_values=1), axis, None, -1)
    return before * recurrence(g, _ahead(x, axis), axis=place)


@defop(
    infer=lambda x, *, axis: x,
    vjp=(_cumprod_rule,),
    cases=(case(F(2, 4), axis=1), case(POS(3, 2), axis=-2), case(np.array([[2.0, 0, 3, 0, 5]]), axis=1)),
    name="cumprod",
)
def _cumprod(x: Any, *, axis: int, out: Any = None) -> Any:
    return np.cumprod(x, axis=axis, dtype=x.dtype, out=out)


@composite(f"{NUMPY}:Cumprod")
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Running product along an axis; of the flattened value when axis is None."""
    x = convert_to_tensor(x)
    name = x.dtype if dtype is None else dtypes.standardize_dtype(dtype)
    x = ew.cast(x, "int32" if name == "bool" else name)
    if axis is None:
        x, axis = ravel(x), 0
    return _cumprod(x, axis=shapes.normalize_axis(axis, len(x.shape), "cumprod"))


@composite(f"{NUMPY}:Diff")
def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """Differences of neighbours along an axis, taken n times; truth values that change, for booleans.

    Raises:
        ValueError: n is negative.
    """
    a = convert_to_tensor(a)
    if n < 0:
        raise ValueError(f"Order `n` must be non-negative. Received n={n}")
    place = shapes.normalize_axis(axis, len(a.shape), "diff")
    for _ in range(n):
        later, earlier = _cut(a, place, 1, None), _cut(a, place, None, -1)
        a = ew.not_equal(later, earlier) if a.dtype == "bool" else ew.subtract(later, earlier)
    return a


@composite(f"{NUMPY}:Trapezoid")
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Area under y along an axis by trapezoids: at the places x, or at places `dx` apart."""
    y = convert_to_tensor(y)
    y = ew.cast(y, dtypes.compute_type(y.dtype, float))
    place = shapes.normalize_axis(axis, len(y.shape), "trapezoid")
    middle = (_cut(y, place, 1, None) + _cut(y, place, None, -1)) * 0.5
    if x is None:
        return red.sum(middle * ew.cast(dx, y.dtype), axis=place)
    x = ew.cast(convert_to_tensor(x), y.dtype)
    if len(x.shape) == 1:
        width = reshape(diff(x), [-1 if i == place else 1 for i in range(len(y.shape))])
    else:
        width = diff(x, axis=axis)
    return red.sum(middle * width, axis=axis)
