"""Adaptive pooling against Keras and PyTorch: windows that fit, overlap, and repeat."""

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

CASES: list[tuple[tuple[int, ...], Any]] = [
    ((2, 9, 3), 4),
    ((2, 8, 3), (4,)),
    ((2, 8, 6, 3), 2),
    ((2, 7, 10, 3), (3, 4)),
    ((2, 6, 5, 4, 2), (2, 3, 4)),
]
BOTH = pytest.mark.parametrize("name", ["adaptive_average_pool", "adaptive_max_pool"])


@BOTH
@pytest.mark.parametrize(("shape", "size"), CASES)
def test_values_are_those_of_keras(name: str, shape: tuple[int, ...], size: Any) -> None:
    same_as_keras(name, draw(1, *shape), size, data_format="channels_last")
    same_as_keras(name, draw(1, shape[0], shape[-1], *shape[1:-1]), size, data_format="channels_first")
    check_gradient(lambda x: getattr(ops, name)(x, size), draw(1, *shape))


@BOTH
def test_results_longer_than_the_input_are_those_of_pytorch(name: str) -> None:
    x = draw(1, 2, 3, 4, 5)
    place = torch.tensor(x, requires_grad=True)
    function = torch.nn.functional.adaptive_avg_pool2d if "average" in name else torch.nn.functional.adaptive_max_pool2d
    wanted = function(place, (7, 3))
    own = getattr(ops, name)(x, (7, 3), data_format="channels_first")
    np.testing.assert_allclose(own.numpy(), wanted.detach().numpy(), rtol=1e-5, atol=1e-6)
    wanted.sum().backward()
    (gradient,) = gradient_of(lambda v: getattr(ops, name)(v, (7, 3), data_format="channels_first"), x)
    np.testing.assert_allclose(gradient, place.grad.numpy(), rtol=1e-5, atol=1e-5)


@BOTH
def test_any_length_becomes_the_wanted_one(name: str) -> None:
    spec = infer_specs(lambda x: getattr(ops, name)(x, (4, 2)), Spec((None, None, None, 3), "float32"))
    assert spec.shape == (None, 4, 2, 3)


@BOTH
def test_refusals(name: str) -> None:
    with pytest.raises(ShapeError, match="reads 3 to 5 axes"):
        getattr(ops, name)(draw(1, 4, 3), 2)
    with pytest.raises(ValueError, match="2 of them"):
        getattr(ops, name)(draw(1, 2, 4, 4, 3), (2,))
