"""Small well-known datasets under Keras's names, read from its cache folder; fetched only when a call asks for one."""

from __future__ import annotations

import importlib
from types import ModuleType

_NAMES = (
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
)


def __getattr__(name: str) -> ModuleType:
    if name not in _NAMES:
        raise AttributeError(f"module 'engine.datasets' has no attribute {name!r}")
    return importlib.import_module(f"engine.datasets.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
