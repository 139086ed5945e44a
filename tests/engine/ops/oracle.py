"""Comparing ops with Keras's NumPy backend, gradients with finite differences, and plans with eager calls."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

from engine import ops  # noqa: E402
from engine.core.graph import trace  # noqa: E402
from engine.core.plan import compile  # noqa: E402
from engine.core.tape import GradientTape  # noqa: E402
from engine.core.tensor import Spec, Tensor  # noqa: E402

assert keras.config.backend() == "numpy"


def draw(seed: int, *shape: int, dtype: str = "float32") -> np.ndarray:
    """Normal numbers."""
    return np.random.default_rng([seed, len(shape)]).normal(size=shape).astype(dtype)


def parts(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


def same(own: Any, wanted: Any, rtol: float = 2e-5, atol: float = 2e-6) -> None:
    """Equal values, shapes and types."""
    for a, b in zip(parts(own), parts(wanted), strict=True):
        b = np.asarray(b)
        assert (a.shape, a.dtype) == (b.shape, b.dtype.name)
        np.testing.assert_allclose(a.numpy(), b, rtol=rtol, atol=atol)


def same_as_keras(name: str, *inputs: Any, rtol: float = 2e-5, atol: float = 2e-6, **options: Any) -> None:
    """`engine.ops.name` and `keras.ops.name` on the same arguments, and the plan of ours with open batch."""
    wanted = getattr(keras.ops, name)(*inputs, **options)
    own = getattr(ops, name)(*inputs, **options)
    same(own, wanted, rtol, atol)
    same_in_a_plan(lambda *x: getattr(ops, name)(*x, **options), inputs, own)


def same_in_a_plan(function: Callable[..., Any], inputs: Sequence[Any], eager: Any) -> None:
    """The compiled function gives the bits of the eager call, whatever the batch."""
    values = [x for x in inputs if isinstance(x, np.ndarray)]
    rest = {i: x for i, x in enumerate(inputs) if not isinstance(x, np.ndarray)}

    def with_rest(*symbols: Any) -> Any:
        given = list(symbols)
        for i in sorted(rest):
            given.insert(i, rest[i])
        return function(*given)

    plan = compile(trace(with_rest, [Spec(x.shape, x.dtype.name) for x in values]))
    for planned, y in zip(plan(*values), parts(eager), strict=True):
        np.testing.assert_array_equal(planned, y.numpy())


def check_gradient(function: Callable[..., Any], *inputs: np.ndarray, step: float = 1e-6, rel: float = 1e-5) -> None:
    """The tape's gradients along a drawn direction agree with finite differences in double precision."""
    values = [Tensor(np.asarray(x, "float64")) for x in inputs]

    def value(arguments: list[Any]) -> Any:
        total: Any = 0.0
        for k, y in enumerate(parts(function(*arguments))):
            total = total + ops.sum(y * Tensor(draw(70 + k, *y.shape, dtype="float64")))
        return total

    with GradientTape() as tape:
        tape.watch(values)
        result = value(values)
    for i, gradient in enumerate(tape.gradient(result, values)):
        direction = draw(80 + i, *values[i].shape, dtype="float64")
        moved = [list(values), list(values)]
        for sign, arguments in zip((1, -1), moved, strict=True):
            arguments[i] = Tensor(values[i].numpy() + sign * step * direction)
        numeric = (float(value(moved[0])) - float(value(moved[1]))) / (2 * step)
        assert gradient is not None, f"no gradient for input {i}"
        assert float((gradient.numpy() * direction).sum()) == pytest.approx(numeric, rel=rel, abs=1e-6), f"input {i}"


def gradient_of(function: Callable[..., Any], *inputs: np.ndarray) -> list[np.ndarray]:
    """Gradients of the sum of the result."""
    values = [Tensor(x) for x in inputs]
    with GradientTape() as tape:
        tape.watch(values)
        result = ops.sum(function(*values))
    return [None if g is None else g.numpy() for g in tape.gradient(result, values)]
