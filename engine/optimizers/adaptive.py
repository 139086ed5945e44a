"""Adagrad, Adadelta, Adamax and Lion: steps scaled by what the gradient of each weight has been."""

from __future__ import annotations

from typing import Any

from engine import initializers, ops
from engine.core.params import LearningRate, Param
from engine.optimizers.adam import BETA_1_DOC, EPSILON_DOC
from engine.optimizers.base import DeclaredOptimizer

RATE_DOC = "Size of a step."


class Adagrad(DeclaredOptimizer, keras="keras.optimizers:Adagrad"):
    """a += g², w -= rate · g / sqrt(a + epsilon): weights that moved much move less (Duchi et al. 2011)."""

    learning_rate: LearningRate = Param(0.001, doc=RATE_DOC)
    initial_accumulator_value: float = Param(0.1, ge=0, doc="Sum of squares at the start.")
    epsilon: float = Param(1e-7, gt=0, doc=EPSILON_DOC, advanced=True)

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        start = initializers.Constant(self.initial_accumulator_value)
        self._accumulators = self.add_optimizer_variables(variables, "accumulator", start)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        gradient = ops.cast(gradient, variable.dtype)
        accumulator = self._accumulators[self._get_variable_index(variable)]
        squares = ops.add(accumulator, ops.square(gradient))
        self.assign(accumulator, squares)
        step = ops.multiply(ops.cast(learning_rate, variable.dtype), gradient)
        self.assign_sub(variable, ops.divide(step, ops.sqrt(ops.add(squares, self.epsilon))))


class Adadelta(DeclaredOptimizer, keras="keras.optimizers:Adadelta"):
    """Steps of the size of recent steps, over the size of recent gradients (Zeiler 2012)."""

    learning_rate: LearningRate = Param(0.001, doc=RATE_DOC)
    rho: float = Param(0.95, ge=0, lt=1, doc="Share of the old average kept.")
    epsilon: float = Param(1e-7, gt=0, doc=EPSILON_DOC, advanced=True)

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        names = ["accumulated_grad", "accumulated_delta_var"]
        self._gradient_squares, self._step_squares = self.add_optimizer_variables(variables, names)

    def _kept(self, average: Any, value: Any) -> Any:
        return ops.add(ops.multiply(self.rho, average), ops.multiply(1.0 - self.rho, ops.square(value)))

    def _root(self, average: Any) -> Any:
        return ops.sqrt(ops.add(average, self.epsilon))

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        gradient = ops.cast(gradient, variable.dtype)
        squares = self._kept(self._gradient_squares[index], gradient)
        step = ops.divide(ops.multiply(self._root(self._step_squares[index]), gradient), self._root(squares))
        self.assign(self._gradient_squares[index], squares)
        self.assign(self._step_squares[index], self._kept(self._step_squares[index], step))
        self.assign_sub(variable, ops.multiply(ops.cast(learning_rate, variable.dtype), step))


class Adamax(DeclaredOptimizer, keras="keras.optimizers:Adamax"):
    """Adam with the largest recent gradient in place of the mean square (Kingma and Ba 2014)."""

    learning_rate: LearningRate = Param(0.001, doc=RATE_DOC)
    beta_1: float = Param(0.9, ge=0, lt=1, doc=BETA_1_DOC)
    beta_2: float = Param(0.999, ge=0, lt=1, doc="Share of the old largest gradient kept.")
    epsilon: float = Param(1e-7, gt=0, doc=EPSILON_DOC, advanced=True)

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._norms = self.add_optimizer_variables(variables, ["momentum", "norm"])

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        index, dtype = self._get_variable_index(variable), variable.dtype
        gradient = ops.cast(gradient, dtype)
        power = ops.power(ops.cast(self.beta_1, dtype), ops.cast(ops.add(self.iterations, 1), dtype))
        momentum = self._momentums[index]
        mean = ops.add(momentum, ops.multiply(ops.subtract(gradient, momentum), 1.0 - self.beta_1))
        largest = ops.maximum(ops.multiply(self.beta_2, self._norms[index]), ops.abs(gradient))
        self.assign(momentum, mean)
        self.assign(self._norms[index], largest)
        below = ops.multiply(ops.subtract(1.0, power), ops.add(largest, self.epsilon))
        self.assign_sub(variable, ops.divide(ops.multiply(ops.cast(learning_rate, dtype), mean), below))


class Lion(DeclaredOptimizer, keras="keras.optimizers:Lion"):
    """Steps of one size, in the direction of the sign of a mean of gradients (Chen et al. 2023)."""

    learning_rate: LearningRate = Param(0.001, doc=RATE_DOC)
    beta_1: float = Param(
        0.9,
        gt=0,
        le=1,
        refusal="Argument `beta_1` must be in the [0, 1] range. Otherwise, the optimizer degenerates to SignSGD. "
        "Received: beta_1={value}.",
        doc="Share of the mean in the direction of a step.",
    )
    beta_2: float = Param(0.99, ge=0, lt=1, doc=BETA_1_DOC)

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        gradient = ops.cast(gradient, variable.dtype)
        momentum = self._momentums[self._get_variable_index(variable)]
        mixed = ops.add(ops.multiply(momentum, self.beta_1), ops.multiply(gradient, 1.0 - self.beta_1))
        mean = ops.add(ops.multiply(momentum, self.beta_2), ops.multiply(gradient, 1.0 - self.beta_2))
        self.assign_sub(variable, ops.multiply(ops.cast(learning_rate, variable.dtype), ops.sign(mixed)))
        self.assign(momentum, mean)
