"""Public convolutions against Keras's NumPy backend: layouts, borders, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine import ops
from engine.core.errors import ShapeError
from engine.core.graph import infer_specs
from engine.core.tensor import Spec
from tests.engine.ops.oracle import check_gradient, draw, gradient_of, same_as_keras

CASES: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 9, 8, 4), (3, 2, 4, 5), {}),
    ((2, 9, 8, 4), (3, 3, 4, 5), {"strides": 2, "padding": "same"}),
    ((2, 10, 7, 4), (2, 3, 4, 5), {"strides": (3, 2), "padding": "same"}),
    ((2, 9, 8, 4), (3, 3, 4, 5), {"padding": "same", "dilation_rate": 2}),
    ((2, 9, 8, 4), (2, 2, 2, 6), {"padding": "SAME"}),
    ((2, 9, 8, 4), (1, 1, 4, 5), {}),
    ((2, 9, 8, 4), (1, 1, 4, 5), {"strides": 2}),
    ((2, 4, 9, 8), (3, 3, 4, 5), {"data_format": "channels_first", "padding": "same"}),
    ((2, 9, 4), (3, 4, 5), {"strides": 2}),
    ((2, 5, 6, 4, 2), (2, 3, 2, 2, 3), {"padding": "same"}),
]


@pytest.mark.parametrize(("x", "kernel", "options"), CASES)
def test_conv_equals_that_of_keras(x: Any, kernel: Any, options: dict[str, Any]) -> None:
    same_as_keras("conv", draw(1, *x), draw(2, *kernel), **options)


@pytest.mark.parametrize(("x", "kernel", "options"), CASES)
def test_conv_gradients_agree_with_finite_differences(x: Any, kernel: Any, options: dict[str, Any]) -> None:
    check_gradient(lambda a, b: ops.conv(a, b, **options), draw(1, *x), draw(2, *kernel))


DEPTHWISE: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 9, 8, 4), (3, 2, 4, 1), {}),
    ((2, 9, 8, 4), (3, 3, 4, 2), {"strides": 2, "padding": "same"}),
    ((2, 4, 9, 8), (3, 3, 4, 2), {"data_format": "channels_first"}),
    ((2, 9, 4), (3, 4, 3), {"padding": "same"}),
]


@pytest.mark.parametrize(("x", "kernel", "options"), DEPTHWISE)
def test_depthwise_conv_equals_that_of_keras(x: Any, kernel: Any, options: dict[str, Any]) -> None:
    same_as_keras("depthwise_conv", draw(1, *x), draw(2, *kernel), **options)
    check_gradient(lambda a, b: ops.depthwise_conv(a, b, **options), draw(1, *x), draw(2, *kernel))


@pytest.mark.parametrize("options", [{}, {"strides": 2, "padding": "same"}])
def test_separable_conv_equals_that_of_keras(options: dict[str, Any]) -> None:
    values = draw(1, 2, 9, 8, 3), draw(2, 3, 3, 3, 2), draw(3, 1, 1, 6, 5)
    same_as_keras("separable_conv", *values, **options)
    check_gradient(lambda *v: ops.separable_conv(*v, **options), *values)


def test_causal_padding_looks_at_the_past_only() -> None:
    x, kernel = draw(1, 1, 8, 2), draw(2, 3, 2, 4)
    y = ops.conv(x, kernel, padding="causal", dilation_rate=2)
    assert y.shape == (1, 8, 4)
    changed = x.copy()
    changed[:, 5:] += 1
    np.testing.assert_array_equal(
        ops.conv(changed, kernel, padding="causal", dilation_rate=2).numpy()[:, :5], y.numpy()[:, :5]
    )
    padded = torch.nn.functional.pad(torch.tensor(x).mT, (4, 0))
    wanted = torch.nn.functional.conv1d(padded, torch.tensor(kernel).permute(2, 1, 0), dilation=2).mT
    np.testing.assert_allclose(y.numpy(), wanted.numpy(), rtol=1e-4, atol=1e-5)


def test_second_derivatives_exist() -> None:
    from engine.core.tape import GradientTape

    def slope(x: Any, kernel: Any) -> Any:
        with GradientTape() as tape:
            tape.watch([x, kernel])
            y = ops.sum(ops.conv(x, kernel, strides=(1, 2), padding="same") ** 3)
        return tuple(tape.gradient(y, [x, kernel]))

    check_gradient(slope, draw(1, 1, 5, 4, 2), draw(2, 2, 3, 2, 2))


def test_the_batch_stays_open_and_empty_batches_pass() -> None:
    specs = Spec((None, 28, 28, 1), "float32"), Spec((5, 5, 1, 6), "float32")
    assert infer_specs(lambda x, k: ops.conv(x, k, 2, "same"), *specs).shape == (None, 14, 14, 6)
    assert infer_specs(lambda x, k: ops.conv(x, k), Spec((None, None, 9, 1), "float32"), specs[1]).shape == (
        None,
        None,
        5,
        6,
    )
    x, kernel = draw(1, 0, 6, 6, 2), draw(2, 3, 3, 2, 4)
    assert ops.conv(x, kernel).shape == (0, 4, 4, 4)
    by_x, by_kernel = gradient_of(ops.conv, x, kernel)
    assert by_x.shape == x.shape and not by_kernel.any()


def test_refusals_give_the_numbers() -> None:
    with pytest.raises(ShapeError, match="4 channels, but the input has 3"):
        ops.conv(draw(1, 1, 6, 6, 3), draw(2, 3, 3, 4, 2))
    with pytest.raises(ShapeError, match="window of 7 does not fit into 6 height"):
        ops.conv(draw(1, 1, 6, 8, 3), draw(2, 7, 3, 3, 2))
    with pytest.raises(ShapeError, match="reads 4 axes"):
        ops.conv(draw(1, 6, 8, 3), draw(2, 3, 3, 3, 2))
    with pytest.raises(ShapeError, match="kernel is for 2 channels"):
        ops.depthwise_conv(draw(1, 1, 6, 6, 3), draw(2, 3, 3, 2, 1))
