"""Adam's update of one variable as a single op, so that a plan runs it in the variable's own memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.cases import POS, F, case
from engine.core.op import defop
from engine.core.tensor import Spec

_CHUNK = 32768
"""Elements worked on at a time: all operands of a chunk stay in the cache through the chain of operations."""

_FLUSH_EVERY = 16
_TINY = 1e-30


def _specs(weight: Spec, gradient: Spec, momentum: Spec, velocity: Spec, *_: Spec, **__: Any) -> tuple[Spec, ...]:
    return weight, momentum, velocity


@defop(
    infer=_specs,
    inplace={0: (0,), 1: (2,), 2: (3,)},
    nondiff="changes weights",
    cases=[case(F(3, 2), F(3, 2), F(3, 2), POS(3, 2), POS(), POS(), beta_1=0.9, beta_2=0.99, epsilon=1e-7)],
)
def adam_step(
    weight: Any,
    gradient: Any,
    momentum: Any,
    velocity: Any,
    rate: Any,
    step: Any,
    *,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    out: Any = None,
) -> Any:
    """New weight, momentum and velocity after one step of Adam with the corrected `rate`.

    `step` is the number of the step. Now and then entries too small for normal floats are set to zero (momentum) or to
    the smallest that is still harmless (velocity): arithmetic on them is many times slower.
    """
    outs = tuple(np.empty_like(x) for x in (weight, momentum, velocity)) if out is None else out
    flush = int(step) % _FLUSH_EVERY == 0
    constants = (1.0 - beta_1, 1.0 - beta_2, epsilon)
    if weight.size <= _CHUNK:
        scratch = (np.empty_like(weight), np.empty_like(weight))
        _update((weight, gradient, momentum, velocity, *outs), scratch, rate, constants, flush)
        return outs
    flat = [x.reshape(-1) for x in (weight, np.ascontiguousarray(gradient), momentum, velocity, *outs)]
    size = weight.size
    buffers = np.empty((2, _CHUNK), weight.dtype)
    for start in range(0, size, _CHUNK):
        stop = min(start + _CHUNK, size)
        parts = [x[start:stop] for x in flat]
        _update(parts, buffers[:, : stop - start], rate, constants, flush)
    return outs


def _update(parts: Any, scratch: Any, rate: Any, constants: tuple[float, float, float], flush: bool) -> None:
    weight, gradient, momentum, velocity, new_weight, new_momentum, new_velocity = parts
    share_1, share_2, epsilon = constants
    a, b = scratch
    np.subtract(gradient, momentum, out=a)
    np.multiply(a, share_1, out=a)
    np.add(momentum, a, out=new_momentum)
    np.square(gradient, out=a)
    np.subtract(a, velocity, out=a)
    np.multiply(a, share_2, out=a)
    np.add(velocity, a, out=new_velocity)
    if flush and new_momentum.dtype != np.float16:
        np.multiply(new_momentum, np.greater(np.abs(new_momentum, out=a), _TINY), out=new_momentum)
        np.maximum(new_velocity, _TINY, out=new_velocity)
    np.sqrt(new_velocity, out=a)
    np.add(a, epsilon, out=a)
    np.multiply(new_momentum, rate, out=b)
    np.divide(b, a, out=b)
    np.subtract(weight, b, out=new_weight)
