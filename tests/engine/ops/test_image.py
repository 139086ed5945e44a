"""Changing the size of pictures against Keras's NumPy backend, in plans, and by gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.ops import image
from tests.engine.ops.oracle import check_gradient, draw, keras, same, same_in_a_plan

WAYS = ["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"]


@pytest.mark.parametrize("interpolation", WAYS)
@pytest.mark.parametrize("size", [(4, 5), (9, 11), (7, 6), (3, 12)])
@pytest.mark.parametrize("antialias", [False, True])
def test_sizes_change_as_with_keras(interpolation: str, size: tuple[int, int], antialias: bool) -> None:
    x = draw(1, 2, 7, 6, 3)
    own = image.resize(x, size, interpolation, antialias)
    same(own, keras.ops.image.resize(x, size, interpolation, antialias), atol=1e-5)
    same_in_a_plan(lambda v: image.resize(v, size, interpolation, antialias), [x], own)


@pytest.mark.parametrize("options", [{"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 2.0}])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("shape", [(7, 12, 3), (2, 12, 7, 3), (2, 9, 9, 1)])
def test_proportions_are_kept_as_with_keras(options: dict[str, Any], data_format: str, shape: tuple[int, ...]) -> None:
    x = draw(2, *shape)
    if data_format == "channels_first":
        x = np.moveaxis(x, -1, -3)
    own = image.resize(x, (6, 4), data_format=data_format, **options)
    theirs = keras.ops.image.resize(x, (6, 4), data_format=data_format, **options)
    np.testing.assert_allclose(own.numpy(), theirs, rtol=2e-5, atol=1e-5)


def test_whole_numbers_stay_whole_and_in_range() -> None:
    x = np.random.default_rng(3).integers(0, 256, (5, 6, 3)).astype("uint8")
    own, theirs = image.resize(x, (8, 4), "bicubic"), keras.ops.image.resize(x, (8, 4), "bicubic")
    assert own.dtype == "uint8"
    assert np.abs(own.numpy().astype(int) - np.asarray(theirs).astype(int)).max() <= 1


@pytest.mark.parametrize("interpolation", WAYS)
def test_gradients_flow_back_to_the_pixels(interpolation: str) -> None:
    check_gradient(lambda x: image.resize(x, (4, 7), interpolation), draw(4, 1, 5, 5, 2))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"interpolation": "magic"}, "argument `interpolation`"),
        ({"fill_mode": "wrap"}, "Only `'constant'` is supported"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "Only one of"),
        ({"size": (1, 2, 3)}, "tuple of 2 integers"),
        ({"size": (0, 2)}, "positive height and width"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        image.resize(draw(5, 4, 4, 1), **{"size": (2, 2), **options})
    with pytest.raises(ValueError, match="Invalid images rank"):
        image.resize(draw(5, 4, 4), (2, 2))
