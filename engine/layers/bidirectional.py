"""`Bidirectional`: a recurrent layer that reads the sequence from both ends."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import tree
from engine.core.errors import ParamError
from engine.core.params import Param
from engine.layers.base import Layer
from engine.layers.nested import made, takes, with_custom_objects, written
from engine.layers.rnn import SEQUENCES

_READERS = ("LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_MODES = ("sum", "mul", "ave", "concat")
_COMMON = ("stateful", "return_sequences", "return_state")


class Bidirectional(Layer, category="recurrent", keras="keras.layers:Bidirectional", ports=SEQUENCES):
    """Reads a sequence forwards with one layer and backwards with another, and joins what they give.

    (batch, time, features) becomes (batch, 2 · units), or (batch, time, 2 · units) with return_sequences
    (Schuster and Paliwal 1997).
    """

    layer: Any = Param(
        kind="Layer", choices=_READERS, doc="The layer that reads forwards: LSTM, GRU, or another recurrent layer."
    )
    merge_mode: str | None = Param("concat", choices=_MODES, nullable=True, doc="How both outputs are joined.")
    backward_layer: Any = Param(
        None, kind="Layer", choices=_READERS, nullable=True, advanced=True, doc="The layer that reads backwards."
    )

    supports_masking = True

    def __init__(
        self, layer: Any, merge_mode: Any = "concat", weights: Any = None, backward_layer: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        layer, backward_layer = made(layer), made(backward_layer)
        _check(layer, merge_mode, backward_layer)
        self.merge_mode = merge_mode
        self.forward_layer = _copied(layer, "forward_")
        self.backward_layer = backward_layer or _copied(layer, "backward_", go_backwards=True)
        _check_pair(self.forward_layer, self.backward_layer)
        for one in (self.forward_layer, self.backward_layer):
            if hasattr(layer, "use_cudnn"):
                one.use_cudnn = layer.use_cudnn
            if getattr(one, "zero_output_for_mask", None) is not None:
                one.zero_output_for_mask = one.return_sequences
        self.stateful, self.return_sequences = layer.stateful, layer.return_sequences
        self.return_state = layer.return_state
        self.input_spec = layer.input_spec
        self._given_weights = weights

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        if self._given_weights:
            self.set_weights(self._given_weights)

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None) -> Any:
        half = 0 if initial_state is None else len(initial_state) // 2
        parts = (None, None) if initial_state is None else (initial_state[:half], initial_state[half:])
        results = []
        for layer, state in zip((self.forward_layer, self.backward_layer), parts, strict=True):
            given = {"training": training, "mask": mask}
            given = {name: value for name, value in given.items() if takes(layer, name)}
            results.append(layer(sequences, **given, **({} if state is None else {"initial_state": state})))
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*results[0][1:], *results[1][1:])
            results = [results[0][0], results[1][0]]
        y, back = (ops.cast(result, self.compute_dtype) for result in results)
        output = self._merged(y, ops.flip(back, axis=1) if self.return_sequences else back)
        if not self.return_state:
            return output
        return (*output, *states) if self.merge_mode is None else (output, *states)

    def _merged(self, y: Any, back: Any) -> Any:
        if self.merge_mode == "concat":
            return ops.concatenate([y, back], axis=-1)
        if self.merge_mode == "mul":
            return y * back
        if self.merge_mode is None:
            return y, back
        return (y + back) / 2 if self.merge_mode == "ave" else y + back

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        mask = mask if self.return_sequences else None
        found: Any = (mask, mask) if not self.merge_mode else mask
        if self.return_state and self.states is not None:
            return (*tree.flatten(found), *[None] * len(self.states))
        return found

    @property
    def states(self) -> tuple[Any, ...] | None:
        """The kept states of both layers."""
        if not self.forward_layer.states or not self.backward_layer.states:
            return None
        return (*self.forward_layer.states, *self.backward_layer.states)

    def reset_state(self) -> None:
        """Set the kept states to zeros."""
        if not self.stateful:
            raise AttributeError("Layer must be stateful.")
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self) -> None:
        """Alias of `reset_state`."""
        self.reset_state()

    def declared_config(self) -> dict[str, Any]:
        return {
            "merge_mode": self.merge_mode,
            "layer": written(self.forward_layer),
            "backward_layer": written(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        return cls(**with_custom_objects(config, custom_objects, "layer", "backward_layer"))


def _copied(layer: Any, prefix: str, **changes: Any) -> Any:
    """A layer of the same settings with weights of its own."""
    described = written(layer)
    name = prefix + layer.name.removeprefix(prefix)
    described.pop("build_config", None)
    return made({**described, "config": {**described["config"], "name": name, **changes}})


def _check(layer: Any, merge_mode: Any, backward_layer: Any) -> None:
    message = ""
    if not isinstance(layer, Layer):
        message = f"Please initialize `Bidirectional` layer with a `keras.layers.Layer` instance. Received: {layer}"
    elif backward_layer is not None and not isinstance(backward_layer, Layer):
        message = f"`backward_layer` need to be a `keras.layers.Layer` instance. Received: {backward_layer}"
    elif merge_mode not in (*_MODES, None):
        modes = "{" + ", ".join(f'"{mode}"' for mode in ("sum", "mul", "ave", "concat")) + ", None}"
        message = f"Invalid merge mode. Received: {merge_mode}. Merge mode should be one of {modes}"
    else:
        missing = [name for name in (*_COMMON, "go_backwards") if not hasattr(layer, name)]
        if missing:
            message = (
                f"Bidirectional: the layer inside reads sequences, as LSTM and GRU do. {type(layer).__name__} does "
                f"not: it has no {missing[0]}."
            )
    if message:
        raise ParamError(message, owner="Bidirectional", param="layer", value=layer)


def _check_pair(forward: Any, backward: Any) -> None:
    if forward.go_backwards == backward.go_backwards:
        raise ParamError(
            "Forward layer and backward layer should have different `go_backwards` value. Received: "
            f"forward_layer.go_backwards {forward.go_backwards}, backward_layer.go_backwards={backward.go_backwards}"
        )
    for name in _COMMON:
        values = getattr(forward, name), getattr(backward, name)
        if values[0] != values[1]:
            raise ParamError(
                "Forward layer and backward layer are expected to have the same value for attribute "
                f'"{name}", got "{values[0]}" for forward layer and "{values[1]}" for backward layer'
            )
