"""Pooling in any number of space axes, channels last, in chunks of the batch that stay in the cache."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.kernels.memory import aligned_empty, chunk_size, chunks
from engine.kernels.windows import (
    Array,
    Ints,
    Pads,
    at_offset,
    inner,
    offsets,
    output_lengths,
    pad_spatial,
    padded_shape,
)


def _lowest(dtype: Any) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _part_size(x: Array) -> int:
    return chunk_size(x.shape[0], math.prod(x.shape[1:]) * x.itemsize * 3)


def max_pool(x: Array, size: Ints, strides: Ints, pads: Pads, out: Any = None) -> Array:
    """Largest element of each window; borders count as minus infinity."""
    ones = [1] * len(size)
    lengths = output_lengths(x.shape[1:-1], size, strides, pads, ones)
    out = aligned_empty((x.shape[0], *lengths, x.shape[-1]), x.dtype) if out is None else out
    for part in chunks(x.shape[0], _part_size(x)):
        padded, own = pad_spatial(x[part], pads, _lowest(x.dtype)), out[part]
        for i, offset in enumerate(offsets(size)):
            view = at_offset(padded, offset, lengths, strides, ones)
            if i:
                np.maximum(own, view, out=own)
            else:
                own[...] = view
    return out


def max_pool_grad(g: Array, y: Array, x: Array, size: Ints, strides: Ints, pads: Pads, out: Any = None) -> Array:
    """Gradient of `max_pool`: all of it goes to the first largest element of each window."""
    ones = [1] * len(size)
    out = aligned_empty(x.shape, g.dtype) if out is None else out
    apart = all(k <= s for k, s in zip(size, strides, strict=True))  # then windows share no element
    covered = apart and all(m * k == n for m, k, n in zip(y.shape[1:-1], size, x.shape[1:-1], strict=True))
    for part in chunks(x.shape[0], _part_size(x)):
        padded, own, upstream = pad_spatial(x[part], pads, _lowest(x.dtype)), y[part], g[part]
        total = out[part] if padded.shape[1:] == x.shape[1:] else np.empty(padded.shape, g.dtype)
        if not covered:
            total.fill(0)
        waiting = np.ones(own.shape, bool)
        hit, share = np.empty(own.shape, bool), np.empty(own.shape, g.dtype)
        for offset in offsets(size):
            np.equal(at_offset(padded, offset, y.shape[1:-1], strides, ones), own, out=hit)
            np.logical_and(hit, waiting, out=hit)
            np.logical_xor(waiting, hit, out=waiting)
            target = at_offset(total, offset, y.shape[1:-1], strides, ones)
            if apart:
                np.multiply(upstream, hit, out=target)
            else:
                np.add(target, np.multiply(upstream, hit, out=share), out=target)
        if total.shape[1:] != x.shape[1:]:
            out[part] = total[inner(x.shape[1:-1], pads)]
    return out


def max_pool_pick(h: Array, y: Array, x: Array, size: Ints, strides: Ints, pads: Pads, out: Any = None) -> Array:
    """Elements of h at the places of the first largest element of each window of x: the way back from the gradient."""
    ones = [1] * len(size)
    out = aligned_empty(y.shape, h.dtype) if out is None else out
    for part in chunks(x.shape[0], _part_size(x)):
        padded, values = pad_spatial(x[part], pads, _lowest(x.dtype)), pad_spatial(h[part], pads)
        own, result = y[part], out[part]
        waiting = np.ones(own.shape, bool)
        result.fill(0)
        for offset in offsets(size):
            hit = np.equal(at_offset(padded, offset, y.shape[1:-1], strides, ones), own) & waiting
            np.copyto(result, at_offset(values, offset, y.shape[1:-1], strides, ones), where=hit)
            np.logical_xor(waiting, hit, out=waiting)
    return out


def average_pool(x: Array, size: Ints, strides: Ints, pads: Pads, out: Any = None) -> Array:
    """Mean of each window; borders are not counted."""
    ones = [1] * len(size)
    lengths = output_lengths(x.shape[1:-1], size, strides, pads, ones)
    out = aligned_empty((x.shape[0], *lengths, x.shape[-1]), x.dtype) if out is None else out
    counts = _counts(x, size, strides, pads, lengths)
    for part in chunks(x.shape[0], _part_size(x)):
        padded, own = pad_spatial(x[part], pads), out[part]
        for i, offset in enumerate(offsets(size)):
            view = at_offset(padded, offset, lengths, strides, ones)
            if i:
                np.add(own, view, out=own)
            else:
                own[...] = view
        np.divide(own, counts, out=own)
    return out


def average_pool_grad(g: Array, x: Array, size: Ints, strides: Ints, pads: Pads, out: Any = None) -> Array:
    """Gradient of `average_pool`; only the shape of x is used."""
    ones = [1] * len(size)
    lengths = g.shape[1:-1]
    out = aligned_empty(x.shape, g.dtype) if out is None else out
    counts = _counts(x, size, strides, pads, lengths).astype(g.dtype)
    for part in chunks(x.shape[0], _part_size(x)):
        share = np.divide(g[part], counts)
        total = np.zeros(padded_shape(x[part].shape, pads), g.dtype)
        for offset in offsets(size):
            target = at_offset(total, offset, lengths, strides, ones)
            np.add(target, share, out=target)
        out[part] = total[inner(x.shape[1:-1], pads)]
    return out


def _counts(x: Array, size: Ints, strides: Ints, pads: Pads, lengths: Ints) -> Array:
    """How many real elements each window holds: (1, *lengths, 1), or (1, ..., 1) when all are whole."""
    if not any(a or b for a, b in pads):
        return np.full((1,) * (len(size) + 2), math.prod(size), x.dtype)
    counts = np.ones((1,) * (len(size) + 2), x.dtype)
    axes = zip(x.shape[1:-1], size, strides, pads, lengths, strict=True)
    for axis, (n, k, s, (before, _), m) in enumerate(axes):
        first = np.arange(m) * s - before
        inside = np.minimum(first + k, n) - np.maximum(first, 0)
        shape = [1] * (len(size) + 2)
        shape[axis + 1] = m
        counts = counts * inside.reshape(shape).astype(x.dtype)
    return counts
