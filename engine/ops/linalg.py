"""Keras's `keras.ops.linalg`: linear algebra over the last two axes, with gradients."""

from __future__ import annotations

from engine.ops.derivative import jvp
from engine.ops.factor import cholesky, eig, eigh, lu_factor, qr, svd
from engine.ops.matrix_norm import norm
from engine.ops.solving import (
    cholesky_inverse,
    det,
    inv,
    lstsq,
    matrix_rank,
    pinv,
    solve,
    solve_triangular,
)

__all__ = [
    "cholesky",
    "cholesky_inverse",
    "det",
    "eig",
    "eigh",
    "inv",
    "jvp",
    "lstsq",
    "lu_factor",
    "matrix_rank",
    "norm",
    "pinv",
    "qr",
    "solve",
    "solve_triangular",
    "svd",
]
