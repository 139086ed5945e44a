"""The base class of losses: weights, masks and the reduction to one number."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import config, dtypes, naming, tree
from engine.core.tensor import convert_to_tensor

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)
_MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")


class Loss:
    """A number to make small: `loss(y_true, y_pred, sample_weight=None)`.

    Subclasses define `call(y_true, y_pred)`, which returns one value per sample (or per sample and position).

    Args:
        name: name in logs.
        reduction: "sum_over_batch_size" divides the sum by the number of values (not by the sum of weights),
            "mean_with_sample_weight" by the sum of weights; "sum"; "none" or None keeps the values.
        dtype: type or dtype policy of the arithmetic, `floatx()` by default.
    """

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        self.name = name or naming.auto_name(type(self).__name__)
        self.reduction = standardize_reduction(reduction)
        self.dtype = compute_type(dtype)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        in_mask = getattr(y_pred, "_keras_mask", None)
        y_pred = tree.map_structure(lambda x: convert_to_tensor(x, self.dtype), y_pred)
        y_true = tree.map_structure(lambda x: convert_to_tensor(x, self.dtype), y_true)
        values = self.call(y_true, y_pred)
        mask = combine_masks(in_mask, getattr(values, "_keras_mask", None))
        return reduce_weighted_values(values, sample_weight, mask, self.reduction, self.dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Loss of each sample."""
        raise NotImplementedError(f"{type(self).__name__} defines no `call(y_true, y_pred)`.")

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal loss."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """A loss from its saved arguments."""
        return cls(**config)


def compute_type(dtype: Any) -> str:
    """Type of the arithmetic from a type, a dtype policy or None."""
    return dtypes.get_policy(dtype or config.floatx()).compute_dtype


def standardize_reduction(reduction: str | None) -> str | None:
    """`reduction`, checked."""
    if reduction not in REDUCTIONS:
        raise ValueError(
            f"Invalid value for argument `reduction`. Expected one of {REDUCTIONS}. Received: reduction={reduction}"
        )
    return reduction


def combine_masks(first: Any, second: Any) -> Any:
    """Entries valid in both masks; a mask of None is all valid."""
    if first is None or second is None:
        return second if first is None else first
    return ops.logical_and(first, second)


def squeeze_or_expand_to_same_rank(x1: Any, x2: Any, expand_rank_1: bool = True) -> tuple[Any, Any]:
    """Two values whose ranks differ by a last axis of 1, brought to one rank: (b, 1) and (b,) become (b, 1) and (b, 1).

    Other differences are left alone.
    """
    r1, r2 = len(x1.shape), len(x2.shape)
    if r1 == r2 + 1 and x1.shape[-1] == 1:
        if r2 == 1 and expand_rank_1:
            return x1, ops.expand_dims(x2, -1)
        return ops.squeeze(x1, -1), x2
    if r2 == r1 + 1 and x2.shape[-1] == 1:
        if r1 == 1 and expand_rank_1:
            return ops.expand_dims(x1, -1), x2
        return x1, ops.squeeze(x2, -1)
    return x1, x2


def reduce_values(values: Any, sample_weight: Any = None, reduction: str | None = "sum_over_batch_size") -> Any:
    """One number from the values of all samples, or the values themselves for the reduction "none"."""
    if reduction in (None, "none") or tuple(values.shape) in ((), (0,)):
        return values
    if reduction == "sum":
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        return ops.divide_no_nan(ops.sum(values), ops.sum(ops.cast(sample_weight, values.dtype)))
    if 0 in values.shape:
        return ops.sum(values)
    return ops.mean(values)


def reduce_weighted_values(
    values: Any,
    sample_weight: Any = None,
    mask: Any = None,
    reduction: str | None = "sum_over_batch_size",
    dtype: Any = None,
) -> Any:
    """Values times weights, masked entries left out, reduced."""
    standardize_reduction(reduction)
    values = convert_to_tensor(values, dtype)
    weights = apply_mask(sample_weight, mask, dtype=values.dtype, reduction=reduction)
    if weights is not None:
        weights = convert_to_tensor(weights, values.dtype)
        values, weights = squeeze_or_expand_to_same_rank(values, weights)
        values = ops.multiply(values, weights)
    return reduce_values(values, weights, reduction)


def apply_mask(sample_weight: Any, mask: Any, dtype: Any, reduction: str | None) -> Any:
    """Weights that are zero where the mask is False, scaled so that a mean is over the valid entries."""
    if mask is None:
        return sample_weight
    weights = ops.cast(convert_to_tensor(mask), dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        weights = ops.divide_no_nan(weights, ops.mean(weights))
    if sample_weight is None:
        return weights
    given = convert_to_tensor(sample_weight, dtype)
    weights, given = squeeze_or_expand_to_same_rank(weights, given)
    return ops.multiply(given, weights)


def comparable(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Targets and predictions as values of one type (the predictions') and, where the rule allows, one rank."""
    y_pred = convert_to_tensor(y_pred)
    return squeeze_or_expand_to_same_rank(convert_to_tensor(y_true, y_pred.dtype), y_pred)
