"""Objects as plain data and back, in Keras's form: the one serializer. Only names in the registry are constructed."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine.core import dtypes, registry
from engine.core.errors import LoadError
from engine.core.node import FunctionOperation, function_from_config
from engine.core.op import KERAS_CLASSES, PublicOp
from engine.core.policy_map import DTypePolicyMap, policy_data
from engine.core.tensor import KerasTensor, Value, as_array, convert_to_tensor

OWN_OPS = "engine.ops"
"""Module written for ops of Functional graphs that Keras has no class for."""

SPECIAL = frozenset({"__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__", "__keras_tensor__"})
_PLAIN = (str, int, float, bool, type(None))
_FUNCTION_KINDS = ("activation", "loss", "metric", "initializer", "regularizer", "constraint")
_RAW_KINDS = ("layer", "model")
"""Kinds whose `from_config` reads nested data itself, as in Keras."""

_MODULES = {"keras": "keras.models", "keras.models": "keras", "keras.src.models.functional": "keras.models"}
"""Modules under which versions of Keras wrote the same classes."""

_REGISTER = (
    "A custom class or function has to be decorated with `register_keras_serializable()`, "
    "or passed in `custom_objects`, before the file is loaded."
)
MORE_NAMES: list[Callable[[], Mapping[str, Any]]] = []
"""Called when a name is not known: imports what registers more, and returns further functions by name."""


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


def serialize_object(obj: Any) -> Any:
    """Plain data for JSON from which `deserialize_object` makes an equal object.

    Raises:
        TypeError: the object has no `get_config()`.
        ValueError: it is a lambda, which no file can hold.
    """
    if isinstance(obj, (np.generic, np.ndarray)) and np.ndim(obj) == 0:
        return obj.item()
    if isinstance(obj, _PLAIN):
        return obj
    if isinstance(obj, (list, tuple)):
        return [serialize_object(item) for item in obj]
    if isinstance(obj, dtypes.DTypePolicy):
        return policy_data(obj)
    if isinstance(obj, Mapping) and not hasattr(obj, "get_config"):
        return {key: serialize_object(value) for key, value in obj.items()}
    special = _serialize_special(obj)
    return special if special is not None else _serialize_instance(obj)


def _serialize_special(obj: Any) -> dict[str, Any] | None:
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if isinstance(obj, slice):
        parts = {key: serialize_object(getattr(obj, key)) for key in ("start", "stop", "step")}
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
        return {"class_name": kind, "config": {"value": array.tolist(), "dtype": dtypes.name_of(array.dtype)}}
    return None


def _described(module: str | None, name: str, config: Any, registered: str | None) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config, "registered_name": registered}


def _serialize_instance(obj: Any) -> dict[str, Any]:
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
    result = _described(*_names(obj)[:2], serialize_object(obj.get_config()), _names(obj)[2])
    for key, getter in (("build_config", "get_build_config"), ("compile_config", "get_compile_config")):
        extra = getattr(obj, getter)() if hasattr(obj, getter) else None
        if extra is not None:
            result[key] = serialize_object(extra)
    if _SHARING.written is not None:
        _SHARING.written[id(obj)] = (obj, result)
    return result


def _names(obj: Any) -> tuple[str | None, str, str | None]:
    """(module, class, registered name) that Keras writes for an object."""
    cls = type(obj)
    if isinstance(obj, FunctionOperation):
        module, name = obj.function.keras or (OWN_OPS, obj.function.name)
        return module, name, name if module.startswith("keras.src.") else None
    known = registry.keras_name(cls)
    if known is None:
        custom = registry.get_registered_name(cls)
        return None if ">" in custom else cls.__module__, cls.__name__, custom
    # Keras writes the name of classes that have no public module.
    return known[0], known[1], known[1] if known[0].startswith("keras.src.") else None


def _again(obj: Any) -> dict[str, Any] | None:
    """The data of an object written before, marked as shared."""
    known = (_SHARING.written or {}).get(id(obj))
    if known is None:
        return None
    known[1]["shared_object_id"] = id(obj)
    return dict(known[1])


def deserialize_object(
    data: Any, table: Mapping[str, Any] | None = None, custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """The object that `serialize_object` described.

    Args:
        data: plain data; strings stay, unless `custom_objects` knows them.
        table: names of functions and classes of the family asked for.
        custom_objects: further classes and functions by name.

    Raises:
        LoadError: the data names something that is neither the engine's nor registered.
    """
    custom = all_custom(custom_objects)
    if isinstance(data, str):
        found = custom.get(data)
        return data if found is None else found
    if isinstance(data, (list, tuple)):
        return [deserialize_object(item, table, custom_objects) for item in data]
    if not isinstance(data, dict):
        return data
    if "class_name" not in data or "config" not in data:
        return {key: deserialize_object(value, table, custom_objects) for key, value in data.items()}
    name, inner = data["class_name"], data["config"]
    if name in SPECIAL:
        return _deserialize_special(name, inner if isinstance(inner, dict) else {})
    if name == "function":
        return find_function(inner, data.get("registered_name"), custom, table)
    return _deserialize_instance(data, table, custom)


def all_custom(custom_objects: Mapping[str, Any] | None) -> dict[str, Any]:
    """The custom names given together with those that are open in this thread."""
    return {**_SHARING.custom, **(custom_objects or {})}


def _deserialize_special(name: str, inner: dict[str, Any]) -> Any:
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__slice__":
        return slice(*(deserialize_object(inner.get(key)) for key in ("start", "stop", "step")))
    if name == "__bytes__":
        return str(inner["value"]).encode()
    if name == "__keras_tensor__":
        tensor = KerasTensor(inner["shape"], dtype=inner["dtype"])
        tensor._pre_serialization_keras_history = inner.get("keras_history")  # type: ignore[attr-defined]
        return tensor
    dtype = dtypes.standardize_dtype(inner["dtype"])
    array = np.array(inner["value"], dtype=dtypes.numpy_dtype(dtype))
    return array if name == "__numpy__" else convert_to_tensor(array)


def _deserialize_instance(config: dict[str, Any], table: Mapping[str, Any] | None, custom: dict[str, Any]) -> Any:
    shared = config.get("shared_object_id")
    pool = _SHARING.read
    if shared is not None and pool is not None and shared in pool:
        return pool[shared]
    cls = find_class(config, custom, table)
    inner = config["config"] or {}
    if isinstance(cls, PublicOp):
        return function_from_config(cls, inner)
    if not hasattr(cls, "from_config"):
        raise refuse(f"{config['class_name']} cannot be made from a file because it has no `from_config()`.")
    if registry.keras_name(cls) and getattr(cls, "KIND", "layer") not in _RAW_KINDS:
        inner = {key: deserialize_object(value, table, custom) for key, value in inner.items()}
    with registry.custom_object_scope(custom):
        instance = cls.from_config(inner)
        build = config.get("build_config")
        if build and hasattr(instance, "build_from_config") and not getattr(instance, "built", True):
            instance.build_from_config(deserialize_object(build))
            instance.built = True
        compiled = config.get("compile_config")
        if compiled and hasattr(instance, "compile_from_config"):
            instance.compile_from_config(compiled)
    if shared is not None and pool is not None:
        pool[shared] = instance
    return instance


def find_function(name: Any, registered: Any, custom: Mapping[str, Any], table: Mapping[str, Any] | None = None) -> Any:
    """The function that a file calls `name`: registered, passed in `custom_objects`, or the engine's own.

    Raises:
        LoadError: there is none.
    """
    for candidate in (name, registered):
        if isinstance(candidate, str):
            found = custom.get(candidate) or registry.get_registered_object(candidate)
            if found is not None:
                return found
    found = _function(name, table or {}) if isinstance(name, str) else None
    if found is None:
        raise refuse(f"there is no function {name!r}. {_REGISTER}")
    return found


def _function(name: str, table: Mapping[str, Any]) -> Any:
    if inspect.isfunction(table.get(name)):
        return table[name]
    for kind in _FUNCTION_KINDS:
        found = registry.lookup(kind, name)
        if found is not None:
            return found
    for more in MORE_NAMES:
        found = more().get(name)
        if found is not None:
            return found
    return table.get(name)


def find_class(config: Mapping[str, Any], custom: Mapping[str, Any], table: Mapping[str, Any] | None = None) -> Any:
    """The class (or op of a Functional graph) that a file names.

    Raises:
        LoadError: it is none of the engine's and was not registered.
    """
    name, module = config["class_name"], config.get("module")
    if not isinstance(name, str) or not isinstance(module, (str, type(None))):
        raise refuse(f"the class {name!r} is not named by a text.")
    for candidate in (config.get("registered_name"), name):
        found = _custom(candidate, custom)
        if found is not None:
            return found
    if (module, name) == ("keras", "DTypePolicy"):
        return dtypes.DTypePolicy
    if (module, name) == ("keras.dtype_policies", "DTypePolicyMap"):
        return DTypePolicyMap
    found = _known(module or "", name) or (table or {}).get(name)
    if found is None:
        for more in MORE_NAMES:
            more()
        found = _known(module or "", name)
    if found is None:
        raise refuse(_unknown(name, module))
    return found


def _known(module: str, name: str) -> Any:
    found = registry.by_keras(module, name) or registry.by_keras(_MODULES.get(module, ""), name)
    return found or KERAS_CLASSES.get((module, name)) or (_own_op(name) if module == OWN_OPS else None)


def _own_op(name: str) -> PublicOp | None:
    from engine import ops

    found = vars(ops).get(name)
    return found if isinstance(found, PublicOp) else None


def _custom(candidate: Any, custom: Mapping[str, Any]) -> Any:
    if not isinstance(candidate, str):
        return None
    found = custom.get(candidate)
    return found if found is not None else registry.get_registered_object(candidate)


def refuse(reason: str) -> LoadError:
    """The error for data that cannot become an object; files add the member they were reading."""
    return LoadError(reason, reason=reason)


LAMBDA_REFUSED = (
    "Requested the deserialization of a `Lambda` layer whose `function` is a Python lambda. This carries a potential "
    "risk of arbitrary code execution and thus it is disallowed by default. Code in files is never run here, also with "
    "`safe_mode=False`: give the function a name, register it with `register_keras_serializable()` or pass it in "
    "`custom_objects`, and save the model again."
)


def _unknown(name: str, module: str | None) -> str:
    if name == "__lambda__":
        return LAMBDA_REFUSED
    place = f" of {module}" if module else ""
    if module and module.split(".")[0] == "keras":
        return f"the engine has no {name}{place}."
    return f"there is no class {name}{place}. {_REGISTER}"


def resolve_object(
    identifier: Any, table: Mapping[str, Any], family: str, custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """An object from a name, a class, a saved config or the object itself.

    Raises:
        ValueError: nothing of that name.
    """
    found = identifier
    if isinstance(identifier, dict):
        found = deserialize_object(identifier, table, custom_objects)
    elif isinstance(identifier, str):
        known = None if custom_objects is None else dict(custom_objects)
        found = registry.get_registered_object(identifier, known) or table.get(identifier)
    if inspect.isclass(found):
        found = found()
    if not callable(found):
        raise ValueError(f"Could not interpret {family} identifier: {identifier}")
    return found
