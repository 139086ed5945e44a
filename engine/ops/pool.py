"""Pooling of `keras.ops.nn`."""

from __future__ import annotations

from typing import Any

from engine.core import config, shapes
from engine.core.cases import F, case
from engine.core.errors import ShapeError
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.tensor import Spec, infer_shape_of
from engine.kernels import pool as kernels
from engine.ops.conv import AXES, channels_back, channels_last, pads_for, per_axis

__all__ = ["average_pool", "max_pool"]

NN = "keras.src.ops.nn"
_CASES = (
    case(F(2, 6, 5, 3), size=(2, 2), strides=(2, 2), padding="valid"),
    case(F(2, 5, 7, 2), size=(3, 2), strides=(2, 1), padding="same"),
    case(F(2, 6, 3), size=(3,), strides=(1,), padding="valid"),
    case(F(0, 6, 5, 3), size=(2, 2), strides=(2, 2), padding="valid"),
)


def _pool_spec(x: Spec, *, size: Any, strides: Any, padding: str) -> Spec:
    names = AXES.get(len(size), ("",) * len(size))
    axes = zip(x.shape[1:-1], size, strides, names, strict=True)
    lengths = tuple(shapes.window_length(n, k, s, padding, 1, name) for n, k, s, name in axes)
    return Spec((x.shape[0], *lengths, x.shape[-1]), x.dtype)


def _pads(x: Any, size: Any, strides: Any, padding: str) -> list[tuple[int, int]]:
    return pads_for(x, size, strides, padding, (1,) * len(size))


@defop(
    infer=_pool_spec,
    vjp=(lambda g, y, x, **a: dispatch(OPS["max_pool_grad"], (g, y, x), a),),
    cases=_CASES,
    name="max_pool",
)
def _max_pool(x: Any, *, size: Any, strides: Any, padding: str, out: Any = None) -> Any:
    return kernels.max_pool(x, size, strides, _pads(x, size, strides, padding), out)


@defop(
    infer=lambda g, y, x, **_: Spec(x.shape, g.dtype),
    vjp=(lambda h, r, g, y, x, **a: dispatch(OPS["max_pool_pick"], (h, y, x), a), None, None),
    cases=(case(F(2, 3, 2, 3), F(2, 3, 2, 3), F(2, 6, 5, 3), size=(2, 2), strides=(2, 2), padding="valid"),),
)
def max_pool_grad(g: Any, y: Any, x: Any, *, size: Any, strides: Any, padding: str, out: Any = None) -> Any:
    """Gradient of max pooling: it goes to the first largest element of each window."""
    return kernels.max_pool_grad(g, y, x, size, strides, _pads(x, size, strides, padding), out)


@defop(
    infer=lambda h, y, x, **_: Spec(y.shape, h.dtype),
    vjp=(lambda g, r, h, y, x, **a: max_pool_grad(g, y, x, **a), None, None),
    cases=(case(F(2, 6, 5, 3), F(2, 3, 2, 3), F(2, 6, 5, 3), size=(2, 2), strides=(2, 2), padding="valid"),),
)
def max_pool_pick(h: Any, y: Any, x: Any, *, size: Any, strides: Any, padding: str, out: Any = None) -> Any:
    """What h has at the place of the first largest element of each window of x; y holds these largest."""
    return kernels.max_pool_pick(h, y, x, size, strides, _pads(x, size, strides, padding), out)


@defop(
    infer=_pool_spec,
    vjp=(lambda g, y, x, **a: dispatch(OPS["average_pool_grad"], (g, x), a),),
    cases=_CASES,
    name="average_pool",
)
def _average_pool(x: Any, *, size: Any, strides: Any, padding: str, out: Any = None) -> Any:
    return kernels.average_pool(x, size, strides, _pads(x, size, strides, padding), out)


@defop(
    infer=lambda g, x, **_: Spec(x.shape, g.dtype),
    vjp=(lambda h, y, g, x, **a: _average_pool(h, **a), None),
    shape_only=(1,),
    cases=(case(F(2, 3, 2, 3), F(2, 6, 5, 3), size=(2, 2), strides=(2, 2), padding="valid"),),
)
def average_pool_grad(g: Any, x: Any, *, size: Any, strides: Any, padding: str, out: Any = None) -> Any:
    """Gradient of average pooling; only the shape of x is read."""
    return kernels.average_pool_grad(g, x, size, strides, _pads(x, size, strides, padding), out)


def _pool(primitive: Any, inputs: Any, pool_size: Any, strides: Any, padding: str, data_format: Any) -> Any:
    layout = config.standardize_data_format(data_format)
    rank = len(infer_shape_of(inputs)) - 2
    if rank < 1:
        raise ShapeError("pooling reads at least 3 axes: batch, space, channels.", shapes=(infer_shape_of(inputs),))
    size = per_axis(pool_size, rank)
    steps = size if strides is None else per_axis(strides, rank)
    y = primitive(channels_last(inputs, layout), size=size, strides=steps, padding=padding.lower())
    return channels_back(y, layout)


@composite(f"{NN}:MaxPool")
def max_pool(inputs: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: Any = None) -> Any:
    """Largest element of each window."""
    return _pool(_max_pool, inputs, pool_size, strides, padding, data_format)


@composite(f"{NN}:AveragePool")
def average_pool(
    inputs: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: Any = None
) -> Any:
    """Mean of each window; borders are not counted."""
    return _pool(_average_pool, inputs, pool_size, strides, padding, data_format)
