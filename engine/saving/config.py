"""Objects as plain data and back, in Keras's form. Only names in the registry can be constructed."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine.core import dtypes, registry
from engine.core.node import FunctionOperation, function_from_config
from engine.core.op import KERAS_CLASSES, PublicOp
from engine.core.params import Declared
from engine.core.tensor import KerasTensor, Value, as_array, convert_to_tensor
from engine.saving import limits
from engine.saving.limits import refuse

MEMBER = "config.json"
_PLAIN = (str, int, float, bool, type(None))
_OWN_OPS = "engine.ops"
"""Module written for ops of Functional graphs that Keras has no class for."""

_SPECIAL = frozenset({"__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__", "__keras_tensor__"})
_FUNCTION_KINDS = ("activation", "loss", "metric", "initializer", "regularizer", "constraint")
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


class _Sharing(threading.local):
    def __init__(self) -> None:
        self.written: dict[int, tuple[Any, dict[str, Any]]] | None = None
        self.read: dict[int, Any] | None = None
        self.custom: dict[str, Any] = {}


_SHARING = _Sharing()


@contextmanager
def sharing() -> Iterator[None]:
    """Keep identity: an object written (or read) several times inside stays one object."""
    saved = _SHARING.written, _SHARING.read
    _SHARING.written, _SHARING.read = {}, {}
    try:
        yield
    finally:
        _SHARING.written, _SHARING.read = saved


def serialize_keras_object(obj: Any) -> Any:
    """Plain data for JSON from which `deserialize_keras_object` makes an equal object.

    Raises:
        TypeError: the object has no `get_config()`.
        ValueError: it is a lambda, which no file can hold.
    """
    if isinstance(obj, (np.generic, np.ndarray)) and np.ndim(obj) == 0:
        return obj.item()
    if isinstance(obj, _PLAIN):
        return obj
    if isinstance(obj, (list, tuple)):
        return [serialize_keras_object(item) for item in obj]
    if isinstance(obj, Mapping):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, dtypes.DTypePolicy):
        return _described("keras", "DTypePolicy", obj.get_config(), None)
    special = _serialize_special(obj)
    return special if special is not None else _serialize_object(obj)


def _serialize_special(obj: Any) -> dict[str, Any] | None:
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if isinstance(obj, slice):
        parts = {key: serialize_keras_object(getattr(obj, key)) for key in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": parts}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, KerasTensor):
        history = obj.keras_history
        place = [getattr(history[0], "name", history[0]), *history[1:]] if history else None
        config = {"shape": list(obj.shape), "dtype": obj.dtype, "keras_history": place}
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(obj, (np.ndarray, Value)):
        kind = "__numpy__" if isinstance(obj, np.ndarray) else "__tensor__"
        array = as_array(obj)
        return {"class_name": kind, "config": {"value": array.tolist(), "dtype": array.dtype.name}}
    return None


def _described(module: str | None, name: str, config: Any, registered: str | None) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config, "registered_name": registered}


def _serialize_object(obj: Any) -> dict[str, Any]:
    if inspect.isfunction(obj) or inspect.isbuiltin(obj):
        if getattr(obj, "__name__", "") == "<lambda>":
            raise ValueError("A lambda cannot be written into a file. Give the function a name and register it.")
        return _described("builtins", "function", registry.get_registered_name(obj), "function")
    if not hasattr(obj, "get_config"):
        if hasattr(obj, "__name__"):
            return _described("builtins", "function", registry.get_registered_name(obj), "function")
        raise TypeError(
            f"Cannot serialize object {obj} of type {type(obj)}. "
            "To be serializable, a class must implement the `get_config()` method."
        )
    shared = _again(obj)
    if shared is not None:
        return shared
    cls = type(obj)
    known: tuple[str, str] | None
    if isinstance(obj, FunctionOperation):
        known = obj.function.keras or (_OWN_OPS, obj.function.name)
    else:
        known = registry.keras_name(cls)
    custom = None if known else registry.get_registered_name(cls)
    module, name = known or (None if custom and ">" in custom else cls.__module__, cls.__name__)
    if known and known[0].startswith("keras.src."):
        custom = name  # Keras writes the name of classes that have no public module
    result = _described(module, name, serialize_keras_object(obj.get_config()), custom)
    for key, getter in (("build_config", "get_build_config"), ("compile_config", "get_compile_config")):
        extra = getattr(obj, getter)() if hasattr(obj, getter) else None
        if extra is not None:
            result[key] = serialize_keras_object(extra)
    if _SHARING.written is not None:
        _SHARING.written[id(obj)] = (obj, result)
    return result


def _again(obj: Any) -> dict[str, Any] | None:
    """The data of an object written before, marked as shared."""
    known = (_SHARING.written or {}).get(id(obj))
    if known is None:
        return None
    known[1]["shared_object_id"] = id(obj)
    return dict(known[1])


def deserialize_keras_object(
    config: Any, custom_objects: dict[str, Any] | None = None, safe_mode: bool = True, **kwargs: Any
) -> Any:
    """The object that `serialize_keras_object` described.

    Args:
        config: plain data.
        custom_objects: further classes and functions by name.
        safe_mode: accepted for compatibility; code in files is never run.

    Raises:
        LoadError: the data names something that is neither the engine's nor registered, or a setting that the class
            does not know.
    """
    custom = {**_SHARING.custom, **(custom_objects or {})}
    if isinstance(config, str):
        found = custom.get(config)
        return config if found is None else found
    if isinstance(config, (list, tuple)):
        return [deserialize_keras_object(item, custom_objects) for item in config]
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {key: deserialize_keras_object(value, custom_objects) for key, value in config.items()}
    name, inner = config["class_name"], config["config"]
    if name in _SPECIAL:
        return _deserialize_special(name, inner if isinstance(inner, dict) else {})
    if name == "function":
        return find_function(inner, config.get("registered_name"), custom)
    return _deserialize_instance(config, custom)


def _deserialize_special(name: str, inner: dict[str, Any]) -> Any:
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__slice__":
        return slice(*(deserialize_keras_object(inner.get(key)) for key in ("start", "stop", "step")))
    if name == "__bytes__":
        return str(inner["value"]).encode()
    if name == "__keras_tensor__":
        tensor = KerasTensor(inner["shape"], dtype=inner["dtype"])
        tensor._pre_serialization_keras_history = inner.get("keras_history")  # type: ignore[attr-defined]
        return tensor
    dtype = dtypes.standardize_dtype(inner["dtype"])
    array = np.array(inner["value"], dtype=dtypes.numpy_dtype(dtype))
    return array if name == "__numpy__" else convert_to_tensor(array)


def _deserialize_instance(config: dict[str, Any], custom: dict[str, Any]) -> Any:
    shared = config.get("shared_object_id")
    pool = _SHARING.read
    if shared is not None and pool is not None and shared in pool:
        return pool[shared]
    cls = find_class(config, custom)
    inner = known_settings(cls, config["config"] or {}, config)
    if isinstance(cls, PublicOp):
        return function_from_config(cls, inner)
    if not hasattr(cls, "from_config"):
        raise refuse(MEMBER, f"{config['class_name']} cannot be made from a file because it has no `from_config()`.")
    with registry.custom_object_scope(custom):
        instance = cls.from_config(inner)
        build = config.get("build_config")
        if build and hasattr(instance, "build_from_config") and not getattr(instance, "built", True):
            instance.build_from_config(deserialize_keras_object(build))
            instance.built = True
        compiled = config.get("compile_config")
        if compiled and hasattr(instance, "compile_from_config"):
            instance.compile_from_config(compiled)
    if shared is not None and pool is not None:
        pool[shared] = instance
    return instance


def checked(value: Any) -> Any:
    """A copy of a config in which every name has been looked up, and that holds only settings the classes know.

    Runs over the whole file before anything in it is constructed.

    Raises:
        LoadError: see `deserialize_keras_object`.
    """
    if isinstance(value, list):
        return [checked(item) for item in value]
    if not isinstance(value, dict):
        return value
    name = value.get("class_name")
    if "class_name" not in value or "config" not in value:
        return {key: checked(item) for key, item in value.items()}
    if name in _SPECIAL:
        return value
    if name == "function":
        find_function(value["config"], value.get("registered_name"), _SHARING.custom)
        return value
    cls = find_class(value, _SHARING.custom)
    result = {key: checked(item) for key, item in value.items()}
    return {**result, "config": known_settings(cls, result["config"] or {}, value)}


def find_function(name: Any, registered: Any, custom: Mapping[str, Any]) -> Any:
    """The function that a file calls `name`: registered, passed in `custom_objects`, or the engine's own."""
    for candidate in (name, registered):
        if isinstance(candidate, str):
            found = custom.get(candidate) or registry.get_registered_object(candidate)
            if found is not None:
                return found
    for kind in _FUNCTION_KINDS if isinstance(name, str) else ():
        found = registry.lookup(kind, name)
        if found is not None:
            return found
    found = _named_function(name)
    if found is None:
        raise refuse(MEMBER, f"there is no function {name!r}. {_REGISTER}")
    return found


def _named_function(name: Any) -> Any:
    """Activation, loss or metric functions, which files name without a class."""
    from engine import activations, losses, metrics

    for module in (activations, losses, metrics):
        table = getattr(module, "ALL", None) or getattr(module, "FUNCTIONS", {})
        if isinstance(name, str) and inspect.isfunction(table.get(name)):
            return table[name]
    return None


_REGISTER = (
    "A custom class or function has to be decorated with `register_keras_serializable()`, "
    "or passed in `custom_objects`, before the file is loaded."
)
_MODULES = {"keras": "keras.models", "keras.models": "keras", "keras.src.models.functional": "keras.models"}
"""Modules under which versions of Keras wrote the same classes."""


def find_class(config: Mapping[str, Any], custom: Mapping[str, Any]) -> Any:
    """The class (or op of a Functional graph) that a file names.

    Raises:
        LoadError: it is none of the engine's and was not registered.
    """
    name, module = config["class_name"], config.get("module")
    if not isinstance(name, str) or not isinstance(module, (str, type(None))):
        raise refuse(MEMBER, f"the class {name!r} is not named by a text.")
    for candidate in (config.get("registered_name"), name):
        found = _custom(candidate, custom)
        if found is not None:
            return found
    if (module, name) == ("keras", "DTypePolicy"):
        return dtypes.DTypePolicy
    _register_all()
    found = registry.by_keras(module, name) or registry.by_keras(_MODULES.get(module or "", ""), name)
    found = found or KERAS_CLASSES.get((module or "", name)) or (_own_op(name) if module == _OWN_OPS else None)
    if found is None:
        raise refuse(MEMBER, _unknown(name, module))
    return found


def _own_op(name: str) -> PublicOp | None:
    from engine import ops

    found = vars(ops).get(name)
    return found if isinstance(found, PublicOp) else None


@functools.cache
def _register_all() -> None:
    """Classes are known once their modules are imported."""
    from engine import (  # noqa: F401
        constraints,
        initializers,
        layers,
        losses,
        metrics,
        models,
        optimizers,
        regularizers,
    )


def _custom(candidate: Any, custom: Mapping[str, Any]) -> Any:
    if not isinstance(candidate, str):
        return None
    found = custom.get(candidate)
    return found if found is not None else registry.get_registered_object(candidate)


def _unknown(name: str, module: str | None) -> str:
    if name in ("Lambda", "__lambda__"):
        return (
            "the file holds Python code (a Lambda). Code in files is never run; "
            "write the function as a registered layer instead."
        )
    place = f" of {module}" if module else ""
    if module and module.split(".")[0] == "keras":
        return f"the engine has no {name}{place}."
    return f"there is no class {name}{place}. {_REGISTER}"


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
    return frozenset(names | set(getattr(cls, "PARAMS", ())) | _COMMON)


@contextmanager
def custom_names(custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Names that resolve inside, for this thread, also in the `from_config` of nested objects."""
    saved = _SHARING.custom
    _SHARING.custom = {**saved, **(custom_objects or {})}
    try:
        with registry.custom_object_scope(_SHARING.custom):
            yield
    finally:
        _SHARING.custom = saved
