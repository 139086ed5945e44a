"""What runs before a plan: steps whose results have axes that are known only when they have run."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.core.graph import Graph, Node
from engine.core.tensor import Symbol, as_array

STEP = "host_call"
"""The op whose results may have open axes."""


class Lead:
    """The nodes before a plan, run one by one on the arrays that come in.

    Args:
        graph: the whole graph.
        nodes: those to run, each after those it needs.
        results: the values that the rest of the graph takes from them.
    """

    def __init__(self, graph: Graph, nodes: Sequence[Node], results: Sequence[Symbol], rest: Sequence[Symbol]) -> None:
        self._inputs, self._nodes, self._results = graph.inputs, nodes, results
        self._constants = {id(symbol): array for array, symbol in graph.constants}
        self._passed = [i for i, symbol in enumerate(graph.inputs) if any(symbol is x for x in rest)]

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        """The arrays that the rest takes: inputs it needs itself, then results."""
        values = dict(self._constants)
        values.update({id(symbol): as_array(np.asarray(a)) for symbol, a in zip(self._inputs, arrays, strict=True)})
        for node in self._nodes:
            found = node.op.kernel(*[None if x is None else values[id(x)] for x in node.inputs], **node.attrs)
            outputs = found if isinstance(found, tuple) else (found,)
            values.update({id(y): value for y, value in zip(node.outputs, outputs, strict=True)})
        return [*(arrays[i] for i in self._passed), *(values[id(symbol)] for symbol in self._results)]


def split(graph: Graph) -> tuple[Lead | None, Graph]:
    """The part of a graph that has to run before its shapes are known, and the rest; None when all are known."""
    wanted = {id(x) for node in graph.nodes if _is_open(node) for x in (node.outputs[0], *node.inputs)}
    if not wanted:
        return None, graph
    nodes: list[Node] = []
    for node in reversed(graph.nodes):
        if any(id(y) in wanted for y in node.outputs):
            nodes.append(node)
            wanted.update(id(x) for x in node.inputs)
    if any(id(symbol) in wanted for _, symbol in graph.reads):
        return None, graph  # it depends on weights, so that it belongs into the plan
    inside = {id(node) for node in nodes}
    rest = [node for node in graph.nodes if id(node) not in inside]
    used = {id(x) for node in rest for x in node.inputs} | {id(s) for s in graph.outputs}
    used |= {id(s) for _, s in graph.writes}
    results = [y for node in reversed(nodes) for y in node.outputs if id(y) in used]
    kept = [symbol for symbol in graph.inputs if id(symbol) in used]
    lead = Lead(graph, nodes[::-1], results, kept)
    return lead, dataclasses.replace(graph, inputs=[*kept, *results], nodes=rest)


def _is_open(node: Node) -> bool:
    return node.op.name == STEP and any(None in y.shape[1:] for y in node.outputs)
