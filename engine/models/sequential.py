"""Models that are a straight line of layers."""

from __future__ import annotations

from typing import Any

from engine.core import registry, tree
from engine.core.errors import ShapeError
from engine.core.tensor import KerasTensor
from engine.layers.arguments import as_shape
from engine.layers.base import Layer
from engine.layers.core import InputLayer
from engine.models.functional import Functional
from engine.models.model import Model


class Sequential(Model):
    """Layers one after the other. Built at once when the first is an Input, with the first data otherwise."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return Layer.__new__(cls, *args, **kwargs)

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        Layer.__init__(self, trainable=trainable, name=name)
        self._line: list[Any] = []
        self._functional: Functional | None = None
        for layer in layers or ():
            self.add(layer, rebuild=False)
        self._maybe_rebuild()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer at the end."""
        if isinstance(layer, KerasTensor):
            layer = layer.keras_history.operation
        if not isinstance(layer, Layer):
            if not callable(layer):
                raise ValueError(
                    "Only instances of `keras.Layer` can be added to a Sequential model. "
                    f"Received: {layer} (of type {type(layer)})"
                )
            raise ValueError(f"{self.name}: wrap the function {layer!r} in a layer to put it into a Sequential model.")
        if any(known.name == layer.name for known in self._line):
            raise ValueError(
                "All layers added to a Sequential model should have unique names. "
                f"Name '{layer.name}' is already the name of a layer in this model. Update the `name` argument to "
                "pass a unique name."
            )
        if isinstance(layer, InputLayer) and self._line and isinstance(self._line[0], InputLayer):
            raise ValueError(
                f"Sequential model '{self.name}' has already been configured to use input shape "
                f"{self._line[0].batch_shape}. You cannot add a different Input layer to it."
            )
        if not self._line and layer._batch_shape is not None and not isinstance(layer, InputLayer):
            self._line.append(InputLayer(batch_shape=layer._batch_shape))
        self._line.append(layer)
        self.__dict__["_functional"] = None
        self.built = False
        if rebuild:
            self._maybe_rebuild()

    def pop(self, rebuild: bool = True) -> Any:
        """Take the last layer off and return it."""
        layer = self._line.pop()
        layer._inbound_nodes = [] if not isinstance(layer, InputLayer) else layer._inbound_nodes
        self.__dict__["_functional"] = None
        self.built = False
        if rebuild:
            self._maybe_rebuild()
        return layer

    def _maybe_rebuild(self) -> None:
        if self._line and isinstance(self._line[0], InputLayer) and len(self._line) > 1:
            self.build(self._line[0].batch_shape)
        elif self._line and isinstance(self._line[0], (Functional, Sequential)) and self._line[0].built:
            shape = self._line[0].input_shape
            if not isinstance(shape, (list, dict)):
                self.build(shape)

    def build(self, input_shape: Any = None) -> None:
        """Make all weights for inputs of this shape."""
        if not self._line:
            raise ValueError(
                f"Sequential model {self.name} cannot be built because it has no layers. Call `model.add(layer)`."
            )
        if not isinstance(self._line[0], InputLayer):
            if input_shape is None:
                raise ValueError("You must provide an `input_shape` argument.")
            dtype = self._line[0].compute_dtype
            self._line.insert(0, InputLayer(batch_shape=tuple(as_shape(input_shape)), dtype=dtype))
        first = self._line[0].output
        x = first
        for layer in self._line[1:]:
            try:
                x = layer(x)
            except ShapeError as error:
                raise error.within(f"{self.name}/{layer.name}") from None
        self.__dict__["_functional"] = Functional(first, x, name=self.name)
        self._build_shapes = first.shape
        self.built = True

    def _ensure_built(self, spec: Any) -> None:
        if not self.built:
            shape = spec.first_shape()
            if tree.is_nested(spec.first()) and not isinstance(self._line[:1] and self._line[0], InputLayer):
                self.built = True  # several values go through: each layer builds when it is called
                return
            self.build((None, *shape[1:]) if isinstance(shape, tuple) and shape else shape)

    def call(self, inputs: Any, training: Any = None, mask: Any = None, **kwargs: Any) -> Any:
        if self._functional is not None:
            return self._functional.call(inputs, training=training, mask=mask)
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        return self._functional.compute_output_spec(inputs) if self._functional else super().compute_output_spec(inputs)

    @property
    def layers(self) -> list[Any]:
        """The layers without the Input."""
        return [layer for layer in self._line if not isinstance(layer, InputLayer)]

    @layers.setter
    def layers(self, value: Any) -> None:
        raise AttributeError(
            "`Sequential.layers` attribute is reserved and should not be used. Use `add()` and `pop()` to change the "
            "layers in this model."
        )

    def _children(self) -> list[Any]:
        found = {id(layer): layer for layer in self._line}
        for value in self._attributes():
            if isinstance(value, Layer) and value is not self and value is not self._functional:
                found.setdefault(id(value), value)
        return list(found.values())

    def _graph(self) -> Functional:
        if self._functional is None:
            raise AttributeError(f"Sequential model '{self.name}' has no defined inputs and outputs yet.")
        return self._functional

    @property
    def inputs(self) -> Any:
        """Input tensors of the graph."""
        return self._graph().inputs

    @property
    def outputs(self) -> Any:
        """Output tensors of the graph."""
        return self._graph().outputs

    @property
    def input(self) -> Any:
        return self._graph().input

    @property
    def output(self) -> Any:
        return self._graph().output

    @property
    def input_shape(self) -> Any:
        """Shape of the input, the batch first."""
        return self._graph().input_shape

    @property
    def output_shape(self) -> Any:
        """Shape of the output, the batch first."""
        return self._graph().output_shape

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs."""
        return self._graph().input_names

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs."""
        return self._graph().output_names

    def get_build_config(self) -> dict[str, Any] | None:
        return None if self._build_shapes is None else {"input_shape": self._build_shapes}

    def build_from_config(self, config: Any) -> None:
        if not self.built and config and config.get("input_shape") is not None:
            self.build(config["input_shape"])

    def get_config(self) -> dict[str, Any]:
        from engine.saving.config import serialize_keras_object

        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable, "dtype": self._dtype_config()}
        config["layers"] = [serialize_keras_object(layer) for layer in self._line]
        if self._functional is not None:
            config["build_input_shape"] = self._build_shapes
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        from engine.saving.config import deserialize_keras_object

        model = cls(name=config.get("name"))
        for described in config["layers"]:
            model.add(deserialize_keras_object(described, custom_objects), rebuild=False)
        shape = config.get("build_input_shape")
        model._maybe_rebuild()
        if not model.built and shape:
            model.build(as_shape(shape))
        if not config.get("trainable", True):
            model.trainable = False
        return model


registry.register("model", Sequential, "Sequential", "keras:Sequential")
