"""What convolution and pooling share: padded copies, strided views of windows, sizes of batch chunks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Pads = Sequence[tuple[int, int]]

CHUNK_BYTES = 1 << 20
"""Working set of one chunk; it should stay in the second-level cache."""


def pad_spatial(x: Array, pads: Pads, value: float = 0.0) -> Array:
    """`x` (batch, *space, channels) with borders around the space axes; `x` itself when there are none."""
    if not any(a or b for a, b in pads):
        return x
    shape = (x.shape[0], *(n + a + b for n, (a, b) in zip(x.shape[1:-1], pads, strict=True)), x.shape[-1])
    padded = np.full(shape, value, x.dtype) if value else np.zeros(shape, x.dtype)
    inner = tuple(slice(a, a + n) for n, (a, _) in zip(x.shape[1:-1], pads, strict=True))
    padded[(slice(None), *inner)] = x
    return padded


def offsets(kernel: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All positions inside a window, row by row."""
    return product(*(range(k) for k in kernel))


def at_offset(
    padded: Array, offset: Sequence[int], lengths: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> Array:
    """View of what stands at one window position for all windows: (batch, *lengths, channels)."""
    key = tuple(
        slice(o * d, o * d + (n - 1) * s + 1 if n else o * d, s)
        for o, n, s, d in zip(offset, lengths, strides, dilation, strict=True)
    )
    return padded[(slice(None), *key)]


def window_view(
    padded: Array, kernel: Sequence[int], lengths: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> Array:
    """View (batch, *lengths, *kernel, channels) of all windows."""
    step = padded.strides
    space = step[1:-1]
    shape = (padded.shape[0], *lengths, *kernel, padded.shape[-1])
    moves = tuple(s * st for s, st in zip(space, strides, strict=True))
    inner = tuple(s * d for s, d in zip(space, dilation, strict=True))
    return np.lib.stride_tricks.as_strided(padded, shape, (step[0], *moves, *inner, step[-1]), writeable=False)


def chunks(batch: int, bytes_per_sample: int) -> Iterator[slice]:
    """Slices of the batch whose working sets fit the cache."""
    size = max(1, min(batch, CHUNK_BYTES // max(bytes_per_sample, 1)))
    return (slice(start, min(start + size, batch)) for start in range(0, batch, size))


def columns(
    padded: Array, kernel: Sequence[int], lengths: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> Array:
    """Windows as rows of a matrix: (batch · lengths, kernel · channels)."""
    view = window_view(padded, kernel, lengths, strides, dilation)
    rows = padded.shape[0] * math.prod(lengths)
    return view.reshape(rows, math.prod(kernel) * padded.shape[-1])
