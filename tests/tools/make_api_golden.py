"""Writes tests/engine/golden/api.json: kind and signature of every public name of the installed Keras.

Run it as a script. `describe` and `methods_of` are also what the test applies to the engine.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

GOLDEN = Path(__file__).resolve().parent.parent / "engine" / "golden" / "api.json"
WITH_METHODS = {
    "keras": (
        "DTypePolicy Function Initializer KerasTensor Layer Loss Metric Model Operation Optimizer Sequential "
        "StatelessScope Variable"
    ),
    "keras.callbacks": "Callback",
    "keras.dtype_policies": "DTypePolicyMap",
    "keras.layers": "Dense Discretization Embedding Normalization RNN StackedRNNCells StringLookup TextVectorization",
    "keras.random": "SeedGenerator",
    "keras.utils": "Config FeatureSpace Progbar PyDataset",
    "keras.wrappers": "SKLearnClassifier SKLearnRegressor SKLearnTransformer",
}
"""Classes people derive from, or whose methods they call: their public methods are written down too."""


def describe(value: Any) -> str:
    """Kind and signature in one line: "class (units, activation=None, **kwargs)"."""
    if inspect.ismodule(value):
        return "module"
    if inspect.isclass(value):
        return "class " + signature_of(value.__init__, skip_first=True)
    if callable(value):
        return "function " + signature_of(value)
    return "value"


def signature_of(function: Any, skip_first: bool = False) -> str:
    """Names, order and defaults of the arguments."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return "(*args, **kwargs)"
    if skip_first and parameters and parameters[0].kind is not inspect.Parameter.VAR_POSITIONAL:
        parameters = parameters[1:]
    words, seen_star = [], False
    for p in parameters:
        if p.kind is p.VAR_POSITIONAL:
            seen_star = True
        elif p.kind is p.KEYWORD_ONLY and not seen_star:
            words.append("*")
            seen_star = True
        words.append(_word(p))
    return f"({', '.join(words)})"


def _word(p: inspect.Parameter) -> str:
    star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
    if p.default is p.empty:
        return star + p.name
    if callable(p.default) or type(p.default) is object:
        return f"{p.name}=<{getattr(p.default, '__name__', 'object')}>"
    return f"{p.name}={p.default!r}"


def methods_of(cls: type, parents: list[type]) -> dict[str, str]:
    """Public methods ("method (x)") and properties of a class, less those that `parents` have."""
    found: dict[str, str] = {}
    known = [parent for parent in parents if parent is not cls and issubclass(cls, parent)]
    for name in sorted(n for n in dir(cls) if not n.startswith("_")):
        raw = inspect.getattr_static(cls, name)
        if any(hasattr(parent, name) for parent in known):
            continue
        if isinstance(raw, property):
            found[name] = "property"
        elif isinstance(raw, (staticmethod, classmethod)):
            found[name] = "method " + signature_of(getattr(cls, name))
        elif inspect.isroutine(raw):
            found[name] = "method " + signature_of(raw, skip_first=True)
    return found


def namespaces(root: ModuleType) -> list[str]:
    """Public modules below `root`, itself first."""
    found = [root.__name__]
    for info in pkgutil.iter_modules(root.__path__):
        if info.ispkg and not info.name.startswith("_") and info.name != "src":
            found += namespaces(importlib.import_module(f"{root.__name__}.{info.name}"))
    return found


def public_names(module: ModuleType, parents: list[type]) -> dict[str, str]:
    """What a module of Keras offers: its names, less the modules below it, and methods less those of `parents`."""
    found = {}
    for name, value in sorted(vars(module).items()):
        if not name.startswith("_") and not inspect.ismodule(value):
            found[name] = describe(value)
            if name in WITH_METHODS.get(module.__name__, "").split():
                found.update({f"{name}.{key}": line for key, line in methods_of(value, parents).items()})
    return found


def text() -> str:
    """The whole table, one line for each name."""
    os.environ["KERAS_BACKEND"] = "numpy"
    import keras

    parents = [keras.Layer, keras.Model, keras.Operation]
    table = {name: public_names(importlib.import_module(name), parents) for name in namespaces(keras)}
    return json.dumps(table, indent=0) + "\n"


def main() -> int:
    GOLDEN.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
