"""Functional graphs as Keras's configs, and back."""

from __future__ import annotations

from typing import Any

from engine.core import tree
from engine.core.errors import LoadError
from engine.core.node import Node
from engine.core.tensor import KerasTensor


def graph_config(model: Any) -> dict[str, Any]:
    """`get_config` of a Functional model, in Keras's form."""
    from engine.saving.config import serialize_keras_object

    layers = []
    for operation in model.operations:
        described = serialize_keras_object(operation)
        described["name"] = operation.name
        described["inbound_nodes"] = [
            _node_config(model, node) for node in model._map.nodes_of(operation) if not node.is_input
        ]
        layers.append(described)
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": layers,
        "input_layers": _places(model, model._inputs_struct),
        "output_layers": _places(model, model._outputs_struct),
    }


def _place(model: Any, tensor: KerasTensor) -> list[Any]:
    operation, node_index, tensor_index = tensor.keras_history
    return [operation.name, model._map.number_of(operation._inbound_nodes[node_index]), tensor_index]


def _places(model: Any, structure: Any) -> Any:
    if isinstance(structure, KerasTensor):
        return _place(model, structure)
    if isinstance(structure, dict):
        return {key: _places(model, value) for key, value in structure.items()}
    return [_places(model, value) for value in structure]


def _node_config(model: Any, node: Node) -> dict[str, Any]:
    from engine.saving.config import serialize_keras_object

    def written(x: Any) -> Any:
        if isinstance(x, KerasTensor):
            config = {"shape": list(x.shape), "dtype": x.dtype, "keras_history": _place(model, x)}
            return {"class_name": "__keras_tensor__", "config": config}
        return serialize_keras_object(x)

    args, kwargs = tree.map_structure(written, [list(node.args), node.kwargs])
    return {"args": args, "kwargs": kwargs}


def graph_from_config(config: dict[str, Any], custom_objects: Any = None) -> tuple[Any, Any]:
    """Input and output tensors of the graph that `graph_config` described.

    Raises:
        LoadError: a node names a layer or an output that there is not.
    """
    reader = _Reader(custom_objects)
    for described in config["layers"]:
        reader.add(described)
    reader.connect()
    return reader.tensors(config["input_layers"]), reader.tensors(config["output_layers"])


class _Reader:
    """Makes all operations, then calls them as their inputs become known."""

    def __init__(self, custom_objects: Any) -> None:
        self._custom = custom_objects
        self._operations: dict[str, Any] = {}
        self._waiting: list[tuple[str, dict[str, Any]]] = []
        self._made: dict[str, list[Any]] = {}

    def add(self, described: dict[str, Any]) -> None:
        from engine.saving.config import deserialize_keras_object

        name = described.get("name") or described["config"]["name"]
        plain = {k: v for k, v in described.items() if k not in ("inbound_nodes", "name")}
        operation = deserialize_keras_object(plain, self._custom)
        if not hasattr(operation, "_inbound_nodes") or name in self._operations:
            raise LoadError(
                f"config.json was not read: the graph names {name!r} in a way that makes no layer.",
                member="config.json",
            )
        operation.name = name
        self._operations[name] = operation
        self._made[name] = [node.outputs for node in operation._inbound_nodes if node.is_input]
        self._waiting += [(name, node) for node in described.get("inbound_nodes", [])]

    def connect(self) -> None:
        """Call operations until all calls are made."""
        waiting = self._waiting
        while waiting:
            left: list[tuple[str, dict[str, Any]]] = []
            blocked: set[str] = set()
            for name, node in waiting:
                if name in blocked or not self._ready(node):
                    blocked.add(name)
                    left.append((name, node))
                    continue
                args, kwargs = self._arguments(node)
                self._made[name].append(self._operations[name](*args, **kwargs))
            if len(left) == len(waiting):
                raise LoadError(
                    f"config.json was not read: layer {left[0][0]!r} needs a value that no layer gives.",
                    member="config.json",
                )
            waiting = left

    def _ready(self, node: dict[str, Any]) -> bool:
        return all(self._find(place) is not None for place in _history_of(node))

    def _find(self, place: Any) -> Any:
        try:
            name, node_index, tensor_index = place
            calls = self._made[name]
            return tree.flatten(calls[node_index])[tensor_index] if 0 <= node_index < len(calls) else None
        except (KeyError, IndexError, ValueError, TypeError):
            raise LoadError(
                f"config.json was not read: the graph asks for {place!r}, which no layer gives.", member="config.json"
            ) from None

    def _arguments(self, node: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        return self._value(node.get("args", [])), self._value(node.get("kwargs", {}))

    def _value(self, data: Any) -> Any:
        from engine.saving.config import deserialize_keras_object

        if isinstance(data, dict) and data.get("class_name") == "__keras_tensor__":
            return self._find(data["config"]["keras_history"])
        if isinstance(data, dict) and "class_name" in data:
            return deserialize_keras_object(data, self._custom)
        if isinstance(data, dict):
            return {key: self._value(v) for key, v in data.items()}
        return [self._value(v) for v in data] if isinstance(data, list) else data

    def tensors(self, places: Any) -> Any:
        """Tensors for a structure of places."""
        if isinstance(places, dict):
            return {key: self.tensors(v) for key, v in places.items()}
        if len(places) == 3 and isinstance(places[0], str):
            found = self._find(places)
            if found is None:
                raise LoadError(f"config.json was not read: there is no output {places!r}.", member="config.json")
            return found
        return [self.tensors(v) for v in places]


def _history_of(data: Any) -> list[Any]:
    if isinstance(data, dict):
        if data.get("class_name") == "__keras_tensor__":
            return [data["config"]["keras_history"]]
        return [place for value in data.values() for place in _history_of(value)]
    return [place for value in data for place in _history_of(value)] if isinstance(data, list) else []
