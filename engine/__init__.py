"""A deep-learning library on NumPy with the API of Keras 3: `import engine as keras`.

Everything is imported when it is first used, so that `import engine` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_SUBMODULES = frozenset(
    {
        "activations",
        "backend",
        "callbacks",
        "catalog",
        "config",
        "constraints",
        "datasets",
        "dtype_policies",
        "initializers",
        "layers",
        "legacy",
        "losses",
        "metrics",
        "mixed_precision",
        "models",
        "ops",
        "optimizers",
        "preprocessing",
        "random",
        "regularizers",
        "saving",
        "tree",
        "utils",
        "visualization",
        "wrappers",
    }
)
_NAMES = {
    "DTypePolicy": "engine.core.dtypes",
    "FloatDTypePolicy": "engine.core.dtypes",
    "Function": "engine.models.function",
    "GradientTape": "engine.core.tape",
    "Initializer": "engine.initializers",
    "Input": "engine.layers",
    "InputSpec": "engine.layers",
    "KerasTensor": "engine.core.tensor",
    "Layer": "engine.layers",
    "LoadError": "engine.core.errors",
    "Loss": "engine.losses",
    "Metric": "engine.metrics",
    "Model": "engine.models",
    "Operation": "engine.core.node",
    "Optimizer": "engine.optimizers",
    "ParamError": "engine.core.errors",
    "Regularizer": "engine.regularizers",
    "RematScope": "engine.core.remat",
    "Sequential": "engine.models",
    "StatelessScope": "engine.core.stateless",
    "SymbolicScope": "engine.core.stateless",
    "ShapeError": "engine.core.errors",
    "TraceError": "engine.core.errors",
    "Variable": "engine.core.tensor",
    "custom_gradient": "engine.core.tape",
    "name_scope": "engine.core.naming",
    "remat": "engine.core.remat",
}
"""Public names beside the submodules, and the module each is found in."""


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"engine.{name}")
    if name in _NAMES:
        value = getattr(importlib.import_module(_NAMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'engine' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_SUBMODULES, *_NAMES})


def version() -> str:
    """The version of the engine."""
    return __version__


__all__ = sorted({*_SUBMODULES, *_NAMES, "version"})  # noqa: PLE0605
