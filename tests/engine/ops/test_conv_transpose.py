"""Transposed convolutions against Keras: every border, lengths known beforehand, gradients, refusals."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from engine import ops
from engine.core import shapes
from engine.core.errors import ShapeError
from engine.core.graph import infer_specs
from engine.core.tensor import Spec
from tests.engine.ops.oracle import check_gradient, draw, keras, same_as_keras

CASES: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 5, 4, 3), (3, 2, 5, 3), {}),
    ((2, 5, 4, 3), (3, 3, 5, 3), {"strides": 2, "padding": "SAME"}),
    ((2, 5, 4, 3), (2, 4, 5, 3), {"strides": (3, 2), "padding": "same"}),
    ((2, 5, 4, 3), (2, 3, 5, 3), {"strides": 3, "output_padding": (2, 0)}),
    ((2, 5, 4, 3), (3, 4, 5, 3), {"strides": 2, "padding": "same", "output_padding": 1}),
    ((2, 5, 4, 3), (3, 2, 5, 3), {"dilation_rate": (2, 3)}),
    ((2, 3, 5, 4), (3, 2, 5, 3), {"data_format": "channels_first", "strides": 2}),
    ((2, 5, 3), (4, 2, 3), {"strides": 2, "padding": "same"}),
    ((2, 3, 2, 4, 2), (2, 3, 2, 3, 2), {"strides": (1, 2, 1), "padding": "same"}),
]


@pytest.mark.parametrize(("x", "kernel", "options"), CASES)
def test_values_and_gradients(x: Any, kernel: Any, options: dict[str, Any]) -> None:
    same_as_keras("conv_transpose", draw(1, *x), draw(2, *kernel), **options)
    check_gradient(lambda a, b: ops.conv_transpose(a, b, **options), draw(1, *x), draw(2, *kernel))


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_every_small_geometry_over_one_axis(padding: str) -> None:
    x = draw(1, 1, 4, 2)
    for size, stride, dilation, extra in itertools.product((1, 2, 3, 4), (1, 2, 3), (1, 2), (None, 0, 1, 2)):
        if stride > 1 and dilation > 1:
            continue
        kernel = draw(2, size, 3, 2)
        options = {"strides": stride, "padding": padding, "output_padding": extra, "dilation_rate": dilation}
        wanted = np.asarray(keras.ops.conv_transpose(x, kernel, **options))
        own = ops.conv_transpose(x, kernel, **options)
        np.testing.assert_allclose(own.numpy(), wanted, rtol=1e-4, atol=1e-5, err_msg=str(options))
        assert shapes.transposed_length(4, size, stride, padding, dilation, extra) == wanted.shape[1]


def test_it_is_the_transpose_of_a_convolution() -> None:
    x, y, kernel = draw(1, 2, 9, 8, 4), draw(2, 2, 4, 3, 5), draw(3, 3, 4, 4, 5)
    forth = ops.sum(ops.conv(x, kernel, 2) * y)
    back = ops.sum(x * ops.conv_transpose(y, kernel, 2, output_padding=(0, 0)))
    assert float(forth) == pytest.approx(float(back), rel=1e-4)


def test_lengths_come_with_their_derivation() -> None:
    with shapes.explaining() as notes:
        shapes.transposed_length(4, 3, 2, "valid")
        shapes.transposed_length(4, 3, 2, "same")
        shapes.transposed_length(4, 3, 2, "same", output_padding=1)
        shapes.transposed_length(4, 3, 1, "same")
        shapes.transposed_length(4, 2, 3, "valid", output_padding=2)
    assert notes == [
        "valid: (4 − 1)·2 + 3 = 9",
        "same: 4·2 = 8",
        "same: (4 − 1)·2 + 1 + 1 = 8",
        "same keeps 4",
        "valid: (4 − 1)·3 + 2 + 2 = 13",
    ]


def test_open_axes_empty_batches_and_second_derivatives() -> None:
    kernel = Spec((3, 3, 6, 2), "float32")
    spec = infer_specs(lambda x, k: ops.conv_transpose(x, k, 2, "same"), Spec((None, None, 7, 2), "float32"), kernel)
    assert spec.shape == (None, None, 14, 6)
    assert ops.conv_transpose(draw(1, 0, 6, 6, 2), draw(2, 3, 3, 4, 2)).shape == (0, 8, 8, 4)

    def slope(x: Any, k: Any) -> Any:
        from engine.core.tape import GradientTape

        with GradientTape() as tape:
            tape.watch([x, k])
            y = ops.sum(ops.conv_transpose(x, k, (3, 2), "same") ** 3)
        return tuple(tape.gradient(y, [x, k]))

    check_gradient(slope, draw(1, 1, 3, 4, 2), draw(2, 2, 3, 2, 2))


def test_refusals() -> None:
    with pytest.raises(ShapeError, match="kernel reads 2 channels, but the input has 3"):
        ops.conv_transpose(draw(1, 1, 6, 6, 3), draw(2, 3, 3, 4, 2))
    with pytest.raises(ValueError, match="'valid' or 'same'"):
        ops.conv_transpose(draw(1, 1, 6, 3), draw(2, 3, 4, 3), padding="causal")
    with pytest.raises(ShapeError, match="reads 4 axes"):
        ops.conv_transpose(draw(1, 6, 6, 3), draw(2, 3, 3, 4, 3))
