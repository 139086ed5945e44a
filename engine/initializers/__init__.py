"""Keras's `keras.initializers`: starting values of weights, drawn bit for bit as Keras's NumPy backend draws them."""

from __future__ import annotations

from typing import Any

from engine.core import registry
from engine.core.naming import to_snake_case
from engine.core.objects import resolve_object, serialize_object
from engine.core.params import register_kind
from engine.initializers.constant import Constant, Identity, Ones, Zeros
from engine.initializers.fourier import STFT
from engine.initializers.initializer import Initializer
from engine.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    compute_fans,
)

IdentityInitializer = Identity
OrthogonalInitializer = Orthogonal
STFTInitializer = STFT


def _table() -> dict[str, Any]:
    found = registry.all_of("initializer")
    longer = {cls.__name__ + "Initializer": cls for cls in (Identity, Orthogonal, STFT)}
    short = {to_snake_case(name): cls for name, cls in found.items()}
    return {**found, **longer, **short, "normal": RandomNormal, "uniform": RandomUniform, "one": Ones, "zero": Zeros}


def serialize(initializer: Any) -> Any:
    """Plain data that names the initializer and holds its settings."""
    return serialize_object(initializer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The initializer that `serialize` described."""
    return resolve_object(config, _table(), "initializer", custom_objects)


def get(identifier: Any) -> Any:
    """An initializer from itself, a name ("he_normal"), a class, saved data or an array; None stays None.

    Raises:
        ValueError: nothing of that name.
    """
    if identifier is None:
        return None
    if hasattr(identifier, "shape") and not callable(identifier):
        return Constant(identifier)
    return resolve_object(identifier, _table(), "initializer")


globals().update({to_snake_case(name): cls for name, cls in registry.all_of("initializer").items()})
register_kind("Initializer", get=get, serialize=serialize)
