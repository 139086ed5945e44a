"""Where the state of each object lies in a weights file: Keras's walk over attributes, without calling `dir()`."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from engine.core.naming import to_snake_case
from engine.core.params import Declared
from engine.core.tensor import Value
from engine.layers.state import _UNTRACKED, HasState
from engine.optimizers.base import Optimizer

_CONTAINERS = (list, tuple, dict)
_OWN_MODULES = (
    "engine.core",
    "engine.layers.base",
    "engine.layers.state",
    "engine.models",
    "engine.training",
    "engine.optimizers.base",
)
"""Modules whose properties are the engine's bookkeeping; properties of other classes may hold layers."""

_BOOKKEEPING = _UNTRACKED | {"_functional", "_line", "_compile_arguments"}
"""Attributes that hold layers in the engine's own way, all of which stand elsewhere too."""


def is_saveable(obj: Any) -> bool:
    """Whether the object has a place in weights files: layers, models and optimizers do, values and metrics do not."""
    return (
        not isinstance(obj, (type, Value))
        and callable(getattr(obj, "save_own_variables", None))
        and getattr(obj, "KIND", "") != "metric"
    )


def saveables(root: Any) -> Iterator[tuple[str, Any]]:
    """(path, object) for `root` and everything below it, each object once, in the order of the file."""
    yield from _visit(root, "", set())


def _visit(obj: Any, path: str, visited: set[int]) -> Iterator[tuple[str, Any]]:
    if id(obj) in visited:
        return
    visited.add(id(obj))
    yield path, obj
    for name, child in children(obj):
        below = f"{path}/{name}" if path else name
        if is_saveable(child):
            yield from _visit(child, below, visited)
        elif isinstance(child, _CONTAINERS) and child:
            yield from _visit_container(child, below, visited, set())


def _visit_container(container: Any, path: str, visited: set[int], open_: set[int]) -> Iterator[tuple[str, Any]]:
    if id(container) in open_:
        return
    open_.add(id(container))
    used: dict[str, int] = {}
    for item in list(container.values()) if isinstance(container, dict) else container:
        if is_saveable(item):
            name = _numbered(to_snake_case(type(item).__name__), used)
            yield from _visit(item, f"{path}/{name}", visited)
        elif isinstance(item, _CONTAINERS):
            yield from _visit_container(item, f"{path}/{_numbered('container', used)}", visited, open_)


def _numbered(name: str, used: dict[str, int]) -> str:
    used[name] = used.get(name, -1) + 1
    return f"{name}_{used[name]}" if used[name] else name


def children(obj: Any) -> Iterator[tuple[str, Any]]:
    """Attributes of an object by name: layers of graphs first, then alphabetically, private names last.

    A class may define `state_paths()` that gives the pairs instead.
    """
    if hasattr(obj, "state_paths"):
        yield from obj.state_paths()
        return
    cls: Any = type(obj)
    names = set(vars(obj)) | _properties(cls)
    if isinstance(getattr(type(obj), "layers", None), property):
        names.add("layers")
        if _is_graph(obj):
            yield "layers", obj.layers
    if isinstance(getattr(type(obj), "optimizer", None), property):
        names.add("optimizer")
    for name in sorted(names, key=lambda name: (name.startswith("_"), name)):
        if name.startswith("__") or name in _BOOKKEEPING:
            continue
        try:
            yield name, getattr(obj, name)
        except (AttributeError, ValueError, RuntimeError, TypeError, NotImplementedError):
            continue  # a property that has no value yet


def _is_graph(obj: Any) -> bool:
    from engine.models import Functional, Sequential

    return isinstance(obj, (Functional, Sequential))


@functools.cache
def _properties(cls: Any) -> frozenset[str]:
    return frozenset(
        name
        for base in cls.__mro__
        if base not in (object, Declared) and not base.__module__.startswith(_OWN_MODULES)
        for name, value in vars(base).items()
        if isinstance(value, property) and not name.startswith("__")
    )


def own_variables(obj: Any) -> dict[str, Any] | None:
    """Key and variable of everything the object itself stores, without reading any numbers.

    None if its class writes in a way of its own, so that only it can tell.
    """
    written_by = type(obj).save_own_variables.__module__
    if written_by == HasState.__module__:
        return {str(i): variable for i, variable in enumerate(obj._stored())}
    if written_by == Optimizer.__module__:
        return {str(i): variable for i, variable in enumerate(obj.variables)}
    return None
