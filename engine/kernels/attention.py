"""Scaled dot-product attention over (batch, time, heads, size) values, a few samples at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.kernels.memory import Array, chunk_size, chunks
from engine.kernels.pointwise import softmax, softmax_grad


def _heads_first(x: Array) -> Array:
    """View (batch, heads, time, size); BLAS reads its matrices in place."""
    return x.transpose(0, 2, 1, 3)


def _part_size(scores: Array) -> int:
    return chunk_size(scores.shape[0], 2 * math.prod(scores.shape[1:]) * scores.itemsize)


def attention(query: Array, key: Array, value: Array, bias: Any, scale: float, out: tuple[Array, Array]) -> None:
    """softmax(query · key · scale + bias) and its product with value into `out` (outputs, scores).

    Args:
        query: (batch, time, heads, size); key: (batch, source, heads, size); value: (batch, source, heads, width).
        bias: added to the scores (batch, heads, time, source), to which it broadcasts; or None.
    """
    outputs, scores = out
    q, k, v, y = (_heads_first(x) for x in (query, key, value, outputs))
    added = None if bias is None else np.broadcast_to(bias, scores.shape)
    for part in chunks(len(scores), _part_size(scores)):
        own = scores[part]
        np.matmul(q[part], k[part].swapaxes(-1, -2), out=own)
        np.multiply(own, scale, out=own)
        if added is not None:
            np.add(own, added[part], out=own)
        softmax(own, -1, out=own)
        np.matmul(own, v[part], out=y[part])


def attention_grad(
    g: Array, g_scores: Any, query: Array, key: Array, value: Array, scores: Array, scale: float, out: tuple[Array, ...]
) -> None:
    """Gradients of `attention` by query, key and value into `out`; `g_scores` may be None."""
    upstream, q, k, v = (_heads_first(x) for x in (g, query, key, value))
    dq, dk, dv = (_heads_first(x) for x in out)
    for part in chunks(len(scores), _part_size(scores)):
        own = scores[part]
        np.matmul(own.swapaxes(-1, -2), upstream[part], out=dv[part])
        by_scores = np.matmul(upstream[part], v[part].swapaxes(-1, -2))
        if g_scores is not None:
            by_scores += g_scores[part]
        by_logits = softmax_grad(by_scores, own, -1)
        by_logits *= scale
        np.matmul(by_logits, k[part], out=dq[part])
        np.matmul(by_logits.swapaxes(-1, -2), q[part], out=dk[part])
