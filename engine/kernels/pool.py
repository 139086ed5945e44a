"""Pooling in any number of space axes, channels last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.kernels.conv import output_lengths
from engine.kernels.windows import Array, Pads, at_offset, offsets, pad_spatial

Ints = Sequence[int]


def max_pool(x: Array, size: Ints, strides: Ints, pads: Pads, out: Any = None) -> Array:
    """Largest element of each window; borders count as minus infinity."""
    padded = pad_spatial(x, pads, -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min)
    lengths = output_lengths(x, size, strides, pads, [1] * len(size))
    out = np.empty((x.shape[0], *lengths, x.shape[-1]), x.dtype) if out is None else out
    for i, offset in enumerate(offsets(size)):
        view = at_offset(padded, offset, lengths, strides, [1] * len(size))
        if i:
            np.maximum(out, view, out=out)
        else:
            out[...] = view
    return out


def max_pool_grad(g: Array, y: Array, x: Array, size: Ints, strides: Ints, pads: Pads, out: Any = None) -> Array:
    """Gradient of `max_pool`: all of it goes to the first largest element of each window."""
    ones = [1] * len(size)
    padded = pad_spatial(x, pads, -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min)
    total = np.zeros(padded.shape, g.dtype)
    open_windows = np.ones(y.shape, bool)
    for offset in offsets(size):
        hit = at_offset(padded, offset, y.shape[1:-1], strides, ones) == y
        hit &= open_windows
        open_windows ^= hit
        at_offset(total, offset, y.shape[1:-1], strides, ones)[...] += g * hit
    return _cropped(total, x, pads, out)


def average_pool(x: Array, size: Ints, strides: Ints, pads: Pads, out: Any = None) -> Array:
    """Mean of each window; borders are not counted."""
    ones = [1] * len(size)
    lengths = output_lengths(x, size, strides, pads, ones)
    padded = pad_spatial(x, pads)
    out = np.empty((x.shape[0], *lengths, x.shape[-1]), x.dtype) if out is None else out
    out.fill(0)
    for offset in offsets(size):
        out += at_offset(padded, offset, lengths, strides, ones)
    out /= _counts(x, size, strides, pads, lengths)
    return out


def average_pool_grad(g: Array, x: Array, size: Ints, strides: Ints, pads: Pads, out: Any = None) -> Array:
    """Gradient of `average_pool`; only the shape of x is used."""
    ones = [1] * len(size)
    lengths = g.shape[1:-1]
    share = g / _counts(x, size, strides, pads, lengths)
    shape = (x.shape[0], *(n + a + b for n, (a, b) in zip(x.shape[1:-1], pads, strict=True)), x.shape[-1])
    total = np.zeros(shape, g.dtype)
    for offset in offsets(size):
        at_offset(total, offset, lengths, strides, ones)[...] += share
    return _cropped(total, x, pads, out)


def _counts(x: Array, size: Ints, strides: Ints, pads: Pads, lengths: Ints) -> Array:
    """How many real elements each window holds: (1, *lengths, 1)."""
    counts = np.ones((1,) * (len(size) + 2), x.dtype)
    axes = zip(x.shape[1:-1], size, strides, pads, lengths, strict=True)
    for axis, (n, k, s, (before, _), m) in enumerate(axes):
        first = np.arange(m) * s - before
        inside = np.minimum(first + k, n) - np.maximum(first, 0)
        shape = [1] * (len(size) + 2)
        shape[axis + 1] = m
        counts = counts * inside.reshape(shape).astype(x.dtype)
    return counts


def _cropped(total: Array, x: Array, pads: Pads, out: Any) -> Array:
    inner = tuple(slice(a, a + n) for n, (a, _) in zip(x.shape[1:-1], pads, strict=True))
    result = total[(slice(None), *inner)]
    if out is None:
        return np.ascontiguousarray(result)
    np.copyto(out, result)
    return np.asarray(out)
