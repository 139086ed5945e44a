"""The nodes between inputs and outputs, in the order in which they run and in which Keras lists their layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.core import tree
from engine.core.node import Node
from engine.core.tensor import KerasTensor


class GraphMap:
    """Nodes and operations of a Functional model.

    Attributes:
        nodes: in an order in which each comes after those it needs.
        operations: by depth (farthest from the outputs first), then in the order a walk from the outputs meets them.
    """

    def __init__(self, inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> None:
        self._stop = {id(t) for t in inputs}
        self._order: dict[int, int] = {}
        self._found: dict[int, Any] = {}
        self._finished: list[Node] = []
        self._state: dict[int, str] = {}
        for tensor in outputs:
            if id(tensor) not in self._stop or tensor.keras_history is not None:
                self._walk(tensor)
        self._check(inputs)
        depths = self._depths(inputs)
        place = {identifier: i for i, identifier in enumerate(depths)}  # Keras's order among equal depths
        self.nodes = sorted(self._finished, key=lambda node: (-depths[id(node)], place[id(node)]))
        self.operations = self._sorted_operations(depths)
        self._numbers = {id(node): i for op in self.operations for i, node in enumerate(self.nodes_of(op))}

    def _walk(self, tensor: KerasTensor) -> None:
        """Depth first from an output, without recursion, so that depth is not bounded by Python's stack."""
        stack: list[tuple[Node, bool]] = [(self._node(tensor), False)]
        while stack:
            node, done = stack.pop()
            if done:
                self._state[id(node)] = "done"
                self._finished.append(node)
                continue
            if id(node) in self._state:
                continue
            self._state[id(node)] = "open"
            if node.is_input or not self._is_start(node):
                self._found.setdefault(id(node.operation), node.operation)
            self._order.setdefault(id(node.operation), len(self._order))
            stack.append((node, True))
            if not self._is_start(node):
                stack.extend((parent, False) for parent in reversed(node.parent_nodes) if id(parent) not in self._state)

    def _is_start(self, node: Node) -> bool:
        return node.is_input or all(id(t) in self._stop for t in node.output_tensors)

    @staticmethod
    def _node(tensor: KerasTensor) -> Node:
        history = tensor.keras_history
        if history is None:
            raise ValueError(
                f"The tensor {tensor.name} does not come from an Input or a layer, so no graph leads to it."
            )
        node: Node = history.operation._inbound_nodes[history.node_index]
        return node

    def _check(self, inputs: Sequence[KerasTensor]) -> None:
        for node in self._finished:
            for tensor in () if self._is_start(node) else node.input_tensors:
                if tensor.keras_history is None and id(tensor) not in self._stop:
                    self._node(tensor)
            if node.is_input and not all(id(t) in self._stop for t in node.output_tensors):
                raise ValueError(
                    "`inputs` not connected to `outputs`. Output of the graph is not connected to `inputs`: it needs "
                    f"the input {node.operation.name}, which is not among the inputs of the model. Add it."
                )
        for tensor in inputs:
            if tensor.keras_history is None:
                continue  # a bare KerasTensor: nothing makes it
            node = self._node(tensor)
            if id(node) not in self._state:
                self._state[id(node)] = "done"
                self._found.setdefault(id(node.operation), node.operation)
                self._order.setdefault(id(node.operation), len(self._order))
                self._finished.insert(0, node)

    def _depths(self, inputs: Sequence[KerasTensor]) -> dict[int, int]:
        """Longest way from each node to an output; a shared operation takes its largest."""
        depths: dict[int, int] = {}
        self._operation_depths: dict[int, int] = {}
        for node in reversed(self._finished):
            depth = max(depths.get(id(node), 0), self._operation_depths.get(id(node.operation), 0))
            depths[id(node)] = self._operation_depths[id(node.operation)] = depth
            if not self._is_start(node):
                for parent in node.parent_nodes:
                    depths[id(parent)] = max(depth + 1, depths.get(id(parent), 0))
        return depths

    def _sorted_operations(self, depths: dict[int, int]) -> list[Any]:
        key = {i: (-self._operation_depths[i], self._order[i]) for i in self._found}
        return [self._found[i] for i in sorted(self._found, key=key.__getitem__)]

    def nodes_of(self, operation: Any) -> list[Node]:
        """The calls of an operation that belong to this graph, in the order they were made."""
        return [node for node in operation._inbound_nodes if id(node) in self._state]

    def number_of(self, node: Node) -> int:
        """Place of a node among its operation's nodes in this graph."""
        return self._numbers[id(node)]

    def run(
        self, values: dict[int, Any], outputs: Any, apply: Callable[..., Any] | None = None, training: Any = None
    ) -> Any:
        """Values of `outputs` (a structure of KerasTensors).

        Args:
            values: by id of each input's KerasTensor its value; the values found are added.
            apply: called as `apply(operation, *args, **kwargs)` in place of the operation.
            training: when not None, in place of the flag that a call in the graph was given. So it is in Keras: `fit`
                and `predict` decide for every layer.
        """
        for node in self.nodes:
            if node.is_input or all(id(t) in values for t in node.output_tensors):
                continue
            args, kwargs = node.arguments(values)
            if training is not None and "training" in kwargs:
                kwargs["training"] = training
            found = node.operation(*args, **kwargs) if apply is None else apply(node.operation, *args, **kwargs)
            for tensor, value in zip(node.output_tensors, tree.flatten(found), strict=True):
                values[id(tensor)] = value
        return tree.map_structure(lambda t: values[id(t)], outputs)


def get_source_inputs(tensor: Any) -> Any:
    """The input tensors that a tensor of a graph is computed from; anything else is given back."""
    if not hasattr(tensor, "keras_history"):
        return tensor
    found: dict[int, Any] = {}
    seen: set[int] = set()
    stack = [tensor]
    while stack:
        current = stack.pop()
        history = current.keras_history
        node = None if history is None else history.operation._inbound_nodes[history.node_index]
        if node is None or node.is_input:
            sources = [current] if node is None else node.output_tensors
            found.update({id(source): source for source in sources})
        elif id(node) not in seen:
            seen.add(id(node))
            stack.extend(reversed(node.input_tensors))
    return list(found.values())
