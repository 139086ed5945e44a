"""Random draws, bit by bit, against Keras's NumPy backend."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

import engine.random as own  # noqa: E402
from engine import ops  # noqa: E402
from engine.core.graph import trace  # noqa: E402
from engine.core.plan import compile  # noqa: E402
from engine.core.rng import set_random_seed  # noqa: E402
from engine.core.tape import GradientTape  # noqa: E402
from engine.core.tensor import Spec, Tensor  # noqa: E402

DRAWS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("normal", ((3, 4),), {"mean": 0.5, "stddev": 2.0}),
    ("normal", ((),), {"dtype": "float64"}),
    ("uniform", ((3, 4),), {"minval": -1.0, "maxval": 3.0}),
    ("uniform", ((5,),), {"dtype": "float16"}),
    ("randint", ((50,), -3, 9), {}),
    ("randint", ((50,), 0, 200), {"dtype": "uint8"}),
    ("truncated_normal", ((40, 5),), {"stddev": 0.3}),
    ("truncated_normal", ((0, 5),), {}),
    ("gamma", ((6,), 2.5), {}),
    ("beta", ((6,), 2.5, 1.5), {}),
    ("binomial", ((6,), 9, 0.4), {}),
]
X = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")


@pytest.mark.parametrize(("name", "args", "options"), DRAWS)
def test_draws_are_those_of_keras_bit_by_bit(name: str, args: Any, options: dict[str, Any]) -> None:
    for seed in (0, 1337):
        mine, theirs = (
            getattr(own, name)(*args, seed=seed, **options),
            getattr(keras.random, name)(*args, seed=seed, **options),
        )
        assert mine.dtype == theirs.dtype.name
        np.testing.assert_array_equal(mine.numpy(), theirs)


@pytest.mark.parametrize(("name", "args", "options"), DRAWS)
def test_a_generator_gives_a_new_draw_each_time_as_in_keras(name: str, args: Any, options: dict[str, Any]) -> None:
    mine, theirs = own.SeedGenerator(7), keras.random.SeedGenerator(7)
    for _ in range(3):
        drawn = getattr(own, name)(*args, seed=mine, **options)
        np.testing.assert_array_equal(drawn.numpy(), getattr(keras.random, name)(*args, seed=theirs, **options))
    np.testing.assert_array_equal(mine.state.numpy(), theirs.state.value)


@pytest.mark.parametrize("axis", [0, 1])
def test_shuffle(axis: int) -> None:
    np.testing.assert_array_equal(own.shuffle(X, axis, seed=3).numpy(), keras.random.shuffle(X, axis, seed=3))


def test_categorical() -> None:
    mine, theirs = own.categorical(X, 40, seed=3), keras.random.categorical(X, 40, seed=3)
    np.testing.assert_array_equal(mine.numpy(), theirs)
    assert mine.dtype == "int32"


@pytest.mark.parametrize("options", [{}, {"noise_shape": (6, 1)}, {"noise_shape": (None, 1)}])
@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_dropout(rate: float, options: dict[str, Any]) -> None:
    mine = own.dropout(X, rate, seed=5, **options)
    np.testing.assert_allclose(mine.numpy(), keras.random.dropout(X, rate, seed=5, **options), rtol=1e-6)


def test_dropout_passes_the_gradient_through_the_same_elements() -> None:
    x = Tensor(X)
    with GradientTape() as tape:
        tape.watch(x)
        y = own.dropout(x, 0.4, seed=5)
        total = ops.sum(y)
    kept = y.numpy() != 0
    np.testing.assert_allclose(tape.gradient(total, x).numpy(), kept / 0.6, rtol=1e-6)


def test_a_plan_draws_what_eager_calls_draw() -> None:
    eager, planned = own.SeedGenerator(4), own.SeedGenerator(4)
    plan = compile(
        trace(
            lambda x: own.dropout(x, 0.5, seed=planned) + own.normal((5,), seed=planned), [Spec((None, 5), "float32")]
        )
    )
    for rows in (6, 2, 6):
        wanted = own.dropout(X[:rows], 0.5, seed=eager) + own.normal((5,), seed=eager)
        np.testing.assert_array_equal(plan(X[:rows])[0], wanted.numpy())
    np.testing.assert_array_equal(planned.state.numpy(), eager.state.numpy())


def test_the_global_seed_governs_unseeded_draws_as_in_keras() -> None:
    set_random_seed(11)
    mine = [own.normal((4,)).numpy() for _ in range(3)]
    keras.utils.set_random_seed(11)
    for drawn in mine:
        np.testing.assert_array_equal(drawn, keras.random.normal((4,)))


def test_types_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="requires a floating point `dtype`"):
        own.uniform((2,), dtype="int32")
    with pytest.raises(ValueError, match="requires an integer `dtype`"):
        own.randint((2,), 0, 5, dtype="float32")
    with pytest.raises(ValueError, match="2-D tensor"):
        own.categorical(X[0], 3)
    with pytest.raises(ValueError, match="Argument `seed` must be"):
        own.normal((2,), seed="seven")
