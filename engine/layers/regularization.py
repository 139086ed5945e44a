"""Layers that make training harder so that the network learns what matters."""

from __future__ import annotations

import math
import numbers
from typing import Any

from engine import ops, random, regularizers
from engine.core import config
from engine.core.params import Param
from engine.core.rng import SeedGenerator, draw_seed
from engine.layers.base import InputSpec, Layer, Ports
from engine.ops.random import draw_like

_LAYOUTS = ("channels_last", "channels_first")
_SELU_LIMIT = -1.6732632423543772 * 1.0507009873554805
"""What selu tends to for large negative numbers."""

OUTSIDE = (
    "Invalid value received for argument `{name}`. Expected a float value between 0 and 1. Received: {name}={value}."
)
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

    rate: float = Param(refusal=OUTSIDE, ge=0, le=1, step=0.05, doc="Share of numbers set to 0.")
    noise_shape: Any = Param(None, kind="Any", advanced=True, doc="Axes along which the same numbers drop.")
    seed: int | None = Param(None, advanced=True, doc=SEED_DOC)

    def setup(self) -> None:
        super().setup()
        self.noise_shape = _noise_shape(self.noise_shape)

    def call(self, inputs: Any, training: Any = False) -> Any:
        if training and self.rate > 0:
            return random.dropout(inputs, self.rate, self.noise_shape, self.seed_generator)
        return inputs


def _noise(inputs: Any, mean: float, deviation: float, dtype: str, generator: SeedGenerator) -> Any:
    """Normal draws in the shape of the inputs, of which axes may be open."""
    shape = tuple(range(-1, -1 - len(inputs.shape), -1))
    return draw_like("normal", inputs, shape, draw_seed(generator), dtype, mean=mean, stddev=float(deviation))


def _noise_shape(shape: Any) -> Any:
    """Axes as a tuple of whole numbers and None, checked."""
    start = "Invalid value received for argument `noise_shape`. "
    if shape is None:
        return None
    if isinstance(shape, str) or not hasattr(shape, "__iter__"):
        raise ValueError(f"{start}Expected a tuple or list of integers. Received: noise_shape={shape}")
    for i, dim in enumerate(shape):
        if dim is not None and (isinstance(dim, bool) or not isinstance(dim, numbers.Integral)):
            kind = type(dim).__name__
            raise ValueError(
                f"{start}Expected all elements to be integers or None. Received element at index {i}: {dim} "
                f"(type: {kind})"
            )
        if dim is not None and dim <= 0:
            raise ValueError(
                f"{start}Expected all dimensions to be positive integers or None. "
                f"Received negative or zero value at index {i}: {dim}"
            )
    return tuple(shape)


class GaussianNoise(_Random, category="regularization", keras="keras.layers:GaussianNoise"):
    """Adds normal noise in training."""

    AMOUNT = "stddev"
    stddev: float = Param(refusal=OUTSIDE, ge=0, step=0.05, doc="Standard deviation of the noise.")
    seed: int | None = Param(None, advanced=True, doc=SEED_DOC)

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.stddev == 0:
            return inputs
        return inputs + _noise(inputs, 0.0, self.stddev, self.compute_dtype, self.seed_generator)


class GaussianDropout(_Random, category="regularization", keras="keras.layers:GaussianDropout"):
    """Multiplies by normal noise around 1 in training; as strong as Dropout of the same rate (Srivastava 2014)."""

    rate: float = Param(
        refusal=OUTSIDE, ge=0, le=1, step=0.05, doc="Strength: the noise has variance rate / (1 - rate)."
    )
    seed: int | None = Param(None, advanced=True, doc=SEED_DOC)

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        deviation = math.sqrt(self.rate / (1.0 - self.rate))
        return inputs * _noise(inputs, 1.0, deviation, self.compute_dtype, self.seed_generator)


class AlphaDropout(_Random, category="regularization", keras="keras.layers:AlphaDropout"):
    """Dropout that keeps mean and variance, for networks of selu (Klambauer and others 2017)."""

    rate: float = Param(refusal=OUTSIDE, ge=0, le=1, step=0.05, doc="Share of numbers set to the lower limit of selu.")
    noise_shape: Any = Param(None, kind="Any", advanced=True, doc="Axes along which the same numbers drop.")
    seed: int | None = Param(None, advanced=True, doc=SEED_DOC)

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        given = self.noise_shape or (None,) * len(inputs.shape)
        shape = tuple(-1 - i if n is None else n for i, n in enumerate(given))
        seed, kind = draw_seed(self.seed_generator), config.floatx()
        kept = ops.greater_equal(draw_like("uniform", inputs, shape, seed, kind, minval=0.0, maxval=1.0), self.rate)
        kept = ops.cast(kept, inputs.dtype)
        scale = ((1 - self.rate) * (1 + self.rate * _SELU_LIMIT**2)) ** -0.5
        return scale * (inputs * kept + _SELU_LIMIT * (1 - kept)) - scale * _SELU_LIMIT * self.rate


class _SpatialDropout(_Random):
    """Drops whole channels, the same ones at every place of a sample."""

    RANK = 1
    BASE_ARGUMENTS = ("name", "dtype")
    OPEN = False
    data_format = "channels_last"

    def setup(self) -> None:
        super().setup()
        self.input_spec = InputSpec(ndim=self.RANK + 2)

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        batch, *inner = ops.shape(inputs)
        ones = (1,) * self.RANK
        last = self.data_format == "channels_last"
        shape = (batch, *ones, inner[-1]) if last else (batch, inner[0], *ones)
        return random.dropout(inputs, self.rate, shape, self.seed_generator)

    def get_config(self) -> dict[str, Any]:
        # Keras's constructor knows no `trainable`, so a file must not name it.
        return {key: value for key, value in super().get_config().items() if key != "trainable"}


class SpatialDropout1D(
    _SpatialDropout, category="regularization", keras="keras.layers:SpatialDropout1D", ports=Ports(ranks=(3, 3))
):
    """Sets whole channels of a sequence to 0 in training (Tompson and others 2014)."""

    RANK = 1
    rate: float = Param(refusal=OUTSIDE, ge=0, le=1, step=0.05, doc="Share of channels set to 0.")
    seed: int | None = Param(None, advanced=True, doc=SEED_DOC)


class SpatialDropout2D(
    _SpatialDropout, category="regularization", keras="keras.layers:SpatialDropout2D", ports=Ports(ranks=(4, 4))
):
    """Sets whole channels of a picture to 0 in training (Tompson and others 2014)."""

    RANK = 2
    rate: float = Param(refusal=OUTSIDE, ge=0, le=1, step=0.05, doc="Share of channels set to 0.")
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc="Place of the channels.")
    seed: int | None = Param(None, advanced=True, doc=SEED_DOC)

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        super().setup()


class SpatialDropout3D(
    _SpatialDropout, category="regularization", keras="keras.layers:SpatialDropout3D", ports=Ports(ranks=(5, 5))
):
    """Sets whole channels of a volume to 0 in training (Tompson and others 2014)."""

    RANK = 3
    rate: float = Param(refusal=OUTSIDE, ge=0, le=1, step=0.05, doc="Share of channels set to 0.")
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc="Place of the channels.")
    seed: int | None = Param(None, advanced=True, doc=SEED_DOC)

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        super().setup()


class ActivityRegularization(Layer, category="regularization", keras="keras.layers:ActivityRegularization"):
    """Passes values through and adds a cost for large ones to the loss."""

    l1: float = Param(0.0, ge=0, step=0.001, doc="Cost of each number's size.")
    l2: float = Param(0.0, ge=0, step=0.001, doc="Cost of each number's square.")
    built = True
    supports_masking = True

    def setup(self) -> None:
        self.activity_regularizer = regularizers.L1L2(l1=self.l1, l2=self.l2)

    def call(self, inputs: Any) -> Any:
        return inputs

    def get_config(self) -> dict[str, Any]:
        return {key: value for key, value in super().get_config().items() if key != "activity_regularizer"}
