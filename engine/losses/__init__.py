"""Losses: what training makes small. Classes and functions under Keras's names."""

from __future__ import annotations

from typing import Any

from engine.core import registry
from engine.core.objects import deserialize_object, resolve_object, serialize_object
from engine.core.params import register_kind
from engine.losses.classification import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    CategoricalHinge,
    Dice,
    Hinge,
    SparseCategoricalCrossentropy,
    SquaredHinge,
    Tversky,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    categorical_hinge,
    dice,
    hinge,
    sparse_categorical_crossentropy,
    squared_hinge,
    tversky,
)
from engine.losses.loss import Loss
from engine.losses.regression import (
    CosineSimilarity,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    cosine_similarity,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
)
from engine.losses.sequence import CTC, ctc
from engine.losses.similarity import Circle, circle
from engine.losses.wrapper import DeclaredLoss, LossFunctionWrapper

_DECLARED = [cls for cls in registry.all_of("loss").values() if issubclass(cls, DeclaredLoss)]
FUNCTIONS = {cls.fn.__name__: cls.fn for cls in _DECLARED}
"""Loss functions by name."""

_ALIASES = {
    "bce": binary_crossentropy,
    "kld": kl_divergence,
    "mae": mean_absolute_error,
    "mse": mean_squared_error,
    "mape": mean_absolute_percentage_error,
    "msle": mean_squared_logarithmic_error,
}
ALL = {
    **registry.all_of("loss"),
    **FUNCTIONS,
    **_ALIASES,
    **{name.upper(): function for name, function in _ALIASES.items()},
    "LossFunctionWrapper": LossFunctionWrapper,
}
"""Everything `get` finds by name."""


def get(identifier: Any) -> Any:
    """A loss from a name ("mse", "MeanSquaredError"), class, config, function or loss; None stays None.

    Raises:
        ValueError: nothing of that name.
    """
    return None if identifier is None else resolve_object(identifier, ALL, "loss")


def serialize(loss: Any) -> Any:
    """Plain data that `deserialize` turns back into the loss."""
    return serialize_object(loss)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The loss that `serialize` wrote."""
    if isinstance(name, str):
        return resolve_object((custom_objects or {}).get(name, name), ALL, "loss")
    return deserialize_object(name, ALL, custom_objects)


def is_builtin(function: Any) -> bool:
    """Whether a loss, or a function, is one of the engine's own."""
    return isinstance(function, DeclaredLoss) or any(function is known for known in FUNCTIONS.values())


def same_shapes(function: Any) -> bool:
    """Whether one of the engine's loss functions takes targets of the shape of the predictions."""
    return not any(cls.fn is function and not cls.same_shape for cls in _DECLARED)


def compares_same_shapes(loss: Any) -> bool:
    """Whether targets must have the shape of the predictions for this loss."""
    if isinstance(loss, LossFunctionWrapper):
        return is_builtin(loss.fn) and same_shapes(loss.fn)
    return isinstance(loss, DeclaredLoss) and loss.same_shape


register_kind("Loss", get=get, serialize=serialize)

__all__ = [
    "ALL",
    "CTC",
    "FUNCTIONS",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CosineSimilarity",
    "Dice",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Tversky",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "circle",
    "cosine_similarity",
    "ctc",
    "deserialize",
    "dice",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]
