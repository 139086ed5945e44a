"""The filters of a short-time Fourier transform against Keras, bit for bit, and against the transform itself."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

from engine import initializers, ops
from engine.core.errors import ParamError


@pytest.mark.parametrize("side", ["real", "imag"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"window": "blackman", "scaling": "spectrum", "periodic": True},
        {"window": None, "scaling": None},
        {"window": np.linspace(0.1, 1, 12)},
    ],
)
def test_values_are_those_of_keras(side: str, options: dict[str, Any]) -> None:
    for shape, dtype in (((12, 1, 9), "float32"), ((12, 1, 7), None)):
        ours, theirs = (home.STFT(side, **options)(shape, dtype=dtype) for home in (initializers, keras.initializers))
        np.testing.assert_array_equal(ours.numpy(), np.asarray(theirs))


def test_as_filters_they_give_the_transform() -> None:
    x = np.random.default_rng(1).normal(size=(2, 40)).astype("float32")
    sides = [initializers.STFT(side, "hann", None, True)((8, 1, 5)) for side in ("real", "imag")]
    wanted = ops.stft(x, 8, 4, 8, center=False)
    for kernel, part in zip(sides, wanted, strict=True):
        own = ops.conv(x[..., None], kernel, 4)
        np.testing.assert_allclose(own.numpy(), part.numpy(), atol=1e-5)


def test_names_and_config() -> None:
    assert initializers.stft is initializers.STFTInitializer is initializers.STFT
    ours = initializers.get("stft")
    assert isinstance(ours, initializers.STFT)
    saved = initializers.serialize(initializers.STFT("imag", "hamming", None, True))
    assert keras.initializers.serialize(keras.initializers.deserialize(saved)) == saved
    assert initializers.deserialize(saved).get_config() == saved["config"]


def test_refusals() -> None:
    with pytest.raises(ParamError, match="side is one of 'real', 'imag'"):
        initializers.STFT("both")
    with pytest.raises(ValueError, match="Unknown window type 'glass'"):
        initializers.STFT(window="glass")
    with pytest.raises(ValueError, match="window shape"):
        initializers.STFT(window=np.ones(3))((4, 1, 3))
