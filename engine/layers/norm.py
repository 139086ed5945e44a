"""Batch and layer normalization."""

from __future__ import annotations

import math
import numbers
import warnings
from typing import Any

from engine import ops
from engine.core import config, dtypes
from engine.core.params import Constraint, Initializer, Param, Regularizer
from engine.layers.base import InputSpec, Layer, Ports
from engine.layers.core import CONSTRAINTS, INITIALISATION, REGULARIZATION

RENORMALIZATION = "Renormalization"


class BatchNormalization(Layer, category="normalization", keras="keras.layers:BatchNormalization"):
    """Brings each channel to mean 0 and deviation 1 over the batch, then scales and moves it by learned numbers.

    In training it uses the batch's own mean and variance and keeps moving averages, which it uses afterwards
    (Ioffe and Szegedy 2015).
    """

    axis: int = Param(-1, advanced=True, doc="Axis of the channels.")
    momentum: float = Param(0.99, ge=0, le=1, doc="Share of the old moving average kept at each step.")
    epsilon: float = Param(1e-3, gt=0, advanced=True, doc="Keeps the division finite.")
    center: bool = Param(True, doc="Move by a learned number.")
    scale: bool = Param(True, doc="Scale by a learned number.")
    beta_initializer: Initializer = Param("zeros", group=INITIALISATION, advanced=True, doc="Start of the shift.")
    gamma_initializer: Initializer = Param("ones", group=INITIALISATION, advanced=True, doc="Start of the scale.")
    moving_mean_initializer: Initializer = Param("zeros", group=INITIALISATION, advanced=True, doc="Start of the mean.")
    moving_variance_initializer: Initializer = Param(
        "ones", group=INITIALISATION, advanced=True, doc="Start of the variance."
    )
    beta_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of a large shift.")
    gamma_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of a large scale.")
    beta_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the shift.")
    gamma_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the scale.")
    renorm: bool = Param(
        False, group=RENORMALIZATION, advanced=True, brief=True, doc="Correct each batch towards the moving averages."
    )
    renorm_clipping: Any = Param(
        None, group=RENORMALIZATION, advanced=True, brief=True, doc='Bounds of the correction: "rmin", "rmax", "dmax".'
    )
    renorm_momentum: float = Param(
        0.99, group=RENORMALIZATION, advanced=True, brief=True, doc="Share of the old average kept for the correction."
    )
    synchronized: bool = Param(False, advanced=True, doc="Share statistics between devices; there is one here.")
    supports_masking = True

    def setup(self) -> None:
        if self.synchronized:
            raise ValueError(
                "Argument synchronized=True is only supported with the TensorFlow backend. BatchNormalization: there "
                "is one device here, so that nothing has to be shared; leave synchronized out."
            )
        if self.renorm:
            self.renorm_clipping = _clipping(self.renorm_clipping)

    def build(self, input_shape: Any) -> None:
        size = input_shape[self.axis]
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self._vector(
                "gamma", size, self.gamma_initializer, self.gamma_regularizer, self.gamma_constraint
            )
        if self.center:
            self.beta = self._vector("beta", size, self.beta_initializer, self.beta_regularizer, self.beta_constraint)
        self.moving_mean = self._statistic("moving_mean", size, self.moving_mean_initializer)
        self.moving_variance = self._statistic("moving_variance", size, self.moving_variance_initializer)
        if self.renorm:
            self._build_renorm(size)
        rank = len(input_shape)
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: size})
        self._reduced = tuple(i for i in range(rank) if i != self.axis % rank)

    def _build_renorm(self, size: int) -> None:
        def deviation(shape: Any, dtype: Any = None) -> Any:
            return ops.sqrt(_fresh(self.moving_variance_initializer)(shape, dtype=dtype))

        self.moving_stddev = self._statistic("moving_stddev", size, deviation)
        self.renorm_mean = self._statistic("renorm_mean", size, _fresh(self.moving_mean_initializer))
        self.renorm_stddev = self._statistic("renorm_stddev", size, deviation)

    def _vector(self, name: str, size: int, initializer: Any, regularizer: Any, constraint: Any) -> Any:
        return self.add_weight(
            (size,), initializer, regularizer=regularizer, constraint=constraint, autocast=False, name=name
        )

    def _statistic(self, name: str, size: int, initializer: Any) -> Any:
        return self.add_weight((size,), initializer, trainable=False, autocast=False, name=name)

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        x = ops.cast(inputs, "float32") if self.compute_dtype == "float16" else inputs
        if not (training and self.trainable):
            arguments = (self.moving_mean, self.moving_variance, self.axis, self.beta, self.gamma, self.epsilon)
            return ops.cast(ops.batch_normalization(x, *arguments), self.compute_dtype)
        if self.renorm:
            return ops.cast(self._renormalized(x, mask), self.compute_dtype)
        if mask is None:
            y, mean, variance = ops.normalize_moments(x, axes=self._reduced, epsilon=self.epsilon)
            outputs = self._scaled(y)
        else:
            mean, variance = self._masked_moments(x, mask)
            flat = [ops.reshape(v, (-1,)) for v in (mean, variance)]
            outputs = ops.batch_normalization(x, *flat, self.axis, self.beta, self.gamma, self.epsilon)
        self._update(self.moving_mean, mean)
        self._update(self.moving_variance, variance)
        return ops.cast(outputs, self.compute_dtype)

    def _renormalized(self, x: Any, mask: Any) -> Any:
        """Normalized by the batch, then brought to what the moving averages would give (Ioffe 2017)."""
        moments = ops.moments(x, axes=self._reduced) if mask is None else self._masked_moments(x, mask)
        mean, variance = (ops.reshape(v, (-1,)) for v in moments)
        deviation = ops.sqrt(variance + self.epsilon)
        steady = ops.maximum(ops.cast(self.renorm_stddev, mean.dtype), math.sqrt(self.epsilon))
        ratio, offset = deviation / steady, (mean - ops.cast(self.renorm_mean, mean.dtype)) / steady
        bounds = self.renorm_clipping
        if bounds.get("rmin") is not None:
            ratio = ops.maximum(ratio, bounds["rmin"])
        if bounds.get("rmax") is not None:
            ratio = ops.minimum(ratio, bounds["rmax"])
        if bounds.get("dmax") is not None:
            offset = ops.clip(offset, -bounds["dmax"], bounds["dmax"])
        scale, shift = ops.stop_gradient(ratio), ops.stop_gradient(offset)
        if self.gamma is not None:
            scale, shift = scale * self.gamma, shift * self.gamma
        if self.beta is not None:
            shift = shift + self.beta
        self._update(self.renorm_mean, mean, self.renorm_momentum)
        self._update(self.renorm_stddev, deviation, self.renorm_momentum)
        self._update(self.moving_mean, mean)
        newest = self._update(self.moving_stddev, deviation)
        self.moving_variance.assign(ops.relu(newest * newest - self.epsilon))
        return ops.batch_normalization(x, mean, variance, self.axis, shift, scale, self.epsilon)

    def _scaled(self, y: Any) -> Any:
        last = self.axis % len(y.shape) == len(y.shape) - 1
        shape = [1] * len(y.shape)
        shape[self.axis] = -1
        if self.gamma is not None:
            y = y * (self.gamma if last else ops.reshape(self.gamma, shape))
        if self.beta is not None:
            y = y + (self.beta if last else ops.reshape(self.beta, shape))
        return y

    def _masked_moments(self, x: Any, mask: Any) -> tuple[Any, Any]:
        weights = ops.cast(mask, x.dtype)
        while len(weights.shape) < len(x.shape):
            weights = ops.expand_dims(weights, -1)
        spread = weights * ops.ones_like(x)
        count = ops.sum(spread, axis=self._reduced, keepdims=True) + config.epsilon()
        mean = ops.sum(x * spread, axis=self._reduced, keepdims=True) / count
        variance = ops.sum(ops.square(x - mean) * spread, axis=self._reduced, keepdims=True) / count
        return mean, variance

    def _update(self, average: Any, value: Any, momentum: float | None = None) -> Any:
        kept = self.momentum if momentum is None else momentum
        value = ops.stop_gradient(ops.cast(ops.reshape(value, (-1,)), average.dtype))
        newest = average * kept + value * (1.0 - kept)
        average.assign(newest)
        return newest


def _axes(axis: Any, refusal: str) -> Any:
    """One axis, or a list of them."""
    if isinstance(axis, (tuple, list)):
        return list(axis)
    if isinstance(axis, bool) or not isinstance(axis, numbers.Integral):
        raise TypeError(f"{refusal} {axis!r}")
    return int(axis)


def _fresh(initializer: Any) -> Any:
    """The initializer with a seed of its own, if it takes one by itself."""
    return initializer.clone() if hasattr(initializer, "clone") else initializer


def _clipping(bounds: Any) -> dict[str, Any]:
    """Bounds of the correction, checked."""
    bounds, keys = dict(bounds or {}), ["rmax", "rmin", "dmax"]
    if set(bounds) - set(keys):
        raise ValueError(f"Received invalid keys for `renorm_clipping` argument: {bounds}. Supported values: {keys}.")
    low, high, shift = bounds.get("rmin"), bounds.get("rmax"), bounds.get("dmax")
    if low is not None and high is not None and high < low:
        raise ValueError(
            f"rmax should be greater than rmin in the `renorm_clipping` argument. Received: rmax={high}, rmin={low}."
        )
    if shift is not None and shift < 0:
        raise ValueError(f"dmax should be non-negative in the `renorm_clipping` argument. Received: dmax={shift}.")
    return bounds


class LayerNormalization(Layer, category="normalization", keras="keras.layers:LayerNormalization", ports=Ports()):
    """Brings the features of each sample to mean 0 and deviation 1, then scales and moves them (Ba and others 2016)."""

    axis: Any = Param(-1, kind="Any", advanced=True, doc="Axis or axes over which each sample is normalized.")
    epsilon: float = Param(1e-3, gt=0, advanced=True, doc="Keeps the division finite.")
    center: bool = Param(True, doc="Move by learned numbers.")
    scale: bool = Param(True, doc="Scale by learned numbers.")
    beta_initializer: Initializer = Param("zeros", group=INITIALISATION, advanced=True, doc="Start of the shift.")
    gamma_initializer: Initializer = Param("ones", group=INITIALISATION, advanced=True, doc="Start of the scale.")
    beta_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of a large shift.")
    gamma_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of a large scale.")
    beta_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the shift.")
    gamma_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the scale.")
    rms_scaling: bool = Param(False, hidden=True, brief=True, listed=False, doc="Only for files of older versions.")
    supports_masking = True

    def setup(self) -> None:
        self.axis = _axes(self.axis, "Expected an int or a list/tuple of ints for the argument 'axis', but received:")
        self.autocast = False  # large numbers are brought down before they become half precision
        if self.rms_scaling:
            warnings.warn(
                "You passed `rms_scaling=True`, which is deprecated: it divides by the deviation without taking the "
                "mean away. `layers.RMSNormalization` divides by the root mean square.",
                stacklevel=4,
            )

    def build(self, input_shape: Any) -> None:
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        shape = tuple(input_shape[a] for a in self.axis)
        self.gamma = self.beta = None
        if self.scale or self.rms_scaling:
            self.gamma = self._vector(
                "gamma", shape, self.gamma_initializer, self.gamma_regularizer, self.gamma_constraint
            )
        if self.center and not self.rms_scaling:
            self.beta = self._vector("beta", shape, self.beta_initializer, self.beta_regularizer, self.beta_constraint)

    def _vector(self, name: str, shape: Any, initializer: Any, regularizer: Any, constraint: Any) -> Any:
        return self.add_weight(
            shape, initializer, regularizer=regularizer, constraint=constraint, autocast=False, name=name
        )

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, dtypes.result_type(inputs.dtype, "float32")) if inputs.dtype == "float16" else inputs
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        if self.rms_scaling:
            deviation = ops.sqrt(ops.var(x, axis=axis, keepdims=True) + self.epsilon)
            return ops.cast(x / deviation * self.gamma, self.compute_dtype)
        y = ops.layer_normalization(x, self.gamma, self.beta, axis=axis, epsilon=self.epsilon)
        return ops.cast(y, self.compute_dtype)


class GroupNormalization(Layer, category="normalization", keras="keras.layers:GroupNormalization", ports=Ports()):
    """Brings groups of channels of each sample to mean 0 and deviation 1 (Wu and He 2018).

    Unlike batch normalization it does not depend on the other samples of a batch.
    """

    groups: int = Param(32, ge=-1, doc="Number of groups; -1 makes each channel its own.")
    axis: int = Param(-1, advanced=True, doc="Axis of the channels.")
    epsilon: float = Param(1e-3, gt=0, advanced=True, doc="Keeps the division finite.")
    center: bool = Param(True, doc="Move by learned numbers.")
    scale: bool = Param(True, doc="Scale by learned numbers.")
    beta_initializer: Initializer = Param("zeros", group=INITIALISATION, advanced=True, doc="Start of the shift.")
    gamma_initializer: Initializer = Param("ones", group=INITIALISATION, advanced=True, doc="Start of the scale.")
    beta_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of a large shift.")
    gamma_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of a large scale.")
    beta_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the shift.")
    gamma_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the scale.")
    supports_masking = True

    def setup(self) -> None:
        self.autocast = False  # large numbers are brought down before they become half precision

    def build(self, input_shape: Any) -> None:
        size = input_shape[self.axis]
        if size is None:
            raise ValueError(
                f"Axis {self.axis} of input tensor should have a defined dimension but the layer received an input "
                f"with shape {input_shape}."
            )
        if self.groups == -1:
            self.groups = size
        if size < self.groups:
            raise ValueError(
                f"Number of groups ({self.groups}) cannot be more than the number of channels ({size}). "
                f"{self.name}: set groups to a divisor of {size}."
            )
        if size % self.groups:
            raise ValueError(
                f"Number of groups ({self.groups}) must be a multiple of the number of channels ({size}). "
                f"{self.name}: set groups to a divisor of {size}."
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self._vector(
                "gamma", size, self.gamma_initializer, self.gamma_regularizer, self.gamma_constraint
            )
        if self.center:
            self.beta = self._vector("beta", size, self.beta_initializer, self.beta_regularizer, self.beta_constraint)

    def _vector(self, name: str, size: int, initializer: Any, regularizer: Any, constraint: Any) -> Any:
        return self.add_weight(
            (size,), initializer, regularizer=regularizer, constraint=constraint, autocast=False, name=name
        )

    def call(self, inputs: Any) -> Any:
        axis = self.axis % len(inputs.shape)
        inner = inputs.shape[axis] // self.groups
        x = ops.cast(inputs, dtypes.result_type(inputs.dtype, "float32"))
        x = ops.reshape(x, (-1, *ops.shape(x)[1:axis], self.groups, inner, *ops.shape(x)[axis + 1 :]))
        reduced = [a for a in range(1, len(x.shape)) if a != axis]
        mean, variance = ops.moments(x, axes=reduced, keepdims=True)
        along = [1] * len(x.shape)
        along[axis : axis + 2] = [self.groups, inner]
        factor = ops.rsqrt(variance + self.epsilon)
        if self.gamma is not None:
            factor = factor * ops.cast(ops.reshape(self.gamma, along), x.dtype)
        shift = -mean * factor
        if self.beta is not None:
            shift = shift + ops.cast(ops.reshape(self.beta, along), x.dtype)
        return ops.cast(ops.reshape(x * factor + shift, ops.shape(inputs)), self.compute_dtype)


class UnitNormalization(Layer, category="normalization", keras="keras.layers:UnitNormalization", ports=Ports()):
    """Scales each sample to length 1 along an axis, so that only its direction counts."""

    axis: Any = Param(-1, kind="Any", advanced=True, doc="Axis or axes along which the length is 1.")
    built = True
    supports_masking = True

    def setup(self) -> None:
        expected = "expected an int or a list/tuple of ints."
        self.axis = _axes(self.axis, f"Invalid value for `axis` argument: {expected} Received: axis=")

    def call(self, inputs: Any) -> Any:
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        return ops.normalize(inputs, axis=axis, order=2, epsilon=1e-12)


class RMSNormalization(Layer, category="normalization", keras="keras.layers:RMSNormalization", ports=Ports()):
    """Divides by the root of the mean square and scales: layer normalization without the mean.

    Zhang and Sennrich 2019.
    """

    axis: Any = Param(-1, kind="Any", advanced=True, doc="Axis or axes over which each sample is normalized.")
    epsilon: float = Param(1e-6, gt=0, advanced=True, doc="Keeps the division finite.")

    def setup(self) -> None:
        self.axis = list(self.axis) if isinstance(self.axis, (tuple, list)) else int(self.axis)

    def build(self, input_shape: Any) -> None:
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        self.scale = self.add_weight(tuple(input_shape[a] for a in self.axis), "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        axis = tuple(self.axis)
        return ops.rms_normalization(inputs, scale=self.scale, axis=axis, epsilon=self.epsilon)
