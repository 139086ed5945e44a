"""Losses of classes: cross-entropies and their focal forms, hinges, overlap losses."""

from __future__ import annotations

import warnings
from typing import Any

from engine import ops
from engine.core import config
from engine.core.params import Param
from engine.core.tensor import convert_to_tensor
from engine.losses.regression import dtype_param, name_param, reduction_param
from engine.losses.wrapper import DeclaredLoss

LOGITS_DOC = "The predictions are raw scores rather than probabilities."
SMOOTHING_DOC = "Moves targets this far from certainty: 0 keeps them, 1 makes all classes equal."


def _pair(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    y_pred = convert_to_tensor(y_pred)
    return convert_to_tensor(y_true, y_pred.dtype), y_pred


def _check_axis(axis: Any) -> None:
    if isinstance(axis, bool):
        raise ValueError(f"`axis` must be of type `int`. Received: axis={axis} of type {type(axis)}")


def _warn_single_class(name: str, y_pred: Any) -> None:
    if y_pred.shape[-1] == 1:
        warnings.warn(
            f"In loss {name}, expected y_pred.shape to be (batch_size, num_classes) with num_classes > 1. "
            f"Received: y_pred.shape={y_pred.shape}. For two classes use 'binary_crossentropy'.",
            SyntaxWarning,
            stacklevel=3,
        )


def _smooth_classes(y_true: Any, label_smoothing: float) -> Any:
    if not label_smoothing:
        return y_true
    return ops.add(ops.multiply(y_true, 1.0 - label_smoothing), label_smoothing / y_true.shape[-1])


def _smooth_binary(y_true: Any, label_smoothing: float) -> Any:
    return ops.add(ops.multiply(y_true, 1.0 - label_smoothing), 0.5 * label_smoothing) if label_smoothing else y_true


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Mean over `axis` of -(y·log p + (1 - y)·log(1 - p))."""
    y_true, y_pred = _pair(y_true, y_pred)
    y_true = _smooth_binary(y_true, label_smoothing)
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Binary cross-entropy times (1 - p_t)^gamma, p_t the probability given to the truth (Lin et al. 2017)."""
    y_true, y_pred = _pair(y_true, y_pred)
    y_true = _smooth_binary(y_true, label_smoothing)
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    values = ops.binary_crossentropy(y_true, y_pred, from_logits=False)
    inverse = ops.subtract(1.0, y_true)
    truth = ops.add(ops.multiply(y_true, y_pred), ops.multiply(inverse, ops.subtract(1.0, y_pred)))
    values = ops.multiply(ops.power(ops.subtract(1.0, truth), gamma), values)
    if apply_class_balancing:
        weight = ops.add(ops.multiply(y_true, alpha), ops.multiply(inverse, 1.0 - alpha))
        values = ops.multiply(weight, values)
    return ops.mean(values, axis=axis)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """-sum over `axis` of y·log p. Probabilities are rescaled to sum 1 and clipped to [epsilon, 1 - epsilon]."""
    _check_axis(axis)
    y_true, y_pred = _pair(y_true, y_pred)
    _warn_single_class("categorical_crossentropy", y_pred)
    y_true = _smooth_classes(y_true, label_smoothing)
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Categorical cross-entropy times alpha · (1 - p)^gamma, so that easy samples weigh little."""
    _check_axis(axis)
    y_true, y_pred = _pair(y_true, y_pred)
    _warn_single_class("categorical_focal_crossentropy", y_pred)
    y_true = _smooth_classes(y_true, label_smoothing)
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    total = ops.sum(y_pred, axis=axis, keepdims=True)
    output = ops.clip(ops.divide(y_pred, total), config.epsilon(), 1.0 - config.epsilon())
    entropy = ops.multiply(ops.negative(y_true), ops.log(output))
    factor = ops.multiply(ops.power(ops.subtract(1.0, output), gamma), alpha)
    return ops.sum(ops.multiply(factor, entropy), axis=axis)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """-log of the probability of the class whose number is the target.

    Targets are (b,) or (b, 1) for predictions (b, classes). Positions whose target is `ignore_class` count nothing.
    """
    y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[axis] == 1:
        y_true = ops.squeeze(y_true, axis)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    valid = ops.not_equal(y_true, ignore_class)
    y_true = ops.where(valid, y_true, ops.zeros_like(y_true))
    # Ones rather than zeros: probabilities are divided by their sum, and 0/0 would spoil the gradient.
    y_pred = ops.where(ops.expand_dims(valid, axis), y_pred, ops.ones_like(y_pred))
    values = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    values = ops.where(valid, values, ops.zeros_like(values))
    values._keras_mask = valid
    return values


def _signs(y_true: Any) -> Any:
    """Targets of 0 and 1 as -1 and 1; targets that hold anything else unchanged."""
    binary = ops.all(ops.logical_or(ops.equal(y_true, 0.0), ops.equal(y_true, 1.0)))
    return ops.where(binary, ops.subtract(ops.multiply(2.0, y_true), 1.0), y_true)


def _margins(y_true: Any, y_pred: Any) -> Any:
    y_true, y_pred = _pair(y_true, y_pred)
    return ops.maximum(ops.subtract(1.0, ops.multiply(_signs(y_true), y_pred)), 0.0)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of max(1 - y·p, 0); targets are -1 or 1 (0 counts as -1)."""
    return ops.mean(_margins(y_true, y_pred), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of max(1 - y·p, 0)²."""
    return ops.mean(ops.square(_margins(y_true, y_pred)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(best wrong score - right score + 1, 0) over the last axis; targets are one-hot."""
    y_true, y_pred = _pair(y_true, y_pred)
    right = ops.sum(ops.multiply(y_true, y_pred), axis=-1)
    wrong = ops.max(ops.multiply(ops.subtract(1.0, y_true), y_pred), axis=-1)
    return ops.maximum(ops.add(ops.subtract(wrong, right), 1.0), 0.0)


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """1 - 2·overlap / (sum of both), over `axis` (everything when None)."""
    y_true, y_pred = _pair(y_true, y_pred)
    overlap = ops.sum(ops.multiply(y_true, y_pred), axis=axis)
    total = ops.add(ops.sum(y_true, axis=axis), ops.sum(y_pred, axis=axis))
    return ops.subtract(1.0, ops.divide(ops.multiply(2.0, overlap), ops.add(total, config.epsilon())))


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """Dice loss with separate weights for what was missed (alpha) and what was wrongly found (beta)."""
    y_true, y_pred = _pair(y_true, y_pred)
    overlap = ops.sum(ops.multiply(y_true, y_pred), axis=axis)
    missed = ops.sum(ops.multiply(ops.subtract(1.0, y_pred), y_true), axis=axis)
    wrong = ops.sum(ops.multiply(y_pred, ops.subtract(1.0, y_true)), axis=axis)
    errors = ops.add(ops.multiply(missed, alpha), ops.multiply(wrong, beta))
    return ops.subtract(1.0, ops.divide(overlap, ops.add(ops.add(overlap, errors), config.epsilon())))


class BinaryCrossentropy(DeclaredLoss, keras="keras.losses:BinaryCrossentropy"):
    """Cross-entropy of yes-or-no answers. For one sigmoid output, or several independent ones."""

    fn = staticmethod(binary_crossentropy)
    from_logits: bool = Param(False, doc=LOGITS_DOC)
    label_smoothing: float = Param(0.0, ge=0, le=1, doc=SMOOTHING_DOC)
    axis: int = Param(-1, doc="Axis over which the mean is taken.", advanced=True)
    reduction: str | None = reduction_param()
    name: str | None = name_param("binary_crossentropy")
    dtype: Any = dtype_param()


class BinaryFocalCrossentropy(DeclaredLoss, keras="keras.losses:BinaryFocalCrossentropy"):
    """Binary cross-entropy that makes easy samples weigh less. For classes of very different frequency."""

    fn = staticmethod(binary_focal_crossentropy)
    apply_class_balancing: bool = Param(False, doc="Weigh class 1 by alpha and class 0 by 1 - alpha.")
    alpha: float = Param(0.25, ge=0, le=1, doc="Weight of class 1.")
    gamma: float = Param(2.0, ge=0, doc="How strongly easy samples lose weight.")
    from_logits: bool = Param(False, doc=LOGITS_DOC)
    label_smoothing: float = Param(0.0, ge=0, le=1, doc=SMOOTHING_DOC)
    axis: int = Param(-1, doc="Axis over which the mean is taken.", advanced=True)
    reduction: str | None = reduction_param()
    name: str | None = name_param("binary_focal_crossentropy")
    dtype: Any = dtype_param()


class CategoricalCrossentropy(DeclaredLoss, keras="keras.losses:CategoricalCrossentropy"):
    """Cross-entropy of one class among several. Targets are one-hot; whole numbers take the sparse form."""

    fn = staticmethod(categorical_crossentropy)
    from_logits: bool = Param(False, doc=LOGITS_DOC)
    label_smoothing: float = Param(0.0, ge=0, le=1, doc=SMOOTHING_DOC)
    axis: int = Param(-1, doc="Axis of the classes.", advanced=True)
    reduction: str | None = reduction_param()
    name: str | None = name_param("categorical_crossentropy")
    dtype: Any = dtype_param()


class CategoricalFocalCrossentropy(DeclaredLoss, keras="keras.losses:CategoricalFocalCrossentropy"):
    """Categorical cross-entropy that makes easy samples weigh less."""

    fn = staticmethod(categorical_focal_crossentropy)
    alpha: Any = Param(0.25, doc="Weight of the classes: a number, or one per class.")
    gamma: float = Param(2.0, ge=0, doc="How strongly easy samples lose weight.")
    from_logits: bool = Param(False, doc=LOGITS_DOC)
    label_smoothing: float = Param(0.0, ge=0, le=1, doc=SMOOTHING_DOC)
    axis: int = Param(-1, doc="Axis of the classes.", advanced=True)
    reduction: str | None = reduction_param()
    name: str | None = name_param("categorical_focal_crossentropy")
    dtype: Any = dtype_param()


class SparseCategoricalCrossentropy(DeclaredLoss, keras="keras.losses:SparseCategoricalCrossentropy"):
    """Cross-entropy of one class among several. Targets are the classes' numbers."""

    fn = staticmethod(sparse_categorical_crossentropy)
    same_shape = False
    class_numbers = True
    from_logits: bool = Param(False, doc=LOGITS_DOC)
    ignore_class: int | None = Param(None, doc="Class number whose positions count nothing, for example padding.")
    reduction: str | None = reduction_param()
    axis: int = Param(-1, doc="Axis of the classes.", advanced=True)
    name: str | None = name_param("sparse_categorical_crossentropy")
    dtype: Any = dtype_param()


class Hinge(DeclaredLoss, keras="keras.losses:Hinge"):
    """Margin loss of support vector machines. Targets are -1 and 1 (or 0 and 1)."""

    fn = staticmethod(hinge)
    reduction: str | None = reduction_param()
    name: str | None = name_param("hinge")
    dtype: Any = dtype_param()


class SquaredHinge(DeclaredLoss, keras="keras.losses:SquaredHinge"):
    """Square of the hinge loss."""

    fn = staticmethod(squared_hinge)
    reduction: str | None = reduction_param()
    name: str | None = name_param("squared_hinge")
    dtype: Any = dtype_param()


class CategoricalHinge(DeclaredLoss, keras="keras.losses:CategoricalHinge"):
    """Hinge loss between the right class and the best wrong one. Targets are one-hot."""

    fn = staticmethod(categorical_hinge)
    reduction: str | None = reduction_param()
    name: str | None = name_param("categorical_hinge")
    dtype: Any = dtype_param()


class Dice(DeclaredLoss, keras="keras.losses:Dice"):
    """One minus the overlap of two regions. For segmentation."""

    fn = staticmethod(dice)
    reduction: str | None = reduction_param()
    name: str | None = name_param("dice")
    axis: Any = Param(None, doc="Axes over which the overlap is summed; all when empty.")
    dtype: Any = dtype_param()


class Tversky(DeclaredLoss, keras="keras.losses:Tversky"):
    """Dice loss with separate weights for missed and for wrongly found points."""

    fn = staticmethod(tversky)
    alpha: float = Param(0.5, ge=0, doc="Weight of what was missed.")
    beta: float = Param(0.5, ge=0, doc="Weight of what was wrongly found.")
    reduction: str | None = reduction_param()
    name: str | None = name_param("tversky")
    axis: Any = Param(None, doc="Axes over which the overlap is summed; all when empty.")
    dtype: Any = dtype_param()


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """(1 - p^q) / q, p the probability given to the truth: between cross-entropy and absolute error."""
    y_pred = convert_to_tensor(y_pred)
    classes = ops.one_hot(ops.cast(y_true, "int32"), y_pred.shape[-1], dtype=y_pred.dtype)
    truth = ops.sum(ops.multiply(y_pred, classes), axis=-1)
    return ops.divide(ops.subtract(1.0, ops.power(truth, q)), q)


class CategoricalGeneralizedCrossEntropy(DeclaredLoss, keras="keras.losses:CategoricalGeneralizedCrossEntropy"):
    """Cross-entropy that wrong labels harm less (Zhang and Sabuncu 2018). Targets are the classes' numbers."""

    fn = staticmethod(categorical_generalized_cross_entropy)
    same_shape = False
    class_numbers = True
    q: float = Param(0.5, gt=0, lt=1, doc="Near 0 it is cross-entropy, near 1 it is absolute error.")
    reduction: str | None = reduction_param()
    name: str | None = name_param("categorical_generalized_cross_entropy")
    dtype: Any = dtype_param()
