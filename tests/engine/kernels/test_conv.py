"""Convolution kernels against PyTorch, over drawn geometries."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels import conv, depthwise, memory
from engine.kernels.windows import output_lengths

CONVOLUTIONS = (torch.nn.functional.conv1d, torch.nn.functional.conv2d, torch.nn.functional.conv3d)


class Geometry(NamedTuple):
    batch: int
    space: tuple[int, ...]
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    channels: int
    filters: int

    @property
    def window(self) -> tuple[Any, Any, Any]:
        return self.strides, self.pads, self.dilation

    @property
    def lengths(self) -> tuple[int, ...]:
        return output_lengths(self.space, self.kernel, *self.window)

    def draw(self, *shape: int, seed: int = 0) -> np.ndarray:
        return np.random.default_rng([seed, *shape]).normal(size=shape)


@st.composite
def geometries(draw: Any, groups: int = 1) -> Geometry:
    rank = draw(st.integers(1, 3))

    def per_axis(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(rank))

    kernel, dilation = per_axis(1, 3), per_axis(1, 2)
    pads = tuple(zip(per_axis(0, 2), per_axis(0, 2), strict=True))
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    space = tuple(max(span, 1) + extra for span, extra in zip(spans, per_axis(0, 4), strict=True))
    sizes = draw(st.integers(0, 4)), space, kernel, per_axis(1, 3), pads, dilation
    return Geometry(*sizes, draw(st.integers(1, 6)) * groups, draw(st.integers(1, 5)) * groups)


def to_torch(x: np.ndarray) -> torch.Tensor:
    """Channels last to channels first, tracked."""
    return torch.tensor(np.ascontiguousarray(np.moveaxis(x, -1, 1))).requires_grad_()


def kernel_to_torch(w: np.ndarray) -> torch.Tensor:
    return torch.tensor(np.ascontiguousarray(np.moveaxis(w, (-1, -2), (0, 1)))).requires_grad_()


def from_torch(y: torch.Tensor | None) -> np.ndarray:
    assert y is not None
    return np.moveaxis(y.detach().numpy(), 1, -1)


def reference(geo: Geometry, x: np.ndarray, w: torch.Tensor, g: np.ndarray, groups: int) -> tuple[Any, Any, Any]:
    """Result, gradient by x, gradient by the kernel (in torch's layout)."""
    source = to_torch(x)
    borders = [n for pair in reversed(geo.pads) for n in pair]
    run = CONVOLUTIONS[len(geo.space) - 1]
    padded = torch.nn.functional.pad(source, borders)
    y = run(padded, w, stride=geo.strides, dilation=geo.dilation, groups=groups)
    y.backward(torch.tensor(np.ascontiguousarray(np.moveaxis(g, -1, 1))))
    return from_torch(y), from_torch(source.grad), w.grad.numpy()


def check(geo: Geometry, groups: int = 1) -> None:
    x = geo.draw(max(geo.batch, 1), *geo.space, geo.channels)
    w = geo.draw(*geo.kernel, geo.channels // groups, geo.filters, seed=1)
    g = geo.draw(len(x), *geo.lengths, geo.filters, seed=2)
    y, dx, dw = reference(geo, x, kernel_to_torch(w), g, groups)
    np.testing.assert_allclose(conv.conv(x, w, *geo.window, groups), y, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(conv.conv_grad_input(g, w, geo.space, *geo.window, groups), dx, rtol=1e-9, atol=1e-9)
    own = np.moveaxis(conv.conv_grad_kernel(x, g, geo.kernel, *geo.window, groups), (-1, -2), (0, 1))
    np.testing.assert_allclose(own, dw, rtol=1e-9, atol=1e-9)


@given(geometries())
def test_forward_and_both_gradients_equal_those_of_pytorch(geo: Geometry) -> None:
    check(geo)


@given(geometries(groups=2))
def test_groups_see_their_own_channels_only(geo: Geometry) -> None:
    check(geo, groups=2)


@pytest.mark.parametrize("channels", [1, 3, 32])
def test_many_chunks_give_what_one_chunk_gives(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    geo = Geometry(7, (9, 8), (3, 2), (1, 1), ((1, 1), (0, 1)), (1, 1), channels, 5)
    monkeypatch.setattr(memory, "CHUNK_BYTES", 1 << 30)
    x, w = geo.draw(7, 9, 8, channels), geo.draw(3, 2, channels, 5, seed=1)
    g = geo.draw(7, *geo.lengths, 5, seed=2)

    def everything() -> list[np.ndarray]:
        return [
            conv.conv(x, w, *geo.window),
            conv.conv_grad_input(g, w, geo.space, *geo.window),
            conv.conv_grad_kernel(x, g, geo.kernel, *geo.window),
        ]

    whole = everything()
    monkeypatch.setattr(memory, "CHUNK_BYTES", 1 << 14)
    for one, many in zip(whole, everything(), strict=True):
        np.testing.assert_allclose(many, one, rtol=1e-12, atol=1e-12)


@given(geometries())
def test_results_go_into_the_given_array(geo: Geometry) -> None:
    x, w = geo.draw(geo.batch, *geo.space, geo.channels), geo.draw(*geo.kernel, geo.channels, geo.filters, seed=1)
    g = geo.draw(geo.batch, *geo.lengths, geo.filters, seed=2)
    out = np.full((geo.batch, *geo.lengths, geo.filters), np.nan)
    assert conv.conv(x, w, *geo.window, out=out) is out
    np.testing.assert_array_equal(out, conv.conv(x, w, *geo.window))
    by_input, by_kernel = np.full(x.shape, np.nan), np.full(w.shape, np.nan)
    conv.conv_grad_input(g, w, geo.space, *geo.window, out=by_input)
    conv.conv_grad_kernel(x, g, geo.kernel, *geo.window, out=by_kernel)
    assert np.isfinite(by_input).all() and np.isfinite(by_kernel).all()


@given(geometries(), st.integers(1, 3))
def test_depthwise_equals_a_grouped_convolution_of_pytorch(geo: Geometry, multiplier: int) -> None:
    geo = geo._replace(batch=max(geo.batch, 1))
    x = geo.draw(geo.batch, *geo.space, geo.channels)
    w = geo.draw(*geo.kernel, geo.channels, multiplier, seed=1)
    g = geo.draw(geo.batch, *geo.lengths, geo.channels * multiplier, seed=2)
    rank = len(geo.space)
    grouped = np.moveaxis(w.reshape(*geo.kernel, 1, -1), (-1, -2), (0, 1))
    tracked = torch.tensor(np.ascontiguousarray(grouped)).requires_grad_()
    y, dx, dw = reference(geo, x, tracked, g, geo.channels)
    np.testing.assert_allclose(depthwise.depthwise(x, w, *geo.window), y, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(depthwise.depthwise_grad_input(g, w, geo.space, *geo.window), dx, rtol=1e-9, atol=1e-9)
    own = depthwise.depthwise_grad_kernel(x, g, geo.kernel, multiplier, *geo.window)
    wanted = np.moveaxis(dw[:, 0], 0, -1).reshape(w.shape)
    assert own.ndim == rank + 2
    np.testing.assert_allclose(own, wanted, rtol=1e-9, atol=1e-9)


def test_float32_is_as_exact_as_pytorch() -> None:
    rng = np.random.default_rng(3)
    x, w = rng.normal(size=(4, 12, 12, 32)), rng.normal(size=(3, 3, 32, 16))
    exact = conv.conv(x, w, (1, 1), ((0, 0), (0, 0)), (1, 1))
    single = conv.conv(x.astype("float32"), w.astype("float32"), (1, 1), ((0, 0), (0, 0)), (1, 1))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, exact, rtol=2e-5, atol=2e-5)
