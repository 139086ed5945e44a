"""Normalization ops: moments, batch and layer normalization, RMS and unit length."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import config, shapes
from engine.core.cases import POS, F, case
from engine.core.errors import ShapeError
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.tensor import Spec, convert_to_tensor
from engine.kernels import norm as kernels
from engine.ops import elementwise as ew
from engine.ops import reduce as red
from engine.ops.matrix_norm import norm
from engine.ops.shape import reshape
from engine.ops.special import saturate_cast

__all__ = [
    "batch_norm_train",
    "batch_normalization",
    "layer_normalization",
    "moments",
    "norm",
    "normalize",
    "normalize_moments",
    "rms_normalization",
]

NN = "keras.src.ops.nn"


def _normalized_specs(x: Spec, *, axes: tuple[int, ...], epsilon: float) -> tuple[Spec, ...]:
    small = Spec(shapes.reduce(x.shape, axes, True), x.dtype)
    return x, small, small


def _normalized_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any]:
    """Through all three results: the values, the mean and the variance."""
    (g, g_mean, g_variance), (y, mean, variance), (x,) = grads, outputs, inputs
    axes, total = attrs["axes"], None
    if g is not None:
        total = dispatch(OPS["normalize_moments_grad"], (g, y, variance), attrs)
    count = red._count(x, mean, axes)
    for part, factor in ((g_mean, None), (g_variance, 2.0)):
        if part is not None:
            share = dispatch(OPS["spread_like"], (part / count, x), {})
            share = share if factor is None else share * factor * (x - mean)
            total = share if total is None else total + share
    return (total,)


@defop(
    infer=_normalized_specs,
    vjp_all=_normalized_vjp,
    cases=(case(F(4, 3), axes=(0,), epsilon=1e-3), case(F(2, 3, 4), axes=(-1,), epsilon=1e-3)),
)
def normalize_moments(x: Any, *, axes: tuple[int, ...], epsilon: float, out: Any = None) -> Any:
    """(x - mean) / sqrt(variance + epsilon) with x's own moments over `axes`; returns it, the mean and the variance."""
    mean, variance = kernels.moments(x, axes)
    if out is None:
        return kernels.normalize(x, mean, variance, epsilon), mean, variance
    kernels.normalize(x, mean, variance, epsilon, out[0])
    out[1][...], out[2][...] = mean, variance
    return out


@defop(
    infer=lambda g, y, variance, **_: g,
    cases=(case(F(4, 3), F(4, 3), F(1, 3), axes=(0,), epsilon=1e-3),),
    nondiff="second derivatives of normalization are not offered",
)
def normalize_moments_grad(g: Any, y: Any, variance: Any, *, axes: Any, epsilon: float, out: Any = None) -> Any:
    """Gradient of `normalize_moments` by x through its first result."""
    return kernels.normalize_grad(g, y, np.abs(variance), axes, epsilon, out)


def _batch_specs(x: Spec, gamma: Any, beta: Any, *, epsilon: float) -> tuple[Spec, ...]:
    small = Spec(x.shape[-1:], x.dtype)
    for name, value in (("gamma", gamma), ("beta", beta)):
        if value is not None and value.shape != small.shape:
            raise ShapeError(f"{name} has shape {value.shape}, but the input has {x.shape[-1]} channels.")
    return x, small, small


def _batch_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    (g, g_mean, g_variance), (_, mean, variance), (x, gamma, beta) = grads, outputs, inputs
    dx, d_gamma, d_beta = None, None, None
    if g is not None:
        values = (g, x, gamma, mean, variance)
        dx, d_gamma, d_beta = dispatch(OPS["batch_norm_grad"], values, attrs)
    count = red._count(x, mean, tuple(range(len(x.shape) - 1)))
    for part, factor in ((g_mean, None), (g_variance, 2.0)):
        if part is not None:
            share = dispatch(OPS["spread_like"], (part / count, x), {})
            share = share if factor is None else share * factor * (x - mean)
            dx = share if dx is None else dx + share
    return dx, None if gamma is None else d_gamma, None if beta is None else d_beta


@defop(
    infer=_batch_specs,
    vjp_all=_batch_vjp,
    cases=(
        case(F(4, 3), F(3), F(3), epsilon=1e-3),
        case(F(2, 3, 3, 2), F(2), F(2), epsilon=1e-3),
        case(F(6, 3), None, None, epsilon=1e-3),
    ),
)
def batch_norm_train(x: Any, gamma: Any, beta: Any, *, epsilon: float, out: Any = None) -> Any:
    """Normalize the last axis with the batch's own moments, scale by gamma, move by beta (each may be None).

    Returns the values, the mean and the biased variance, the last two with one number for each channel.
    """
    channels = x.shape[-1]
    if out is None:
        out = tuple(np.empty(shape, x.dtype) for shape in (x.shape, (channels,), (channels,)))
    scale = np.ones(channels, x.dtype) if gamma is None else gamma
    kernels.batch_norm(x, scale, np.zeros(channels, x.dtype) if beta is None else beta, epsilon, out)
    return out


@defop(
    infer=lambda g, x, gamma, mean, variance, **_: (g, mean, mean),
    nondiff="second derivatives of normalization are not offered",
    cases=(case(F(4, 3), F(4, 3), F(3), F(3), POS(3), epsilon=1e-3),),
)
def batch_norm_grad(g: Any, x: Any, gamma: Any, mean: Any, variance: Any, *, epsilon: float, out: Any = None) -> Any:
    """Gradients of `batch_norm_train` by x, gamma and beta through its first result."""
    if out is None:
        out = tuple(np.empty(shape, g.dtype) for shape in (x.shape, mean.shape, mean.shape))
    kernels.batch_norm_grad(g, x, np.ones_like(mean) if gamma is None else gamma, mean, variance, epsilon, out)
    return out


@composite(f"{NN}:Moments")
def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple[Any, Any]:
    """Mean and biased variance over the axes."""
    given = convert_to_tensor(x)
    x = _widened(given)
    axes = shapes.normalize_axes(axes, len(x.shape))
    pair = red.mean(x, axis=axes, keepdims=keepdims), red.var(x, axis=axes, keepdims=keepdims)
    if given.dtype == x.dtype:
        return pair
    return saturate_cast(pair[0], given.dtype), saturate_cast(pair[1], given.dtype)  # a half's square may be too large


def _along(value: Any, axis: int, rank: int) -> Any:
    """A vector laid along one axis of a value of `rank` axes."""
    shape = [1] * rank
    shape[axis % rank] = -1
    return reshape(value, shape)


@composite(f"{NN}:BatchNorm", call=("x", "mean", "variance", "offset", "scale"))
def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Any:
    """(x - mean) · scale / sqrt(variance + epsilon) + offset along an axis."""
    x = convert_to_tensor(x)
    rank = len(x.shape)
    factor = ew.rsqrt(_along(variance, axis, rank) + epsilon)
    if scale is not None:
        factor = factor * _along(scale, axis, rank)
    shift = -_along(mean, axis, rank) * factor
    if offset is not None:
        shift = shift + _along(offset, axis, rank)
    return ew.cast(x * factor + shift, x.dtype)


def _widened(x: Any) -> Any:
    """Half precision as float32: sums of squares leave its range."""
    return ew.cast(x, "float32") if x.dtype in ("float16", "bfloat16") else x


def _as_broadcast(value: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """A weight over `axes` laid along those axes of x."""
    value = ew.cast(convert_to_tensor(value), x.dtype)
    if axes == (len(x.shape) - 1,) or len(value.shape) == len(x.shape):
        return value
    return reshape(value, [d if i in axes else 1 for i, d in enumerate(x.shape)])


@composite(f"{NN}:LayerNorm", call=("x", "gamma", "beta"))
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: Any = None, **kwargs: Any
) -> Any:
    """Each sample normalized over `axis`, then scaled by gamma and moved by beta.

    The deprecated `rms_scaling=True` divides by the deviation without taking the mean away, and ignores beta.
    """
    given = convert_to_tensor(x)
    x = _widened(given)
    axes = tuple(sorted(shapes.normalize_axes(axis, len(x.shape))))
    epsilon = config.epsilon() if epsilon is None else epsilon
    if kwargs.pop("rms_scaling", False):
        y, beta = x * ew.rsqrt(red.var(x, axis=axes, keepdims=True) + epsilon), None
    else:
        y = normalize_moments(x, axes=axes, epsilon=epsilon)[0]
    y = y if gamma is None else y * _as_broadcast(gamma, x, axes)
    y = y if beta is None else y + _as_broadcast(beta, x, axes)
    return ew.cast(y, given.dtype)


@composite(f"{NN}:RMSNorm", call=("x", "scale"))
def rms_normalization(x: Any, scale: Any = None, axis: Any = -1, epsilon: Any = None) -> Any:
    """x divided by its root mean square over `axis`, times scale (which broadcasts to x)."""
    given = convert_to_tensor(x)
    x = _widened(given)
    axes = shapes.normalize_axes(axis, len(x.shape))
    epsilon = config.epsilon() if epsilon is None else epsilon
    y = x * ew.rsqrt(red.mean(ew.square(x), axis=axes, keepdims=True) + epsilon)
    return ew.cast(y if scale is None else y * ew.cast(convert_to_tensor(scale), x.dtype), given.dtype)


@composite(f"{NN}:Normalize")
def normalize(x: Any, axis: Any = -1, order: int = 2, epsilon: Any = None) -> Any:
    """x divided by its norm over `axis`, or by epsilon where the norm is smaller."""
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"Argument `order` must be an int >= 1. Received: order={order}")
    x = convert_to_tensor(x)
    small = config.epsilon() if epsilon is None else epsilon
    if order == 2:
        return x * ew.rsqrt(ew.maximum(red.sum(ew.square(x), axis=axis, keepdims=True), small * small))
    return x / ew.maximum(norm(x, ord=order, axis=axis, keepdims=True), small)
