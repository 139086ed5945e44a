"""Activation functions of `keras.ops.nn`. Gradients are exact at the kinks' usual convention (0 at x = 0 for relu)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.core import config, shapes
from engine.core.cases import F, case
from engine.core.op import composite, defop
from engine.core.tensor import Spec, convert_to_tensor, infer_shape_of
from engine.kernels import pointwise as kernels
from engine.ops import elementwise as ew
from engine.ops import reduce as red
from engine.ops.making import arange
from engine.ops.shape import flip, reshape, split

__all__ = [
    "celu",
    "elu",
    "erf",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh_shrink",
    "threshold",
]

NN = "keras.src.ops.nn"
_CASES = (case(F(2, 3)), case(F(0, 3)))
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def _same(x: Spec, **_: Any) -> Spec:
    return x


@defop(
    infer=_same,
    vjp=(lambda g, y, x: relu_grad(g, y),),
    promote=True,
    inplace=(0,),
    keras=f"{NN}:Relu",
    cases=_CASES,
)
def relu(x: Any, *, out: Any = None) -> Any:
    """max(x, 0)."""
    return np.maximum(x, x.dtype.type(0), out=out)


@defop(
    infer=lambda g, y: g,
    vjp=(lambda h, r, g, y: relu_grad(h, y), None),
    inplace=(0,),
    cases=(case(F(2, 3), F(2, 3)),),
)
def relu_grad(g: Any, y: Any, *, out: Any = None) -> Any:
    """g where y is positive, else 0."""
    return kernels.where_positive(g, y, out)


@defop(
    infer=_same,
    vjp=(lambda g, y, x: g * y * (1.0 - y),),
    promote="float",
    inplace=(0,),
    keras=f"{NN}:Sigmoid",
    cases=_CASES,
)
def sigmoid(x: Any, *, out: Any = None) -> Any:
    """1 / (1 + exp(-x))."""
    return kernels.sigmoid(x, out)


@defop(
    infer=_same,
    vjp=(lambda g, y, x: g * sigmoid(x),),
    promote="float",
    inplace=(0,),
    keras=f"{NN}:Softplus",
    cases=_CASES,
)
def softplus(x: Any, *, out: Any = None) -> Any:
    """log(1 + exp(x))."""
    return kernels.softplus(x, out)


@defop(
    infer=_same,
    vjp=(lambda g, y, x: g * ew.exp(-(x * x)) * (2.0 / math.sqrt(math.pi)),),
    promote="float",
    keras="keras.src.ops.math:Erf",
    cases=_CASES,
)
def erf(x: Any, *, out: Any = None) -> Any:
    """The error function."""
    return kernels.erf(x, out)


@defop(infer=_same, vjp=(lambda g, y, x: gelu_grad(g, x),), promote="float", cases=_CASES, name="gelu_exact")
def _gelu_exact(x: Any, *, out: Any = None) -> Any:
    return kernels.gelu(x, out)


@defop(
    infer=lambda g, x: g,
    vjp=(lambda h, r, g, x: gelu_grad(h, x), lambda h, r, g, x: h * g * _density(x) * (2.0 - x * x)),
    cases=(case(F(2, 3), F(2, 3)),),
)
def gelu_grad(g: Any, x: Any, *, out: Any = None) -> Any:
    """g times the slope of the exact gelu."""
    return kernels.gelu_grad(g, x, out)


def _density(x: Any) -> Any:
    return ew.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


@defop(infer=_same, vjp=(lambda g, y, x: gelu_tanh_grad(g, x),), promote="float", cases=_CASES, name="gelu_tanh")
def _gelu_tanh(x: Any, *, out: Any = None) -> Any:
    return kernels.gelu_tanh(x, out)


@defop(
    infer=lambda g, x: g,
    vjp=(lambda h, r, g, x: gelu_tanh_grad(h, x), lambda h, r, g, x: h * g * _gelu_tanh_bend(x)),
    cases=(case(F(2, 3), F(2, 3)),),
)
def gelu_tanh_grad(g: Any, x: Any, *, out: Any = None) -> Any:
    """g times the slope of the gelu by tanh."""
    return kernels.gelu_tanh_grad(g, x, out)


def _gelu_tanh_bend(x: Any) -> Any:
    """Second derivative of the gelu by tanh."""
    scale = math.sqrt(2.0 / math.pi)
    t = ew.tanh(scale * (x + 0.044715 * x * x * x))
    slope = scale * (1.0 + 3 * 0.044715 * x * x)
    return (1.0 - t * t) * (slope + x * (3 * 0.044715 * scale * x - t * slope * slope))


@composite(f"{NN}:Gelu")
def gelu(x: Any, approximate: bool = True) -> Any:
    """x times the normal distribution function of x, exactly or by tanh (Hendrycks and Gimpel 2016)."""
    return _gelu_tanh(x) if approximate else _gelu_exact(x)


def _floating(x: Any) -> Any:
    from engine.core import dtypes

    x = convert_to_tensor(x)
    return x if dtypes.is_float(x.dtype) else ew.cast(x, config.floatx())


@composite(f"{NN}:Relu6")
def relu6(x: Any) -> Any:
    """min(max(x, 0), 6)."""
    return ew.clip(x, 0.0, 6.0)


@composite(f"{NN}:Silu")
def silu(x: Any) -> Any:
    """x · sigmoid(x)."""
    x = _floating(x)
    return x * sigmoid(x)


swish = silu


@composite(f"{NN}:Softsign")
def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    x = _floating(x)
    return x / (1.0 + ew.abs(x))


@composite(f"{NN}:LogSigmoid")
def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x))."""
    return -softplus(ew.negative(x))


@composite(f"{NN}:LeakyRelu")
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x where positive, negative_slope · x elsewhere."""
    x = _floating(x)
    return ew.where(ew.greater(x, 0.0), x, negative_slope * x)


@composite(f"{NN}:HardSigmoid")
def hard_sigmoid(x: Any) -> Any:
    """relu6(x + 3) / 6."""
    return relu6(ew.add(_floating(x), 3.0)) / 6.0


@composite(f"{NN}:HardSilu")
def hard_silu(x: Any) -> Any:
    """x · hard_sigmoid(x)."""
    x = _floating(x)
    return x * hard_sigmoid(x)


hard_swish = hard_silu


def _negative_part(x: Any) -> Any:
    """x where negative, 0 elsewhere: the argument of exp that cannot overflow."""
    return ew.minimum(x, 0.0)


@composite(f"{NN}:Elu")
def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where positive, alpha · (exp(x) - 1) elsewhere."""
    x = _floating(x)
    return ew.where(ew.greater(x, 0.0), x, alpha * ew.expm1(_negative_part(x)))


@composite(f"{NN}:Selu")
def selu(x: Any) -> Any:
    """The self-normalizing unit (Klambauer and others 2017)."""
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


@composite(f"{NN}:Celu")
def celu(x: Any, alpha: float = 1.0) -> Any:
    """x where positive, alpha · (exp(x / alpha) - 1) elsewhere."""
    x = _floating(x)
    return ew.maximum(x, 0.0) + alpha * ew.expm1(_negative_part(x) / alpha)


@composite(f"{NN}:Glu")
def glu(x: Any, axis: int = -1) -> Any:
    """The first half times the sigmoid of the second half."""
    first, second = split(x, 2, axis=axis)
    return first * sigmoid(second)


@composite(f"{NN}:TanhShrink")
def tanh_shrink(x: Any) -> Any:
    """x - tanh(x)."""
    return ew.subtract(x, ew.tanh(x))


@composite(f"{NN}:HardTanh")
def hard_tanh(x: Any) -> Any:
    """x held between -1 and 1."""
    return ew.clip(x, -1.0, 1.0)


@composite(f"{NN}:HardShrink")
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x where its size is above the threshold, 0 elsewhere."""
    return ew.where(ew.greater(ew.abs(x), threshold), x, 0.0)


@composite(f"{NN}:SoftShrink")
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x moved towards 0 by the threshold."""
    x = _floating(x)
    return ew.where(ew.greater(x, threshold), x - threshold, ew.where(ew.less(x, -threshold), x + threshold, 0.0))


@composite(f"{NN}:Squareplus")
def squareplus(x: Any, b: float = 4) -> Any:
    """(x + sqrt(x² + b)) / 2."""
    x = _floating(x)
    return (x + ew.sqrt(x * x + b)) / 2.0


@composite(f"{NN}:SparsePlus")
def sparse_plus(x: Any) -> Any:
    """0 below -1, (x + 1)² / 4 between, x above 1."""
    x = _floating(x)
    middle = 0.25 * ew.square(x + 1.0)
    return ew.where(ew.less_equal(x, -1.0), 0.0, ew.where(ew.less(x, 1.0), middle, x))


@composite(f"{NN}:SparseSigmoid")
def sparse_sigmoid(x: Any) -> Any:
    """0 below -1, (x + 1) / 2 between, 1 above 1."""
    return ew.clip(0.5 * (_floating(x) + 1.0), 0.0, 1.0)


@composite(f"{NN}:Threshold")
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x where above the threshold, the default value elsewhere."""
    return ew.where(ew.greater(x, threshold), x, default_value)


@defop(
    infer=_same,
    vjp=(lambda g, y, x, *, axis: softmax_grad(g, y, axis=axis),),
    promote="float",
    inplace=(0,),
    cases=(case(F(2, 3), axis=-1), case(F(2, 3, 2), axis=1), case(F(2, 3), axis=(0, 1)), case(F(0, 3), axis=-1)),
    name="softmax",
)
def _softmax(x: Any, *, axis: Any, out: Any = None) -> Any:
    return kernels.softmax(x, axis, out)


def _softmax_grad_by_y(h: Any, r: Any, g: Any, y: Any, *, axis: Any) -> Any:
    inner = red.sum(g * y, axis=axis, keepdims=True)
    return h * (g - inner) - g * red.sum(h * y, axis=axis, keepdims=True)


@defop(
    infer=lambda g, y, **_: g,
    vjp=(lambda h, r, g, y, *, axis: softmax_grad(h, y, axis=axis), _softmax_grad_by_y),
    cases=(case(F(2, 3), F(2, 3), axis=-1), case(F(2, 3, 2), F(2, 3, 2), axis=1)),
)
def softmax_grad(g: Any, y: Any, *, axis: Any, out: Any = None) -> Any:
    """Gradient of the softmax whose result is y."""
    return kernels.softmax_grad(g, y, axis, out)


@composite(f"{NN}:Softmax")
def softmax(x: Any, axis: Any = -1) -> Any:
    """exp(x) divided by its sum over the axis."""
    return _softmax(x, axis=_whole_axis(x, axis))


def _whole_axis(x: Any, axis: Any) -> Any:
    if axis is None:
        return tuple(range(len(infer_shape_of(x))))
    axis = tuple(axis) if isinstance(axis, (list, tuple)) else axis
    shapes.normalize_axes(axis, len(infer_shape_of(x)), "softmax")  # refuses axes that are not there
    return axis


@defop(
    infer=_same,
    vjp=(lambda g, y, x, *, axis: g - ew.exp(y) * red.sum(g, axis=axis, keepdims=True),),
    promote="float",
    inplace=(0,),
    cases=(case(F(2, 3), axis=-1), case(F(2, 3, 2), axis=1)),
    name="log_softmax",
)
def _log_softmax(x: Any, *, axis: Any, out: Any = None) -> Any:
    return kernels.log_softmax(x, axis, out)


@composite(f"{NN}:LogSoftmax")
def log_softmax(x: Any, axis: Any = -1) -> Any:
    """log(softmax(x)), without overflow."""
    return _log_softmax(x, axis=_whole_axis(x, axis))


@composite(f"{NN}:Sparsemax")
def sparsemax(x: Any, axis: int = -1) -> Any:
    """Projection onto the probability simplex (Martins and Astudillo 2016)."""
    from engine.ops.index import sort

    x = _floating(x)
    ordered = flip(sort(x, axis=axis), axis=axis)
    length = infer_shape_of(x)[axis]
    place = [1] * len(infer_shape_of(x))
    place[axis] = -1
    k = reshape(arange(1, (length or 0) + 1, dtype=x.dtype), place)
    sums = red.cumsum(ordered, axis=axis)
    support = ew.cast(ew.greater(1.0 + k * ordered, sums), x.dtype)
    count = red.sum(support, axis=axis, keepdims=True)
    tau = (red.sum(ordered * support, axis=axis, keepdims=True) - 1.0) / count
    return ew.maximum(x - tau, 0.0)
