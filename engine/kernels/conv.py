"""Convolution in any number of space axes, channels last: forward, gradient by input, gradient by kernel; depthwise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.kernels.windows import Array, Pads, at_offset, chunks, columns, offsets, pad_spatial

Ints = Sequence[int]


def output_lengths(x: Array, kernel: Ints, strides: Ints, pads: Pads, dilation: Ints) -> tuple[int, ...]:
    """Lengths of the space axes after the convolution."""
    axes = zip(x.shape[1:-1], kernel, strides, pads, dilation, strict=True)
    return tuple(max((n + a + b - d * (k - 1) - 1) // s + 1, 0) for n, k, s, (a, b), d in axes)


def conv(x: Array, w: Array, strides: Ints, pads: Pads, dilation: Ints, groups: int = 1, out: Any = None) -> Array:
    """Sum of windows times kernel.

    Args:
        x: (batch, *space, channels).
        w: (*kernel, channels / groups, filters).
        strides, pads, dilation: one entry per space axis.

    Returns:
        (batch, *lengths, filters).
    """
    kernel, filters = w.shape[:-2], w.shape[-1]
    lengths = output_lengths(x, kernel, strides, pads, dilation)
    if out is None:
        out = np.empty((x.shape[0], *lengths, filters), x.dtype)
    if groups > 1:
        for part, own_x, own_w in _groups(x, w, groups):
            out[..., part] = conv(own_x, own_w, strides, pads, dilation)
        return out
    matrix = w.reshape(-1, filters)
    rows = math.prod(lengths)
    for part in chunks(x.shape[0], rows * matrix.shape[0] * x.itemsize):
        cols = columns(pad_spatial(x[part], pads), kernel, lengths, strides, dilation)
        np.matmul(cols, matrix, out=out[part].reshape(-1, filters))
    return out


def _groups(x: Array, w: Array, groups: int) -> Any:
    size, own = w.shape[-1] // groups, x.shape[-1] // groups
    for g in range(groups):
        part = slice(g * size, (g + 1) * size)
        yield part, np.ascontiguousarray(x[..., g * own : (g + 1) * own]), np.ascontiguousarray(w[..., part])


def conv_grad_kernel(
    x: Array, g: Array, kernel: Ints, strides: Ints, pads: Pads, dilation: Ints, groups: int = 1, out: Any = None
) -> Array:
    """Gradient of `conv` by its kernel; `g` is (batch, *lengths, filters)."""
    filters = g.shape[-1]
    shape = (*kernel, x.shape[-1] // groups, filters)
    out = np.empty(shape, x.dtype) if out is None else out
    if groups > 1:
        own, size = x.shape[-1] // groups, filters // groups
        for i in range(groups):
            own_g = np.ascontiguousarray(g[..., i * size : (i + 1) * size])
            own_x = np.ascontiguousarray(x[..., i * own : (i + 1) * own])
            out[..., i * size : (i + 1) * size] = conv_grad_kernel(own_x, own_g, kernel, strides, pads, dilation)
        return out
    lengths = g.shape[1:-1]
    total = out.reshape(-1, filters)
    total.fill(0)
    product = np.empty_like(total)
    for part in chunks(x.shape[0], math.prod(lengths) * total.shape[0] * x.itemsize):
        cols = columns(pad_spatial(x[part], pads), kernel, lengths, strides, dilation)
        np.matmul(cols.T, g[part].reshape(-1, filters), out=product)
        total += product
    return out


def conv_grad_input(
    g: Array, w: Array, space: Ints, strides: Ints, pads: Pads, dilation: Ints, groups: int = 1, out: Any = None
) -> Array:
    """Gradient of `conv` by its input, whose space axes are `space` long."""
    channels = w.shape[-2] * groups
    out = np.empty((g.shape[0], *space, channels), g.dtype) if out is None else out
    if groups > 1:
        own, size = w.shape[-2], w.shape[-1] // groups
        for i in range(groups):
            part = slice(i * size, (i + 1) * size)
            own_g, own_w = np.ascontiguousarray(g[..., part]), np.ascontiguousarray(w[..., part])
            out[..., i * own : (i + 1) * own] = conv_grad_input(own_g, own_w, space, strides, pads, dilation)
        return out
    if all(s == 1 for s in strides):
        return _by_flipped_kernel(g, w, space, pads, dilation, out)
    return _by_scatter(g, w, space, strides, pads, dilation, out)


def _by_flipped_kernel(g: Array, w: Array, space: Ints, pads: Pads, dilation: Ints, out: Array) -> Array:
    """With stride 1 the gradient is a convolution of `g` with the kernel turned round."""
    axes = tuple(range(w.ndim - 2))
    turned = np.ascontiguousarray(np.flip(w, axes).swapaxes(-1, -2))
    spans = [d * (k - 1) for k, d in zip(w.shape[:-2], dilation, strict=True)]
    lengths = zip(space, g.shape[1:-1], pads, spans, strict=True)
    borders = [(span - a, n - m + a) for n, m, (a, _), span in lengths]
    if any(a < 0 or b < 0 for a, b in borders):
        return _by_scatter(g, w, space, [1] * len(spans), pads, dilation, out)
    return conv(g, turned, [1] * len(spans), borders, dilation, out=out)


def _by_scatter(g: Array, w: Array, space: Ints, strides: Ints, pads: Pads, dilation: Ints, out: Array) -> Array:
    """Add, for each kernel position, g times that slice of the kernel to where its windows stood."""
    lengths, kernel = g.shape[1:-1], w.shape[:-2]
    inner = tuple(slice(a, a + n) for n, (a, _) in zip(space, pads, strict=True))
    sample = math.prod(n + a + b for n, (a, b) in zip(space, pads, strict=True)) * w.shape[-2] * g.itemsize
    for part in chunks(g.shape[0], sample):
        count = part.stop - part.start
        total = np.zeros((count, *(n + a + b for n, (a, b) in zip(space, pads, strict=True)), w.shape[-2]), g.dtype)
        flat = g[part].reshape(-1, g.shape[-1])
        for offset in offsets(kernel):
            piece = (flat @ w[offset].T).reshape(count, *lengths, w.shape[-2])
            at_offset(total, offset, lengths, strides, dilation)[...] += piece
        out[part] = total[(slice(None), *inner)]
    return out


def depthwise(x: Array, w: Array, strides: Ints, pads: Pads, dilation: Ints, out: Any = None) -> Array:
    """Each channel with its own kernels; `w` is (*kernel, channels, multiplier)."""
    kernel, (channels, multiplier) = w.shape[:-2], w.shape[-2:]
    lengths = output_lengths(x, kernel, strides, pads, dilation)
    out = np.empty((x.shape[0], *lengths, channels * multiplier), x.dtype) if out is None else out
    for part in chunks(x.shape[0], math.prod(lengths) * channels * multiplier * x.itemsize * 2):
        padded = pad_spatial(x[part], pads)
        total = out[part].reshape(-1, *lengths, channels, multiplier)
        for i, offset in enumerate(offsets(kernel)):
            piece = at_offset(padded, offset, lengths, strides, dilation)[..., None] * w[offset]
            if i:
                total += piece
            else:
                total[...] = piece
    return out


def depthwise_grad_kernel(
    x: Array, g: Array, kernel: Ints, multiplier: int, strides: Ints, pads: Pads, dilation: Ints, out: Any = None
) -> Array:
    """Gradient of `depthwise` by its kernel."""
    channels, lengths = x.shape[-1], g.shape[1:-1]
    out = np.empty((*kernel, channels, multiplier), x.dtype) if out is None else out
    out.fill(0)
    for part in chunks(x.shape[0], math.prod(lengths) * channels * multiplier * x.itemsize * 2):
        padded = pad_spatial(x[part], pads)
        own = g[part].reshape(-1, channels, multiplier)
        for offset in offsets(kernel):
            view = at_offset(padded, offset, lengths, strides, dilation).reshape(-1, channels)
            out[offset] += np.einsum("nc,ncm->cm", view, own)
    return out


def depthwise_grad_input(
    g: Array, w: Array, space: Ints, strides: Ints, pads: Pads, dilation: Ints, out: Any = None
) -> Array:
    """Gradient of `depthwise` by its input."""
    kernel, (channels, multiplier) = w.shape[:-2], w.shape[-2:]
    lengths = g.shape[1:-1]
    inner = tuple(slice(a, a + n) for n, (a, _) in zip(space, pads, strict=True))
    out = np.empty((g.shape[0], *space, channels), g.dtype) if out is None else out
    for part in chunks(g.shape[0], math.prod(space) * channels * g.itemsize * 2):
        count = part.stop - part.start
        total = np.zeros((count, *(n + a + b for n, (a, b) in zip(space, pads, strict=True)), channels), g.dtype)
        own = g[part].reshape(count, *lengths, channels, multiplier)
        for offset in offsets(kernel):
            piece = (own * w[offset]).sum(-1) if multiplier > 1 else own[..., 0] * w[offset][:, 0]
            at_offset(total, offset, lengths, strides, dilation)[...] += piece
        out[part] = total[(slice(None), *inner)]
    return out
