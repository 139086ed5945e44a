"""F-scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import config
from engine.core.params import Param
from engine.core.tensor import convert_to_tensor
from engine.losses.loss import squeeze_or_expand_to_same_rank
from engine.metrics.reduction import DeclaredMetric, dtype_param, name_param

AVERAGE_DOC = "How the scores of the classes become one; empty keeps one score per class."
THRESHOLD_DOC = "Predictions above count as positive; empty takes the best class of each sample."
AVERAGES = ("micro", "macro", "weighted")
WRONG_AVERAGE = (
    "Invalid `average` argument value. Expected one of: {{None, 'micro', 'macro', 'weighted'}}. "
    "Received: average={value}."
)
WRONG_BETA = "Invalid `beta` argument value. It should be > 0. Received: beta={value} (of type {type})."
WRONG_THRESHOLD = (
    "Invalid `threshold` argument value. It should verify 0 < threshold <= 1. "
    "Received: threshold={value} (of type {type})."
)


class FBetaScore(DeclaredMetric, keras="keras.metrics:FBetaScore"):
    """Weighted harmonic mean of precision and recall; one-hot or yes-or-no targets of shape (batch, classes)."""

    same_shape = True
    _direction = "up"
    average: str | None = Param(None, choices=AVERAGES, refusal=WRONG_AVERAGE, doc=AVERAGE_DOC)
    beta: float = Param(1.0, gt=0, refusal=WRONG_BETA, doc="How much more recall weighs than precision.")
    threshold: float | None = Param(None, gt=0, le=1, refusal=WRONG_THRESHOLD, doc=THRESHOLD_DOC)
    name: str | None = name_param("fbeta_score")
    dtype: Any = dtype_param()

    def setup(self) -> None:
        super().setup()
        self._built = False

    def _build(self, shape: Any) -> None:
        if len(shape) != 2 or shape[-1] is None:
            raise ValueError(
                f"{self.name}: {type(self).__name__} takes targets and predictions of shape (batch, classes). "
                f"Got predictions of shape {shape}."
            )
        form = () if self.average == "micro" else (shape[-1],)
        self.true_positives = self.add_variable(form, "zeros", name="true_positives")
        self.false_positives = self.add_variable(form, "zeros", name="false_positives")
        self.false_negatives = self.add_variable(form, "zeros", name="false_negatives")
        self.intermediate_weights = self.add_variable(form, "zeros", name="intermediate_weights")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = convert_to_tensor(y_true, self.dtype), convert_to_tensor(y_pred, self.dtype)
        y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
        if not self._built:
            self._build(y_pred.shape)
        if self.threshold is None:
            best = ops.max(y_pred, axis=-1, keepdims=True)
            chosen = ops.logical_and(ops.greater_equal(y_pred, best), ops.greater(ops.abs(y_pred), 1e-9))
        else:
            chosen = ops.greater(y_pred, self.threshold)
        chosen = ops.cast(chosen, self.dtype)
        weights = None if sample_weight is None else ops.expand_dims(convert_to_tensor(sample_weight, self.dtype), 1)
        self._add(self.true_positives, ops.multiply(chosen, y_true), weights)
        self._add(self.false_positives, ops.multiply(chosen, ops.subtract(1.0, y_true)), weights)
        self._add(self.false_negatives, ops.multiply(ops.subtract(1.0, chosen), y_true), weights)
        self._add(self.intermediate_weights, y_true, weights)

    def _add(self, variable: Any, values: Any, weights: Any) -> None:
        values = values if weights is None else ops.multiply(values, weights)
        variable.assign_add(ops.sum(values, axis=None if self.average == "micro" else 0))

    def result(self) -> Any:
        tp, epsilon = convert_to_tensor(self.true_positives), config.epsilon()
        precision = ops.divide(tp, ops.add(ops.add(tp, self.false_positives), epsilon))
        recall = ops.divide(tp, ops.add(ops.add(tp, self.false_negatives), epsilon))
        square = self.beta**2
        below = ops.add(ops.add(ops.multiply(square, precision), recall), epsilon)
        score = ops.multiply(ops.divide(ops.multiply(precision, recall), below), 1.0 + square)
        if self.average == "weighted":
            weights = convert_to_tensor(self.intermediate_weights)
            return ops.sum(ops.multiply(score, ops.divide(weights, ops.add(ops.sum(weights), epsilon))))
        return score if self.average is None else ops.mean(score)


class F1Score(FBetaScore, keras="keras.metrics:F1Score"):
    """Harmonic mean of precision and recall."""

    average: str | None = Param(None, choices=AVERAGES, refusal=WRONG_AVERAGE, doc=AVERAGE_DOC)
    threshold: float | None = Param(None, gt=0, le=1, refusal=WRONG_THRESHOLD, doc=THRESHOLD_DOC)
    name: str | None = name_param("f1_score")
    dtype: Any = dtype_param()

    def __init__(
        self, average: str | None = None, threshold: float | None = None, name: str = "f1_score", dtype: Any = None
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def own_config(self) -> dict[str, Any]:
        return {"average": self.average, "threshold": self.threshold}
