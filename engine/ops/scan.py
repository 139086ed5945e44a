"""Steps along an axis that carry a state; one op while tracing, Python's loop on eager values (see `choice`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.core import dtypes, tree
from engine.core.body import Body, Loop, close, leaves, packed, sample_body
from engine.core.cases import F, case
from engine.core.errors import ShapeError
from engine.core.graph import trace, trace_inside
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.state import STATE
from engine.core.tensor import Spec, convert_to_tensor
from engine.ops import elementwise as ew
from engine.ops import shape as sh
from engine.ops.making import zeros

__all__ = ["map", "scan", "vectorized_map"]

CORE = "keras.src.ops.core"
_V3 = Spec((3,), "float32")


def _scanned(
    *specs: Spec, body: Body, carries: int, sequences: int, length: int | None, reverse: bool
) -> tuple[Spec, ...]:
    carry, xs, rest = specs[:carries], specs[carries : carries + sequences], specs[carries + sequences :]
    steps = length if length is not None else xs[0].shape[0]
    results = body.specs([*carry, *(Spec(x.shape[1:], x.dtype) for x in xs), *rest])
    for before, after in zip(carry, results[:carries], strict=True):
        if before != after:
            raise ShapeError(
                f"scan: the carry goes into a step as {before.shape} {before.dtype} and comes out as {after.shape} "
                f"{after.dtype}. Give the initial carry the shape and type that the function returns."
            )
    ys = [Spec((steps, *y.shape), y.dtype) for y in results[carries:]]
    return (*carry, *ys, *(Spec((steps, *c.shape), c.dtype) for c in carry))


def _scan_gradient(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    """The same steps backwards: the carry's gradient and the sums for what is read from outside are carried."""
    body, carries, sequences = attrs["body"], attrs["carries"], attrs["sequences"]
    filled = [ew.zeros_like(y) if g is None else g for g, y in zip(grads, outputs, strict=True)]
    states = outputs[len(outputs) - carries :] if carries else ()
    xs, rest = inputs[carries : carries + sequences], inputs[carries + sequences :]
    own = [dtypes.is_float(x.dtype) for x in inputs]
    moving = [i for i in range(carries) if own[i]]
    summed = [i for i, flag in enumerate(own[carries + sequences :]) if flag]
    flowing = [k for k, y in enumerate(outputs[carries : len(outputs) - carries]) if dtypes.is_float(y.dtype)]

    def step(carry: Any, x: Any) -> Any:
        upstream, sums = carry
        state, item, g_ys, g_states = x
        found = body.gradients([*state, *item, *rest], [*upstream, *g_ys])
        onward = [ew.add(found[i], g) for i, g in zip(moving, g_states, strict=True)]
        more = [ew.add(s, found[carries + sequences + i]) for i, s in zip(summed, sums, strict=True)]
        return (onward, more), [g for g in found[carries : carries + sequences] if g is not None]

    start = ([filled[i] for i in moving], [ew.zeros_like(rest[i]) for i in summed])
    along = (
        list(states),
        list(xs),
        [filled[carries + k] for k in flowing],
        [filled[len(outputs) - carries + i] for i in moving],
    )
    (g_carry, g_rest), g_xs = scan(step, start, along, length=attrs["length"], reverse=not attrs["reverse"])
    answer = iter([*g_carry, *g_xs, *g_rest])
    return tuple(next(answer) if flag else None for flag in own)


@defop(
    infer=_scanned,
    vjp_all=_scan_gradient,
    cases=tuple(
        case(
            F(3),
            F(4, 3),
            F(3),
            body=sample_body(lambda c, x, w: [ew.tanh(ew.add(ew.multiply(c, w), x)), ew.multiply(c, x)], _V3, _V3, _V3),
            carries=1,
            sequences=1,
            length=None,
            reverse=reverse,
        )
        for reverse in (False, True)
    ),
    name="scan",
)
def _scan(*values: Any, body: Body, carries: int, sequences: int, length: int | None, reverse: bool) -> Any:
    carry, xs, rest = list(values[:carries]), values[carries : carries + sequences], values[carries + sequences :]
    steps = length if length is not None else len(xs[0])
    given = [Spec(v.shape, dtypes.name_of(v.dtype)) for v in values]
    specs = _scanned(*given, body=body, carries=carries, sequences=sequences, length=steps, reverse=reverse)
    stacks = [np.empty([d or 0 for d in s.shape], dtypes.numpy_dtype(s.dtype)) for s in specs[carries:]]
    ys, states = stacks[: len(stacks) - carries], stacks[len(stacks) - carries :]
    for t in range(steps)[::-1] if reverse else range(steps):
        for state, value in zip(states, carry, strict=True):
            state[t] = value
        inputs = [*carry, *(x[t] for x in xs), *rest]
        results = body.plan(inputs)(*inputs)
        for y, value in zip(ys, results[carries:], strict=True):
            y[t] = value
        carry = [np.array(c) for c in results[:carries]]
    results = [*carry, *ys, *states]
    return tuple(results) if len(results) > 1 else results[0]


@composite(f"{CORE}:Scan", call=("f", "init", "xs"))
def scan(
    f: Callable[[Any, Any], Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> tuple[Any, Any]:
    """Carry a state along the first axis of `xs`: `carry, y = f(carry, x)` for each step.

    Args:
        f: one step.
        init: the first carry, any structure; it keeps its shapes and types.
        xs: values with one entry a step, any structure, or None with `length`.
        length: number of steps when there is no `xs`.
        reverse: run from the last entry to the first; `ys` keep the places of their entries.
        unroll: True writes all steps out while tracing.

    Returns:
        The last carry, and the `y`s stacked along a new first axis.

    Raises:
        TypeError: `f` is not callable, or `unroll` is not a whole number or a bool.
        ValueError: the first axes of `xs` differ, or no length is known.
        ShapeError: the carry changes its shape or type.
    """
    if not callable(f):
        raise TypeError(f"`f` should be a callable. Received: f={f}")
    if not isinstance(unroll, (int, bool)) or (not isinstance(unroll, bool) and unroll < 1):
        raise ValueError(f"`unroll` must be an positive integer or boolean. Received: unroll={unroll}")
    init = tree.map_structure(convert_to_tensor, init)
    xs = tree.map_structure(lambda x: None if x is None else convert_to_tensor(x), xs)
    steps = _length([x.shape[0] for x in leaves(xs)], length)
    if STATE.trace is None or (unroll is True and steps is not None):
        if steps is None:
            raise ValueError("Got no `xs` to scan over and `length` not provided.")
        return _scan_by_hand(f, init, xs, steps, reverse)
    return _scan_traced(f, init, xs, steps, reverse)


def _length(lengths: Sequence[int | None], length: int | None) -> int | None:
    known = {n for n in lengths if n is not None}
    if length is not None:
        known.add(int(length))
    if not known and not lengths:
        raise ValueError("Got no `xs` to scan over and `length` not provided.")
    if len(known) > 1:
        raise ValueError(
            f"Got `length` argument of {length} which disagrees with leading axis sizes {list(lengths)}. "
            "All values of `xs` need one entry for each step."
        )
    return known.pop() if known else None


def _scan_by_hand(f: Callable[..., Any], carry: Any, xs: Any, steps: int, reverse: bool) -> tuple[Any, Any]:
    found: list[Any] = []
    for t in range(steps)[::-1] if reverse else range(steps):
        carry, y = f(carry, tree.map_structure(lambda x, t=t: None if x is None else x[t], xs))
        found.append(y)
    if not found:
        return carry, _nothing(f, carry, xs)
    found = found[::-1] if reverse else found
    columns = zip(*(tree.flatten(y) for y in found), strict=True)
    stacked = [None if parts[0] is None else sh.stack(list(parts)) for parts in columns]
    return carry, tree.pack_sequence_as(found[0], stacked)


def _flat_step(f: Callable[..., Any], carry: Any, xs: Any) -> tuple[Callable[..., Any], list[Spec]]:
    """One step on flat values, and the specs of those values."""
    specs = [*(Spec(v.shape, v.dtype) for v in leaves(carry)), *(Spec(x.shape[1:], x.dtype) for x in leaves(xs))]

    def step(*values: Any) -> list[Any]:
        rest = iter(values)
        now = tree.map_structure(lambda _: next(rest), carry)
        return list(f(now, tree.map_structure(lambda x: None if x is None else next(rest), xs)))

    return step, specs


def _nothing(f: Callable[..., Any], carry: Any, xs: Any) -> Any:
    """What a scan of no steps stacks: values with a first axis of 0."""
    step, specs = _flat_step(f, carry, xs)
    found = trace(step, specs).structure[1]
    return tree.map_structure(lambda s: None if s is None else zeros((0, *s.shape), s.dtype), found)


def _scan_traced(f: Callable[..., Any], init: Any, xs: Any, steps: int | None, reverse: bool) -> tuple[Any, Any]:
    step, specs = _flat_step(f, init, xs)
    first, items = leaves(init), leaves(xs)
    inner, (carry_out, y) = trace_inside(step, specs)
    own = len(first)
    loop = Loop(inner, inner.inputs[:own])
    outputs = [*leaves(carry_out), *loop.last, *leaves(y)]
    inputs = [*loop.carried, *inner.inputs[own : inner.own], *loop.rest]
    values = [*first, *loop.first, *items, *loop.outer]
    attrs = {
        "body": Body(close(inner, inputs, outputs)),
        "carries": len(loop.carried),
        "sequences": len(items),
        "length": None if items else steps,
        "reverse": reverse,
    }
    results = dispatch(OPS["scan"], values, attrs)
    results = results if isinstance(results, tuple) else (results,)
    carried = len(loop.carried)
    final = packed(carry_out, results[:carried], loop.written)
    return final, packed(y, results[carried : len(results) - carried], [])


@composite(f"{CORE}:Map", call=("f", "xs"))
def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """`f` of every entry along the first axis of `xs` (a value or a structure of them), stacked.

    Raises:
        TypeError: `f` is not callable.
    """
    return scan(lambda carry, x: (carry, f(x)), (), xs)[1]


@composite(f"{CORE}:VectorizedMap", call=("elements",))
def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """`function` of every entry along the first axis of `elements`, stacked; steps do not see each other."""
    return map(function, elements)
