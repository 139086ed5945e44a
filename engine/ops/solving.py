"""Determinants, inverses and systems of linear equations, with their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import dtypes, shapes
from engine.core.cases import SPD, F, case
from engine.core.errors import ShapeError
from engine.core.op import composite, defop
from engine.core.tensor import Spec, convert_to_tensor
from engine.kernels import linalg as kernels
from engine.ops.elementwise import cast
from engine.ops.factor import LINALG, matrix, same_square, square
from engine.ops.product import _flip_last as flip
from engine.ops.product import _matmul as product
from engine.ops.product import _shrink as shrink
from engine.ops.reduce import sum as total
from engine.ops.shape import expand_dims, squeeze, tril, triu

__all__ = [
    "cholesky_inverse",
    "det",
    "inv",
    "logdet",
    "lstsq",
    "matrix_rank",
    "pinv",
    "slogdet",
    "solve",
    "solve_triangular",
]


def _number(x: Spec) -> Spec:
    square(x)
    return Spec(x.shape[:-2], x.dtype)


def _wide(g: Any) -> Any:
    """One number for each matrix, to be multiplied with it."""
    return expand_dims(g, (-2, -1))


def _cofactors_vjp(h: Any, y: Any, x: Any) -> Any:
    together = _wide(total(h * y, axis=(-2, -1)))
    return (together * y - product(product(y, flip(h)), y)) / _wide(det(x))


@defop(
    infer=same_square,
    vjp=(_cofactors_vjp,),
    promote="float",
    cases=(case(F(3, 3)), case(F(2, 4, 4)), case(F(1, 1))),
)
def cofactors(x: Any) -> Any:
    """The derivative of the determinant by each element, also where the determinant is 0."""
    return kernels.cofactors(x)


@defop(
    infer=_number,
    vjp=(lambda g, y, x: _wide(g) * cofactors(x),),
    promote="float",
    cases=(case(F(3, 3)), case(F(2, 4, 4)), case(F(0, 3, 3))),
    keras=f"{LINALG}:Det",
)
def det(x: Any) -> Any:
    """Determinants of square matrices."""
    return kernels.det(x)


def _slogdet_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    g = grads[1]
    return (None if g is None else _wide(g) * flip(inv(inputs[0])),)


@defop(
    infer=lambda x: (_number(x), _number(x)),
    vjp_all=_slogdet_vjp,
    promote="float",
    cases=(case(F(3, 3)), case(F(2, 4, 4)), case(F(0, 3, 3))),
    keras="keras.src.ops.numpy:Slogdet",
)
def slogdet(x: Any) -> Any:
    """Signs of determinants, and the logarithms of their sizes."""
    return kernels.slogdet(x)


@composite("keras.src.ops.math:Logdet")
def logdet(x: Any) -> Any:
    """Logarithms of the sizes of determinants."""
    return slogdet(x)[1]


@defop(
    infer=same_square,
    vjp=(lambda g, y, x: -product(product(flip(y), g), flip(y)),),
    promote="float",
    cases=(case(SPD(3, 3)), case(F(2, 4, 4)), case(F(0, 3, 3))),
    keras=f"{LINALG}:Inv",
)
def inv(x: Any) -> Any:
    """Inverses of square matrices."""
    return kernels.inv(x)


def _solution(a: Spec, b: Spec, **_: Any) -> Spec:
    size = square(a)
    rows, columns = matrix(b)
    if size is not None and rows is not None and size != rows:
        raise ShapeError(
            "Incompatible shapes between `a` and `b`. Expected `a.shape[-2] == b.shape[-2]`. "
            f"Received: a.shape={a.shape}, b.shape={b.shape}",
            rule=f"{size} ≠ {rows}",
        )
    return Spec((*shapes.broadcast(a.shape[:-2], b.shape[:-2]), size if rows is None else rows, columns), b.dtype)


@defop(
    infer=_solution,
    vjp=(
        lambda g, y, a, b: shrink(-product(_solve(flip(a), g), flip(y)), a),
        lambda g, y, a, b: shrink(_solve(flip(a), g), b),
    ),
    cases=(
        case(SPD(3, 3), F(3, 2)),
        case(SPD(2, 4, 4), F(2, 4, 1)),
        case(SPD(4, 4), F(2, 4, 3)),
        case(SPD(2, 1, 3, 3), F(3, 3, 2)),
        case(SPD(0, 3, 3), F(0, 3, 2)),
    ),
    name="solve",
)
def _solve(a: Any, b: Any) -> Any:
    return kernels.solve(a, b)


def triangular(a: Any, b: Any, lower: bool = True, transposed: bool = False) -> Any:
    """x with a @ x = b, or aᵀ @ x = b, where a is a lower (or upper) triangle."""
    return _triangular(flip(a), b, lower=not lower) if transposed else _triangular(a, b, lower=lower)


def _triangle_vjp(g: Any, y: Any, a: Any, b: Any, *, lower: bool) -> Any:
    full = shrink(product(triangular(a, g, lower, transposed=True), flip(y)), a)
    return -(tril(full) if lower else triu(full))


@defop(
    infer=_solution,
    vjp=(
        _triangle_vjp,
        lambda g, y, a, b, *, lower: shrink(triangular(a, g, lower, transposed=True), b),
    ),
    cases=(
        case(SPD(3, 3), F(3, 2), lower=True),
        case(SPD(2, 4, 4), F(2, 4, 1), lower=False),
        case(SPD(4, 4), F(2, 4, 3), lower=True),
        case(SPD(0, 3, 3), F(0, 3, 2), lower=False),
    ),
    name="solve_triangular",
)
def _triangular(a: Any, b: Any, *, lower: bool) -> Any:
    return kernels.solve_triangular(a, b, lower)


def _pair(a: Any, b: Any) -> tuple[Any, Any, bool]:
    """Both of one float type; a right side of vectors as matrices of one column."""
    a, b = convert_to_tensor(a), convert_to_tensor(b)
    if len(b.shape) < 1:
        raise ShapeError("Expected input to have rank >= 1. Received a single number as right side.", shapes=(a.shape,))
    dtype = dtypes.compute_type(a.dtype, b.dtype)
    dtype = dtype if dtypes.is_float(dtype) else dtypes.compute_type(dtype, float)
    vector = len(b.shape) < 2 or len(b.shape) == len(a.shape) - 1
    b = expand_dims(b, -1) if vector else b
    return cast(a, dtype), cast(b, dtype), vector


@composite(f"{LINALG}:Solve", call=("a", "b"))
def solve(a: Any, b: Any) -> Any:
    """x with a @ x = b: b holds columns (..., M, N), or with one axis less than a a vector for each matrix."""
    left, right, vector = _pair(a, b)
    x = _solve(left, right)
    return squeeze(x, -1) if vector else x


@composite(f"{LINALG}:SolveTriangular", call=("a", "b"))
def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    """x with a @ x = b, reading only the upper (or lower) triangle of a."""
    left, right, vector = _pair(a, b)
    x = _triangular(left, right, lower=bool(lower))
    return squeeze(x, -1) if vector else x


@composite(f"{LINALG}:CholeskyInverse")
def cholesky_inverse(x: Any, upper: bool = False) -> Any:
    """The inverse of L Lᵀ from its factor L, as `cholesky` gives it; of Uᵀ U from its factor U with `upper`."""
    x = convert_to_tensor(x)
    size = square(Spec(x.shape, x.dtype))
    if size is None:
        raise ShapeError("cholesky_inverse: the size of the matrices has to be known.", shapes=(x.shape,))
    dtype = x.dtype if dtypes.is_float(x.dtype) else dtypes.compute_type(x.dtype, float)
    ones = convert_to_tensor(np.eye(size, dtype=dtypes.numpy_dtype(dtype)))
    root = _triangular(cast(x, dtype), ones, lower=not upper)
    return product(root, flip(root)) if upper else product(flip(root), root)


def _turned(x: Spec, **_: Any) -> Spec:
    rows, columns = matrix(x)
    return Spec((*x.shape[:-2], columns, rows), x.dtype)


def _pinv_vjp(g: Any, y: Any, x: Any, **_: Any) -> Any:
    """Golub and Pereyra 1973; valid while the rank stays."""
    back, turned = flip(y), flip(g)
    gram, other = product(product(turned, y), back), product(product(back, y), turned)
    result = -product(product(back, g), back)
    result = result + gram - product(product(x, y), gram)
    return result + other - product(other, product(y, x))


@defop(
    infer=_turned,
    vjp=(_pinv_vjp,),
    promote="float",
    cases=(case(F(4, 3), rcond=None), case(F(2, 3, 5), rcond=1e-6), case(F(3, 3), rcond=None)),
    keras=f"{LINALG}:Pinv",
)
def pinv(x: Any, *, rcond: float | None = None) -> Any:
    """Pseudo-inverses (Moore and Penrose); singular values up to rcond · the largest count as 0."""
    return kernels.pinv(x, rcond)


def _fit_spec(a: Spec, b: Spec, **_: Any) -> Spec:
    if len(a.shape) != 2:
        raise ShapeError(f"Expected a to have rank 2. Received: a.shape={a.shape}")
    if len(b.shape) != 2:
        raise ShapeError(f"Expected b to have rank 1 or 2. Received: b.shape={b.shape}")
    if a.shape[0] is not None and b.shape[0] is not None and a.shape[0] != b.shape[0]:
        raise ShapeError(
            f"Expected b.shape[0] to be equal to a.shape[0]. Received: a.shape={a.shape}, b.shape={b.shape}",
            rule=f"{a.shape[0]} ≠ {b.shape[0]}",
        )
    return Spec((a.shape[1], b.shape[1]), a.dtype)


def _inverse_for(a: Any, rcond: float | None) -> Any:
    return pinv(a, rcond=float(np.finfo(a.dtype).eps) * max(a.shape) if rcond is None else rcond)


@defop(
    infer=_fit_spec,
    vjp=(
        lambda g, y, a, b, *, rcond: _pinv_vjp(product(g, flip(b)), _inverse_for(a, rcond), a),
        lambda g, y, a, b, *, rcond: product(flip(_inverse_for(a, rcond)), g),
    ),
    cases=(case(F(5, 3), F(5, 2), rcond=None), case(F(3, 5), F(3, 1), rcond=1e-5)),
    name="lstsq",
)
def _lstsq(a: Any, b: Any, *, rcond: float | None) -> Any:
    return kernels.lstsq(a, b, rcond)


@composite(f"{LINALG}:Lstsq", call=("a", "b"))
def lstsq(a: Any, b: Any, rcond: float | None = None) -> Any:
    """The x that makes |a @ x - b| smallest, and among those the smallest x. a is (M, N), b (M,) or (M, K)."""
    left, right = convert_to_tensor(a), convert_to_tensor(b)
    if len(right.shape) not in (1, 2):
        raise ShapeError(f"Expected b to have rank 1 or 2. Received: b.shape={right.shape}", op="lstsq")
    left, right, vector = _pair(left, right)
    x = _lstsq(left, right, rcond=rcond)
    return squeeze(x, -1) if vector else x


def _rank_spec(x: Spec, **_: Any) -> Spec:
    matrix(x)
    return Spec(x.shape[:-2], "int32")


@defop(
    infer=_rank_spec,
    promote="float",
    nondiff="ranks are whole numbers",
    cases=(case(F(4, 3), tol=None), case(F(2, 3, 5), tol=0.5)),
    keras=f"{LINALG}:MatrixRank",
)
def matrix_rank(x: Any, *, tol: float | None = None) -> Any:
    """How many singular values are above `tol`."""
    return kernels.matrix_rank(x, tol)
