"""Normalization ops against Keras's NumPy backend and finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import ops
from engine.core.errors import ShapeError
from engine.core.tape import GradientTape
from engine.core.tensor import Tensor
from tests.engine.ops.oracle import check_gradient, draw, keras, same, same_as_keras


@pytest.mark.parametrize("options", [{"axes": [0]}, {"axes": [1, 2], "keepdims": True}, {"axes": [0, 1, 2]}])
def test_moments(options: dict[str, Any]) -> None:
    same_as_keras("moments", draw(1, 4, 5, 3) + 2, **options)


@pytest.mark.parametrize("axis", [-1, 1])
def test_batch_normalization_by_given_moments(axis: int) -> None:
    size = (4, 5, 3)[axis]
    x, mean, offset, scale = draw(1, 4, 5, 3), draw(2, size), draw(4, size), draw(5, size)
    variance = np.abs(draw(3, size)) + 0.1
    same_as_keras("batch_normalization", x, mean, variance, axis, offset=offset, scale=scale)
    same_as_keras("batch_normalization", x, mean, variance, axis, epsilon=0.1)
    check_gradient(lambda *v: ops.batch_normalization(*v[:3], axis, *v[3:]), x, mean, variance, offset, scale)


@pytest.mark.parametrize("axis", [-1, (1, 2), 0])
def test_layer_normalization(axis: Any) -> None:
    x = draw(1, 4, 5, 3) * 2 + 1
    axes = (axis,) if isinstance(axis, int) else axis
    gamma, beta = (draw(seed, *(x.shape[a] for a in axes)) for seed in (2, 3))
    for options in ({}, {"gamma": gamma, "beta": beta}, {"gamma": gamma, "beta": beta, "epsilon": 1e-2}):
        wanted = keras.ops.layer_normalization(x, axis=list(axes), **options)
        same(ops.layer_normalization(x, axis=axis, **options), wanted, rtol=1e-4, atol=1e-5)
    check_gradient(lambda *v: ops.layer_normalization(*v, axis=axis), x, gamma, beta)


def test_layer_normalization_of_half_precision_counts_in_float32() -> None:
    x = (draw(1, 3, 300) * 200).astype("float16")
    y = ops.layer_normalization(x)
    same(y, keras.ops.layer_normalization(x), rtol=2e-3, atol=2e-3)
    assert y.dtype == "float16" and np.isfinite(y.numpy()).all()


@pytest.mark.parametrize("options", [{}, {"axis": 1}, {"epsilon": 0.1}])
def test_rms_normalization(options: dict[str, Any]) -> None:
    x, scale = draw(1, 4, 5, 3), draw(2, 3)
    same_as_keras("rms_normalization", x, **options)
    same(ops.rms_normalization(x, scale, **options), keras.ops.rms_normalization(x, scale, **options))
    check_gradient(lambda *v: ops.rms_normalization(*v, **options), x, scale)


@pytest.mark.parametrize("options", [{}, {"axis": 0}, {"order": 1}, {"order": 3}, {"epsilon": 10.0}])
def test_normalize_to_unit_length(options: dict[str, Any]) -> None:
    x = draw(1, 4, 5)
    x[2] = 0
    with np.errstate(divide="ignore"):  # Keras divides by the zero norm before it limits the result
        same_as_keras("normalize", x, **options)
    with pytest.raises(ValueError, match="must be an int >= 1"):
        ops.normalize(x, order=0)


def test_batch_norm_train_equals_moments_and_normalization() -> None:
    x, gamma, beta = draw(1, 6, 4, 4, 3) * 3 + 2, draw(2, 3), draw(3, 3)
    y, mean, variance = ops.batch_norm_train(x, gamma, beta, epsilon=1e-3)
    axes = [0, 1, 2]
    wanted_mean, wanted_variance = keras.ops.moments(x, axes)
    same([mean, variance], [wanted_mean, wanted_variance], rtol=1e-4)
    same(y, keras.ops.batch_normalization(x, wanted_mean, wanted_variance, -1, beta, gamma), rtol=1e-3, atol=1e-4)
    check_gradient(lambda *v: ops.batch_norm_train(*v, epsilon=1e-3), x, gamma, beta)
    check_gradient(lambda v: ops.batch_norm_train(v, None, None, epsilon=1e-3), x)


def test_batch_norm_train_gives_no_gradient_for_what_is_not_there() -> None:
    x = Tensor(draw(1, 6, 3))
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(ops.batch_norm_train(x, None, None, epsilon=1e-3)[0] ** 3)
    assert tape.gradient(y, x).shape == (6, 3)


def test_batch_norm_train_refuses_weights_of_another_size() -> None:
    with pytest.raises(ShapeError, match="gamma has shape"):
        ops.batch_norm_train(draw(1, 6, 3), draw(2, 4), None, epsilon=1e-3)


def test_the_variance_of_large_halves_is_the_largest_half() -> None:
    x = np.array([-741.0, 353.2, 1099.0, -1807.0], "float16")
    mean, variance = ops.moments(x, axes=[0])
    assert float(variance) == float(np.finfo("float16").max)
    assert float(mean) == float(x.astype("float32").mean().astype("float16"))
