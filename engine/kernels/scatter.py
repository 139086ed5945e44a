"""Adding rows at given positions: the gradient of an embedding."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.kernels.memory import Array

_ROUNDS = 16
"""Rows that many positions share are added round by round; what a position has beyond that, in one sum."""


def stable_order(indices: Array, count: int) -> Array:
    """Stable sorting order of whole numbers from 0 to `count` - 1, by 16-bit digits, for which NumPy counts."""
    order = np.argsort((indices & 0xFFFF).astype(np.uint16), kind="stable")
    shift = 16
    while count > 1 << shift:
        digit = ((indices >> shift) & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
        shift += 16
    return order


def scatter_add_rows(indices: Array, updates: Array, num_rows: int, out: Any = None) -> Array:
    """Sum of the updates for each row, always in the order in which they come.

    Args:
        indices: (n,) whole numbers from 0 to `num_rows` - 1, in any order, with repeats.
        updates: (n, width).

    Returns:
        (num_rows, width); rows that no index names are 0.
    """
    if out is None:
        out = np.zeros((num_rows, updates.shape[1]), updates.dtype)
    else:
        out.fill(0)
    if not len(indices):
        return np.asarray(out)
    order = stable_order(indices, num_rows)
    ordered = indices[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    counts = np.diff(np.r_[starts, len(ordered)])
    by_count = np.argsort(-counts, kind="stable")
    starts, counts = starts[by_count], counts[by_count]
    sums = np.take(updates, order[starts], axis=0)
    for k in range(1, min(int(counts[0]), _ROUNDS)):
        live = int(np.searchsorted(-counts, -k))  # positions that have more than k updates
        sums[:live] += np.take(updates, order[starts[:live] + k], axis=0)
    for j in np.flatnonzero(counts > _ROUNDS):
        sums[j] += np.take(updates, order[starts[j] + _ROUNDS : starts[j] + counts[j]], axis=0).sum(0)
    out[ordered[starts]] = sums
    return np.asarray(out)
