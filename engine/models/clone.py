"""Copies of models with fresh weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.core import registry


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Any = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """A model of the same form with new layers and new weights, compiled as the model is.

    Args:
        model: a Sequential or Functional model, or a subclass with `get_config`.
        input_tensors: accepted for Functional models of one form; the clone has its own inputs.
        clone_function: gives the copy of each layer; the layer made again from its config by default.
    """
    with registry.custom_object_scope(own_classes(model)):
        copied = _copied(model, clone_function)
    if getattr(model, "compiled", False) and not copied.compiled:
        settings = model.get_compile_config()
        if settings:
            copied.compile_from_config(settings)
    return copied


def own_classes(model: Any) -> dict[str, type]:
    """Classes of the model and its layers that are not the engine's, by name."""
    kinds = {type(layer) for layer in model._flatten_layers()}
    return {kind.__name__: kind for kind in kinds if not kind.__module__.startswith("engine.")}


def _copied(model: Any, clone_function: Callable[[Any], Any] | None) -> Any:
    from engine.models.sequential import Sequential

    if clone_function is None:
        return type(model).from_config(model.get_config())
    if isinstance(model, Sequential):
        first = [layer for layer in model._line if layer not in model.layers]
        made = [type(layer).from_config(layer.get_config()) for layer in first]
        return Sequential([*made, *(clone_function(layer) for layer in model.layers)], name=model.name)
    return _clone_graph(model, clone_function)


def _clone_graph(model: Any, clone_function: Callable[[Any], Any]) -> Any:
    from engine.core import tree
    from engine.core.node import FunctionOperation
    from engine.layers.core import InputLayer

    copies: dict[int, Any] = {}
    for operation in model.operations:
        if isinstance(operation, InputLayer):
            copies[id(operation)] = InputLayer.from_config(operation.get_config())
        elif isinstance(operation, FunctionOperation):
            copies[id(operation)] = FunctionOperation(operation.function, operation.settings, operation.name)
        else:
            copies[id(operation)] = clone_function(operation)
    tensors: dict[int, Any] = {}
    for node in model._map.nodes:
        copy = copies[id(node.operation)]
        if node.is_input:
            outputs = copy.output
        else:
            args, kwargs = node.arguments(tensors)
            outputs = copy(*args, **kwargs)
        for old, new in zip(node.output_tensors, tree.flatten(outputs), strict=True):
            tensors[id(old)] = new
    inputs, result = (
        tree.map_structure(lambda t: tensors[id(t)], s) for s in (model._inputs_struct, model._outputs_struct)
    )
    return type(model)(inputs, result, name=model.name)
