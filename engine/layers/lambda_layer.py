"""`Lambda`: a function as a layer. Files name the function; code in files is never run."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from engine.core import tree
from engine.core.errors import ParamError, TraceError
from engine.core.objects import LAMBDA_REFUSED, deserialize_object, refuse, serialize_object
from engine.core.params import Param, register_kind
from engine.layers.base import Layer, Ports, tree_of_tensors


def _function_from(value: Any) -> Any:
    if isinstance(value, dict) and value.get("class_name") == "__lambda__":
        raise refuse(LAMBDA_REFUSED)
    return deserialize_object(value) if isinstance(value, dict) else value


register_kind("Function", get=_function_from, serialize=serialize_object)


class Lambda(Layer, category="core", keras="keras.layers:Lambda", ports=Ports(dtypes="any")):
    """Applies a function. A function with a name, registered, can be saved; a lambda cannot."""

    function: Any = Param(kind="Function", doc="Called with the inputs, and with `mask` and `training` if it asks.")
    output_shape: Any = Param(None, kind="Any", doc="Shape of a result without the batch, if unknown.")
    mask: Any = Param(None, kind="Any", advanced=True, doc="The mask of the results, or a function that gives it.")
    arguments: Any = Param(None, kind="Any", advanced=True, doc="Further arguments of the function, by name.")

    def setup(self) -> None:
        if not callable(self.function):
            raise ParamError(
                f"Lambda: function is a function. Got {self.function!r}.", owner="Lambda", param="function"
            )
        self.arguments = dict(self.arguments or {})
        self.supports_masking = self.mask is not None
        self.built = True
        parameters = _parameters(self.function)
        self._asks_mask, self._asks_training = "mask" in parameters, "training" in parameters

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        given = dict(self.arguments)
        if self._asks_mask:
            given["mask"] = mask
        if self._asks_training:
            given["training"] = training
        return self.function(inputs, **given)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._traced_specs(args, kwargs)
        except TraceError as error:
            if self.output_shape is None:
                raise NotImplementedError(
                    "We could not automatically infer the shape of the Lambda's output. Please specify the "
                    f"`output_shape` argument for this Lambda layer. {self.name}: {error}"
                ) from error
        given = [tree.map_structure(lambda x: tuple(x.shape), args[0])]
        return tree_of_tensors(self._told_shape(given[0], args[0]), self.compute_dtype)

    def _told_shape(self, shapes: Any, inputs: Any) -> Any:
        if callable(self.output_shape):
            return self.output_shape(shapes)
        batch = tree.flatten(inputs)[0].shape[0]
        if all(isinstance(d, (int, type(None))) for d in self.output_shape):
            return (batch, *self.output_shape)
        return [(batch, *shape) for shape in self.output_shape]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def declared_config(self) -> dict[str, Any]:
        optional = {name: getattr(self, name) for name in ("output_shape", "mask")}
        found = {"function": self.function, **{k: v for k, v in optional.items() if v is not None}}
        return serialize_object({**found, "arguments": self.arguments})  # type: ignore[no-any-return]

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: Any = None) -> Any:
        """The layer that `get_config` described.

        Raises:
            LoadError: the function is a lambda, written as bytecode. It is refused in either mode.
        """
        made = dict(config)
        for name in ("function", "output_shape", "mask", "arguments"):
            value = made.get(name)
            if isinstance(value, dict):
                lambda_inside = value.get("class_name") == "__lambda__"
                made[name] = _function_from(value) if lambda_inside else deserialize_object(value, None, custom_objects)
        shape = made.get("output_shape")
        if isinstance(shape, list) and all(isinstance(d, (int, type(None))) for d in shape):
            made["output_shape"] = tuple(shape)
        return cls(**made)


def _parameters(function: Callable[..., Any]) -> Any:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
