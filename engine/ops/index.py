"""Ops that pick and place elements: indexing, taking, gathering, sorting, one-hot positions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.core import dtypes, shapes
from engine.core.cases import F, I, case
from engine.core.errors import ShapeError
from engine.core.op import OPS, belongs, composite, defop, dispatch
from engine.core.tensor import Spec, Value, convert_to_tensor, infer_shape_of
from engine.kernels.scatter import scatter_add_rows
from engine.ops import elementwise as ew

__all__ = [
    "argsort",
    "get_item",
    "in_top_k",
    "nonzero",
    "sort",
    "take",
    "take_along_axis",
    "top_k",
]

NUMPY = "keras.src.ops.numpy"


def _sliced(x: Spec, *, key: tuple[Any, ...]) -> Spec:
    shape: list[int | None] = []
    axis = 0
    for part in _full(key, len(x.shape)):
        if part is None:
            shape.append(1)
            continue
        dim = x.shape[axis]
        if isinstance(part, slice):
            shape.append(_slice_length(dim, part))
        elif dim is not None and not -dim <= part < dim:
            raise ShapeError(f"index {part} lies outside an axis of {dim}.")
        axis += 1
    return Spec(tuple(shape), x.dtype)


def _full(key: tuple[Any, ...], rank: int) -> list[Any]:
    """The key with the ellipsis written out and whole slices at the end."""
    if sum(part is Ellipsis for part in key) > 1:
        raise ShapeError("an index may have a single ellipsis.")
    used = sum(part is not None and part is not Ellipsis for part in key)
    if used > rank:
        raise ShapeError(f"{used} indices were given for {rank} axes.")
    parts: list[Any] = []
    for part in key if any(p is Ellipsis for p in key) else (*key, Ellipsis):
        parts.extend([slice(None)] * (rank - used) if part is Ellipsis else [part])
    return parts


def _slice_length(dim: int | None, part: slice) -> int | None:
    if dim is not None:
        return len(range(*part.indices(dim)))
    if part == slice(None) or part == slice(None, None, -1):
        return None
    start, stop, step = part.start, part.stop, part.step or 1
    if step == 1 and (start is None or start >= 0) and stop is not None and stop >= 0:
        return None
    return None


@defop(
    infer=_sliced,
    vjp=(lambda g, y, x, *, key: dispatch(OPS["unslice"], (g, x), {"key": key}),),
    view=True,
    cases=(
        case(F(4, 5), key=(slice(1, 3), slice(None, None, 2))),
        case(F(4, 5), key=(Ellipsis, 2)),
        case(F(4, 5), key=(None, slice(None, None, -1))),
        case(F(4, 5), key=(1, -2)),
    ),
    name="slice_view",
)
def _slice_view(x: Any, *, key: tuple[Any, ...]) -> Any:
    return x[key if Ellipsis in key else (*key, Ellipsis)]  # with an ellipsis also a single element is a view


@defop(
    infer=lambda g, x, *, key: Spec(x.shape, g.dtype),
    vjp=(lambda h, y, g, x, *, key: _slice_view(h, key=key), None),
    shape_only=(1,),
    cases=(case(F(2, 5), F(4, 5), key=(slice(1, 3),)),),
)
def unslice(g: Any, x: Any, *, key: tuple[Any, ...], out: Any = None) -> Any:
    """Zeros in the shape of x with g at the sliced place."""
    if out is None:
        out = np.zeros(x.shape, g.dtype)
    else:
        out.fill(0)
    out[key] = g
    return out


@composite(f"{NUMPY}:GetItem", call=("x", "key"))
def get_item(x: Any, key: Any) -> Any:
    """x[key] with whole numbers, slices, None and Ellipsis; or one array of positions or a mask."""
    if isinstance(key, list) and any(isinstance(part, (slice, type(None), type(Ellipsis))) for part in key):
        key = tuple(key)  # as files write it
    parts = key if isinstance(key, tuple) else (key,)
    if all(part is None or part is Ellipsis or isinstance(part, (int, np.integer, slice)) for part in parts):
        plain = tuple(int(p) if isinstance(p, np.integer) else p for p in parts)
        return _slice_view(x, key=plain)
    arrays = [i for i, part in enumerate(parts) if _is_index(part)]
    lead = parts[: arrays[0]]
    if len(arrays) == 1 and all(part == slice(None) for part in lead) and _index_type(parts[arrays[0]]) != "bool":
        rest = parts[arrays[0] + 1 :]
        picked = take(x, parts[arrays[0]], axis=arrays[0])
        after = (slice(None),) * (arrays[0] + len(infer_shape_of(parts[arrays[0]])))
        return get_item(picked, (*after, *rest)) if rest else picked
    return _fancy(x, *[convert_to_tensor(parts[i]) for i in arrays], key=_template(parts, arrays))


def _is_index(part: Any) -> bool:
    return isinstance(part, (Value, np.ndarray, list))


def _index_type(part: Any) -> str:
    return str(convert_to_tensor(part).dtype)


def _template(parts: tuple[Any, ...], arrays: list[int]) -> tuple[Any, ...]:
    return tuple("array" if i in arrays else part for i, part in enumerate(parts))


def _fill(key: tuple[Any, ...], indices: tuple[Any, ...]) -> tuple[Any, ...]:
    left = iter(indices)
    return tuple(next(left) if isinstance(part, str) else part for part in key)


def _fancy_spec(x: Spec, *indices: Spec, key: tuple[Any, ...]) -> Spec:
    if any(i.dtype == "bool" for i in indices) or any(d is None for s in (x, *indices) for d in s.shape):
        from engine.core.errors import TraceError

        raise TraceError("The shape of a masked or open selection depends on values.")
    dummies = [np.zeros([d or 0 for d in i.shape], "int32") for i in indices]
    probe = np.broadcast_to(np.zeros((), "int8"), [d or 0 for d in x.shape])
    return Spec(probe[_fill(key, tuple(dummies))].shape, x.dtype)


@defop(
    infer=_fancy_spec,
    vjp_all=lambda grads, ys, xs, attrs: (
        dispatch(OPS["fancy_add"], (grads[0], *xs), attrs),
        *[None] * (len(xs) - 1),
    ),
    cases=(case(F(4, 5), I(3, high=4), I(3, high=5), key=("array", "array")),),
    name="fancy",
)
def _fancy_kernel(*xs: Any, key: tuple[Any, ...]) -> Any:
    return xs[0][_fill(key, xs[1:])]


def _fancy(x: Any, *indices: Any, key: tuple[Any, ...]) -> Any:
    return dispatch(OPS["fancy"], (x, *indices), {"key": key})


@defop(
    infer=lambda g, x, *indices, key: Spec(x.shape, g.dtype),
    shape_only=(1,),
    vjp_all=lambda grads, ys, xs, attrs: (_fancy(grads[0], *xs[2:], **attrs), *[None] * (len(xs) - 1)),
    cases=(case(F(3), F(4, 5), I(3, high=4), I(3, high=5), key=("array", "array")),),
)
def fancy_add(*xs: Any, key: tuple[Any, ...]) -> Any:
    """Zeros in the shape of the second input, with the first added at the picked places."""
    result = np.zeros(xs[1].shape, xs[0].dtype)
    np.add.at(result, _fill(key, xs[2:]), xs[0])
    return result


def _taken(x: Spec, indices: Spec, *, axis: int) -> Spec:
    place = shapes.normalize_axis(axis, len(x.shape), "take")
    return Spec((*x.shape[:place], *indices.shape, *x.shape[place + 1 :]), x.dtype)


@defop(
    infer=_taken,
    vjp=(lambda g, y, x, i, *, axis: dispatch(OPS["untake"], (g, x, i), {"axis": axis}), None),
    cases=(
        case(F(4, 5), I(3, high=4), axis=0),
        case(F(4, 5), I(2, 3, high=5), axis=1),
        case(F(4, 5), I(0, high=4), axis=0),
    ),
    name="take",
)
def _take(x: Any, indices: Any, *, axis: int, out: Any = None) -> Any:
    return np.take(x, indices, axis=axis, out=out, mode="wrap" if out is not None else "raise")


@defop(
    infer=lambda g, x, i, *, axis: Spec(x.shape, g.dtype),
    vjp=(lambda h, y, g, x, i, *, axis: _take(h, i, axis=axis), None, None),
    shape_only=(1,),
    cases=(case(F(3, 5), F(4, 5), I(3, high=4), axis=0), case(F(4, 2, 3), F(4, 5), I(2, 3, high=5), axis=1)),
)
def untake(g: Any, x: Any, indices: Any, *, axis: int, out: Any = None) -> Any:
    """Zeros in the shape of x to which the rows of g are added at `indices` (the gradient of `take`)."""
    place = axis % x.ndim
    flat = np.ravel(indices) % max(x.shape[place], 1)
    moved = g.reshape(*g.shape[:place], flat.size, *g.shape[place + indices.ndim :])
    rest = [n for i, n in enumerate(x.shape) if i != place]
    rows = np.moveaxis(moved, place, 0).reshape(flat.size, math.prod(rest))
    direct = out is not None and place == 0
    result = scatter_add_rows(flat, rows, x.shape[place], out.reshape(x.shape[0], rows.shape[1]) if direct else None)
    if direct:
        return out
    result = np.moveaxis(result.reshape(x.shape[place], *rest), 0, place)
    if out is None:
        return np.ascontiguousarray(result)
    np.copyto(out, result)
    return out


@composite(f"{NUMPY}:Take", call=("x", "indices"))
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements of x at `indices` along an axis; of the flattened value when axis is None."""
    indices = convert_to_tensor(indices)
    if not dtypes.is_int(indices.dtype):
        indices = ew.cast(indices, "int32")
    if axis is None:
        from engine.ops.shape import ravel

        x, axis = ravel(x), 0
    return _take(x, indices, axis=axis)


def _same_index(x: Spec, i: Spec, *, axis: int) -> Spec:
    if len(x.shape) != len(i.shape):
        raise ShapeError(f"the indices have {len(i.shape)} axes, but the value has {len(x.shape)}.")
    place = shapes.normalize_axis(axis, len(x.shape), "take_along_axis")
    others = shapes.broadcast(*((*s.shape[:place], 1, *s.shape[place + 1 :]) for s in (x, i)), op="take_along_axis")
    return Spec((*others[:place], i.shape[place], *others[place + 1 :]), x.dtype)


@defop(
    infer=_same_index,
    vjp=(lambda g, y, x, i, *, axis: dispatch(OPS["untake_along_axis"], (g, x, i), {"axis": axis}), None),
    cases=(
        case(F(2, 5), I(2, 3, high=5), axis=1),
        case(F(4, 3), I(2, 1, high=4), axis=0),
        case(F(1, 5), I(2, 3, high=5), axis=-1),
    ),
    name="take_along_axis",
)
def _take_along_axis(x: Any, indices: Any, *, axis: int) -> Any:
    return np.take_along_axis(x, indices.astype("int64"), axis)


@defop(
    infer=lambda g, x, i, *, axis: Spec(x.shape, g.dtype),
    vjp=(lambda h, y, g, x, i, *, axis: _take_along_axis(h, i, axis=axis), None, None),
    shape_only=(1,),
    cases=(case(F(2, 3), F(2, 5), I(2, 3, high=5), axis=1),),
)
def untake_along_axis(g: Any, x: Any, indices: Any, *, axis: int) -> Any:
    """Zeros in the shape of x with g added at the indices (the gradient of `take_along_axis`)."""
    result = np.zeros(x.shape, g.dtype)
    grid = list(np.ogrid[tuple(slice(n) for n in x.shape)])
    grid[axis] = indices
    np.add.at(result, tuple(grid), g)
    return result


@composite(f"{NUMPY}:TakeAlongAxis", call=("x", "indices"))
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """For each place in `indices` the element of x at that position of the axis."""
    if axis is None:
        from engine.ops.shape import ravel

        return _take_along_axis(ravel(x), ravel(indices), axis=0)
    return _take_along_axis(x, ew.cast(indices, "int32"), axis=axis)


@defop(
    infer=lambda x, *, axis: Spec(x.shape, "int32"),
    cases=(case(F(2, 5), axis=-1),),
    nondiff="positions",
    name="argsort",
)
def _argsort(x: Any, *, axis: int) -> Any:
    return np.argsort(x, axis=axis, kind="stable").astype("int32")


@composite(f"{NUMPY}:Argsort")
def argsort(x: Any, axis: int | None = -1) -> Any:
    """Positions that sort x along an axis."""
    if axis is None:
        from engine.ops.shape import ravel

        x, axis = ravel(x), -1
    return _argsort(x, axis=axis)


def _unsorted(g: Any, x: Any, axis: int) -> Any:
    return dispatch(OPS["untake_along_axis"], (g, x, _argsort(x, axis=axis)), {"axis": axis})


@defop(
    infer=lambda x, *, axis: x,
    vjp=(lambda g, y, x, *, axis: _unsorted(g, x, axis),),
    cases=(case(F(2, 5), axis=-1), case(F(4, 2), axis=0), case(F(0, 2), axis=1)),
    name="sort",
)
def _sort(x: Any, *, axis: int) -> Any:
    return np.sort(x, axis=axis)


@composite(f"{NUMPY}:Sort")
def sort(x: Any, axis: int | None = -1) -> Any:
    """x in rising order along an axis; flattened when axis is None. NaN comes last."""
    if axis is None:
        from engine.ops.shape import ravel

        x, axis = ravel(x), -1
    return _sort(x, axis=axis)


@defop(
    infer=lambda x, *, k: Spec((*x.shape[:-1], k), "int32"),
    cases=(case(F(2, 5), k=2), case(I(3, 6, high=3), k=6)),
    nondiff="positions",
)
def top_positions(x: Any, *, k: int) -> Any:
    """Where the k largest elements of the last axis are, the largest first and the first of equals first."""
    # Sorting from the end keeps equals in order without a negative, which unsigned types do not have.
    rising = x.shape[-1] - 1 - np.argsort(x[..., ::-1], axis=-1, kind="stable")
    return np.ascontiguousarray(rising[..., ::-1][..., :k].astype("int32"))


@composite("keras.src.ops.math:TopK")
def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Any, Any]:
    """The k largest elements of the last axis and their positions; NaN counts as largest.

    Raises:
        ShapeError: the axis has less than k elements.
    """
    x = convert_to_tensor(x)
    length = x.shape[-1] if x.shape else 1
    if length is not None and k > length:
        raise ShapeError(f"top_k: the {k} largest of {length} elements were asked for.", op="top_k", shapes=(x.shape,))
    order = top_positions(x, k=k)
    return _take_along_axis(x, order, axis=-1), order


@composite("keras.src.ops.math:InTopK", call=("targets", "predictions"))
def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Whether each target is among the k largest predictions of its row (ties count).

    A target that names no column is not.
    """
    from engine.ops.reduce import sum as total
    from engine.ops.shape import expand_dims

    classes: Any = infer_shape_of(predictions)[-1]
    targets = ew.cast(targets, "int32")
    known = ew.logical_and(ew.greater_equal(targets, 0), ew.less(targets, classes))
    place = ew.minimum(ew.maximum(targets, 0), classes - 1)
    own = take_along_axis(predictions, expand_dims(place, -1), axis=-1)
    larger = total(ew.cast(ew.greater(predictions, own), "int32"), axis=-1)
    finite = ew.isfinite(own)[..., 0]
    return ew.logical_and(ew.logical_and(ew.less(larger, k), finite), known)


@belongs(NUMPY)
def nonzero(x: Any) -> tuple[Any, ...]:
    """Positions of the elements that are not zero, one array for each axis. Only for values, not while tracing."""
    from engine.core.tensor import Tensor, convert_to_numpy

    return tuple(Tensor(part.astype("int32")) for part in np.nonzero(convert_to_numpy(x)))
