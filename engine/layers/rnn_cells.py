"""Cells: one time step of a recurrent layer."""

from __future__ import annotations

import dataclasses
from typing import Any

from engine import activations, initializers, ops, random
from engine.core.params import Activation, Constraint, Initializer, Param, Regularizer
from engine.core.rng import SeedGenerator
from engine.layers.base import Layer
from engine.layers.core import CONSTRAINTS, INITIALISATION, REGULARIZATION


class RecurrentParams:
    """Declarations that cells and their layers share, written once and laid into each class by `recurrent_params`."""

    units: int = Param(ge=1, doc="Size of the state and of the output.")
    activation: Activation = Param("tanh", nullable=False, doc="Function of the new state.")
    recurrent_activation: Activation = Param("sigmoid", nullable=False, doc="Function of the gates.")
    use_bias: bool = Param(True, doc="Add a learned number to each gate.")
    kernel_initializer: Initializer = Param(
        "glorot_uniform", group=INITIALISATION, advanced=True, doc="Start of input weights."
    )
    recurrent_initializer: Initializer = Param(
        "orthogonal", group=INITIALISATION, advanced=True, doc="Start of state weights."
    )
    bias_initializer: Initializer = Param("zeros", group=INITIALISATION, advanced=True, doc="Start of the bias.")
    unit_forget_bias: bool = Param(True, advanced=True, doc="Start the forget gate's bias at 1.")
    kernel_regularizer: Regularizer = Param(
        None, group=REGULARIZATION, advanced=True, doc="Cost of large input weights."
    )
    recurrent_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of state weights.")
    bias_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of a large bias.")
    activity_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large outputs.")
    kernel_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of input weights.")
    recurrent_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of state weights.")
    bias_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the bias.")
    dropout: float = Param(0.0, ge=0, lt=1, step=0.05, doc="Share of the inputs dropped in training.")
    recurrent_dropout: float = Param(0.0, ge=0, lt=1, step=0.05, advanced=True, doc="Share of the state dropped.")
    seed: int | None = Param(None, advanced=True, doc="Whole number that fixes the dropped places.")
    reset_after: bool = Param(True, advanced=True, doc="Apply the reset gate after the product with the state.")
    return_sequences: bool = Param(False, doc="Give the output of every time step instead of the last.")
    return_state: bool = Param(False, advanced=True, doc="Give the last state too.")
    go_backwards: bool = Param(False, advanced=True, doc="Read the sequence from its end.")
    stateful: bool = Param(False, advanced=True, doc="Begin each batch with the last batch's state.")
    unroll: bool = Param(False, advanced=True, doc="Write the steps out one by one; needs a known length.")
    use_cudnn: Any = Param("auto", kind="Any", advanced=True, doc="Accepted for compatibility.")
    zero_output_for_mask: bool = Param(False, advanced=True, listed=False, doc="Give zeros at masked steps.")


_ORDER = (
    "units activation recurrent_activation use_bias kernel_initializer recurrent_initializer bias_initializer "
    "unit_forget_bias kernel_regularizer recurrent_regularizer bias_regularizer activity_regularizer kernel_constraint "
    "recurrent_constraint bias_constraint dropout recurrent_dropout seed"
).split()
_LAYER = "return_sequences return_state go_backwards stateful unroll".split()


def declare(
    *without: str, layer: bool = False, more: tuple[str, ...] = (), unlisted: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Copies of the shared declarations in Keras's order, for a class body: `vars().update(declare(...))`.

    Args:
        without: names left out.
        layer: also those of layers.
        more: names that come last; named here, they are not among the others.
        unlisted: names that are given by keyword only.
    """
    left = (*without, *more, *(() if layer else ("activity_regularizer",)))
    names = [n for n in _ORDER + (_LAYER if layer else []) if n not in left]
    names += [*more, "zero_output_for_mask"] if layer else more
    return {name: copied(RecurrentParams, name, name not in unlisted) for name in names}


def copied(source: Any, name: str, listed: bool = True, **changes: Any) -> Any:
    """A declaration of `source` for another class."""
    info = dataclasses.replace(vars(source)[name], **changes)
    kind, _, rest = str(source.__annotations__[name]).partition(" | ")
    info.kind, info.nullable = changes.get("kind", kind), info.nullable or rest == "None"
    info.listed = info.listed and listed
    return info


class Cell(Layer):
    """What cells share: weights in gates, dropout drawn once for a whole sequence."""

    GATES = 1
    SEED_FIRST = False
    """Whether Keras makes the generator before the initializers; seeds are drawn in that order."""

    def __init__(self, *, implementation: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.implementation = implementation

    def set_declared(self, values: Any, params: Any = None) -> None:
        if self.SEED_FIRST:
            seed = values.get("seed")
            self.seed_generator = seed if isinstance(seed, SeedGenerator) else SeedGenerator(seed)
            values = {**values, "seed": None if seed is self.seed_generator else seed}
        super().set_declared(values, params)

    def setup(self) -> None:
        if self.recurrent_dropout:
            self.implementation = 1
        self.state_size: Any = self.units
        self.output_size = self.units
        if not hasattr(self, "seed_generator"):
            self.seed_generator = SeedGenerator(self.seed)
        self._dropped: dict[str, list[Any]] = {}

    def build(self, input_shape: Any) -> None:
        width = self.GATES * self.units
        self._make_weights((input_shape[-1], width), (self.units, width), self._bias_shape())

    def _make_weights(self, kernel: Any, recurrent: Any, bias: Any) -> None:
        """Weights of the given shapes."""
        self.kernel = self._matrix("kernel", kernel, "kernel")
        self.recurrent_kernel = self._matrix("recurrent_kernel", recurrent, "recurrent")
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                bias,
                self._bias_start(),
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def _matrix(self, name: str, shape: Any, group: str) -> Any:
        return self.add_weight(
            shape,
            getattr(self, f"{group}_initializer"),
            regularizer=getattr(self, f"{group}_regularizer"),
            constraint=getattr(self, f"{group}_constraint"),
            name=name,
        )

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.GATES * self.units,)

    def _bias_start(self) -> Any:
        return self.bias_initializer

    def drop_inputs(self, x: Any, training: Any) -> list[Any]:
        """The input with this sequence's dropped places: once, or for each gate when the state is dropped too."""
        return self._drop("input", x, self.dropout, training)

    def drop_state(self, h: Any, training: Any) -> list[Any]:
        """The state with this sequence's dropped places, for each gate."""
        return self._drop("state", h, self.recurrent_dropout, training)

    def _drop(self, key: str, x: Any, rate: float, training: Any) -> list[Any]:
        if not training or rate == 0:
            return [x]
        if key not in self._dropped:
            count = self.GATES if self.implementation == 1 else 1
            ones = ops.ones_like(x)
            self._dropped[key] = [random.dropout(ones, rate, seed=self.seed_generator) for _ in range(count)]
        return [x * mask for mask in self._dropped[key]]

    @staticmethod
    def _project(parts: list[Any], kernel: Any) -> Any:
        """The product with the kernel; several parts each meet their own gate's columns."""
        if len(parts) == 1:
            return ops.matmul(parts[0], kernel)
        columns = ops.split(kernel, len(parts), axis=1)
        return ops.concatenate([ops.matmul(p, c) for p, c in zip(parts, columns, strict=True)], axis=-1)

    def reset_dropout_mask(self) -> None:
        """Draw new places for the next sequence."""
        self._dropped = {}

    def reset_recurrent_dropout_mask(self) -> None:
        """Draw new places in the state for the next sequence."""
        self._dropped.pop("state", None)

    def state_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the states without the batch."""
        sizes = self.state_size if isinstance(self.state_size, (list, tuple)) else [self.state_size]
        return [(n,) for n in sizes]

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Zeros for a batch."""
        return [ops.zeros((batch_size, *shape), dtype=self.compute_dtype) for shape in self.state_shapes()]


class SimpleRNNCell(Cell, category="recurrent", keras="keras.layers:SimpleRNNCell"):
    """One step of SimpleRNN: activation(x · kernel + h · recurrent_kernel + bias)."""

    vars().update(declare("recurrent_activation", "unit_forget_bias"))

    SEED_FIRST = True

    def call(self, sequence: Any, states: Any, training: Any = False) -> tuple[Any, list[Any]]:
        before = states[0] if isinstance(states, (list, tuple)) else states
        h = self._project(self.drop_inputs(sequence, training), self.kernel)
        h = h if self.bias is None else h + self.bias
        output = self.activation(h + self._project(self.drop_state(before, training), self.recurrent_kernel))
        return output, [output] if isinstance(states, (list, tuple)) else output


class LSTMCell(Cell, category="recurrent", keras="keras.layers:LSTMCell"):
    """One step of LSTM: gates i, f, o and a candidate decide what the cell keeps, takes in and shows."""

    vars().update(declare())
    GATES = 4

    def setup(self) -> None:
        super().setup()
        self.state_size = [self.units, self.units]

    def _bias_start(self) -> Any:
        if not self.unit_forget_bias:
            return self.bias_initializer
        units, start = self.units, self.bias_initializer

        def with_ones(shape: Any, dtype: Any = None) -> Any:
            ones = initializers.Ones()((units,), dtype)
            return ops.concatenate([start((units,), dtype), ones, start((2 * units,), dtype)], axis=0)

        return with_ones

    def call(self, inputs: Any, states: Any, training: Any = False) -> tuple[Any, list[Any]]:
        h, c = states
        z = self._project(self.drop_inputs(inputs, training), self.kernel)
        z = z + self._project(self.drop_state(h, training), self.recurrent_kernel)
        i, f, g, o = ops.split(z if self.bias is None else z + self.bias, 4, axis=1)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        h = gate(o) * self.activation(c)
        return h, [h, c]


class GRUCell(Cell, category="recurrent", keras="keras.layers:GRUCell"):
    """One step of GRU: an update gate z and a reset gate r."""

    vars().update(declare("unit_forget_bias", more=("reset_after", "seed")))
    GATES = 3

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def call(self, inputs: Any, states: Any, training: Any = False) -> tuple[Any, Any]:
        before = states[0] if isinstance(states, (list, tuple)) else states
        x = self._project(self.drop_inputs(inputs, training), self.kernel)
        h = self.drop_state(before, training)
        if self.bias is not None:
            x = x + (self.bias[0] if self.reset_after else self.bias)
        xz, xr, xh = ops.split(x, 3, axis=-1)
        gate, n = self.recurrent_activation, self.units
        if self.reset_after:
            inner = self._project(h, self.recurrent_kernel)
            inner = inner if self.bias is None else inner + self.bias[1]
            hz, hr, hh = ops.split(inner, 3, axis=-1)
            z, r = gate(xz + hz), gate(xr + hr)
            candidate = self.activation(xh + r * hh)
        else:
            inner = self._project(h[:2], self.recurrent_kernel[:, : 2 * n])
            hz, hr = ops.split(inner, 2, axis=-1)
            z, r = gate(xz + hz), gate(xr + hr)
            candidate = self.activation(xh + ops.matmul(r * h[-1], self.recurrent_kernel[:, 2 * n :]))
        output = z * before + (1.0 - z) * candidate
        return output, [output] if isinstance(states, (list, tuple)) else output


DEFAULT_ACTIVATIONS = (activations.tanh, activations.sigmoid)
"""The functions that the fused kernels know."""
