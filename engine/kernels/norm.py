"""Normalization over axes: means, biased variances (two passes), and the shared gradient.

Over the leading axes (batch normalization of channels last) sums are products with ones, a block of rows at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.kernels.memory import Array, column_sums

Axes = tuple[int, ...]

_BLOCK = 1 << 16
"""Numbers worked on at once, so that the passes over a block find it in the cache."""


def _leading(x: Array, axes: Axes) -> bool:
    return x.ndim > 1 and sorted(a % x.ndim for a in axes) == list(range(x.ndim - 1)) and x.flags.c_contiguous


def _blocks(rows: Array) -> Any:
    step = max(_BLOCK // max(rows.shape[1], 1), 1)
    return (slice(start, start + step) for start in range(0, len(rows), step))


def moments(x: Array, axes: Axes) -> tuple[Array, Array]:
    """Mean and biased variance with the reduced axes kept; the variance in a second pass over centred values."""
    if _leading(x, axes) and x.size and x.dtype.itemsize > 2:
        return _column_moments(x)
    mean = x.mean(axes, keepdims=True, dtype=x.dtype)
    centred = x - mean
    return mean, np.square(centred, out=centred).mean(axes, keepdims=True, dtype=x.dtype)


def _column_moments(x: Array) -> tuple[Array, Array]:
    rows = x.reshape(-1, x.shape[-1])
    shape = (1,) * (x.ndim - 1) + (x.shape[-1],)
    mean = column_sums(rows) / x.dtype.type(len(rows))
    total = np.zeros(x.shape[-1], np.float64)
    for part in _blocks(rows):
        centred = rows[part] - mean
        total += column_sums(np.multiply(centred, centred, out=centred))
    variance = (total / len(rows)).astype(x.dtype)
    return mean.reshape(shape), variance.reshape(shape)


def normalize(x: Array, mean: Array, variance: Array, epsilon: float, out: Any = None) -> Array:
    """(x - mean) / sqrt(variance + epsilon)."""
    scale = 1.0 / np.sqrt(variance + x.dtype.type(epsilon))
    result = np.subtract(x, mean, out=out)
    return np.multiply(result, scale, out=result)


def normalize_grad(g: Array, y: Array, variance: Array, axes: Axes, epsilon: float, out: Any = None) -> Array:
    """Gradient by x of `normalize` with x's own moments; y is its result."""
    scale = 1.0 / np.sqrt(variance + g.dtype.type(epsilon))
    if _leading(g, axes) and y.flags.c_contiguous and g.size and g.dtype.itemsize > 2:
        mean_g, mean_gy = (s / g.dtype.type(g.size // g.shape[-1]) for s in gradient_sums(g, y))
        mean_g, mean_gy = mean_g.reshape(variance.shape), mean_gy.reshape(variance.shape)
    else:
        mean_g = g.mean(axes, keepdims=True, dtype=g.dtype)
        mean_gy = (g * y).mean(axes, keepdims=True, dtype=g.dtype)
    result = np.multiply(y, mean_gy, out=out)
    np.subtract(g, result, out=result)
    result -= mean_g
    result *= scale
    return result


def gradient_sums(g: Array, y: Array) -> tuple[Array, Array]:
    """Sums of g and of g · y over all axes but the last."""
    rows, own = g.reshape(-1, g.shape[-1]), y.reshape(-1, y.shape[-1])
    first, second = np.zeros(g.shape[-1], np.float64), np.zeros(g.shape[-1], np.float64)
    for part in _blocks(rows):
        first += column_sums(rows[part])
        second += column_sums(rows[part] * own[part])
    return first.astype(g.dtype), second.astype(g.dtype)


def batch_norm(x: Array, gamma: Array, beta: Array, epsilon: float, out: Any) -> None:
    """Batch normalization of the last axis: y, mean and variance into `out`."""
    y, mean, variance = out
    own_mean, own_variance = moments(x, tuple(range(x.ndim - 1)))
    mean[...], variance[...] = own_mean.reshape(-1), own_variance.reshape(-1)
    factor = gamma / np.sqrt(variance + x.dtype.type(epsilon))
    shift = beta - mean * factor
    rows, result = x.reshape(-1, x.shape[-1]), y.reshape(-1, x.shape[-1])
    for part in _blocks(rows):
        np.multiply(rows[part], factor, out=result[part])
        np.add(result[part], shift, out=result[part])


def batch_norm_grad(g: Array, x: Array, gamma: Array, mean: Array, variance: Array, epsilon: float, out: Any) -> None:
    """Gradients of `batch_norm` by x, gamma and beta into `out`."""
    dx, d_gamma, d_beta = out
    scale = 1.0 / np.sqrt(variance + x.dtype.type(epsilon))
    rows, own, result = (a.reshape(-1, x.shape[-1]) for a in (g, x, dx))
    sum_g, sum_gx = np.zeros(x.shape[-1], np.float64), np.zeros(x.shape[-1], np.float64)
    for part in _blocks(rows):
        sum_g += column_sums(rows[part])
        sum_gx += column_sums(rows[part] * (own[part] - mean))
    d_beta[...], d_gamma[...] = sum_g, sum_gx * scale
    count = max(len(rows), 1)
    # dx = gamma · scale · (g - mean(g) - xhat · mean(g · xhat)), as factor · g - slope · (x - mean) - shift
    factor = (gamma * scale).astype(g.dtype)
    slope = (factor * scale * d_gamma / count).astype(g.dtype)
    shift = (factor * d_beta / count).astype(g.dtype)
    for part in _blocks(rows):
        centred = own[part] - mean
        centred *= slope
        centred += shift
        np.multiply(rows[part], factor, out=result[part])
        np.subtract(result[part], centred, out=result[part])
