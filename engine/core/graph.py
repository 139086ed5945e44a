"""Tracing: running a Python function on symbols and keeping the ops it applied, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.core import tree
from engine.core.errors import TraceError
from engine.core.op import Op, dispatch
from engine.core.state import STATE
from engine.core.tensor import Spec, Symbol, Tensor, Variable, convert_to_tensor


class Node:
    """One application of an op inside a graph."""

    __slots__ = ("attrs", "inputs", "op", "outputs")

    def __init__(self, op: Op, inputs: Sequence[Symbol | None], attrs: Mapping[str, Any]) -> None:
        self.op = op
        self.inputs = tuple(inputs)
        self.attrs = attrs
        self.outputs: tuple[Symbol, ...] = ()

    def __repr__(self) -> str:
        attrs = ", ".join(f"{k}={v!r}" for k, v in self.attrs.items())
        return f"{self.op.name}({', '.join(str(getattr(x, 'shape', None)) for x in self.inputs)}; {attrs})"


@dataclass
class Graph:
    """A traced function.

    Attributes:
        inputs: symbols that stand for its arguments.
        nodes: ops in the order in which they were applied.
        outputs: symbols it returned, flattened (None where it returned None).
        structure: what it returned, with symbols for leaves.
        reads: variables it read, with the symbol of their value at the start.
        writes: variables it assigned, with the symbol of their final value.
        constants: symbols of fixed arrays.
    """

    inputs: list[Symbol]
    nodes: list[Node]
    outputs: list[Symbol | None]
    structure: Any
    reads: list[tuple[Variable, Symbol]]
    writes: list[tuple[Variable, Symbol]]
    constants: list[tuple[np.ndarray[Any, Any], Symbol]]

    def __str__(self) -> str:
        """The graph as text, one node a line."""
        names = {id(s): f"in{i}" for i, s in enumerate(self.inputs)}
        names.update({id(s): v.path for v, s in self.reads})
        names.update({id(s): f"const{i}" for i, (_, s) in enumerate(self.constants)})
        lines = []
        for i, node in enumerate(self.nodes):
            names.update({id(s): f"t{i}" + (f".{k}" if k else "") for k, s in enumerate(node.outputs)})
            args = ", ".join("-" if x is None else names[id(x)] for x in node.inputs)
            attrs = "".join(f", {k}={v!r}" for k, v in node.attrs.items())
            specs = ", ".join(f"{s.shape} {s.dtype}" for s in node.outputs)
            lines.append(f"t{i} = {node.op.name}({args}{attrs})  # {specs}")
        return "\n".join(lines)


class Trace:
    """An open recording. Variables are read and written through it, so that state stays explicit."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.inputs: list[Symbol] = []
        self._constants: dict[int, tuple[Tensor, Symbol]] = {}
        self._reads: dict[int, tuple[Variable, Symbol]] = {}
        self._writes: dict[int, tuple[Variable, Symbol]] = {}

    def add_input(self, spec: Spec) -> Symbol:
        symbol = Symbol(Spec(tuple(spec.shape), spec.dtype), self)
        self.inputs.append(symbol)
        return symbol

    def append(self, op: Op, values: Sequence[Symbol | None], attrs: Mapping[str, Any]) -> tuple[Symbol, ...]:
        """Add an application of `op`; returns the symbols of its outputs."""
        node = Node(op, values, attrs)
        node.outputs = tuple(Symbol(spec, self, node, i) for i, spec in enumerate(op.specs(values, attrs)))
        self.nodes.append(node)
        return node.outputs

    def lift(self, value: Any) -> Symbol | None:
        """A symbol for any value that enters the graph: eager values become constants."""
        if value is None:
            return None
        if isinstance(value, Symbol):
            if value.trace is not self:
                raise TraceError("A symbol of one traced function was used in another.")
            return value
        known = self._constants.get(id(value))
        if known is None:
            known = (value, Symbol(Spec(value.shape, value.dtype), self))
            self._constants[id(value)] = known
        return known[1]

    def read(self, variable: Variable) -> Symbol:
        """Symbol of the variable's value at this point of the function."""
        written = self._writes.get(id(variable))
        if written is not None:
            return written[1]
        known = self._reads.get(id(variable))
        if known is None:
            known = (variable, Symbol(Spec(variable.shape, variable.dtype), self))
            self._reads[id(variable)] = known
        return known[1]

    def write(self, variable: Variable, value: Any) -> None:
        """The variable takes `value` from here on, and for good when the plan has run."""
        symbol = self.lift(value)
        if symbol is not None:
            self._writes[id(variable)] = (variable, symbol)

    def finish(self, result: Any) -> Graph:
        lifted = tree.map_structure(lambda x: self.lift(None if x is None else convert_to_tensor(x)), result)
        return Graph(
            self.inputs,
            self.nodes,
            tree.flatten(lifted),
            lifted,
            list(self._reads.values()),
            list(self._writes.values()),
            [(tensor.numpy(), symbol) for tensor, symbol in self._constants.values()],
        )


class InnerTrace(Trace):
    """A recording inside another: values of the outer one that it uses become further inputs.

    Attributes:
        captured: the outer values, in the order of the inputs that stand for them.
        own: how many of the inputs are the function's own arguments.
    """

    def __init__(self, outer: Trace, tapes: tuple[Any, ...]) -> None:
        super().__init__()
        self._outer, self._tapes = outer, tapes
        self._captures: dict[int, Symbol] = {}
        self.captured: list[Any] = []
        self.own = 0

    def lift(self, value: Any) -> Symbol | None:
        if isinstance(value, Symbol) and value.trace is not self:
            return self._capture(self._outer.lift(value))
        return super().lift(value)

    def _capture(self, value: Any) -> Symbol:
        symbol = self._captures.get(id(value))
        if symbol is None:
            symbol = self._captures[id(value)] = self.add_input(value.spec)
            self.captured.append(value)
        return symbol

    def read(self, variable: Variable) -> Symbol:
        written = self._writes.get(id(variable))
        if written is not None:
            return written[1]
        value = self._outer.read(variable)
        for tape in self._tapes:
            tape.note_read(variable, value)
        return self._capture(value)

    def outer_value(self, variable: Variable) -> Symbol:
        """Value of a variable outside, before this function ran."""
        return self._outer.read(variable)

    @property
    def writes(self) -> list[tuple[Variable, Symbol]]:
        """Variables assigned inside, with the symbol of their last value."""
        return list(self._writes.values())


def trace_inside(function: Callable[..., Any], specs: Sequence[Spec]) -> tuple[InnerTrace, Any]:
    """Run `function` on symbols of a recording inside the open one; returns that and what the function returned."""
    outer = STATE.trace
    if outer is None:
        raise RuntimeError("trace_inside: no trace is open.")
    inner = InnerTrace(outer, STATE.tapes)
    symbols = [inner.add_input(spec) for spec in specs]
    inner.own = len(symbols)
    STATE.trace, tapes, STATE.tapes = inner, STATE.tapes, ()
    try:
        result = function(*symbols)
        return inner, tree.map_structure(lambda x: None if x is None else inner.lift(convert_to_tensor(x)), result)
    finally:
        STATE.trace, STATE.tapes = outer, tapes


def replay(graph: Graph, values: Sequence[Any]) -> list[Any]:
    """Apply the ops of a graph to other values (symbols or tensors); returns the values of its outputs."""
    known: dict[int, Any] = {id(s): v for s, v in zip(graph.inputs, values, strict=True)}
    known.update({id(s): Tensor(array) for array, s in graph.constants})
    for node in graph.nodes:
        results = dispatch(node.op, [None if x is None else known[id(x)] for x in node.inputs], node.attrs)
        found = results if isinstance(results, tuple) else (results,)
        known.update({id(s): y for s, y in zip(node.outputs, found, strict=True)})
    return [None if s is None else known[id(s)] for s in graph.outputs]


def output_specs(graph: Graph, inputs: Sequence[Spec]) -> list[Spec]:
    """Specs of a graph's outputs for inputs of these specs."""
    known: dict[int, Spec] = {id(s): spec for s, spec in zip(graph.inputs, inputs, strict=True)}
    known.update({id(s): s.spec for _, s in graph.constants})
    for node in graph.nodes:
        given = [None if x is None else known[id(x)] for x in node.inputs]
        known.update({id(s): spec for s, spec in zip(node.outputs, node.op.specs(given, node.attrs), strict=True)})
    return [known[id(s)] for s in graph.outputs if s is not None]


def trace(function: Callable[..., Any], specs: Sequence[Any], arguments: Any = None) -> Graph:
    """Run `function` on symbols and return what it did as a graph.

    Args:
        function: called with symbols in the structure of `specs` (one positional argument an entry).
        specs: for each argument a Spec, None, or a structure of them.

    Raises:
        TraceError: Python control flow asked for a value.
    """
    opened = Trace()
    symbols = [_symbols(opened, spec) for spec in specs]
    saved, STATE.trace = STATE.trace, opened
    tapes, STATE.tapes = STATE.tapes, ()
    try:
        result = function(*symbols)
        return opened.finish(result)
    finally:
        STATE.trace, STATE.tapes = saved, tapes


def _symbols(opened: Trace, spec: Any) -> Any:
    if isinstance(spec, Spec):
        return opened.add_input(spec)
    if isinstance(spec, dict):
        return {key: _symbols(opened, spec[key]) for key in sorted(spec)}
    if isinstance(spec, (list, tuple)):
        return type(spec)([_symbols(opened, s) for s in spec])
    return spec


def infer_specs(function: Callable[..., Any], *specs: Any) -> Any:
    """Specs of what `function` returns for arguments of the given specs; nothing is computed."""
    result = trace(function, specs).structure
    return tree.map_structure(lambda s: None if s is None else s.spec, result)
