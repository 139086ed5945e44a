"""Pooling to a wanted size of `keras.ops.nn`: axis after axis, since means and maxima of boxes are separable."""

from __future__ import annotations

from typing import Any

from engine.core import config, shapes
from engine.core.cases import F, case
from engine.core.errors import ShapeError
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.tensor import Spec, convert_to_tensor, infer_shape_of
from engine.kernels import adaptive as kernels
from engine.ops.conv import AXES, per_axis

__all__ = ["adaptive_average_pool", "adaptive_max_pool"]

NN = "keras.src.ops.nn"
_CASES = (
    case(F(2, 6, 3), size=3, axis=1),
    case(F(2, 7, 3), size=4, axis=1),
    case(F(2, 3, 4), size=7, axis=2),
    case(F(0, 6, 3), size=4, axis=1),
    case(F(2, 5, 2, 2), size=1, axis=1),
)


def _spec(x: Spec, *, size: int, axis: int) -> Spec:
    n = x.shape[axis]
    if n == 0:
        raise ShapeError("adaptive pooling needs at least one element along each axis of space.")
    if n is not None:
        first, end = kernels.windows(n, size)
        widths = sorted(set((end - first).tolist()))
        shapes.note(f"{n} → {size}: windows of {' or '.join(str(w) for w in widths)}")
    return Spec((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype)


@defop(
    infer=_spec,
    vjp=(lambda g, y, x, *, axis, **_: dispatch(OPS["adaptive_mean_grad"], (g, x), {"axis": axis}),),
    cases=_CASES,
)
def adaptive_mean(x: Any, *, size: int, axis: int, out: Any = None) -> Any:
    """Means of `size` windows along one axis."""
    return kernels.mean(x, size, axis, out)


@defop(
    infer=lambda g, x, **_: Spec(x.shape, g.dtype),
    vjp=(lambda h, y, g, x, *, axis: adaptive_mean(h, size=g.shape[axis], axis=axis), None),
    shape_only=(1,),
    cases=(case(F(2, 4, 3), F(2, 7, 3), axis=1), case(F(2, 3, 7), F(2, 3, 4), axis=2)),
)
def adaptive_mean_grad(g: Any, x: Any, *, axis: int, out: Any = None) -> Any:
    """Gradient of the means; only the shape of x is read."""
    return kernels.mean_grad(g, x.shape[axis], axis, out)


@defop(
    infer=_spec,
    vjp=(lambda g, y, x, *, axis, **_: dispatch(OPS["adaptive_largest_grad"], (g, y, x), {"axis": axis}),),
    cases=_CASES,
)
def adaptive_largest(x: Any, *, size: int, axis: int, out: Any = None) -> Any:
    """Largest elements of `size` windows along one axis."""
    return kernels.largest(x, size, axis, out)


@defop(
    infer=lambda g, y, x, **_: Spec(x.shape, g.dtype),
    vjp=(lambda h, r, g, y, x, *, axis: dispatch(OPS["adaptive_largest_pick"], (h, y, x), {"axis": axis}), None, None),
    cases=(case(F(2, 4, 3), F(2, 4, 3), F(2, 7, 3), axis=1),),
)
def adaptive_largest_grad(g: Any, y: Any, x: Any, *, axis: int, out: Any = None) -> Any:
    """Gradient of the largest elements: it goes to the first of each window."""
    return kernels.largest_grad(g, y, x, axis, out)


@defop(
    infer=lambda h, y, x, **_: Spec(y.shape, h.dtype),
    vjp=(lambda g, r, h, y, x, *, axis: adaptive_largest_grad(g, y, x, axis=axis), None, None),
    cases=(case(F(2, 7, 3), F(2, 4, 3), F(2, 7, 3), axis=1), case(F(2, 3, 4), F(2, 3, 7), F(2, 3, 4), axis=2)),
)
def adaptive_largest_pick(h: Any, y: Any, x: Any, *, axis: int, out: Any = None) -> Any:
    """What h has where x has the first largest element of each window."""
    return kernels.largest_pick(h, y, x, axis, out)


def _pool(primitive: Any, inputs: Any, output_size: Any, data_format: Any) -> Any:
    layout = config.standardize_data_format(data_format)
    rank = len(infer_shape_of(inputs)) - 2
    if rank not in AXES:
        raise ShapeError(
            "adaptive pooling reads 3 to 5 axes: batch, one to three of space, and channels. "
            f"The input has {rank + 2}.",
            shapes=(infer_shape_of(inputs),),
        )
    sizes = per_axis(output_size, rank)
    if len(sizes) != rank or min(sizes) < 1:
        raise ValueError(
            f"`output_size` is a positive whole number or {rank} of them, one for each axis of space. "
            f"Received: {output_size}"
        )
    x = convert_to_tensor(inputs)
    for axis, size in enumerate(sizes, 1 if layout == "channels_last" else 2):
        x = primitive(x, size=size, axis=axis)
    return x


@composite(f"{NN}:AdaptiveAveragePool")
def adaptive_average_pool(inputs: Any, output_size: Any, data_format: Any = None) -> Any:
    """Means over windows chosen so that the result has `output_size` places along each axis of space."""
    return _pool(adaptive_mean, inputs, output_size, data_format)


@composite(f"{NN}:AdaptiveMaxPool")
def adaptive_max_pool(inputs: Any, output_size: Any, data_format: Any = None) -> Any:
    """Largest elements of windows chosen so that the result has `output_size` places along each axis of space."""
    return _pool(adaptive_largest, inputs, output_size, data_format)
