"""Special functions: complementary and inverse error function, modified Bessel function of order one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# Rational approximations of erfc(x) · exp(x²) (Cody 1969): x up to 4, and in 1/x² beyond.
_NEAR = (
    (
        2.15311535474403846e-8,
        5.64188496988670089e-1,
        8.88314979438837594,
        6.61191906371416295e1,
        2.98635138197400131e2,
        8.81952221241769090e2,
        1.71204761263407058e3,
        2.05107837782607147e3,
        1.23033935479799725e3,
    ),
    (
        1.0,
        1.57449261107098347e1,
        1.17693950891312499e2,
        5.37181101862009858e2,
        1.62138957456669019e3,
        3.29079923573345963e3,
        4.36261909014324716e3,
        3.43936767414372164e3,
        1.23033935480374942e3,
    ),
)
_FAR = (
    (
        1.63153871373020978e-2,
        3.05326634961232344e-1,
        3.60344899949804439e-1,
        1.25781726111229246e-1,
        1.60837851487422766e-2,
        6.58749161529837803e-4,
    ),
    (
        1.0,
        2.56852019228982242,
        1.87295284992346725,
        5.27905102951428412e-1,
        6.05183413124413191e-2,
        2.33520497626869185e-3,
    ),
)
# First guess of the inverse error function in w = -log(1 - x²) (Giles 2010): w below 5, and from 5 on.
_CENTRE = (
    2.81022636e-08,
    3.43273939e-07,
    -3.5233877e-06,
    -4.39150654e-06,
    0.00021858087,
    -0.00125372503,
    -0.00417768164,
    0.246640727,
    1.50140941,
)
_TAIL = (
    -0.000200214257,
    0.000100950558,
    0.00134934322,
    -0.00367342844,
    0.00573950773,
    -0.0076224613,
    0.00943887047,
    1.00167406,
    2.83297682,
)
_ROOT_PI = math.sqrt(math.pi)

_BLOCK = 8192
"""Elements worked on at a time, so that what lies between stays in the cache."""


def in_blocks(function: Callable[[Array], Array], x: Array, out: Any = None) -> Array:
    """`function` of all elements, in double precision and piece by piece, in the type of x."""
    flat = np.ascontiguousarray(x).reshape(-1)
    result = np.empty(x.shape, x.dtype) if out is None else out
    target = result.reshape(-1)
    for start in range(0, flat.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        target[part] = function(flat[part].astype("float64"))
    return result


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Array) -> Array:
    above, below = coefficients
    result: Array = np.polyval(above, x) / np.polyval(below, x)
    return result


def _tail(x: Array) -> Array:
    """erfc for x of at least 0.46875, with the relative precision of its small values."""
    x = np.minimum(x, 28.0)
    scaled = _ratio(_NEAR, np.minimum(x, 4.0))
    far = np.flatnonzero(x > 4.0)
    if far.size:
        z = 1.0 / np.square(x[far])
        scaled[far] = (1.0 / _ROOT_PI - z * _ratio(_FAR, z)) / x[far]
    # exp(-x²) in two factors, the first of an exact square
    whole = np.floor(x * 16.0) / 16.0
    with np.errstate(under="ignore"):
        result: Array = scaled * np.exp(-whole * whole) * np.exp(-(x - whole) * (x + whole))
    return result


def _series(x: Array) -> Array:
    """erf for x between -1/2 and 1/2, by its Taylor series."""
    square = x * x
    term, total = np.ones_like(x), np.ones_like(x)
    for n in range(1, 14):
        term *= square / -n
        total += term / (2 * n + 1)
    return x * total * (2.0 / _ROOT_PI)


def _erfc(x: Array) -> Array:
    size = np.abs(x)
    tail = _tail(np.maximum(size, 0.46875))
    result = np.where(x < 0, 2.0 - tail, tail)
    small = np.flatnonzero(size < 0.46875)
    result[small] = 1.0 - _series(x[small])
    return result


def erfc(x: Array, out: Any = None) -> Array:
    """1 - erf(x), precise where that is close to 0."""
    return in_blocks(_erfc, x, out)


def _towards(guess: Array, size: Array, rest: Array) -> Array:
    """One of Halley's steps from a guess to the number whose erf is `size`; `rest` is 1 - size."""
    error = rest - _tail(np.maximum(guess, 0.46875))
    small = np.flatnonzero(guess < 0.46875)
    error[small] = _series(guess[small]) - size[small]
    step = error / (2.0 / _ROOT_PI * np.exp(-guess * guess))
    return np.maximum(guess - step / (1.0 + guess * step), 0.0)


def _erfinv(x: Array) -> Array:
    size = np.abs(x)
    with np.errstate(invalid="ignore"):
        rest = np.maximum(1.0 - size, 1e-17)
        size = np.minimum(size, 1.0)
    w = -np.log(rest * (1.0 + size))
    guess = size * np.where(w < 5.0, np.polyval(_CENTRE, w - 2.5), np.polyval(_TAIL, np.sqrt(np.maximum(w, 5.0)) - 3.0))
    guess = _towards(_towards(guess, size, rest), size, rest)
    far = np.flatnonzero(w > 14.0)  # where the first guess was made for single precision
    for _ in range(4 if far.size else 0):
        guess[far] = _towards(guess[far], size[far], rest[far])
    result = np.copysign(np.where(np.abs(x) == 1.0, np.inf, guess), x)
    return np.where(np.abs(x) > 1.0, np.nan, np.where(np.isnan(x), np.nan, result))


def erfinv(x: Array, out: Any = None) -> Array:
    """The number whose erf is x; infinite at -1 and 1, NaN outside."""
    return in_blocks(_erfinv, x, out)


def _i1(x: Array) -> Array:
    size = np.abs(x)
    near = np.minimum(size, 30.0)
    quarter = 0.25 * near * near
    total = np.ones_like(size)
    for k in range(70, 0, -1):
        total = 1.0 + quarter / (k * (k + 1.0)) * total
    inverse = 1.0 / (8.0 * np.maximum(size, 30.0))
    far = np.ones_like(size)
    for k in range(16, 0, -1):
        far = 1.0 - (4.0 - (2.0 * k - 1.0) ** 2) / k * inverse * far
    with np.errstate(over="ignore"):
        far = far * np.exp(size) / np.sqrt(2.0 * math.pi * np.maximum(size, 30.0))
    return np.copysign(np.where(size <= 30.0, 0.5 * near * total, far), x)


def i1(x: Array, out: Any = None) -> Array:
    """Modified Bessel function of the first kind, order one: power series to 30, asymptotic series beyond."""
    return in_blocks(_i1, x, out)


def i0(x: Array, out: Any = None) -> Array:
    """Modified Bessel function of the first kind, order zero."""
    return in_blocks(np.i0, x, out)
