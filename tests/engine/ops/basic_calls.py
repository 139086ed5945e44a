"""Calls of the older part of `keras.ops`: arithmetic, comparison, reductions, shapes, indexing, products."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.engine.ops.numpy_calls import KINDS, Call, call, numbers

AXES = ({}, {"axis": 1}, {"axis": -2, "keepdims": True}, {"axis": (0, 2)}, {"axis": (-1, 0), "keepdims": True})


WITHOUT_BOOLEANS = frozenset({"negative", "sign", "abs", "absolute", "square", "floor", "ceil", "round"})
"""NumPy has no such function of booleans, or answers in another type."""


def arithmetic() -> Iterator[Call]:
    positive = {"log", "log10", "log1p", "log2", "sqrt", "rsqrt", "reciprocal"}
    inside = {"arcsin", "arccos", "arctanh"}
    for name in ("abs absolute arccos arcsin arcsinh arctan arctanh ceil cos cosh exp exp2 expm1 floor isfinite isinf "
                 "isnan log log10 log1p log2 logical_not negative reciprocal round rsqrt sign sin sinh sqrt square tan "
                 "tanh ones_like zeros_like copy").split():  # fmt: skip
        low, high = (0.2, 3.0) if name in positive else (-0.9, 0.9) if name in inside else (-3.0, 3.0)
        for shape in ((2, 3), (), (0, 3)):
            yield call(name, numbers(*shape, low=low, high=high))
        for dtype in ("int32", "bool", "uint8"):
            if name in ("reciprocal", "rsqrt") or (dtype == "bool" and name in WITHOUT_BOOLEANS):
                continue
            x = numbers(4, dtype=dtype, low=1, high=4) if name not in inside else np.zeros(4, dtype)
            x = np.maximum(x, 1).astype(dtype) if name in positive else x
            yield call(name, x, rtol=2e-3 if dtype != "int32" else 2e-5)
    yield call("round", numbers(2, 3), decimals=1)
    yield call("clip", numbers(2, 3), -1.0, 0.5)
    yield call("clip", numbers(2, 3, dtype="int32"), -1, 2)
    yield call("nan_to_num", np.array([np.nan, np.inf, -np.inf, 1.0], "float32"))
    yield call("nan_to_num", np.array([np.nan, np.inf, -np.inf, 1.0], "float32"), nan=2.0, posinf=3.0, neginf=-4.0)
    yield call("full_like", numbers(2, 3), 2.5)
    yield call("full_like", numbers(2, 3), 2, dtype="int32")
    yield call("cast", numbers(2, 3), "int32")
    yield call("cast", numbers(2, 3, dtype="bool"), "float16")


def pairs() -> Iterator[Call]:
    shapes = (((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 4)), ((0, 3), (3,)), ((), (2,)))
    kinds = ("float32", "int32", "uint8", "bool")
    for name in ("add subtract multiply divide true_divide floor_divide mod maximum minimum arctan2 power "
                 "divide_no_nan equal not_equal less less_equal greater greater_equal logical_and logical_or "
                 "logical_xor logaddexp").split():  # fmt: skip
        for a, b in shapes:
            yield call(name, numbers(*a, low=0.3), numbers(*b, seed=1, low=0.5))
        for first in kinds:
            for second in kinds:
                if "bool" in (first, second) and name in (
                    "subtract",
                    "power",
                    "mod",
                    "floor_divide",
                    "logaddexp",
                    "divide_no_nan",
                ):
                    continue
                x = numbers(4, dtype=first, low=1)
                y = np.maximum(numbers(4, dtype=second, seed=1, low=1), 1).astype(second)
                yield call(name, x, y, rtol=2e-3)
        yield call(name, numbers(4, low=0.5), 2)
        yield call(name, numbers(4, dtype="int32", low=1), 2)
        if name not in ("logical_and", "logical_or", "logical_xor"):
            yield call(name, numbers(4, dtype="int32", low=1), 1.5)
    yield call("where", numbers(2, 3, dtype="bool"), numbers(2, 3), numbers(3, seed=1))
    yield call("where", numbers(2, 3, dtype="bool"), numbers(2, 3, dtype="int32"), 1.5)
    yield call("where", numbers(2, 3, dtype="bool"), 1, 0)


def reductions() -> Iterator[Call]:
    for name in "sum prod mean var std max min amax amin all any".split():
        for options in AXES:
            yield call(
                name, numbers(2, 3, 4) if name not in ("all", "any") else numbers(2, 3, 4, dtype="bool"), **options
            )
        for dtype in KINDS[1:5]:
            yield call(name, numbers(3, 4, dtype=dtype), axis=0)
    yield call("max", numbers(2, 3), axis=1, initial=1.0)
    yield call("min", numbers(2, 3), axis=0, initial=-1.0)
    yield call("prod", numbers(2, 3, dtype="int32"), axis=1, dtype="float32")
    for name in "argmax argmin".split():
        for options in ({}, {"axis": 1}, {"axis": -1, "keepdims": True}):
            yield call(name, numbers(2, 3, 4), **options)
            yield call(name, numbers(2, 3, dtype="int32"), **options)
    for options in ({}, {"axis": 1}, {"axis": -2}):
        yield call("cumsum", numbers(2, 3, 4), **options)
        yield call("cumsum", numbers(2, 3, dtype="int32"), **options)
        yield call("cumsum", numbers(2, 3, dtype="bool"), **options)
        yield call("cumsum", numbers(2, 3, dtype="int8"), **options)
        yield call("count_nonzero", numbers(2, 3, 4, dtype="int32"), **options)
        yield call("logsumexp", numbers(2, 3, 4), **options)
        yield call("average", numbers(2, 3), axis=options.get("axis"))
    yield call("average", numbers(2, 3, dtype="float16"), axis=1, weights=np.array([1, 0, 2], "int32"), rtol=2e-3)
    yield call("average", numbers(2, 3), axis=1, weights=[0.2, 0.3, 0.5], own_spec=True)
    yield call("average", numbers(2, 3), weights=[[0.2, 0.3, 0.5], [1.0, 2.0, 3.0]], own_spec=True)
    yield call("logsumexp", numbers(2, 3, 4), axis=(0, 2), keepdims=True)


def shapes() -> Iterator[Call]:
    x = numbers(2, 3, 4)
    yield call("reshape", x, (2, 12))
    yield call("reshape", x, (-1, 4))
    yield call("ravel", x)
    yield call("transpose", x)
    yield call("transpose", x, axes=(1, -1, 0))
    yield call("swapaxes", x, 0, -1)
    yield call("moveaxis", x, 0, -1)
    yield call("moveaxis", x, (0, 1), (-1, 0))
    for axis in (0, -1, (1, -1)):
        yield call("expand_dims", x, axis)
    yield call("squeeze", numbers(2, 1, 3, 1))
    yield call("squeeze", numbers(2, 1, 3, 1), axis=1)
    yield call("squeeze", numbers(2, 1, 3, 1), axis=(1, -1))
    yield call("broadcast_to", numbers(1, 3), (2, 3), closed=True)
    yield call("concatenate", [x, x], axis=1)
    yield call("concatenate", [numbers(2, 3), numbers(4, 3, dtype="int32")], closed=True)
    for axis in (0, 1, -1):
        yield call("stack", [numbers(2, 3), numbers(2, 3, seed=1)], axis=axis)
    yield call("concatenate", [x, numbers(2, 3)], axis=None, closed=True, own_spec=True)
    yield call("split", numbers(2, 6), 3, axis=1)
    yield call("split", numbers(6, 2), 3)
    yield call("split", numbers(6, 2), [1, 4], own_spec=True)
    yield call("split", numbers(2, 6), [1, 4], axis=-1)
    yield call("unstack", numbers(2, 3), axis=1)
    for mode in ("constant", "edge", "reflect", "symmetric", "wrap"):
        yield call("pad", numbers(3, 4), ((1, 1), (2, 1)), mode=mode, closed=True)
    yield call("pad", numbers(3, 4), 1, constant_values=2.0, closed=True)
    yield call("pad", numbers(3, 4), ((1, 2),), closed=True)
    for options in ({}, {"axis": 0}, {"axis": (0, -1)}):
        yield call("flip", x, **options)
    for options in ({}, {"axis": 1}, {"axis": -1}):
        yield call("repeat", x, 2, **options)
    yield call("repeat", numbers(2, 3), [1, 0, 2], axis=1)
    for repeats in (2, (2, 1), (3, 1, 2), (2, 1, 1, 2)):
        yield call("tile", numbers(2, 3), repeats)
    for k in (0, 1, -1):
        yield call("tril", numbers(2, 3, 4), k=k)
        yield call("triu", numbers(3, 4), k=k, closed=True)


def picking() -> Iterator[Call]:
    x = numbers(4, 5)
    for axis in (None, 0, 1, -1):
        yield call("take", x, np.array([[0, 2], [3, -1]], "int32"), axis=axis)
        yield call("sort" if axis is not None else "argsort", x, axis=axis, values_only=axis is None)
        yield call("argsort", np.arange(20, dtype="int32").reshape(4, 5)[::-1].copy(), axis=axis, values_only=True)
    yield call("take", numbers(2, 3, 4), 1, axis=1)
    yield call("take_along_axis", x, np.array([[0, 2], [3, 1], [1, 1], [4, 0]], "int32"), axis=1)
    yield call("take_along_axis", x, np.array([0, 7], "int32"))
    for dtype in ("float32", "int32", "uint8"):
        distinct = np.argsort(numbers(4, 5), axis=-1).astype(dtype)
        yield call("top_k", distinct, 2, values_only=True)
    yield call("top_k", numbers(6), 6, values_only=True)
    yield call("in_top_k", np.array([1, 4, 0, 2], "int32"), x, 2)
    yield call("slice_update", numbers(4, 5), [1, 2], numbers(2, 3, seed=1), closed=True)


def products() -> Iterator[Call]:
    for a, b in (
        ((2, 3), (3, 4)),
        ((3,), (3,)),
        ((5, 2, 3), (3, 4)),
        ((5, 2, 3), (5, 3, 4)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
    ):
        yield call("matmul", numbers(*a), numbers(*b, seed=1), closed=True)
        yield call("dot", numbers(*a), numbers(*b, seed=1), closed=True) if len(b) < 3 else call("abs", numbers(1))
    yield call("dot", numbers(2, 3), numbers(4, 3, 2), closed=True)
    yield call("dot", numbers(), numbers(2, 3), closed=True)
    yield call("matmul", numbers(2, 3, dtype="int32"), numbers(3, 2, dtype="int32"), closed=True)
    yield call("matmul", numbers(2, 3, dtype="int32"), numbers(3, 2), closed=True)
    yield call("outer", numbers(3), numbers(2, 2), closed=True)
    for axes in (1, ((1,), (0,)), ((-1,), (0,))):
        yield call("tensordot", numbers(2, 3), numbers(3, 4), axes=axes, closed=True)
    yield call("tensordot", numbers(2, 3, 4), numbers(4, 3, 5), axes=((1, 2), (1, 0)), closed=True)
    yield call("tensordot", numbers(2, 3), numbers(4), axes=0, closed=True)
    for subscripts, operands in (
        ("ij,jk->ik", ((2, 3), (3, 4))),
        ("ij,jk", ((2, 3), (3, 4))),
        ("bij,bjk->bik", ((5, 2, 3), (5, 3, 4))),
        ("...ij,...jk->...ik", ((5, 2, 3), (5, 3, 4))),
        ("...ij,...jk->...ik", ((1, 2, 3), (5, 3, 4))),
        ("...ij,...jk", ((5, 1, 2, 3), (2, 3, 4))),
        ("ij->ji", ((2, 3),)),
        ("ij->", ((2, 3),)),
        ("ii->i", ((3, 3),)),
        ("ii", ((3, 3),)),
        ("ij,kj->ik", ((2, 3), (4, 3))),
        ("abc,cd,de->abe", ((2, 3, 4), (4, 5), (5, 2))),
        ("i,j->ij", ((2,), (3,))),
        ("bqd,bkd->bqk", ((2, 3, 4), (2, 5, 4))),
    ):
        yield call("einsum", subscripts, *(numbers(*s, seed=i) for i, s in enumerate(operands)), closed=True)


def complexes() -> Iterator[Call]:
    z = (numbers(2, 3) + 1j * numbers(2, 3, seed=1)).astype("complex64")
    w = (numbers(2, 3, seed=2) + 1j * numbers(3, seed=3)).astype("complex64")
    for name in ("abs", "exp", "sin", "cos", "sqrt", "square", "negative", "log", "reciprocal", "sum", "mean", "prod"):
        yield call(name, z, own_spec=True)
    for name in ("add", "subtract", "multiply", "divide", "equal", "not_equal", "isclose"):
        yield call(name, z, w)
        yield call(name, z, numbers(3, seed=5))
        yield call(name, z, 2)
    yield call("matmul", z, w.T.copy(), closed=True)
    yield call("cumsum", z, axis=1)
    yield call("reshape", z, (3, 2), closed=True)
    yield call("concatenate", [z, w], axis=1)
    yield call("where", numbers(2, 3, dtype="bool"), z, w)
    yield call("take", z, np.array([0, 2], "int32"), axis=1)
    yield call("cast", numbers(2, 3), "complex64")
    yield call("zeros_like", z)


BASIC = {
    f"basic_{family.__name__}": list(family())
    for family in (arithmetic, pairs, reductions, shapes, picking, products, complexes)
}
