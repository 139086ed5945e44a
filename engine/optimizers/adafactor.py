"""Adafactor: a step like Adam's from row and column means of the squared gradient, which take little memory."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core.params import LearningRate, Param
from engine.core.tensor import Variable
from engine.optimizers.base import DeclaredOptimizer


class Adafactor(DeclaredOptimizer, keras="keras.optimizers:Adafactor"):
    """The squares of a matrix are kept as the product of its rows' and its columns' means (Shazeer and Stern 2018)."""

    learning_rate: LearningRate = Param(0.001, doc="Largest size of a step, relative to the weights.")
    beta_2_decay: float = Param(-0.8, le=0, doc="The share of the old mean kept at step t is 1 - t^decay.")
    epsilon_1: float = Param(1e-30, gt=0, doc="Added to the squared gradient.", advanced=True)
    epsilon_2: float = Param(1e-3, gt=0, doc="Least size of the weights that steps are relative to.", advanced=True)
    clip_threshold: float = Param(1.0, gt=0, doc="Largest root mean square of a step before the rate.")
    relative_step: bool = Param(True, doc="Let the rate fall with the square root of the steps.")

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._rows: list[Any] = []
        self._columns: list[Any] = []
        self._velocities: list[Any] = []
        for variable in self._trainable_variables:
            for slot, axis in ((self._rows, -1), (self._columns, -2)):
                slot.append(self._factor(variable, axis))
            self._velocities.append(self.add_variable_from_reference(variable, "velocity"))

    def _factor(self, variable: Any, axis: int) -> Variable:
        """Means along one axis. Vectors have none; their files hold a zero in its place, as Keras's do."""
        shape = list(variable.shape)
        if len(shape) >= 2:
            del shape[axis]
            return self.add_variable(tuple(shape), dtype=variable.dtype, name=variable.name)
        unused = Variable(0, trainable=False, name=variable.name)
        self._variables.append(unused)
        return unused

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        index, dtype = self._get_variable_index(variable), variable.dtype
        gradient, rate = ops.cast(gradient, dtype), ops.cast(learning_rate, dtype)
        step = ops.cast(ops.add(self.iterations, 1), dtype)
        relative = ops.minimum(rate, ops.divide(1.0, ops.sqrt(step)))
        size = ops.multiply(ops.maximum(ops.cast(self.epsilon_2, dtype), _root_mean_square(variable)), relative)
        squares = ops.add(ops.square(gradient), self.epsilon_1)
        kept = ops.subtract(1.0, ops.power(step, self.beta_2_decay))
        velocity = self._velocities[index]
        if len(variable.shape) >= 2:
            spread = self._factored(index, squares, kept)
        else:
            spread = _mixed(velocity, squares, kept)
        self.assign(velocity, spread)
        move = ops.divide(gradient, ops.sqrt(spread))
        move = ops.divide(move, ops.maximum(1.0, ops.divide(_root_mean_square(move), self.clip_threshold)))
        self.assign_sub(variable, ops.multiply(size, move))

    def _factored(self, index: int, squares: Any, kept: Any) -> Any:
        """The squares as rows x columns, from the new means of both."""
        rows = _mixed(self._rows[index], ops.mean(squares, axis=-1), kept)
        columns = _mixed(self._columns[index], ops.mean(squares, axis=-2), kept)
        self.assign(self._rows[index], rows)
        self.assign(self._columns[index], columns)
        shares = ops.divide(rows, ops.mean(rows, axis=-1, keepdims=True))
        return ops.multiply(ops.expand_dims(shares, -1), ops.expand_dims(columns, -2))


def _mixed(old: Any, new: Any, kept: Any) -> Any:
    return ops.add(ops.multiply(kept, old), ops.multiply(ops.subtract(1.0, kept), new))


def _root_mean_square(x: Any) -> Any:
    return ops.sqrt(ops.mean(ops.square(x)))
