"""Functions inside plans: a branch or the body of a loop as a graph of its own, run as often as values ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.core import dtypes, tree
from engine.core.graph import Graph, InnerTrace, output_specs, replay, trace
from engine.core.plan import Plan, compile
from engine.core.state import STATE
from engine.core.tape import GradientTape
from engine.core.tensor import Spec, Symbol, Tensor, Value, Variable, convert_to_tensor


@dataclass(eq=False)
class Body:
    """A traced function that an op runs.

    Attributes:
        graph: what it does; it reads and assigns no variables itself.
        takes: which values of the op's list go into it, in the order of the graph's inputs.
    """

    graph: Graph
    takes: tuple[int, ...] = ()
    _plans: dict[Any, Plan] = field(default_factory=dict)

    def specs(self, inputs: Sequence[Spec]) -> list[Spec]:
        """Specs of the outputs for inputs of these specs."""
        return output_specs(self.graph, inputs)

    def plan(self, inputs: Sequence[np.ndarray[Any, Any]]) -> Plan:
        """The plan for inputs of these shapes and types."""
        specs = tuple(Spec(x.shape, dtypes.name_of(x.dtype)) for x in inputs)
        plan = self._plans.get(specs)
        if plan is None:
            plan = self._plans[specs] = compile(trace(lambda *values: replay(self.graph, values), specs))
        return plan

    def run(self, inputs: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
        """Outputs for these inputs, in memory of their own."""
        return [np.array(y) for y in self.plan(inputs)(*inputs)]

    def gradients(self, inputs: Sequence[Any], upstream: Sequence[Any]) -> list[Any]:
        """Gradients by the float inputs, zeros where there is no way; None for the others.

        Args:
            inputs: values for the graph's inputs.
            upstream: for each float output its gradient, None where there is none.
        """
        from engine import ops

        values = [present(x) for x in inputs]
        followed = [v for v in values if dtypes.is_float(v.dtype)]
        with GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(followed)
            outputs = [y for y in replay(self.graph, values) if dtypes.is_float(y.dtype)]
        pairs = [(y, g) for y, g in zip(outputs, upstream, strict=True) if g is not None]
        found = tape.gradient([y for y, _ in pairs], followed, output_gradients=[present(g) for _, g in pairs])
        rest = iter(ops.zeros_like(v) if g is None else g for v, g in zip(followed, found, strict=True))
        return [next(rest) if dtypes.is_float(v.dtype) else None for v in values]


def present(value: Any) -> Any:
    """A value as the open trace knows it, so that tapes inside can follow it."""
    value = convert_to_tensor(value)
    return value if STATE.trace is None else STATE.trace.lift(value)


def close(inner: InnerTrace, inputs: Sequence[Symbol], outputs: Sequence[Symbol | None]) -> Graph:
    """The graph of a recording inside another, with its inputs in this order."""
    constants = [(tensor.numpy(), symbol) for tensor, symbol in inner._constants.values()]
    return Graph(list(inputs), inner.nodes, list(outputs), list(outputs), [], [], constants)


def sample_body(function: Any, *specs: Spec, takes: Sequence[int] = ()) -> Body:
    """A body for the declared cases of ops."""
    return Body(trace(function, specs), tuple(takes))


def is_known(value: Any) -> bool:
    """Whether Python can read the number inside a value now."""
    return isinstance(value, Tensor) or not isinstance(value, Value)


def leaves(structure: Any) -> list[Any]:
    """What a structure holds, without the Nones."""
    return [leaf for leaf in tree.flatten(structure) if leaf is not None]


def packed(structure: Any, results: Sequence[Any], written: Sequence[Variable]) -> Any:
    """Results in the structure that the function returned; what is left over goes into the variables."""
    count = len(results) - len(written)
    for variable, value in zip(written, results[count:], strict=True):
        variable.assign(value)
    rest = iter(results[:count])
    return tree.map_structure(lambda leaf: None if leaf is None else next(rest), structure)


class Loop:
    """The inputs of a loop's body, sorted: variables that it assigns are carried like its own state.

    Attributes:
        carried: inputs for the state, then for the assigned variables.
        written: the assigned variables; `first` are their values before, `last` their symbols after a step.
        rest, outer: the other inputs from outside, and their values.
    """

    def __init__(self, inner: InnerTrace, own: Sequence[Any]) -> None:
        self.written = [v for v, _ in inner.writes]
        self.last = [symbol for _, symbol in inner.writes]
        self.first = [inner.outer_value(v) for v in self.written]
        starts = [inner.lift(value) for value in self.first]
        self.carried = [*own, *starts]
        taken = {id(s) for s in starts}
        pairs = list(zip(inner.inputs[inner.own :], inner.captured, strict=True))
        self.rest = [s for s, _ in pairs if id(s) not in taken]
        self.outer = [v for s, v in pairs if id(s) not in taken]
