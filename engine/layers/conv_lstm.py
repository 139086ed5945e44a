"""ConvLSTM for one, two and three axes of space: an LSTM whose products are convolutions."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import config, shapes
from engine.core.errors import TraceError
from engine.core.params import Dims, Param
from engine.layers.base import InputSpec, Ports
from engine.layers.conv import FORMAT_DOC, LAYOUTS, PADDING_DOC
from engine.layers.recurrent import Recurrent
from engine.layers.rnn_cells import LSTMCell, copied, declare


class ConvLSTMParams:
    """What the layers and their cell declare beside the declarations of recurrent layers."""

    filters: int = Param(ge=1, doc="Number of filters, the channels of the state and of the result.")
    kernel_size: Dims = Param(ge=1, doc="Size of each filter along each axis.")
    strides: Dims = Param(1, ge=1, doc="Step of the input's convolution from one place to the next.")
    padding: str = Param("valid", choices=("valid", "same"), doc=PADDING_DOC)
    data_format: str = Param(None, choices=LAYOUTS, nullable=True, advanced=True, doc=FORMAT_DOC)
    dilation_rate: Dims = Param(1, ge=1, advanced=True, doc="Distance of an input filter's points.")


_NAMES = tuple(ConvLSTMParams.__annotations__)


def _declare(rank: int) -> dict[str, Any]:
    """Declarations of the layer for a number of axes, in Keras's order."""
    own = {name: copied(ConvLSTMParams, name, rank=rank) for name in _NAMES}
    return {**own, **declare("units", layer=True, unlisted=("unroll",))}


class ConvLSTMCell(LSTMCell, drop=("units",)):
    """One step: gates i, f, o and a candidate, each the sum of two convolutions."""

    vars().update({name: copied(ConvLSTMParams, name, kind="Any") for name in _NAMES} | declare("units"))
    SEED_FIRST = True

    @property
    def units(self) -> int:
        return int(self.filters)

    def setup(self) -> None:
        super().setup()
        self.implementation = 1  # other places are dropped for each gate
        self.data_format = config.standardize_data_format(self.data_format)
        self.rank = len(self.kernel_size)
        self._axis = -1 if self.data_format == "channels_last" else 1
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "Specifying `strides > 1` is not compatible with `dilation_rate > 1`. Please provide `strides=1` or "
                f"`dilation_rate=1`. Received: strides={self.strides} and dilation_rate={self.dilation_rate}"
            )

    def build(self, inputs_shape: Any, states_shape: Any = None) -> None:
        space = inputs_shape[1:-1] if self._axis == -1 else inputs_shape[2:]
        if None in space:
            raise ValueError(
                "ConvLSTM layers only support static input shapes for the spatial dimension. Received invalid input "
                f"shape: input_shape={inputs_shape}"
            )
        if inputs_shape[self._axis] is None:
            raise ValueError(
                "The channel dimension of the inputs (last axis) should be defined. Found None. Full input shape "
                f"received: input_shape={inputs_shape}"
            )
        width = 4 * self.filters
        self._make_weights(
            (*self.kernel_size, inputs_shape[self._axis], width), (*self.kernel_size, self.filters, width), (width,)
        )
        steps = zip(space, self.kernel_size, self.strides, self.dilation_rate, strict=True)
        self._space = tuple(shapes.window_length(n, k, s, self.padding, d) for n, k, s, d in steps)

    def state_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the states without the batch; known once the cell is built."""
        shape = (*self._space, self.filters) if self._axis == -1 else (self.filters, *self._space)
        return [shape, shape]

    def _convolved(self, parts: list[Any], kernel: Any, **style: Any) -> Any:
        """The convolution with all gates' filters; several parts each meet their own gate's."""
        if len(parts) == 1:
            return ops.conv(parts[0], kernel, data_format=self.data_format, **style)
        kernels = ops.split(kernel, len(parts), axis=-1)
        found = [ops.conv(p, k, data_format=self.data_format, **style) for p, k in zip(parts, kernels, strict=True)]
        return ops.concatenate(found, axis=self._axis)

    def of_inputs(self, parts: list[Any]) -> Any:
        """The inputs' share of all gates."""
        style = {"strides": self.strides, "padding": self.padding, "dilation_rate": self.dilation_rate}
        z = self._convolved(parts, self.kernel, **style)
        if self.bias is None:
            return z
        return z + (self.bias if self._axis == -1 else ops.reshape(self.bias, (-1, *(1,) * self.rank)))

    def advance(self, z: Any, states: Any, training: Any = False) -> tuple[Any, list[Any]]:
        """Output and states from the inputs' share of the gates."""
        h, c = states
        z = z + self._convolved(self.drop_state(h, training), self.recurrent_kernel, padding="same")
        i, f, g, o = ops.split(z, 4, axis=self._axis)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        h = gate(o) * self.activation(c)
        return h, [h, c]

    def call(self, inputs: Any, states: Any, training: Any = False) -> tuple[Any, list[Any]]:
        return self.advance(self.of_inputs(self.drop_inputs(inputs, training)), states, training)


class _ConvLSTM(Recurrent):
    """The layer: inputs of all steps are convolved at once, then the states pass through the steps."""

    CELL = ConvLSTMCell
    CELL_NAME = "conv_lstm_cell"
    RANK = 2

    def setup(self) -> None:
        super().setup()
        self.data_format = self.cell.data_format
        self.input_spec = InputSpec(ndim=self.RANK + 3)

    def _is_fused(self, mask: Any) -> bool:
        return False

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: Any = False
    ) -> tuple[Any, Any, list[Any]]:
        length, step_shape = sequences.shape[1], sequences.shape[2:]
        if length is None:
            raise TraceError(f"{self.name} convolves all steps at once and has to know their number.")
        dropped = self.cell.drop_inputs(ops.ones_like(sequences[:, 0]), training)
        parts = [sequences]
        if training and self.cell.dropout:
            parts = [sequences * ops.expand_dims(kept, 1) for kept in dropped]
        z = self.cell.of_inputs([ops.reshape(part, (-1, *step_shape)) for part in parts])
        z = ops.reshape(z, (-1, length, *z.shape[1:]))
        return super().inner_loop(z, initial_state, mask, training)

    def _step(self, inputs: Any, states: Any, training: Any) -> tuple[Any, Any]:
        return self.cell.advance(inputs, states, training)


class ConvLSTM1D(_ConvLSTM, category="recurrent", keras="keras.layers:ConvLSTM1D", ports=Ports(ranks=(4, 4))):
    """Reads a sequence of lines with an LSTM whose products are convolutions (Shi and others 2015).

    (batch, time, length, channels) becomes (batch, length, filters), or one such output for every time step.
    """

    RANK = 1
    vars().update(_declare(1))


class ConvLSTM2D(_ConvLSTM, category="recurrent", keras="keras.layers:ConvLSTM2D", ports=Ports(ranks=(5, 5))):
    """Reads a sequence of pictures with an LSTM whose products are convolutions (Shi and others 2015).

    (batch, time, rows, columns, channels) becomes (batch, rows, columns, filters), or one such output a time step.
    """

    RANK = 2
    vars().update(_declare(2))


class ConvLSTM3D(_ConvLSTM, category="recurrent", keras="keras.layers:ConvLSTM3D", ports=Ports(ranks=(6, 6))):
    """Reads a sequence of volumes with an LSTM whose products are convolutions (Shi and others 2015).

    (batch, time, depth, rows, columns, channels) becomes (batch, depth, rows, columns, filters), or one such output
    for every time step.
    """

    RANK = 3
    vars().update(_declare(3))
