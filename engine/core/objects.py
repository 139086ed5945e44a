"""Losses, metrics, optimizers and schedules as plain data and back, by the registry's names only."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.core import registry
from engine.core.tensor import Value


def serialize_object(value: Any) -> Any:
    """Plain data for JSON that names the object by its class (or the function by its name) and holds its config."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, dict):
        return {key: serialize_object(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [serialize_object(v) for v in value]
    if isinstance(value, (np.generic, np.ndarray, Value)):
        return np.asarray(value).tolist()
    if inspect.isfunction(value) or inspect.isbuiltin(value):
        if value.__name__ == "<lambda>":
            raise ValueError("A lambda cannot be written into a file. Give the function a name and register it.")
        name = registry.get_registered_name(value)
        return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}
    return _serialize_instance(value)


def _serialize_instance(value: Any) -> dict[str, Any]:
    if not hasattr(value, "get_config"):
        raise ValueError(
            f"A {type(value).__name__} cannot be written into a file because it has no `get_config()`. "
            "Give its class one, or pass a plain function."
        )
    known = registry.keras_name(type(value))
    custom = registry.get_registered_name(type(value))
    module, name = known or (None if ">" in custom else type(value).__module__, type(value).__name__)
    config = serialize_object(value.get_config())
    return {"module": module, "class_name": name, "config": config, "registered_name": None if known else custom}


def deserialize_object(
    data: Any, table: Mapping[str, Any] | None = None, custom_objects: dict[str, Any] | None = None
) -> Any:
    """The object that `serialize_object` wrote.

    Args:
        data: plain data; strings stay unless `table` knows them.
        table: names of functions and classes of the family asked for.
        custom_objects: further names.

    Raises:
        ValueError: the name is none of the engine's and was not registered.
    """
    if isinstance(data, list):
        return [deserialize_object(v, table, custom_objects) for v in data]
    if not isinstance(data, dict):
        return data
    if "class_name" not in data or "config" not in data:
        return {key: deserialize_object(v, table, custom_objects) for key, v in data.items()}
    if data["class_name"] in ("__tensor__", "__numpy__"):
        return np.asarray(data["config"]["value"], data["config"]["dtype"])
    if data["class_name"] == "function":
        return _find(str(data["config"]), None, None, table or {}, custom_objects)
    cls = _find(data["class_name"], data.get("module"), data.get("registered_name"), table or {}, custom_objects)
    config = data["config"]
    return cls.from_config({key: deserialize_object(v, table, custom_objects) for key, v in config.items()})


def _find(
    name: str, module: Any, registered: Any, table: Mapping[str, Any], custom_objects: dict[str, Any] | None
) -> Any:
    for candidate in (registered, name):
        found = registry.get_registered_object(candidate, custom_objects) if candidate else None
        if found is not None:
            return found
    found = registry.by_keras(module, name) or table.get(name)
    if found is None:
        raise ValueError(
            f"Could not locate `{name}`. A custom class or function has to be decorated with "
            "`register_keras_serializable()` or passed in `custom_objects`."
        )
    return found


def resolve_object(
    identifier: Any, table: Mapping[str, Any], family: str, custom_objects: dict[str, Any] | None = None
) -> Any:
    """An object from a name, a class, a saved config or the object itself.

    Raises:
        ValueError: nothing of that name.
    """
    found = identifier
    if isinstance(identifier, dict):
        found = deserialize_object(identifier, table, custom_objects)
    elif isinstance(identifier, str):
        found = registry.get_registered_object(identifier, custom_objects) or table.get(identifier)
    if inspect.isclass(found):
        found = found()
    if not callable(found):
        raise ValueError(f"Could not interpret {family} identifier: {identifier}")
    return found
