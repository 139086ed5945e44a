"""SimpleRNN, LSTM and GRU: the fused ops where they apply, the cell step by step elsewhere; both give the same."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import naming
from engine.core.rng import SeedGenerator
from engine.layers.base import InputSpec
from engine.layers.rnn import RNN, SEQUENCES
from engine.layers.rnn_cells import DEFAULT_ACTIVATIONS, Cell, GRUCell, LSTMCell, SimpleRNNCell, declare

_NOT_SETTINGS = ("time_major", "cell")
"""What configs of other versions hold and what makes no difference here."""


class Recurrent(RNN, drop=("cell",)):
    """A recurrent layer with its own kind of cell and a fused op."""

    CELL: type[Cell] = SimpleRNNCell
    CELL_NAME = ""

    def __init__(self, *, implementation: int = 2, **kwargs: Any) -> None:
        super(RNN, self).__init__(**kwargs)
        self._implementation = implementation

    def setup(self) -> None:
        given = {n: getattr(self, n) for n in self.CELL.PARAMS if n in self.PARAMS}
        common: dict[str, Any] = {
            "dtype": self.dtype_policy,
            "trainable": self.trainable,
            "implementation": self._implementation,
        }
        if self.CELL.SEED_FIRST:
            given["seed"] = vars(self).pop("_early")
        self.cell = self.CELL(**given, **common, name=self.CELL_NAME or naming.to_snake_case(self.CELL.__name__))
        self.cell.seed = self.seed
        super().setup()
        self.input_spec = InputSpec(ndim=3)

    def set_declared(self, values: Any, params: Any = None) -> None:
        if self.CELL.SEED_FIRST:
            vars(self)["_early"] = SeedGenerator(values.get("seed"))  # the cell takes it over
        super().set_declared(values, params)

    def _is_fused(self, mask: Any) -> bool:
        """Whether the fused op does the same: its functions, nothing dropped between steps, masks held as it does."""
        cell = self.cell
        gate = getattr(cell, "recurrent_activation", DEFAULT_ACTIVATIONS[1])
        plain = (cell.activation, gate) == DEFAULT_ACTIVATIONS and cell.recurrent_dropout == 0
        return plain and type(cell) is self.CELL and not (self.unroll and mask is not None)

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: Any = False
    ) -> tuple[Any, Any, list[Any]]:
        if not self._is_fused(mask):
            return super().inner_loop(sequences, initial_state, mask, training)
        x = sequences
        if training and self.cell.dropout:
            (kept,) = self.cell.drop_inputs(ops.ones_like(x[:, 0]), training)
            x = x * ops.expand_dims(kept, 1)
        if self.go_backwards:
            x = ops.flip(x, axis=1)
            mask = None if mask is None else ops.flip(mask, axis=1)
        outputs, *last = self._fused(x, initial_state, mask)
        if self.zero_output_for_mask and mask is not None:
            outputs = ops.where(ops.expand_dims(mask, -1), outputs, ops.zeros_like(outputs))
        return outputs[:, -1], outputs, last

    def _fused(self, x: Any, states: list[Any], mask: Any) -> list[Any]:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {key: value for key, value in super().get_config().items() if key != "use_cudnn"}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        return cls(**{key: value for key, value in config.items() if key not in _NOT_SETTINGS})


class SimpleRNN(Recurrent, category="recurrent", keras="keras.layers:SimpleRNN", ports=SEQUENCES):
    """Reads a sequence step by step and keeps a state: tanh(x · kernel + state · recurrent kernel + bias).

    (batch, time, features) becomes (batch, units), or (batch, time, units) with return_sequences (Elman 1990).
    """

    vars().update(declare("recurrent_activation", "unit_forget_bias", layer=True, more=("seed",)))
    CELL = SimpleRNNCell

    def _fused(self, x: Any, states: list[Any], mask: Any) -> list[Any]:
        cell = self.cell
        return list(ops.simple_rnn(x, cell.kernel, cell.recurrent_kernel, cell.bias, states[0], mask)[:2])


class LSTM(Recurrent, category="recurrent", keras="keras.layers:LSTM", ports=SEQUENCES):
    """Reads a sequence and keeps a long memory, which gates write, keep and show (Hochreiter and Schmidhuber 1997).

    (batch, time, features) becomes (batch, units), or (batch, time, units) with return_sequences.
    Weights: 4 · units · (features + units + 1).
    """

    vars().update(declare(layer=True, more=("use_cudnn",)))
    CELL = LSTMCell

    def _fused(self, x: Any, states: list[Any], mask: Any) -> list[Any]:
        cell = self.cell
        return list(ops.lstm(x, cell.kernel, cell.recurrent_kernel, cell.bias, *states, mask)[:3])


class GRU(Recurrent, category="recurrent", keras="keras.layers:GRU", ports=SEQUENCES):
    """A lighter LSTM with two gates and one state (Cho and others 2014).

    (batch, time, features) becomes (batch, units), or (batch, time, units) with return_sequences.
    """

    vars().update(declare("unit_forget_bias", layer=True, more=("reset_after", "use_cudnn")))
    CELL = GRUCell

    def _fused(self, x: Any, states: list[Any], mask: Any) -> list[Any]:
        cell = self.cell
        values = (x, cell.kernel, cell.recurrent_kernel, cell.bias, states[0], mask)
        return list(ops.gru(*values, reset_after=self.reset_after)[:2])
