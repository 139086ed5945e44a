"""Keras 2's form of configs (`keras.legacy.saving`): a class by its bare name, a function as its name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from engine.core import registry
from engine.core.errors import LoadError

_PASSIVE = "__passive_serialization__"


def serialize_keras_object(instance: Any) -> Any:
    """Plain data in the old form: `{"class_name": ..., "config": ...}`, or the name of a function.

    Raises:
        ValueError: the object has neither `get_config()` nor a name.
    """
    if instance is None:
        return None
    instance = inspect.unwrap(instance) if callable(instance) else instance
    if hasattr(instance, "get_config"):
        config = {key: _serialize_item(item) for key, item in instance.get_config().items()}
        return {"class_name": registry.get_registered_name(type(instance)), "config": config}
    if hasattr(instance, "__name__"):
        return registry.get_registered_name(instance)
    raise ValueError(f"Cannot serialize {instance} because it doesn't implement `get_config()`.")


def _serialize_item(item: Any) -> Any:
    if isinstance(item, str):
        return item
    try:
        found = serialize_keras_object(item)
    except ValueError:
        return item
    return {**found, _PASSIVE: True} if isinstance(found, dict) and not isinstance(item, dict) else found


def deserialize_keras_object(
    identifier: Any,
    module_objects: Mapping[str, Any] | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """The object that the old form describes.

    Args:
        identifier: a config, the name of a class or function, a function, or None.
        module_objects: the names that are known.
        custom_objects: further names.
        printable_module_name: kind of object, for errors.

    Raises:
        ValueError: nothing of that name, or no config.
    """
    if identifier is None or inspect.isfunction(identifier):
        return identifier
    if isinstance(identifier, dict):
        return _from_config(identifier, module_objects, custom_objects, printable_module_name)
    if not isinstance(identifier, str):
        raise ValueError(f"Could not interpret serialized {printable_module_name}: {identifier}")
    found = _find(identifier, module_objects, custom_objects)
    if found is None:
        raise ValueError(f"Unknown {printable_module_name}: '{identifier}'. {_REGISTER}")
    return found() if inspect.isclass(found) else found


_REGISTER = (
    "Please ensure you are using a `keras.utils.custom_object_scope` and that this object is included in the scope."
)


def _find(name: str, known: Mapping[str, Any] | None, custom: Mapping[str, Any] | None) -> Any:
    found = registry.get_registered_object(name, None if custom is None else dict(custom))
    return (known or {}).get(name) if found is None else found


def _from_config(
    data: dict[str, Any], known: Mapping[str, Any] | None, custom: Mapping[str, Any] | None, kind: str
) -> Any:
    if "class_name" not in data or "config" not in data:
        raise ValueError(
            f"Improper config format for {data}. Expecting python dict contains `class_name` and `config` as keys"
        )
    name, config = data["class_name"], data["config"]
    cls = _find(name, known, custom) if isinstance(name, str) else None
    if cls is None:
        raise ValueError(f"Unknown {kind}: '{name}'. {_REGISTER}")
    if not isinstance(config, dict):
        raise LoadError(f"The settings of {name} are not an object.", reason="settings are no object")
    plain = {key: _item(key, item, known, custom) for key, item in config.items()}
    with registry.custom_object_scope(dict(custom or {})):
        return cls.from_config(plain) if hasattr(cls, "from_config") else cls(**plain)


def _item(key: str, item: Any, known: Mapping[str, Any] | None, custom: Mapping[str, Any] | None) -> Any:
    if isinstance(item, dict) and item.get(_PASSIVE):
        return deserialize_keras_object(item, known, custom, "config_item")
    if isinstance(item, str) and key != "name":
        found = _find(item, known, custom)
        return found if inspect.isfunction(found) else item
    return item
