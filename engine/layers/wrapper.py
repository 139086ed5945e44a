"""Layers that hold one other layer: `Wrapper`, and `TimeDistributed`, which applies it to every time step."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import tree
from engine.core.errors import ParamError
from engine.core.params import Param
from engine.layers.base import Layer, Ports
from engine.layers.nested import takes, with_custom_objects


class Wrapper(Layer):
    """Holds another layer; the base for layers that change what it does."""

    layer: Any = Param(kind="Layer", doc="The layer inside.")

    def setup(self) -> None:
        if not isinstance(self.layer, Layer):
            raise ParamError(self._refusal(self.layer), owner=type(self).__name__, param="layer", value=self.layer)

    def _refusal(self, layer: Any) -> str:
        return (
            f"Layer {layer} supplied to Wrapper isn't a supported layer type. "
            "Please ensure wrapped layer is a valid Keras layer."
        )

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        return cls(**with_custom_objects(config, custom_objects, "layer"))


class TimeDistributed(
    Wrapper, category="recurrent", keras="keras.layers:TimeDistributed", ports=Ports(ranks=(3, None), dtypes="any")
):
    """Applies a layer to every time step with the same weights: (batch, time, ...) becomes (batch, time, ...)."""

    supports_masking = True

    def _refusal(self, layer: Any) -> str:
        return f"Please initialize `TimeDistributed` layer with a `keras.layers.Layer` instance. Received: {layer}"

    def _step_shape(self, input_shape: Any) -> tuple[Any, ...]:
        if not isinstance(input_shape, (tuple, list)) or len(input_shape) < 3:
            raise ValueError(
                "`TimeDistributed` Layer should be passed an `input_shape` with at least 3 dimensions, "
                f"received: {input_shape}"
            )
        return (input_shape[0], *input_shape[2:])

    def build(self, input_shape: Any) -> None:
        super().build(self._step_shape(input_shape))

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        if mask is not None:
            _check_mask(tuple(mask.shape), tuple(inputs.shape))
        length = inputs.shape[1]
        given = {"training": training} if takes(self.layer, "training") else {}
        masked = mask is not None and takes(self.layer, "mask")
        if length is not None and not masked and _may_fold(self.layer):
            folded = self.layer.call(ops.reshape(inputs, (-1, *inputs.shape[2:])), **given)
            return tree.map_structure(lambda y: ops.reshape(y, (-1, length, *y.shape[1:])), folded)

        def step(x: Any) -> Any:
            return self.layer.call(x[0], **given, **({"mask": x[1]} if masked else {}))

        parts = [inputs, mask] if masked else [inputs]
        if length is None:
            found = ops.map(step, [ops.swapaxes(part, 0, 1) for part in parts])
            return tree.map_structure(lambda y: ops.swapaxes(y, 0, 1), found)
        steps = [step([part[:, t] for part in parts]) for t in range(length)]
        return tree.map_structure(lambda *y: ops.stack(list(y), axis=1), *steps)


def _check_mask(mask: tuple[Any, ...], shape: tuple[Any, ...]) -> None:
    if len(mask) < 2:
        raise ValueError(
            "The `mask` passed to the `TimeDistributed` layer must be at least 2D (e.g., `(batch_size, timesteps)`), "
            f"but it has {len(mask)} dimension(s) with shape {mask}."
        )
    if any(a is not None and b is not None and a != b for a, b in zip(mask[:2], shape[:2], strict=True)):
        raise ValueError(
            f"The `mask` passed to the `TimeDistributed` layer has a shape {mask} that is incompatible with the input "
            f"shape {shape}. The first two dimensions of the mask (batch size and timesteps) must match the input's "
            f"first two dimensions. Expected mask shape prefix: ({shape[0]}, {shape[1]})."
        )


def _may_fold(layer: Any) -> bool:
    """Whether time steps can be further samples of one call: nothing is drawn or kept, and no sample sees another.

    That is known of the engine's own layers and of lines of them. Others are called step by step.
    """
    from engine.models import Sequential

    if layer.non_trainable_variables:
        return False
    if any(
        type(p) is not Sequential and (not p._is_engine_layer() or p.KIND != "layer") for p in layer._flatten_layers()
    ):
        return False
    return type(layer) is not Sequential or layer.input_shape[0] is None
