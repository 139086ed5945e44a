"""Keras's `keras.constraints`: limits that weights are brought back to after each step."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import config, registry
from engine.core.naming import to_snake_case
from engine.core.objects import resolve_object, serialize_object
from engine.core.params import Declared, Param, register_kind


class Constraint(Declared):
    """`constraint(weight)` gives the weight's allowed value; the base allows every weight."""

    KIND = "constraint"

    def __init__(self) -> None:
        pass

    def __call__(self, w: Any) -> Any:
        return w

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal object."""
        return self.declared_config()

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The object that `get_config` described."""
        return cls(**config)


def _norms(w: Any, axis: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


class MaxNorm(Constraint, keras="keras.constraints:MaxNorm"):
    """Vectors along `axis` no longer than `max_value`."""

    max_value: float = Param(2, gt=0, doc="Largest length.")
    axis: Any = Param(0, kind="Any", doc="Axis along which lengths are measured.")

    def __call__(self, w: Any) -> Any:
        lengths = _norms(w, self.axis)
        return w * (ops.clip(lengths, 0, self.max_value) / (config.epsilon() + lengths))


class NonNeg(Constraint, keras="keras.constraints:NonNeg"):
    """No negative weights."""

    def __call__(self, w: Any) -> Any:
        return w * ops.cast(ops.greater_equal(w, 0.0), w.dtype)


class UnitNorm(Constraint, keras="keras.constraints:UnitNorm"):
    """Vectors along `axis` of length 1."""

    axis: Any = Param(0, kind="Any", doc="Axis along which lengths are measured.")

    def __call__(self, w: Any) -> Any:
        return w / (config.epsilon() + _norms(w, self.axis))


class MinMaxNorm(Constraint, keras="keras.constraints:MinMaxNorm"):
    """Vectors along `axis` with a length between two bounds."""

    min_value: float = Param(0.0, ge=0, doc="Smallest length.")
    max_value: float = Param(1.0, gt=0, doc="Largest length.")
    rate: float = Param(1.0, ge=0, le=1, doc="Share of the way to the bounds that each step goes.")
    axis: Any = Param(0, kind="Any", doc="Axis along which lengths are measured.")

    def __call__(self, w: Any) -> Any:
        lengths = _norms(w, self.axis)
        wanted = self.rate * ops.clip(lengths, self.min_value, self.max_value) + (1 - self.rate) * lengths
        return w * (wanted / (config.epsilon() + lengths))


def _table() -> dict[str, Any]:
    found = registry.all_of("constraint")
    return {**found, **{to_snake_case(name): cls for name, cls in found.items()}}


def serialize(constraint: Any) -> Any:
    """Plain data that names the constraint and holds its settings."""
    return serialize_object(constraint)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The constraint that `serialize` described."""
    return resolve_object(config, _table(), "constraint", custom_objects)


def get(identifier: Any) -> Any:
    """A constraint from itself, a name ("non_neg"), a class or saved data; None stays None."""
    return None if identifier is None else resolve_object(identifier, _table(), "constraint")


max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm
register_kind("Constraint", get=get, serialize=serialize)
