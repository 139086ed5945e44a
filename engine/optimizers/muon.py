"""Muon: steps of matrices are made orthogonal; everything else is left to AdamW."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from engine import ops
from engine.core.params import LearningRate, Param
from engine.core.patterns import compile_pattern
from engine.optimizers.adam import BETA_1_DOC, BETA_2_DOC, EPSILON_DOC
from engine.optimizers.base import DeclaredOptimizer
from engine.optimizers.fused import adam_step

_COEFFICIENT_DOC = "Coefficient of the Newton-Schulz polynomial a·x + b·x³ + c·x⁵."
_OWN_LAST = (
    "exclude_layers",
    "exclude_embeddings",
    "muon_a",
    "muon_b",
    "muon_c",
    "adam_lr_ratio",
    "momentum",
    "ns_steps",
    "nesterov",
    "rms_rate",
)


class Muon(DeclaredOptimizer, keras="keras.optimizers:Muon", last=_OWN_LAST):
    """Momentum whose matrices get singular values near 1 by Newton-Schulz iterations (Jordan 2024; Liu et al. 2025).

    Weights of other than two axes, embeddings, and weights whose path matches `exclude_layers` step as in AdamW.
    """

    learning_rate: LearningRate = Param(0.001, doc="Size of a step.")
    adam_beta_1: float = Param(0.9, ge=0, lt=1, doc=BETA_1_DOC)
    adam_beta_2: float = Param(0.999, ge=0, lt=1, doc=BETA_2_DOC)
    adam_weight_decay: float | None = Param(0.004, ge=0, doc="Weight decay of the weights left to AdamW.")
    epsilon: float = Param(1e-7, gt=0, doc=EPSILON_DOC, advanced=True)
    weight_decay: float | None = Param(0.004, ge=0, doc="Share by which matrices shrink at each step, times the rate.")
    exclude_layers: Any = Param(None, nullable=True, doc="Patterns of paths of weights that are left to AdamW.")
    exclude_embeddings: bool = Param(True, doc="Leave embeddings to AdamW.")
    muon_a: float = Param(3.4445, doc=_COEFFICIENT_DOC, advanced=True)
    muon_b: float = Param(-4.7750, doc=_COEFFICIENT_DOC, advanced=True)
    muon_c: float = Param(2.0315, doc=_COEFFICIENT_DOC, advanced=True)
    adam_lr_ratio: float = Param(1, ge=0, doc="AdamW's rate as a multiple of the rate.")
    momentum: float = Param(0.95, ge=0, le=1, doc="Share of the sum of gradients kept.")
    ns_steps: int = Param(5, ge=1, doc="Newton-Schulz iterations.", advanced=True)
    nesterov: bool = Param(True, doc="Look ahead along the momentum.")
    rms_rate: float | None = Param(0.2, gt=0, doc="Size of the entries of a step; empty: as the iterations leave it.")

    def setup(self) -> None:
        super().setup()
        self.exclude_layers = list(self.exclude_layers or [])
        self._patterns = [compile_pattern(text) for text in self.exclude_layers]

    def _is_for_adam(self, variable: Any) -> bool:
        path = variable.path
        if len(variable.shape) != 2 or (self.exclude_embeddings and "embedding" in path.lower()):
            return True
        return any(pattern.search(path) for pattern in self._patterns)

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self.momentums: list[Any] = []
        self.adam_velocities: list[Any] = []
        for variable in self._trainable_variables:
            adam = self._is_for_adam(variable)
            self.momentums.append(self.add_variable_from_reference(variable, "momentum"))
            self.adam_velocities.append(self.add_variable_from_reference(variable, "velocity") if adam else None)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        gradient, rate = ops.cast(gradient, variable.dtype), ops.cast(learning_rate, variable.dtype)
        if self.adam_velocities[self._get_variable_index(variable)] is None:
            self._step_orthogonal(gradient, variable, rate)
        else:
            self._step_adam(gradient, variable, ops.multiply(rate, self.adam_lr_ratio))

    def _step_orthogonal(self, gradient: Any, variable: Any, rate: Any) -> None:
        momentum = self.momentums[self._get_variable_index(variable)]
        total = ops.add(momentum, ops.add(gradient, ops.multiply(momentum, self.momentum - 1.0)))
        self.assign(momentum, total)
        ahead = ops.add(gradient, ops.multiply(self.momentum, total)) if self.nesterov else total
        move = ops.multiply(rate, self._orthogonal(ahead))
        if self.rms_rate is not None:
            move = ops.multiply(ops.multiply(move, math.sqrt(max(variable.shape))), self.rms_rate)
        self.assign_sub(variable, move)

    def _orthogonal(self, x: Any) -> Any:
        """A matrix with the singular vectors of `x` and singular values near 1."""
        tall = x.shape[-2] > x.shape[-1]
        x = ops.transpose(x) if tall else x
        x = ops.divide(x, ops.add(ops.sqrt(ops.sum(ops.square(x), axis=(-2, -1), keepdims=True)), 1e-7))
        for _ in range(self.ns_steps):
            gram = ops.matmul(x, ops.transpose(x))
            mixed = ops.add(ops.multiply(self.muon_b, gram), ops.matmul(ops.multiply(self.muon_c, gram), gram))
            x = ops.add(ops.multiply(self.muon_a, x), ops.matmul(mixed, x))
        return ops.transpose(x) if tall else x

    def _step_adam(self, gradient: Any, variable: Any, rate: Any) -> None:
        index, dtype = self._get_variable_index(variable), variable.dtype
        momentum, velocity = self.momentums[index], self.adam_velocities[index]
        step = ops.cast(ops.add(self.iterations, 1), dtype)
        first = ops.subtract(1.0, ops.power(ops.cast(self.adam_beta_1, dtype), step))
        second = ops.subtract(1.0, ops.power(ops.cast(self.adam_beta_2, dtype), step))
        corrected = ops.divide(ops.multiply(rate, ops.sqrt(second)), first)
        constants = {"beta_1": self.adam_beta_1, "beta_2": self.adam_beta_2, "epsilon": self.epsilon}
        weight, mean, square = adam_step(variable, gradient, momentum, velocity, corrected, step, **constants)
        self.assign(momentum, mean)
        self.assign(velocity, square)
        self.assign(variable, weight)

    def _apply_weight_decay(self, variables: Sequence[Any], rate: Any) -> None:
        for variable in variables:
            decay = self.adam_weight_decay if self._is_for_adam(variable) else self.weight_decay
            if decay is not None and self._use_weight_decay(variable):
                shrink = ops.multiply(ops.multiply(variable, decay), ops.cast(rate, variable.dtype))
                self.assign_sub(variable, shrink)
