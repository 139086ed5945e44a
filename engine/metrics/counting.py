"""Ops that count: weighted histograms, confusion matrices and places among the best, each one NumPy call."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.cases import F, I, case
from engine.core.op import defop
from engine.core.tensor import Spec


@defop(
    infer=lambda values, buckets, *, count: Spec((count, values.shape[1]), values.dtype),
    nondiff="counts samples",
    cases=[case(F(6, 2), I(6, 2, high=4), count=4)],
)
def bucket_sums(values: Any, buckets: Any, *, count: int) -> Any:
    """Sums (count, labels) of `values` (n, labels) by bucket number; buckets outside 0..count-1 are left out."""
    labels = values.shape[1]
    inside = (buckets >= 0) & (buckets < count)
    places = np.where(inside, buckets, 0) * labels + np.arange(labels)
    sums = np.bincount(places.ravel(), np.where(inside, values, 0).ravel(), minlength=count * labels)
    return sums.reshape(count, labels).astype(values.dtype)


@defop(
    infer=lambda labels, predictions, weights, *, classes: Spec((classes, classes), weights.dtype),
    nondiff="counts samples",
    cases=[case(I(7, high=3), I(7, high=3), F(7), classes=3)],
)
def confusion_counts(labels: Any, predictions: Any, weights: Any, *, classes: int) -> Any:
    """Weight of each (label, prediction) pair, shape (classes, classes)."""
    places = labels.astype(np.int64) * classes + predictions.astype(np.int64)
    counts = np.bincount(places.ravel(), weights.ravel(), minlength=classes * classes)
    return counts.reshape(classes, classes).astype(weights.dtype)


@defop(
    infer=lambda scores, *, k: Spec(scores.shape, scores.dtype), nondiff="compares places", cases=[case(F(4, 5), k=2)]
)
def top_k_mask(scores: Any, *, k: int) -> Any:
    """One at the `k` largest entries of the last axis (the first of equal ones), zero elsewhere."""
    best = np.argsort(-scores, axis=-1, kind="stable")[..., :k]
    mask = np.zeros(scores.shape, scores.dtype)
    np.put_along_axis(mask, best, 1, axis=-1)
    return mask


@defop(infer=lambda x: Spec((), "float32"), shape_only=(0,), nondiff="counts samples", cases=[case(F(6, 2))])
def batch_length(x: Any, *, out: Any = None) -> Any:
    """Length of the first axis, as a float; 1 for a single number."""
    length = np.float32(x.shape[0] if x.ndim else 1)
    if out is None:
        return length
    out[...] = length
    return out
