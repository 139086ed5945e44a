"""Shares of right answers."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import config
from engine.core.params import Param
from engine.core.tensor import convert_to_tensor
from engine.losses.loss import comparable, squeeze_or_expand_to_same_rank
from engine.metrics.reduction import FunctionMetric, dtype_param, name_param


def _matches(y_true: Any, y_pred: Any) -> Any:
    return ops.cast(ops.equal(y_true, y_pred), config.floatx())


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where target and prediction are equal."""
    return _matches(*comparable(y_true, y_pred))


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """1 where the prediction lies on the target's side of the threshold."""
    y_true, y_pred = squeeze_or_expand_to_same_rank(convert_to_tensor(y_true), convert_to_tensor(y_pred))
    return _matches(y_true, ops.cast(ops.greater(y_pred, threshold), y_true.dtype))


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest prediction is at the place of the largest target (one-hot targets)."""
    return _matches(ops.argmax(convert_to_tensor(y_true), axis=-1), ops.argmax(convert_to_tensor(y_pred), axis=-1))


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest prediction is at the place the target names. Targets (b,) or (b, 1)."""
    y_pred, y_true = convert_to_tensor(y_pred), convert_to_tensor(y_true)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    best = ops.argmax(y_pred, axis=-1)
    return _matches(y_true, ops.cast(best, y_true.dtype))


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """1 where the class that the target names is among the `k` best.

    With `from_sorted_ids` predictions are class numbers, best first, instead of scores.
    """
    y_pred = convert_to_tensor(y_pred)
    y_true = convert_to_tensor(y_true, y_pred.dtype if from_sorted_ids else "int32")
    form = y_true
    if len(y_pred.shape) > 2:
        y_pred = ops.reshape(y_pred, (-1, y_pred.shape[-1]))
    if len(y_true.shape) > 1:
        y_true = ops.reshape(y_true, (-1,))
    if from_sorted_ids:
        matches = ops.any(ops.equal(ops.expand_dims(y_true, 1), y_pred[:, :k]), axis=1)
    else:
        matches = ops.in_top_k(y_true, y_pred, k)
    matches = ops.cast(matches, config.floatx())
    if len(form.shape) > 1:
        matches = ops.reshape(matches, (-1, *form.shape[1:]))
    return matches


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the class of the one-hot target is among the `k` best."""
    y_true, y_pred = squeeze_or_expand_to_same_rank(convert_to_tensor(y_true), convert_to_tensor(y_pred))
    return sparse_top_k_categorical_accuracy(ops.argmax(y_true, axis=-1), y_pred, k=k)


class Accuracy(FunctionMetric, keras="keras.metrics:Accuracy"):
    """Share of predictions equal to their targets."""

    fn = staticmethod(accuracy)
    _direction = "up"
    name: str | None = name_param("accuracy")
    dtype: Any = dtype_param()


class BinaryAccuracy(FunctionMetric, keras="keras.metrics:BinaryAccuracy"):
    """Share of right yes-or-no answers."""

    fn = staticmethod(binary_accuracy)
    _direction = "up"
    name: str | None = name_param("binary_accuracy")
    dtype: Any = dtype_param()
    threshold: float = Param(0.5, doc="Predictions above this count as 1. For raw scores (logits) set 0.")


class CategoricalAccuracy(FunctionMetric, keras="keras.metrics:CategoricalAccuracy"):
    """Share of samples whose best class is right; one-hot targets."""

    fn = staticmethod(categorical_accuracy)
    _direction = "up"
    name: str | None = name_param("categorical_accuracy")
    dtype: Any = dtype_param()


class SparseCategoricalAccuracy(FunctionMetric, keras="keras.metrics:SparseCategoricalAccuracy"):
    """Share of samples whose best class is right; targets are class numbers."""

    fn = staticmethod(sparse_categorical_accuracy)
    same_shape = False
    class_numbers = True
    _direction = "up"
    name: str | None = name_param("sparse_categorical_accuracy")
    dtype: Any = dtype_param()


class TopKCategoricalAccuracy(FunctionMetric, keras="keras.metrics:TopKCategoricalAccuracy"):
    """Share of samples whose right class is among the k best; one-hot targets."""

    fn = staticmethod(top_k_categorical_accuracy)
    _direction = "up"
    k: int = Param(5, ge=1, doc="How many of the best classes count.")
    name: str | None = name_param("top_k_categorical_accuracy")
    dtype: Any = dtype_param()


class SparseTopKCategoricalAccuracy(FunctionMetric, keras="keras.metrics:SparseTopKCategoricalAccuracy"):
    """Share of samples whose right class is among the k best; targets are class numbers."""

    fn = staticmethod(sparse_top_k_categorical_accuracy)
    same_shape = False
    class_numbers = True
    _direction = "up"
    k: int = Param(5, ge=1, doc="How many of the best classes count.")
    name: str | None = name_param("sparse_top_k_categorical_accuracy")
    dtype: Any = dtype_param()
    from_sorted_ids: bool = Param(False, doc="Predictions are class numbers, best first.", advanced=True)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if not self.from_sorted_ids:
            del config["from_sorted_ids"]
        return config
