"""Pooling kernels against PyTorch and JAX."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from jax import lax

from engine.kernels import memory, pool
from tests.engine.kernels.test_conv import from_torch, to_torch

MAX_POOLS = (torch.nn.functional.max_pool1d, torch.nn.functional.max_pool2d, torch.nn.functional.max_pool3d)
AVERAGE_POOLS = (torch.nn.functional.avg_pool1d, torch.nn.functional.avg_pool2d, torch.nn.functional.avg_pool3d)


@st.composite
def pools(draw: Any) -> tuple[Any, ...]:
    """x, size, strides, pads (the same on both sides, at most half the size, as PyTorch wants them)."""
    rank = draw(st.integers(1, 3))
    size = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    strides = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    pads = tuple((n, n) for n in (draw(st.integers(0, k // 2)) for k in size))
    space = tuple(k + draw(st.integers(0, 4)) for k in size)
    x = np.random.default_rng(draw(st.integers(0, 99))).normal(size=(draw(st.integers(1, 3)), *space, 3))
    return x, size, strides, pads


def drawn_like(y: np.ndarray) -> np.ndarray:
    return np.random.default_rng(8).normal(size=y.shape)


def torch_pool(
    functions: Any, x: np.ndarray, size: Any, strides: Any, pads: Any, **options: Any
) -> tuple[Any, Any, Any]:
    source = to_torch(x)
    y = functions[len(size) - 1](source, size, strides, tuple(a for a, _ in pads), **options)
    g = drawn_like(from_torch(y))
    y.backward(torch.tensor(np.ascontiguousarray(np.moveaxis(g, -1, 1))))
    return from_torch(y), g, from_torch(source.grad)


@given(pools())
def test_max_pool_and_its_gradient_equal_those_of_pytorch(case: Any) -> None:
    x, size, strides, pads = case
    y, g, dx = torch_pool(MAX_POOLS, x, size, strides, pads)
    own = pool.max_pool(x, size, strides, pads)
    np.testing.assert_array_equal(own, y)
    np.testing.assert_allclose(pool.max_pool_grad(g, own, x, size, strides, pads), dx, rtol=1e-12, atol=1e-12)


@given(pools())
def test_average_pool_does_not_count_borders(case: Any) -> None:
    x, size, strides, pads = case
    y, g, dx = torch_pool(AVERAGE_POOLS, x, size, strides, pads, count_include_pad=False)
    np.testing.assert_allclose(pool.average_pool(x, size, strides, pads), y, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(pool.average_pool_grad(g, x, size, strides, pads), dx, rtol=1e-12, atol=1e-12)


def jax_max_pool_grad(x: np.ndarray, g: np.ndarray, size: Any, strides: Any, padding: str) -> np.ndarray:
    def run(v: Any) -> Any:
        return lax.reduce_window(v, -np.inf, lax.max, (1, *size, 1), (1, *strides, 1), padding)

    return np.asarray(jax.vjp(run, x)[1](g)[0])


@pytest.mark.parametrize(("size", "strides"), [((2, 2), (2, 2)), ((3, 2), (1, 2))])
def test_equal_elements_leave_the_gradient_to_the_first_as_in_jax(size: Any, strides: Any) -> None:
    x = np.random.default_rng(2).integers(0, 2, (2, 6, 6, 2)).astype("float32")
    none = ((0, 0), (0, 0))
    y = pool.max_pool(x, size, strides, none)
    g = drawn_like(y).astype("float32")
    wanted = jax_max_pool_grad(x, g, size, strides, "VALID")
    np.testing.assert_allclose(pool.max_pool_grad(g, y, x, size, strides, none), wanted, rtol=1e-6)


def test_borders_never_win_against_negative_numbers() -> None:
    x = np.full((1, 3, 3, 1), -5.0, "float32")
    pads = ((0, 1), (0, 1))
    y = pool.max_pool(x, (2, 2), (2, 2), pads)
    np.testing.assert_array_equal(y, np.full((1, 2, 2, 1), -5.0))
    assert pool.max_pool_grad(np.ones_like(y), y, x, (2, 2), (2, 2), pads).sum() == 4
    whole = pool.max_pool(np.full((1, 3, 3, 1), -5, "int32"), (2, 2), (2, 2), pads)
    assert whole.dtype == np.int32 and (whole == -5).all()


def test_many_chunks_give_what_one_chunk_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(1).normal(size=(9, 8, 8, 4))
    arguments = (2, 3), (2, 2), ((0, 0), (1, 1))
    y = pool.max_pool(x, *arguments)
    g = drawn_like(y)

    def everything() -> list[np.ndarray]:
        return [
            pool.max_pool(x, *arguments),
            pool.max_pool_grad(g, y, x, *arguments),
            pool.average_pool(x, *arguments),
            pool.average_pool_grad(g, x, *arguments),
        ]

    whole = everything()
    monkeypatch.setattr(memory, "CHUNK_BYTES", 1 << 12)
    for one, many in zip(whole, everything(), strict=True):
        np.testing.assert_array_equal(many, one)


def test_an_empty_batch_stays_empty() -> None:
    x = np.zeros((0, 4, 4, 3), "float32")
    none = ((0, 0), (0, 0))
    y = pool.max_pool(x, (2, 2), (2, 2), none)
    assert y.shape == (0, 2, 2, 3)
    assert pool.max_pool_grad(y, y, x, (2, 2), (2, 2), none).shape == x.shape
    assert pool.average_pool_grad(y, x, (2, 2), (2, 2), none).shape == x.shape
