"""Every component by kind and name, and the only door through which files name classes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

KINDS = (
    "layer",
    "model",
    "loss",
    "metric",
    "optimizer",
    "optimizer map",
    "schedule",
    "callback",
    "initializer",
    "regularizer",
    "constraint",
    "activation",
    "seed",
)

_BY_NAME: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
_BY_KERAS: dict[tuple[str, str], Any] = {}
_KERAS_NAME: dict[int, tuple[str, str]] = {}
_CUSTOM: dict[str, Any] = {}
_CUSTOM_NAMES: dict[Any, str] = {}
_BACKEND_OPTIMIZERS = re.compile(r"keras\.src\.backend\.\w+\.optimizers\.\w+")
_SCOPES: list[dict[str, Any]] = []


def register(kind: str, component: Any, name: str, keras: str | None = None) -> None:
    """Add a class or function of the engine.

    Args:
        kind: one of `KINDS`.
        name: its name in the engine's namespace.
        keras: "module:Name" under which Keras files know it.
    """
    _BY_NAME[kind].setdefault(name, component)
    if keras:
        module, _, cls = keras.partition(":")
        _BY_KERAS.setdefault((module, cls), component)
        _KERAS_NAME.setdefault(id(component), (module, cls))


def lookup(kind: str, name: str) -> Any | None:
    """The component of this kind and name, or None."""
    return _BY_NAME[kind].get(name)


def all_of(kind: str) -> dict[str, Any]:
    """All components of a kind by name, in the order of registration."""
    return dict(_BY_NAME[kind])


def by_keras(module: str | None, name: str) -> Any | None:
    """The component that a Keras file calls `name` in `module`, or None."""
    if module and _BACKEND_OPTIMIZERS.fullmatch(module):
        module = "keras.optimizers"  # Keras on PyTorch writes the class of that backend
    return _BY_KERAS.get((module or "", name))


def keras_name(component: Any) -> tuple[str, str] | None:
    """(module, name) under which Keras files know a component, or None."""
    return _KERAS_NAME.get(id(component))


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Any], Any]:
    """Decorator: let files name the class or function as "package>name"."""

    def decorate(component: Any) -> Any:
        full = f"{package}>{name or component.__name__}"
        if isinstance(component, type) and not hasattr(component, "get_config"):
            raise ValueError("Cannot register a class that does not have a get_config() method.")
        _CUSTOM[full] = component
        _CUSTOM_NAMES[component] = full
        return component

    return decorate


def get_registered_name(obj: Any) -> str:
    """Name under which a class or function was registered; its own name otherwise."""
    name: str = _CUSTOM_NAMES.get(obj) or obj.__name__
    return name


def get_registered_object(
    name: str, custom_objects: dict[str, Any] | None = None, module_objects: dict[str, Any] | None = None
) -> Any | None:
    """The custom object of this name: from `custom_objects`, open scopes, registrations, or `module_objects`."""
    for table in (custom_objects or {}, *reversed(_SCOPES), _CUSTOM, module_objects or {}):
        if name in table:
            return table[name]
    return None


class custom_object_scope:
    """Let names inside resolve to the given classes and functions, by name."""

    def __init__(self, custom_objects: dict[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})

    def __enter__(self) -> custom_object_scope:
        _SCOPES.append(self.custom_objects)
        return self

    def __exit__(self, *exc: object) -> None:
        _SCOPES.pop()


def get_custom_objects() -> dict[str, Any]:
    """The table of globally registered custom objects (changes take effect)."""
    return _CUSTOM
