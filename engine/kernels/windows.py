"""What convolution and pooling share: borders, strided views of windows, windows as rows of a matrix."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from engine.kernels.memory import aligned_empty, aligned_zeros, chunk_size

Array = np.ndarray[Any, Any]
Ints = Sequence[int]
Pads = Sequence[tuple[int, int]]

THIN = 16
"""Below this many numbers in a row of a window, windows are gathered position by position instead of row by row."""


def output_lengths(space: Ints, kernel: Ints, strides: Ints, pads: Pads, dilation: Ints) -> tuple[int, ...]:
    """Lengths of the space axes after a window has slid over them; an axis of 0 stays 0.

    Raises:
        ValueError: the window is longer than the axis with its borders.
    """
    lengths = []
    for n, k, s, (a, b), d in zip(space, kernel, strides, pads, dilation, strict=True):
        room = n + a + b - d * (k - 1) - 1
        if room < 0 < n:
            raise ValueError(f"A window of {d * (k - 1) + 1} does not fit into {n + a + b}.")
        lengths.append(max(room // s + 1, 0))
    return tuple(lengths)


def padded_shape(shape: Ints, pads: Pads) -> tuple[int, ...]:
    """Shape (batch, *space, channels) with the borders."""
    return (shape[0], *(n + a + b for n, (a, b) in zip(shape[1:-1], pads, strict=True)), shape[-1])


def inner(space: Ints, pads: Pads) -> tuple[slice, ...]:
    """Index of what lies inside the borders."""
    return (slice(None), *(slice(a, a + n) for n, (a, _) in zip(space, pads, strict=True)))


def pad_spatial(x: Array, pads: Pads, value: float = 0.0) -> Array:
    """`x` (batch, *space, channels) with borders around the space axes; `x` itself when there are none."""
    if not any(a or b for a, b in pads):
        return x
    padded = np.full(padded_shape(x.shape, pads), value, x.dtype)
    padded[inner(x.shape[1:-1], pads)] = x
    return padded


class Bordered:
    """Samples between zero borders, in one buffer that every chunk of a batch uses again."""

    def __init__(self, shape: Ints, dtype: Any, pads: Pads, size: int) -> None:
        self._index = inner(shape[1:-1], pads)
        self._buffer: Array | None = None
        if any(a or b for a, b in pads):
            self._buffer = aligned_zeros(padded_shape((size, *shape[1:]), pads), dtype)

    def fill(self, part: Array) -> Array:
        """`part` with borders; valid until the next call."""
        if self._buffer is None:
            return part
        padded = self._buffer[: len(part)]
        padded[self._index] = part
        return padded


def offsets(kernel: Ints) -> Iterator[tuple[int, ...]]:
    """All positions inside a window, row by row."""
    return product(*(range(k) for k in kernel))


def at_offset(padded: Array, offset: Ints, lengths: Ints, strides: Ints, dilation: Ints) -> Array:
    """View of what stands at one window position for all windows: (batch, *lengths, channels)."""
    key = tuple(
        slice(o * d, o * d + (n - 1) * s + 1 if n else o * d, s)
        for o, n, s, d in zip(offset, lengths, strides, dilation, strict=True)
    )
    return padded[(slice(None), *key)]


def meeting(n: int, length: int, shift: int, stride: int) -> tuple[slice, slice]:
    """Windows i below `length` whose element i · stride + shift exists among `n`, and those elements."""
    first = max(-(shift // stride), 0)
    last = min(length, (n - 1 - shift) // stride + 1)
    if last <= first:
        return slice(0, 0), slice(0, 0)
    return slice(first, last), slice(first * stride + shift, (last - 1) * stride + shift + 1, stride)


def window_view(padded: Array, kernel: Ints, lengths: Ints, strides: Ints, dilation: Ints) -> Array:
    """View (batch, *lengths, *kernel, channels) of all windows."""
    step = padded.strides
    moves = tuple(b * s for b, s in zip(step[1:-1], strides, strict=True))
    within = tuple(b * d for b, d in zip(step[1:-1], dilation, strict=True))
    shape = (padded.shape[0], *lengths, *kernel, padded.shape[-1])
    return np.lib.stride_tricks.as_strided(padded, shape, (step[0], *moves, *within, step[-1]), writeable=False)


class Columns:
    """Windows as rows of a matrix, for one chunk of a batch at a time, in one buffer.

    Attributes:
        size: samples in a chunk.
    """

    def __init__(
        self, shape: Ints, dtype: Any, kernel: Ints, lengths: Ints, strides: Ints, pads: Pads, dilation: Ints
    ) -> None:
        self._geometry = kernel, lengths, strides, dilation
        self._rows, self._width = math.prod(lengths), math.prod(kernel) * shape[-1]
        bordered = any(a or b for a, b in pads)
        self._plain = self._width == shape[-1] and not bordered and all(s == 1 for s in strides)
        self.size = chunk_size(shape[0], 0 if self._plain else self._rows * self._width * np.dtype(dtype).itemsize)
        self._bordered = Bordered(shape, dtype, pads, self.size)
        self._thin = kernel[-1] * shape[-1] < THIN
        self._buffer = aligned_empty((0 if self._plain else self.size * self._rows * self._width,), dtype)

    def fill(self, part: Array) -> Array:
        """Matrix (samples · places, window · channels) of these samples; valid until the next call."""
        if self._plain:
            return part.reshape(-1, self._width)
        kernel, lengths, strides, dilation = self._geometry
        padded, count = self._bordered.fill(part), len(part) * self._rows
        buffer = self._buffer[: count * self._width]
        if not self._thin:
            view = window_view(padded, kernel, lengths, strides, dilation)
            np.copyto(buffer.reshape(view.shape), view)
            return buffer.reshape(count, self._width)
        planes = buffer.reshape(math.prod(kernel), part.shape[-1], len(part), *lengths)
        for plane, offset in zip(planes, offsets(kernel), strict=True):
            np.copyto(plane, np.moveaxis(at_offset(padded, offset, lengths, strides, dilation), -1, 0))
        return buffer.reshape(self._width, count).T
