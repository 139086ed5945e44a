"""Recurrent layers: the fused ops where they apply, the cell step by step elsewhere; both give the same."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import naming
from engine.core.errors import ShapeError
from engine.core.params import Param
from engine.core.rng import SeedGenerator
from engine.core.tensor import Variable
from engine.layers.base import InputSpec, Layer, Ports
from engine.layers.rnn_cells import DEFAULT_ACTIVATIONS, Cell, GRUCell, LSTMCell, SimpleRNNCell, declare

_SEQUENCES = Ports(ranks=(3, 3))


class RNN(Layer, category="recurrent", keras="keras.layers:RNN", ports=_SEQUENCES):
    """Runs a cell over the time axis: (batch, time, features) becomes (batch, units), or one output a step."""

    cell: Any = Param(kind="Any", doc="What is done at each step.")
    return_sequences: bool = Param(False, doc="Give the output of every time step instead of the last.")
    return_state: bool = Param(False, advanced=True, doc="Give the last state too.")
    go_backwards: bool = Param(False, advanced=True, doc="Read the sequence from its end.")
    stateful: bool = Param(False, advanced=True, doc="Begin each batch with the last batch's state.")
    unroll: bool = Param(False, advanced=True, doc="Accepted for compatibility.")
    zero_output_for_mask: bool = Param(False, advanced=True, doc="Give zeros at masked steps.")

    supports_masking = True

    def setup(self) -> None:
        self.input_spec = None
        self.states: Any = None
        if not hasattr(self.cell, "call") or not hasattr(self.cell, "state_size"):
            raise ValueError(
                f"Argument `cell` should have a `call` method and a `state_size` attribute. Received: cell={self.cell}"
            )

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        if len(sequences_shape) != 3:
            raise ShapeError(
                f"reads time × features (2 axes), but gets {len(sequences_shape) - 1}.",
                layer=self.name,
                shapes=(sequences_shape,),
                hint="Insert a Reshape that leaves time and features.",
            )
        if not self.cell.built:
            self.cell.build((sequences_shape[0], sequences_shape[2]))
        if self.stateful:
            if sequences_shape[0] is None:
                raise ValueError(
                    "When using `stateful=True` in a RNN, the batch size must be static. Found dynamic batch size: "
                    f"sequence.shape={sequences_shape}"
                )
            shapes = [(sequences_shape[0], n) for n in self._state_sizes()]
            self.states = [
                Variable(ops.zeros(s, self.variable_dtype), trainable=False, name="rnn_state") for s in shapes
            ]

    def _state_sizes(self) -> list[int]:
        size = self.cell.state_size
        return list(size) if isinstance(size, (list, tuple)) else [size]

    def _own_variables(self) -> list[Any]:
        """States are not weights of the file; the cell's weights are its own."""
        return []

    def get_initial_state(self, like: Any) -> list[Any]:
        """Zeros for the batch of `like`."""
        first = ops.zeros_like(like[:, 0, :1])
        return [ops.repeat(first, n, axis=1) if n > 1 else first for n in self._state_sizes()]

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False) -> Any:
        if isinstance(sequences, (list, tuple)):
            sequences, initial_state = sequences[0], list(sequences[1:])
        states = self._start(sequences, initial_state)
        if mask is not None and len(mask.shape) == 3:
            mask = mask[:, :, 0]
        if self.go_backwards:
            sequences = ops.flip(sequences, axis=1)
            mask = None if mask is None else ops.flip(mask, axis=1)
        outputs, last, states = self._run_sequence(sequences, states, mask, training)
        if self.stateful:
            for variable, value in zip(self.states, states, strict=True):
                variable.assign(value)
        result = outputs if self.return_sequences else last
        return [result, *states] if self.return_state else result

    def _start(self, sequences: Any, given: Any) -> list[Any]:
        if given is not None:
            return list(given) if isinstance(given, (list, tuple)) else [given]
        if self.stateful:
            return [ops.convert_to_tensor(v) for v in self.states]
        return self.get_initial_state(sequences)

    def _run_sequence(self, x: Any, states: list[Any], mask: Any, training: Any) -> tuple[Any, Any, list[Any]]:
        """All steps through the cell. Returns outputs of all steps, the last output, the last states."""
        if x.shape[1] is None:
            raise ShapeError(
                "the number of time steps is open, but a cell runs step by step and has to know it.",
                layer=self.name,
                shapes=(x.shape,),
                hint="Give the input a fixed length.",
            )
        if isinstance(self.cell, Cell):
            self.cell.reset_dropout_mask()
        outputs: list[Any] = []
        last: Any = None
        for t in range(x.shape[1]):
            output, new = self.cell(x[:, t], states, **self._cell_arguments(training))
            new = list(new) if isinstance(new, (list, tuple)) else [new]
            if mask is not None:
                keep = ops.expand_dims(mask[:, t], -1)
                held = ops.zeros_like(output) if last is None else last
                new = [ops.where(keep, n, s) for n, s in zip(new, states, strict=True)]
                last = ops.where(keep, output, held)
                output = ops.where(keep, output, ops.zeros_like(output)) if self.zero_output_for_mask else last
            else:
                last = output
            states = new
            outputs.append(output)
        return ops.stack(outputs, axis=1), last, states

    def _cell_arguments(self, training: Any) -> dict[str, Any]:
        import inspect

        return {"training": training} if "training" in inspect.signature(self.cell.call).parameters else {}

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        mask = mask[0] if isinstance(mask, (list, tuple)) and mask else mask
        return mask if self.return_sequences else None

    def reset_states(self) -> None:
        """Set the kept states to zeros."""
        for variable in self.states or ():
            variable.assign(ops.zeros_like(variable))

    reset_state = reset_states

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        from engine.core.objects import deserialize_object

        cell = config.get("cell")
        return cls(**{**config, "cell": deserialize_object(cell) if isinstance(cell, dict) else cell})

    def get_config(self) -> dict[str, Any]:
        from engine.core.objects import serialize_object

        return {**Layer.get_config(self), "cell": serialize_object(self.cell)}


class _Recurrent(RNN, drop=("cell",)):
    """A recurrent layer with its own kind of cell and a fused op."""

    CELL: type[Cell] = SimpleRNNCell

    def setup(self) -> None:
        given = {n: getattr(self, n) for n in self.CELL.PARAMS if n in self.PARAMS}
        self.cell = self.CELL(**self._for_cell(given), dtype=self.dtype_policy, name=None)
        self.cell.name = naming.to_snake_case(self.CELL.__name__)
        self.input_spec = InputSpec(ndim=3)
        self.states: Any = None

    def _for_cell(self, values: dict[str, Any]) -> dict[str, Any]:
        """Arguments of the cell."""
        return values

    def _uses_defaults(self) -> bool:
        gate = getattr(self, "recurrent_activation", DEFAULT_ACTIVATIONS[1])
        return (self.activation, gate) == DEFAULT_ACTIVATIONS and self.recurrent_dropout == 0

    def _run_sequence(self, x: Any, states: list[Any], mask: Any, training: Any) -> tuple[Any, Any, list[Any]]:
        if not self._uses_defaults():
            return super()._run_sequence(x, states, mask, training)
        if training and self.dropout:
            self.cell.reset_dropout_mask()
            (kept,) = self.cell.drop_inputs(ops.ones_like(x[:, 0]), training)
            x = x * ops.expand_dims(kept, 1)
        outputs, *last = self._fused(x, states, mask)
        if self.zero_output_for_mask and mask is not None:
            outputs = ops.where(ops.expand_dims(mask, -1), outputs, ops.zeros_like(outputs))
        return outputs, outputs[:, -1], last

    def _fused(self, x: Any, states: list[Any], mask: Any) -> list[Any]:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return Layer.get_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**{k: v for k, v in config.items() if k not in ("implementation", "use_cudnn", "time_major")})


class SimpleRNN(_Recurrent, category="recurrent", keras="keras.layers:SimpleRNN", ports=_SEQUENCES):
    """Reads a sequence step by step and keeps a state: tanh(x · kernel + state · recurrent kernel + bias).

    (batch, time, features) becomes (batch, units), or (batch, time, units) with return_sequences (Elman 1990).
    """

    vars().update(declare("recurrent_activation", "unit_forget_bias", layer=True))
    CELL = SimpleRNNCell

    def set_declared(self, values: Any, params: Any = None) -> None:
        # The cell's generator comes before the initializers, as in Keras; the cell takes it over.
        vars(self)["_early"] = SeedGenerator(values.get("seed"))
        super().set_declared(values, params)

    def _for_cell(self, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "seed": vars(self).pop("_early")}

    def setup(self) -> None:
        super().setup()
        self.cell.seed = self.seed

    def _fused(self, x: Any, states: list[Any], mask: Any) -> list[Any]:
        cell = self.cell
        return list(ops.simple_rnn(x, cell.kernel, cell.recurrent_kernel, cell.bias, states[0], mask)[:2])


class LSTM(_Recurrent, category="recurrent", keras="keras.layers:LSTM", ports=_SEQUENCES):
    """Reads a sequence and keeps a long memory, which gates write, keep and show (Hochreiter and Schmidhuber 1997).

    (batch, time, features) becomes (batch, units), or (batch, time, units) with return_sequences.
    Weights: 4 · units · (features + units + 1).
    """

    vars().update(declare(layer=True))
    CELL = LSTMCell

    def _fused(self, x: Any, states: list[Any], mask: Any) -> list[Any]:
        cell = self.cell
        return list(ops.lstm(x, cell.kernel, cell.recurrent_kernel, cell.bias, *states, mask)[:3])


class GRU(_Recurrent, category="recurrent", keras="keras.layers:GRU", ports=_SEQUENCES):
    """A lighter LSTM with two gates and one state (Cho and others 2014).

    (batch, time, features) becomes (batch, units), or (batch, time, units) with return_sequences.
    """

    vars().update(declare("unit_forget_bias", layer=True, more=("reset_after",)))
    CELL = GRUCell

    def _fused(self, x: Any, states: list[Any], mask: Any) -> list[Any]:
        cell = self.cell
        values = (x, cell.kernel, cell.recurrent_kernel, cell.bias, states[0], mask)
        return list(ops.gru(*values, reset_after=self.reset_after)[:2])
