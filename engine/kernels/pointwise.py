"""Functions of single numbers as chains of NumPy calls, run piece by piece so that a chain stays in the cache."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.kernels.memory import Array, aligned_empty

PIECE = 1 << 15
"""Numbers worked on at once: six float32 buffers of this length fit the second level of cache."""

_EXP_LIMIT = {2: 10.0, 4: 87.0, 8: 708.0}
"""By item size, the largest argument whose exponential and its reciprocal are normal numbers."""

# erf(x) = x·P(x²)/Q(x²) for |x| <= 4, fitted for this file to a relative error of 7e-8 (weighted least squares).
_ERF_P = (1.128379098, 0.20681897, 0.05148283444, 0.003976581595, 0.000146882677, -1.93943736e-6, 1.90954473e-8)
_ERF_Q = (1.0, 0.5166198719, 0.117842681, 0.01493067905, 0.001017490363)

# Chebyshev coefficients of erfc(x)·exp(x²) over t = 2 / (2 + x), x >= 0; the error is below 1e-16.
_ERFC = (
    0.7547521992517189, 0.4825091196506807, 0.12232459533097705, 0.01783114971927679, 0.0003211736524944007,
    -0.00035039525647961753, -2.243880650620198e-05, 1.053743311935541e-05, 5.671331132647568e-07,
    -4.297681576659373e-07, 5.104952511588008e-09, 1.889969932003444e-08, -2.2427555322174267e-09,
    -6.855254342781332e-10, 2.1487959217151986e-10, 5.515412994659073e-12, -1.3477498388700873e-11,
    2.086392743952522e-12, 4.4818505756563546e-13, -2.2683897921931692e-13, 1.8503504089899264e-14,
    1.1511468916696203e-14, -4.011170421159177e-15, 1.4048233913495082e-16, 2.635356587402821e-16,
    -8.018895561995153e-17,
)  # fmt: skip


def piecewise(function: Callable[..., Any], inputs: tuple[Array, ...], scratch: int, out: Any = None) -> Array:
    """Run `function(*input pieces, out piece, *scratch pieces)` over equal arrays, a piece at a time.

    Half-precision inputs are computed in float32, since NumPy has no vector loops for them.
    """
    if out is None:
        out = aligned_empty(inputs[0].shape, inputs[0].dtype)
    narrow = out.dtype.itemsize < 4
    flat = [np.ascontiguousarray(x, np.float32 if narrow else None).reshape(-1) for x in inputs]
    target = aligned_empty(out.shape, np.float32).reshape(-1) if narrow else out.reshape(-1)
    buffers = aligned_empty((scratch, min(PIECE, target.size)), target.dtype)
    with np.errstate(over="ignore"):  # squares of huge numbers; what follows is at its limit there
        for start in range(0, target.size, PIECE):
            part = slice(start, min(start + PIECE, target.size))
            function(*(x[part] for x in flat), target[part], *buffers[:, : part.stop - start])
    if narrow:
        out[...] = target.reshape(out.shape)
    return np.asarray(out)


def sigmoid(x: Array, out: Any = None) -> Array:
    """1 / (1 + exp(-x)), exact to the last bits on both sides; the argument is held where exp stays finite."""
    out = np.empty(x.shape, x.dtype) if out is None else out
    np.negative(x, out=out)
    np.minimum(out, _EXP_LIMIT[x.dtype.itemsize], out=out)
    np.exp(out, out=out)
    np.add(out, 1, out=out)
    return np.asarray(np.reciprocal(out, out=out))


def where_positive(g: Array, y: Array, out: Any = None) -> Array:
    """g where y is positive, else 0."""
    if y.size <= PIECE or out is None or not (g.flags.c_contiguous and y.flags.c_contiguous):
        return np.asarray(np.multiply(g, y > 0, out=out))
    flat, own, target = g.reshape(-1), y.reshape(-1), out.reshape(-1)
    positive = np.empty(PIECE, bool)
    for start in range(0, y.size, PIECE):
        part = slice(start, min(start + PIECE, y.size))
        chosen = np.greater(own[part], 0, out=positive[: part.stop - start])
        np.multiply(flat[part], chosen, out=target[part])
    return np.asarray(out)


def softplus(x: Array, out: Any = None) -> Array:
    """log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|))."""

    def chain(x: Array, y: Array, s: Array) -> None:
        np.abs(x, out=s)
        np.negative(s, out=s)
        np.exp(s, out=s)
        np.log1p(s, out=s)
        np.maximum(x, 0, out=y)
        np.add(y, s, out=y)

    return piecewise(chain, (x,), 1, out)


def _polynomial(z: Array, coefficients: tuple[float, ...], out: Array) -> None:
    np.multiply(z, coefficients[-1], out=out)
    for c in coefficients[-2:0:-1]:
        np.add(out, c, out=out)
        np.multiply(out, z, out=out)
    np.add(out, coefficients[0], out=out)


def _erf_single(x: Array, y: Array, z: Array, q: Array, p: Array) -> None:
    np.clip(x, -4, 4, out=y)
    np.multiply(y, y, out=z)
    _polynomial(z, _ERF_P, p)
    _polynomial(z, _ERF_Q, q)
    np.multiply(y, p, out=y)
    np.divide(y, q, out=y)
    np.clip(y, -1, 1, out=y)


def _erf_double(x: Array, y: Array, a: Array, b: Array, c: Array) -> None:
    np.abs(x, out=c)
    t = 2.0 / (2.0 + c)
    twice = 4.0 * t - 2.0
    a.fill(0)
    b.fill(0)
    for coefficient in _ERFC[:0:-1]:  # Clenshaw's recurrence
        a, b = twice * a - b + coefficient, a
    tail = np.exp(-c * c) * (0.5 * twice * a - b + 0.5 * _ERFC[0])
    np.copysign(1.0 - tail, x, out=y)
    small = c < 0.5
    if small.any():  # 1 - erfc loses the relative precision of small results
        square = np.where(small, x * x, 0.0)
        term, series = np.ones_like(square), np.ones_like(square)
        for n in range(1, 14):
            term *= square / -n
            series += term / (2 * n + 1)
        np.copyto(y, np.where(small, x * series * (2 / math.sqrt(math.pi)), y))


def _erf_chain(x: Array, y: Array, *scratch: Array) -> None:
    (_erf_double if x.dtype == np.float64 else _erf_single)(x, y, *scratch)


def erf(x: Array, out: Any = None) -> Array:
    """The error function, to about the last digit of float32 or float64."""
    return piecewise(_erf_chain, (x,), 3, out)


_HALF_ROOT = math.sqrt(0.5)
_DENSITY = 1.0 / math.sqrt(2 * math.pi)
_TANH_SCALE = math.sqrt(2.0 / math.pi)
_TANH_CUBE = 0.044715


def _distribution(x: Array, y: Array, a: Array, b: Array, c: Array, d: Array) -> None:
    """y = (1 + erf(x / sqrt 2)) / 2."""
    np.multiply(x, _HALF_ROOT, out=d)
    _erf_chain(d, y, a, b, c)
    np.add(y, 1, out=y)
    np.multiply(y, 0.5, out=y)


def gelu(x: Array, out: Any = None) -> Array:
    """x times the normal distribution function of x."""

    def chain(x: Array, y: Array, e: Array, *scratch: Array) -> None:
        _distribution(x, e, *scratch)
        np.multiply(x, e, out=y)

    return piecewise(chain, (x,), 5, out)


def gelu_grad(g: Array, x: Array, out: Any = None) -> Array:
    """g times (distribution of x + x · density of x)."""

    def chain(g: Array, x: Array, y: Array, e: Array, *scratch: Array) -> None:
        _distribution(x, e, *scratch)
        density = scratch[0]
        np.multiply(x, x, out=density)
        np.multiply(density, -0.5, out=density)
        np.exp(density, out=density)
        np.multiply(density, _DENSITY, out=density)
        np.multiply(density, x, out=density)
        np.add(e, density, out=e)
        np.multiply(g, e, out=y)

    return piecewise(chain, (g, x), 5, out)


def _tanh_part(x: Array, square: Array, t: Array) -> None:
    """square = x², t = tanh(sqrt(2 / pi) · (x + 0.044715 x³))."""
    np.multiply(x, x, out=square)
    np.multiply(square, _TANH_CUBE * _TANH_SCALE, out=t)
    np.add(t, _TANH_SCALE, out=t)
    np.multiply(t, x, out=t)
    np.tanh(t, out=t)


def gelu_tanh(x: Array, out: Any = None) -> Array:
    """The approximation of `gelu` by tanh."""

    def chain(x: Array, y: Array, square: Array, t: Array) -> None:
        _tanh_part(x, square, t)
        np.add(t, 1, out=t)
        np.multiply(t, 0.5, out=t)
        np.multiply(t, x, out=y)

    return piecewise(chain, (x,), 2, out)


def gelu_tanh_grad(g: Array, x: Array, out: Any = None) -> Array:
    """g times the slope of `gelu_tanh`: (1 + t) / 2 + x (1 - t²) u' / 2."""

    def chain(g: Array, x: Array, y: Array, square: Array, t: Array, s: Array, held: Array) -> None:
        x = np.clip(x, -50, 50, out=held)  # the slope is 0 or 1 long before, and its parts stay finite
        _tanh_part(x, square, t)
        np.multiply(square, 3 * _TANH_CUBE * _TANH_SCALE, out=square)
        np.add(square, _TANH_SCALE, out=square)
        np.multiply(square, x, out=square)
        np.multiply(t, t, out=s)
        np.subtract(1, s, out=s)
        np.multiply(square, s, out=square)
        np.add(square, t, out=square)
        np.add(square, 1, out=square)
        np.multiply(square, 0.5, out=square)
        np.multiply(g, square, out=y)

    return piecewise(chain, (g, x), 4, out)


def softmax(x: Array, axis: Any, out: Any = None) -> Array:
    """exp(x) divided by its sum over `axis`."""
    result = np.subtract(x, x.max(axis=axis, keepdims=True, initial=-np.inf), out=out)
    np.exp(result, out=result)
    result /= result.sum(axis=axis, keepdims=True)
    return result


def softmax_grad(g: Array, y: Array, axis: Any, out: Any = None) -> Array:
    """y (g - sum(g · y)), y being the softmax."""
    result = np.multiply(g, y, out=out)
    np.subtract(g, result.sum(axis=axis, keepdims=True), out=result)
    result *= y
    return result


def log_softmax(x: Array, axis: Any, out: Any = None) -> Array:
    """log(softmax(x)), without overflow."""
    result = np.subtract(x, x.max(axis=axis, keepdims=True, initial=-np.inf), out=out)
    result -= np.log(np.exp(result).sum(axis=axis, keepdims=True))
    return result
