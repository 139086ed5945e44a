"""Limits on the length of gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import ops


def clip_by_norm(gradient: Any, limit: float) -> Any:
    """`gradient` shortened to the length `limit` if it is longer."""
    length = ops.sqrt(ops.sum(ops.square(gradient)))
    return ops.divide(ops.multiply(gradient, limit), ops.maximum(length, limit))


def global_norm(grads: Sequence[Any]) -> Any:
    """Length of all gradients taken as one vector."""
    total = ops.sum(ops.square(grads[0]))
    for gradient in grads[1:]:
        total = ops.add(total, ops.sum(ops.square(gradient)))
    return ops.sqrt(total)


def clip_by_global_norm(grads: Sequence[Any], limit: float) -> list[Any]:
    """All gradients scaled by one factor so that their common length is at most `limit`; not finite stays so."""
    length = global_norm(grads)
    factor = ops.multiply(limit, ops.minimum(ops.divide(1.0, length), 1.0 / limit))
    factor = ops.add(factor, ops.subtract(length, length))
    return [ops.multiply(g, factor) for g in grads]
