"""Sample inputs with which an op declares how it can be called; the registry tests run them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Sample:
    """A random array: shape, kind ("float", "positive", "definite", "int", "bool", "unit", "seed"), bound of ints."""

    shape: tuple[int, ...]
    kind: str = "float"
    high: int = 5

    def draw(self, rng: np.random.Generator, dtype: str = "float32") -> np.ndarray[Any, Any]:
        """An array of this kind; `dtype` applies to the float kinds."""
        if self.kind == "int":
            return rng.integers(0, self.high, self.shape).astype("int32")
        if self.kind == "bool":
            return rng.random(self.shape) < 0.5
        if self.kind == "seed":
            return np.array([self.high, 0], "uint32")
        if self.kind == "definite":
            roots = rng.uniform(-1.0, 1.0, self.shape)
            return (roots @ roots.swapaxes(-1, -2) + np.eye(self.shape[-1])).astype(dtype)
        low, high = {"positive": (0.5, 2.0), "unit": (0.05, 0.95)}.get(self.kind, (-2.0, 2.0))
        return rng.uniform(low, high, self.shape).astype(dtype)


@dataclass(frozen=True)
class Case:
    """One call of an op: its inputs (samples, None or fixed values) and attributes."""

    inputs: tuple[Any, ...]
    attrs: dict[str, Any] = field(default_factory=dict)


def case(*inputs: Any, **attrs: Any) -> Case:
    """A call with these inputs and attributes."""
    return Case(inputs, attrs)


def F(*shape: int) -> Sample:
    """Floats between -2 and 2."""
    return Sample(shape)


def POS(*shape: int) -> Sample:
    """Floats between 0.5 and 2."""
    return Sample(shape, "positive")


def SPD(*shape: int) -> Sample:
    """Symmetric matrices whose eigenvalues are at least 1."""
    return Sample(shape, "definite")


def UNIT(*shape: int) -> Sample:
    """Floats strictly between 0 and 1."""
    return Sample(shape, "unit")


def I(*shape: int, high: int = 5) -> Sample:  # noqa: E743
    """Whole numbers from 0 to `high` - 1."""
    return Sample(shape, "int", high)


def B(*shape: int) -> Sample:
    """True and False."""
    return Sample(shape, "bool")


def SEED(seed: int = 7) -> Sample:
    """State of a seed generator."""
    return Sample((2,), "seed", seed)
