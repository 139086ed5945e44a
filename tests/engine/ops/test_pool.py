"""Public pooling against Keras's NumPy backend."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import ops
from engine.core.errors import ShapeError
from tests.engine.ops.oracle import check_gradient, draw, same_as_keras

CASES: list[tuple[tuple[int, ...], Any, dict[str, Any]]] = [
    ((2, 9, 8, 3), 2, {"strides": 2}),
    ((2, 9, 8, 3), (3, 2), {"strides": (2, 1), "padding": "same"}),
    ((2, 9, 8, 3), 3, {"strides": 1, "padding": "same"}),
    ((2, 3, 9, 8), 2, {"strides": 2, "data_format": "channels_first"}),
    ((2, 9, 3), 2, {"strides": 2, "padding": "same"}),
    ((2, 5, 4, 6, 2), (2, 1, 3), {"strides": 2}),
]


@pytest.mark.parametrize("name", ["max_pool", "average_pool"])
@pytest.mark.parametrize(("shape", "size", "options"), CASES)
def test_values_and_gradients(name: str, shape: Any, size: Any, options: dict[str, Any]) -> None:
    x = draw(1, *shape)
    same_as_keras(name, x, pool_size=size, **options)
    check_gradient(lambda v: getattr(ops, name)(v, size, **options), x)


@pytest.mark.parametrize("name", ["max_pool", "average_pool", "adaptive_max_pool", "adaptive_average_pool"])
def test_forward_derivatives(name: str) -> None:
    x, direction = draw(1, 2, 9, 8, 3, dtype="float64"), draw(2, 2, 9, 8, 3, dtype="float64")

    def pooled(v: Any) -> Any:
        return getattr(ops, name)(v, (3, 2))

    _, along = ops.jvp(pooled, (x,), (direction,))
    ahead, behind = (pooled(x + sign * 1e-6 * direction).numpy() for sign in (1, -1))
    np.testing.assert_allclose(along.numpy(), (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["max_pool", "average_pool"])
def test_without_strides_windows_stand_side_by_side(name: str) -> None:
    x, pool = draw(1, 2, 9, 8, 3), getattr(ops, name)
    np.testing.assert_array_equal(pool(x, (3, 2)).numpy(), pool(x, (3, 2), strides=(3, 2)).numpy())


def test_an_empty_batch_stays_empty() -> None:
    assert ops.max_pool(np.zeros((0, 4, 4, 2), "float32"), 2).shape == (0, 2, 2, 2)


def test_refusals_give_the_numbers() -> None:
    with pytest.raises(ShapeError, match="window of 5 does not fit into 4"):
        ops.max_pool(draw(1, 1, 4, 4, 2), 5)
    with pytest.raises(ShapeError, match="at least 3 axes"):
        ops.average_pool(draw(1, 4, 4), 2)
