"""Compiled plans: a traced graph as a flat list of (function, arguments) over one aligned arena.

`compile` drops dead nodes and merges equal ones. `Plan.bind` fixes the shapes of one batch size: it lays the values
out in the arena by their lifetimes, lets ops overwrite inputs that die, and writes new variable values in place.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.core import dtypes, tree
from engine.core.graph import Graph, Node, trace
from engine.core.lead import split
from engine.core.storage import Arena, Layout
from engine.core.tensor import Spec, Symbol, Tensor, Variable, as_array
from engine.kernels.memory import aligned_empty

_MOST_BINDINGS = 256
"""Most combinations of shapes kept; sequences of all lengths would gather more and more."""

Instruction = tuple[Callable[..., Any], tuple[Any, ...]]
Array = np.ndarray[Any, Any]


def compile(graph: Graph) -> Plan:
    """A plan that computes what `graph` does."""
    return Plan(_without_repeats(_without_dead_nodes(graph)))


def _without_dead_nodes(graph: Graph) -> Graph:
    alive = {id(s) for s in graph.outputs} | {id(s) for _, s in graph.writes}
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if any(id(y) in alive for y in node.outputs):
            kept.append(node)
            alive.update(id(x) for x in node.inputs)
    return _with_nodes(graph, kept[::-1])


def _without_repeats(graph: Graph) -> Graph:
    """Merge nodes that apply the same op to the same values."""
    same: dict[int, Symbol] = {}
    seen: dict[Any, Node] = {}
    kept: list[Node] = []
    for node in graph.nodes:
        node.inputs = tuple(None if x is None else same.get(id(x), x) for x in node.inputs)
        key = (id(node.op), tuple(id(x) for x in node.inputs), _freeze(node.attrs))
        twin = seen.setdefault(key, node)
        if twin is node:
            kept.append(node)
        else:
            same.update({id(y): z for y, z in zip(node.outputs, twin.outputs, strict=True)})
    result = _with_nodes(graph, kept)
    result.outputs = [None if s is None else same.get(id(s), s) for s in graph.outputs]
    result.writes = [(v, same.get(id(s), s)) for v, s in graph.writes]
    return result


def _with_nodes(graph: Graph, nodes: list[Node]) -> Graph:
    return Graph(graph.inputs, nodes, graph.outputs, graph.structure, graph.reads, graph.writes, graph.constants)


def _freeze(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((key, _freeze(value[key])) for key in value)
    if isinstance(value, (list, tuple)):
        return tuple(_freeze(v) for v in value)
    if isinstance(value, (slice, np.ndarray)) or not getattr(value, "__hash__", None):
        return repr(value) if isinstance(value, slice) else id(value)
    return type(value), value


class Plan:
    """A compiled graph. Calling it runs it; variables it assigns have their new values afterwards.

    Attributes:
        graph: the graph after dead nodes and repeats were taken out.
        lead: what makes the plan's inputs of the arrays that come in, where a step decides on their shapes; else None.
    """

    def __init__(self, graph: Graph) -> None:
        self.lead, self.graph = split(graph)
        self._bindings: dict[Any, Binding] = {}
        self._arena = Arena()

    def bind(self, shapes: Sequence[tuple[int, ...]]) -> Binding:
        """The instructions for inputs of exactly these shapes, made once for each combination."""
        key = tuple(shapes)
        binding = self._bindings.get(key)
        if binding is None:
            if len(self._bindings) >= _MOST_BINDINGS:
                self._bindings.clear()
            layout = Layout(self.graph, key)
            if self._arena.reserve(layout.size):
                self._bindings.clear()  # their views point into the smaller arena
            binding = self._bindings[key] = Binding(self.graph, layout, self._arena)
        return binding

    def __call__(self, *arrays: Any) -> list[Array | None]:
        """Run on these inputs; the returned arrays are valid until the next run."""
        values = [as_array(a) for a in (arrays if self.lead is None else self.lead(arrays))]
        binding = self.bind([v.shape for v in values])
        for buffer, value in zip(binding.inputs, values, strict=True):
            np.copyto(buffer, value, casting="unsafe")
        binding.run()
        return binding.outputs

    @property
    def arena_bytes(self) -> int:
        """Memory for everything but variables and constants."""
        return self._arena.size


class Binding:
    """A plan for fixed shapes: fill `inputs`, call `run()`, read `outputs`.

    Attributes:
        inputs: arrays to fill before each run.
        outputs: arrays that hold the results after a run.
        instructions: what a run does, in order.
    """

    def __init__(self, graph: Graph, layout: Layout, arena: Arena) -> None:
        self._variables = [(v, v.array()) for v in layout.variables]
        owned = {id(v): array for v, array in self._variables}
        self._arrays: dict[int, Array] = {id(s): array for array, s in graph.constants}
        for variable, symbol in graph.reads:
            self._arrays[id(symbol)] = owned[id(variable)]
        for symbol in graph.inputs:
            self._arrays[id(symbol)] = arena.view(layout.blocks[id(symbol)], layout.spec(symbol))
        self.instructions: list[Instruction] = []
        for node in graph.nodes:
            self._add(node, layout, arena, owned)
        self._add_writes(graph, layout, owned)
        self.inputs = [self._arrays[id(s)] for s in graph.inputs]
        self.outputs = [None if s is None else self._arrays[id(s)] for s in graph.outputs]

    def _add(self, node: Node, layout: Layout, arena: Arena, owned: dict[int, Array]) -> None:
        args = tuple(None if x is None else self._arrays[id(x)] for x in node.inputs)
        if id(node) in layout.views:
            self._arrays[id(node.outputs[0])] = node.op.kernel(*args, **node.attrs)
            return
        outs = []
        for y in node.outputs:
            target = layout.direct.get(id(y))
            outs.append(owned[id(target)] if target is not None else arena.view(layout.blocks[id(y)], layout.spec(y)))
            self._arrays[id(y)] = outs[-1]
        self.instructions.append(_instruction(node, args, outs))

    def _add_writes(self, graph: Graph, layout: Layout, owned: dict[int, Array]) -> None:
        """Copy the values that could not be computed in the variable's own memory; other variables' values first."""
        late: list[Instruction] = []
        for variable, symbol in graph.writes:
            if layout.direct.get(id(symbol)) is variable:
                continue
            value = self._arrays[id(symbol)]
            if layout.is_state(symbol):
                snapshot = aligned_empty(value.shape, value.dtype)
                self.instructions.append((np.copyto, (snapshot, value)))
                value = snapshot
            late.append((np.copyto, (owned[id(variable)], value)))
        self.instructions.extend(late)

    def run(self) -> None:
        """Execute all instructions once."""
        for variable, array in self._variables:
            if variable._tensor is None or variable._tensor._array is not array:
                np.copyto(array, variable.array())
                variable._tensor = Tensor(array)
        with np.errstate(all="ignore"):
            for function, args in self.instructions:
                function(*args)


def _instruction(node: Node, args: tuple[Any, ...], outs: list[Array]) -> Instruction:
    kernel, attrs = node.op.kernel, dict(node.attrs)
    if isinstance(kernel, np.ufunc) and not attrs:
        return kernel, (*args, outs[0])
    if node.op.takes_out:
        return functools.partial(kernel, out=outs[0] if len(outs) == 1 else tuple(outs), **attrs), args
    return functools.partial(_run_and_copy, functools.partial(kernel, **attrs), outs), args


def _run_and_copy(kernel: Callable[..., Any], outs: list[Array], *args: Any) -> None:
    result = kernel(*args)
    for out, value in zip(outs, result if isinstance(result, tuple) else (result,), strict=True):
        out[...] = value


class CompiledFunction:
    """A function that is traced once for each kind of arguments and then runs as a plan.

    The first axis of every argument is taken as the batch and stays open, so that batches of all sizes share a plan.
    """

    def __init__(self, function: Callable[..., Any], dynamic_batch: bool = True) -> None:
        self.function = function
        self._dynamic = dynamic_batch
        self._plans: dict[Any, Plan] = {}

    def plan_for(self, *args: Any) -> Plan:
        """The plan for arguments like these (structures of arrays, or of Specs)."""
        specs = tree.map_structure(self._spec, list(args))
        key = (tree.map_structure(lambda s: s and (s.shape, s.dtype), specs),)
        frozen = _freeze(list(key))
        if frozen not in self._plans:
            self._plans[frozen] = compile(trace(self.function, _specs_only(specs)))
        return self._plans[frozen]

    def _spec(self, value: Any) -> _SpecLeaf | None:
        if value is None:
            return None
        array = value if hasattr(value, "shape") and hasattr(value, "dtype") else as_array(value)
        shape = tuple(array.shape)
        if self._dynamic and shape:
            shape = (None, *shape[1:])
        return _SpecLeaf(shape, dtypes.standardize_dtype(array.dtype))

    def __call__(self, *args: Any) -> Any:
        """Run; returns Tensors in the structure that the function returned."""
        plan = self.plan_for(*args)
        results = plan(*[a for a in tree.flatten(list(args)) if a is not None])
        values = [None if r is None else Tensor(np.array(r)) for r in results]
        return tree.pack_sequence_as(plan.graph.structure, values)


class _SpecLeaf:
    """A Spec that `tree` does not take apart (a Spec is a tuple)."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[Any, ...], dtype: str) -> None:
        self.shape, self.dtype = shape, dtype


def _specs_only(specs: Any) -> Any:
    return tree.map_structure(lambda s: None if s is None else Spec(s.shape, s.dtype), specs)


def function(fn: Callable[..., Any]) -> CompiledFunction:
    """Compile `fn` when it is called (also as a decorator)."""
    return CompiledFunction(fn)


def variables_of(plan: Plan) -> list[Variable]:
    """Variables that a plan reads or assigns."""
    return Layout.variables_of(plan.graph)
