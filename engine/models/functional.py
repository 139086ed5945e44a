"""Models made of a graph of layer calls."""

from __future__ import annotations

import warnings
from typing import Any

from engine.core import registry, tree
from engine.core.tensor import KerasTensor, convert_to_tensor
from engine.layers.base import Layer
from engine.layers.probe import like
from engine.models.graph import GraphMap
from engine.models.model import Model


class Functional(Model):
    """A model whose `call` runs the nodes between its inputs and outputs.

    Attributes:
        inputs, outputs: the flat lists of its KerasTensors.
        input_names, output_names: names of the layers that make them.
    """

    _told_of_structure = False

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        trainable = kwargs.pop("trainable", None)
        Layer.__init__(self, name=name, **kwargs)
        self._check(inputs, outputs)
        inputs, outputs = _from_inputs(inputs, outputs)
        self._inputs_struct = tree.map_structure(lambda x: x, inputs)
        self._outputs_struct = tree.map_structure(lambda x: x, outputs)
        self._map = GraphMap(tree.flatten(inputs), tree.flatten(outputs))
        self.built = True
        if trainable is not None and not trainable:
            self.trainable = False

    def _check(self, inputs: Any, outputs: Any) -> None:
        for what, structure in (("inputs", inputs), ("outputs", outputs)):
            for x in tree.flatten(structure):
                if not isinstance(x, KerasTensor):
                    raise ValueError(
                        f"All `{what}` values must be KerasTensors. Received: {what}={structure} including invalid "
                        f"value {x} of type {type(x)}"
                    )
        if len({id(x) for x in tree.flatten(inputs)}) != len(tree.flatten(inputs)):
            raise ValueError(f"Inputs to a Functional model should be unique. Received duplicated inputs in {inputs}")

    @property
    def inputs(self) -> list[KerasTensor]:
        return tree.flatten(self._inputs_struct)

    @property
    def outputs(self) -> list[KerasTensor]:
        return tree.flatten(self._outputs_struct)

    @property
    def input(self) -> Any:
        return self._inputs_struct

    @property
    def output(self) -> Any:
        return self._outputs_struct

    @property
    def input_shape(self) -> Any:
        return tree.map_structure(lambda x: x.shape, self._inputs_struct)

    @property
    def output_shape(self) -> Any:
        return tree.map_structure(lambda x: x.shape, self._outputs_struct)

    @property
    def input_names(self) -> list[str]:
        return [x.keras_history.operation.name for x in self.inputs]

    @property
    def output_names(self) -> list[str]:
        return [x.keras_history.operation.name for x in self.outputs]

    @property
    def operations(self) -> list[Any]:
        """Layers and ops of the graph, those nearest to the inputs first."""
        return list(self._map.operations)

    @property
    def layers(self) -> list[Any]:
        return [op for op in self._map.operations if isinstance(op, Layer)]

    @layers.setter
    def layers(self, value: Any) -> None:
        raise AttributeError(
            "`Model.layers` attribute is reserved and should not be used. Give the attribute another name."
        )

    def _children(self) -> list[Any]:
        found = {id(layer): layer for layer in self.layers}
        for layer in super()._children():
            found.setdefault(id(layer), layer)
        return list(found.values())

    def build(self, input_shape: Any = None) -> None:
        self.built = True

    def call(self, inputs: Any, training: Any = None, mask: Any = None, **kwargs: Any) -> Any:
        flat = self._standardized(inputs)
        if mask is not None:
            for x, m in zip(flat, tree.flatten(mask), strict=False):
                if m is not None:
                    x._keras_mask = m
        values = {id(t): x for t, x in zip(self.inputs, flat, strict=True)}
        return self._map.run(values, self._outputs_struct, training=training)

    def _standardized(self, inputs: Any) -> list[Any]:
        """Inputs as a flat list in the order of the model's own."""
        struct = self._inputs_struct
        if isinstance(inputs, dict) and not isinstance(struct, dict):
            missing = [name for name in self.input_names if name not in inputs]
            if missing:
                raise ValueError(
                    f'Missing data for input "{missing[0]}". You passed a data dictionary with keys {list(inputs)}. '
                    f"Expected the following keys: {self.input_names}"
                )
            flat = [inputs[name] for name in self.input_names]
        elif isinstance(inputs, dict):
            absent = [key for key in struct if key not in inputs]
            if absent:
                raise ValueError(
                    f'Missing data for input "{absent[0]}". You passed a data dictionary with keys {list(inputs)}. '
                    f"Expected the following keys: {list(struct)}"
                )
            flat = tree.flatten({key: inputs[key] for key in struct})
        else:
            flat = tree.flatten(inputs)
        if len(flat) != len(self.inputs):
            raise ValueError(
                f'Layer "{self.name}" expects {len(self.inputs)} input(s), but it received {len(flat)} input tensors.'
            )
        self._warn_of_structure(inputs)
        return [self._fitted(x, t) for x, t in zip(flat, self.inputs, strict=True)]

    def _warn_of_structure(self, inputs: Any) -> None:
        """Say once that inputs came in another structure than the model's, though they can be put in order."""
        if not isinstance(self._inputs_struct, dict) and (len(self.inputs) == 1 or isinstance(inputs, dict)):
            return  # put in order by itself, or by names
        try:
            tree.assert_same_structure(tree.lists_to_tuples(inputs), tree.lists_to_tuples(self._inputs_struct))
        except ValueError:
            if self._told_of_structure:
                return
            self._told_of_structure = True
            names = tree.map_structure(lambda x: x.name, self._inputs_struct)
            given = tree.map_structure(lambda x: f"Tensor(shape={tuple(getattr(x, 'shape', ()))})", inputs)
            warnings.warn(
                f"The structure of `inputs` doesn't match the expected structure.\nExpected: {names}\n"
                f"Received: inputs={given}",
                stacklevel=2,
            )

    def _fitted(self, x: Any, target: KerasTensor) -> Any:
        """An input with the rank of its KerasTensor: a last axis of length 1 is added or dropped."""
        from engine import ops

        if x is None:
            if getattr(target.keras_history.operation, "optional", False):
                return None
            raise ValueError(
                f"Input {target.name!r} of model '{self.name}' is not optional, but None was given for it. Give it "
                f"values of shape {target.shape}, or make it by `Input(..., optional=True)`."
            )
        mask = getattr(x, "_keras_mask", None)
        x = convert_to_tensor(x, None if target.dtype == "string" else target.dtype)
        if mask is not None:
            x._keras_mask = mask
        if len(x.shape) == len(target.shape) - 1 and target.shape[-1] == 1:
            return ops.expand_dims(x, -1)
        if len(x.shape) == len(target.shape) + 1 and x.shape[-1] == 1:
            return ops.squeeze(x, -1)
        fits = len(x.shape) == len(target.shape) and all(
            a is None or b is None or a == b for a, b in zip(x.shape, target.shape, strict=True)
        )
        if not fits:
            raise ValueError(
                f"Input {target.name!r} of model '{self.name}' does not fit: expected shape={target.shape}, "
                f"found shape={tuple(x.shape)}."
            )
        return x

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        return self._traced_specs((inputs,), {})

    def _traced_specs(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = [x for x in tree.flatten(list(args)) if hasattr(x, "shape")]
        masked = any(getattr(x, "_keras_mask", None) is not None for x in given)
        if masked or [tuple(x.shape) for x in given] != [t.shape for t in self.inputs]:
            return super()._traced_specs(args, kwargs)
        return tree.map_structure(like, self._outputs_struct)

    def get_build_config(self) -> dict[str, Any] | None:
        return {"input_shape": None}

    def build_from_config(self, config: Any) -> None:
        """The graph is built when it is made."""

    def get_config(self) -> dict[str, Any]:
        from engine.models.graph_config import graph_config

        if type(self).__module__.startswith("engine.") or type(self).get_config is Functional.get_config:
            return graph_config(self)
        return super().get_config()

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        return functional_from_config(cls, config, custom_objects)


def _from_inputs(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """The same graph on Inputs of its own, where it begins in the middle of another."""
    from engine.layers.core import Input, InputLayer

    def is_input(tensor: KerasTensor) -> bool:
        return tensor.keras_history is not None and isinstance(tensor.keras_history.operation, InputLayer)

    flat = tree.flatten(inputs)
    if all(is_input(t) for t in flat):
        return inputs, outputs
    starts = [
        t if is_input(t) else Input(batch_shape=t.shape, dtype=t.dtype, name=f"{t.name}CLONE".replace("/", "_"))
        for t in flat
    ]
    values = {id(old): new for old, new in zip(flat, starts, strict=True)}
    return tree.pack_sequence_as(inputs, starts), GraphMap(flat, tree.flatten(outputs)).run(values, outputs)


def functional_from_config(cls: Any, config: dict[str, Any], custom_objects: Any = None) -> Any:
    """The model that `get_config` described, with fresh weights."""
    from engine.models.graph_config import graph_from_config

    inputs, outputs = graph_from_config(config, custom_objects)
    rest = {key: config[key] for key in ("name", "trainable") if key in config}
    return cls(inputs, outputs, **rest)


registry.register("model", Functional, "Functional", "keras.src.models.functional:Functional")
