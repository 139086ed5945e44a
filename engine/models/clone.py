"""Copies of models with fresh weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.core import registry


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """A model of the same form with new layers and new weights, compiled as the model is.

    Args:
        model: a Sequential or Functional model, or a subclass with `get_config`.
        input_tensors: KerasTensors in the structure of `model.input` to start a Functional clone from.
        clone_function: gives the copy of each layer; the layer made again from its config by default.
        call_function: how each operation of a Functional model is applied, `(operation, *args, **kwargs)`.
        recursive: clone models inside the model by these functions too, instead of giving them to `clone_function`.

    Raises:
        ValueError: `input_tensors` have another structure, or a setting is for another kind of model.
    """
    if kwargs:
        raise ValueError(f"Unexpected argument(s): {tuple(kwargs)}")
    with registry.custom_object_scope(own_classes(model)):
        copied = _copied(model, input_tensors, clone_function, call_function, recursive)
    if getattr(model, "compiled", False) and not copied.compiled:
        settings = model.get_compile_config()
        if settings:
            copied.compile_from_config(settings)
    return copied


def own_classes(model: Any) -> dict[str, type]:
    """Classes of the model and its layers that are not the engine's, by name."""
    kinds = {type(layer) for layer in model._flatten_layers()}
    return {kind.__name__: kind for kind in kinds if not kind.__module__.startswith("engine.")}


def _copied(model: Any, input_tensors: Any, clone: Any, call: Any, recursive: bool) -> Any:
    from engine.models.functional import Functional
    from engine.models.sequential import Sequential

    is_sequential = isinstance(model, Sequential)
    if not is_sequential and not isinstance(model, Functional):
        if clone is not None or call is not None or input_tensors is not None:
            raise ValueError(
                "Arguments `clone_function`, `call_function` and `input_tensors` are only supported for Sequential "
                f"models or Functional models. Received model of type '{type(model).__name__}'."
            )
        return type(model).from_config(model.get_config())
    if clone is None and call is None and input_tensors is None:
        return type(model).from_config(model.get_config())
    again = clone or (lambda layer: type(layer).from_config(layer.get_config()))
    if recursive:
        again = _inside(again, call)
    if not is_sequential:
        return _clone_graph(model, input_tensors, again, call)
    if call is not None:
        raise ValueError(
            "`call_function` argument is not supported with Sequential models. In a Sequential model, layers aren't "
            "called at model-construction time (they're merely listed)."
        )
    first = [] if input_tensors is not None else [layer for layer in model._line if layer not in model.layers]
    starts = [type(layer).from_config(layer.get_config()) for layer in first]
    if input_tensors is not None:
        starts = [input_tensors.keras_history.operation]
    return Sequential([*starts, *(again(layer) for layer in model.layers)], name=model.name)


def _inside(again: Callable[[Any], Any], call: Any) -> Callable[[Any], Any]:
    """Copies of layers, in which models are cloned layer by layer."""
    from engine.models.model import Model

    def copy(layer: Any) -> Any:
        return _copied(layer, None, again, call, recursive=True) if isinstance(layer, Model) else again(layer)

    return copy


def _clone_graph(model: Any, input_tensors: Any, again: Callable[[Any], Any], call: Any) -> Any:
    from engine.core import tree
    from engine.core.node import FunctionOperation
    from engine.layers.core import Input

    inputs = input_tensors
    if inputs is None:
        inputs = tree.map_structure(
            lambda x: Input(batch_shape=x.shape, dtype=x.dtype, name=x.keras_history.operation.name), model.input
        )
    try:
        tree.assert_same_structure(inputs, model.input)
    except ValueError as error:
        raise ValueError(
            f"`input_tensors` must have the same structure as model.input\nReference structure: {model.input}\n"
            f"Received structure: {inputs}"
        ) from error
    copies: dict[int, Any] = {}

    def apply(operation: Any, *args: Any, **kwargs: Any) -> Any:
        if id(operation) not in copies:
            is_op = isinstance(operation, FunctionOperation)
            copies[id(operation)] = (
                FunctionOperation(operation.function, operation.settings, operation.name) if is_op else again(operation)
            )
        copy = copies[id(operation)]
        return copy(*args, **kwargs) if call is None else call(copy, *args, **kwargs)

    values = {id(old): new for old, new in zip(model.inputs, tree.flatten(inputs), strict=True)}
    outputs = model._map.run(values, model._outputs_struct, apply)
    return type(model)(inputs, outputs, name=model.name)
