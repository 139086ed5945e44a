"""Smallest models that train: the `Trainer` mixin over bare variables, so that its tests need no layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import ops
from engine.core.tensor import Variable
from engine.training.trainer import Trainer


class Tiny(Trainer):
    """A perceptron with tanh between its layers."""

    layers: tuple[Any, ...] = ()
    output_names: list[str] | None = None
    built = True
    trainable = True
    name = "tiny"

    def __init__(self, *sizes: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.pairs = []
        self.penalties: list[Any] = []
        for fan_in, fan_out in zip(sizes, sizes[1:], strict=False):
            kernel = (rng.normal(size=(fan_in, fan_out)) * 0.5).astype("float32")
            self.pairs.append((Variable(kernel, name="kernel"), Variable(np.zeros(fan_out, "float32"), name="bias")))

    @property
    def variables(self) -> list[Variable]:
        return [v for pair in self.pairs for v in pair]

    @property
    def trainable_variables(self) -> list[Variable]:
        return [v for v in self.variables if v.trainable]

    @property
    def losses(self) -> list[Any]:
        return [penalty() for penalty in self.penalties]

    def forward(self, x: Any) -> Any:
        for i, (kernel, bias) in enumerate(self.pairs):
            x = ops.tanh(x) if i else x
            x = ops.add(ops.matmul(x, kernel), bias)
        return x

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        return self.forward(x)

    def get_weights(self) -> list[np.ndarray]:
        return [v.numpy() for v in self.variables]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        for variable, weight in zip(self.variables, weights, strict=True):
            variable.assign(weight)


class Forked(Tiny):
    """Two outputs, "left" and "right", as a list or a dict."""

    output_names = ["left", "right"]
    as_dict = False

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        y = self.forward(x)
        left, right = y[:, :1], y[:, 1:]
        return {"left": left, "right": right} if self.as_dict else [left, right]


def regression(count: int = 50, width: int = 4, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (count, width) and a smooth target (count, 1)."""
    x = np.random.default_rng(seed).normal(size=(count, width)).astype("float32")
    return x, (np.sin(x[:, :1]) + 0.5 * x[:, 1:2]).astype("float32")
