"""Training situations that run unchanged on both libraries: each gives plain facts (figures, names, weights, errors).

`library` is `keras` in the oracle's process and `engine` in the tests. Keras runs on torch, which compiles nothing and
keeps masks for the metrics; on JAX where torch has no such setting.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SITUATIONS: dict[str, Callable[[Any], Any]] = {}
ON_JAX: set[str] = set()
STEPS = 5


def situation(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Add to the table under its name."""
    SITUATIONS[function.__name__] = function
    return function


def jax_situation(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same, for Keras on JAX."""
    ON_JAX.add(function.__name__)
    return situation(function)


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype("float32")


def labels(*shape: int, high: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, high, *shape]).integers(0, high, shape).astype("int32")


def fix(model: Any, scale: float = 0.5) -> Any:
    """The same weights on both sides, whatever the initializers draw."""
    rng = np.random.default_rng(3)
    model.set_weights(
        [np.abs(rng.normal(size=w.shape)).astype(w.dtype) * scale - 0.1 * scale for w in model.get_weights()]
    )
    return model


def weights(model: Any) -> list[Any]:
    return [np.asarray(w, "float32") for w in model.get_weights()]


def fitted(model: Any, *data: Any, **options: Any) -> dict[str, Any]:
    """History, order of figures and weights of a fit in order."""
    options = {"epochs": 2, "batch_size": 4, "shuffle": False, "verbose": 0, **options}
    history = model.fit(*data, **options)
    return {"epoch": history.epoch, "keys": list(history.history), "history": history.history, "end": weights(model)}


def stepped(model: Any, *data: Any, **options: Any) -> dict[str, Any]:
    """Figures of five steps on one batch, of one evaluation, and the weights."""
    steps = [model.train_on_batch(*data, return_dict=True, **options) for _ in range(STEPS)]
    options.pop("class_weight", None)
    tested = model.test_on_batch(*data, return_dict=True, **options)
    listed = model.test_on_batch(*data, **options)
    keys = [list(steps[0]), list(tested)]
    return {"keys": keys, "steps": steps, "tested": tested, "listed": listed, "end": weights(model)}


def refused(function: Callable[[], Any]) -> dict[str, Any]:
    """What kind of error it is."""
    try:
        function()
    except Exception as error:  # noqa: BLE001 - the kind is the fact
        return {"error": _kind(error)}
    return {"error": None}


def _kind(error: Exception) -> str:
    for kind in (KeyError, ValueError, TypeError, RuntimeError, AttributeError):
        if isinstance(error, kind):
            return kind.__name__
    return "Exception"


def mlp(k: Any, width: int = 1, activation: Any = None, **options: Any) -> Any:
    layers = k.layers
    return fix(
        k.Sequential([k.Input((3,)), layers.Dense(4, "tanh", **options), layers.Dense(width, activation)]),
    )


def fork(k: Any, as_dict: bool = False) -> Any:
    x = k.Input((3,), name="x")
    h = k.layers.Dense(4, "tanh")(x)
    left, right = k.layers.Dense(1, name="left")(h), k.layers.Dense(3, "softmax", name="right")(h)
    return fix(k.Model(x, {"left": left, "right": right} if as_dict else [left, right]))


X, Y = numbers(12, 3), numbers(12, 1, seed=1)
CLASSES = labels(12)
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
WEIGHTS = np.linspace(0.0, 2.0, 12).astype("float32")
OTHER = np.linspace(1.5, 0.5, 12).astype("float32")
CE = "sparse_categorical_crossentropy"
