"""Counting right and wrong answers at thresholds: the common ground of precision, recall, AUC and their kin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine import ops
from engine.core import config
from engine.core.tensor import Variable, convert_to_tensor
from engine.losses.loss import squeeze_or_expand_to_same_rank
from engine.metrics.counting import bucket_sums, top_k_mask

NEG_INF = -1e10
"""Score of classes outside the best k; below every real score."""


def as_list(thresholds: Any, default: float) -> list[float]:
    """Thresholds as a list, checked to lie in [0, 1]; `default` when None."""
    if thresholds is None:
        return [default]
    values = list(thresholds) if isinstance(thresholds, (list, tuple)) else [thresholds]
    wrong = [t for t in values if t is None or t < 0 or t > 1]
    if wrong:
        raise ValueError(f"Threshold values must be in [0, 1]. Received: {wrong}")
    return values


def evenly_spread(count: int) -> list[float]:
    """`count` thresholds from 0 to 1 at equal distances; 0.5 alone when `count` is 1."""
    return [0.5] if count == 1 else [i / (count - 1) for i in range(count)]


def are_even(thresholds: Sequence[float]) -> bool:
    """Whether thresholds run from 0 to 1 at equal distances (to within epsilon)."""
    count = len(thresholds)
    return count >= 3 and bool(np.allclose(thresholds, np.arange(count) / (count - 1), atol=config.epsilon()))


def keep_top_k(scores: Any, k: int) -> Any:
    """Scores with all but the `k` best of the last axis sunk."""
    mask = top_k_mask(scores, k=k)
    return ops.add(ops.multiply(scores, mask), ops.multiply(NEG_INF, ops.subtract(1.0, mask)))


def update_counts(
    counts: Mapping[str, Variable],
    y_true: Any,
    y_pred: Any,
    thresholds: Sequence[float],
    *,
    top_k: int | None = None,
    class_id: int | None = None,
    sample_weight: Any = None,
    multi_label: bool = False,
    label_weights: Any = None,
) -> None:
    """Add a batch to the counts asked for.

    Args:
        counts: variables of shape (thresholds,) or (thresholds, labels) under the keys "tp", "fp", "tn" and "fn".
    """
    dtype = next(iter(counts.values())).dtype
    y_true = ops.cast(convert_to_tensor(y_true), dtype)
    y_pred = ops.cast(convert_to_tensor(y_pred), dtype)
    y_pred, y_true = squeeze_or_expand_to_same_rank(y_pred, y_true)
    if top_k is not None:
        y_pred = keep_top_k(y_pred, top_k)
    if class_id is not None:
        if len(y_pred.shape) == 1:
            raise ValueError(
                "When class_id is provided, y_pred must be a 2D array with shape (num_samples, num_classes), "
                f"found shape: {y_pred.shape}"
            )
        y_true, y_pred = y_true[..., class_id : class_id + 1], y_pred[..., class_id : class_id + 1]
    weights = _weights(y_pred, sample_weight, label_weights, dtype)
    labels = y_pred.shape[-1] if multi_label else 1
    y_true, y_pred, weights = (ops.reshape(v, (-1, labels)) for v in (y_true, y_pred, weights))
    positive = ops.cast(ops.not_equal(y_true, 0.0), dtype)
    parts = (ops.multiply(positive, weights), ops.multiply(ops.subtract(1.0, positive), weights))
    tp, fp = _above(y_pred, parts, thresholds)
    results = {"tp": tp, "fp": fp}
    if "fn" in counts:
        results["fn"] = ops.subtract(ops.sum(parts[0], axis=0, keepdims=True), tp)
    if "tn" in counts:
        results["tn"] = ops.subtract(ops.sum(parts[1], axis=0, keepdims=True), fp)
    for key, variable in counts.items():
        variable.assign_add(ops.reshape(results[key], variable.shape))


def _weights(y_pred: Any, sample_weight: Any, label_weights: Any, dtype: str) -> Any:
    weights = ops.ones_like(y_pred)
    if sample_weight is not None:
        given = convert_to_tensor(sample_weight, dtype)
        while len(given.shape) < len(y_pred.shape):
            given = ops.expand_dims(given, -1)
        weights = ops.multiply(weights, given)
    if label_weights is not None:
        weights = ops.multiply(weights, convert_to_tensor(label_weights, dtype))
    return weights


def _above(y_pred: Any, parts: Sequence[Any], thresholds: Sequence[float]) -> list[Any]:
    """For each part (n, labels): its sum over samples with a prediction above each threshold, (thresholds, labels)."""
    count = len(thresholds)
    if are_even(thresholds):
        buckets = ops.subtract(ops.ceil(ops.multiply(ops.clip(y_pred, 0.0, 1.0), float(count - 1))), 1.0)
        if thresholds[0] < 0.0:
            buckets = ops.maximum(buckets, 0.0)
        buckets = ops.cast(buckets, "int32")
        return [ops.flip(ops.cumsum(ops.flip(bucket_sums(p, buckets, count=count), 0), 0), 0) for p in parts]
    limits = np.asarray(thresholds, y_pred.dtype).reshape(count, 1, 1)
    above = ops.cast(ops.greater(ops.expand_dims(y_pred, 0), limits), y_pred.dtype)
    return [ops.sum(ops.multiply(above, ops.expand_dims(p, 0)), axis=1) for p in parts]
