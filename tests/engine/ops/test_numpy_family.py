"""Every call of the numpy family: Keras's numbers, shapes and types, and the same bits in plans with an open batch."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from typing import Any

import ml_dtypes
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


BYTES = frozenset({"histogram", "polar", "saturate_cast", "view", "view_as_complex"})
"""What they give depends on the bytes of a type, on its limits, or on which side of a border a number rounds."""


def narrowed(c: Call, kind: Any) -> Call:
    """The call with its float32 arrays in a shorter type."""
    args = tree.map_structure(
        lambda x: x.astype(kind) if isinstance(x, np.ndarray) and x.dtype == "float32" else x, list(c.args)
    )
    return dataclasses.replace(c, args=tuple(args), rtol=3e-2)


def one_float_call_of_each() -> list[Any]:
    found: dict[str, Call] = {}
    for c in (p.values[0] for p in CALLS):
        if c.name not in BYTES and any(x.dtype == "float32" and x.size for x in arrays_of(c)):
            found.setdefault(c.name, c)
    return [pytest.param(c, id=name) for name, c in found.items()]


@pytest.mark.parametrize("c", one_float_call_of_each())
def test_half_precision_is_that_of_keras(c: Call) -> None:
    half = narrowed(c, "float16")
    for a, b in zip(leaves(eager(half)), wanted_by_keras(half), strict=True):
        assert a.shape == b.shape
        if c.same_types:
            assert a.dtype == b.dtype.name
        np.testing.assert_allclose(a.numpy().astype("float64"), b.astype("float64"), rtol=3e-2, atol=3e-2)


@pytest.mark.parametrize("c", one_float_call_of_each())
def test_brain_floats_stay_what_they_are_and_near_single_precision(c: Call) -> None:
    """Against the engine's own single precision: NumPy itself widens, or forgets what NaN of this type are."""
    short = narrowed(c, ml_dtypes.bfloat16)
    wide = dataclasses.replace(c, args=tuple(widened(short.args)))
    for a, b in zip(leaves(eager(short)), leaves(eager(wide)), strict=True):
        assert a.shape == b.shape
        assert a.dtype == ("bfloat16" if b.dtype == "float32" and a.dtype != "float32" else b.dtype)
        np.testing.assert_allclose(a.numpy().astype("float64"), b.numpy().astype("float64"), rtol=0.1, atol=0.1)


def widened(args: tuple[Any, ...]) -> list[Any]:
    return list(
        tree.map_structure(
            lambda x: x.astype("float32") if getattr(x, "dtype", None) == ml_dtypes.bfloat16 else x, list(args)
        )
    )


ARRANGEMENTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "no elements": lambda x: x[:0] if x.ndim else x,
    "one element": lambda x: x[:1] if x.ndim else x,
    "no last axis": lambda x: x[..., :0] if x.ndim else x,
    "columns first": np.asfortranarray,
    "every second": lambda x: np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x,
    "backwards": lambda x: x[::-1] if x.ndim else x,
}


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
@pytest.mark.parametrize("c", one_float_call_of_each())
def test_arrays_of_odd_lengths_and_strides_where_keras_has_an_answer(c: Call, arrangement: str) -> None:
    change = ARRANGEMENTS[arrangement]
    args = tree.map_structure(lambda x: change(x) if isinstance(x, np.ndarray) else x, list(c.args))
    odd = dataclasses.replace(c, args=tuple(args))
    try:
        wanted = wanted_by_keras(odd)
    except (ValueError, IndexError, TypeError, AttributeError, ZeroDivisionError):
        return
    if (c.name == "top_k" and wanted[0].shape[-1] < 2) or (c.name == "einsum" and arrangement == "one element"):
        return  # here Keras gives fewer than it says, or lets axes of 1 stand for longer ones
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of means of nothing
        own = leaves(eager(odd))
    for a, b in zip(own, wanted, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a.numpy(), b, rtol=c.rtol, atol=2e-6)
