"""Fused updates against Keras's optimizers, step by step, and in the variables' own memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.core.graph import trace
from engine.core.plan import compile
from engine.core.tensor import Spec, Variable
from engine.ops import optimizer as updates
from tests.engine.ops.oracle import draw, keras

STEPS, SHAPE = 6, (300, 120)  # more than one piece
START = draw(1, *SHAPE)
GRADIENTS = [draw(10 + i, *SHAPE) for i in range(STEPS)]
OPTIMIZERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "sgd": (keras.optimizers.SGD, {}),
    "momentum": (keras.optimizers.SGD, {"momentum": 0.9}),
    "nesterov": (keras.optimizers.SGD, {"momentum": 0.9, "nesterov": True}),
    "rmsprop": (keras.optimizers.RMSprop, {}),
    "rmsprop momentum": (keras.optimizers.RMSprop, {"momentum": 0.5}),
    "rmsprop centered": (keras.optimizers.RMSprop, {"centered": True, "momentum": 0.5}),
}


def step(name: str, weight: Any, gradient: Any, slots: list[Any], rate: Any) -> list[Any]:
    """New weight and slots."""
    options = OPTIMIZERS[name][1]
    if name == "sgd":
        return [updates.sgd_update(weight, gradient, rate)]
    if not name.startswith("rmsprop"):
        return list(updates.sgd_momentum_update(weight, gradient, *slots, rate, **options))
    velocity, *rest = slots
    average = rest.pop(0) if "centered" in options else None
    momentum_sum = rest.pop(0) if "momentum" in options else None
    settings = {"rho": 0.9, "momentum": options.get("momentum", 0.0), "epsilon": 1e-7}
    return list(updates.rmsprop_update(weight, gradient, velocity, average, momentum_sum, rate, **settings))


def slot_count(name: str) -> int:
    return {"sgd": 0, "rmsprop momentum": 2, "rmsprop centered": 3}.get(name, 1)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_trajectories_are_those_of_keras_also_in_a_plan(name: str) -> None:
    cls, options = OPTIMIZERS[name]
    optimizer, theirs = cls(learning_rate=0.05, **options), keras.Variable(START)
    weight, *slots = (Variable(v) for v in (START, *[np.zeros(SHAPE, "float32")] * slot_count(name)))
    rate = np.float32(0.05)

    def run(gradient: Any) -> None:
        values = step(name, weight, gradient, slots, rate)
        for variable, value in zip((weight, *slots), values, strict=True):
            variable.assign(value)

    plan = compile(trace(run, [Spec(SHAPE, "float32")]))
    eager = [START, *(np.zeros(SHAPE, "float32") for _ in slots)]
    for gradient in GRADIENTS:
        optimizer.apply([gradient], [theirs])
        plan(gradient)
        eager = [v.numpy() for v in step(name, eager[0], gradient, eager[1:], rate)]
        np.testing.assert_array_equal(weight.numpy(), eager[0])
        np.testing.assert_allclose(eager[0], theirs.value, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", ["momentum", "rmsprop centered"])
def test_sums_of_dead_units_do_not_become_denormal(name: str) -> None:
    slots = [np.full((4, 4), 1e-25, "float32") for _ in range(slot_count(name))]
    weight, gradient = draw(1, 4, 4), np.zeros((4, 4), "float32")
    start = weight
    for _ in range(600):
        weight, *slots = (v.numpy() for v in step(name, weight, gradient, slots, np.float32(0.1)))
    tiny = np.finfo("float32").tiny
    assert all(((s == 0) | (np.abs(s) >= tiny)).all() for s in slots)
    np.testing.assert_allclose(weight, start, atol=1e-7)
