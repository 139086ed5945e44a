"""Recurrent layers over any cell: step by step, with masks, kept states and lists of cells."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from engine import initializers, ops
from engine.core import dtypes, tree
from engine.core.errors import ParamError, ShapeError
from engine.core.params import Param
from engine.core.state import STATE
from engine.core.tensor import Variable
from engine.layers.base import Layer, Ports
from engine.layers.nested import takes, with_custom_objects
from engine.layers.rnn_cells import Cell

SEQUENCES = Ports(ranks=(3, 3))
_WRITTEN_OUT = 40
"""Most steps that plans write out one by one, which runs faster but takes long to compile."""


def _output_size(cell: Any) -> Any:
    """Length of a cell's outputs: what it says, or its first state's."""
    size = getattr(cell, "output_size", None)
    if size is not None:
        return size
    return cell.state_size[0] if isinstance(cell.state_size, (list, tuple)) else cell.state_size


def _check_cells(cells: Any, start: str) -> None:
    for cell in cells:
        for name, word in (("call", "method"), ("state_size", "attribute")):
            if not hasattr(cell, name):
                raise ParamError(f"{start} have a `{name}` {word}. Received: cell={cell}", param="cell", value=cell)


def build_cell(cell: Any, shape: Any) -> None:
    """Build a cell for inputs of one step. Cells without `build` make their weights when they are first called."""
    if isinstance(cell, Layer) and not cell.built and type(cell).build is not Layer.build:
        cell.build(shape)
        cell.built = True


def start_of(cell: Any, batch_size: Any, dtype: str) -> Any:
    """States with which a cell begins, in the structure of its `state_size`."""
    own = getattr(cell, "get_initial_state", None)
    if own is not None:
        return own(batch_size=batch_size)
    sizes = cell.state_size
    if isinstance(sizes, int):
        return ops.zeros((batch_size, sizes), dtype=dtype)
    return [ops.zeros((batch_size, n), dtype=dtype) for n in sizes]


def step(cell: Any, inputs: Any, states: Any, training: Any) -> tuple[Any, Any]:
    """One step of a cell, which is a layer or any object with `call`."""
    if not isinstance(cell, Layer):
        return cell(inputs, states) if callable(cell) else cell.call(inputs, states)
    return cell(inputs, states, **({"training": training} if takes(cell, "training") else {}))


class StackedRNNCells(Layer, category="recurrent", keras="keras.layers:StackedRNNCells"):
    """Cells one above the other, used as one cell: each reads what the one below it shows."""

    cells: Any = Param(kind="Layer", doc="The cells, the lowest first.")

    def setup(self) -> None:
        self.cells = list(self.cells) if isinstance(self.cells, (list, tuple)) else [self.cells]
        _check_cells(self.cells, "All cells must")

    @property
    def state_size(self) -> list[Any]:
        """State sizes of all cells."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        """Output size of the last cell."""
        return _output_size(self.cells[-1])

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """The cells' first states, one entry a cell."""
        return [start_of(cell, batch_size, self.compute_dtype) for cell in self.cells]

    def build(self, input_shape: Any) -> None:
        for cell in self.cells:
            build_cell(cell, tuple(input_shape))
            input_shape = (input_shape[0], _output_size(cell))

    def call(self, inputs: Any, states: Any, training: Any = False, **kwargs: Any) -> tuple[Any, Any]:
        found = []
        for cell, state in zip(self.cells, states, strict=False):
            nested = tree.is_nested(state)
            inputs, new = step(cell, inputs, list(state) if nested else [state], training)
            new = new if tree.is_nested(new) else [new]
            found.append(new[0] if len(new) == 1 and not nested else new)
        return inputs, found[0] if len(found) == 1 else found

    def reset_dropout_mask(self) -> None:
        """Draw new places for the next sequence in every cell."""
        for cell in self.cells:
            forget_drops(cell)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        return cls(**with_custom_objects(config, custom_objects, "cells"))


def forget_drops(cell: Any) -> None:
    """Let the cell draw new places to drop in its next sequence."""
    if isinstance(cell, (Cell, StackedRNNCells)):
        cell.reset_dropout_mask()


class RNN(Layer, category="recurrent", keras="keras.layers:RNN", ports=SEQUENCES):
    """Runs a cell over the time axis: (batch, time, features) becomes (batch, units), or one output a step."""

    cell: Any = Param(
        kind="Layer",
        choices=("LSTMCell", "GRUCell", "SimpleRNNCell"),
        doc="What is done at each step; a list of cells is stacked.",
    )
    return_sequences: bool = Param(False, doc="Give the output of every time step instead of the last.")
    return_state: bool = Param(False, advanced=True, doc="Give the last state too.")
    go_backwards: bool = Param(False, advanced=True, doc="Read the sequence from its end.")
    stateful: bool = Param(False, advanced=True, doc="Begin each batch with the last batch's state.")
    unroll: bool = Param(False, advanced=True, doc="Write the steps out one by one; needs a known length.")
    zero_output_for_mask: bool = Param(False, advanced=True, doc="Give zeros at masked steps.")

    supports_masking = True
    states: Any = None

    def setup(self) -> None:
        if isinstance(self.cell, (list, tuple)):
            self.cell = StackedRNNCells(list(self.cell))
        _check_cells([self.cell], "Argument `cell` should")
        size = self.cell.state_size
        if not isinstance(size, (list, tuple, int)):
            raise ParamError("state_size must be an integer, or a list/tuple of integers (one for each state tensor).")
        self.state_size = [size] if isinstance(size, int) else list(size)
        self.single_state = isinstance(size, int)

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        if len(sequences_shape) < 3:
            raise ShapeError(
                f"reads time × features (2 axes), but gets {len(sequences_shape) - 1}.",
                layer=self.name,
                shapes=(sequences_shape,),
                hint="Insert a Reshape that leaves time and features.",
            )
        build_cell(self.cell, (sequences_shape[0], *sequences_shape[2:]))
        if self.stateful and self.states is None:
            batch = sequences_shape[0]
            if batch is None:
                raise ValueError(
                    "When using `stateful=True` in a RNN, the batch size must be static. Found dynamic batch size: "
                    f"sequence.shape={sequences_shape}"
                )
            self.states = self._states(
                lambda shape: self._kept(initializers.Zeros(), (batch, *shape)),
                lambda state: self._kept(ops.repeat(state, batch, axis=0), None),
            )

    def _kept(self, start: Any, shape: Any) -> Variable:
        return Variable(start, shape=shape, dtype=self.variable_dtype, trainable=False, name="rnn_state")

    def _states(self, zeros: Callable[[Any], Any], other: Callable[[Any], Any]) -> list[Any]:
        """First states: `zeros` by shape without the batch, for the engine's cells, which then allocate nothing here;
        of other cells `other` of the state of one sample.
        """

        def of(cell: Any) -> Any:
            if isinstance(cell, StackedRNNCells):
                return [of(one) for one in cell.cells]
            if isinstance(cell, Cell):
                return [zeros(shape) for shape in cell.state_shapes()]
            return tree.map_structure(other, start_of(cell, 1, getattr(cell, "compute_dtype", self.compute_dtype)))

        states = of(self.cell)
        return list(states) if tree.is_nested(states) else [states]

    def _own_variables(self) -> list[Any]:
        """Kept states are no weights of the file; the cell's weights are its own."""
        states = {id(v) for v in tree.flatten(self.states)}
        return [v for v in super()._own_variables() if id(v) not in states]

    def get_initial_state(self, batch_size: Any) -> list[Any]:
        """States with which a batch begins: the cell's own, or zeros."""
        dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
        states = start_of(self.cell, batch_size, dtype)
        return list(states) if tree.is_nested(states) else [states]

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False) -> Any:
        if isinstance(sequences, (list, tuple)):
            sequences, initial_state = sequences[0], list(sequences[1:]) or initial_state
        if not dtypes.is_float(sequences.dtype):
            sequences = ops.cast(sequences, self.compute_dtype)
        states = self._start(sequences, initial_state)
        if isinstance(mask, (list, tuple)):
            mask = mask[0]
        if mask is not None:
            mask = ops.cast(mask, "bool")
            mask = ops.any(mask, axis=-1) if len(mask.shape) == 3 else mask
        last, outputs, states = self.inner_loop(sequences, states, mask, training)
        forget_drops(self.cell)
        states = tree.map_structure(lambda s: ops.cast(s, self.compute_dtype), states)
        if self.stateful:
            for variable, value in zip(tree.flatten(self.states), tree.flatten(states), strict=True):
                variable.assign(value)
        result = ops.cast(outputs if self.return_sequences else last, self.compute_dtype)
        return (result, *states) if self.return_state else result

    def _start(self, sequences: Any, given: Any) -> list[Any]:
        """The first states: those given, those kept, or the cell's."""
        if self.stateful:
            kept, batch = tree.flatten(self.states)[0].shape[0], sequences.shape[0]
            if batch is not None and batch != kept:
                raise ValueError(
                    "If an RNN is stateful, the batch size of the input sequences must be the same as the batch size "
                    f"of the initial state. \n- Expected batch size: {kept}\n- Received batch size: {batch}"
                )
        if given is None:
            given = self.states if self.stateful else self._fresh(sequences)
        given = list(given) if isinstance(given, (list, tuple)) else [given]
        dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
        return [tree.map_structure(lambda s: ops.convert_to_tensor(s, dtype), state) for state in given]

    def _fresh(self, sequences: Any) -> list[Any]:
        batch = sequences.shape[0]
        if batch is not None and STATE.trace is None:
            return self.get_initial_state(batch)
        # The batch is open: zeros as many as samples, to which one sample's state is added.
        column = ops.zeros_like(sequences[(slice(None), *(0,) * (len(sequences.shape) - 1))])

        def zeros(shape: Any) -> Any:
            flat = ops.repeat(ops.reshape(column, (-1, 1)), math.prod(shape), axis=1)
            return flat if len(shape) == 1 else ops.reshape(flat, (-1, *shape))

        def other(state: Any) -> Any:
            return ops.add(ops.reshape(ops.cast(column, state.dtype), (-1, *(1,) * (len(state.shape) - 1))), state)

        return self._states(zeros, other)

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: Any = False
    ) -> tuple[Any, Any, list[Any]]:
        """All steps through the cell. Returns the last output, the outputs of all steps, the last states."""
        length = sequences.shape[1]
        if length is None or (length > _WRITTEN_OUT and STATE.trace is not None and not self.unroll):
            return self._loop(sequences, initial_state, mask, training)
        times = list(range(length))
        states = initial_state
        outputs: list[Any] = []
        for t in reversed(times) if self.go_backwards else times:
            output, new = self._step(sequences[:, t], states, training)
            new = new if tree.is_nested(new) else [new]
            if mask is not None:
                output, new = self._masked(mask[:, t], output, new, states, outputs)
            states = new
            outputs.append(output)
        return outputs[-1], ops.stack(outputs, axis=1), list(states)

    def _step(self, inputs: Any, states: Any, training: Any) -> tuple[Any, Any]:
        return step(self.cell, inputs, states, training)

    def _masked(self, keep: Any, output: Any, new: Any, states: Any, before: list[Any]) -> tuple[Any, Any]:
        """What a masked sample shows and keeps: its states, and its last output (or zeros)."""

        def chosen(one: Any, other: Any) -> Any:
            return ops.where(ops.reshape(keep, (-1, *(1,) * (len(one.shape) - 1))), one, other)

        if self.unroll:
            held = before[-1] if before else ops.zeros_like(output)
        elif self.zero_output_for_mask:
            held = ops.zeros_like(output)
        else:
            held = states[-1][0] if tree.is_nested(states[0]) else states[0]
        flat = [chosen(n, s) for n, s in zip(tree.flatten(new), tree.flatten(states), strict=True)]
        return chosen(output, held), tree.pack_sequence_as(states, flat)

    def _loop(self, sequences: Any, initial_state: Any, mask: Any, training: Any) -> tuple[Any, Any, list[Any]]:
        """The steps as one op: their number may be open, and plans stay small."""
        if self.unroll:
            raise ValueError(
                "Cannot unroll a RNN if the time dimension is undefined. \n- If using a Sequential model, specify the "
                "time dimension by passing an `Input()` as your first layer.\n- If using the functional API, specify "
                "the time dimension by passing a `shape` or `batch_shape` argument to your `Input()`."
            )
        self._step(sequences[:, 0], initial_state, training)  # draws what is dropped, once for all steps

        def one(states: Any, x: Any) -> tuple[Any, Any]:
            output, new = self._step(x[0], states, training)
            new = tree.pack_sequence_as(states, tree.flatten(new))
            if mask is not None:
                output, new = self._masked(x[1], output, new, states, [])
            return new, output

        along = [ops.swapaxes(x, 0, 1) for x in (sequences, mask) if x is not None]
        states, outputs = ops.scan(one, initial_state, along, reverse=self.go_backwards)
        outputs = ops.swapaxes(outputs, 0, 1)
        outputs = ops.flip(outputs, axis=1) if self.go_backwards else outputs
        return outputs[:, -1], outputs, list(states)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        mask = tree.flatten(mask)[0]
        mask = mask if self.return_sequences else None
        return [mask, *[None] * len(self.state_size)] if self.return_state else mask

    def reset_state(self) -> None:
        """Set the kept states to zeros."""
        for variable in tree.flatten(self.states) if self.states is not None else ():
            variable.assign(ops.zeros_like(variable))

    def reset_states(self) -> None:
        """Alias of `reset_state`."""
        self.reset_state()

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        return cls(**with_custom_objects(config, custom_objects, "cell"))
