"""Normalization over axes: means, biased variances (two passes), and the shared gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Axes = tuple[int, ...]


def moments(x: Array, axes: Axes) -> tuple[Array, Array]:
    """Mean and biased variance with the reduced axes kept; the variance in a second pass over centred values."""
    mean = x.mean(axes, keepdims=True, dtype=x.dtype)
    centred = x - mean
    return mean, np.square(centred, out=centred).mean(axes, keepdims=True, dtype=x.dtype)


def normalize(x: Array, mean: Array, variance: Array, epsilon: float, out: Any = None) -> Array:
    """(x - mean) / sqrt(variance + epsilon)."""
    scale = 1.0 / np.sqrt(variance + x.dtype.type(epsilon))
    result = np.subtract(x, mean, out=out)
    return np.multiply(result, scale, out=result)


def normalize_grad(g: Array, y: Array, variance: Array, axes: Axes, epsilon: float, out: Any = None) -> Array:
    """Gradient by x of `normalize` with x's own moments; y is its result."""
    scale = 1.0 / np.sqrt(variance + g.dtype.type(epsilon))
    mean_g = g.mean(axes, keepdims=True, dtype=g.dtype)
    mean_gy = (g * y).mean(axes, keepdims=True, dtype=g.dtype)
    result = np.multiply(y, mean_gy, out=out)
    np.subtract(g, result, out=result)
    result -= mean_g
    result *= scale
    return result
