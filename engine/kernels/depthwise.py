"""Depthwise convolution: every channel with its own kernels, channels last, in any number of space axes.

A multiplier above 1 repeats each channel, after which there is one kernel for each channel. With stride 1 along the
last space axis a row of the picture is one long vector.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.kernels.memory import aligned_empty, chunk_size, chunks, column_sums
from engine.kernels.windows import Array, Bordered, Ints, Pads, at_offset, meeting, offsets, output_lengths


def _repeated(x: Array, multiplier: int) -> Array:
    return x if multiplier == 1 else np.repeat(x, multiplier, axis=-1)


def _rows(view: Array, join: bool) -> Array:
    """The last space axis and the channels as one axis."""
    return view.reshape(*view.shape[:-2], view.shape[-2] * view.shape[-1]) if join else view


def _size(x: Array, sample: Ints) -> int:
    return chunk_size(x.shape[0], math.prod(sample) * x.itemsize * 3)


def depthwise(x: Array, w: Array, strides: Ints, pads: Pads, dilation: Ints, out: Any = None) -> Array:
    """`x` is (batch, *space, channels), `w` (*kernel, channels, multiplier); channels · multiplier come out."""
    kernel, (channels, multiplier) = w.shape[:-2], w.shape[-2:]
    lengths, wide = output_lengths(x.shape[1:-1], kernel, strides, pads, dilation), channels * multiplier
    out = aligned_empty((x.shape[0], *lengths, wide), x.dtype) if out is None else out
    join = strides[-1] == 1
    taps = np.tile(w.reshape(-1, wide), (1, lengths[-1] if join else 1))
    size = _size(x, (*x.shape[1:-1], wide))
    bordered = Bordered((*x.shape[:-1], wide), x.dtype, pads, size)
    piece = aligned_empty((size, *lengths, wide), x.dtype)
    for part in chunks(x.shape[0], size):
        padded = bordered.fill(_repeated(x[part], multiplier))
        total, product = _rows(out[part], join), _rows(piece[: len(padded)], join)
        for i, offset in enumerate(offsets(kernel)):
            view = _rows(at_offset(padded, offset, lengths, strides, dilation), join)
            if i:
                np.add(total, np.multiply(view, taps[i], out=product), out=total)
            else:
                np.multiply(view, taps[i], out=total)
    return out


def depthwise_grad_kernel(
    x: Array, g: Array, kernel: Ints, multiplier: int, strides: Ints, pads: Pads, dilation: Ints, out: Any = None
) -> Array:
    """Gradient of `depthwise` by its kernel."""
    wide, lengths = g.shape[-1], g.shape[1:-1]
    out = aligned_empty((*kernel, x.shape[-1], multiplier), x.dtype) if out is None else out
    out.fill(0)
    sums = out.reshape(-1, wide)
    size = _size(x, (*x.shape[1:-1], wide))
    bordered = Bordered((*x.shape[:-1], wide), x.dtype, pads, size)
    piece = aligned_empty((size, *lengths, wide), x.dtype)
    for part in chunks(x.shape[0], size):
        padded, own = bordered.fill(_repeated(x[part], multiplier)), g[part]
        product = piece[: len(own)]
        for i, offset in enumerate(offsets(kernel)):
            np.multiply(at_offset(padded, offset, lengths, strides, dilation), own, out=product)
            sums[i] += column_sums(product.reshape(-1, wide))
    return out


def depthwise_grad_input(
    g: Array, w: Array, space: Ints, strides: Ints, pads: Pads, dilation: Ints, out: Any = None
) -> Array:
    """Gradient of `depthwise` by its input."""
    kernel, (channels, multiplier) = w.shape[:-2], w.shape[-2:]
    lengths, wide = g.shape[1:-1], channels * multiplier
    out = aligned_empty((g.shape[0], *space, channels), g.dtype) if out is None else out
    taps = np.tile(w.reshape(-1, wide), (1, lengths[-1]))
    size = _size(g, (*space, wide))
    piece = aligned_empty((size, *lengths, wide), g.dtype)
    sums = None if multiplier == 1 else aligned_empty((size, *space, wide), g.dtype)
    for part in chunks(g.shape[0], size):
        own, product = _rows(g[part], True), _rows(piece[: part.stop - part.start], True)
        total = out[part] if sums is None else sums[: len(own)]
        total.fill(0)
        for i, offset in enumerate(offsets(kernel)):
            np.multiply(own, taps[i], out=product)
            axes = zip(space, lengths, offset, strides, pads, dilation, strict=True)
            pairs = [meeting(n, m, d * k - a, s) for n, m, k, s, (a, _), d in axes]
            target = total[(slice(None), *(t for _, t in pairs))]
            source = piece[: len(own)][(slice(None), *(s for s, _ in pairs))]
            np.add(target, source, out=target)
        if sums is not None:
            np.sum(total.reshape(*total.shape[:-1], channels, multiplier), axis=-1, out=out[part])
    return out
