"""Adam and AdamW: steps from running means of the gradient and its square."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core.params import LearningRate, Param
from engine.optimizers.base import DeclaredOptimizer
from engine.optimizers.fused import adam_step

BETA_1_DOC = "Share of the old mean gradient kept."
BETA_2_DOC = "Share of the old mean squared gradient kept."
EPSILON_DOC = "Keeps the division finite."
AMSGRAD_DOC = "Divide by the largest mean square so far."


class Adam(DeclaredOptimizer, keras="keras.optimizers:Adam"):
    """m += (g - m)(1 - b1), v += (g² - v)(1 - b2), w -= a·m / (sqrt(v) + epsilon) (Kingma and Ba 2014).

    a = rate · sqrt(1 - b2^t) / (1 - b1^t): epsilon stands outside the root and after the correction, as in Keras.
    """

    learning_rate: LearningRate = Param(0.001, doc="Size of a step.")
    beta_1: float = Param(0.9, ge=0, lt=1, doc=BETA_1_DOC)
    beta_2: float = Param(0.999, ge=0, lt=1, doc=BETA_2_DOC)
    epsilon: float = Param(1e-7, gt=0, doc=EPSILON_DOC, advanced=True)
    amsgrad: bool = Param(False, doc=AMSGRAD_DOC)

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        self._velocity_hats = self.add_optimizer_variables(variables, "velocity_hat") if self.amsgrad else []

    def corrected_rate(self, learning_rate: Any, dtype: str) -> tuple[Any, Any]:
        """The rate with the correction for means that begin at zero, and the number of the step; once for each step."""
        if self._step_values is None:
            return self._corrected_rate(learning_rate, dtype)
        if dtype not in self._step_values:
            self._step_values[dtype] = self._corrected_rate(learning_rate, dtype)
        found: tuple[Any, Any] = self._step_values[dtype]
        return found

    def _corrected_rate(self, learning_rate: Any, dtype: str) -> tuple[Any, Any]:
        step = ops.cast(ops.add(self.iterations, 1), dtype)
        first = ops.subtract(1.0, ops.power(ops.cast(self.beta_1, dtype), step))
        second = ops.subtract(1.0, ops.power(ops.cast(self.beta_2, dtype), step))
        return ops.divide(ops.multiply(ops.cast(learning_rate, dtype), ops.sqrt(second)), first), step

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        gradient = ops.cast(gradient, variable.dtype)
        rate, step = self.corrected_rate(learning_rate, variable.dtype)
        momentum, velocity = self._momentums[index], self._velocities[index]
        constants = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        weight, mean, square = adam_step(variable, gradient, momentum, velocity, rate, step, **constants)
        self.assign(momentum, mean)
        self.assign(velocity, square)
        if self.amsgrad:
            largest = ops.maximum(self._velocity_hats[index], square)
            self.assign(self._velocity_hats[index], largest)
            move = ops.divide(ops.multiply(mean, rate), ops.add(ops.sqrt(largest), self.epsilon))
            weight = ops.subtract(variable, move)
        self.assign(variable, weight)


class AdamW(Adam, keras="keras.optimizers:AdamW"):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter 2017)."""

    learning_rate: LearningRate = Param(0.001, doc="Size of a step.")
    weight_decay: float = Param(
        0.004,
        ge=0,
        refusal="Argument `weight_decay` must be a float. Received: weight_decay={value}.",
        doc="Share by which weights shrink at each step, times the rate.",
    )
    beta_1: float = Param(0.9, ge=0, lt=1, doc=BETA_1_DOC)
    beta_2: float = Param(0.999, ge=0, lt=1, doc=BETA_2_DOC)
    epsilon: float = Param(1e-7, gt=0, doc=EPSILON_DOC, advanced=True)
    amsgrad: bool = Param(False, doc=AMSGRAD_DOC)
