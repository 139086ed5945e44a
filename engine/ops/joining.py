"""Joining and cutting in NumPy's short forms: rows, columns, depth, uneven parts, grids of coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import shapes
from engine.core.errors import ShapeError
from engine.core.op import composite
from engine.core.tensor import convert_to_tensor
from engine.ops import elementwise as ew
from engine.ops.sections import open_sections
from engine.ops.shape import broadcast_to, concatenate, expand_dims, ravel, reshape, split

__all__ = [
    "append",
    "array_split",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "meshgrid",
    "vsplit",
    "vstack",
]

NUMPY = "keras.src.ops.numpy"


def _at_least(x: Any, rank: int) -> Any:
    """x with axes of length 1 in front (one: as a row) and, for a third axis, behind."""
    x = convert_to_tensor(x)
    if not x.shape:
        x = reshape(x, (1,))
    if rank >= 2 and len(x.shape) == 1:
        x = expand_dims(x, 0)
    return expand_dims(x, -1) if rank == 3 and len(x.shape) == 2 else x


@composite(f"{NUMPY}:Append", call=("x1", "x2"))
def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """x2 behind x1 along an axis; both flattened when axis is None."""
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    return concatenate([ravel(a), ravel(b)]) if axis is None else concatenate([a, b], axis=axis)


@composite(f"{NUMPY}:Hstack")
def hstack(xs: Any) -> Any:
    """Values joined side by side: along the second axis, or the only one."""
    parts = [_at_least(x, 1) for x in xs]
    return concatenate(parts, axis=0 if len(parts[0].shape) == 1 else 1)


@composite(f"{NUMPY}:Vstack")
def vstack(xs: Any) -> Any:
    """Values joined one below the other: along the first axis, vectors as rows."""
    return concatenate([_at_least(x, 2) for x in xs], axis=0)


@composite(f"{NUMPY}:Dstack")
def dstack(xs: Any) -> Any:
    """Values joined in depth: along the third axis."""
    return concatenate([_at_least(x, 3) for x in xs], axis=2)


def _cut(x: Any, indices_or_sections: Any, axis: int) -> list[Any]:
    if not isinstance(indices_or_sections, int):
        indices_or_sections = [int(i) for i in np.asarray(indices_or_sections)]
    return list(split(x, indices_or_sections, axis=axis))


def _needs(x: Any, rank: int, name: str) -> Any:
    x = convert_to_tensor(x)
    if len(x.shape) < rank:
        raise ShapeError(f"{name} needs a value of at least {rank} axes.", op=name, shapes=(x.shape,))
    return x


@composite(f"{NUMPY}:Hsplit")
def hsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Parts side by side: along the second axis, or the only one."""
    x = _needs(x, 1, "hsplit")
    return _cut(x, indices_or_sections, 0 if len(x.shape) == 1 else 1)


@composite(f"{NUMPY}:Vsplit")
def vsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Parts one below the other: along the first axis."""
    return _cut(_needs(x, 2, "vsplit"), indices_or_sections, 0)


@composite(f"{NUMPY}:Dsplit")
def dsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Parts in depth: along the third axis."""
    return _cut(_needs(x, 3, "dsplit"), indices_or_sections, 2)


@composite(f"{NUMPY}:ArraySplit")
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along an axis, the first ones longer by one where the length does not divide.

    Raises:
        TypeError: the number of parts is no whole number.
        ValueError: it is not positive.
    """
    if not isinstance(indices_or_sections, int):
        raise TypeError(
            f"Argument `indices_or_sections` must be of type `int`. Received: indices_or_sections={indices_or_sections}"
        )
    if indices_or_sections <= 0:
        raise ValueError(
            "Argument `indices_or_sections` must be a positive integer. "
            f"Received: indices_or_sections={indices_or_sections}"
        )
    x = convert_to_tensor(x)
    place = shapes.normalize_axis(axis, len(x.shape), "array_split")
    length = x.shape[place]
    if length is None:
        return open_sections(x, place, indices_or_sections, even=False)
    each, longer = divmod(length, indices_or_sections)
    ends = np.cumsum([each + (i < longer) for i in range(indices_or_sections)])
    return _cut(x, ends[:-1].tolist(), place)


@composite(f"{NUMPY}:Meshgrid")
def meshgrid(*x: Any, indexing: str = "xy") -> list[Any]:
    """The coordinates x spread over a grid: one value of the grid's shape for each.

    Args:
        x: coordinates along each axis.
        indexing: "xy" gives the second coordinate the first axis, "ij" keeps their order.

    Raises:
        ValueError: another `indexing`.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Valid values for `indexing` are 'xy' and 'ij', but received {indexing}.")
    lines = [ravel(convert_to_tensor(v)) for v in x]
    order = list(range(len(lines)))
    if indexing == "xy" and len(lines) > 1:
        order[0], order[1] = 1, 0
    standing = [reshape(v, [-1 if k == order[i] else 1 for k in range(len(lines))]) for i, v in enumerate(lines)]
    lengths = [lines[order.index(i)].shape[0] for i in range(len(lines))]
    if None not in lengths:
        return [broadcast_to(v, lengths) for v in standing]
    return [_spread(v, standing) for v in standing]


def _spread(x: Any, others: list[Any]) -> Any:
    """x over the grid of all, whose lengths are not known."""
    for other in others:
        x = x + ew.cast(ew.zeros_like(other), x.dtype)
    return x
