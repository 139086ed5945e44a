"""Optimizer updates of one variable: a chain of NumPy calls, piece by piece, that may write over its inputs.

Sums that decay towards zero are kept out of the denormal numbers, on which arithmetic is many times slower.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.kernels.memory import Array, aligned_empty

_PIECE = 1 << 15
_FLOOR = 1e-30
"""Far below what any update can feel, far above the denormal numbers of float32."""


def _pieces(*arrays: Array, scratch: int) -> Iterator[list[Array]]:
    """Equal arrays cut into pieces, with scratch pieces at the end."""
    flat = [np.ascontiguousarray(a).reshape(-1) for a in arrays]
    size = flat[0].size
    buffers = aligned_empty((scratch, min(_PIECE, size)), flat[0].dtype)
    for start in range(0, size, _PIECE):
        stop = min(start + _PIECE, size)
        yield [*(a[start:stop] for a in flat), *buffers[:, : stop - start]]


def _without_denormals(x: Array) -> None:
    """Adding and taking away the floor leaves normal numbers and zeros, and changes nothing that matters."""
    if x.dtype.itemsize > 2:
        np.add(x, _FLOOR, out=x)
        np.subtract(x, _FLOOR, out=x)


def sgd(weight: Array, gradient: Array, rate: Any, out: Array) -> None:
    """weight - rate · gradient."""
    for w, g, new, step in _pieces(weight, gradient, out, scratch=1):
        np.multiply(g, rate, out=step)
        np.subtract(w, step, out=new)


def sgd_momentum(
    weight: Array,
    gradient: Array,
    velocity: Array,
    rate: Any,
    momentum: float,
    nesterov: bool,
    out: tuple[Array, Array],
) -> None:
    """v = momentum · v - rate · gradient; weight + v, or with Nesterov weight + momentum · v - rate · gradient."""
    for w, g, v, new_w, new_v, step in _pieces(weight, gradient, velocity, *out, scratch=1):
        np.multiply(g, rate, out=step)
        np.multiply(v, momentum, out=new_v)
        np.subtract(new_v, step, out=new_v)
        _without_denormals(new_v)
        if nesterov:
            np.subtract(w, step, out=new_w)
            np.multiply(new_v, momentum, out=step)
            np.add(new_w, step, out=new_w)
        else:
            np.add(w, new_v, out=new_w)


def rmsprop(
    arrays: dict[str, Array], out: dict[str, Array], rate: Any, rho: float, momentum: float, epsilon: float
) -> None:
    """RMSprop of the arrays weight, gradient, velocity, and where given momentum and average (centered)."""
    names = [n for n in ("velocity", "average", "momentum") if n in arrays]
    given = [arrays[n] for n in ("weight", "gradient", *names)]
    results = [out[n] for n in ("weight", *names)]
    count = len(given)
    for pieces in _pieces(*given, *results, scratch=2):
        w, g = pieces[:2]
        old = dict(zip(names, pieces[2:count], strict=True))
        new_w, *rest = pieces[count:-2]
        new = dict(zip(names, rest, strict=True))
        a, b = pieces[-2:]
        _decayed(old["velocity"], np.multiply(g, g, out=a), rho, new["velocity"])
        np.maximum(new["velocity"], _FLOOR if g.dtype.itemsize > 2 else 0, out=new["velocity"])
        np.copyto(b, new["velocity"])
        if "average" in new:
            np.copyto(a, g)
            _decayed(old["average"], a, rho, new["average"])
            _without_denormals(new["average"])
            np.subtract(b, np.multiply(new["average"], new["average"], out=a), out=b)
        np.add(b, epsilon, out=b)
        np.sqrt(b, out=b)
        np.divide(np.multiply(g, rate, out=a), b, out=a)
        if "momentum" in new:
            np.multiply(old["momentum"], momentum, out=new["momentum"])
            np.add(new["momentum"], a, out=new["momentum"])
            _without_denormals(new["momentum"])
            np.copyto(a, new["momentum"])
        np.subtract(w, a, out=new_w)


def _decayed(old: Array, value: Array, rho: float, new: Array) -> None:
    """rho · old + (1 - rho) · value; `value` is used up."""
    np.multiply(old, rho, out=new)
    np.multiply(value, 1.0 - rho, out=value)
    np.add(new, value, out=new)
