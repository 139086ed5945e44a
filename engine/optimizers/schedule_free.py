"""Schedule-free AdamW: averaging of the weights takes the place of a falling learning rate."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core.params import LearningRate, Param
from engine.core.tensor import convert_to_tensor
from engine.optimizers.adam import BETA_2_DOC, EPSILON_DOC
from engine.optimizers.base import DeclaredOptimizer


class ScheduleFreeAdamW(DeclaredOptimizer, keras="keras.optimizers:ScheduleFreeAdamW"):
    """Steps are made on z; the weights lie between z and the average x of all z (Defazio et al. 2024).

    z -= rate · g / (sqrt(v̂) + epsilon); x += (z - x) / t; w = (1 - b1) · z + b1 · x.
    """

    learning_rate: LearningRate = Param(0.0025, doc="Size of a step.")
    beta_1: float = Param(0.9, gt=0, le=1, doc="How near the weights are to the average.")
    beta_2: float = Param(0.999, ge=0, lt=1, doc=BETA_2_DOC)
    epsilon: float = Param(1e-8, gt=0, doc=EPSILON_DOC, advanced=True)
    warmup_steps: int = Param(0, ge=0, doc="Steps over which the rate grows to its value.")

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums: list[Any] = []
        self._velocities: list[Any] = []
        for variable in self._trainable_variables:
            self._momentums.append(self.add_variable_from_reference(variable, "momentum", _copy_of(variable)))
            self._velocities.append(self.add_variable_from_reference(variable, "velocity"))

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        index, dtype = self._get_variable_index(variable), variable.dtype
        gradient, rate = ops.cast(gradient, dtype), ops.cast(learning_rate, dtype)
        step = ops.cast(ops.add(self.iterations, 1), dtype)
        if self.warmup_steps:
            rate = ops.multiply(rate, ops.minimum(ops.divide(step, float(self.warmup_steps)), 1.0))
        near, far = ops.cast(self.beta_1, dtype), ops.subtract(1.0, ops.cast(self.beta_1, dtype))
        kept = ops.cast(self.beta_2, dtype)
        momentum, velocity = self._momentums[index], self._velocities[index]
        square = ops.subtract(ops.square(gradient), velocity)
        square = ops.add(velocity, ops.multiply(square, ops.subtract(1.0, kept)))
        spread = ops.divide(square, ops.subtract(1.0, ops.power(kept, step)))
        move = ops.divide(ops.multiply(rate, gradient), ops.add(ops.sqrt(spread), ops.cast(self.epsilon, dtype)))
        old = convert_to_tensor(momentum)
        new = ops.subtract(old, move)
        average = ops.divide(ops.subtract(variable, ops.multiply(far, old)), near)
        share = ops.divide(1.0, step)
        average = ops.add(ops.multiply(ops.subtract(1.0, share), average), ops.multiply(share, new))
        self.assign(velocity, square)
        self.assign(momentum, new)
        self.assign(variable, ops.add(ops.multiply(far, new), ops.multiply(near, average)))


def _copy_of(variable: Any) -> Any:
    """An initializer that gives the value the variable has when it is asked."""

    def start(shape: Any, dtype: Any = None) -> Any:
        return convert_to_tensor(variable)

    return start
