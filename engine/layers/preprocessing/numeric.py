"""Scaling of numbers: fixed, or learned from data with `adapt`."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import ops
from engine.core import config
from engine.core.params import Param
from engine.layers.base import Layer


class Rescaling(Layer, category="preprocessing", keras="keras.layers:Rescaling"):
    """x · scale + offset, for example 1/255 for pictures."""

    scale: Any = Param(kind="float", doc="Factor.")
    offset: Any = Param(0.0, kind="float", doc="Added afterwards.")
    built = True
    supports_masking = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale, self.offset = _numbers(self, "scale", scale), _numbers(self, "offset", offset)

    def call(self, inputs: Any) -> Any:
        scale, offset = (np.asarray(v, self.compute_dtype) for v in (self.scale, self.offset))
        return ops.cast(inputs, self.compute_dtype) * scale + offset


def _numbers(layer: Layer, name: str, value: Any) -> Any:
    """A number checked as declared, or a list of them."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [float(v) for v in value]
    return layer.PARAMS[name].check(value, type(layer).__name__)


class Normalization(Layer, category="preprocessing", keras="keras.layers:Normalization"):
    """(x - mean) / deviation for each feature; `adapt(data)` measures both, or they are given."""

    axis: Any = Param(-1, kind="Any", doc="Axis of the features; empty for one mean over all.")
    mean: Any = Param(None, kind="Any", advanced=True, doc="Given mean.")
    variance: Any = Param(None, kind="Any", advanced=True, doc="Given variance.")
    invert: bool = Param(False, doc="Undo the scaling instead.")
    supports_masking = True

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        if (mean is None) != (variance is None):
            raise ValueError(
                "When setting values directly, both `mean` and `variance` must be set. "
                f"Received: mean={mean} and variance={variance}"
            )
        self.input_mean, self.input_variance, self.invert = mean, variance, invert
        self.adapt_mean: Any = None
        self._moments: tuple[Any, Any] | None = None

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        self._kept = tuple(sorted(a % rank for a in self.axis))
        self._reduced = tuple(i for i in range(rank) if i not in self._kept)
        shape = tuple(input_shape[a] for a in self._kept)
        if None in shape:
            raise ValueError(
                f"All `axis` values to be kept must have a known shape. Received axis={self.axis}, "
                f"inputs.shape={input_shape}, with unknown axis at index {self._kept[shape.index(None)]}"
            )
        self._broadcast = [input_shape[i] if i in self._kept else 1 for i in range(rank)]
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(shape, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")
        else:
            given = (
                np.asarray(v, "float32") * np.ones(shape, "float32") for v in (self.input_mean, self.input_variance)
            )
            self._moments = tuple(v.reshape(self._broadcast) for v in given)  # type: ignore[assignment]

    def adapt(self, data: Any) -> None:
        """Measure mean and variance of all samples of an array (or of an iterable of batches)."""
        batches = [np.asarray(data)] if hasattr(data, "shape") else [np.asarray(b) for b in data]
        values = np.concatenate(batches)
        if not self.built:
            self.build((None, *values.shape[1:]))
        self.adapt_mean.assign(values.mean(self._reduced, dtype="float64"))
        self.adapt_variance.assign(values.var(self._reduced, dtype="float64"))

    def finalize_state(self) -> None:
        """Nothing is left to do after `adapt`: the measured values are used as they are."""

    @property
    def _scale(self) -> tuple[Any, Any]:
        if self._moments is not None:
            return self._moments
        return ops.reshape(self.adapt_mean, self._broadcast), ops.reshape(self.adapt_variance, self._broadcast)

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, self.compute_dtype)
        mean, variance = self._scale
        deviation = ops.maximum(ops.sqrt(variance), config.epsilon())
        return x * deviation + mean if self.invert else (x - mean) / deviation

    def get_config(self) -> dict[str, Any]:
        given = {k: None if v is None else np.asarray(v).tolist() for k, v in
                 (("mean", self.input_mean), ("variance", self.input_variance))}  # fmt: skip
        return {**Layer.get_config(self), "axis": self.axis, "invert": self.invert, **given}

    def declared_config(self) -> dict[str, Any]:
        return {}
