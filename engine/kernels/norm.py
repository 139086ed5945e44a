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

_LONG = 1024


def _leading(x: Array, axes: Axes) -> bool:
    return x.ndim > 1 and sorted(a % x.ndim for a in axes) == list(range(x.ndim - 1)) and x.flags.c_contiguous


def _blocks(rows: Array) -> Any:
    step = max(_BLOCK // max(rows.shape[1], 1), 1)
    return (slice(start, start + step) for start in range(0, len(rows), step))


def _folds(rows: int, channels: int) -> int:
    """How many rows are laid side by side, so that NumPy's inner loops over a short row of channels get long."""
    count = 1
    while rows % (2 * count) == 0 and 2 * count * channels <= _LONG and rows:
        count *= 2
    return count


def _wide(x: Array, folds: int) -> Array:
    return x.reshape(x.size // (folds * x.shape[-1]), folds * x.shape[-1])


def _folded(sums: Array, folds: int) -> Array:
    """Sums of the rows laid side by side, added up to one for each channel."""
    return sums.reshape(folds, -1).sum(0)


def moments(x: Array, axes: Axes) -> tuple[Array, Array]:
    """Mean and biased variance with the reduced axes kept; the variance in a second pass over centred values."""
    if _leading(x, axes) and x.size and x.dtype.itemsize > 2:
        return _column_moments(x)
    mean = x.mean(axes, keepdims=True, dtype=x.dtype)
    centred = x - mean
    return mean, np.square(centred, out=centred).mean(axes, keepdims=True, dtype=x.dtype)


def _column_moments(x: Array) -> tuple[Array, Array]:
    channels, count = x.shape[-1], x.size // x.shape[-1]
    folds = _folds(count, channels)
    rows, shape = _wide(x, folds), (1,) * (x.ndim - 1) + (channels,)
    mean = _folded(column_sums(rows), folds) / x.dtype.type(count)
    tiled, total = np.tile(mean, folds), np.zeros(rows.shape[1], np.float64)
    for part in _blocks(rows):
        centred = rows[part] - tiled
        total += column_sums(np.multiply(centred, centred, out=centred))
    variance = (_folded(total, folds) / count).astype(x.dtype)
    return mean.reshape(shape), variance.reshape(shape)


def normalize(x: Array, mean: Array, variance: Array, epsilon: float, out: Any = None) -> Array:
    """(x - mean) / sqrt(variance + epsilon)."""
    scale = 1.0 / np.sqrt(variance + x.dtype.type(epsilon))
    if mean.size == x.shape[-1] == mean.shape[-1] > 1 and x.flags.c_contiguous and x.size:
        out = np.empty_like(x) if out is None else out
        folds = _folds(x.size // x.shape[-1], x.shape[-1])
        rows, result = _wide(x, folds), _wide(out, folds)
        centre, factor = np.tile(mean.reshape(-1), folds), np.tile(scale.reshape(-1), folds)
        for part in _blocks(rows):
            np.subtract(rows[part], centre, out=result[part])
            np.multiply(result[part], factor, out=result[part])
        return np.asarray(out)
    result = np.subtract(x, mean, out=out)
    return np.multiply(result, scale, out=result)


def normalize_grad(g: Array, y: Array, variance: Array, axes: Axes, epsilon: float, out: Any = None) -> Array:
    """Gradient by x of `normalize` with x's own moments; y is its result."""
    scale = 1.0 / np.sqrt(variance + g.dtype.type(epsilon))
    if _leading(g, axes) and y.flags.c_contiguous and g.size and g.dtype.itemsize > 2:
        out = np.empty_like(g) if out is None else out
        _column_grad(g, y, scale.reshape(-1), out)
        return np.asarray(out)
    mean_g = g.mean(axes, keepdims=True, dtype=g.dtype)
    mean_gy = (g * y).mean(axes, keepdims=True, dtype=g.dtype)
    result = np.multiply(y, mean_gy, out=out)
    np.subtract(g, result, out=result)
    result -= mean_g
    result *= scale
    return result


def _column_grad(g: Array, y: Array, scale: Array, out: Array) -> None:
    """scale · (g - mean(g) - y · mean(g · y)), block by block."""
    channels, count = g.shape[-1], g.size // g.shape[-1]
    folds = _folds(count, channels)
    rows, own, result = (_wide(a, folds) for a in (g, y, out))
    mean_g, mean_gy = (np.tile(s / g.dtype.type(count), folds) for s in gradient_sums(g, y))
    factor = np.tile(scale, folds)
    for part in _blocks(rows):
        slope = own[part] * mean_gy
        slope += mean_g
        np.subtract(rows[part], slope, out=result[part])
        np.multiply(result[part], factor, out=result[part])


def gradient_sums(g: Array, y: Array) -> tuple[Array, Array]:
    """Sums of g and of g · y over all axes but the last."""
    folds = _folds(g.size // g.shape[-1], g.shape[-1])
    rows, own = _wide(g, folds), _wide(y, folds)
    first, second = np.zeros(rows.shape[1], np.float64), np.zeros(rows.shape[1], np.float64)
    for part in _blocks(rows):
        first += column_sums(rows[part])
        second += column_sums(rows[part] * own[part])
    return _folded(first, folds).astype(g.dtype), _folded(second, folds).astype(g.dtype)


def batch_norm(x: Array, gamma: Array, beta: Array, epsilon: float, out: tuple[Array, Array, Array]) -> None:
    """Batch normalization of the last axis: y, mean and variance into `out`."""
    y, mean, variance = out
    own_mean, own_variance = moments(x, tuple(range(x.ndim - 1)))
    mean[...], variance[...] = own_mean.reshape(-1), own_variance.reshape(-1)
    folds = _folds(x.size // x.shape[-1], x.shape[-1])
    scale = gamma / np.sqrt(variance + x.dtype.type(epsilon))
    factor, shift = np.tile(scale, folds), np.tile(beta - mean * scale, folds)
    rows, result = _wide(np.ascontiguousarray(x), folds), _wide(y, folds)
    for part in _blocks(rows):
        np.multiply(rows[part], factor, out=result[part])
        np.add(result[part], shift, out=result[part])


def batch_norm_grad(
    g: Array, x: Array, gamma: Array, mean: Array, variance: Array, epsilon: float, out: tuple[Array, Array, Array]
) -> None:
    """Gradients of `batch_norm` by x, gamma and beta into `out`."""
    dx, d_gamma, d_beta = out
    count = max(x.size // x.shape[-1], 1)
    folds = _folds(x.size // x.shape[-1], x.shape[-1])
    scale = 1.0 / np.sqrt(variance + x.dtype.type(epsilon))
    rows, own, result = (_wide(np.ascontiguousarray(a), folds) for a in (g, x, dx))
    centre = np.tile(mean, folds)
    sum_g, sum_gx = np.zeros(rows.shape[1], np.float64), np.zeros(rows.shape[1], np.float64)
    for part in _blocks(rows):
        sum_g += column_sums(rows[part])
        sum_gx += column_sums(rows[part] * (own[part] - centre))
    d_beta[...], d_gamma[...] = _folded(sum_g, folds), _folded(sum_gx, folds) * scale
    # dx = gamma · scale · (g - mean(g) - xhat · mean(g · xhat)), as factor · g - slope · (x - mean) - shift
    by_g = gamma * scale
    terms = by_g, by_g * scale * d_gamma / count, by_g * d_beta / count
    factor, slope, shift = (np.tile(t.astype(g.dtype), folds) for t in terms)
    for part in _blocks(rows):
        moved = own[part] - centre
        moved *= slope
        moved += shift
        np.multiply(rows[part], factor, out=result[part])
        np.subtract(result[part], moved, out=result[part])
