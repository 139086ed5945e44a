"""Fourier transforms: values against Keras, gradients against PyTorch and finite differences, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import engine
from engine import ops
from engine.core.errors import ShapeError
from engine.core.graph import infer_specs, trace
from engine.core.plan import compile
from engine.core.tape import GradientTape
from engine.core.tensor import Spec, Tensor
from tests.engine.ops.oracle import check_gradient, draw, keras, parts, same, same_as_keras


def of_pair(name: str, *shape: int, **options: Any) -> None:
    """An op on a pair (real, imaginary): values of Keras, a plan's bits, gradients."""
    pair = draw(1, *shape), draw(2, *shape)
    own = getattr(ops, name)(pair, **options)
    same(own, getattr(keras.ops, name)(pair, **options), rtol=1e-4, atol=2e-5)
    plan = compile(trace(lambda a, b: getattr(ops, name)((a, b), **options), [Spec(shape, "float32")] * 2))
    for planned, y in zip(plan(*pair), parts(own), strict=True):
        np.testing.assert_array_equal(planned, y.numpy())
    check_gradient(lambda a, b: getattr(ops, name)((a, b), **options), *pair)


@pytest.mark.parametrize("name", ["fft", "fft2", "ifft2"])
@pytest.mark.parametrize("shape", [(3, 4), (2, 5, 6)])
def test_complex_transforms(name: str, shape: tuple[int, ...]) -> None:
    of_pair(name, *shape)


@pytest.mark.parametrize("length", [None, 6, 7, 12])
@pytest.mark.parametrize("size", [8, 9])
def test_real_transform(size: int, length: int | None) -> None:
    same_as_keras("rfft", draw(1, 2, size), fft_length=length, rtol=1e-4, atol=1e-5)
    check_gradient(lambda x: ops.rfft(x, length), draw(1, 2, size))


@pytest.mark.parametrize("length", [None, 5, 8, 13])
def test_inverse_real_transform(length: int | None) -> None:
    of_pair("irfft", 2, 5, fft_length=length)


STFT: list[dict[str, Any]] = [
    {"sequence_length": 8, "sequence_stride": 4, "fft_length": 8},
    {"sequence_length": 6, "sequence_stride": 3, "fft_length": 9, "window": "hamming"},
    {"sequence_length": 8, "sequence_stride": 5, "fft_length": 16, "window": None, "center": False},
    {"sequence_length": 6, "sequence_stride": 2, "fft_length": 8, "window": np.arange(1, 7, dtype="float32")},
]


@pytest.mark.parametrize("options", STFT)
def test_short_time_transform(options: dict[str, Any]) -> None:
    same_as_keras("stft", draw(1, 2, 40), rtol=1e-3, atol=1e-5, **options)
    same_as_keras("stft", draw(1, 35), rtol=1e-3, atol=1e-5, **options)
    check_gradient(lambda x: ops.stft(x, **options), draw(1, 2, 40))


@pytest.mark.filterwarnings("ignore:NOLA condition failed")
@pytest.mark.parametrize("options", STFT)
@pytest.mark.parametrize("length", [None, 20])
def test_inverse_short_time_transform(options: dict[str, Any], length: int | None) -> None:
    of_pair("istft", 2, 7, options["fft_length"] // 2 + 1, length=length, **options)


def test_there_and_back() -> None:
    x = draw(3, 2, 64)
    options = {"sequence_length": 16, "sequence_stride": 4, "fft_length": 16}
    np.testing.assert_allclose(ops.istft(ops.stft(x, **options), length=64, **options).numpy(), x, atol=1e-5)
    np.testing.assert_allclose(ops.irfft(ops.rfft(x)).numpy(), x, atol=1e-5)
    there = ops.fft2((x, 2 * x))
    np.testing.assert_allclose(ops.ifft2(there)[1].numpy(), 2 * x, atol=1e-5)


def test_gradient_of_the_power_is_that_of_pytorch() -> None:
    x = draw(4, 2, 50, dtype="float64")
    place = torch.tensor(x, requires_grad=True)
    spectrum = torch.stft(place, 16, 6, window=torch.hann_window(16, dtype=torch.float64), return_complex=True)
    weights = draw(5, *spectrum.shape, dtype="float64")
    (spectrum.abs() ** 2 * torch.tensor(weights)).sum().backward()
    value = Tensor(x)
    with GradientTape() as tape:
        tape.watch(value)
        real, imaginary = ops.stft(value, 16, 6, 16)
        total = ops.sum((real * real + imaginary * imaginary) * weights.swapaxes(-1, -2))
    np.testing.assert_allclose(tape.gradient(total, value).numpy(), place.grad.numpy(), rtol=1e-9, atol=1e-9)


def test_second_derivatives() -> None:
    def slope(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            real, imaginary = ops.stft(x, 6, 3, 8)
            y = ops.sum(real**3) + ops.sum(ops.istft((real * imaginary, imaginary), 6, 3, 8) ** 2)
        return tape.gradient(y, x)

    check_gradient(slope, draw(6, 20), rel=1e-4)


def test_a_learned_window_gets_a_gradient() -> None:
    x, window = draw(7, 2, 20), np.hanning(8)[1:-1]
    check_gradient(lambda w: ops.stft(x.astype("float64"), 6, 3, 8, window=w), window)


def test_types_open_axes_and_functional_graphs() -> None:
    assert ops.rfft(np.arange(4))[0].dtype == "float32"
    assert ops.rfft(draw(1, 4, dtype="float16"))[0].dtype == "float16"
    assert ops.fft((draw(1, 4, dtype="float64"),) * 2)[0].dtype == "float64"
    spec = Spec((None, None), "float32")
    assert infer_specs(lambda x: ops.stft(x, 8, 4, 8)[0], spec).shape == (None, None, 5)
    assert infer_specs(lambda x: ops.istft(ops.stft(x, 8, 4, 8), 8, 4, 8, 30), spec).shape[0] is None
    plan = compile(trace(lambda x: ops.istft(ops.stft(x, 8, 4, 8), 8, 4, 8), [spec]))
    for size in (24, 40):
        x = draw(1, 3, size)
        np.testing.assert_allclose(plan(x)[0], x, atol=1e-5)
    inputs = engine.Input((40,))
    model = engine.Model(inputs, list(ops.stft(inputs, 8, 4, 8)))
    x = draw(1, 2, 40)
    real, imaginary = model.predict(x, verbose=0)
    wanted = keras.ops.stft(x, 8, 4, 8)
    np.testing.assert_allclose(real, wanted[0], atol=1e-5)
    np.testing.assert_allclose(imaginary, wanted[1], atol=1e-5)
    pair = engine.Input((5, 4)), engine.Input((5, 4))
    model = engine.Model(list(pair), list(ops.fft2(pair)))
    assert [tuple(t.shape) for t in model.outputs] == [(None, 5, 4)] * 2


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ops.fft(np.ones(3)), ValueError, "tuple of two tensors"),
        (lambda: ops.fft((np.ones(3), np.ones(4))), ShapeError, "same shape"),
        (lambda: ops.fft((np.ones(3, int), np.ones(3, int))), ValueError, "not of type float"),
        (lambda: ops.fft2((np.ones(3), np.ones(3))), ShapeError, "rank >= 2"),
        (lambda: ops.rfft(1.0), ShapeError, "rank >= 1"),
        (lambda: ops.irfft((np.ones(1), np.ones(1))), ShapeError, "give `fft_length`"),
        (lambda: ops.stft(np.ones(9), 4, 0, 4), ValueError, "`sequence_stride` must be a positive integer"),
        (lambda: ops.stft(np.ones(9), 8, 2, 4), ValueError, "`fft_length` must equal or larger"),
        (lambda: ops.stft(np.ones(9), 4, 2, 4, "bartlett"), ValueError, "must be one of"),
        (lambda: ops.stft(np.ones(9), 4, 2, 4, np.ones(3)), ValueError, "window shape"),
        (lambda: ops.stft(np.ones(9, int), 4, 2, 4), TypeError, "Expected `float32` or `float64`"),
        (lambda: ops.stft(np.ones(3), 8, 2, 8), ShapeError, "mirrored over 4 places"),
        (lambda: ops.stft(np.ones(3), 8, 2, 8, center=False), ShapeError, "window of 8 does not fit into 3 samples"),
    ],
)
def test_refusals(call: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()
