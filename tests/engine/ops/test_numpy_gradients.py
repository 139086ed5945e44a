"""Gradients of the numpy family: every call of the table whose inputs and results are floats, by finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import ops
from engine.core import dtypes, tree
from engine.core.tape import GradientTape
from engine.core.tensor import Tensor
from tests.engine.ops.basic_calls import BASIC
from tests.engine.ops.numpy_calls import ON_ARRAYS, Call

STEPS = frozenset({"trunc", "heaviside", "saturate_cast", "view", "histogram"})
"""Results that do not move with their inputs, are other readings of the same bytes, or declared to have no gradient."""


def is_float(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype in ("float32", "float64")


def smooth(c: Call) -> bool:
    """Whether finite differences tell the slope: no infinities, kinks hit on the spot, or single precision inside."""
    return not {"dtype", "weights"} & c.options.keys() and not any(is_float(x) and np.isinf(x).any() for x in c.leaves)


CALLS = [
    pytest.param(c, id=f"{family}-{i}-{c.name}")
    for family, found in {**BASIC, **ON_ARRAYS}.items()
    for i, c in enumerate(found)
    if c.name not in STEPS and any(is_float(x) for x in c.leaves) and smooth(c)
]


def result_of(c: Call, floats: list[Any]) -> list[Any]:
    """Float results, those that are not finite left out."""
    left = iter(floats)
    args = tree.map_structure(lambda x: next(left) if is_float(x) else x, list(c.args))
    with np.errstate(all="ignore"):
        found = getattr(ops, c.name)(*args, **c.options)
    return [ops.where(ops.isfinite(y), y, 0.0) for y in tree.flatten(found) if dtypes.is_float(y.dtype)]


def weighted(outputs: list[Any]) -> Any:
    rng = np.random.default_rng(3)
    total: Any = 0.0
    for y in outputs:
        total = total + ops.sum(y * Tensor(np.asarray(rng.normal(size=y.shape))))
    return total


@pytest.mark.parametrize("c", CALLS)
def test_gradient_agrees_with_finite_differences(c: Call) -> None:
    values = [Tensor(x.astype("float64")) for x in c.leaves if is_float(x)]
    with GradientTape() as tape:
        tape.watch(values)
        outputs = result_of(c, values)
        if not outputs:
            return
        total = weighted(outputs)
    rng = np.random.default_rng(4)
    with np.errstate(all="ignore"):
        gradients = tape.gradient(total, values, unconnected_gradients="zero")
    for i, gradient in enumerate(gradients):
        direction, step = rng.normal(size=values[i].shape), 1e-6
        moved = [Tensor(values[i].numpy() + sign * step * direction) for sign in (1, -1)]
        ends = [float(weighted(result_of(c, [*values[:i], v, *values[i + 1 :]]))) for v in moved]
        analytic = float((gradient.numpy() * direction).sum())
        assert analytic == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=3e-5, abs=3e-6), f"input {i}"
