"""Counting and relating: histograms, counts of whole numbers, correlation, distances, signal-to-noise ratio."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.core import config, dtypes, shapes
from engine.core.cases import F, I, case
from engine.core.errors import ShapeError, TraceError
from engine.core.op import composite, defop
from engine.core.tensor import Spec, Symbol, as_array, convert_to_tensor
from engine.ops import elementwise as ew
from engine.ops import reduce as red
from engine.ops.product import matmul
from engine.ops.shape import expand_dims, flip, swapaxes, transpose

__all__ = ["bincount", "cdist", "corrcoef", "correlate", "histogram", "psnr"]

NUMPY = "keras.src.ops.numpy"
_PIECE = 1 << 16


def _counted(x: Spec, weights: Spec | None, *, length: int) -> Spec:
    return Spec((*x.shape[:-1], length), "int32" if weights is None else dtypes.compute_type(x.dtype, weights.dtype))


@defop(
    infer=_counted,
    vjp=(None, lambda g, y, x, w, *, length: _weight_rule(g, x)),
    cases=(
        case(I(6), None, length=5),
        case(I(2, 6), None, length=7),
        case(I(6), F(6), length=5),
        case(I(2, 6), F(2, 6), length=5),
    ),
    name="bincount",
)
def _bincount(x: Any, weights: Any, *, length: int) -> Any:
    rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    shares = [None] * len(rows) if weights is None else weights.reshape(rows.shape)
    counts = [np.bincount(row, share, length) for row, share in zip(rows, shares, strict=True)]
    kind = "int32" if weights is None else dtypes.compute_type(x.dtype.name, weights.dtype.name)
    if any(len(count) > length for count in counts):
        raise ValueError(f"bincount: the largest number is {x.max()}, but there is room for 0 to {length - 1}.")
    return np.asarray(counts).reshape(*x.shape[:-1], length).astype(kind)


def _weight_rule(g: Any, x: Any) -> Any:
    from engine.ops.index import take_along_axis

    return take_along_axis(g, x, axis=-1)


@composite(f"{NUMPY}:Bincount")
def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    """How often each whole number from 0 on occurs in the last axis, or the sum of the weights that stand beside it.

    While tracing, the numbers are not known: they lie below `minlength` then.

    Raises:
        ValueError: `sparse` is True.
        TraceError: traced with `minlength` 0.
    """
    if sparse:
        raise ValueError("Unsupported value `sparse=True` with numpy backend")
    x = convert_to_tensor(x)
    if isinstance(x, Symbol):
        if not minlength:
            raise TraceError("bincount: the length of the result depends on values; give `minlength`.")
        length = minlength
    else:
        length = max(minlength, int(x.numpy().max()) + 1) if x.size else minlength
    return _bincount(x, None if weights is None else convert_to_tensor(weights), length=length)


def _edges(x: Spec, *, bins: int, limits: Any) -> tuple[Spec, Spec]:
    return Spec((bins,), "int32"), Spec((bins + 1,), _edge_type(x.dtype))


def _edge_type(dtype: str) -> str:
    return dtype if dtypes.is_float(dtype) else config.floatx()


@defop(
    infer=_edges,
    cases=(case(F(6), bins=4, limits=None), case(I(6), bins=3, limits=(0.0, 4.0))),
    nondiff="counts",
    name="histogram",
)
def _histogram(x: Any, *, bins: int, limits: Any) -> Any:
    counts, edges = np.histogram(x, bins=bins, range=limits)
    return counts.astype("int32"), edges.astype(_edge_type(x.dtype.name))


@composite(f"{NUMPY}:Histogram")
def histogram(x: Any, bins: int = 10, range: Any = None) -> Any:
    """How many elements lie in each of `bins` equal parts of their range (or of the given one), and its borders.

    Raises:
        ValueError: `bins` is no positive whole number, or the range has not two rising ends.
    """
    if not isinstance(bins, int) or bins < 0:
        raise ValueError(f"Argument `bins` should be a non-negative integer. Received: bins={bins}")
    if range and (len(range) < 2 or not isinstance(range, tuple)):
        raise ValueError(f"Argument `range` must be a tuple of two elements. Received: range={range}")
    if range and range[1] < range[0]:
        raise ValueError(f"The second element of `range` must be greater than the first. Received: range={range}")
    x = convert_to_tensor(x)
    if len(x.shape) > 1:
        raise ValueError(f"Input tensor must be 1-dimensional. Received: input.shape={tuple(x.shape)}")
    return _histogram(x, bins=bins, limits=range or None)


@composite(f"{NUMPY}:Corrcoef")
def corrcoef(x: Any) -> Any:
    """Correlation of every row with every other (Pearson's)."""
    x = convert_to_tensor(x)
    x = ew.cast(x, dtypes.compute_type(x.dtype, float))
    if len(x.shape) == 1:
        spread = red.sum(ew.square(x - red.mean(x)))
        return spread / spread
    if x.shape[0] == 1:
        return corrcoef(x[0])
    centred = x - red.mean(x, axis=-1, keepdims=True)
    product = matmul(centred, transpose(centred))
    size = ew.sqrt(red.sum(ew.square(centred), axis=-1))
    return ew.clip(product / (expand_dims(size, 1) * expand_dims(size, 0)), -1.0, 1.0)


def _everywhere(a: Spec, b: Spec) -> Spec:
    if len(a.shape) != 1 or len(b.shape) != 1:
        raise ShapeError("correlate needs two values of one axis.", op="correlate", shapes=(a.shape, b.shape))
    m, n = a.shape[0], b.shape[0]
    return Spec((None if m is None or n is None else m + n - 1,), a.dtype)


@defop(
    infer=_everywhere,
    vjp=(
        lambda g, y, a, b: _inside(g, flip(b)),
        lambda g, y, a, b: flip(_inside(g, a)),
    ),
    promote="float",
    cases=(case(F(5), F(3)), case(F(2), F(4)), case(F(3), F(3))),
)
def correlate_full(x1: Any, x2: Any) -> Any:
    """y[k] = sum over i of x1[i + k - (n - 1)] · x2[i], n being the length of x2, at every place with an overlap."""
    return np.correlate(x1, x2, "full")


def _lengths(x1: Any, x2: Any) -> tuple[int, int]:
    m, n = x1.shape[0], x2.shape[0]
    if m is None or n is None:
        raise ShapeError("correlate needs axes of known length.", op="correlate", shapes=(x1.shape, x2.shape))
    return m, n


def _inside(x1: Any, x2: Any) -> Any:
    """The places where both overlap wholly."""
    m, n = _lengths(x1, x2)
    return correlate_full(x1, x2)[min(m, n) - 1 : max(m, n)]


@composite(f"{NUMPY}:Correlate", call=("x1", "x2"))
def correlate(x1: Any, x2: Any, mode: str = "valid") -> Any:
    """Sums of products of x1 with x2 shifted along it.

    Args:
        x1: numbers along one axis.
        x2: numbers along one axis.
        mode: "valid" where both overlap wholly, "same" as long as the longer one, "full" wherever they overlap.

    Raises:
        ValueError: unknown mode.
    """
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    if mode == "full":
        return correlate_full(a, b)
    if mode == "valid":
        return _inside(a, b)
    if mode != "same":
        raise ValueError(f"`mode` must be one of 'valid', 'same', 'full'. Received: mode={mode}")
    m, n = _lengths(a, b)
    shorter = min(m, n)
    start = (shorter - 1) // 2 if m >= n else shorter - 1 - (shorter - 1) // 2
    return correlate_full(a, b)[start : start + max(m, n)]


def _distances(x: Spec, y: Spec) -> Spec:
    return Spec((*shapes.broadcast(x.shape[:-2], y.shape[:-2], op="cdist"), x.shape[-2], y.shape[-2]), x.dtype)


def _towards(g: Any, d: Any, x: Any, y: Any) -> Any:
    """The gradient by x: along the unit vectors from y; 0 between equal points."""
    share = ew.where(ew.equal(d, 0), 0.0, g / ew.where(ew.equal(d, 0), 1.0, d))
    return ew._unbroadcast(x * red.sum(share, axis=-1, keepdims=True) - matmul(share, y), x)


def _turned(x: Any) -> Any:
    return swapaxes(x, -1, -2)


@defop(
    infer=_distances,
    vjp=(
        lambda g, d, x, y: _towards(g, d, x, y),
        lambda g, d, x, y: _towards(_turned(g), _turned(d), y, x),
    ),
    promote="float",
    cases=(case(F(3, 2), F(4, 2)), case(F(2, 3, 2), F(4, 2)), case(F(0, 2), F(4, 2))),
    name="cdist",
)
def _cdist(x: Any, y: Any, *, out: Any = None) -> Any:
    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    result = np.empty((*lead, x.shape[-2], y.shape[-2]), x.dtype) if out is None else out
    rows = max(_PIECE // max(y.size, 1), 1)  # few rows at a time, so that the differences stay in the cache
    for start in range(0, x.shape[-2], rows):
        gap = x[..., start : start + rows, None, :] - y[..., None, :, :]
        result[..., start : start + rows, :] = np.sqrt(np.square(gap, out=gap).sum(axis=-1))
    return result


@composite("keras.src.ops.math:CDist", call=("x", "y"))
def cdist(x: Any, y: Any) -> Any:
    """Euclidean distance of every row of x to every row of y, leading axes broadcast.

    Raises:
        ValueError: less than two axes, or rows of different length.
    """
    a, b = convert_to_tensor(x), convert_to_tensor(y)
    if len(a.shape) < 2 or len(b.shape) < 2:
        raise ValueError("`cdist` inputs must have rank >= 2")
    if None not in (a.shape[-1], b.shape[-1]) and a.shape[-1] != b.shape[-1]:
        raise ValueError("Last dimension of inputs to `cdist` must match")
    return _cdist(a, b)


@composite("keras.src.ops.nn:PSNR", call=("x1", "x2"))
def psnr(x1: Any, x2: Any, max_val: Any) -> Any:
    """Peak signal-to-noise ratio of two pictures in decibel: 20 log10(max_val) - 10 log10(mean square difference).

    Raises:
        ValueError: the shapes differ.
    """
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    if tuple(a.shape) != tuple(b.shape):
        raise ValueError(f"Input shapes {a.shape} and {b.shape} must match for PSNR calculation. ")
    return 20.0 * math.log10(float(as_array(max_val))) - 10.0 * ew.log10(red.mean(ew.square(a - b)))
