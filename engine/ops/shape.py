"""Ops that rearrange values: reshape, transpose, joining, splitting, padding, repeating, making arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.core import shapes
from engine.core.cases import F, case
from engine.core.errors import ShapeError
from engine.core.op import OPS, belongs, composite, defop, dispatch
from engine.core.tensor import Spec, as_array, infer_shape_of
from engine.core.tensor import convert_to_tensor as tensor_of

__all__ = [
    "array",
    "broadcast_to",
    "concatenate",
    "convert_to_tensor",
    "expand_dims",
    "flip",
    "moveaxis",
    "ndim",
    "pad",
    "ravel",
    "repeat",
    "reshape",
    "shape",
    "size",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "tile",
    "transpose",
    "tril",
    "triu",
    "unstack",
]

NUMPY = "keras.src.ops.numpy"


@defop(
    infer=lambda x, *, newshape: Spec(shapes.reshape(x.shape, newshape), x.dtype),
    vjp=(lambda g, y, x, *, newshape: dispatch(OPS["reshape_like"], (g, x), {}),),
    view=True,
    cases=(case(F(2, 6), newshape=(3, 4)), case(F(2, 6), newshape=(-1, 3)), case(F(2, 6), newshape=(None, 3, 2))),
    name="reshape",
)
def _reshape(x: Any, *, newshape: tuple[int | None, ...]) -> Any:
    return x.reshape(shapes.reshape(x.shape, newshape))


@defop(
    infer=lambda g, x: Spec(x.shape, g.dtype),
    vjp=(lambda h, y, g, x: dispatch(OPS["reshape_like"], (h, g), {}), None),
    shape_only=(1,),
    cases=(case(F(6), F(2, 3)),),
)
def reshape_like(g: Any, x: Any, *, out: Any = None) -> Any:
    """g in the shape of x."""
    if out is None:
        return g.reshape(x.shape)
    np.copyto(out, g.reshape(x.shape))
    return out


@composite(f"{NUMPY}:Reshape")
def reshape(x: Any, newshape: Any) -> Any:
    """The same numbers in another shape; one axis may be -1."""
    newshape = (newshape,) if isinstance(newshape, (int, np.integer)) else tuple(newshape)
    newshape = tuple(None if d is None else int(d) for d in newshape)
    if None in newshape[1:]:
        newshape = tuple(-1 if d is None else d for d in newshape)
    return _reshape(x, newshape=newshape)


@composite(f"{NUMPY}:Ravel")
def ravel(x: Any) -> Any:
    """All elements in one axis."""
    return _reshape(x, newshape=(-1,))


def _permuted(x: Spec, *, axes: tuple[int, ...]) -> Spec:
    if sorted(shapes.normalize_axes(axes, len(x.shape), "transpose")) != list(range(len(x.shape))):
        raise ShapeError(f"transpose names every axis once, but got axes {axes} for {len(x.shape)} axes.")
    return Spec(tuple(x.shape[a] for a in axes), x.dtype)


@defop(
    infer=_permuted,
    vjp=(
        lambda g, y, x, *, axes: _transpose(g, axes=tuple(int(i) for i in np.argsort([a % len(axes) for a in axes]))),
    ),
    view=True,
    cases=(case(F(2, 3, 4), axes=(2, 0, 1)),),
    name="transpose",
)
def _transpose(x: Any, *, axes: tuple[int, ...]) -> Any:
    return x.transpose(axes)


def _rank(x: Any) -> int:
    return len(infer_shape_of(x))


@composite(f"{NUMPY}:Transpose")
def transpose(x: Any, axes: Any = None) -> Any:
    """The axes in another order, reversed by default."""
    return _transpose(x, axes=tuple(range(_rank(x)))[::-1] if axes is None else tuple(int(a) for a in axes))


@composite(f"{NUMPY}:Swapaxes")
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged."""
    order = list(range(_rank(x)))
    first, second = shapes.normalize_axes((axis1, axis2), len(order), "swapaxes")
    order[first], order[second] = second, first
    return _transpose(x, axes=tuple(order))


@composite(f"{NUMPY}:Moveaxis")
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other places."""
    rank = _rank(x)
    sources = shapes.normalize_axes(source, rank)
    targets = shapes.normalize_axes(destination, rank)
    order = [a for a in range(rank) if a not in sources]
    for target, origin in sorted(zip(targets, sources, strict=True)):
        order.insert(target, origin)
    return _transpose(x, axes=tuple(order))


def _expanded(x: Spec, *, axis: int) -> Spec:
    place = shapes.normalize_axis(axis, len(x.shape) + 1, "expand_dims")
    return Spec((*x.shape[:place], 1, *x.shape[place:]), x.dtype)


@defop(
    infer=_expanded,
    vjp=(lambda g, y, x, *, axis: _squeeze(g, axis=(axis % (len(x.shape) + 1),)),),
    view=True,
    cases=(case(F(2, 3), axis=1), case(F(2, 3), axis=-1)),
    name="expand_dims",
)
def _expand_dims(x: Any, *, axis: int) -> Any:
    return np.expand_dims(x, axis)


@composite(f"{NUMPY}:ExpandDims")
def expand_dims(x: Any, axis: Any) -> Any:
    """A new axis of length 1 (or several)."""
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    total = _rank(x) + len(axes)
    for a in sorted(shapes.normalize_axes(axes, total)):
        x = _expand_dims(x, axis=a)
    return x


def _squeezed(x: Spec, *, axis: tuple[int, ...] | None) -> Spec:
    axes = [i for i, d in enumerate(x.shape) if d == 1] if axis is None else shapes.normalize_axes(axis, len(x.shape))
    for a in axes:
        if x.shape[a] not in (1, None):
            raise ShapeError(f"squeeze removes axes of length 1, but axis {a} has {x.shape[a]}.")
    return Spec(tuple(d for i, d in enumerate(x.shape) if i not in axes), x.dtype)


@defop(
    infer=_squeezed,
    vjp=(lambda g, y, x, *, axis: dispatch(OPS["reshape_like"], (g, x), {}),),
    view=True,
    cases=(case(F(2, 1, 3), axis=(1,)), case(F(2, 1, 1), axis=None)),
    name="squeeze",
)
def _squeeze(x: Any, *, axis: tuple[int, ...] | None) -> Any:
    return np.squeeze(x, axis)


@composite(f"{NUMPY}:Squeeze")
def squeeze(x: Any, axis: Any = None) -> Any:
    """Without the axes of length 1 (all of them, or those named)."""
    return _squeeze(x, axis=(axis,) if isinstance(axis, int) else None if axis is None else tuple(axis))


@defop(
    infer=lambda x, *, shape: Spec(_target(x.shape, shape), x.dtype),
    vjp=(lambda g, y, x, *, shape: dispatch(OPS["sum_to"], (g, x), {}),),
    cases=(case(F(1, 3), shape=(2, 3)), case(F(3), shape=(2, 2, 3))),
    name="broadcast_to",
)
def _broadcast_to(x: Any, *, shape: tuple[int, ...]) -> Any:
    return np.broadcast_to(x, [d or 0 for d in _target(x.shape, shape)]).copy()


def _target(given: Sequence[int | None], shape: Sequence[int | None]) -> tuple[int | None, ...]:
    """The wished shape; None in it keeps the axis that is there."""
    lead = len(shape) - len(given)
    filled = tuple(given[i - lead] if d is None and i >= lead else d for i, d in enumerate(shape))
    shapes.broadcast(given, filled, op="broadcast_to")
    return filled


@composite(f"{NUMPY}:BroadcastTo")
def broadcast_to(x: Any, shape: Any) -> Any:
    """x repeated along axes of length 1 to the given shape."""
    return _broadcast_to(x, shape=tuple(shape))


@defop(
    infer=lambda *xs, axis: Spec(shapes.concatenate([x.shape for x in xs], axis), xs[0].dtype),
    vjp=(lambda g, y, *xs, axis, index: dispatch(OPS["slice_like"], (g, *xs), {"axis": axis, "index": index}),),
    promote=True,
    cases=(case(F(2, 3), F(2, 4), axis=1), case(F(2, 3), F(1, 3), axis=0)),
    name="concatenate",
)
def _concatenate(*xs: Any, axis: int, out: Any = None) -> Any:
    return np.concatenate(xs, axis=axis, out=out)


@defop(
    infer=lambda g, *xs, axis, index: Spec(xs[index].shape, g.dtype),
    vjp_all=lambda grads, ys, xs, attrs: (dispatch(OPS["place_like"], (grads[0], *xs), attrs), *[None] * (len(xs) - 1)),
    shape_only=tuple(range(1, 64)),
    cases=(case(F(2, 7), F(2, 3), F(2, 4), axis=1, index=1),),
)
def slice_like(g: Any, *xs: Any, axis: int, index: int, out: Any = None) -> Any:
    """The part of g that came from the index-th of the joined xs."""
    start = sum(x.shape[axis] for x in xs[:index])
    key = [slice(None)] * g.ndim
    key[axis] = slice(start, start + xs[index].shape[axis])
    if out is None:
        return g[tuple(key)].copy()
    np.copyto(out, g[tuple(key)])
    return out


@defop(
    infer=lambda h, g, *xs, axis, index: Spec(g.shape, h.dtype),
    vjp_all=lambda grads, ys, xs, attrs: (
        dispatch(OPS["slice_like"], (grads[0], *xs[2:]), attrs),
        *[None] * (len(xs) - 1),
    ),
    shape_only=tuple(range(1, 64)),
    cases=(case(F(2, 4), F(2, 7), F(2, 3), F(2, 4), axis=1, index=1),),
)
def place_like(h: Any, g: Any, *xs: Any, axis: int, index: int) -> Any:
    """Zeros in the shape of g with h at the place of the index-th of the joined xs."""
    start = sum(x.shape[axis] for x in xs[:index])
    key = [slice(None)] * g.ndim
    key[axis] = slice(start, start + xs[index].shape[axis])
    result = np.zeros(g.shape, h.dtype)
    result[tuple(key)] = h
    return result


@composite(f"{NUMPY}:Concatenate")
def concatenate(xs: Any, axis: int | None = 0) -> Any:
    """Values joined along an existing axis; flattened ones when axis is None."""
    xs = [tensor_of(x) for x in xs]
    if axis is None:
        xs, axis = [ravel(x) for x in xs], 0
    return dispatch(OPS["concatenate"], xs, {"axis": shapes.normalize_axis(axis, _rank(xs[0]), "concatenate")})


@composite(f"{NUMPY}:Stack")
def stack(x: Any, axis: int = 0) -> Any:
    """Values joined along a new axis."""
    return concatenate([expand_dims(v, axis) for v in x], axis=axis)


def _parts(length: int | None, sections: Any) -> list[tuple[int, int | None]]:
    if isinstance(sections, int) and length is not None:
        if length % sections:
            raise ShapeError("split makes parts of equal length.", rule=f"{length} / {sections} is not whole")
        return [(i * length // sections, (i + 1) * length // sections) for i in range(sections)]
    ends = [0, *sections, length]
    return list(zip(ends[:-1], ends[1:], strict=True))


@composite(f"{NUMPY}:Split")
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along an axis: a number of equal ones, or cut at the given places."""
    x = tensor_of(x)
    shape = infer_shape_of(x)
    place = shapes.normalize_axis(axis, len(shape), "split")
    if shape[place] is None and isinstance(indices_or_sections, int):
        from engine.ops.sections import open_sections

        return open_sections(x, place, indices_or_sections, even=True)
    lead = (slice(None),) * place
    return [x[(*lead, slice(a, b))] for a, b in _parts(shape[place], indices_or_sections)]


@composite("keras.src.ops.core:Unstack")
def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """The slices along an axis."""
    x = tensor_of(x)
    shape = infer_shape_of(x)
    place = shapes.normalize_axis(axis, len(shape), "unstack")
    count = num if num is not None else shape[place]
    if count is None:
        raise ValueError(f"Cannot infer argument `num` from shape {shape}. Specify `num`.")
    return [x[(*(slice(None),) * place, i)] for i in range(count)]


def _padded(x: Spec, *, pad_width: Any, value: float = 0.0) -> Spec:
    dims = zip(x.shape, pad_width, strict=True)
    return Spec(tuple(None if d is None else d + a + b for d, (a, b) in dims), x.dtype)


def _unpad(g: Any, pad_width: Any, x: Any) -> Any:
    key = tuple(slice(a, -b if b else None) for a, b in pad_width)
    return g[key]


@defop(
    infer=_padded,
    vjp=(lambda g, y, x, *, pad_width, value=0.0: _unpad(g, pad_width, x),),
    cases=(case(F(2, 3), pad_width=((1, 0), (2, 1))),),
    name="pad",
)
def _pad(x: Any, *, pad_width: Any, value: float = 0.0) -> Any:
    return np.pad(x, pad_width, constant_values=value)


def _pad_from_within(x: Any, widths: Sequence[tuple[int, int]], mode: Any) -> Any:
    """Borders made of elements of x: along each axis it is taken at the places that NumPy would copy."""
    from engine.ops.index import take

    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise ValueError(
            f"pad: the mode is 'constant', 'edge', 'reflect', 'symmetric' or 'wrap'. Received: mode={mode}"
        )
    for axis, width in enumerate(widths):
        length = infer_shape_of(x)[axis]
        if width == (0, 0):
            continue
        if length is None:
            raise ShapeError(f"pad: mode '{mode}' needs axes of known length.", op="pad", shapes=(infer_shape_of(x),))
        x = take(x, np.pad(np.arange(length, dtype="int32"), width, mode=mode), axis=axis)
    return x


@composite(f"{NUMPY}:Pad", call=("x", "constant_values"))
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """Borders added around x.

    Args:
        x: any value.
        pad_width: (before, after) for each axis, one pair for all, or one number.
        mode: "constant", or what of x is repeated there: "edge", "reflect", "symmetric", "wrap".
        constant_values: what mode "constant" fills in, 0 by default.

    Raises:
        ValueError: another mode, or a fill value without mode "constant".
    """
    rank = _rank(x)
    if isinstance(pad_width, int):
        widths = ((pad_width, pad_width),) * rank
    elif len(pad_width) == 1 or isinstance(pad_width[0], int):
        pair = pad_width[0] if not isinstance(pad_width[0], int) else pad_width
        widths = (tuple(pair),) * rank
    else:
        widths = tuple((int(a), int(b)) for a, b in pad_width)
    if mode == "constant":
        return _pad(x, pad_width=widths, value=0.0 if constant_values is None else float(constant_values))
    if constant_values is not None:
        raise ValueError(
            "Argument `constant_values` can only be provided when `mode == 'constant'`. "
            f"Received: mode={mode}, constant_values={constant_values}"
        )
    return _pad_from_within(x, [(int(a), int(b)) for a, b in widths], mode)


@composite(f"{NUMPY}:Flip")
def flip(x: Any, axis: Any = None) -> Any:
    """The order along the axes turned round."""
    x = tensor_of(x)
    axes = shapes.normalize_axes(axis, _rank(x))
    return x[tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(_rank(x)))]


@composite(f"{NUMPY}:Repeat")
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element `repeats` times along an axis; several numbers of times go to one element each."""
    if axis is None:
        x, axis = ravel(x), 0
    place = axis % _rank(x)
    if np.size(repeats) > 1:
        from engine.ops.index import take

        counts = np.asarray(as_array(repeats))
        if infer_shape_of(x)[place] not in (None, counts.size):
            raise ValueError(
                f"repeat: {counts.size} numbers of times do not fit an axis of {infer_shape_of(x)[place]} elements."
            )
        return take(x, np.repeat(np.arange(counts.size, dtype="int32"), counts), axis=place)
    repeats = int(np.ravel(as_array(repeats))[0])
    return _spread(x, place, place + 1, repeats)


def _spread(x: Any, axis: int, new_axis: int, count: int) -> Any:
    """x `count` times along `axis`: element by element with the new axis behind it, as a whole with it before."""
    shape = list(infer_shape_of(x))
    wished = tuple(count if i == new_axis else None for i in range(len(shape) + 1))
    length = shape[axis]
    shape[axis] = -1 if length is None else length * count
    return reshape(_broadcast_to(expand_dims(x, new_axis), shape=wished), shape)


@composite(f"{NUMPY}:Tile")
def tile(x: Any, repeats: Any) -> Any:
    """x laid next to itself along each axis."""
    repeats = (repeats,) if isinstance(repeats, int) else tuple(repeats)
    while _rank(x) < len(repeats):
        x = expand_dims(x, 0)
    repeats = (1,) * (_rank(x) - len(repeats)) + repeats
    for axis, count in enumerate(repeats):
        if count != 1:
            x = _spread(x, axis, axis, count)
    return x


@defop(
    infer=lambda x, *, k=0, lower=True: x,
    vjp=(lambda g, y, x, *, k=0, lower=True: _triangle(g, k=k, lower=lower),),
    cases=(case(F(3, 3), k=0, lower=True), case(F(3, 4), k=1, lower=False)),
    name="triangle",
)
def _triangle(x: Any, *, k: int = 0, lower: bool = True) -> Any:
    return np.tril(x, k) if lower else np.triu(x, k)


@composite(f"{NUMPY}:Tril")
def tril(x: Any, k: int = 0) -> Any:
    """The lower triangle of the last two axes."""
    return _triangle(x, k=k, lower=True)


@composite(f"{NUMPY}:Triu")
def triu(x: Any, k: int = 0) -> Any:
    """The upper triangle of the last two axes."""
    return _triangle(x, k=k, lower=False)


def shape(x: Any) -> tuple[int | None, ...]:
    """The axes of x; unknown ones are None."""
    return tuple(infer_shape_of(x))


@belongs(NUMPY)
def ndim(x: Any) -> int:
    """The number of axes."""
    return _rank(x)


@belongs(NUMPY)
def size(x: Any) -> Any:
    """The number of elements, None if an axis is unknown."""
    return shapes.size(infer_shape_of(x))


@belongs(NUMPY)
def array(x: Any, dtype: Any = None) -> Any:
    """x as a value of the engine."""
    return tensor_of(x, dtype)


@composite("keras.src.ops.core:ConvertToTensor", call=("x",))
def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Any:
    """x as a value of the engine, in the given type if one is given."""
    return tensor_of(x, dtype, sparse, ragged)
