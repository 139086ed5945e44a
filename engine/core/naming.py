"""Automatic names ("dense", "dense_1"), name scopes and paths, with Keras's spelling rules."""

from __future__ import annotations

import collections
import functools
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Prefix the paths of variables made inside with `name`."""
    stack = _stack()
    stack.append(name)
    try:
        yield
    finally:
        stack.pop()


def current_path() -> str:
    """Names of the open scopes joined by "/"."""
    return "/".join(_stack())


def _stack() -> list[str]:
    if not hasattr(_SCOPES, "stack"):
        _SCOPES.stack = []
    stack: list[str] = _SCOPES.stack
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
