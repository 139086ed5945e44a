"""Choices between functions by a value.

On eager values Python runs the chosen function and tapes see its ops. While tracing, every function becomes a graph of
its own (`Body`) that one op runs; what it reads from outside are further inputs, variables it assigns further outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.core import dtypes, tree
from engine.core.body import Body, close, is_known, leaves, packed, sample_body
from engine.core.cases import F, case
from engine.core.errors import ShapeError
from engine.core.graph import trace_inside
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.tensor import Spec, convert_to_tensor
from engine.ops import elementwise as ew

__all__ = ["cond", "switch"]

CORE = "keras.src.ops.core"
_V3 = Spec((3,), "float32")


def _chosen(*specs: Spec, bodies: Sequence[Body]) -> tuple[Spec, ...]:
    found = [body.specs([specs[1 + i] for i in body.takes]) for body in bodies]
    for other in found[1:]:
        if [s.dtype for s in other] != [s.dtype for s in found[0]] or [s.shape for s in other] != [
            s.shape for s in found[0]
        ]:
            raise ShapeError(
                "`true_fn` and `false_fn` should return outputs of the same kind (struct, dtype and shape). "
                f"Got {found[0]} and {other} instead."
            )
    return tuple(found[0])


def _switch_gradient(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    index, values = inputs[0], inputs[1:]
    floats = [i for i, v in enumerate(values) if dtypes.is_float(v.dtype)]
    upstream = [g for g, y in zip(grads, outputs, strict=True) if dtypes.is_float(y.dtype)]

    def branch(body: Body) -> Callable[[], list[Any]]:
        def run() -> list[Any]:
            own = dict(zip(body.takes, body.gradients([values[i] for i in body.takes], upstream), strict=True))
            return [own[i] if i in own else ew.zeros_like(values[i]) for i in floats]

        return run

    found = dict(zip(floats, switch(index, [branch(body) for body in attrs["bodies"]]), strict=True))
    return (None, *(found.get(i) for i in range(len(values))))


@defop(
    infer=_chosen,
    vjp_all=_switch_gradient,
    cases=(
        case(
            np.array(1, "int32"),
            F(3),
            F(3),
            bodies=(
                sample_body(lambda a, b: ew.multiply(a, b), _V3, _V3, takes=(0, 1)),
                sample_body(lambda b: ew.multiply(b, b), _V3, takes=(1,)),
            ),
        ),
    ),
    name="switch",
)
def _switch(*values: Any, bodies: Sequence[Body]) -> Any:
    body = bodies[min(max(int(values[0]), 0), len(bodies) - 1)]
    results = body.run([values[1 + i] for i in body.takes])
    return tuple(results) if len(results) > 1 else results[0]


@composite(f"{CORE}:Switch", call=("index", "branches", "operands"))
def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """The result of the branch that `index` names, called with `operands`; an index outside takes the nearest.

    Raises:
        ShapeError: the branches return values of different shapes or types (while tracing).
    """
    index = convert_to_tensor(index)
    if is_known(index):
        place = min(max(int(index), 0), len(branches) - 1)
        return branches[place](*operands)
    traced = [trace_inside(lambda branch=branch: branch(*operands), []) for branch in branches]
    structure = traced[0][1]
    _same_structure(structure, [result for _, result in traced[1:]])
    written = {id(v): v for inner, _ in traced for v, _ in inner.writes}
    outer: dict[int, Any] = {}
    bodies = []
    for inner, result in traced:
        outputs = [*leaves(result), *(inner.read(v) for v in written.values())]
        outer.update({id(v): v for v in inner.captured})
        places = {key: i for i, key in enumerate(outer)}
        takes = tuple(places[id(v)] for v in inner.captured)
        bodies.append(Body(close(inner, inner.inputs, outputs), takes))
    if not bodies[0].graph.outputs:
        return structure
    results = dispatch(OPS["switch"], (ew.cast(index, "int32"), *outer.values()), {"bodies": tuple(bodies)})
    return packed(structure, results if isinstance(results, tuple) else (results,), list(written.values()))


@composite(f"{CORE}:Cond", call=("pred", "true_fn", "false_fn"))
def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """The result of `true_fn()` where `pred` (a scalar) holds, else of `false_fn()`."""
    return switch(ew.cast(ew.not_equal(convert_to_tensor(pred), 0), "int32"), [false_fn, true_fn])


def _same_structure(first: Any, others: Sequence[Any]) -> None:
    for other in others:
        try:
            tree.assert_same_structure(first, other)
        except ValueError as error:
            raise ValueError(
                "`true_fn` and `false_fn` should return outputs of the same kind (struct, dtype and shape). "
                f"Got {first} and {other} instead."
            ) from error
