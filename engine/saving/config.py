"""Configs in files: the serializer of `engine.core.objects` behind checks of everything that a file names and sets."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

from engine.core import registry
from engine.core.errors import LoadError
from engine.core.objects import (
    MORE_NAMES,
    SPECIAL,
    all_custom,
    custom_names,
    deserialize_object,
    find_class,
    find_function,
    serialize_object,
    sharing,
)
from engine.core.params import Declared
from engine.core.state import opening_file
from engine.saving import limits
from engine.saving.limits import refuse

MEMBER = "config.json"
_NEWER_DEFAULTS: Mapping[str, Any] = {
    "optional": False,
    "ragged": False,
    "renorm": False,
    "renorm_momentum": 0.99,
    "rms_scaling": False,
    "sparse": False,
    "use_gate": False,
    "zero_output_for_mask": False,
}
"""Settings of newer versions of Keras, with the value at which leaving them out changes nothing."""

_COMMON = frozenset({"name", "trainable", "dtype", "autocast", "activity_regularizer", "batch_input_shape"})
"""Settings that every layer takes through its keyword arguments."""

serialize_keras_object = serialize_object


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True, **kwargs: Any
) -> Any:
    """The object that `serialize_keras_object` described.

    Args:
        config: plain data.
        custom_objects: further classes and functions by name.
        safe_mode: whether the config must not name other files. Code in files is never run, in either mode.

    Raises:
        LoadError: the data names something that is neither the engine's nor registered, or a setting that the class
            does not know.
    """
    with opening_file(trusted=not safe_mode):
        return deserialize_object(checked(config, custom_objects), custom_objects=custom_objects)


def checked(value: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A copy of a config in which every name has been looked up, and that holds only settings the classes know.

    Runs over the whole file before anything in it is constructed.

    Raises:
        LoadError: see `deserialize_keras_object`.
    """
    try:
        return _checked(value, all_custom(custom_objects))
    except LoadError as error:
        if error.member:
            raise
        raise refuse(MEMBER, error.reason) from None


def _checked(value: Any, custom: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_checked(item, custom) for item in value]
    if not isinstance(value, dict):
        return value
    name = value.get("class_name")
    if "class_name" not in value or "config" not in value:
        return {key: _checked(item, custom) for key, item in value.items()}
    if name in SPECIAL:
        return value
    if name == "function":
        find_function(value["config"], value.get("registered_name"), custom)
        return value
    cls = find_class(value, custom)
    result = {key: _checked(item, custom) for key, item in value.items()}
    return {**result, "config": known_settings(cls, result["config"] or {}, value)}


@functools.cache
def _register_all() -> Mapping[str, Any]:
    """Import all classes that files name; activation, loss and metric functions, which files name without a class."""
    from engine import (  # noqa: F401
        activations,
        constraints,
        initializers,
        layers,
        losses,
        metrics,
        models,
        optimizers,
        regularizers,
    )

    found: dict[str, Any] = {}
    for module in (metrics, losses, activations):
        table = getattr(module, "ALL", None) or getattr(module, "FUNCTIONS", {})
        found.update({name: function for name, function in table.items() if inspect.isfunction(function)})
    return found


MORE_NAMES.append(_register_all)


def known_settings(cls: Any, inner: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """`inner` without the settings that the class does not know and that change nothing.

    Raises:
        LoadError: an unknown setting has a value that matters.
    """
    if not isinstance(inner, dict):
        raise refuse(MEMBER, f"the settings of {config['class_name']} are not an object.")
    if "name" in inner and inner["name"] is not None:
        limits.check_name(inner["name"], MEMBER)
    if not (isinstance(cls, type) and issubclass(cls, Declared)) or _is_custom(cls):
        return inner
    plain: Any = cls
    known = settings_of(plain)
    kept = {}
    for key, value in inner.items():
        if known is None or key in known:
            kept[key] = value
        elif value is not None and (key not in _NEWER_DEFAULTS or value != _NEWER_DEFAULTS[key]):
            who = f"{config['class_name']} {inner.get('name') or ''}".strip()
            raise refuse(MEMBER, f"{who} has a setting {key} = {value!r} that the engine does not know.")
    return kept


def _is_custom(cls: type) -> bool:
    return registry.keras_name(cls) is None


@functools.cache
def settings_of(cls: Any) -> frozenset[str] | None:
    """Names of the settings a class takes; None when it takes any."""
    if getattr(cls, "KIND", "") == "model":
        return None  # their configs describe a graph, which `from_config` reads
    own = inspect.signature(cls.__init__).parameters.values()
    # What a declared constructor does not know it hands to the one that a base wrote itself.
    written = next((i for b in cls.__mro__ if (i := vars(b).get("__init__")) and not hasattr(i, "_declared")), object)
    parameters = [*own, *inspect.signature(written).parameters.values()]
    names = {p.name for p in parameters if p.kind is not p.VAR_KEYWORD}
    more = set(getattr(cls, "PARAMS", ())) | set(getattr(cls, "FILE_SETTINGS", ()))
    return frozenset(names | more | _COMMON)


__all__ = [
    "MEMBER",
    "checked",
    "custom_names",
    "deserialize_keras_object",
    "find_class",
    "known_settings",
    "serialize_keras_object",
    "settings_of",
    "sharing",
]
