"""Values computed again in the backward pass: the same gradients, fewer values kept, state changed once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine as keras
from engine.core.graph import trace
from engine.core.plan import compile
from engine.core.tape import GradientTape
from engine.core.tensor import Spec

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def a_model(scope: Any) -> Any:
    keras.utils.set_random_seed(4)
    with scope:
        return keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(5, activation="tanh", activity_regularizer="l2", name="first"),
                keras.layers.BatchNormalization(name="second"),
                keras.layers.Dropout(0.5, seed=3, name="third"),
                keras.layers.Dense(1, activation="gelu", name="fourth"),
            ]
        )


def step(model: Any, x: Any) -> list[Any]:
    with GradientTape() as tape:
        loss = keras.ops.sum(keras.ops.square(model(x, training=True))) + sum(model.losses)
    return [loss, *tape.gradient(loss, model.trainable_variables)]


SCOPES = [
    lambda: keras.RematScope(),
    lambda: keras.RematScope("activations"),
    lambda: keras.RematScope("larger_than", output_size_threshold=8),
    lambda: keras.RematScope("list_of_layers", layer_names=["first", "third"]),
    lambda: keras.RematScope(None),
]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("planned", [False, True])
def test_a_step_is_the_same_with_and_without(scope: Any, planned: bool) -> None:
    plain, model = a_model(keras.RematScope(None)), a_model(scope())
    wanted = [np.asarray(v) for v in step(plain, X)]
    if planned:
        found = [np.asarray(v) for v in compile(trace(lambda x: step(model, x), [Spec((None, 4), "float32")]))(X)]
    else:
        found = [np.asarray(v) for v in step(model, X)]
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    for a, b in zip(model.non_trainable_variables, plain.non_trainable_variables, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-6)


def test_the_tape_keeps_one_record_for_the_whole_function() -> None:
    x = keras.ops.convert_to_tensor(X)

    def deep(v: Any) -> Any:
        for _ in range(20):
            v = keras.ops.tanh(v * 1.1)
        return v

    with GradientTape(persistent=True) as plain:
        plain.watch(x)
        wanted = deep(x)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = keras.remat(deep)(x)
    assert len(plain._records) == 40
    assert len(tape._records) == 1
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), plain.gradient(wanted, x).numpy())


def test_a_plan_needs_less_memory() -> None:
    """Only the inputs of each block are kept, so the arena of a deep step shrinks."""

    def block(v: Any) -> Any:
        for _ in range(8):
            v = keras.ops.sin(v * v)
        return v

    def size(run: Any) -> int:
        def slope(x: Any) -> Any:
            with GradientTape() as tape:
                tape.watch(x)
                y = x
                for _ in range(8):
                    y = run(y)
            return tape.gradient(y, x)

        plan = compile(trace(slope, [Spec((1000,), "float32")]))
        plan(np.ones(1000, "float32"))
        return plan.arena_bytes

    assert size(keras.remat(block)) < size(block) / 2


def test_second_derivatives_go_through() -> None:
    x = keras.ops.convert_to_tensor(X)

    def curvature(f: Any) -> np.ndarray:
        with GradientTape() as outer:
            outer.watch(x)
            with GradientTape() as inner:
                inner.watch(x)
                y = keras.ops.sum(f(x))
            slope = inner.gradient(y, x)
        return outer.gradient(slope, x).numpy()

    np.testing.assert_allclose(curvature(keras.remat(lambda v: v * v * v)), 6 * X, rtol=1e-5)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="Supported modes are"):
        keras.RematScope("some")
