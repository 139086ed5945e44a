"""Activation functions as layers."""

from __future__ import annotations

from typing import Any

from engine import activations, ops
from engine.core.params import Activation as ActivationKind
from engine.core.params import Constraint, Initializer, Param, Regularizer
from engine.layers.base import InputSpec, Layer

KERAS = "keras.layers:"


_CEILING = "{name} of a ReLU layer cannot be a negative value. Received: {name}={value}."
_LINE = "{name} of a ReLU layer cannot be None or a negative value. Received: {name}={value}."
_SLOPE = (
    "The {name} value of a Leaky ReLU layer cannot be None or negative value. Expected a float. "
    "Received: {name}={value}."
)


class _Elementwise(Layer):
    """A layer without weights that keeps the shape."""

    built = True
    supports_masking = True


class Activation(_Elementwise, category="core", keras=KERAS + "Activation"):
    """Applies a function to each number."""

    activation: ActivationKind = Param(kind="Activation", doc="The function.")

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)


class ReLU(_Elementwise, category="core", keras=KERAS + "ReLU"):
    """max(x, 0), optionally with a slope below and a ceiling above (Nair and Hinton 2010)."""

    max_value: float | None = Param(None, ge=0, refusal=_CEILING, doc="Ceiling; empty for none.")
    negative_slope: float = Param(0.0, ge=0, refusal=_LINE, doc="Slope below the threshold.")
    threshold: float = Param(0.0, ge=0, refusal=_LINE, doc="Where the line begins to rise.")

    def call(self, inputs: Any) -> Any:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(_Elementwise, category="core", keras=KERAS + "LeakyReLU"):
    """x where positive, a small slope below (Maas and others 2013)."""

    negative_slope: float = Param(0.3, ge=0, refusal=_SLOPE, doc="Slope below 0.")

    def call(self, inputs: Any) -> Any:
        return activations.leaky_relu(inputs, self.negative_slope)


class ELU(_Elementwise, category="core", keras=KERAS + "ELU"):
    """x where positive, alpha · (exp(x) - 1) below (Clevert and others 2015)."""

    alpha: float = Param(1.0, ge=0, doc="Depth below 0.")

    def call(self, inputs: Any) -> Any:
        return activations.elu(inputs, self.alpha)


class Softmax(_Elementwise, category="core", keras=KERAS + "Softmax"):
    """Turns numbers into probabilities that sum to 1 over an axis; a mask takes places out."""

    axis: Any = Param(-1, kind="Any", doc="Axis over which the probabilities sum to 1.")

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is not None:
            mask = self._checked(mask, inputs)
            inputs = ops.where(mask, inputs, -3e4 if inputs.dtype == "float16" else -1e9)
        axes = tuple(self.axis) if isinstance(self.axis, (tuple, list)) else (self.axis,)
        if len(axes) > 1:
            outputs = ops.exp(inputs - ops.logsumexp(inputs, axis=axes, keepdims=True))
        else:
            outputs = activations.softmax(inputs, axis=axes[0])
        # Where everything is masked, softmax alone would give equal shares.
        return outputs if mask is None else ops.where(mask, outputs, 0.0)

    def _checked(self, mask: Any, inputs: Any) -> Any:
        shapes = tuple(mask.shape), tuple(inputs.shape)
        fits = len(shapes[0]) <= len(shapes[1]) and all(
            a in (1, b, None) or b is None for a, b in zip(*(shape[::-1] for shape in shapes), strict=False)
        )
        if len(shapes[0]) > len(shapes[1]):
            raise ValueError(
                "The `mask` must be broadcastable to `inputs` and must not have more dimensions. "
                f"Received: inputs.shape={shapes[1]}, mask.shape={shapes[0]}"
            )
        if not fits:
            raise ValueError(
                "The `mask` must be broadcastable to `inputs`. Each mask dimension must be 1 or match the "
                f"corresponding input dimension. Received: inputs.shape={shapes[1]}, mask.shape={shapes[0]}"
            )
        return mask if str(mask.dtype) == "bool" else ops.greater(mask, 0.5)


class PReLU(Layer, category="core", keras=KERAS + "PReLU"):
    """x where positive, a learned slope below (He and others 2015)."""

    alpha_initializer: Initializer = Param("Zeros", advanced=True, doc="Start of the slopes.")
    alpha_regularizer: Regularizer = Param(None, advanced=True, doc="Cost of large slopes.")
    alpha_constraint: Constraint = Param(None, advanced=True, doc="Limit of the slopes.")
    shared_axes: Any = Param(None, kind="Any", doc="Axes along which one slope is shared, counted from 1.")
    supports_masking = True

    def setup(self) -> None:
        axes = self.shared_axes
        self.shared_axes = [axes] if isinstance(axes, int) else None if axes is None else list(axes)

    def build(self, input_shape: Any) -> None:
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            shape[axis - 1] = 1
        self.alpha = self.add_weight(
            shape,
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )
        kept = self.shared_axes and {i: d for i, d in enumerate(input_shape) if i and i not in self.shared_axes}
        axes = kept or {}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs: Any) -> Any:
        return ops.relu(inputs) - self.alpha * ops.relu(ops.negative(inputs))
