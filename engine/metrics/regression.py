"""Errors of predicted numbers, and how much of the variance is explained."""

from __future__ import annotations

import warnings
from typing import Any

from engine import losses, ops
from engine.core.params import Param
from engine.core.tensor import convert_to_tensor
from engine.losses.loss import comparable
from engine.losses.regression import l2_normalize
from engine.metrics.reduction import DeclaredMetric, FunctionMetric, Mean, dtype_param, name_param


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Cosine between targets and predictions along `axis`: 1 where they point the same way."""
    y_true, y_pred = comparable(y_true, y_pred)
    return ops.sum(ops.multiply(l2_normalize(y_true, axis), l2_normalize(y_pred, axis)), axis=axis)


class MeanSquaredError(FunctionMetric, keras="keras.metrics:MeanSquaredError"):
    """Mean of squared errors."""

    fn = staticmethod(losses.mean_squared_error)
    _direction = "down"
    name: str | None = name_param("mean_squared_error")
    dtype: Any = dtype_param()


class MeanAbsoluteError(FunctionMetric, keras="keras.metrics:MeanAbsoluteError"):
    """Mean of absolute errors, in the unit of the target."""

    fn = staticmethod(losses.mean_absolute_error)
    _direction = "down"
    name: str | None = name_param("mean_absolute_error")
    dtype: Any = dtype_param()


class MeanAbsolutePercentageError(FunctionMetric, keras="keras.metrics:MeanAbsolutePercentageError"):
    """Mean error in percent of the target."""

    fn = staticmethod(losses.mean_absolute_percentage_error)
    _direction = "down"
    name: str | None = name_param("mean_absolute_percentage_error")
    dtype: Any = dtype_param()


class MeanSquaredLogarithmicError(FunctionMetric, keras="keras.metrics:MeanSquaredLogarithmicError"):
    """Mean of squared differences of logarithms."""

    fn = staticmethod(losses.mean_squared_logarithmic_error)
    _direction = "down"
    name: str | None = name_param("mean_squared_logarithmic_error")
    dtype: Any = dtype_param()


class LogCoshError(FunctionMetric, keras="keras.metrics:LogCoshError"):
    """Mean of log(cosh(error))."""

    fn = staticmethod(losses.log_cosh)
    _direction = "down"
    name: str | None = name_param("logcosh")
    dtype: Any = dtype_param()


class CosineSimilarity(FunctionMetric, keras="keras.metrics:CosineSimilarity"):
    """Mean cosine of the angle between target and prediction."""

    fn = staticmethod(cosine_similarity)
    _direction = "up"
    name: str | None = name_param("cosine_similarity")
    dtype: Any = dtype_param()
    axis: int = Param(-1, doc="Axis along which the vectors lie.")


class RootMeanSquaredError(Mean, keras="keras.metrics:RootMeanSquaredError"):
    """Square root of the mean squared error, in the unit of the target."""

    same_shape = True
    _direction = "down"
    name: str | None = name_param("root_mean_squared_error")
    dtype: Any = dtype_param()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = comparable(y_true, convert_to_tensor(y_pred, self.dtype))
        super().update_state(ops.square(ops.subtract(y_pred, y_true)), sample_weight=sample_weight)

    def result(self) -> Any:
        return ops.sqrt(super().result())


class R2Score(DeclaredMetric, keras="keras.metrics:R2Score"):
    """Share of the targets' variance that the predictions explain: 1 is perfect, 0 as good as the mean."""

    same_shape = True
    _direction = "up"
    class_aggregation: str | None = Param(
        "uniform_average",
        choices=("uniform_average", "variance_weighted_average"),
        refusal="Invalid value for argument `{name}`. Received: {name}={value}.",
        doc="How the scores of several outputs become one; empty keeps them.",
    )
    num_regressors: int = Param(
        0,
        ge=0,
        refusal="Invalid value for argument `{name}`. Expected a value >= 0. Received: {name}={value}.",
        doc="Number of inputs of the model, for the adjusted score.",
    )
    name: str | None = name_param("r2_score")
    dtype: Any = dtype_param()

    def setup(self) -> None:
        super().setup()
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self._built = False

    def _build(self, shape: Any) -> None:
        if len(shape) != 2 or shape[-1] is None:
            raise ValueError(
                f"{self.name}: R2Score takes targets and predictions of shape (batch, outputs). Got shape {shape}."
            )
        self.squared_sum = self.add_variable((shape[-1],), "zeros", name="squared_sum")
        self.sum = self.add_variable((shape[-1],), "zeros", name="sum")
        self.total_mse = self.add_variable((shape[-1],), "zeros", name="residual")
        self.count = self.add_variable((shape[-1],), "zeros", name="count")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = comparable(y_true, convert_to_tensor(y_pred, self.dtype))
        if not self._built:
            self._build(y_pred.shape)
        weights = ops.ones_like(y_true)
        if sample_weight is not None:
            given = convert_to_tensor(sample_weight, self.dtype)
            weights = ops.multiply(weights, ops.expand_dims(given, 1) if len(given.shape) == 1 else given)
        weighted = ops.multiply(y_true, weights)
        self.sum.assign_add(ops.sum(weighted, axis=0))
        self.squared_sum.assign_add(ops.sum(ops.multiply(y_true, weighted), axis=0))
        errors = ops.multiply(ops.square(ops.subtract(y_true, y_pred)), weights)
        self.total_mse.assign_add(ops.sum(errors, axis=0))
        self.count.assign_add(ops.sum(weights, axis=0))
        self.num_samples.assign_add(ops.sum(ops.ones_like(y_true)))

    def result(self) -> Any:
        mean = ops.divide(self.sum, self.count)
        total = ops.subtract(self.squared_sum, ops.multiply(self.sum, mean))
        scores = ops.subtract(1.0, ops.divide(self.total_mse, total))
        scores = ops.where(ops.isinf(scores), ops.zeros_like(scores), scores)
        if self.class_aggregation == "uniform_average":
            scores = ops.mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            scores = ops.divide(ops.sum(ops.multiply(total, scores)), ops.sum(total))
        return self._adjusted(scores) if self.num_regressors else scores

    def _adjusted(self, score: Any) -> Any:
        samples = float(self.num_samples)
        if self.num_regressors >= samples - 1:
            warnings.warn(
                f"{self.name}: {self.num_regressors} regressors and {samples:.0f} samples leave the adjusted score "
                "undefined; the plain score is given.",
                stacklevel=3,
            )
            return score
        factor = (samples - 1.0) / (samples - self.num_regressors - 1.0)
        return ops.subtract(1.0, ops.multiply(ops.subtract(1.0, score), factor))
