"""RMSprop: steps divided by a running size of the gradient."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core.params import LearningRate, Param
from engine.optimizers.base import DeclaredOptimizer


class RMSprop(DeclaredOptimizer, keras="keras.optimizers:RMSprop"):
    """v = rho·v + (1 - rho)·g²; w -= rate · g / sqrt(v + epsilon). Centered: v less the square of the mean gradient."""

    learning_rate: LearningRate = Param(0.001, doc="Size of a step.")
    rho: float = Param(0.9, ge=0, lt=1, doc="Share of the old average kept.")
    momentum: float = Param(0.0, ge=0, doc="Share of the last step that is made again.")
    epsilon: float = Param(1e-7, gt=0, doc="Keeps the division finite.", advanced=True)
    centered: bool = Param(False, doc="Divide by the spread of the gradient around its mean.")

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        self._momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum > 0 else []
        self._average_gradients = self.add_optimizer_variables(variables, "average_gradient") if self.centered else []

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        index, rho = self._get_variable_index(variable), self.rho
        gradient = ops.cast(gradient, variable.dtype)
        velocity = self._velocities[index]
        squares = ops.add(ops.multiply(rho, velocity), ops.multiply(1.0 - rho, ops.square(gradient)))
        self.assign(velocity, squares)
        if self.centered:
            mean = self._average_gradients[index]
            average = ops.add(ops.multiply(rho, mean), ops.multiply(1.0 - rho, gradient))
            self.assign(mean, average)
            squares = ops.subtract(squares, ops.square(average))
        root = ops.sqrt(ops.add(squares, self.epsilon))
        step = ops.divide(ops.multiply(ops.cast(learning_rate, variable.dtype), gradient), root)
        if self.momentum > 0:
            momentum = self._momentums[index]
            step = ops.add(ops.multiply(self.momentum, momentum), step)
            self.assign(momentum, step)
        self.assign_sub(variable, step)
