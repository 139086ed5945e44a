"""Losses of learned similarity: samples of one class are drawn together, others apart."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core.errors import ShapeError
from engine.core.params import Param
from engine.core.tensor import convert_to_tensor
from engine.losses.regression import dtype_param, name_param, reduction_param
from engine.losses.wrapper import DeclaredLoss

_NOWHERE = -1e30
"""Exponent of a pair that does not count; finite, so that gradients of rows without any pair are zero."""


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """Softplus of how far the pairs of one class are above, and those of different classes below, their margins.

    Args:
        y_true: class numbers, (batch,).
        y_pred: embeddings of length 1, (batch, size).
        ref_labels, ref_embeddings: what to compare with; the batch itself by default.
        remove_diagonal: leave out each sample's pair with itself.
        gamma: scale of the exponents.
        margin: how far from certainty a pair still counts.

    Returns:
        One value per sample (Sun et al. 2020). Samples with a loss of 0 have no part in a mean.
    """
    y_pred, given = convert_to_tensor(y_pred), convert_to_tensor(y_true)
    if len(y_pred.shape) != 2 or len(given.shape) > 2 or (len(given.shape) == 2 and given.shape[1] != 1):
        raise ShapeError(
            "circle loss takes embeddings of shape (batch, size) and one class number for each of them.",
            shapes=(given.shape, y_pred.shape),
            hint="Give targets of shape (batch,).",
        )
    labels = _column(given)
    others = y_pred if ref_embeddings is None else convert_to_tensor(ref_embeddings)
    known = labels if ref_labels is None else _column(ref_labels)
    distance = ops.maximum(ops.subtract(1.0, ops.matmul(y_pred, ops.transpose(others))), 0.0)
    same = ops.equal(labels, ops.transpose(known))
    different = ops.logical_not(same)
    if remove_diagonal:
        itself = ops.equal(_numbers(labels), ops.transpose(_numbers(known)))
        same = ops.logical_and(same, ops.logical_not(itself))
    pull = ops.multiply(ops.multiply(-gamma, ops.add(margin, distance)), ops.subtract(margin, distance))
    room = ops.maximum(ops.subtract(1.0 + margin, distance), 0.0)
    push = ops.multiply(ops.multiply(gamma, room), ops.subtract(1.0 - margin, distance))
    values = ops.softplus(ops.add(_gathered(pull, same), _gathered(push, different)))
    values._keras_mask = ops.greater(values, 0.0)
    return values


def _column(labels: Any) -> Any:
    labels = ops.cast(labels, "int32")
    return ops.expand_dims(labels, -1) if len(labels.shape) == 1 else labels


def _numbers(column: Any) -> Any:
    """1, 2, 3, ... in the shape of a column, whatever its length turns out to be."""
    return ops.cumsum(ops.ones_like(column), axis=0)


def _gathered(exponents: Any, counted: Any) -> Any:
    return ops.logsumexp(ops.where(counted, exponents, _NOWHERE), axis=1)


class Circle(DeclaredLoss, keras="keras.losses:Circle"):
    """Pulls embeddings of one class together and pushes classes apart. Targets are class numbers."""

    fn = staticmethod(circle)
    same_shape = False
    gamma: float = Param(80.0, gt=0, doc="Scale of the exponents.")
    margin: float = Param(0.4, ge=0, le=1, doc="How far from certainty a pair still counts.")
    remove_diagonal: bool = Param(True, doc="Leave out each sample's pair with itself.")
    reduction: str | None = reduction_param()
    name: str | None = name_param("circle")
    dtype: Any = dtype_param()
