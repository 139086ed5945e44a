"""Factors of matrices, with their gradients: Cholesky, QR, LU, eigenvalues, singular values."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.cases import SPD, F, case
from engine.core.errors import ShapeError
from engine.core.op import composite, defop
from engine.core.tensor import Spec
from engine.kernels import linalg as kernels
from engine.ops import elementwise as ew
from engine.ops.product import _flip_last as flip
from engine.ops.product import _matmul as product
from engine.ops.shape import expand_dims, tril, triu

__all__ = ["cholesky", "eig", "eigh", "lu_factor", "qr", "svd"]

LINALG = "keras.src.ops.linalg"


def matrix(x: Spec) -> tuple[Any, Any]:
    """Rows and columns.

    Raises:
        ShapeError: the value has fewer than two axes.
    """
    if len(x.shape) < 2:
        raise ShapeError(f"Expected input to have rank >= 2. Received input with shape {x.shape}.")
    return x.shape[-2], x.shape[-1]


def square(x: Spec) -> Any:
    """Rows of a square matrix.

    Raises:
        ShapeError: it has another number of columns.
    """
    rows, columns = matrix(x)
    if rows is not None and columns is not None and rows != columns:
        raise ShapeError(
            f"Expected a square matrix. Received non-square input with shape {x.shape}", rule=f"{rows} ≠ {columns}"
        )
    return columns if rows is None else rows


def same_square(x: Spec, **_: Any) -> Spec:
    """The shape rule of what turns square matrices into such."""
    square(x)
    return x


def _known(x: Spec) -> tuple[int, int]:
    rows, columns = matrix(x)
    if rows is None or columns is None:
        raise ShapeError(
            f"Input should have its last 2 dimensions fully-defined. Received: input.shape = {x.shape}",
            shapes=(x.shape,),
        )
    return rows, columns


def columns_times(x: Any, factors: Any) -> Any:
    """Each column of x times its number."""
    return x * expand_dims(factors, -2)


def symmetric(x: Any) -> Any:
    """The symmetric part."""
    return (x + flip(x)) * 0.5


def _halved(x: Any) -> Any:
    """The lower triangle, half of the diagonal."""
    return (tril(x) + tril(x, -1)) * 0.5


def _cholesky_vjp(g: Any, y: Any, x: Any, *, upper: bool) -> Any:
    from engine.ops.solving import triangular

    lower, g = (flip(y), flip(g)) if upper else (y, g)
    inner = _halved(product(flip(lower), g))
    left = triangular(lower, inner, transposed=True)
    return symmetric(flip(triangular(lower, flip(left), transposed=True)))


@defop(
    infer=same_square,
    vjp=(_cholesky_vjp,),
    promote="float",
    cases=(case(SPD(3, 3), upper=False), case(SPD(2, 4, 4), upper=True), case(SPD(0, 3, 3), upper=False)),
    keras=f"{LINALG}:Cholesky",
)
def cholesky(x: Any, *, upper: bool = False) -> Any:
    """The triangular L with L Lᵀ = x, of symmetric positive definite matrices; Lᵀ with `upper`."""
    return kernels.cholesky(x, upper)


def _inverse_gaps(values: Any) -> Any:
    """1 / (v_j - v_i), 0 where they are equal."""
    gaps = expand_dims(values, -2) - expand_dims(values, -1)
    same = ew.equal(gaps, 0.0)
    return ew.where(same, 0.0, 1.0 / ew.where(same, 1.0, gaps))


def _eigh_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    (by_values, by_vectors), (values, vectors) = grads, outputs
    gradient: Any = None
    if by_values is not None:
        gradient = product(columns_times(vectors, by_values), flip(vectors))
    if by_vectors is not None:
        inner = _inverse_gaps(values) * product(flip(vectors), by_vectors)
        part = product(product(vectors, inner), flip(vectors))
        gradient = part if gradient is None else gradient + part
    return (symmetric(gradient),)


@defop(
    infer=lambda x: (Spec((*x.shape[:-2], square(x)), x.dtype), x),
    vjp_all=_eigh_vjp,
    promote="float",
    cases=(case(SPD(3, 3)), case(F(2, 4, 4)), case(F(0, 3, 3))),
    keras=f"{LINALG}:Eigh",
)
def eigh(x: Any) -> Any:
    """Eigenvalues (ascending) and eigenvectors (columns) of symmetric matrices."""
    return kernels.eigh(x)


def _complex(x: Spec) -> tuple[Spec, Spec]:
    dtype = "complex128" if x.dtype == "float64" else "complex64"
    return Spec((*x.shape[:-2], square(x)), dtype), Spec(x.shape, dtype)


@defop(
    infer=_complex,
    promote="float",
    nondiff="the values are complex, through which no gradients flow here",
    cases=(case(F(3, 3)), case(F(2, 4, 4))),
    keras=f"{LINALG}:Eig",
)
def eig(x: Any) -> Any:
    """Eigenvalues and eigenvectors (columns) of square matrices, as complex numbers."""
    return kernels.eig(x)


def _qr_specs(x: Spec, *, mode: str) -> tuple[Spec, Spec]:
    rows, columns = _known(x)
    width = rows if mode == "complete" else min(rows, columns)
    lead = x.shape[:-2]
    return Spec((*lead, rows, width), x.dtype), Spec((*lead, width, columns), x.dtype)


def _qr_tall(by_q: Any, by_r: Any, q: Any, r: Any) -> Any:
    """Gradient by a matrix with at least as many rows as columns."""
    from engine.ops.solving import triangular

    inner: Any = 0.0
    if by_r is not None:
        inner = product(r, flip(by_r))
    if by_q is not None:
        inner = inner - product(flip(by_q), q)
    mirrored = tril(inner) + flip(tril(inner, -1))
    outer = product(q, mirrored)
    outer = outer if by_q is None else outer + by_q
    return flip(triangular(r, flip(outer), lower=False))


def _qr_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    (by_q, by_r), (q, r), (x,) = grads, outputs, inputs
    rows, columns = x.shape[-2:]
    if rows > columns and attrs["mode"] == "complete":
        raise ValueError(
            f"qr: the columns that complete q are not determined by a matrix of {rows} × {columns}, so that there is "
            'no gradient. Use mode="reduced".'
        )
    if rows >= columns:
        return (_qr_tall(by_q, by_r, q, r),)
    # A wide matrix: q is made of the first columns, the others are turned by it.
    from engine.ops.shape import concatenate

    left, right, rest = r[..., :rows], None, x[..., rows:]
    if by_r is not None:
        by_r, right = by_r[..., :rows], by_r[..., rows:]
        through = product(rest, flip(right))
        by_q = through if by_q is None else by_q + through
    first = _qr_tall(by_q, by_r, q, left)
    second = ew.zeros_like(rest) if right is None else product(q, right)
    return (concatenate([first, second], axis=-1),)


@defop(
    infer=_qr_specs,
    vjp_all=_qr_vjp,
    promote="float",
    cases=(
        case(F(4, 3), mode="reduced"),
        case(F(2, 3, 3), mode="complete"),
        case(F(2, 3, 5), mode="reduced"),
        case(F(0, 3, 2), mode="reduced"),
    ),
    name="qr",
)
def _qr(x: Any, *, mode: str) -> Any:
    return kernels.qr(x, mode)


@composite(f"{LINALG}:Qr")
def qr(x: Any, mode: str = "reduced") -> Any:
    """q with orthogonal columns and upper triangular r, with q r = x."""
    if mode not in ("reduced", "complete"):
        raise ValueError(
            f"`mode` argument value not supported. Expected one of {{'reduced', 'complete'}}. Received: mode={mode}"
        )
    return _qr(x, mode=mode)


def _least(rows: Any, columns: Any) -> Any:
    return None if rows is None or columns is None else min(rows, columns)


def _svd_specs(x: Spec, *, full_matrices: bool) -> tuple[Spec, ...]:
    rows, columns = matrix(x)
    lead, count = x.shape[:-2], _least(rows, columns)
    left, right = (rows, columns) if full_matrices else (count, count)
    return (
        Spec((*lead, rows, left), x.dtype),
        Spec((*lead, count), x.dtype),
        Spec((*lead, right, columns), x.dtype),
    )


def _svd_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    (by_u, by_s, by_v), (u, s, v) = grads, outputs
    count = s.shape[-1]
    for gradient, size in ((by_u, u.shape[-1]), (by_v, v.shape[-2])):
        if gradient is not None and size != count:
            raise ValueError(
                f"svd: of {size} singular vectors only {count} are determined, so that there is no gradient. "
                "Use full_matrices=False."
            )
    left, right = u[..., :count], flip(v[..., :count, :])
    gaps = _inverse_gaps(ew.square(s))
    middle: Any = 0.0
    outside: Any = 0.0
    if by_u is not None:
        turn = product(flip(left), by_u)
        middle = columns_times(gaps * (turn - flip(turn)), s)
        beyond = columns_times(by_u - product(left, turn), 1.0 / s)
        outside = product(beyond, flip(right))
    if by_v is not None:
        by_right = flip(by_v)
        turn = product(flip(right), by_right)
        middle = middle + expand_dims(s, -1) * (gaps * (turn - flip(turn)))
        beyond = columns_times(by_right - product(right, turn), 1.0 / s)
        outside = outside + product(left, flip(beyond))
    inside: Any = 0.0
    if by_u is not None or by_v is not None:
        inside = product(product(left, middle), flip(right)) + outside
    if by_s is not None:
        inside = inside + product(columns_times(left, by_s), flip(right))
    return (inside,)


@defop(
    infer=_svd_specs,
    vjp_all=_svd_vjp,
    promote="float",
    cases=(
        case(F(4, 3), full_matrices=False),
        case(F(2, 3, 5), full_matrices=False),
        case(F(3, 3), full_matrices=True),
        case(F(0, 3, 2), full_matrices=False),
    ),
    name="svd",
)
def _svd(x: Any, *, full_matrices: bool) -> Any:
    return kernels.svd(x, full_matrices)


def _values_vjp(g: Any, y: Any, x: Any) -> Any:
    u, _, v = _svd(x, full_matrices=False)
    return product(columns_times(u, g), v)


@defop(
    infer=lambda x: Spec((*x.shape[:-2], _least(*matrix(x))), x.dtype),
    vjp=(_values_vjp,),
    promote="float",
    cases=(case(F(4, 3)), case(F(2, 3, 5)), case(F(0, 3, 2))),
)
def singular_values(x: Any) -> Any:
    """Singular values, descending."""
    return kernels.singular_values(x)


@composite(f"{LINALG}:SVD")
def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """u, s, v with u · diag(s) · v = x, u and v orthogonal; s alone without `compute_uv`.

    Gradients flow through u and v where they are determined: with full_matrices=False, or square matrices.
    """
    return _svd(x, full_matrices=bool(full_matrices)) if compute_uv else singular_values(x)


def _lu_specs(x: Spec) -> tuple[Spec, Spec]:
    return x, Spec((*x.shape[:-2], _least(*matrix(x))), "int32")


def _lu_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    from engine.ops.solving import triangular

    g, (packed, pivots), (x,) = grads[0], outputs, inputs
    if x.shape[-1] != x.shape[-2]:
        raise ValueError(f"lu_factor: gradients exist here for square matrices. This one has shape {x.shape}.")
    lower = tril(packed, -1) + np.eye(x.shape[-1], dtype=x.dtype)
    inner = tril(product(flip(lower), tril(g, -1)), -1) + triu(product(triu(g), flip(triu(packed))))
    left = triangular(lower, inner, transposed=True)
    permuted = flip(triangular(triu(packed), flip(left), lower=False))
    return (product(lu_exchange(pivots, packed), permuted),)


@defop(
    infer=lambda pivots, like: like,
    nondiff="a permutation is made of whole numbers",
    shape_only=(1,),
    cases=(case(np.array([2, 2, 2], "int32"), F(3, 3)), case(np.array([[1, 1], [0, 1]], "int32"), F(2, 2, 2))),
)
def lu_exchange(pivots: Any, like: Any) -> Any:
    """Matrices that put rows back from where the exchanges of `lu_factor` brought them."""
    return np.eye(pivots.shape[-1], dtype=like.dtype)[kernels.places(pivots)]


@defop(
    infer=_lu_specs,
    vjp_all=_lu_vjp,
    promote="float",
    cases=(case(F(3, 3)), case(F(2, 4, 4)), case(F(0, 3, 3))),
    keras=f"{LINALG}:LuFactor",
)
def lu_factor(x: Any) -> Any:
    """Both triangular factors in one matrix (the lower has ones on its diagonal), and the rows exchanged."""
    return kernels.lu(x)
