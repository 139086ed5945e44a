"""Linear algebra over the last two axes, any number of leading axes. Half precision is computed in single."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def _widened(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function of LAPACK's types work on half precision, too."""

    @functools.wraps(function)
    def wrapped(*arrays: Array, **options: Any) -> Any:
        dtype = arrays[0].dtype
        if dtype.itemsize > 2:
            return function(*arrays, **options)
        result = function(*(a.astype(np.float32) for a in arrays), **options)
        return tuple(r.astype(dtype) for r in result) if isinstance(result, tuple) else result.astype(dtype)

    return wrapped


def _symmetric(x: Array) -> Array:
    result: Array = (x + x.swapaxes(-1, -2)) / 2
    return result


@_widened
def cholesky(x: Array, upper: bool) -> Array:
    """The triangular factor of the symmetric part of x."""
    try:
        return np.linalg.cholesky(_symmetric(x), upper=upper)
    except np.linalg.LinAlgError:
        raise ValueError(
            "Cholesky decomposition: the matrix is not positive definite. All its eigenvalues have to be above 0."
        ) from None


@_widened
def eigh(x: Array) -> tuple[Array, Array]:
    """Eigenvalues, ascending, and eigenvectors as columns, of the symmetric part of x."""
    values, vectors = np.linalg.eigh(_symmetric(x))
    return values, vectors


def eig(x: Array) -> tuple[Array, Array]:
    """Eigenvalues and eigenvectors, always complex."""
    values, vectors = np.linalg.eig(x if x.dtype.itemsize > 2 else x.astype(np.float32))
    dtype = np.complex128 if x.dtype == np.float64 else np.complex64
    return values.astype(dtype), vectors.astype(dtype)


@_widened
def qr(x: Array, mode: str) -> tuple[Array, Array]:
    """Orthogonal and upper triangular factor."""
    q, r = np.linalg.qr(x, mode=mode)  # type: ignore[call-overload]
    return q, r


@_widened
def svd(x: Array, full_matrices: bool) -> tuple[Array, Array, Array]:
    """Left vectors, singular values (descending), right vectors as rows."""
    u, s, v = np.linalg.svd(x, full_matrices=full_matrices)
    return u, s, v


@_widened
def singular_values(x: Array) -> Array:
    """Singular values, descending."""
    result: Array = np.linalg.svd(x, compute_uv=False)
    return result


def lu(x: Array) -> tuple[Array, Array]:
    """Triangular factors packed into one matrix, and for each step the row that was exchanged with it."""
    packed = np.array(x, np.float32 if x.dtype.itemsize <= 2 else x.dtype)
    rows, columns = packed.shape[-2:]
    stack = packed.reshape(-1, rows, columns) if packed.size else packed.reshape(0, rows, columns)
    count = min(rows, columns)
    pivots = np.zeros((len(stack), count), np.int32)
    every = np.arange(len(stack))
    for k in range(count):
        best = k + np.abs(stack[:, k:, k]).argmax(axis=1)
        pivots[:, k] = best
        stack[every, k], stack[every, best] = stack[every, best], stack[every, k].copy()
        lead = stack[:, k, k, None]
        below = stack[:, k + 1 :, k]
        np.divide(below, lead, out=below, where=lead != 0)
        stack[:, k + 1 :, k + 1 :] -= below[:, :, None] * stack[:, k, None, k + 1 :]
    return stack.reshape(x.shape).astype(x.dtype), pivots.reshape(*x.shape[:-2], count)


def places(pivots: Array) -> Array:
    """Where each row went, by the exchanges of `lu` of square matrices."""
    count = pivots.shape[-1]
    stack = pivots.reshape(-1, count)
    rows = np.tile(np.arange(count, dtype=np.int32), (len(stack), 1))
    every = np.arange(len(stack))
    for k in range(count):
        rows[every, k], rows[every, stack[:, k]] = rows[every, stack[:, k]], rows[every, k].copy()
    return np.argsort(rows, axis=-1).astype(np.int32).reshape(pivots.shape)


@_widened
def det(x: Array) -> Array:
    """Determinants."""
    return np.asarray(np.linalg.det(x))


@_widened
def slogdet(x: Array) -> tuple[Array, Array]:
    """Sign and logarithm of the size of determinants."""
    sign, logarithm = np.linalg.slogdet(x)
    return np.asarray(sign), np.asarray(logarithm)


@_widened
def cofactors(x: Array) -> Array:
    """The derivative of the determinant, also of singular matrices: by the singular values, each left out once."""
    u, s, v = np.linalg.svd(x)
    n = s.shape[-1]
    without = np.ones_like(s)
    for i in range(n):
        without[..., i] = np.delete(s, i, axis=-1).prod(axis=-1)
    sign = (np.linalg.det(u) * np.linalg.det(v))[..., None, None]
    result: Array = sign * np.matmul(u * without[..., None, :], v)
    return result


@_widened
def inv(x: Array) -> Array:
    """Inverses."""
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        raise ValueError("inv: the matrix is singular, it has no inverse. `pinv` gives the next best.") from None


@_widened
def solve(a: Array, b: Array) -> Array:
    """x with a @ x = b, for matrices b."""
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        raise ValueError("solve: the matrix is singular, so there is no single solution. `lstsq` gives one.") from None


@_widened
def solve_triangular(a: Array, b: Array, lower: bool) -> Array:
    """x with a @ x = b, reading one triangle of a.

    Elimination of an upper triangle does nothing but substitute backwards; a lower one is turned round first.
    """
    try:
        if lower:
            return np.linalg.solve(np.tril(a)[..., ::-1, ::-1], b[..., ::-1, :])[..., ::-1, :]
        return np.linalg.solve(np.triu(a), b)
    except np.linalg.LinAlgError:
        raise ValueError("solve_triangular: the matrix has a 0 on its diagonal, so there is no solution.") from None


@_widened
def lstsq(a: Array, b: Array, rcond: float | None) -> Array:
    """The smallest x that makes |a @ x - b| smallest."""
    result: Array = np.linalg.lstsq(a, b, rcond=rcond)[0]
    return result


@_widened
def pinv(x: Array, rcond: float | None) -> Array:
    """Pseudo-inverses."""
    return np.linalg.pinv(x, rcond=rcond)


def matrix_rank(x: Array, tol: float | None) -> Array:
    """How many singular values are above `tol`."""
    wide = x if x.dtype.itemsize > 2 else x.astype(np.float32)
    return np.asarray(np.linalg.matrix_rank(wide, tol=tol)).astype(np.int32)
