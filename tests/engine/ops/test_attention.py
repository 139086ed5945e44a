"""Attention ops against Keras's NumPy backend and finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import ops
from engine.core.errors import ShapeError
from tests.engine.ops.oracle import check_gradient, draw, gradient_of, same_as_keras

INPUTS = draw(1, 2, 5, 3, 4), draw(2, 2, 6, 3, 4), draw(3, 2, 6, 3, 4)
ALLOWED = np.random.default_rng(1).random((2, 1, 5, 6)) < 0.6
ALLOWED[..., 0] = True


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scale": 0.1},
        {"bias": draw(4, 2, 3, 5, 6)},
        {"bias": draw(4, 1, 3, 5, 6), "mask": ALLOWED},
        {"mask": ALLOWED},
        {"is_causal": True},
        {"is_causal": True, "mask": ALLOWED},
    ],
    ids=lambda o: "-".join(o) or "plain",
)
def test_dot_product_attention_equals_that_of_keras(options: dict[str, Any]) -> None:
    same_as_keras("dot_product_attention", *INPUTS, **options)
    check_gradient(lambda *v: ops.dot_product_attention(*v, **options), *INPUTS)


def test_a_row_that_may_attend_to_nothing_attends_evenly_as_in_keras() -> None:
    mask = ALLOWED.copy()
    mask[0, 0, 2] = False
    same_as_keras("dot_product_attention", *INPUTS, mask=mask)
    gradients = gradient_of(lambda *v: ops.dot_product_attention(*v, mask=mask), *INPUTS)
    assert all(np.isfinite(g).all() for g in gradients)


def test_the_soft_cap_limits_scores() -> None:
    query = INPUTS[0] * 100
    hard = ops.dot_product_attention(query, *INPUTS[1:]).numpy()
    capped = ops.dot_product_attention(query, *INPUTS[1:], attn_logits_soft_cap=1e-6).numpy()
    np.testing.assert_allclose(capped, np.broadcast_to(INPUTS[2].mean(1, keepdims=True), capped.shape), atol=1e-4)
    assert np.abs(hard - capped).max() > 0.1


def test_scores_and_bias_have_gradients() -> None:
    check_gradient(lambda *v: ops.attention(*v, scale=0.5), *INPUTS, draw(5, 3, 1, 6))
    check_gradient(lambda *v: ops.attention(*v, None, scale=0.5)[1], *INPUTS[:2], INPUTS[2])


def test_refusals_give_the_numbers() -> None:
    with pytest.raises(ShapeError, match="lengths of key and value differ: 6 and 5"):
        ops.attention(INPUTS[0], INPUTS[1], INPUTS[2][:, :5], None, scale=1.0)
    with pytest.raises(ValueError, match="only supports 4D inputs"):
        ops.dot_product_attention(*(x[0] for x in INPUTS))
