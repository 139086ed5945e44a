"""Ftrl: follow the regularized leader, for wide and sparse models."""

from __future__ import annotations

from typing import Any

from engine import initializers, ops
from engine.core.params import LearningRate, Param
from engine.optimizers.base import DeclaredOptimizer

POSITIVE = "`{name}` needs to be positive or zero. Received: {name}={value}."
NEGATIVE = "`{name}` needs to be negative or zero. Received: {name}={value}."


class Ftrl(DeclaredOptimizer, keras="keras.optimizers:Ftrl"):
    """Each weight is the minimum of the gradients' sum, a growing square and L1 (McMahan et al. 2013).

    n' = n + g²; z += g + 2·s·w - (n'^-p - n^-p) / rate · w; w = (clip(z, -l1, l1) - z) / (n'^-p / rate + 2·l2), where
    p is the learning-rate power and s the shrinkage.
    """

    learning_rate: LearningRate = Param(0.001, doc="Size of a step.")
    learning_rate_power: float = Param(
        -0.5, le=0, refusal=NEGATIVE, doc="How the rate falls with the squares; 0 keeps it."
    )
    initial_accumulator_value: float = Param(0.1, ge=0, refusal=POSITIVE, doc="Sum of squares at the start.")
    l1_regularization_strength: float = Param(0.0, ge=0, refusal=POSITIVE, doc="Pulls small weights to zero.")
    l2_regularization_strength: float = Param(0.0, ge=0, refusal=POSITIVE, doc="Keeps weights small.")
    l2_shrinkage_regularization_strength: float = Param(
        0.0, ge=0, refusal=POSITIVE, doc="L2 that is added to the gradient."
    )
    beta: float = Param(0.0, ge=0, doc="The paper's beta, added to the root of the squares.")

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        starts = [initializers.Constant(self.initial_accumulator_value), "zeros"]
        self._accumulators, self._linears = self.add_optimizer_variables(variables, ["accumulator", "linear"], starts)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        index, dtype, power = self._get_variable_index(variable), variable.dtype, -self.learning_rate_power
        gradient, rate = ops.cast(gradient, dtype), ops.cast(learning_rate, dtype)
        accumulator, linear = self._accumulators[index], self._linears[index]
        l1, shrinkage = self.l1_regularization_strength, 2 * self.l2_shrinkage_regularization_strength
        l2 = ops.add(self.l2_regularization_strength, ops.divide(self.beta, ops.multiply(2.0, rate)))
        squares = ops.add(accumulator, ops.square(gradient))
        grown = ops.power(squares, power)
        sigma = ops.divide(ops.subtract(grown, ops.power(accumulator, power)), rate)
        pulled = ops.add(gradient, ops.multiply(shrinkage, variable))
        total = ops.add(linear, ops.subtract(pulled, ops.multiply(sigma, variable)))
        quadratic = ops.add(ops.divide(grown, rate), ops.multiply(2.0, l2))
        self.assign(linear, total)
        self.assign(variable, ops.divide(ops.subtract(ops.clip(total, -l1, l1), total), quadratic))
        self.assign(accumulator, squares)
