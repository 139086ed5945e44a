"""Functional graphs: operations, the nodes that record their calls, and how tensors remember where they come from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from engine.core import naming, tree
from engine.core.graph import trace
from engine.core.op import PublicOp
from engine.core.state import STATE
from engine.core.tensor import KerasTensor, Spec


class KerasHistory(NamedTuple):
    """Where a tensor comes from."""

    operation: Any
    node_index: int
    tensor_index: int


class Node:
    """One call of an operation in a Functional graph.

    Attributes:
        operation: the layer or op.
        args, kwargs: what it was called with.
        input_tensors, output_tensors: the KerasTensors among arguments and results, flat.
        outputs: the results in their structure.
    """

    def __init__(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> None:
        self.operation, self.args, self.kwargs, self.outputs = operation, args, kwargs, outputs
        leaves = tree.flatten([list(args), kwargs])
        self.input_tensors = [x for x in leaves if isinstance(x, KerasTensor)]
        self.output_tensors = [x for x in tree.flatten(outputs) if isinstance(x, KerasTensor)]
        for i, tensor in enumerate(self.output_tensors):
            tensor._keras_history = KerasHistory(operation, len(operation._inbound_nodes), i)
        operation._inbound_nodes.append(self)
        for parent in self.parent_nodes:
            parent.operation._outbound_nodes.append(self)

    @property
    def parent_nodes(self) -> list[Node]:
        """Nodes whose results go into this one."""
        found = []
        for tensor in self.input_tensors:
            history = tensor.keras_history
            if history is not None:
                found.append(history.operation._inbound_nodes[history.node_index])
        return found

    @property
    def is_input(self) -> bool:
        return not self.input_tensors

    def arguments(self, values: dict[int, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments with every KerasTensor replaced by its value (by tensor id)."""
        args, kwargs = tree.map_structure(
            lambda x: values[id(x)] if isinstance(x, KerasTensor) else x, [list(self.args), self.kwargs]
        )
        return tuple(args), kwargs


class Operation:
    """Anything that can be a node of a Functional graph. Subclasses write `call`; shapes are found by tracing it.

    Args:
        name: its name, made up from the class when None.

    Raises:
        ValueError: the name is not text, or contains "/".
    """

    def __init__(self, name: str | None = None) -> None:
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(
                "Argument `name` must be a string and cannot contain character `/`. "
                f"Received: name={name} (of type {type(name)})"
            )
        self.name = name or naming.auto_name(type(self).__name__)
        self._inbound_nodes: list[Node] = []
        self._outbound_nodes: list[Node] = []
        self._remat = STATE.remat

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply it: to values, or to tensors of a Functional graph."""
        if holds_keras_tensor([list(args), kwargs]):
            return self.symbolic_call(*args, **kwargs)
        return self.rematerialized_call(self.call, *args, **kwargs)(*args, **kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """The KerasTensors of a call on KerasTensors; adds a node to their graph."""
        return record(self, args, kwargs, self.compute_output_spec(*args, **kwargs))

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The operation's arithmetic."""
        raise NotImplementedError(f"{type(self).__name__} does not have a `call()` method implemented.")

    def rematerialized_call(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """`fn`, or its rematerialized form where the `RematScope` in which this was made asks for it."""
        return fn if self._remat is None else self._remat.applied(self, fn, args, kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """KerasTensors of the outputs: `call` is traced on symbols, nothing is computed."""
        return traced_spec(self.call, args, kwargs)

    def get_config(self) -> dict[str, Any]:
        """Settings from which `from_config` makes an equal operation."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """An operation from its settings."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<Operation name={self.name}>"

    @property
    def input(self) -> Any:
        """The input tensor(s) of the layer's first call."""
        return self._single("input", lambda node: node.input_tensors)

    @property
    def output(self) -> Any:
        """The output tensor(s) of the layer's first call."""
        return self._single("output", lambda node: node.output_tensors)

    def _single(self, what: str, tensors: Any) -> Any:
        if not self._inbound_nodes:
            raise AttributeError(f"The layer {self.name} has never been called and thus has no defined {what}.")
        found = tensors(self._inbound_nodes[0])
        return found[0] if len(found) == 1 else found


class FunctionOperation(Operation):
    """An op of `engine.ops` as a node: the function, and the settings it was called with.

    Attributes:
        function: the op.
        settings: arguments that are not values, by name.
    """

    built = True

    def __init__(self, function: PublicOp, settings: dict[str, Any] | None = None, name: str | None = None) -> None:
        class_name = function.keras[1] if function.keras else function.name
        Operation.__init__(self, name or naming.auto_name(class_name))
        self.function, self.settings = function, dict(settings or {})

    def call(self, *args: Any, **kwargs: Any) -> Any:
        settings = dict(self.settings)
        parameters = self.function.signature.parameters
        leading: list[Any] = []
        if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters.values()):
            names = [n for n, p in parameters.items() if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
            leading = [settings.pop(n) for n in names if n in settings]
        return self.function.function(*leading, *args, **kwargs, **settings)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, **self.settings}


def holds_keras_tensor(structure: Any) -> bool:
    """Whether a structure holds a tensor of a Functional graph."""
    return any(isinstance(x, KerasTensor) for x in tree.flatten(structure))


def traced_spec(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """KerasTensors of what a function returns for these arguments, KerasTensors among them; nothing is computed."""
    leaves = tree.flatten([list(args), dict(kwargs)])
    specs = [Spec(x.shape, x.dtype) for x in leaves if isinstance(x, KerasTensor)]

    def run(*symbols: Any) -> Any:
        rest = iter(symbols)
        replaced = [next(rest) if isinstance(x, KerasTensor) else x for x in leaves]
        new_args, new_kwargs = tree.pack_sequence_as([list(args), dict(kwargs)], replaced)
        return function(*new_args, **new_kwargs)

    structure = trace(run, specs).structure
    return tree.map_structure(lambda s: None if s is None else KerasTensor(s.shape, s.dtype), structure)


def apply_operation(function: PublicOp, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call an op on tensors of a Functional graph: adds a node."""
    bound = function.signature.bind(*args, **kwargs)
    values: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    variadic: tuple[Any, ...] = ()
    for name, value in bound.arguments.items():
        kind = function.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            variadic = value
        elif kind is inspect.Parameter.VAR_KEYWORD:
            (values if name in function.call_arguments else settings).update(value)
        elif is_value(function, name, value):
            values[name] = value
        else:
            settings[name] = value
    operation = FunctionOperation(function, settings)
    if variadic:
        return operation(*values.values(), *variadic)
    names = list(function.signature.parameters)
    if list(values) == names[: len(values)]:
        return operation(*values.values())
    return operation(**values)


def is_value(function: PublicOp, name: str, value: Any) -> bool:
    """Whether an argument is a value of the graph (or a constant beside one) rather than a setting."""
    if name in function.call_arguments:
        return value is not None
    return any(hasattr(leaf, "shape") for leaf in tree.flatten(value))


def record(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> Any:
    """Add the node of a call; returns the outputs, which now know where they come from."""
    Node(operation, args, kwargs, outputs)
    return outputs


def function_from_config(function: PublicOp, config: dict[str, Any]) -> FunctionOperation:
    """The operation that Keras describes by the constructor arguments of its op class."""
    settings = {key: tuple(v) if isinstance(v, list) else v for key, v in config.items() if key != "name"}
    return FunctionOperation(function, settings, config.get("name"))
