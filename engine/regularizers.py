"""Keras's `keras.regularizers`: what large weights add to the loss."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import registry
from engine.core.objects import resolve_object, serialize_object
from engine.core.params import Declared, Param, register_kind


class Regularizer(Declared):
    """`regularizer(weight)` gives a number that is added to the loss."""

    KIND = "regularizer"

    def __init__(self) -> None:
        pass

    def __call__(self, x: Any) -> Any:
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal object."""
        return self.declared_config()

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The object that `get_config` described."""
        return cls(**config)


class L1L2(Regularizer, keras="keras.regularizers:L1L2"):
    """l1 · sum(|w|) + l2 · sum(w²)."""

    l1: float | None = Param(0.0, ge=0, doc="Factor of the sum of sizes.")
    l2: float | None = Param(0.0, ge=0, doc="Factor of the sum of squares.")

    def setup(self) -> None:
        self.l1, self.l2 = self.l1 or 0.0, self.l2 or 0.0

    def __call__(self, x: Any) -> Any:
        total = ops.zeros((), dtype=x.dtype)
        if self.l1:
            total = total + self.l1 * ops.sum(ops.abs(x))
        if self.l2:
            total = total + self.l2 * ops.sum(ops.square(x))
        return total


class L1(Regularizer, keras="keras.regularizers:L1"):
    """l1 · sum(|w|): drives weights to 0."""

    l1: float = Param(0.01, ge=0, doc="Factor of the sum of sizes.")

    def __call__(self, x: Any) -> Any:
        return self.l1 * ops.sum(ops.abs(x))


class L2(Regularizer, keras="keras.regularizers:L2"):
    """l2 · sum(w²): keeps weights small."""

    l2: float = Param(0.01, ge=0, doc="Factor of the sum of squares.")

    def __call__(self, x: Any) -> Any:
        return self.l2 * ops.sum(ops.square(x))


class OrthogonalRegularizer(Regularizer, keras="keras.regularizers:OrthogonalRegularizer"):
    """factor · mean of the sizes of the products of different rows (or columns)."""

    factor: float = Param(0.01, ge=0, doc="Factor.")
    mode: str = Param(
        "rows",
        choices=("rows", "columns"),
        refusal='Invalid value for argument `{name}`. Expected one of {{"rows", "columns"}}. Received: {name}={value}.',
        doc="What should be orthogonal.",
    )

    def __call__(self, x: Any) -> Any:
        if len(x.shape) != 2:
            raise ValueError(f"Inputs to OrthogonalRegularizer must have rank 2. Received: inputs.shape={x.shape}")
        x = ops.convert_to_tensor(x)
        axis, size = (1, x.shape[0]) if self.mode == "rows" else (0, x.shape[1])
        x = ops.normalize(x, axis=axis)
        product = ops.matmul(x, ops.transpose(x)) if axis else ops.matmul(ops.transpose(x), x)
        product = product * ops.subtract(1.0, ops.eye(size, dtype=x.dtype))
        pairs = size * (size - 1.0) / 2.0
        return self.factor * 0.5 * ops.sum(ops.abs(product)) / pairs


def _table() -> dict[str, Any]:
    found = registry.all_of("regularizer")
    short = {"l1": L1, "l2": L2, "l1_l2": L1L2, "l1l2": L1L2, "orthogonal_regularizer": OrthogonalRegularizer}
    return {**found, **short}


def serialize(regularizer: Any) -> Any:
    """Plain data that names the regularizer and holds its settings."""
    return serialize_object(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The regularizer that `serialize` described."""
    return resolve_object(config, _table(), "regularizer", custom_objects)


def get(identifier: Any) -> Any:
    """A regularizer from itself, a name ("l2"), a class or saved data; None stays None."""
    return None if identifier is None else resolve_object(identifier, _table(), "regularizer")


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer
register_kind("Regularizer", get=get, serialize=serialize)
