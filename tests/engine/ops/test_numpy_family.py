"""Every call of the numpy family: Keras's numbers, shapes and types, and the same bits in plans with an open batch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine import ops
from engine.core import tree
from engine.core.graph import trace
from engine.core.plan import compile
from engine.core.tensor import KerasTensor, Spec
from tests.engine.ops.basic_calls import BASIC
from tests.engine.ops.numpy_calls import ON_ARRAYS, ON_VALUES, Call
from tests.engine.ops.oracle import keras

CALLS = [
    pytest.param(c, id=f"{family}-{i}-{c.name}")
    for family, found in {**BASIC, **ON_ARRAYS}.items()
    for i, c in enumerate(found)
]


def leaves(value: Any) -> list[Any]:
    return list(tree.flatten(value)) if isinstance(value, (list, tuple)) else [value]


def arrays_of(c: Call) -> list[np.ndarray]:
    return [x for x in c.leaves if isinstance(x, np.ndarray)]


def with_arrays(c: Call, function: Callable[..., Any], given: list[Any]) -> Any:
    """The call with other values in the places of its arrays."""
    left = iter(given)
    args = tree.map_structure(lambda x: next(left) if isinstance(x, np.ndarray) else x, list(c.args))
    return function(*args, **c.options)


def copies(c: Call) -> list[np.ndarray]:
    return [x.copy() for x in arrays_of(c)]  # Keras's scatter_update writes into its input


def wanted_by_keras(c: Call) -> list[np.ndarray]:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of slices that are NaN throughout
        return [np.asarray(y) for y in leaves(with_arrays(c, getattr(keras.ops, c.name), copies(c)))]


def eager(c: Call) -> Any:
    with np.errstate(invalid="ignore"):  # some calls ask for values outside the domain
        return with_arrays(c, getattr(ops, c.name), copies(c))


def same(c: Call, own: Any) -> None:
    for a, b in zip(leaves(own), wanted_by_keras(c), strict=True):
        assert a.shape == b.shape
        if c.same_types:
            assert a.dtype == b.dtype.name
        np.testing.assert_allclose(a.numpy(), b, rtol=c.rtol, atol=2e-6)


@pytest.mark.parametrize("c", [*CALLS, *(pytest.param(c, id=f"values-{i}-{c.name}") for i, c in enumerate(ON_VALUES))])
def test_same_as_keras(c: Call) -> None:
    same(c, eager(c))


@pytest.mark.parametrize("c", CALLS)
def test_a_plan_gives_the_bits_of_the_eager_call(c: Call) -> None:
    expected = leaves(eager(c))
    for open_batch in (False, True):
        if c.closed and (open_batch or c.own_spec):
            continue
        specs = [Spec(open_shape(x, open_batch), x.dtype.name) for x in arrays_of(c)]
        plan = compile(trace(lambda *given: with_arrays(c, getattr(ops, c.name), list(given)), specs))
        for planned, y in zip(plan(*arrays_of(c)), expected, strict=True):
            np.testing.assert_array_equal(planned, y.numpy())


def open_shape(x: np.ndarray, open_batch: bool) -> tuple[int | None, ...]:
    return (None, *x.shape[1:]) if open_batch and x.ndim > 1 else x.shape


@pytest.mark.parametrize("c", [p for p in CALLS if not p.values[0].own_spec])
def test_symbolic_shapes_and_types_are_those_of_keras(c: Call) -> None:
    shapes = [open_shape(x, not c.closed) for x in arrays_of(c)]
    types = [x.dtype.name for x in arrays_of(c)]
    theirs = with_arrays(
        c, getattr(keras.ops, c.name), [keras.KerasTensor(s, t) for s, t in zip(shapes, types, strict=True)]
    )
    own = with_arrays(c, getattr(ops, c.name), [KerasTensor(s, t) for s, t in zip(shapes, types, strict=True)])
    for a, b in zip(leaves(own), leaves(theirs), strict=True):
        assert isinstance(a, KerasTensor)
        assert a.shape == tuple(b.shape)
        if c.same_types:
            assert a.dtype == b.dtype
