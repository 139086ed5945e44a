"""Every public class, function, method and property of the engine says in a first line what it is."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import engine

ROOT = Path(engine.__file__).parent
SOURCES = sorted(ROOT.rglob("*.py"))
TABLE: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "golden" / "api.json").read_text("utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_public_names_of_a_file_have_a_docstring(path: Path) -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    nodes = [n for n in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(n, kinds)]
    silent = [n.name for n in nodes if not n.name.startswith("_") and not (ast.get_docstring(n) or "").strip()]
    assert not silent


def members(cls: Any) -> Iterator[tuple[str, Any]]:
    """Public methods and properties that the engine's own classes define."""
    for name, value in inspect.getmembers(cls):
        owner = next(c for c in cls.__mro__ if name in vars(c)) if not name.startswith("_") else None
        ours = owner is not None and owner.__module__.startswith("engine.")
        if ours and (inspect.isroutine(value) or isinstance(value, property)):
            yield f"{owner.__qualname__}.{name}", value  # type: ignore[union-attr]


@pytest.mark.parametrize("namespace", TABLE)
def test_what_a_namespace_offers_has_a_docstring(namespace: str) -> None:
    try:
        module = importlib.import_module(namespace.replace("keras", "engine", 1))
    except ModuleNotFoundError:
        return  # what is left out stands in golden/left_out.toml
    found = {name: getattr(module, name, None) for name in TABLE[namespace] if "." not in name}
    silent = {name for name, value in found.items() if callable(value) and not (inspect.getdoc(value) or "").strip()}
    for value in found.values():
        if inspect.isclass(value):
            silent |= {name for name, member in members(value) if not (inspect.getdoc(member) or "").strip()}
    assert not silent
