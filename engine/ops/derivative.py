"""Functions about derivatives: own gradient rules and forward derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.core import tree
from engine.core.cases import F, case
from engine.core.op import defop
from engine.core.tape import GradientTape
from engine.core.tape import custom_gradient as custom_gradient
from engine.core.tensor import convert_to_tensor
from engine.ops import elementwise as ew

__all__ = ["custom_gradient", "jvp"]

CORE = "keras.src.ops.core"


@defop(
    infer=lambda x, g: x,
    vjp=(lambda h, y, x, g: h, None),
    view=True,
    shape_only=(1,),
    cases=(case(F(2, 3), F(4)),),
)
def after(x: Any, g: Any) -> Any:
    """x itself, but known only once g is: what is computed from it cannot be merged with what came before."""
    return x[...]


def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """`fun(*primals)` and how it changes along `tangents`.

    The gradient by an upstream value is linear in that value; its own gradient is the forward derivative.

    Args:
        fun: returns a value or a structure; with `has_aux` a pair (value, anything).
        primals, tangents: a list or tuple of arguments, and directions of the same shapes.

    Returns:
        (outputs, derivative), and the extra with `has_aux`.
    """
    values = [convert_to_tensor(p) for p in primals]
    directions = [convert_to_tensor(t) for t in tangents]
    with GradientTape(watch_accessed_variables=False) as outer:
        with GradientTape(watch_accessed_variables=False) as inner:
            inner.watch(values)
            result = fun(*values)
            outputs, extra = result if has_aux else (result, None)
        flat = tree.flatten(outputs)
        weights = [ew.zeros_like(y) for y in flat]
        outer.watch(weights)
        gradients = inner.gradient(flat, values, output_gradients=weights)
        along = [ew.multiply(g, t) for g, t in zip(gradients, directions, strict=True) if g is not None]
    found = outer.gradient(along, weights) if along else [None] * len(flat)
    derivative = [ew.zeros_like(y) if d is None else d for y, d in zip(flat, found, strict=True)]
    packed = tree.pack_sequence_as(outputs, derivative)
    return (outputs, packed, extra) if has_aux else (outputs, packed)
