"""Parts of an axis whose length, most often that of the batch, is known only when a plan runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.cases import F, case
from engine.core.errors import ShapeError
from engine.core.op import OPS, defop, dispatch
from engine.core.tensor import Spec


def open_sections(x: Any, axis: int, count: int, even: bool) -> list[Any]:
    """Parts of an axis whose length is known only when a plan runs."""
    return [_section(x, axis=axis, index=i, count=count, even=even) for i in range(count)]


def _section_bounds(length: int, index: int, count: int, even: bool) -> tuple[int, int]:
    each, longer = divmod(length, count)
    if even and longer:
        raise ShapeError("split makes parts of equal length.", op="split", rule=f"{length} / {count} is not whole")
    return index * each + min(index, longer), (index + 1) * each + min(index + 1, longer)


def _section_spec(x: Spec, *, axis: int, index: int, count: int, even: bool) -> Spec:
    length = x.shape[axis]
    if length is not None:
        start, stop = _section_bounds(length, index, count, even)
        length = stop - start
    return Spec((*x.shape[:axis], length, *x.shape[axis + 1 :]), x.dtype)


@defop(
    infer=_section_spec,
    vjp=(lambda g, y, x, **attrs: dispatch(OPS["unsection"], (g, x), attrs),),
    view=True,
    cases=(case(F(6, 2), axis=0, index=1, count=3, even=True), case(F(2, 7), axis=1, index=2, count=3, even=False)),
    name="section",
)
def _section(x: Any, *, axis: int, index: int, count: int, even: bool) -> Any:
    return _section_of(x, axis, index, count, even)


@defop(
    infer=lambda g, x, **attrs: Spec(x.shape, g.dtype),
    vjp=(lambda h, y, g, x, **attrs: _section(h, **attrs), None),
    shape_only=(1,),
    cases=(case(F(2, 2), F(6, 2), axis=0, index=1, count=3, even=True),),
)
def unsection(g: Any, x: Any, *, axis: int, index: int, count: int, even: bool) -> Any:
    """Zeros in the shape of x with g in one of its sections."""
    result = np.zeros(x.shape, g.dtype)
    _section_of(result, axis, index, count, even)[...] = g
    return result


def _section_of(x: Any, axis: int, index: int, count: int, even: bool) -> Any:
    start, stop = _section_bounds(x.shape[axis], index, count, even)
    return x[(*[slice(None)] * axis, slice(start, stop))]
