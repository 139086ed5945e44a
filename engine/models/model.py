"""The base of models: a layer that trains, saves and sums itself up."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from engine.core import registry, tree
from engine.core.tensor import KerasTensor
from engine.layers.arguments import as_shape, tree_of_tensors
from engine.layers.base import Layer
from engine.models.state_tree import HasStateTree
from engine.training.trainer import Trainer


class Model(HasStateTree, Trainer, Layer):
    """A network: `Model(inputs, outputs)` from a Functional graph, or a subclass with `call`.

    Args:
        inputs, outputs: KerasTensors in any structure.
        name: its name.
    """

    KIND = "model"

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if _is_functional_call(args, kwargs):
            from engine.models.functional import Functional

            if cls is Model:
                cls = Functional
            elif not issubclass(cls, Functional):
                cls = _functional_kind(cls)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if _is_functional_call(args, kwargs):
            from engine.models.functional import Functional

            # A subclass that hands its graph to `super().__init__` is a Functional model from here on.
            self.__class__ = _functional_kind(type(self))
            Functional.__init__(self, *args, **kwargs)  # type: ignore[arg-type]
            return
        if args:
            raise TypeError(
                f"{type(self).__name__}: a model takes inputs and outputs, or keyword arguments only. Got {args!r}."
            )
        Layer.__init__(self, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The network's arithmetic."""
        raise NotImplementedError(f"Model {type(self).__name__} does not have a `call()` method implemented.")

    @property
    def layers(self) -> list[Any]:
        """The layers directly inside."""
        return self._children()

    @layers.setter
    def layers(self, value: Any) -> None:
        raise AttributeError(
            "`Model.layers` attribute is reserved and should not be used. Give the attribute another name."
        )

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """A layer by name or by place.

        Raises:
            ValueError: there is none.
        """
        if (name is None) == (index is None):
            raise ValueError("Provide either a layer name or layer index at `get_layer`.")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has {len(self.layers)} layers."
                )
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(f"No such layer: {name}. Existing layers are: {[layer.name for layer in self.layers]}.")

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print a table of layers, shapes and parameters."""
        from engine.models.summary import summary_text

        text = summary_text(self, line_length, expand_nested, show_trainable, layer_range)
        (print_fn or print)(text)

    def build_from_config(self, config: Any) -> None:
        """Build by tracing `call` on the saved input shape."""
        if config and config.get("input_shape") is not None and not self.built:
            shape = as_shape(config["input_shape"])
            self._symbolic_build(tree_of_tensors(shape, self.compute_dtype))

    def _symbolic_build(self, inputs: Any) -> None:
        self.built = True  # so that the call below does not build again
        self._traced_specs((inputs,), {})
        self._build_shapes = tree.map_structure(lambda t: t.shape, inputs) if tree.is_nested(inputs) else inputs.shape

    def build(self, input_shape: Any) -> None:
        """Make all weights for inputs of this shape."""
        if type(self).call is not Model.call and not self.built:
            shape = as_shape(input_shape)
            self._symbolic_build(tree_of_tensors(shape, self.compute_dtype))
        self._build_shapes = input_shape

    def _ensure_built(self, spec: Any) -> None:
        """A subclass's own `build`; without one the call that follows builds the layers it uses."""
        if self.built or type(self).build is not Model.build:
            super()._ensure_built(spec)
            return
        self._build_shapes = spec.first_shape()
        self.built = True

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
        """Write architecture, weights and training state into a `.keras` file."""
        from engine import saving

        saving.save_model(self, filepath, overwrite=overwrite, **kwargs)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Copies of built models, here or in another process, are made by way of the model's own file format."""
        from engine import saving
        from engine.models.clone import own_classes

        if not self.built:
            return object.__reduce_ex__(self, protocol)
        return saving.model_from_bytes, (saving.model_bytes(self), own_classes(self))

    def save_weights(self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None) -> None:
        """Write the weights into a `.weights.h5` file."""
        from engine import saving

        saving.save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Read the weights from a `.weights.h5` or `.keras` file."""
        from engine import saving

        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as JSON."""
        from engine.saving.config import serialize_keras_object

        return json.dumps(serialize_keras_object(self), **kwargs)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        if "layers" in config and "input_layers" in config:
            from engine.models.functional import functional_from_config

            return functional_from_config(cls, config, custom_objects)
        return cls(**config)


def _functional_kind(cls: Any) -> Any:
    """A subclass of Model with its own steps, made a Functional model too; the class keeps it."""
    from engine.models.functional import Functional

    found = vars(cls).get("_functional_twin")
    if found is None:
        names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
        found = cls._functional_twin = type(cls.__name__, (cls, Functional), names)
    return found


def _is_functional_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    def holds(value: Any) -> bool:
        leaves = tree.flatten(value)
        return bool(leaves) and all(isinstance(x, KerasTensor) for x in leaves)

    return (len(args) >= 2 and holds(args[0]) and holds(args[1])) or (
        "outputs" in kwargs and (bool(args) or "inputs" in kwargs)
    )


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """The model that `to_json` described, with fresh weights."""
    from engine import saving

    return saving.model_from_json(json_string, custom_objects)


registry.register("model", Model, "Model", "keras:Model")
