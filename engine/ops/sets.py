"""Which elements there are: unique ones, membership, closeness; choice among several; positions by rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import dtypes
from engine.core.cases import I, case
from engine.core.errors import TraceError
from engine.core.op import belongs, composite, defop
from engine.core.tensor import KerasTensor, Spec, Symbol, Tensor, as_array, convert_to_tensor
from engine.ops import elementwise as ew
from engine.ops import reduce as red

__all__ = ["allclose", "isclose", "isin", "select", "unique", "unravel_index"]

NUMPY = "keras.src.ops.numpy"


@composite(f"{NUMPY}:Isclose", call=("x1", "x2", "rtol", "atol"))
def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Whether x1 differs from x2 by at most `atol` + `rtol` · |x2|; `equal_nan` lets two NaN be equal."""
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    kind = dtypes.compute_type(a.dtype, b.dtype, float)
    a, b = ew.cast(a, kind), ew.cast(b, kind)
    finite = ew.logical_and(ew.isfinite(a), ew.isfinite(b))
    gap = ew.abs(ew.where(finite, a, 0.0) - ew.where(finite, b, 0.0))
    near = ew.less_equal(gap, ew.abs(ew.where(finite, b, 0.0)) * rtol + atol)
    result = ew.where(finite, near, ew.equal(a, b))
    return ew.logical_or(result, ew.logical_and(ew.isnan(a), ew.isnan(b))) if equal_nan else result


@composite(f"{NUMPY}:AllClose", call=("x1", "x2"))
def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Whether all elements are close (see `isclose`)."""
    return red.all(isclose(x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan))


@defop(
    infer=lambda x, members, *, invert: Spec(x.shape, "bool"),
    cases=(case(I(2, 3), I(2), invert=False), case(I(2, 3), I(2), invert=True)),
    nondiff="true or false",
    name="isin",
)
def _isin(x: Any, members: Any, *, invert: bool) -> Any:
    return np.isin(x, members, invert=invert)


@composite(f"{NUMPY}:IsIn", call=("x1", "x2"))
def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether each element of x1 occurs in x2 (or does not, with `invert`)."""
    return _isin(convert_to_tensor(x1), convert_to_tensor(x2), invert=invert)


@composite(f"{NUMPY}:Select", call=("condlist", "choicelist", "default"))
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """The choice that belongs to the first condition that holds, `default` where none does.

    Raises:
        ValueError: not as many choices as conditions.
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(
            "condlist and choicelist must be non-empty lists of the same length. "
            f"Received: {len(condlist)} conditions and {len(choicelist)} choices"
        )
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = ew.where(condition, choice, result)
    return result


@defop(
    infer=lambda indices, *, shape: tuple(Spec(indices.shape, indices.dtype) for _ in shape),
    cases=(case(I(2, 3, high=12), shape=(3, 4)),),
    nondiff="positions",
    name="unravel_index",
)
def _unravel(indices: Any, *, shape: tuple[int, ...]) -> Any:
    parts = np.unravel_index(indices, shape)
    return tuple(np.asarray(part).astype(indices.dtype) for part in parts)


@composite(f"{NUMPY}:UnravelIndex")
def unravel_index(indices: Any, shape: Any) -> tuple[Any, ...]:
    """Positions in a flattened value as positions along each axis of `shape`."""
    parts = _unravel(convert_to_tensor(indices), shape=tuple(int(n) for n in shape))
    return parts if isinstance(parts, tuple) else (parts,)


@belongs(NUMPY)
def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The different elements of x in rising order, or its different slices along an axis. Only for values.

    Args:
        x: any value.
        sorted: accepted; the result is always sorted.
        return_index: also the place where each occurs first.
        return_inverse: also, for each element, its place among the different ones.
        return_counts: also how often each occurs.
        axis: axis of the slices to compare; None compares elements.
        size: how many to return: the rest is cut off, or filled up.
        fill_value: what fills up, 0 by default.

    Raises:
        TraceError: while tracing, where the number of different elements is not known.
    """
    if isinstance(x, (Symbol, KerasTensor)):
        raise TraceError("unique: how many different elements there are depends on values.")
    array = as_array(x)
    found: Any = np.unique(  # type: ignore[call-overload]
        array,
        return_index=return_index,
        return_inverse=return_inverse,
        return_counts=return_counts,
        axis=axis,
        equal_nan=False,
    )
    parts = list(found) if isinstance(found, tuple) else [found]
    names = [
        "values",
        *(n for n, on in (("index", return_index), ("inverse", return_inverse), ("counts", return_counts)) if on),
    ]
    if size is not None:
        fills = {"values": 0 if fill_value is None else fill_value, "index": 1, "counts": 0}
        place = 0 if axis is None else axis % array.ndim
        parts = [
            _sized(part, size, place if name == "values" else 0, fills[name]) if name in fills else part
            for name, part in zip(names, parts, strict=True)
        ]
    tensors = [
        Tensor(part if name == "values" else part.astype("int32")) for name, part in zip(names, parts, strict=True)
    ]
    return tensors[0] if len(tensors) == 1 else tuple(tensors)


def _sized(array: Any, size: int, axis: int, fill: Any) -> Any:
    """`array` cut off or filled up to `size` along an axis."""
    if array.shape[axis] >= size:
        return array[(*[slice(None)] * axis, slice(0, size))]
    width = [(0, size - array.shape[axis]) if i == axis else (0, 0) for i in range(array.ndim)]
    return np.pad(array, width, constant_values=fill)
