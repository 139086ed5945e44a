"""Types of layers under Keras's names (`keras.dtype_policies`)."""

from __future__ import annotations

from typing import Any

from engine.core.dtypes import DTypePolicy, FloatDTypePolicy
from engine.core.dtypes import get_policy as get
from engine.core.policy_map import DTypePolicyMap


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """The policy as configs hold it."""
    from engine.saving import serialize_keras_object

    data: dict[str, Any] = serialize_keras_object(dtype_policy)
    return data


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> DTypePolicy:
    """The policy that `serialize` wrote."""
    return get(config)


__all__ = ["DTypePolicy", "DTypePolicyMap", "FloatDTypePolicy", "deserialize", "get", "serialize"]
