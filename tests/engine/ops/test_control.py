"""Choices, loops and scans: the same values and gradients eagerly, in plans, and in Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine import Variable, ops
from engine.core.errors import ShapeError, TraceError
from engine.core.graph import trace
from engine.core.plan import compile, function
from engine.core.tape import GradientTape
from engine.core.tensor import Spec, Tensor
from tests.engine.ops.oracle import check_gradient, draw, keras, same

X = draw(1, 4, 3)
W = draw(2, 3, 3)


def recurrence(o: Any, x: Any, w: Any, **options: Any) -> Any:
    def step(state: Any, row: Any) -> Any:
        after = o.tanh(o.matmul(state, w) + row)
        return after, {"state": after, "sum": o.sum(row)}

    final, ys = o.scan(step, o.zeros_like(x[0]), x, **options)
    return [final, ys["state"], ys["sum"]]


PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[np.ndarray, ...]]] = {
    "scan": (recurrence, (X, W)),
    "scan backwards": (lambda o, x, w: recurrence(o, x, w, reverse=True), (X, W)),
    "scan unrolled": (lambda o, x, w: recurrence(o, x, w, unroll=True), (X, W)),
    "scan without values": (
        lambda o, w: list(o.scan(lambda c, _: (o.matmul(c, w), o.max(c)), o.ones_like(w[:2]), length=3)),
        (W,),
    ),
    "scan in scan": (
        lambda o, x, w: [
            o.scan(
                lambda c, row: (c + o.scan(lambda d, v: (d * 0.5 + v * c, None), o.sum(w), row)[0], c * row),
                o.sum(x),
                x,
            )[1]
        ],
        (X, W),
    ),
    "map": (lambda o, x: [o.map(lambda row: o.sum(row * row), x)], (X,)),
    "vectorized_map of two": (
        lambda o, x, w: [o.vectorized_map(lambda pair: o.matmul(pair[0], w) * pair[1], [x, x])],
        (X, W),
    ),
    "fori_loop": (
        lambda o, w: [o.fori_loop(1, 4, lambda i, v: o.tanh(o.matmul(v, w)) * o.cast(i, w.dtype), w)],
        (W,),
    ),
    "cond true": (lambda o, x: [o.cond(o.sum(x) > -1e9, lambda: o.sin(x), lambda: x * x)], (X,)),
    "cond false": (lambda o, x: [o.cond(o.sum(x) < -1e9, lambda: o.sin(x), lambda: x * x)], (X,)),
    "switch": (
        lambda o, x, w: [
            o.switch(
                o.argmax(o.stack([o.sum(x) * 0, o.sum(x) * 0 + 1])),
                [lambda a: a @ w, lambda a: a * a @ o.transpose(w)],
                x,
            )
        ],
        (X, W),
    ),
    "associative_scan": (  # Keras's NumPy backend answers in float64
        lambda o, x: [
            o.cast(o.associative_scan(lambda a, b: a * b, x), x.dtype),
            o.cast(o.associative_scan(o.add, x, reverse=True, axis=1), x.dtype),
        ],
        (X,),
    ),
    "while_loop": (
        lambda o, x: list(o.while_loop(lambda i, v: o.sum(i) < 3, lambda i, v: (i + 1, o.tanh(v) * v), (0, x))),
        (X,),
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_values_are_those_of_keras_eagerly_and_in_a_plan(name: str) -> None:
    program, inputs = PROGRAMS[name]
    wanted = program(keras.ops, *inputs)
    own = program(ops, *[Tensor(x) for x in inputs])
    same(own, wanted)
    plan = compile(trace(lambda *x: program(ops, *x), [Spec(x.shape, "float32") for x in inputs]))
    for _ in range(2):
        for planned, y in zip(plan(*inputs), own, strict=True):
            np.testing.assert_array_equal(planned, y.numpy())


def floats(values: list[Any]) -> list[Any]:
    return [v for v in values if v.dtype.startswith("float")]


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_agree_with_finite_differences(name: str) -> None:
    program, inputs = PROGRAMS[name]
    check_gradient(lambda *x: floats(program(ops, *x)), *inputs)


def slopes(program: Callable[..., Any], *values: Any) -> list[Any]:
    with GradientTape() as tape:
        tape.watch(list(values))
        total = sum(ops.sum(y * y) for y in floats(program(ops, *values)))
    return tape.gradient(total, list(values))


def curvature(program: Callable[..., Any], *values: Any) -> list[Any]:
    with GradientTape() as tape:
        tape.watch(list(values))
        total = sum(ops.sum(g * g) for g in slopes(program, *values))
    return tape.gradient(total, list(values))


@pytest.mark.parametrize("order", [slopes, curvature])
@pytest.mark.parametrize("name", [n for n in PROGRAMS if n != "while_loop"])
def test_plans_differentiate_as_tapes_do(name: str, order: Callable[..., Any]) -> None:
    """Inside a plan the gradient of a scan is a scan; eagerly it is every step's own. Twice, for second derivatives."""
    program, inputs = PROGRAMS[name]
    eager = order(program, *[Tensor(x) for x in inputs])
    plan = compile(trace(lambda *x: order(program, *x), [Spec(x.shape, "float32") for x in inputs]))
    for planned, g in zip(plan(*inputs), eager, strict=True):
        np.testing.assert_allclose(planned, g.numpy(), rtol=2e-4, atol=1e-4)


def test_a_while_loop_is_differentiated_step_by_step() -> None:
    program, inputs = PROGRAMS["while_loop"]
    with pytest.raises(TraceError, match="number of steps"):
        trace(lambda x: slopes(program, x), [Spec(inputs[0].shape, "float32")])


def test_variables_assigned_in_branches_and_loops_keep_their_last_value() -> None:
    counter = Variable(np.zeros((), "float32"), trainable=False)

    def count(x: Any) -> Any:
        ops.scan(lambda c, row: (c, counter.assign_add(ops.sum(row))), (), x)
        ops.cond(ops.sum(x) > 0, lambda: counter.assign_add(100.0), lambda: counter.assign_add(0.0))
        ops.while_loop(
            lambda i: i < 2, lambda i: (counter.assign_add(1000.0), i + 1)[1:], (ops.cast(ops.sum(x) * 0, "int32"),)
        )
        return counter.value

    eager = float(count(Tensor(X + 2)))
    assert eager == pytest.approx(float((X + 2).sum()) + 2100, rel=1e-6)
    counter.assign(0.0)
    assert float(function(count)(X + 2)) == pytest.approx(eager, rel=1e-6)
    assert float(counter) == pytest.approx(eager, rel=1e-6)


def test_plans_take_any_number_of_steps() -> None:
    compiled = function(lambda x: ops.scan(lambda c, row: (c + row, c * row), ops.zeros((3,)), x)[1])
    for n in (0, 1, 5, 3):
        x = draw(3, n, 3)
        eager = ops.scan(lambda c, row: (c + row, c * row), ops.zeros((3,)), x)[1]
        np.testing.assert_array_equal(compiled(x).numpy(), eager.numpy())


def test_jvp_is_the_directional_derivative() -> None:
    direction = draw(4, 4, 3, dtype="float64")
    x = X.astype("float64")
    value, slope = ops.jvp(lambda v: ops.tanh(v) * ops.sum(v), (x,), (direction,))
    step = 1e-6

    def at(v: np.ndarray) -> np.ndarray:
        return np.tanh(v) * v.sum()

    np.testing.assert_allclose(value.numpy(), at(x))
    np.testing.assert_allclose(
        slope.numpy(), (at(x + step * direction) - at(x - step * direction)) / (2 * step), rtol=1e-6, atol=1e-7
    )
    assert ops.jvp(lambda v: (v, "extra"), (x,), (direction,), has_aux=True)[2] == "extra"


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(TypeError, match="callable"):
        ops.scan(3, 0)
    with pytest.raises(ValueError, match="`length` not provided"):
        ops.scan(lambda c, x: (c, x), 0)
    with pytest.raises(ValueError, match="disagrees"):
        ops.scan(lambda c, x: (c, x), 0, X, length=7)
    with pytest.raises(ValueError, match="same first dimension"):
        ops.associative_scan(ops.add, [X, W])
    with pytest.raises(ShapeError, match="comes out as"):
        trace(lambda x: ops.scan(lambda c, row: (row, c), ops.zeros(()), x)[0], [Spec((4, 3), "float32")])
    with pytest.raises((ShapeError, ValueError), match="same kind"):
        trace(lambda x: ops.cond(ops.sum(x) > 0, lambda: x, lambda: x[0]), [Spec((4, 3), "float32")])


def test_custom_gradients_replace_the_rule() -> None:
    @ops.custom_gradient
    def clipped(x: Any) -> Any:
        def grad(*args: Any, upstream: Any = None) -> Any:
            return ops.clip(upstream if upstream is not None else args[0], -0.5, 0.5)

        return x * 1.0, grad

    x = Tensor(X)
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(clipped(x) * 3.0)
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), np.full_like(X, 0.5))
