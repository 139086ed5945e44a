"""Aligned buffers, and batches cut into chunks whose working set stays in the second-level cache."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

ALIGNMENT = 64
CHUNK_BYTES = 1 << 20
"""Working set of one chunk: half of a usual second-level cache."""


def aligned_empty(shape: Sequence[int], dtype: Any) -> Array:
    """Uninitialized contiguous array that starts on a 64-byte boundary, where NumPy's vector loops are fastest."""
    kind = np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    memory = np.empty(size + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size].view(kind).reshape(shape)


def aligned_zeros(shape: Sequence[int], dtype: Any) -> Array:
    """Zeros that start on a 64-byte boundary."""
    result = aligned_empty(shape, dtype)
    result.fill(0)
    return result


def chunk_size(batch: int, bytes_per_sample: int) -> int:
    """How many samples of a batch are worked on at once."""
    return max(1, min(batch, CHUNK_BYTES // max(bytes_per_sample, 1)))


def chunks(batch: int, size: int) -> Iterator[slice]:
    """Slices of at most `size` samples that cover the batch."""
    return (slice(start, min(start + size, batch)) for start in range(0, batch, size))


def column_sums(rows: Array, out: Any = None) -> Array:
    """Sum over the first axis of a matrix: a product with ones, which is faster than a reduction, in blocks.

    Blocks are added up in double precision, so that long float32 columns lose nothing.
    """
    block = 4096
    if rows.dtype.kind != "f" or rows.dtype.itemsize < 4:
        return np.asarray(rows.sum(0, out=out))
    ones = np.ones(min(block, len(rows)), rows.dtype)
    if len(rows) <= block:
        return np.asarray(np.matmul(ones, rows, out=out))
    total = np.zeros(rows.shape[1], np.float64)
    for start in range(0, len(rows), block):
        part = rows[start : start + block]
        total += ones[: len(part)] @ part
    if out is None:
        return total.astype(rows.dtype)
    out[...] = total
    return np.asarray(out)
