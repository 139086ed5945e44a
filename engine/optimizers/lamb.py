"""Lamb: Adam whose step in each weight tensor is as long as the tensor, for very large batches."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core.params import LearningRate, Param
from engine.optimizers.adam import BETA_1_DOC, BETA_2_DOC, EPSILON_DOC
from engine.optimizers.base import DeclaredOptimizer


class Lamb(DeclaredOptimizer, keras="keras.optimizers:Lamb"):
    """w -= rate · |w| / |u| · u with Adam's direction u = m̂ / (sqrt(v̂) + epsilon) (You et al. 2019)."""

    learning_rate: LearningRate = Param(0.001, doc="Size of a step, as a share of the weights' length.")
    beta_1: float = Param(0.9, ge=0, lt=1, doc=BETA_1_DOC)
    beta_2: float = Param(0.999, ge=0, lt=1, doc=BETA_2_DOC)
    epsilon: float = Param(1e-7, gt=0, doc=EPSILON_DOC, advanced=True)

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        index, dtype = self._get_variable_index(variable), variable.dtype
        gradient = ops.cast(gradient, dtype)
        step = ops.cast(ops.add(self.iterations, 1), dtype)
        momentum, velocity = self._momentums[index], self._velocities[index]
        mean = ops.add(momentum, ops.multiply(ops.subtract(gradient, momentum), 1.0 - self.beta_1))
        square = ops.add(velocity, ops.multiply(ops.subtract(ops.square(gradient), velocity), 1.0 - self.beta_2))
        self.assign(momentum, mean)
        self.assign(velocity, square)
        first = ops.subtract(1.0, ops.power(ops.cast(self.beta_1, dtype), step))
        second = ops.subtract(1.0, ops.power(ops.cast(self.beta_2, dtype), step))
        root = ops.add(ops.sqrt(ops.divide(square, second)), self.epsilon)
        direction = ops.divide(ops.divide(mean, first), root)
        scale = ops.multiply(_trust(variable, direction), ops.cast(learning_rate, dtype))
        self.assign_sub(variable, ops.multiply(scale, direction))


def _trust(variable: Any, direction: Any) -> Any:
    """Length of the weights over the length of the step; 1 where one of them is 0."""
    length = ops.sqrt(ops.sum(ops.square(variable)))
    step = ops.sqrt(ops.sum(ops.square(direction)))
    both = ops.logical_and(ops.greater(length, 0.0), ops.greater(step, 0.0))
    return ops.where(both, ops.divide(length, ops.where(both, step, ops.ones_like(step))), ops.ones_like(length))
