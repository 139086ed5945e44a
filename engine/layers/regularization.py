"""Layers that make training harder so that the network learns what matters."""

from __future__ import annotations

from typing import Any

from engine import ops, random
from engine.core.params import Param
from engine.core.rng import SeedGenerator
from engine.layers.base import Layer

SEED_DOC = "Whole number that fixes the draws; empty draws anew each time."


class _Random(Layer):
    """A layer that draws in training and passes values through otherwise."""

    built = True
    supports_masking = True

    AMOUNT = "rate"
    """Name of the setting that says how much is drawn; at 0 nothing is, and no seed is used up."""

    def setup(self) -> None:
        if getattr(self, self.AMOUNT) > 0:
            self.seed_generator = SeedGenerator(self.seed)


class Dropout(_Random, category="regularization", keras="keras.layers:Dropout"):
    """Sets a random share of numbers to 0 in training and scales up the rest (Srivastava and others 2014)."""

    rate: float = Param(ge=0, le=1, step=0.05, doc="Share of numbers set to 0.")
    noise_shape: Any = Param(None, kind="Any", advanced=True, doc="Axes along which the same numbers drop.")
    seed: int | None = Param(None, advanced=True, doc=SEED_DOC)

    def call(self, inputs: Any, training: Any = False) -> Any:
        if training and self.rate > 0:
            return random.dropout(inputs, self.rate, self.noise_shape, self.seed_generator)
        return inputs


class GaussianNoise(_Random, category="regularization", keras="keras.layers:GaussianNoise"):
    """Adds normal noise in training."""

    AMOUNT = "stddev"
    stddev: float = Param(ge=0, step=0.05, doc="Standard deviation of the noise.")
    seed: int | None = Param(None, advanced=True, doc=SEED_DOC)

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.stddev == 0:
            return inputs
        shape = tuple(ops.shape(inputs))
        return inputs + random.normal(shape, 0.0, self.stddev, self.compute_dtype, self.seed_generator)
