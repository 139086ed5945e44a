"""Cross-entropies, divergences, hinges and correlations as metrics."""

from __future__ import annotations

from typing import Any

from engine import losses, ops
from engine.core import config
from engine.core.params import Param
from engine.losses.classification import LOGITS_DOC, SMOOTHING_DOC
from engine.losses.loss import comparable
from engine.metrics.reduction import FunctionMetric, dtype_param, name_param


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Pearson's correlation of targets and predictions along `axis`."""
    y_true, y_pred = comparable(y_true, y_pred)
    return ops.mean(ops.multiply(_standardized(y_true, axis), _standardized(y_pred, axis)), axis=axis)


def _standardized(x: Any, axis: int) -> Any:
    centered = ops.subtract(x, ops.mean(x, axis=axis, keepdims=True))
    return ops.divide(centered, ops.sqrt(ops.mean(ops.square(centered), axis=axis, keepdims=True)))


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Lin's concordance along `axis`: correlation that also wants equal mean and spread."""
    y_true, y_pred = comparable(y_true, y_pred)
    true_mean, pred_mean = (ops.mean(y, axis=axis, keepdims=True) for y in (y_true, y_pred))
    true_var = ops.mean(ops.square(ops.subtract(y_true, true_mean)), axis=axis, keepdims=True)
    pred_var = ops.mean(ops.square(ops.subtract(y_pred, pred_mean)), axis=axis, keepdims=True)
    covariance = ops.multiply(ops.subtract(y_true, pred_mean), ops.subtract(y_pred, pred_mean))
    norm = ops.add(ops.add(true_var, pred_var), ops.square(ops.subtract(true_mean, pred_mean)))
    scaled = ops.divide(ops.multiply(2.0, covariance), ops.add(norm, config.epsilon()))
    return ops.mean(scaled, axis=axis)


class BinaryCrossentropy(FunctionMetric, keras="keras.metrics:BinaryCrossentropy"):
    """Mean binary cross-entropy."""

    fn = staticmethod(losses.binary_crossentropy)
    _direction = "down"
    name: str | None = name_param("binary_crossentropy")
    dtype: Any = dtype_param()
    from_logits: bool = Param(False, doc=LOGITS_DOC)
    label_smoothing: float = Param(0, ge=0, le=1, doc=SMOOTHING_DOC)


class CategoricalCrossentropy(FunctionMetric, keras="keras.metrics:CategoricalCrossentropy"):
    """Mean cross-entropy; one-hot targets."""

    fn = staticmethod(losses.categorical_crossentropy)
    _direction = "down"
    name: str | None = name_param("categorical_crossentropy")
    dtype: Any = dtype_param()
    from_logits: bool = Param(False, doc=LOGITS_DOC)
    label_smoothing: float = Param(0, ge=0, le=1, doc=SMOOTHING_DOC)
    axis: int = Param(-1, doc="Axis of the classes.", advanced=True)


class SparseCategoricalCrossentropy(FunctionMetric, keras="keras.metrics:SparseCategoricalCrossentropy"):
    """Mean cross-entropy; targets are class numbers."""

    fn = staticmethod(losses.sparse_categorical_crossentropy)
    same_shape = False
    class_numbers = True
    _direction = "down"
    name: str | None = name_param("sparse_categorical_crossentropy")
    dtype: Any = dtype_param()
    from_logits: bool = Param(False, doc=LOGITS_DOC)
    ignore_class: int | None = Param(None, doc="Class number whose positions count nothing.")
    axis: int = Param(-1, doc="Axis of the classes.", advanced=True)


class KLDivergence(FunctionMetric, keras="keras.metrics:KLDivergence"):
    """Mean Kullback-Leibler divergence."""

    fn = staticmethod(losses.kl_divergence)
    _direction = "down"
    name: str | None = name_param("kl_divergence")
    dtype: Any = dtype_param()


class Poisson(FunctionMetric, keras="keras.metrics:Poisson"):
    """Mean Poisson loss."""

    fn = staticmethod(losses.poisson)
    _direction = "down"
    name: str | None = name_param("poisson")
    dtype: Any = dtype_param()


class Hinge(FunctionMetric, keras="keras.metrics:Hinge"):
    """Mean hinge loss."""

    fn = staticmethod(losses.hinge)
    _direction = "down"
    name: str | None = name_param("hinge")
    dtype: Any = dtype_param()


class SquaredHinge(FunctionMetric, keras="keras.metrics:SquaredHinge"):
    """Mean squared hinge loss."""

    fn = staticmethod(losses.squared_hinge)
    _direction = "down"
    name: str | None = name_param("squared_hinge")
    dtype: Any = dtype_param()


class CategoricalHinge(FunctionMetric, keras="keras.metrics:CategoricalHinge"):
    """Mean categorical hinge loss."""

    fn = staticmethod(losses.categorical_hinge)
    _direction = "down"
    name: str | None = name_param("categorical_hinge")
    dtype: Any = dtype_param()


class PearsonCorrelation(FunctionMetric, keras="keras.metrics:PearsonCorrelation"):
    """Mean Pearson correlation along an axis."""

    fn = staticmethod(pearson_correlation)
    _direction = "up"
    name: str | None = name_param("pearson_correlation")
    dtype: Any = dtype_param()
    axis: int = Param(-1, doc="Axis along which values are correlated.")


class ConcordanceCorrelation(FunctionMetric, keras="keras.metrics:ConcordanceCorrelation"):
    """Mean concordance correlation along an axis."""

    fn = staticmethod(concordance_correlation)
    _direction = "up"
    name: str | None = name_param("concordance_correlation")
    dtype: Any = dtype_param()
    axis: int = Param(-1, doc="Axis along which values are correlated.")
