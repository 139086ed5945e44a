"""Diagonals, triangles and products of vectors and matrices: diag, trace, tri, kron, cross, inner, vdot, vander."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import config, dtypes
from engine.core.cases import F, case
from engine.core.errors import ShapeError
from engine.core.op import belongs, composite, defop
from engine.core.tensor import Spec, Tensor, convert_to_tensor
from engine.ops import elementwise as ew
from engine.ops import reduce as red
from engine.ops.making import zeros
from engine.ops.product import matmul, tensordot
from engine.ops.shape import expand_dims, moveaxis, ravel, reshape, stack, transpose

__all__ = [
    "cross",
    "diag",
    "diagflat",
    "diagonal",
    "inner",
    "kron",
    "trace",
    "tri",
    "vander",
    "vdot",
]

NUMPY = "keras.src.ops.numpy"


def _diagonal_spec(x: Spec, *, offset: int) -> Spec:
    rows, columns = x.shape[-2:]
    if rows is None or columns is None:
        return Spec((*x.shape[:-2], None), x.dtype)
    return Spec((*x.shape[:-2], _diagonal_length(rows, columns, offset)), x.dtype)


def _diagonal_length(rows: int, columns: int, offset: int) -> int:
    return max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)


@defop(
    infer=_diagonal_spec,
    vjp=(lambda g, y, x, *, offset: undiagonal(g, x, offset=offset),),
    cases=(case(F(3, 4), offset=0), case(F(2, 3, 4), offset=1), case(F(3, 3), offset=-1)),
    name="diagonal",
)
def _diagonal(x: Any, *, offset: int) -> Any:
    return np.diagonal(x, offset, -2, -1).copy()


@defop(
    infer=lambda g, x, *, offset: Spec(x.shape, g.dtype),
    vjp=(lambda h, y, g, x, *, offset: _diagonal(h, offset=offset), None),
    shape_only=(1,),
    cases=(case(F(2, 3), F(2, 3, 4), offset=1), case(F(2), F(3, 3), offset=-1)),
)
def undiagonal(g: Any, x: Any, *, offset: int, out: Any = None) -> Any:
    """Zeros in the shape of x with g on a diagonal of the last two axes."""
    out = np.empty(x.shape, g.dtype) if out is None else out
    out.fill(0)
    places = np.arange(g.shape[-1])
    out[..., places + max(-offset, 0), places + max(offset, 0)] = g
    return out


@defop(
    infer=lambda x, *, offset: Spec(_matrix_shape(x.shape, offset), x.dtype),
    vjp=(lambda g, y, x, *, offset: _diagonal(g, offset=offset),),
    cases=(case(F(3), offset=0), case(F(3), offset=-2), case(F(2, 3), offset=1)),
)
def diagonal_matrix(x: Any, *, offset: int) -> Any:
    """Matrices with the last axis of x on a diagonal."""
    result = np.zeros(_matrix_shape(x.shape, offset), x.dtype)
    places = np.arange(x.shape[-1])
    result[..., places + max(-offset, 0), places + max(offset, 0)] = x
    return result


def _matrix_shape(shape: tuple[Any, ...], offset: int) -> tuple[Any, ...]:
    size = None if shape[-1] is None else shape[-1] + abs(offset)
    return (*shape[:-1], size, size)


@composite(f"{NUMPY}:Diagonal")
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """A diagonal of two axes, as the new last axis.

    Raises:
        ValueError: less than two axes.
    """
    x = convert_to_tensor(x)
    if len(x.shape) < 2:
        raise ValueError(f"`diagonal` requires an array of at least two dimensions, but `x` is of shape {x.shape}.")
    return _diagonal(moveaxis(x, (axis1, axis2), (-2, -1)), offset=offset)


@composite(f"{NUMPY}:Diag")
def diag(x: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, or the matrix of a diagonal.

    Raises:
        ValueError: neither one nor two axes.
    """
    x = convert_to_tensor(x)
    if len(x.shape) == 1:
        return diagonal_matrix(x, offset=k)
    if len(x.shape) == 2:
        return _diagonal(x, offset=k)
    raise ValueError(f"`x` must be 1-D or 2-D, but received shape {tuple(x.shape)}.")


@composite(f"{NUMPY}:Diagflat")
def diagflat(x: Any, k: int = 0) -> Any:
    """A matrix with all elements of x on its diagonal."""
    return diagonal_matrix(ravel(convert_to_tensor(x)), offset=k)


@composite(f"{NUMPY}:Trace")
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of a diagonal of two axes."""
    return red.sum(diagonal(x, offset=offset, axis1=axis1, axis2=axis2), axis=-1)


@belongs(NUMPY)
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Ones at and below a diagonal of an N by M matrix, zeros above."""
    return Tensor(np.tri(N, M, k, dtypes.numpy_dtype(dtypes.standardize_dtype(dtype or config.floatx()))))


@composite(f"{NUMPY}:Inner", call=("x1", "x2"))
def inner(x1: Any, x2: Any) -> Any:
    """Sums of products over the last axes of both."""
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    if not a.shape or not b.shape:
        return ew.multiply(a, b)
    if len(b.shape) <= 2:
        return matmul(a, transpose(b))
    return tensordot(a, b, axes=([-1], [-1]))


@composite(f"{NUMPY}:Vdot", call=("x1", "x2"))
def vdot(x1: Any, x2: Any) -> Any:
    """Sum of the products of all elements, those of x1 conjugated."""
    from engine.ops.complex import conjugate

    a, b = ravel(convert_to_tensor(x1)), ravel(convert_to_tensor(x2))
    return tensordot(conjugate(a) if a.dtype in dtypes.COMPLEX_TYPES else a, b, axes=1)


@composite(f"{NUMPY}:Kron", call=("x1", "x2"))
def kron(x1: Any, x2: Any) -> Any:
    """Kronecker product: every element of x1 replaced by it times x2."""
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    rank = max(len(a.shape), len(b.shape))
    a = reshape(a, (*[1] * (rank - len(a.shape)), *a.shape)) if len(a.shape) < rank else a
    b = reshape(b, (*[1] * (rank - len(b.shape)), *b.shape)) if len(b.shape) < rank else b
    shape = [None if m is None or n is None else m * n for m, n in zip(a.shape, b.shape, strict=True)]
    for axis in range(rank):
        a, b = expand_dims(a, 2 * axis + 1), expand_dims(b, 2 * axis)
    return reshape(ew.multiply(a, b), [-1 if n is None else n for n in shape])


@composite(f"{NUMPY}:Cross", call=("x1", "x2"))
def cross(x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """Vector product of vectors of 2 or 3 numbers; of two plane vectors only its height.

    Raises:
        ValueError: vectors of another length.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = (moveaxis(convert_to_tensor(x), place, -1) for x, place in ((x1, axisa), (x2, axisb)))
    for name, value in (("x1", a), ("x2", b)):
        if value.shape[-1] not in (2, 3):
            raise ValueError(
                f"`{name}`'s dim on its vector axis must be either 2 or 3, but received: {value.shape[-1]}"
            )
    flat = a.shape[-1] == b.shape[-1] == 2
    (a0, a1, a2), (b0, b1, b2) = _three(a), _three(b)
    height = a0 * b1 - a1 * b0
    if flat:
        return height
    return moveaxis(stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, height], axis=-1), -1, axisc)


def _three(x: Any) -> tuple[Any, Any, Any]:
    return x[..., 0], x[..., 1], x[..., 2] if x.shape[-1] == 3 else ew.zeros_like(x[..., 0])


@composite(f"{NUMPY}:Vander")
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Powers of x as columns, N of them (as many as x has numbers), falling or rising.

    Raises:
        ValueError: x has not one axis, or N is negative.
    """
    x = convert_to_tensor(x)
    if len(x.shape) != 1:
        raise ValueError(f"Input tensor must be 1-dimensional. Received: input.shape={tuple(x.shape)}")
    count = x.shape[0] if N is None else N
    if count is None:
        raise ShapeError("vander needs `N` where the length of x is not known.", op="vander", shapes=(x.shape,))
    if not isinstance(count, int) or count < 0:
        raise ValueError(f"Argument `N` must be None or a non-negative integer. Received: N={N}")
    columns = [ew.ones_like(x)]
    for _ in range(count - 1):
        columns.append(ew.multiply(columns[-1], x))
    columns = columns[:count]
    if not columns:
        return zeros((x.shape[0] or 0, 0), x.dtype)
    return stack(columns if increasing else columns[::-1], axis=-1)
