"""Normalization ops: moments, batch and layer normalization, RMS and unit length."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import shapes
from engine.core.cases import F, case
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.tensor import Spec, convert_to_tensor, infer_shape_of
from engine.kernels import norm as kernels
from engine.ops import elementwise as ew
from engine.ops import reduce as red
from engine.ops import shape as sh

__all__ = [
    "batch_normalization",
    "layer_normalization",
    "moments",
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


@composite(f"{NN}:Moments")
def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple[Any, Any]:
    """Mean and biased variance over the axes."""
    axes = shapes.normalize_axes(axes, len(infer_shape_of(x)))
    return red.mean(x, axis=axes, keepdims=keepdims), red.var(x, axis=axes, keepdims=keepdims)


def _along(value: Any, axis: int, rank: int) -> Any:
    """A vector laid along one axis of a value of `rank` axes."""
    shape = [1] * rank
    shape[axis % rank] = -1
    return sh.reshape(value, shape)


@composite(f"{NN}:BatchNorm")
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


@composite(f"{NN}:LayerNorm")
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: Any = None, **kwargs: Any
) -> Any:
    """Each sample normalized over `axis`, then scaled by gamma and moved by beta."""
    x = convert_to_tensor(x)
    axes = shapes.normalize_axes(axis, len(x.shape))
    y = dispatch(OPS["normalize_moments"], (x,), {"axes": axes, "epsilon": 1e-3 if epsilon is None else epsilon})[0]
    shape = [d if i in axes else 1 for i, d in enumerate(x.shape)]
    y = y if gamma is None else y * sh.reshape(gamma, shape)
    return y if beta is None else y + sh.reshape(beta, shape)


@composite(f"{NN}:RMSNorm")
def rms_normalization(x: Any, scale: Any = None, axis: Any = -1, epsilon: Any = None) -> Any:
    """x divided by its root mean square over `axis`, times scale."""
    x = convert_to_tensor(x)
    axes = shapes.normalize_axes(axis, len(x.shape))
    y = x * ew.rsqrt(red.mean(ew.square(x), axis=axes, keepdims=True) + (1e-7 if epsilon is None else epsilon))
    return y if scale is None else y * sh.reshape(scale, [d if i in axes else 1 for i, d in enumerate(x.shape)])


@composite(f"{NN}:Normalize")
def normalize(x: Any, axis: Any = -1, order: int = 2, epsilon: Any = None) -> Any:
    """x divided by its norm over `axis`."""
    x = convert_to_tensor(x)
    small = 1e-12 if epsilon is None else epsilon
    if order == 2:
        return x * ew.rsqrt(ew.maximum(red.sum(ew.square(x), axis=axis, keepdims=True), small * small))
    return x / ew.maximum(red.norm(x, ord=order, axis=axis, keepdims=True), small)
