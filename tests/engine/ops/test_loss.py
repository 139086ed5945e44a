"""Cross-entropies and codes against Keras's NumPy backend and finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import ops
from engine.core.errors import ShapeError
from engine.core.tape import GradientTape
from tests.engine.ops.oracle import check_gradient, draw, gradient_of, keras, same, same_as_keras


def shares(seed: int, *shape: int) -> np.ndarray:
    """Positive numbers that do not sum to 1."""
    return np.random.default_rng(seed).uniform(0.05, 0.95, shape).astype("float32")


@pytest.mark.parametrize("logits", [False, True])
@pytest.mark.parametrize(("shape", "axis"), [((4, 5), -1), ((2, 3, 5), -1), ((2, 5, 3), 1)])
def test_categorical_crossentropy(shape: Any, axis: int, logits: bool) -> None:
    output = draw(1, *shape) * 3 if logits else shares(1, *shape)
    same_as_keras("categorical_crossentropy", shares(2, *shape), output, from_logits=logits, axis=axis)
    check_gradient(
        lambda t, o: ops.categorical_crossentropy(t, o, from_logits=logits, axis=axis), shares(2, *shape), output
    )


@pytest.mark.parametrize("logits", [False, True])
@pytest.mark.parametrize("shape", [(4, 5), (2, 3, 5)])
def test_sparse_categorical_crossentropy(shape: Any, logits: bool) -> None:
    output = draw(1, *shape) * 3 if logits else shares(1, *shape)
    target = np.random.default_rng(3).integers(0, 5, shape[:-1]).astype("int32")
    wanted = keras.ops.sparse_categorical_crossentropy(target, output, from_logits=logits)
    for given in (target, target[..., None], target.astype("float32")):
        same(ops.sparse_categorical_crossentropy(given, output, from_logits=logits), wanted)
    check_gradient(lambda o: ops.sparse_categorical_crossentropy(target, o, from_logits=logits), output)


@pytest.mark.parametrize("logits", [False, True])
def test_binary_crossentropy(logits: bool) -> None:
    output = draw(1, 4, 3) * 3 if logits else shares(1, 4, 3)
    same_as_keras("binary_crossentropy", shares(2, 4, 3), output, from_logits=logits)
    check_gradient(lambda t, o: ops.binary_crossentropy(t, o, from_logits=logits), shares(2, 4, 3), output)


def test_probabilities_of_zero_and_one_cost_what_they_cost_in_keras() -> None:
    output = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], "float32")
    target = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]], "float32")
    for name in ("categorical_crossentropy", "binary_crossentropy"):
        same_as_keras(name, target, output)


def test_huge_logits_stay_finite() -> None:
    logits = np.array([[500.0, -500.0, 0.0]], "float32")
    target = np.array([[0.0, 1.0, 0.0]], "float32")
    assert ops.categorical_crossentropy(target, logits, from_logits=True).numpy() == pytest.approx([1000.0])
    np.testing.assert_allclose(
        ops.binary_crossentropy(target, logits, from_logits=True).numpy(), [[500.0, 500.0, np.log(2)]], rtol=1e-6
    )
    for function in (ops.categorical_crossentropy, ops.binary_crossentropy):
        gradients = gradient_of(lambda o, f=function: f(target, o, from_logits=True), logits)
        assert np.isfinite(gradients[0]).all()


def test_second_derivatives_of_the_fused_cross_entropy() -> None:
    def slopes(target: Any, logits: Any) -> Any:
        with GradientTape() as tape:
            tape.watch([target, logits])
            loss = ops.sum(ops.categorical_crossentropy(target, logits, from_logits=True) ** 2)
        return tuple(tape.gradient(loss, [target, logits]))

    check_gradient(slopes, shares(2, 3, 4), draw(1, 3, 4))


def test_shapes_that_do_not_fit_are_refused_with_both() -> None:
    with pytest.raises(ShapeError, match="must have the same shape"):
        ops.categorical_crossentropy(shares(1, 4, 5), shares(1, 4, 6))
    with pytest.raises(ShapeError, match="same shape up until the last dimension"):
        ops.sparse_categorical_crossentropy(np.zeros((3,), "int32"), shares(1, 4, 5))
    with pytest.raises(ShapeError, match="must have the same shape"):
        ops.binary_crossentropy(shares(1, 4, 1), shares(1, 4))


@pytest.mark.parametrize("options", [{}, {"axis": 0}, {"axis": 1}, {"dtype": "int32"}])
def test_one_hot(options: dict[str, Any]) -> None:
    codes = np.array([[0, 2, -1], [3, 1, 0]], "int32")
    same_as_keras("one_hot", codes, 4, **options)


def test_multi_hot() -> None:
    codes = np.array([[0, 2, 2], [3, 1, 0]], "int32")
    same(ops.multi_hot(codes, 5), keras.ops.multi_hot(codes, 5))
    same(ops.multi_hot(codes[0], 5), keras.ops.multi_hot(codes[0], 5))
    with pytest.raises(ValueError, match="num_classes"):
        ops.multi_hot(codes)
    with pytest.raises(ValueError, match="sparse"):
        ops.one_hot(codes, 5, sparse=True)
