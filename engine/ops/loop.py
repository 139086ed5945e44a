"""Loops as long as a value says, loops over whole numbers, and partial results by pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.core import tree
from engine.core.body import Body, Loop, close, is_known, packed, sample_body
from engine.core.cases import I, case
from engine.core.errors import ShapeError, TraceError
from engine.core.graph import trace_inside
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.state import STATE
from engine.core.tensor import Spec, convert_to_tensor
from engine.ops import elementwise as ew
from engine.ops import shape as sh
from engine.ops.scan import scan

__all__ = ["associative_scan", "fori_loop", "while_loop"]

CORE = "keras.src.ops.core"
_N = Spec((), "int32")


def _looped(*specs: Spec, test: Body, body: Body, carries: int, limit: int | None) -> tuple[Spec, ...]:
    results = body.specs([specs[i] for i in body.takes])
    for before, after in zip(specs[:carries], results, strict=True):
        if before != after:
            raise ShapeError(
                f"while_loop: a loop variable goes into a step as {before.shape} {before.dtype} and comes out as "
                f"{after.shape} {after.dtype}. Start with the shape and type that the body returns."
            )
    return tuple(specs[:carries])


def _no_way_back(*_: Any) -> Any:
    raise TraceError("The number of steps of a while_loop is not known, so its gradient is found step by step.")


@defop(
    infer=_looped,
    vjp_all=_no_way_back,
    cases=(
        case(
            I(),
            np.array(100, "int32"),
            test=sample_body(lambda a, b: ew.less(a, b), _N, _N, takes=(0, 1)),
            body=sample_body(lambda a: ew.add(ew.multiply(a, 2), 1), _N, takes=(0,)),
            carries=1,
            limit=None,
        ),
    ),
    name="while_loop",
)
def _while(*values: Any, test: Body, body: Body, carries: int, limit: int | None) -> Any:
    now = list(values)
    count = 0
    while (limit is None or count < limit) and bool(test.run([now[i] for i in test.takes])[0]):
        now[:carries] = body.run([now[i] for i in body.takes])
        count += 1
    results = [np.array(v) for v in now[:carries]]
    return tuple(results) if len(results) > 1 else results[0]


@composite(f"{CORE}:WhileLoop", call=("loop_vars",))
def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """Apply `body` to the loop variables as long as `cond` of them holds.

    Args:
        cond: the loop variables to a truth value.
        body: the loop variables to their next values, of the same shapes and types.
        loop_vars: the first values: a list or tuple of structures, or one value.
        maximum_iterations: stop after so many steps.

    Returns:
        The last values: a tuple, or one value if one was given.

    Raises:
        ShapeError: a variable changes its shape or type (while tracing).
    """
    many = isinstance(loop_vars, (tuple, list))
    start = tuple(loop_vars) if many else (loop_vars,)
    start = tree.map_structure(convert_to_tensor, start)
    run = _loop_by_hand if STATE.trace is None else _loop_traced
    result = run(cond, lambda *values: _as_tuple(body(*values)), start, maximum_iterations)
    return result if many else result[0]


def _as_tuple(values: Any) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, (tuple, list)) else (values,)


def _loop_by_hand(cond: Any, body: Any, values: tuple[Any, ...], limit: int | None) -> tuple[Any, ...]:
    count = 0
    while (limit is None or count < limit) and bool(cond(*values)):
        values = body(*values)
        count += 1
    return values


def _loop_traced(cond: Any, body: Any, start: tuple[Any, ...], limit: int | None) -> tuple[Any, ...]:
    first = tree.flatten(start)
    specs = [Spec(v.shape, v.dtype) for v in first]
    step, after = trace_inside(lambda *v: body(*tree.pack_sequence_as(start, list(v))), specs)
    test, truth = trace_inside(lambda *v: cond(*tree.pack_sequence_as(start, list(v))), specs)
    loop = Loop(step, step.inputs[: step.own])
    outside = {id(v): v for v in (*loop.outer, *test.captured)}
    values = [*first, *loop.first, *(v for k, v in outside.items() if k not in {id(f) for f in loop.first})]
    places = {id(v): i for i, v in enumerate(values)}
    carried = len(loop.carried)
    body_takes = (*range(carried), *(places[id(v)] for v in loop.outer))
    test_takes = (*range(step.own), *(places[id(v)] for v in test.captured))
    attrs = {
        "body": Body(close(step, [*loop.carried, *loop.rest], [*tree.flatten(after), *loop.last]), body_takes),
        "test": Body(close(test, test.inputs, [truth]), test_takes),
        "carries": carried,
        "limit": limit,
    }
    results = dispatch(OPS["while_loop"], values, attrs)
    result: tuple[Any, ...] = packed(start, results if isinstance(results, tuple) else (results,), loop.written)
    return result


@composite(f"{CORE}:ForiLoop", call=("init_val",))
def fori_loop(lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Any) -> Any:
    """`value = body_fun(i, value)` for every whole number i from `lower` to `upper` - 1."""
    if is_known(lower) and is_known(upper):
        numbers = np.arange(int(lower), int(upper), dtype="int32")
        return scan(lambda value, i: (body_fun(i, value), None), init_val, numbers)[0]
    return while_loop(
        lambda i, value: i < upper, lambda i, value: (i + 1, body_fun(i, value)), (ew.cast(lower, "int32"), init_val)
    )[1]


@composite(f"{CORE}:AssociativeScan", call=("f", "elems"))
def associative_scan(f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """All partial results of an associative `f` along an axis, by pairs (Blelloch, 1990).

    Args:
        f: combines two structures like `elems`, entry by entry.
        elems: a value or a structure of them, equally long along `axis`.
        reverse: begin at the end.

    Raises:
        TypeError: `f` is not callable.
        ValueError: the lengths differ.
    """
    if not callable(f):
        raise TypeError(f"`f` should be a callable. Received: f={f}")
    flat = [convert_to_tensor(x) for x in tree.flatten(elems)]
    lengths = {x.shape[axis] for x in flat}
    if len(lengths) != 1:
        raise ValueError(
            "Array inputs to associative_scan must have the same first dimension. "
            f"(saw: {[tuple(x.shape) for x in flat]})"
        )
    if None in lengths:
        raise TraceError("associative_scan needs an axis of known length.")
    flat = [sh.moveaxis(x, axis, 0) for x in flat]
    if reverse:
        flat = [sh.flip(x, 0) for x in flat]

    def combine(a: list[Any], b: list[Any]) -> list[Any]:
        return tree.flatten(f(tree.pack_sequence_as(elems, a), tree.pack_sequence_as(elems, b)))

    found = _partial_results(combine, flat)
    if reverse:
        found = [sh.flip(x, 0) for x in found]
    return tree.pack_sequence_as(elems, [sh.moveaxis(x, 0, axis) for x in found])


def _partial_results(combine: Callable[..., list[Any]], values: list[Any]) -> list[Any]:
    length = values[0].shape[0]
    if length < 2:
        return values
    odd = _partial_results(combine, combine([x[0 : length - 1 : 2] for x in values], [x[1::2] for x in values]))
    if length == 2:
        return [sh.concatenate([x[:1], o]) for x, o in zip(values, odd, strict=True)]
    before = [o[: (length - 1) // 2] for o in odd]
    even = combine(before, [x[2::2] for x in values])
    even = [sh.concatenate([x[:1], e]) for x, e in zip(values, even, strict=True)]
    return [_interleaved(e, o, length) for e, o in zip(even, odd, strict=True)]


def _interleaved(even: Any, odd: Any, length: int) -> Any:
    if odd.shape[0] < even.shape[0]:
        odd = sh.concatenate([odd, odd[-1:]])
    pairs = sh.stack([even, odd], axis=1)
    return sh.reshape(pairs, (-1, *even.shape[1:]))[:length]
