"""Every public name of Keras is here with the same kind and signature, or stands in golden/left_out.toml."""

from __future__ import annotations

import fnmatch
import importlib
import inspect
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

import engine
from tests.tools.make_api_golden import describe, signature_of

GOLDEN = Path(__file__).with_name("golden")
TABLE: dict[str, dict[str, str]] = json.loads((GOLDEN / "api.json").read_text(encoding="utf-8"))
ACCOUNT: dict[str, Any] = tomllib.loads((GOLDEN / "left_out.toml").read_text(encoding="utf-8"))
LEFT_OUT = [pattern for entry in ACCOUNT["left_out"] for pattern in entry["names"]]
ANYTHING = "(*args, **kwargs)"


def found(namespace: str, name: str) -> str | None:
    """How the engine describes what Keras calls `namespace.name`; None when it is missing."""
    try:
        module = importlib.import_module(namespace.replace("keras", "engine", 1))
    except ModuleNotFoundError:
        return None
    owner, _, method = name.partition(".")
    value = getattr(module, owner, None)
    if value is None or not method:
        return None if value is None else describe(value)
    return method_of(value, method)


def _instances() -> dict[str, Any]:
    """Where attributes are set by the constructor, an object shows them."""
    dense = engine.layers.Dense(1)
    return {
        "KerasTensor": engine.KerasTensor((None, 2)),
        "Layer": dense,
        "Loss": engine.losses.MeanSquaredError(),
        "Metric": engine.metrics.Mean(),
        "Model": engine.Sequential([dense]),
        "Operation": dense,
        "PyDataset": engine.utils.PyDataset(),
        "Sequential": engine.Sequential([dense]),
        "Variable": engine.Variable(0.0),
    }


INSTANCES = _instances()


def method_of(cls: Any, name: str) -> str | None:
    if name in dir(INSTANCES.get(cls.__name__)) and not hasattr(cls, name):
        return "property"
    if not hasattr(cls, name):
        return None
    value = getattr(cls, name)
    if isinstance(value, property) or not callable(value):
        return "property"
    # A method bound to its class, or free of it, has no first argument to leave out.
    skip = not hasattr(value, "__self__") and not isinstance(inspect.getattr_static(cls, name), staticmethod)
    return "method " + signature_of(value, skip_first=skip)


def difference(namespace: str, name: str) -> str:
    """What is wrong with a name, "" for nothing."""
    wanted, have = TABLE[namespace][name], found(namespace, name)
    if have == wanted:
        return ""
    kind = wanted.split(" ")[0]
    if have is not None and wanted.endswith(ANYTHING) and have.split(" ")[0] == kind:
        return ""  # Keras says nothing about its arguments
    return f"{namespace}.{name}\n   wanted {wanted}\n   found  {have or 'nothing'}"


def left_out(full: str) -> bool:
    return any(fnmatch.fnmatchcase(full, pattern) for pattern in LEFT_OUT)


def accounted_for(full: str) -> bool:
    return left_out(full) or any(full == name or full.startswith(f"{name}.") for name in ACCOUNT["being_built"])


@pytest.mark.parametrize("namespace", TABLE)
def test_every_name_has_the_kind_and_the_arguments_that_keras_gives_it(namespace: str) -> None:
    wrong = [difference(namespace, name) for name in TABLE[namespace] if not accounted_for(f"{namespace}.{name}")]
    assert not list(filter(None, wrong)), "\n".join(filter(None, wrong))


@pytest.mark.parametrize("pattern", LEFT_OUT)
def test_what_is_said_to_be_left_out_is_missing(pattern: str) -> None:
    names = [(space, name) for space, table in TABLE.items() for name in table]
    matching = [pair for pair in names if fnmatch.fnmatchcase(".".join(pair), pattern)]
    assert matching, "Keras has no such name"
    assert all(difference(*pair) for pair in matching if "." not in pair[1]), "it is here"


def test_every_reason_is_given() -> None:
    assert all(len(entry["reason"]) > 20 for entry in ACCOUNT["left_out"])
    assert len(LEFT_OUT) == len(set(LEFT_OUT))


def test_the_golden_table_is_that_of_the_installed_keras() -> None:
    """In a process of its own: the table is written for the NumPy backend."""
    import os
    import subprocess
    import sys

    script = Path(__file__).parent.parent / "tools" / "make_api_golden.py"
    code = f"import runpy; print(runpy.run_path({str(script)!r})['text'](), end='')"
    environment = {**os.environ, "KERAS_BACKEND": "numpy"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout == (GOLDEN / "api.json").read_text(encoding="utf-8"), done.stderr[-2000:]
