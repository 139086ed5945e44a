"""Arithmetic on shapes whose axes are whole numbers or None (unknown, above all the batch).

The functions raise `ShapeError` and tell the derivation in numbers to whoever listens with `explaining()`.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator, Sequence

from engine.core.errors import ShapeError

Dim = int | None
Shape = tuple[Dim, ...]

_LISTENERS = threading.local()


@contextlib.contextmanager
def explaining() -> Iterator[list[str]]:
    """Collect the derivations of all shapes inferred inside, in order and without repeats."""
    saved = getattr(_LISTENERS, "notes", None)
    notes: list[str] = []
    _LISTENERS.notes = notes
    try:
        yield notes
    finally:
        _LISTENERS.notes = saved


def note(text: str) -> None:
    """Tell one derivation, for example "(28 − 5)/2 + 1 = 12"."""
    notes = getattr(_LISTENERS, "notes", None)
    if notes is not None and text not in notes:
        notes.append(text)


def text(shape: Sequence[Dim]) -> str:
    """A shape for a person: (None, 8, 8, 1) gives "N×8×8×1"."""
    return "×".join("N" if dim is None else str(dim) for dim in shape) or "a single number"


def normalize_axis(axis: int, rank: int, op: str = "") -> int:
    """`axis` counted from the front.

    Raises:
        ShapeError: the axis lies outside the rank.
    """
    if not -rank <= axis < rank:
        raise ShapeError(f"axis {axis} lies outside a value of {rank} axes.", op=op or None)
    return axis % rank


def normalize_axes(axis: int | Sequence[int] | None, rank: int, op: str = "") -> tuple[int, ...]:
    """All axes named by `axis`, counted from the front; None means every axis."""
    if axis is None:
        return tuple(range(rank))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    return tuple(normalize_axis(int(a), rank, op) for a in axes)


def broadcast(*shapes: Sequence[Dim], op: str = "") -> Shape:
    """Shape of an elementwise op over the given shapes."""
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[Dim] = []
    for position in range(rank):
        dims = [shape[position - rank + len(shape)] for shape in shapes if position - rank + len(shape) >= 0]
        result.append(_broadcast_dims(dims, shapes, op))
    return tuple(result)


def _broadcast_dims(dims: Sequence[Dim], shapes: Sequence[Sequence[Dim]], op: str) -> Dim:
    known = {dim for dim in dims if dim is not None and dim != 1}
    if len(known) > 1:
        numbers = " ≠ ".join(str(dim) for dim in dims if dim is not None and dim != 1)
        raise ShapeError(
            f"{op or 'this op'} works number by number and needs equal axes: {numbers}.",
            op=op or None,
            shapes=shapes,
            rule=numbers,
        )
    if known:
        return known.pop()
    return None if any(dim is None for dim in dims) else 1


def reduce(shape: Sequence[Dim], axis: int | Sequence[int] | None, keepdims: bool, op: str = "") -> Shape:
    """Shape after reducing `axis`."""
    axes = set(normalize_axes(axis, len(shape), op))
    if keepdims:
        return tuple(1 if i in axes else dim for i, dim in enumerate(shape))
    return tuple(dim for i, dim in enumerate(shape) if i not in axes)


def size(shape: Sequence[Dim]) -> Dim:
    """Number of elements, None if an axis is unknown."""
    return None if any(dim is None for dim in shape) else math.prod(dim for dim in shape if dim is not None)


def reshape(shape: Sequence[Dim], new_shape: Sequence[Dim], op: str = "reshape") -> Shape:
    """Shape after a reshape; one axis of `new_shape` may be -1, a leading None keeps the first axis as it is."""
    if len(new_shape) and new_shape[0] is None and len(shape):
        return (shape[0], *reshape(shape[1:], new_shape[1:], op))
    target = [-1 if dim is None else int(dim) for dim in new_shape]
    if target.count(-1) > 1:
        raise ShapeError(f"only one axis of a reshape may be open, but {tuple(new_shape)} has more.", op=op)
    total = size(shape)
    fixed = math.prod(dim for dim in target if dim != -1)
    if -1 not in target:
        if total is not None and total != fixed:
            raise _reshape_error(shape, new_shape, total, fixed, op)
        return tuple(target)
    return tuple(_open_dim(shape, new_shape, total, fixed, op) if dim == -1 else dim for dim in target)


def _open_dim(shape: Sequence[Dim], new_shape: Sequence[Dim], total: Dim, fixed: int, op: str) -> Dim:
    if total is not None:
        if fixed == 0:
            return 0
        if total % fixed:
            raise _reshape_error(shape, new_shape, total, fixed, op)
        return total // fixed
    return None


def _reshape_error(shape: Sequence[Dim], new_shape: Sequence[Dim], total: int, fixed: int, op: str) -> ShapeError:
    rule = f"{text(shape)} holds {total:,} numbers, {text([None if d in (-1, None) else d for d in new_shape])} needs "
    rule += f"a multiple of {fixed:,}" if any(d in (-1, None) for d in new_shape) else f"{fixed:,}"
    return ShapeError("a reshape keeps the number of values.", op=op, shapes=(shape, new_shape), rule=rule)


def concatenate(shapes: Sequence[Sequence[Dim]], axis: int, op: str = "concatenate") -> Shape:
    """Shape after joining along `axis`; all other axes have to agree."""
    rank = len(shapes[0])
    if any(len(shape) != rank for shape in shapes):
        raise ShapeError(f"{op} needs inputs with the same number of axes.", op=op, shapes=shapes)
    axis = normalize_axis(axis, rank, op)
    result: list[Dim] = []
    for i in range(rank):
        dims = [shape[i] for shape in shapes]
        result.append(_joined(dims) if i == axis else _agreed(dims, i, shapes, op))
    return tuple(result)


def _joined(dims: Sequence[Dim]) -> Dim:
    if any(dim is None for dim in dims):
        return None
    numbers = [dim for dim in dims if dim is not None]
    total = math.fsum(numbers)
    note(" + ".join(str(dim) for dim in numbers) + f" = {int(total)}")
    return int(total)


def _agreed(dims: Sequence[Dim], axis: int, shapes: Sequence[Sequence[Dim]], op: str) -> Dim:
    known = {dim for dim in dims if dim is not None}
    if len(known) > 1:
        numbers = " ≠ ".join(str(dim) for dim in dims if dim is not None)
        raise ShapeError(f"{op} needs equal axes but the joined one: {numbers}.", op=op, shapes=shapes, rule=numbers)
    return known.pop() if known else None


def matmul(a: Sequence[Dim], b: Sequence[Dim], op: str = "matmul") -> Shape:
    """Shape of a matrix product with NumPy's rules for vectors and leading axes."""
    if not a or not b:
        raise ShapeError(f"{op} needs inputs of at least one axis.", op=op, shapes=(a, b))
    inner_a, inner_b = a[-1], b[-2] if len(b) > 1 else b[-1]
    if inner_a is not None and inner_b is not None and inner_a != inner_b:
        raise ShapeError(
            f"{op}: inner dimensions differ: {inner_a} and {inner_b}.",
            op=op,
            shapes=(a, b),
            rule=f"{inner_a} ≠ {inner_b}",
        )
    leading = broadcast(a[:-2], b[:-2], op=op)
    rows = a[-2:-1] if len(a) > 1 else ()
    columns = b[-1:] if len(b) > 1 else ()
    return (*leading, *rows, *columns)


def window_length(n: Dim, kernel: int, stride: int, padding: str, dilation: int = 1, axis: str = "") -> Dim:
    """Length after a convolution or pooling window slides over `n` positions.

    Args:
        n: length before, None if unknown.
        kernel, stride, dilation: of the window.
        padding: "valid" (whole windows only), "same" (ceil(n / stride)) or "causal".
        axis: word for the axis in errors, for example "height".
    """
    if n is None:
        return None
    span = dilation * (kernel - 1) + 1
    if padding in ("same", "causal"):
        length = -(-n // stride)
        note(f"{padding}: ⌈{n}/{stride}⌉ = {length}" if stride > 1 else f"{padding} keeps {n}")
        return length
    length = (n - span) // stride + 1
    if n and n < span:
        raise ShapeError(
            f"a window of {span} does not fit into {n}{' ' + axis if axis else ''}.",
            first="Computed output size would be zero or negative.",
            rule=f"({n} − {span})/{stride} + 1 = {_plain((n - span) / stride + 1)}",
            hint='Use a smaller kernel, or padding "same".',
        )
    note(_window_rule(n, span, stride, length))
    return max(length, 0)


def _window_rule(n: int, span: int, stride: int, length: int) -> str:
    exact = (n - span) / stride + 1
    if exact == length:
        return f"valid: ({n} − {span})/{stride} + 1 = {length}"
    return f"valid: ({n} − {span})/{stride} + 1 = {_plain(exact)}, rounded down to {length}"


def _plain(number: float) -> str:
    return f"{number:g}".replace("-", "−")


def same_padding(n: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Zeros before and after an axis of `n` for padding "same"; the odd one goes to the end."""
    span = dilation * (kernel - 1) + 1
    total = max((-(-n // stride) - 1) * stride + span - n, 0)
    return total // 2, total - total // 2


def transposed_borders(
    kernel: int, stride: int, padding: str, dilation: int = 1, output_padding: int | None = None
) -> tuple[int, int]:
    """What a transposed convolution cuts off (before, after) its full length of (n − 1) · stride + span.

    A negative number stands for zeros that are added. These are the borders of the convolution whose gradient it is.
    """
    span = dilation * (kernel - 1) + 1
    if padding == "valid":
        return 0, -(max(span, stride) - span if output_padding is None else output_padding)
    zeros = stride + span - 2 if output_padding is None else span + span % 2 - 2 + output_padding
    before = min(-(-zeros // 2), span - 1)
    return span - 1 - before, span - 1 - (zeros - before)


def transposed_length(
    n: Dim, kernel: int, stride: int, padding: str, dilation: int = 1, output_padding: int | None = None
) -> Dim:
    """Length after a transposed convolution spreads `n` positions, each over a window, `stride` apart.

    Args:
        n: length before, None if unknown.
        kernel, stride, dilation: of the window.
        padding: "valid" (all that the windows cover) or "same" (n · stride).
        output_padding: places added at the end; None chooses them so that the rules above hold.
    """
    if n is None:
        return None
    span = dilation * (kernel - 1) + 1
    length = max(
        (n - 1) * stride + span - sum(transposed_borders(kernel, stride, padding, dilation, output_padding)), 0
    )
    if padding == "same" and output_padding is None:
        note(f"same: {n}·{stride} = {length}" if stride > 1 else f"same keeps {n}")
        return length
    window = max(span, stride) if output_padding is None else span if padding == "valid" else span % 2
    extra = f" + {output_padding}" if output_padding else ""
    note(f"{padding}: ({n} − 1)·{stride} + {window}{extra} = {length}")
    return length
