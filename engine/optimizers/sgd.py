"""Gradient descent, with momentum if wanted."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core.params import LearningRate, Param
from engine.ops.optimizer import sgd_momentum_update, sgd_update
from engine.optimizers.base import DeclaredOptimizer


class SGD(DeclaredOptimizer, keras="keras.optimizers:SGD"):
    """Gradient descent: w -= rate · g. With momentum m: v = m·v - rate·g, w += v (Nesterov: w += m·v - rate·g)."""

    learning_rate: LearningRate = Param(0.01, doc="Size of a step.")
    momentum: float = Param(
        0.0,
        ge=0,
        le=1,
        refusal="`momentum` must be a float between [0, 1].",
        doc="Share of the last step that is made again.",
    )
    nesterov: bool = Param(False, doc="Look ahead along the momentum.")

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum else []

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        gradient, rate = ops.cast(gradient, variable.dtype), ops.cast(learning_rate, variable.dtype)
        if not self.momentum:
            self.assign(variable, sgd_update(variable, gradient, rate))
            return
        velocity = self.momentums[self._get_variable_index(variable)]
        constants = {"momentum": self.momentum, "nesterov": self.nesterov}
        weight, moved = sgd_momentum_update(variable, gradient, velocity, rate, **constants)
        self.assign(velocity, moved)
        self.assign(variable, weight)
