"""Sliding windows laid out and added up again: unfold and fold of pictures, sequences out of a signal."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.cases import F, case
from engine.core.errors import ShapeError
from engine.core.op import composite, defop
from engine.core.tensor import Spec, convert_to_tensor
from engine.ops.fourier import frames

__all__ = ["extract_sequences", "fold", "unfold"]

Pair = tuple[int, int]
Window = tuple[Pair, Pair, Pair, Pair]
"""Kernel size, dilation, padding and stride, each for height and width."""

_WINDOWS: tuple[Window, ...] = (
    ((2, 2), (1, 1), (0, 0), (1, 1)),
    ((2, 3), (2, 1), (1, 2), (1, 2)),
    ((2, 2), (1, 1), (0, 0), (2, 2)),
)


def _pair(value: Any) -> Pair:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def _steps(length: int, kernel: int, dilation: int, padding: int, stride: int) -> int:
    """How many windows fit along an axis."""
    span = dilation * (kernel - 1) + 1
    if length + 2 * padding < span:
        raise ShapeError(f"a window of {span} does not fit into {length} with a border of {padding}.")
    return (length + 2 * padding - span) // stride + 1


def _grid(size: tuple[int, ...], window: Window) -> Pair:
    rows, columns = (_steps(size[i], *(part[i] for part in window)) for i in range(2))
    return rows, columns


def _unfolded(x: Spec, *, window: Window) -> Spec:
    batch, channels, height, width = x.shape
    if height is None or width is None:
        return Spec((batch, None if channels is None else channels * window[0][0] * window[0][1], None), x.dtype)
    rows, columns = _grid((height, width), window)
    values = None if channels is None else channels * window[0][0] * window[0][1]
    return Spec((batch, values, rows * columns), x.dtype)


def _places(i: int, j: int, grid: Pair, window: Window) -> tuple[slice, slice]:
    """Where element (i, j) of all windows lies in the padded picture."""
    _, dilation, _, stride = window
    top, left = i * dilation[0], j * dilation[1]
    return (
        slice(top, top + (grid[0] - 1) * stride[0] + 1, stride[0]),
        slice(left, left + (grid[1] - 1) * stride[1] + 1, stride[1]),
    )


@defop(
    infer=_unfolded,
    vjp=(lambda g, y, x, *, window: _fold(g, size=tuple(x.shape[2:]), window=window),),
    cases=tuple(case(F(2, 3, 4, 5), window=w) for w in _WINDOWS),
    name="unfold",
)
def _unfold(x: Any, *, window: Window, out: Any = None) -> Any:
    kernel, _, padding, _ = window
    grid = _grid(x.shape[2:], window)
    shape = (*x.shape[:2], *kernel, *grid)
    result = np.empty(shape, x.dtype) if out is None else out.reshape(shape)
    padded = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2)) if any(padding) else x
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            result[:, :, i, j] = padded[(..., *_places(i, j, grid, window))]
    return result.reshape(len(x), x.shape[1] * kernel[0] * kernel[1], grid[0] * grid[1]) if out is None else out


def _folded(x: Spec, *, size: Pair, window: Window) -> Spec:
    batch, values, count = x.shape
    area, grid = window[0][0] * window[0][1], _grid(size, window)
    if values is not None and values % area:
        raise ShapeError(f"fold: {values} values are no multiple of a window of {area}.", rule=f"{values} / {area}")
    if count not in (None, grid[0] * grid[1]):
        raise ShapeError(f"fold: {count} windows were given, but {grid[0]} · {grid[1]} fit.", shapes=(x.shape,))
    return Spec((batch, None if values is None else values // area, *size), x.dtype)


@defop(
    infer=_folded,
    vjp=(lambda g, y, x, *, size, window: _unfold(g, window=window),),
    cases=(
        case(F(2, 12, 12), size=(4, 5), window=_WINDOWS[0]),
        case(F(2, 6, 16), size=(4, 5), window=_WINDOWS[1]),
    ),
    name="fold",
)
def _fold(x: Any, *, size: Pair, window: Window) -> Any:
    kernel, _, padding, _ = window
    grid = _grid(size, window)
    parts = x.reshape(len(x), x.shape[1] // (kernel[0] * kernel[1]), *kernel, *grid)
    result = np.zeros((*parts.shape[:2], size[0] + 2 * padding[0], size[1] + 2 * padding[1]), x.dtype)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            result[(..., *_places(i, j, grid, window))] += parts[:, :, i, j]
    top, left = padding
    return result[:, :, top : top + size[0], left : left + size[1]]


@composite("keras.src.ops.nn:Unfold")
def unfold(x: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """The windows of pictures (N, C, H, W), each laid out as one column: (N, C · kH · kW, windows).

    Raises:
        ValueError: not four axes.
    """
    x = convert_to_tensor(x)
    if len(x.shape) != 4:
        raise ValueError(f"Input must be a 4D tensor. Received: input.shape={tuple(x.shape)}")
    return _unfold(x, window=(_pair(kernel_size), _pair(dilation), _pair(padding), _pair(stride)))


@composite("keras.src.ops.nn:Fold")
def fold(x: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Columns (N, C · kH · kW, windows) put back as pictures (N, C, H, W); where windows overlap they add up.

    Raises:
        ValueError: not three axes.
    """
    x = convert_to_tensor(x)
    if len(x.shape) != 3:
        raise ValueError(f"Input must be a 3D tensor. Received: input.shape={tuple(x.shape)}")
    window = (_pair(kernel_size), _pair(dilation), _pair(padding), _pair(stride))
    return _fold(x, size=_pair(output_size), window=window)


@composite("keras.src.ops.math:ExtractSequences")
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """Sequences of the last axis, `sequence_stride` apart: (..., T) to (..., sequences, sequence_length).

    Raises:
        ShapeError: a sequence is longer than the axis.
    """
    return frames(convert_to_tensor(x), length=sequence_length, stride=sequence_stride, border=0)
