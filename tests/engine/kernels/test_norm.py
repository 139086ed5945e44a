"""Normalization kernels against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.kernels import norm
from engine.kernels.memory import aligned_empty, aligned_zeros, chunk_size, chunks, column_sums

EPSILON = 1e-3


def draw(seed: int, *shape: int, dtype: str = "float64") -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=shape) * 2 + 3).astype(dtype)


@pytest.mark.parametrize("shape", [(40, 3), (4, 9, 11, 5), (700, 120)])
def test_batch_norm_and_its_gradients_equal_those_of_pytorch(shape: tuple[int, ...]) -> None:
    x, gamma, beta, g = draw(1, *shape), draw(2, shape[-1]), draw(3, shape[-1]), draw(4, *shape)
    out = np.empty(shape), np.empty(shape[-1]), np.empty(shape[-1])
    norm.batch_norm(x, gamma, beta, EPSILON, out)
    tx, tg, tb = (torch.tensor(v).requires_grad_() for v in (x, gamma, beta))
    flat = tx.reshape(-1, shape[-1])
    y = torch.nn.functional.batch_norm(flat, None, None, tg, tb, training=True, eps=EPSILON)
    y.backward(torch.tensor(g.reshape(-1, shape[-1])))
    np.testing.assert_allclose(out[0].reshape(-1, shape[-1]), y.detach().numpy(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(out[1], x.reshape(-1, shape[-1]).mean(0), rtol=1e-12)
    np.testing.assert_allclose(out[2], x.reshape(-1, shape[-1]).var(0), rtol=1e-12)
    gradients = np.empty(shape), np.empty(shape[-1]), np.empty(shape[-1])
    norm.batch_norm_grad(g, x, gamma, out[1], out[2], EPSILON, gradients)
    for own, wanted in zip(gradients, (tx.grad, tg.grad, tb.grad), strict=True):
        np.testing.assert_allclose(own, wanted.numpy(), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("axes", [(-1,), (0,), (0, 1, 2), (1, 2)])
def test_normalize_and_its_gradient_equal_what_pytorch_derives(axes: tuple[int, ...]) -> None:
    x, g = draw(1, 3, 4, 5, 6), draw(2, 3, 4, 5, 6)
    mean, variance = norm.moments(x, axes)
    y = norm.normalize(x, mean, variance, EPSILON)
    source = torch.tensor(x).requires_grad_()
    centred = source - source.mean(axes, keepdim=True)
    wanted = centred / torch.sqrt((centred**2).mean(axes, keepdim=True) + EPSILON)
    wanted.backward(torch.tensor(g))
    np.testing.assert_allclose(y, wanted.detach().numpy(), rtol=1e-10, atol=1e-12)
    own = norm.normalize_grad(g, y, variance, axes, EPSILON)
    np.testing.assert_allclose(own, source.grad.numpy(), rtol=1e-8, atol=1e-10)


def test_variance_keeps_its_digits_far_from_zero() -> None:
    x = (np.random.default_rng(0).normal(size=(50_000, 3)) + 1000).astype("float32")
    mean, variance = norm.moments(x, (0,))
    np.testing.assert_allclose(mean[0], x.astype("float64").mean(0), rtol=1e-6)
    np.testing.assert_allclose(variance[0], x.astype("float64").var(0), rtol=1e-3)


@pytest.mark.parametrize("rows", [0, 1, 4096, 4097, 20_000])
def test_column_sums_lose_nothing_over_long_columns(rows: int) -> None:
    x = draw(5, rows, 7, dtype="float32")
    wanted = x.astype("float64").sum(0)
    out = np.full(7, np.nan, "float32")
    np.testing.assert_allclose(column_sums(x), wanted, rtol=2e-6)
    assert column_sums(x, out) is out
    np.testing.assert_array_equal(out, column_sums(x))
    half = column_sums(x[:100].astype("float16"))
    assert half.dtype == np.float16


@pytest.mark.parametrize("shape", [(), (3, 5), (7, 1, 2)])
def test_buffers_start_on_a_boundary(shape: tuple[int, ...]) -> None:
    for dtype in ("float32", "float64", "bool"):
        array = aligned_empty(shape, dtype)
        assert array.ctypes.data % 64 == 0 and array.flags.c_contiguous and array.shape == shape
        assert not aligned_zeros(shape, dtype).any()


def test_chunks_cover_the_batch_once() -> None:
    assert chunk_size(10, 0) == 10 and chunk_size(10, 1 << 40) == 1 and chunk_size(0, 5) == 1
    covered = [i for part in chunks(10, 4) for i in range(part.start, part.stop)]
    assert covered == list(range(10))
    assert list(chunks(0, 4)) == []


def test_as_many_samples_as_features_are_still_normalized_one_by_one() -> None:
    """The means are as many as the channels, but lie along other axes."""
    x = np.random.default_rng(0).normal(size=(2, 4, 8)).astype("float32")
    mean, variance = norm.moments(x, (2,))
    expected = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-3)
    np.testing.assert_allclose(norm.normalize(x, mean, variance, 1e-3), expected, rtol=1e-5, atol=1e-6)
