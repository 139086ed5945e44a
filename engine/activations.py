"""Keras's `keras.activations`: functions by name, with Keras's defaults (which differ from those of the ops)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine import ops
from engine.core import registry
from engine.core.objects import resolve_object, serialize_object
from engine.core.params import register_kind

_NAMES = (
    "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu linear log_sigmoid "
    "log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid "
    "sparsemax squareplus tanh tanh_shrink threshold"
).split()


def linear(x: Any) -> Any:
    """x."""
    return x


def exponential(x: Any) -> Any:
    """exp(x)."""
    return ops.exp(x)


def mish(x: Any) -> Any:
    """x · tanh(softplus(x))."""
    return x * ops.tanh(ops.softplus(x))


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """x above the threshold (at most max_value), negative_slope · (x - threshold) below."""
    if negative_slope == 0.0 and max_value is None and threshold == 0.0:
        return ops.relu(x)
    upper = ops.where(ops.greater(x, threshold) if threshold else ops.greater_equal(x, 0.0), x, 0.0)
    if max_value is not None:
        upper = ops.minimum(upper, max_value)
    lower = ops.minimum(ops.subtract(x, threshold), 0.0)
    return upper + negative_slope * lower if negative_slope else upper


def gelu(x: Any, approximate: bool = False) -> Any:
    """x times the normal distribution function of x."""
    return ops.gelu(x, approximate=approximate)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x where positive, negative_slope · x elsewhere."""
    return ops.leaky_relu(x, negative_slope=negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where positive, alpha · (exp(x) - 1) elsewhere."""
    return ops.elu(x, alpha=alpha)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """x where positive, alpha · (exp(x / alpha) - 1) elsewhere."""
    return ops.celu(x, alpha=alpha)


def glu(x: Any, axis: int = -1) -> Any:
    """The first half times the sigmoid of the second half."""
    return ops.glu(x, axis=axis)


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x where its size is above the threshold, 0 elsewhere."""
    return ops.hard_shrink(x, threshold=threshold)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x moved towards 0 by the threshold."""
    return ops.soft_shrink(x, threshold=threshold)


def squareplus(x: Any, b: float = 4) -> Any:
    """(x + sqrt(x² + b)) / 2."""
    return ops.squareplus(x, b=b)


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x where above the threshold, the default value elsewhere."""
    return ops.threshold(x, threshold, default_value)


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) divided by its sum over the axis."""
    return ops.softmax(x, axis=axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """log(softmax(x))."""
    return ops.log_softmax(x, axis=axis)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """Projection onto the probability simplex."""
    return ops.sparsemax(x, axis=axis)


def sparse_sigmoid(x: Any) -> Any:
    """0 below -1, (x + 1) / 2 between, 1 above 1."""
    return ops.clip(ops.add(x, 1.0) * 0.5, 0.0, 1.0)


def _plain(name: str) -> Callable[[Any], Any]:
    """An activation that is the op of the same name."""

    def activation(x: Any) -> Any:
        return getattr(ops, name)(x)

    activation.__name__ = activation.__qualname__ = name
    activation.__doc__ = getattr(ops, name).__doc__
    return activation


hard_sigmoid, hard_silu, hard_tanh = _plain("hard_sigmoid"), _plain("hard_silu"), _plain("hard_tanh")
log_sigmoid, relu6, selu, sigmoid = _plain("log_sigmoid"), _plain("relu6"), _plain("selu"), _plain("sigmoid")
silu, softplus, softsign, sparse_plus = _plain("silu"), _plain("softplus"), _plain("softsign"), _plain("sparse_plus")
tanh, tanh_shrink = _plain("tanh"), _plain("tanh_shrink")
swish, hard_swish = silu, hard_silu

for _name in _NAMES:
    registry.register("activation", globals()[_name], _name, f"keras.activations:{_name}")
_TABLE = {**registry.all_of("activation"), "swish": silu, "hard_swish": hard_silu}


def serialize(activation: Any) -> Any:
    """The function's name when it is one of these; plain data otherwise."""
    name = getattr(activation, "__name__", None)
    return name if name and _TABLE.get(name) is activation else serialize_object(activation)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The activation that `serialize` described."""
    return resolve_object(config, _TABLE, "activation", custom_objects)


def get(identifier: Any) -> Any:
    """An activation from a name, a function, a layer or saved data; None gives `linear`.

    Raises:
        ValueError: nothing of that name.
    """
    return linear if identifier is None else resolve_object(identifier, _TABLE, "activation")


register_kind("Activation", get=get, serialize=serialize)
