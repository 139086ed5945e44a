"""Pooling along one axis to a wanted length: windows from ⌊i·n/m⌋ to ⌈(i+1)·n/m⌉, which may share elements."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def windows(n: int, size: int) -> tuple[Array, Array]:
    """First element of each of `size` windows over `n` elements, and the one after its last."""
    places = np.arange(size + 1) * n
    return places[:-1] // size, -(-places[1:] // size)


@functools.lru_cache(maxsize=64)
def _shares(n: int, size: int, dtype: str) -> Array:
    """The matrix (size, n) that takes means."""
    first, end = windows(n, size)
    index = np.arange(n)
    inside = (index >= first[:, None]) & (index < end[:, None])
    return (inside / (end - first)[:, None]).astype(dtype)


def _folded(x: Array, axis: int) -> Array:
    """`x` as (before, axis, after)."""
    return x.reshape(math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :]))


def _result(x: Array, axis: int, length: int, out: Any) -> Array:
    return np.empty((*x.shape[:axis], length, *x.shape[axis + 1 :]), x.dtype) if out is None else out


def mean(x: Array, size: int, axis: int, out: Any = None) -> Array:
    """Means of the windows."""
    out = _result(x, axis, size, out)
    np.matmul(_shares(x.shape[axis], size, x.dtype.name), _folded(x, axis), out=_folded(out, axis))
    return out


def mean_grad(g: Array, n: int, axis: int, out: Any = None) -> Array:
    """Gradient of `mean` by its input, whose axis is `n` long."""
    out = _result(g, axis, n, out)
    np.matmul(_shares(n, g.shape[axis], g.dtype.name).T, _folded(g, axis), out=_folded(out, axis))
    return out


def largest(x: Array, size: int, axis: int, out: Any = None) -> Array:
    """Largest elements of the windows."""
    out = _result(x, axis, size, out)
    first, end = windows(x.shape[axis], size)
    values, own = _folded(x, axis), _folded(out, axis)
    for k in range(int((end - first).max(initial=0))):
        part = values[:, np.minimum(first + k, end - 1)]
        if k:
            np.maximum(own, part, out=own)
        else:
            own[...] = part
    return out


def largest_grad(g: Array, y: Array, x: Array, axis: int, out: Any = None) -> Array:
    """Gradient of `largest`: all of it goes to the first largest element of each window."""
    out = _result(g, axis, x.shape[axis], out)
    out.fill(0)
    first, end = windows(x.shape[axis], g.shape[axis])
    values, own, upstream, total = (_folded(a, axis) for a in (x, y, g, out))
    waiting = np.ones(own.shape, bool)
    apart = g.shape[axis] <= x.shape[axis]  # then no two windows start at the same element
    for k in range(int((end - first).max(initial=0))):
        rows = np.flatnonzero(first + k < end)
        places = first[rows] + k
        hit = (values[:, places] == own[:, rows]) & waiting[:, rows]
        waiting[:, rows] &= ~hit
        share = upstream[:, rows] * hit
        if apart:
            total[:, places] += share
        else:
            np.add.at(total.swapaxes(0, 1), places, share.swapaxes(0, 1))
    return out


def largest_pick(h: Array, y: Array, x: Array, axis: int, out: Any = None) -> Array:
    """Elements of h where x has the first largest element of each window: the way back from the gradient."""
    out = _result(h, axis, y.shape[axis], out)
    first, end = windows(x.shape[axis], y.shape[axis])
    values, own, source, result = (_folded(a, axis) for a in (x, y, h, out))
    waiting = np.ones(own.shape, bool)
    result.fill(0)
    for k in range(int((end - first).max(initial=0))):
        places = np.minimum(first + k, end - 1)
        hit = (values[:, places] == own) & waiting
        np.copyto(result, source[:, places], where=hit)
        waiting &= ~hit
    return out
