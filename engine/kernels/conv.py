"""Convolution in any number of space axes, channels last: forward, gradient by input, gradient by kernel.

Batches are worked on in chunks that stay in the cache; the windows of a whole batch are never laid out at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from engine.kernels.memory import aligned_empty, aligned_zeros, chunk_size, chunks
from engine.kernels.windows import Array, Columns, Ints, Pads, meeting, offsets, output_lengths


def conv(x: Array, w: Array, strides: Ints, pads: Pads, dilation: Ints, groups: int = 1, out: Any = None) -> Array:
    """Sum of windows times kernel.

    Args:
        x: (batch, *space, channels).
        w: (*kernel, channels / groups, filters).
        strides, pads, dilation: one entry per space axis; pads are (before, after).
        out: contiguous array for the result.

    Returns:
        (batch, *lengths, filters).
    """
    kernel, filters = w.shape[:-2], w.shape[-1]
    lengths = output_lengths(x.shape[1:-1], kernel, strides, pads, dilation)
    out = aligned_empty((x.shape[0], *lengths, filters), x.dtype) if out is None else out
    if groups > 1:
        for own_x, own_w, own_out in _by_group(groups, x, w, out):
            own_out[...] = conv(own_x.copy(), own_w, strides, pads, dilation)
        return out
    matrix = w.reshape(-1, filters)
    columns = Columns(x.shape, x.dtype, kernel, lengths, strides, pads, dilation)
    for part in chunks(x.shape[0], columns.size):
        np.matmul(columns.fill(x[part]), matrix, out=out[part].reshape(-1, filters))
    return out


def _by_group(groups: int, *arrays: Array) -> Iterator[list[Array]]:
    """The channels (last axes) of each group, as views."""
    for g in range(groups):
        sizes = [a.shape[-1] // groups for a in arrays]
        yield [a[..., g * size : (g + 1) * size] for a, size in zip(arrays, sizes, strict=True)]


def conv_grad_kernel(
    x: Array, g: Array, kernel: Ints, strides: Ints, pads: Pads, dilation: Ints, groups: int = 1, out: Any = None
) -> Array:
    """Gradient of `conv` by its kernel; `g` is (batch, *lengths, filters)."""
    filters = g.shape[-1]
    out = aligned_empty((*kernel, x.shape[-1] // groups, filters), x.dtype) if out is None else out
    if groups > 1:
        for own_x, own_g, own_out in _by_group(groups, x, g, out):
            own_out[...] = conv_grad_kernel(own_x.copy(), own_g.copy(), kernel, strides, pads, dilation)
        return out
    total = out.reshape(-1, filters)
    product: Array | None = None
    columns = Columns(x.shape, x.dtype, kernel, g.shape[1:-1], strides, pads, dilation)
    for part in chunks(x.shape[0], columns.size):
        rows = columns.fill(x[part]).T
        if product is None:
            product = np.matmul(rows, g[part].reshape(-1, filters), out=total)
            product = np.empty_like(total)
        else:
            np.matmul(rows, g[part].reshape(-1, filters), out=product)
            np.add(total, product, out=total)
    if product is None:
        total.fill(0)
    return out


def conv_grad_input(
    g: Array, w: Array, space: Ints, strides: Ints, pads: Pads, dilation: Ints, groups: int = 1, out: Any = None
) -> Array:
    """Gradient of `conv` by its input, whose space axes are `space` long.

    The first kernel axis lies inside one matrix product (rows of g above one another), the others are added up
    afterwards, position by position: a third of the additions of scattering whole windows, and wide products.
    """
    out = aligned_empty((g.shape[0], *space, w.shape[-2] * groups), g.dtype) if out is None else out
    if groups > 1:
        turned = [w[..., i * (w.shape[-1] // groups) : (i + 1) * (w.shape[-1] // groups)] for i in range(groups)]
        for own_w, (own_g, own_out) in zip(turned, _by_group(groups, g, out), strict=True):
            own_out[...] = conv_grad_input(own_g.copy(), own_w, space, strides, pads, dilation)
        return out
    rest, geometry = w.shape[:-2], (space, g.shape[1:-1], strides, pads, dilation)
    if strides[0] == 1 and rest[0] > 1:
        matrix = np.moveaxis(w, -1, 1).reshape(rest[0] * w.shape[-1], -1)
        stack, rest, geometry = _stacked(g, w, space, pads, dilation), (1, *rest[1:]), _without_first(geometry)
    else:
        matrix, stack = np.moveaxis(w, -1, 0).reshape(w.shape[-1], -1), None
    _products(g, matrix, stack, rest, geometry, out)
    return out


Geometry = tuple[Ints, Ints, Ints, Pads, Ints]


def _without_first(geometry: Geometry) -> Geometry:
    """The first axis has been dealt with: every row of the result has its row of products."""
    space, lengths, strides, pads, dilation = geometry
    return space, (space[0], *lengths[1:]), strides, ((0, 0), *pads[1:]), dilation


Stack = tuple[tuple[int, ...], Callable[[Array, Array], Array]]


def _stacked(g: Array, w: Array, space: Ints, pads: Pads, dilation: Ints) -> Stack:
    """Shape of one sample, and the function that lays into a buffer the rows of g that met each row of the input."""
    height, lengths = w.shape[0], g.shape[1:-1]
    shape = (space[0], *lengths[1:], height, w.shape[-1])

    def fill(part: Array, buffer: Array) -> Array:
        for k in range(height):
            source, target = meeting(space[0], lengths[0], dilation[0] * k - pads[0][0], 1)
            buffer[: len(part), target, ..., k, :] = part[:, source]
        return buffer[: len(part)].reshape(-1, height * w.shape[-1])

    return shape, fill


def _products(g: Array, matrix: Array, stack: Any, kernel: Ints, geometry: Geometry, out: Array) -> None:
    """Rows of g times the kernel, added up where their windows stood, chunk by chunk."""
    space, lengths, strides, pads, _ = geometry
    places, width = math.prod(lengths), matrix.shape[1]
    direct = math.prod(kernel) == 1 and tuple(space) == tuple(lengths) and not any(a for a, _ in pads)
    plain = direct and stack is None
    size = chunk_size(g.shape[0], 0 if plain else places * (width + len(matrix)) * g.itemsize)
    product = aligned_empty((0 if direct else size * places, width), g.dtype)
    buffer = None if stack is None else aligned_zeros((size, *stack[0]), g.dtype)
    for part in chunks(g.shape[0], size):
        rows = g[part].reshape(-1, len(matrix)) if stack is None else stack[1](g[part], buffer)
        if direct:
            np.matmul(rows, matrix, out=out[part].reshape(-1, width))
            continue
        pieces = np.matmul(rows, matrix, out=product[: len(rows)])
        _add_up(pieces.reshape(-1, *lengths, *kernel, out.shape[-1]), kernel, geometry, out[part])


def _add_up(pieces: Array, kernel: Ints, geometry: Geometry, out: Array) -> None:
    """Add the piece of each window position to the elements it stood on."""
    space, lengths, strides, pads, dilation = geometry
    out.fill(0)
    for offset in offsets(kernel):
        axes = zip(space, lengths, offset, strides, pads, dilation, strict=True)
        pairs = [meeting(n, m, d * k - a, s) for n, m, k, s, (a, _), d in axes]
        target = out[(slice(None), *(t for _, t in pairs))]
        key: tuple[Any, ...] = (slice(None), *(s for s, _ in pairs), *offset)
        source = pieces[key]
        np.add(target, source, out=target)
