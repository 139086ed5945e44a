"""RMSprop: steps divided by a running size of the gradient."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core.params import LearningRate, Param
from engine.ops.optimizer import rmsprop_update
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
        index, dtype = self._get_variable_index(variable), variable.dtype
        average = self._average_gradients[index] if self.centered else None
        momentum = self._momentums[index] if self.momentum > 0 else None
        slots = [self._velocities[index], average, momentum]
        results = rmsprop_update(
            variable,
            ops.cast(gradient, dtype),
            *slots,
            ops.cast(learning_rate, dtype),
            rho=self.rho,
            momentum=self.momentum,
            epsilon=self.epsilon,
        )
        for target, value in zip(
            [*(s for s in slots if s is not None), variable], [*results[1:], results[0]], strict=True
        ):
            self.assign(target, value)
