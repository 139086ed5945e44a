"""Functions of single numbers against PyTorch in double precision, in every float type and beyond one piece."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from engine.kernels import pointwise
from engine.kernels.memory import aligned_empty

FORWARD: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "sigmoid": (pointwise.sigmoid, torch.sigmoid),
    "softplus": (pointwise.softplus, lambda t: torch.logaddexp(t, torch.zeros_like(t))),
    "erf": (pointwise.erf, torch.erf),
    "gelu": (pointwise.gelu, torch.nn.functional.gelu),
    "gelu_tanh": (pointwise.gelu_tanh, lambda t: torch.nn.functional.gelu(t, approximate="tanh")),
}
GRADIENTS = {"gelu": pointwise.gelu_grad, "gelu_tanh": pointwise.gelu_tanh_grad}
TOLERANCE = {"float64": 2e-14, "float32": 2e-6, "float16": 4e-3}


def numbers(dtype: str) -> np.ndarray:
    """Around zero and far out, in an odd shape of more than one piece."""
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(size=30_000) * 3, rng.normal(size=9_999) * 1e-4, [0.0]])
    return np.clip(x, -12, 12).astype(dtype).reshape(80, -1)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", FORWARD)
def test_values_are_those_of_pytorch(name: str, dtype: str) -> None:
    own, reference = FORWARD[name]
    x = numbers(dtype)
    result = own(x)
    assert result.dtype == x.dtype and result.shape == x.shape
    wanted = reference(torch.tensor(x.astype("float64"))).numpy()
    np.testing.assert_allclose(result, wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", GRADIENTS)
def test_slopes_are_those_of_pytorch(name: str, dtype: str) -> None:
    x = numbers(dtype)
    source = torch.tensor(x.astype("float64")).requires_grad_()
    g = np.random.default_rng(2).normal(size=x.shape).astype(dtype)
    FORWARD[name][1](source).backward(torch.tensor(g.astype("float64")))
    np.testing.assert_allclose(GRADIENTS[name](g, x), source.grad.numpy(), rtol=1e-3, atol=3 * TOLERANCE[dtype])


@pytest.mark.parametrize("name", FORWARD)
def test_extreme_numbers_warn_of_nothing_and_reach_their_limits(name: str) -> None:
    extremes = np.array([-1e30, -200.0, 200.0, 1e30], "float32")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = FORWARD[name][0](extremes)
        slopes = [own(np.ones(4, "float32"), extremes) for own in GRADIENTS.values()]
    for slope in slopes:
        np.testing.assert_allclose(slope, [0, 0, 1, 1], atol=1e-30)
    limits = {"sigmoid": [0, 0, 1, 1], "erf": [-1, -1, 1, 1]}.get(name, [0, 0, 200, 1e30])
    np.testing.assert_allclose(result, limits, atol=1e-30)


@pytest.mark.parametrize("name", FORWARD)
def test_single_numbers_empty_arrays_and_given_arrays(name: str) -> None:
    own, _ = FORWARD[name]
    x = np.array([0.3], "float32")
    np.testing.assert_array_equal(own(x[0:1].reshape(())), own(x)[0])
    assert own(np.zeros((0, 3), "float32")).shape == (0, 3)
    out = np.full(1, np.nan, "float32")
    assert own(x, out) is out
    np.testing.assert_array_equal(out, own(x))
    strided = np.asarray(numbers("float32").T)
    np.testing.assert_array_equal(own(strided), own(np.ascontiguousarray(strided)))


def test_small_arguments_of_erf_keep_their_relative_precision() -> None:
    x = np.geomspace(1e-12, 0.6, 500)
    np.testing.assert_allclose(pointwise.erf(x), torch.erf(torch.tensor(x)).numpy(), rtol=1e-14)
    single = pointwise.erf(x.astype("float32"))
    np.testing.assert_allclose(single, torch.erf(torch.tensor(x)).numpy(), rtol=1e-6)


@pytest.mark.parametrize("axis", [-1, 0, (0, 2)])
def test_softmax_and_its_logarithm(axis: Any) -> None:
    x = np.random.default_rng(3).normal(size=(3, 4, 5)) * 30 + 500
    y = pointwise.softmax(x, axis)
    np.testing.assert_allclose(y.sum(axis), 1.0)
    np.testing.assert_allclose(pointwise.log_softmax(x, axis), np.log(y), rtol=1e-9, atol=1e-12)
    g = np.random.default_rng(4).normal(size=x.shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    source = torch.tensor(x).requires_grad_()
    centred = source - torch.amax(source, axes, keepdim=True)
    (centred.exp() / centred.exp().sum(axes, keepdim=True)).backward(torch.tensor(g))
    np.testing.assert_allclose(pointwise.softmax_grad(g, y, axis), source.grad.numpy(), rtol=1e-8, atol=1e-12)
    out = aligned_empty(x.shape, x.dtype)
    np.copyto(out, x)
    np.testing.assert_array_equal(pointwise.softmax(out, axis, out=out), y)


@pytest.mark.parametrize("shape", [(5,), (3, 40_000), (0, 4)])
def test_gradients_pass_where_the_result_is_positive(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(5)
    g, y = rng.normal(size=shape).astype("float32"), np.maximum(rng.normal(size=shape), 0).astype("float32")
    out = np.full(shape, np.nan, "float32")
    wanted = np.where(y > 0, g, 0)
    np.testing.assert_array_equal(pointwise.where_positive(g, y), wanted)
    assert pointwise.where_positive(g, y, out) is out
    np.testing.assert_array_equal(out, wanted)
    assert pointwise.where_positive(g, y, g) is g  # over its own input
    np.testing.assert_array_equal(g, wanted)
