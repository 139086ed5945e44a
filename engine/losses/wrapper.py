"""Losses made of a function: the public wrapper, and the base of the declared built-in losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from engine.core import naming, tree
from engine.core.params import Declared
from engine.losses.loss import Loss, compute_type, squeeze_or_expand_to_same_rank, standardize_reduction


def call_function(function: Callable[..., Any], y_true: Any, y_pred: Any, arguments: dict[str, Any]) -> Any:
    """`function` on targets and predictions whose ranks were brought together, leaf by leaf."""
    if not tree.is_nested(y_pred):
        y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
        return function(y_true, y_pred, **arguments)
    pairs = [
        squeeze_or_expand_to_same_rank(t, p) for t, p in zip(tree.flatten(y_true), tree.flatten(y_pred), strict=True)
    ]
    y_true = tree.pack_sequence_as(y_true, [t for t, _ in pairs])
    y_pred = tree.pack_sequence_as(y_pred, [p for _, p in pairs])
    return function(y_true, y_pred, **arguments)


class LossFunctionWrapper(Loss):
    """A loss that calls `fn(y_true, y_pred, **kwargs)`.

    Args:
        fn: function returning one value per sample.
        reduction: see `Loss`.
        name: name in logs.
        dtype: type of the arithmetic.
        kwargs: more arguments for `fn`.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return call_function(self.fn, y_true, y_pred, self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        from engine.losses import serialize

        return {**super().get_config(), "fn": serialize(self.fn), **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LossFunctionWrapper:
        from engine.losses import get

        return cls(**{**config, "fn": get(config["fn"])})

    def __repr__(self) -> str:
        return f"<LossFunctionWrapper({self.fn}, kwargs={self._fn_kwargs})>"


class DeclaredLoss(Declared, Loss):
    """Base of the built-in losses: parameters are declared, the arithmetic is the class's `fn`.

    Attributes:
        same_shape: targets must have the shape of the predictions; `compile` refuses others.
        class_numbers: targets are one class number for each place of the predictions.
    """

    KIND = "loss"
    fn: ClassVar[Callable[..., Any]]
    same_shape: ClassVar[bool] = True
    reduction: Any
    name: Any

    def __init__(self) -> None:
        """Declared parameters are set by the constructor that each subclass gets."""

    def setup(self) -> None:
        self.name = self.name or naming.auto_name(type(self).__name__)
        self.dtype = compute_type(self.dtype)
        standardize_reduction(self.reduction)
        common = ("reduction", "name", "dtype")
        self._fn_kwargs = {key: getattr(self, key) for key in type(self).PARAMS if key not in common}

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return call_function(type(self).fn, y_true, y_pred, self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "reduction": self.reduction, **self._fn_kwargs}
