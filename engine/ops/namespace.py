"""Namespaces made of what ops declare: each function knows the module in which Keras keeps it."""

from __future__ import annotations

from typing import Any


def names_of(namespace: dict[str, Any], module: str) -> list[str]:
    """Put every function of `engine.ops` that belongs to Keras's `module` into a namespace; their names, sorted."""
    from engine import ops

    found = {name: value for name, value in vars(ops).items() if (getattr(value, "keras", None) or ("",))[0] == module}
    namespace.update(found)
    return sorted(found)
