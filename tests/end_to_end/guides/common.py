"""What the guides' programs share: fixed numbers, fixed weights, and facts as plain data."""

from __future__ import annotations

from typing import Any

import numpy as np


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype("float32")


def whole(*shape: int, high: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, high, *shape]).integers(0, high, shape).astype("int32")


def fixed(model: Any, scale: float = 0.3) -> Any:
    """The same weights on both sides."""
    rng = np.random.default_rng(7)
    model.set_weights(
        [(np.abs(rng.normal(size=w.shape)) * scale - 0.05).astype("float32") for w in model.get_weights()]
    )
    return model


def value(x: Any) -> Any:
    """An array of either library as nested lists."""
    if isinstance(x, dict):
        return {key: value(part) for key, part in sorted(x.items())}
    if isinstance(x, (list, tuple)):
        return [value(part) for part in x]
    if hasattr(x, "detach"):
        x = x.detach()
    return np.asarray(x, "float64").tolist() if hasattr(x, "shape") else x


def shapes(model: Any) -> list[Any]:
    """Name, class, output shape and parameters of each layer."""
    return [[x.name, type(x).__name__, list(x.output.shape), x.count_params()] for x in model.layers]


def refused(function: Any) -> str:
    """The class of the error, "" when there is none."""
    try:
        function()
    except Exception as error:  # noqa: BLE001 - the kind is the fact
        return next(kind.__name__ for kind in (ValueError, TypeError, Exception) if isinstance(error, kind))
    return ""
