"""Nadam: Adam that looks ahead along its momentum."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core.params import LearningRate, Param
from engine.core.tensor import Variable
from engine.optimizers.adam import BETA_1_DOC, BETA_2_DOC, EPSILON_DOC
from engine.optimizers.base import DeclaredOptimizer

_DECAY = 0.96
"""How fast the momentum grows from half its value at the first step."""


class Nadam(DeclaredOptimizer, keras="keras.optimizers:Nadam"):
    """Adam with Nesterov momentum u(t) = b1·(1 - 0.96^t / 2), corrected by the product of all u so far (Dozat 2016)."""

    learning_rate: LearningRate = Param(0.001, doc="Size of a step.")
    beta_1: float = Param(0.9, ge=0, lt=1, doc=BETA_1_DOC)
    beta_2: float = Param(0.999, ge=0, lt=1, doc=BETA_2_DOC)
    epsilon: float = Param(1e-7, gt=0, doc=EPSILON_DOC, advanced=True)

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        dtype = self._trainable_variables[0].dtype if self._trainable_variables else None
        self._product = Variable(1.0, dtype=dtype, trainable=False)
        self._variables.append(self._product)

    def _momentum_at(self, step: Any, dtype: str) -> Any:
        power = ops.power(ops.cast(_DECAY, dtype), ops.cast(step, dtype))
        return ops.multiply(ops.cast(self.beta_1, dtype), ops.subtract(1.0, ops.multiply(0.5, power)))

    def _update_variables(self, grads: list[Any], variables: list[Any], learning_rate: Any) -> None:
        now = self._momentum_at(ops.add(self.iterations, 1), self._product.dtype)
        product = ops.multiply(self._product, now)
        self.assign(self._product, product)
        if self._step_values is not None:
            # While gradients are accumulated the variable keeps its old value, of which 1 would divide by zero.
            self._step_values["product"] = product
        super()._update_variables(grads, variables, learning_rate)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        index, dtype = self._get_variable_index(variable), variable.dtype
        gradient, rate = ops.cast(gradient, dtype), ops.cast(learning_rate, dtype)
        step = ops.cast(ops.add(self.iterations, 1), dtype)
        now, following = self._momentum_at(step, dtype), self._momentum_at(ops.add(step, 1.0), dtype)
        product = ops.cast((self._step_values or {}).get("product", self._product), dtype)
        momentum, velocity = self._momentums[index], self._velocities[index]
        mean = ops.add(momentum, ops.multiply(ops.subtract(gradient, momentum), 1.0 - self.beta_1))
        square = ops.add(velocity, ops.multiply(ops.subtract(ops.square(gradient), velocity), 1.0 - self.beta_2))
        self.assign(momentum, mean)
        self.assign(velocity, square)
        ahead = ops.divide(ops.multiply(following, mean), ops.subtract(1.0, ops.multiply(product, following)))
        fresh = ops.divide(ops.multiply(ops.subtract(1.0, now), gradient), ops.subtract(1.0, product))
        spread = ops.divide(square, ops.subtract(1.0, ops.power(ops.cast(self.beta_2, dtype), step)))
        move = ops.divide(ops.multiply(ops.add(ahead, fresh), rate), ops.add(ops.sqrt(spread), self.epsilon))
        self.assign_sub(variable, move)
