"""Activations against Keras's NumPy backend and finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import ops
from tests.engine.ops.oracle import check_gradient, draw, gradient_of, keras, same_as_keras

PLAIN = (
    "relu relu6 sigmoid softplus softsign silu swish log_sigmoid hard_sigmoid hard_silu hard_swish selu tanh_shrink "
    "hard_tanh sparse_plus sparse_sigmoid leaky_relu elu celu glu gelu hard_shrink "
    "soft_shrink squareplus softmax log_softmax sparsemax erf"
).split()
WITH_OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("gelu", {"approximate": False}),
    ("leaky_relu", {"negative_slope": 0.05}),
    ("elu", {"alpha": 0.3}),
    ("celu", {"alpha": 1.7}),
    ("glu", {"axis": 0}),
    ("hard_shrink", {"threshold": 0.2}),
    ("soft_shrink", {"threshold": 0.2}),
    ("squareplus", {"b": 1.5}),
    ("threshold", {"threshold": 0.1, "default_value": -3.0}),
    ("softmax", {"axis": 0}),
    ("softmax", {"axis": (0, 1)}),
    ("log_softmax", {"axis": 1}),
    ("sparsemax", {"axis": 0}),
]
ALL = [(name, {}) for name in PLAIN] + WITH_OPTIONS


@pytest.mark.parametrize(("name", "options"), ALL, ids=lambda v: v if isinstance(v, str) else "-".join(v) or "plain")
def test_values_are_those_of_keras(name: str, options: dict[str, Any]) -> None:
    x = draw(1, 4, 6) * 3
    if name != "sparsemax":  # Keras 3.15.1's sums are not those of the projection; see the next test
        same_as_keras(name, x, **options)


@pytest.mark.parametrize("axis", [-1, 0])
def test_sparsemax_is_the_projection_onto_the_simplex(axis: int) -> None:
    """A point is the nearest one exactly if all its positive entries are moved by one and the same amount."""
    x = draw(1, 4, 6) * 3
    y = ops.sparsemax(x, axis=axis).numpy()
    np.testing.assert_allclose(y.sum(axis), 1.0, rtol=1e-6)
    assert (y >= 0).all() and (y == 0).any()
    amount = np.where(y > 0, x - y, -np.inf).max(axis, keepdims=True)
    np.testing.assert_allclose(np.maximum(x - amount, 0), y, atol=1e-5)


@pytest.mark.parametrize(("name", "options"), ALL, ids=lambda v: v if isinstance(v, str) else "-".join(v) or "plain")
def test_gradients_agree_with_finite_differences(name: str, options: dict[str, Any]) -> None:
    check_gradient(lambda x: getattr(ops, name)(x, **options), draw(1, 4, 6) * 3)


@pytest.mark.parametrize("name", ["gelu", "sigmoid", "softmax", "log_softmax", "softplus", "silu", "erf"])
def test_second_derivatives_agree_with_finite_differences(name: str) -> None:
    from engine.core.tape import GradientTape

    def slope(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            y = ops.sum(getattr(ops, name)(x) ** 2)
        return tape.gradient(y, x)

    check_gradient(slope, draw(2, 3, 4))


@pytest.mark.parametrize("name", ["sigmoid", "gelu", "softplus", "softmax", "log_softmax", "elu", "silu"])
def test_whole_numbers_become_floats(name: str) -> None:
    assert getattr(ops, name)(np.array([1, 2], "int32")).dtype == "float32"


@pytest.mark.parametrize("name", PLAIN)
def test_an_empty_batch_stays_empty(name: str) -> None:
    assert getattr(ops, name)(np.zeros((0, 4), "float32")).shape == ((0, 2) if name == "glu" else (0, 4))


def test_far_out_numbers_stay_finite() -> None:
    far = np.array([-1e4, -100.0, 100.0, 1e4], "float32")
    for name in ("sigmoid", "softplus", "elu", "selu", "gelu", "silu", "log_sigmoid", "softmax", "log_softmax"):
        assert np.isfinite(getattr(ops, name)(far).numpy()).all(), name
        assert np.isfinite(gradient_of(getattr(ops, name), far)[0]).all(), name


def test_relu_passes_no_gradient_at_zero() -> None:
    x = np.array([-1.0, 0.0, 2.0], "float32")
    np.testing.assert_array_equal(gradient_of(ops.relu, x)[0], [0, 0, 1])


def test_functional_graphs_name_keras_classes() -> None:
    from engine.core.op import KERAS_CLASSES

    names = {*PLAIN, "threshold"} - {"swish", "hard_swish", "erf"}
    for name in names:
        public = getattr(ops, name)
        module, cls = public.keras
        assert hasattr(__import__(module, fromlist=[cls]), cls), f"{module}.{cls}"
        assert KERAS_CLASSES[public.keras] is public
    assert keras.ops.relu is not None
