"""Automatic names ("dense", "dense_1"), name scopes and paths, with Keras's spelling rules."""

from __future__ import annotations

import collections
import functools
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_COUNTS: collections.defaultdict[str, int] = collections.defaultdict(int)
_SCOPES = threading.local()


@functools.lru_cache(4096)
def to_snake_case(name: str) -> str:
    """Class name in snake case: "LSTMCell" gives "lstm_cell", "Conv2D" gives "conv2d"."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """Next free name for a class or prefix in this process."""
    return unique_name(to_snake_case(prefix))


def unique_name(name: str) -> str:
    """`name`, or `name_1`, `name_2`, ... when it was given out before."""
    count = _COUNTS[name]
    _COUNTS[name] += 1
    return f"{name}_{count}" if count else name


def get_uid(prefix: str = "") -> int:
    """Count up and return the number of a prefix, from 1."""
    _COUNTS[prefix] += 1
    return _COUNTS[prefix]


def reset_names() -> None:
    """Forget every name given out (part of `clear_session`)."""
    _COUNTS.clear()


class name_scope:
    """Prefix the paths of variables made inside with `name`.

    Args:
        name: a name without "/".
        caller: the object that opens the scope.
        deduplicate: open no further scope if the innermost one has this name and this caller.
        override_parent: path that stands in for the scopes around.

    Raises:
        ValueError: the name is no text, or holds "/".
    """

    def __init__(
        self, name: str, caller: Any = None, deduplicate: bool = True, override_parent: str | None = None
    ) -> None:
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                f"Argument `name` must be a string and cannot contain character `/`. Received: name={name}"
            )
        self.name, self.caller, self.deduplicate, self.override_parent = name, caller, deduplicate, override_parent
        self._opened: list[bool] = []

    def __enter__(self) -> name_scope:
        stack = _stack()
        last = stack[-1] if stack and isinstance(stack[-1], name_scope) else None
        again = last is not None and self.caller is not None and (last.caller, last.name) == (self.caller, self.name)
        self._opened.append(not (again and self.deduplicate))
        if self._opened[-1]:
            stack.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._opened.pop():
            _stack().pop()


def current_path() -> str:
    """Names of the open scopes joined by "/"."""
    parts: list[str] = []
    for scope in _stack():
        if isinstance(scope, str):
            parts = [scope]
            continue
        if scope.override_parent is not None:
            parts = [part for part in scope.override_parent.split("/") if part]
        parts.append(scope.name)
    return "/".join(parts)


def _stack() -> list[name_scope | str]:
    """Open scopes; a text is a whole path."""
    if not hasattr(_SCOPES, "stack"):
        _SCOPES.stack = []
    stack: list[name_scope | str] = _SCOPES.stack
    return stack


@contextmanager
def name_scope_of(path: str) -> Iterator[None]:
    """Make `path` the whole open scope."""
    saved = getattr(_SCOPES, "stack", [])
    _SCOPES.stack = [path] if path else []
    try:
        yield
    finally:
        _SCOPES.stack = saved
