"""Losses of numbers: squared, absolute, percentage and logarithmic errors, Huber, log-cosh, cosine similarity."""

from __future__ import annotations

import math
from typing import Any

from engine import ops
from engine.core import config
from engine.core.params import Param
from engine.core.tensor import convert_to_tensor
from engine.losses.loss import comparable
from engine.losses.wrapper import DeclaredLoss

REDUCTION_DOC = "How the values of all samples become one number."
REDUCTION_CHOICES = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none")


def reduction_param() -> Any:
    """The parameter every loss has; one declaration for all."""
    return Param(
        "sum_over_batch_size",
        kind="str",
        choices=REDUCTION_CHOICES,
        refusal=f"Invalid value for argument `reduction`. Expected one of {REDUCTION_CHOICES}. "
        "Received: reduction={value}.",
        nullable=True,
        doc=REDUCTION_DOC,
        group="Reduction",
        advanced=True,
    )


def name_param(default: str) -> Any:
    """The name parameter with the class's default."""
    return Param(default, kind="str", nullable=True, doc="Name in logs.", group="General", advanced=True)


def dtype_param() -> Any:
    """The type parameter every loss has."""
    return Param(None, kind="Any", doc="Type of the arithmetic; the global float type when empty.", advanced=True)


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of (y_true - y_pred)². Shapes (..., n) to (...)."""
    y_true, y_pred = comparable(y_true, y_pred)
    return ops.mean(ops.square(ops.subtract(y_true, y_pred)), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of |y_true - y_pred|."""
    y_true, y_pred = comparable(y_true, y_pred)
    return ops.mean(ops.abs(ops.subtract(y_true, y_pred)), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of 100 · |y_true - y_pred| / max(|y_true|, epsilon)."""
    y_true, y_pred = comparable(y_true, y_pred)
    scale = ops.maximum(ops.abs(y_true), config.epsilon())
    return ops.multiply(100.0, ops.mean(ops.abs(ops.divide(ops.subtract(y_true, y_pred), scale)), axis=-1))


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of (log(y_true + 1) - log(y_pred + 1))²; values below epsilon count as epsilon."""
    y_true, y_pred = comparable(y_true, y_pred)
    first = ops.log(ops.add(ops.maximum(y_pred, config.epsilon()), 1.0))
    second = ops.log(ops.add(ops.maximum(y_true, config.epsilon()), 1.0))
    return ops.mean(ops.square(ops.subtract(first, second)), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Mean over the last axis of e²/2 where |e| <= delta, else delta·|e| - delta²/2, with e = y_pred - y_true."""
    y_true, y_pred = comparable(y_true, y_pred)
    error = ops.subtract(y_pred, y_true)
    size = ops.abs(error)
    inner = ops.multiply(0.5, ops.square(error))
    outer = ops.subtract(ops.multiply(delta, size), 0.5 * delta * delta)
    return ops.mean(ops.where(ops.less_equal(size, delta), inner, outer), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of log(cosh(y_pred - y_true)), in a form that does not overflow."""
    y_true, y_pred = comparable(y_true, y_pred)
    error = ops.subtract(y_pred, y_true)
    values = ops.subtract(ops.add(error, ops.softplus(ops.multiply(error, -2.0))), math.log(2.0))
    return ops.mean(values, axis=-1)


def l2_normalize(x: Any, axis: int = -1) -> Any:
    """`x` divided by its Euclidean length along `axis` (at least epsilon)."""
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(squares, config.epsilon() ** 2)))


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine between targets and predictions along `axis`: -1 where they point the same way."""
    y_true, y_pred = comparable(y_true, y_pred)
    return ops.negative(ops.sum(ops.multiply(l2_normalize(y_true, axis), l2_normalize(y_pred, axis)), axis=axis))


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Sum over the last axis of y_true · log(y_true / y_pred); both clipped to [epsilon, 1]."""
    y_pred = convert_to_tensor(y_pred)
    y_true = ops.clip(convert_to_tensor(y_true, y_pred.dtype), config.epsilon(), 1.0)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0)
    return ops.sum(ops.multiply(y_true, ops.log(ops.divide(y_true, y_pred))), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of y_pred - y_true · log(y_pred + epsilon)."""
    y_pred = convert_to_tensor(y_pred)
    y_true = convert_to_tensor(y_true, y_pred.dtype)
    logs = ops.log(ops.add(y_pred, config.epsilon()))
    return ops.mean(ops.subtract(y_pred, ops.multiply(y_true, logs)), axis=-1)


class MeanSquaredError(DeclaredLoss, keras="keras.losses:MeanSquaredError"):
    """Mean of squared errors. For numbers to be hit; large errors weigh most."""

    fn = staticmethod(mean_squared_error)
    reduction: str | None = reduction_param()
    name: str | None = name_param("mean_squared_error")
    dtype: Any = dtype_param()


class MeanAbsoluteError(DeclaredLoss, keras="keras.losses:MeanAbsoluteError"):
    """Mean of absolute errors. Less moved by outliers than squares."""

    fn = staticmethod(mean_absolute_error)
    reduction: str | None = reduction_param()
    name: str | None = name_param("mean_absolute_error")
    dtype: Any = dtype_param()


class MeanAbsolutePercentageError(DeclaredLoss, keras="keras.losses:MeanAbsolutePercentageError"):
    """Mean error in percent of the target."""

    fn = staticmethod(mean_absolute_percentage_error)
    reduction: str | None = reduction_param()
    name: str | None = name_param("mean_absolute_percentage_error")
    dtype: Any = dtype_param()


class MeanSquaredLogarithmicError(DeclaredLoss, keras="keras.losses:MeanSquaredLogarithmicError"):
    """Mean of squared differences of logarithms. For positive numbers of very different size."""

    fn = staticmethod(mean_squared_logarithmic_error)
    reduction: str | None = reduction_param()
    name: str | None = name_param("mean_squared_logarithmic_error")
    dtype: Any = dtype_param()


class CosineSimilarity(DeclaredLoss, keras="keras.losses:CosineSimilarity"):
    """Minus the cosine of the angle between target and prediction: -1 is best, 1 is worst."""

    fn = staticmethod(cosine_similarity)
    axis: int = Param(-1, doc="Axis along which the vectors lie.")
    reduction: str | None = reduction_param()
    name: str | None = name_param("cosine_similarity")
    dtype: Any = dtype_param()


class Huber(DeclaredLoss, keras="keras.losses:Huber"):
    """Squared for small errors, straight for large ones: robust against outliers."""

    fn = staticmethod(huber)
    delta: float = Param(1.0, gt=0, doc="Error at which the square becomes a straight line.")
    reduction: str | None = reduction_param()
    name: str | None = name_param("huber_loss")
    dtype: Any = dtype_param()


class LogCosh(DeclaredLoss, keras="keras.losses:LogCosh"):
    """Logarithm of the hyperbolic cosine of the error: like Huber, smooth everywhere."""

    fn = staticmethod(log_cosh)
    reduction: str | None = reduction_param()
    name: str | None = name_param("log_cosh")
    dtype: Any = dtype_param()


class KLDivergence(DeclaredLoss, keras="keras.losses:KLDivergence"):
    """Kullback-Leibler divergence of the predicted from the true distribution."""

    fn = staticmethod(kl_divergence)
    reduction: str | None = reduction_param()
    name: str | None = name_param("kl_divergence")
    dtype: Any = dtype_param()


class Poisson(DeclaredLoss, keras="keras.losses:Poisson"):
    """Poisson loss. For counts; the prediction is the expected count."""

    fn = staticmethod(poisson)
    reduction: str | None = reduction_param()
    name: str | None = name_param("poisson")
    dtype: Any = dtype_param()
