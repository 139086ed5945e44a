"""Optimizer updates as single ops, which a plan runs in the variables' own memory. `rate` is a single number."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.cases import POS, F, case
from engine.core.op import defop
from engine.core.tensor import Spec
from engine.kernels import optimizer as kernels

__all__ = ["rmsprop_update", "sgd_momentum_update", "sgd_update"]

_NO_GRADIENT = "changes weights"


@defop(
    infer=lambda weight, gradient, rate: weight,
    inplace=(0,),
    nondiff=_NO_GRADIENT,
    cases=(case(F(3, 2), F(3, 2), POS()), case(F(0, 2), F(0, 2), POS())),
)
def sgd_update(weight: Any, gradient: Any, rate: Any, *, out: Any = None) -> Any:
    """weight - rate · gradient."""
    out = np.empty_like(weight) if out is None else out
    kernels.sgd(weight, gradient, rate, out)
    return out


@defop(
    infer=lambda weight, gradient, velocity, rate, **_: (weight, velocity),
    inplace={0: (0,), 1: (2,)},
    nondiff=_NO_GRADIENT,
    cases=(
        case(F(3, 2), F(3, 2), F(3, 2), POS(), momentum=0.9, nesterov=False),
        case(F(3, 2), F(3, 2), F(3, 2), POS(), momentum=0.9, nesterov=True),
    ),
)
def sgd_momentum_update(
    weight: Any, gradient: Any, velocity: Any, rate: Any, *, momentum: float, nesterov: bool = False, out: Any = None
) -> Any:
    """New weight and velocity: v = momentum · v - rate · g; w + v, or with Nesterov w + momentum · v - rate · g."""
    out = (np.empty_like(weight), np.empty_like(velocity)) if out is None else out
    kernels.sgd_momentum(weight, gradient, velocity, rate, momentum, nesterov, out)
    return out


def _rmsprop_specs(
    weight: Spec, gradient: Spec, velocity: Spec, average: Any, momentum_sum: Any, rate: Spec, **_: Any
) -> Any:
    return tuple(s for s in (weight, velocity, average, momentum_sum) if s is not None)


@defop(
    infer=_rmsprop_specs,
    inplace={0: (0,), 1: (2,)},
    nondiff=_NO_GRADIENT,
    cases=(
        case(F(3, 2), F(3, 2), POS(3, 2), None, None, POS(), rho=0.9, momentum=0.0, epsilon=1e-7),
        case(F(3, 2), F(3, 2), POS(3, 2), None, F(3, 2), POS(), rho=0.9, momentum=0.5, epsilon=1e-7),
        case(F(3, 2), F(3, 2), POS(3, 2), F(3, 2), F(3, 2), POS(), rho=0.9, momentum=0.5, epsilon=4.0),
    ),
)
def rmsprop_update(
    weight: Any,
    gradient: Any,
    velocity: Any,
    average: Any,
    momentum_sum: Any,
    rate: Any,
    *,
    rho: float,
    momentum: float,
    epsilon: float,
    out: Any = None,
) -> Any:
    """New weight, velocity and, of those that are not None, average gradient (centered) and momentum.

    velocity = rho · velocity + (1 - rho) · g²; step = rate · g / sqrt(velocity - average² + epsilon).
    """
    slots = {"weight": weight, "velocity": velocity, "average": average, "momentum": momentum_sum}
    slots = {name: value for name, value in slots.items() if value is not None}
    out = tuple(np.empty_like(v) for v in slots.values()) if out is None else out
    results = dict(zip(slots, out, strict=True))
    kernels.rmsprop({**slots, "gradient": gradient}, results, rate, rho, momentum, epsilon)
    return out
