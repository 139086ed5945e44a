"""Reading arrays at places between their elements: the neighbours' shares, and both gradients.

Arrays are (batch, *sizes, channels), places (batch, axes, *points) in elements from the first one; results are
(batch, *points, channels). Beyond the edges an array goes on as its mode says.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
"""abcd goes on to the right as: kkkk, dddd, abcd, cbab, dcba."""

_AT_ONCE = 1 << 15
"""Places that are worked on together, so that what is computed for them stays in the processor's memory."""


class Neighbour(NamedTuple):
    """One of the elements around a place, along one axis.

    Attributes:
        at: which element, after the mode brought it back into the array.
        inside: whether it lies in the array; None when every mode value does.
        share: its weight, None for the whole.
        slope: how the weight grows with the place: -1 or 1.
    """

    at: Array
    inside: Array | None
    share: Array | None
    slope: int


def folded(index: Array, size: int, mode: str) -> Array:
    """Indices beyond the edges as those of the elements that stand there."""
    if index.size and index.min() >= 0 and index.max() < size:
        return index
    if mode == "wrap":
        return index % size
    if mode == "reflect":
        turned = index % (2 * size)
        return np.where(turned >= size, 2 * size - 1 - turned, turned)
    if mode == "mirror" and size > 1:
        turned = index % (2 * size - 2)
        return np.where(turned >= size, 2 * size - 2 - turned, turned)
    return np.clip(index, 0, size - 1)


def _neighbours(places: Array, size: int, order: int, mode: str) -> list[Neighbour]:
    low = np.floor(places + 0.5 if order == 0 else places)
    with np.errstate(invalid="ignore"):  # what is no number stays none by its share, whatever it is mixed of
        index = low.astype(np.int64)
        rest = None if order == 0 else np.subtract(places, low, out=low)
    found = []
    for step in range(order + 1):
        at = index + step
        inside = (at >= 0) & (at < size) if mode == "constant" else None
        share = None if rest is None else rest if step else 1 - rest
        found.append(Neighbour(folded(at, size, mode), inside, share, 1 if step else -1))
    return found


def _corners(places: Array, sizes: Sequence[int], order: int, mode: str) -> Iterator[tuple[Neighbour, ...]]:
    """The elements around each place: two along each axis for order 1, one for order 0."""
    axes = [_neighbours(places[:, i], n, order, mode) for i, n in enumerate(sizes)]
    return itertools.product(*axes)


def _rows(corner: Sequence[Neighbour], sizes: Sequence[int], batch: int) -> Array:
    """Numbers of the rows of the array flattened to (batch · places, channels)."""
    shape = (batch,) + (1,) * (corner[0].at.ndim - 1)
    rows = np.arange(batch, dtype=np.int64).reshape(shape)
    for neighbour, size in zip(corner, sizes, strict=True):
        rows = rows * size + neighbour.at
    return rows


def _inside(corner: Sequence[Neighbour]) -> Array | None:
    parts = [n.inside for n in corner if n.inside is not None]
    return None if not parts else np.logical_and.reduce(parts)


def _share(corner: Sequence[Neighbour], dtype: Any, without: int = -1) -> Array | None:
    parts = [n.share for i, n in enumerate(corner) if n.share is not None and i != without]
    if not parts:
        return None
    total = parts[0]
    for part in parts[1:]:
        total = total * part
    return total.astype(dtype, copy=False)[..., None]


def _values(x: Array, corner: Sequence[Neighbour], value: float) -> Array:
    """What stands at the corner of each place: (batch, *points, channels)."""
    sizes = x.shape[1:-1]
    picked = np.take(x.reshape(-1, x.shape[-1]), _rows(corner, sizes, len(x)), axis=0)
    inside = _inside(corner)
    if inside is not None:
        np.copyto(picked, np.asarray(value).astype(x.dtype), where=~inside[..., None])
    return picked


def _working_type(dtype: Any) -> Any:
    """Whole numbers are mixed in double precision, floats in their own."""
    return dtype if dtype.kind == "f" else np.dtype("float64")


def sample(x: Array, places: Array, order: int, mode: str, value: float, out: Any = None) -> Array:
    """x at the places: the nearest element (order 0) or the neighbours mixed by distance (order 1)."""
    result = np.empty((len(x), *places.shape[2:], x.shape[-1]), x.dtype) if out is None else out
    step = max(_AT_ONCE // max(int(np.prod(places.shape[2:])), 1), 1)
    for start in range(0, len(x), step):
        part = slice(start, start + step)
        result[part] = _sampled(x[part], places[part], order, mode, value)
    return np.asarray(result)


def _sampled(x: Array, places: Array, order: int, mode: str, value: float) -> Array:
    kind = _working_type(x.dtype)
    total: Any = None
    for corner in _corners(places, x.shape[1:-1], order, mode):
        part, share = _values(x, corner, value), _share(corner, kind)
        if share is not None:
            part = np.multiply(part, share, out=part if part.dtype == kind else None)
        total = part if total is None else np.add(total, part, out=total)
    return total if total.dtype == x.dtype else _whole(total, x.dtype)


def _whole(total: Array, dtype: Any) -> Array:
    """Mixed numbers as whole ones: rounded half away from zero, within the type's range."""
    if dtype.kind == "b":
        return total != 0
    limits = np.iinfo(dtype)
    rounded = np.trunc(total + np.where(total > 0, 0.5, -0.5))
    return np.clip(rounded, limits.min, limits.max).astype(dtype)


def sample_grad_array(g: Array, places: Array, shape: Sequence[int], order: int, mode: str) -> Array:
    """Gradient of `sample` by the array: each place's gradient goes to its neighbours by their shares."""
    sizes, channels = shape[1:-1], shape[-1]
    count = int(np.prod(shape[:-1]))
    result = np.zeros((count, channels), np.float64)
    for corner in _corners(places, sizes, order, mode):
        share, inside = _share(corner, g.dtype), _inside(corner)
        part = g if share is None else g * share
        part = part if inside is None else part * inside[..., None]
        rows = _rows(corner, sizes, shape[0]).ravel()
        for channel in range(channels):
            result[:, channel] += np.bincount(rows, part[..., channel].ravel(), count)
    return result.reshape(shape).astype(g.dtype)


def sample_grad_places(g: Array, x: Array, places: Array, order: int, mode: str, value: float) -> Array:
    """Gradient of `sample` by the places: how fast the mixture changes along each axis."""
    result = np.zeros(places.shape, places.dtype)
    if order == 0:
        return result
    for corner in _corners(places, x.shape[1:-1], order, mode):
        along = (g * _values(x, corner, value)).sum(-1)
        for axis, neighbour in enumerate(corner):
            share = _share(corner, g.dtype, without=axis)
            part = along if share is None else along * share[..., 0]
            result[:, axis] += neighbour.slope * part
    return result
