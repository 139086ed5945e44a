"""Ops that reduce axes: sums, means, extremes, truth, norms, cumulative sums."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from engine.core import dtypes, shapes
from engine.core.cases import POS, B, F, I, case
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.tensor import Spec
from engine.ops import elementwise as ew

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "average",
    "count_nonzero",
    "cumsum",
    "logsumexp",
    "max",
    "mean",
    "min",
    "prod",
    "std",
    "sum",
    "sum_to",
    "var",
]

NUMPY = "keras.src.ops.numpy"
_AXES = (case(F(2, 3), axis=1), case(F(2, 3, 4), axis=(0, -1), keepdims=True), case(F(2, 3), axis=None))


def _axis(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _reduced(x: Spec, *, axis: Any = None, keepdims: bool = False, **_: Any) -> Spec:
    return Spec(shapes.reduce(x.shape, axis, keepdims), x.dtype)


def spread(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """The gradient of a reduction laid over the reduced axes again, to the shape of x."""
    if not keepdims and axis is not None:
        axes = shapes.normalize_axes(axis, len(x.shape))
        for a in sorted(axes):
            g = dispatch(OPS["expand_dims"], (g,), {"axis": a})
    elif not keepdims:
        for _ in x.shape:
            g = dispatch(OPS["expand_dims"], (g,), {"axis": 0})
    return dispatch(OPS["spread_like"], (g, x), {})


@defop(
    infer=lambda g, x: Spec(x.shape, g.dtype),
    vjp=(lambda h, y, g, x: sum_to(h, g), None),
    shape_only=(1,),
    cases=(case(F(1, 3), F(2, 3)),),
)
def spread_like(g: Any, x: Any, *, out: Any = None) -> Any:
    """g broadcast to the shape of x."""
    if out is None:
        return np.broadcast_to(g, x.shape).copy()
    np.copyto(out, g)
    return out


@defop(
    infer=lambda g, x: Spec(x.shape, g.dtype),
    vjp=(lambda h, y, g, x: dispatch(OPS["spread_like"], (h, g), {}), None),
    shape_only=(1,),
    cases=(case(F(2, 3), F(3)), case(F(2, 3), F(2, 1)), case(F(2, 3), F())),
)
def sum_to(g: Any, x: Any, *, out: Any = None) -> Any:
    """g summed to the shape of x, which broadcasts to that of g."""
    lead = g.ndim - x.ndim
    axes = (*range(lead), *(i + lead for i, n in enumerate(x.shape) if n == 1 and g.shape[i + lead] != 1))
    result = g.sum(axis=axes, keepdims=True) if axes else g
    result = result.reshape(x.shape)
    if out is None:
        return result if axes else result.copy()
    np.copyto(out, result)
    return out


def _sum_type(x: Any) -> Any:
    """Small whole numbers are summed as 32-bit ones, as in Keras."""
    if x.dtype in ("bool", "int8", "int16"):
        return ew.cast(x, "int32")
    return ew.cast(x, "uint32") if x.dtype in ("uint8", "uint16") else x


@defop(
    infer=_reduced,
    vjp=(lambda g, y, x, *, axis=None, keepdims=False: spread(g, x, axis, keepdims),),
    cases=(*_AXES, case(F(0, 3), axis=0), case(I(2, 3), axis=0)),
    name="sum",
)
def _sum(x: Any, *, axis: Any = None, keepdims: bool = False, out: Any = None) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims, dtype=x.dtype, out=out)


def _tensor(x: Any) -> Any:
    from engine.core.tensor import convert_to_tensor

    return convert_to_tensor(x)


@composite(f"{NUMPY}:Sum")
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Sum over the given axes, all by default."""
    return _sum(_sum_type(_tensor(x)), axis=_axis(axis), keepdims=keepdims)


@defop(
    infer=_reduced,
    vjp=(lambda g, y, x, *, axis=None, keepdims=False: spread(g, x, axis, keepdims) / _count(x, y, axis),),
    promote="float",
    cases=_AXES,
    name="mean",
)
def _mean(x: Any, *, axis: Any = None, keepdims: bool = False, out: Any = None) -> Any:
    if x.dtype.itemsize == 2:  # sums of half precision overflow soon
        result = np.mean(x.astype("float32"), axis=axis, keepdims=keepdims).astype(x.dtype)
        if out is None:
            return result
        np.copyto(out, result)
        return out
    return np.mean(x, axis=axis, keepdims=keepdims, dtype=x.dtype, out=out)


@defop(
    infer=lambda x, y: Spec((), y.dtype),
    shape_only=(0, 1),
    nondiff="depends on shapes only",
    cases=(case(F(2, 3), F(2)),),
)
def count_ratio(x: Any, y: Any) -> Any:
    """How many elements of x there are for each of y."""
    return np.asarray(x.size / builtins.max(y.size, 1), dtype=y.dtype)


def _count(x: Any, y: Any, axis: Any) -> Any:
    dims = [x.shape[a] for a in shapes.normalize_axes(axis, len(x.shape))]
    if None not in dims:
        return float(math.prod(d for d in dims if d is not None))
    return dispatch(OPS["count_ratio"], (x, y), {})


@composite(f"{NUMPY}:Mean")
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Arithmetic mean over the given axes; whole numbers are averaged as floats."""
    return _mean(x, axis=_axis(axis), keepdims=keepdims)


@composite(f"{NUMPY}:Var")
def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Biased variance over the given axes, in two passes."""
    centred = ew.subtract(x, mean(x, axis=axis, keepdims=True))
    return mean(ew.square(centred), axis=axis, keepdims=keepdims)


@composite(f"{NUMPY}:Std")
def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Biased standard deviation over the given axes."""
    return ew.sqrt(var(x, axis=axis, keepdims=keepdims))


def _extreme(name: str, reducer: Any) -> Any:
    def rule(g: Any, y: Any, x: Any, *, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
        hit = ew.cast(ew.equal(x, spread(y, x, axis, keepdims)), x.dtype)
        ties = spread(_sum(hit, axis=axis, keepdims=keepdims), x, axis, keepdims)
        return spread(g, x, axis, keepdims) * hit / (ties if initial is None else ew.maximum(ties, 1.0))

    def kernel(x: Any, *, axis: Any = None, keepdims: bool = False, initial: Any = None, out: Any = None) -> Any:
        if initial is None:
            return reducer(x, axis=axis, keepdims=keepdims, out=out)
        return reducer(x, axis=axis, keepdims=keepdims, out=out, initial=initial)

    kernel.__name__ = name
    bounded = (case(F(2, 3), axis=1, initial=0.3), case(F(2, 0), axis=1, initial=0.3))
    return defop(infer=_reduced, vjp=(rule,), cases=(*_AXES, *bounded), name=name)(kernel)


_max = _extreme("max", np.max)
_min = _extreme("min", np.min)


@composite(f"{NUMPY}:Max")
def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """Largest element over the given axes, and not below `initial`."""
    return _max(x, axis=_axis(axis), keepdims=keepdims, initial=initial)


@composite(f"{NUMPY}:Min")
def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """Smallest element over the given axes, and not above `initial`."""
    return _min(x, axis=_axis(axis), keepdims=keepdims, initial=initial)


@composite(f"{NUMPY}:Amax")
def amax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Largest element over the given axes."""
    return max(x, axis=axis, keepdims=keepdims)


@composite(f"{NUMPY}:Amin")
def amin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Smallest element over the given axes."""
    return min(x, axis=axis, keepdims=keepdims)


@defop(
    infer=_reduced,
    vjp=(lambda g, y, x, *, axis=None, keepdims=False: _product_of_others(g, x, axis, keepdims),),
    promote=True,
    cases=(
        case(POS(2, 3), axis=1),
        case(POS(2, 3), axis=0, keepdims=True),
        case(np.array([[2.0, 0, 3], [0, 0, 5], [1, 2, 3]]), axis=1),
    ),
    name="prod",
)
def _prod(x: Any, *, axis: Any = None, keepdims: bool = False, out: Any = None) -> Any:
    return np.prod(x, axis=axis, keepdims=keepdims, dtype=x.dtype, out=out)


def _product_of_others(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """g times the product of all other factors: never a division by a factor that is 0."""
    is_zero = ew.equal(x, 0)
    factors = ew.where(is_zero, 1.0, x)
    whole = spread(g * _prod(factors, axis=axis, keepdims=keepdims), x, axis, keepdims)
    own = ew.cast(is_zero, x.dtype)
    zeros = spread(_sum(own, axis=axis, keepdims=keepdims), x, axis, keepdims)
    return whole / factors * ew.cast(ew.equal(zeros, own), x.dtype)


@composite(f"{NUMPY}:Prod")
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """Product over the given axes."""
    y = _prod(_sum_type(_tensor(x)), axis=_axis(axis), keepdims=keepdims)
    return y if dtype is None else ew.cast(y, dtype)


def _truth(name: str, reducer: Any, keras: str) -> Any:
    def kernel(x: Any, *, axis: Any = None, keepdims: bool = False, out: Any = None) -> Any:
        return reducer(x, axis=_axis(axis), keepdims=keepdims, out=out)

    kernel.__name__ = name
    kernel.__doc__ = f"Whether {name} of the elements along the given axes, or of all, are true."
    return defop(
        infer=lambda x, **kw: Spec(_reduced(x, **kw).shape, "bool"),
        keras=f"{NUMPY}:{keras}",
        cases=(case(B(2, 3), axis=1), case(B(2, 3))),
        nondiff="true or false",
    )(kernel)


all = _truth("all", np.all, "All")
any = _truth("any", np.any, "Any")


def _position(name: str, finder: Any, keras: str) -> Any:
    def kernel(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        return finder(x, axis=axis, keepdims=keepdims).astype("int32")

    kernel.__name__ = name
    kernel.__doc__ = f"Place of the {'largest' if name == 'argmax' else 'smallest'} element along an axis, or of all."
    return defop(
        infer=lambda x, *, axis=None, keepdims=False: Spec(shapes.reduce(x.shape, axis, keepdims), "int32"),
        keras=f"{NUMPY}:{keras}",
        cases=(case(F(2, 3), axis=1), case(F(2, 3), axis=-1, keepdims=True), case(F(2, 3))),
        nondiff="positions",
    )(kernel)


argmax = _position("argmax", np.argmax, "Argmax")
argmin = _position("argmin", np.argmin, "Argmin")


@defop(
    infer=lambda x, *, axis: x,
    vjp=(lambda g, y, x, *, axis: _reverse_cumsum(g, axis),),
    cases=(case(F(2, 3), axis=1), case(F(2, 3), axis=0)),
    name="cumsum",
)
def _cumsum(x: Any, *, axis: int, out: Any = None) -> Any:
    return np.cumsum(x, axis=axis, dtype=x.dtype, out=out)


def _reverse_cumsum(g: Any, axis: int) -> Any:
    from engine.ops.shape import flip

    return flip(_cumsum(flip(g, axis=axis), axis=axis), axis=axis)


@composite(f"{NUMPY}:Cumsum")
def cumsum(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Running sum along an axis, in the type of x; of the flattened value when axis is None."""
    x = _tensor(x)
    x = ew.cast(x, "int32") if x.dtype == "bool" else x
    if axis is None:
        from engine.ops.shape import reshape

        x, axis = reshape(x, (-1,)), 0
    return _cumsum(x if dtype is None else ew.cast(x, dtype), axis=axis)


@composite("keras.src.ops.math:Logsumexp")
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) without overflow."""
    top = ew.stop_gradient(max(x, axis=axis, keepdims=True))
    total = ew.log(sum(ew.exp(x - top), axis=axis, keepdims=True)) + top
    if keepdims:
        return total
    from engine.ops.shape import squeeze

    return squeeze(total, axis=shapes.normalize_axes(_axis(axis), len(total.shape)))


@composite(f"{NUMPY}:CountNonzero")
def count_nonzero(x: Any, axis: Any = None) -> Any:
    """How many elements are not zero."""
    return sum(ew.cast(ew.not_equal(x, 0), "int32"), axis=axis)


@composite(f"{NUMPY}:Average", call=("x", "weights"))
def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """Weighted mean."""
    if weights is None:
        return mean(x, axis=axis)
    x, weights = _tensor(x), _tensor(weights)
    kind = dtypes.compute_type(x.dtype, weights.dtype, float)
    x, weights = ew.cast(x, kind), ew.cast(weights, kind)
    return sum(ew.multiply(x, weights), axis=axis) / sum(ew.multiply(weights, ew.ones_like(x)), axis=axis)
