"""Layers that join several inputs into one."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import shapes
from engine.core.params import Param
from engine.layers.base import Layer, Ports

KERAS = "keras.layers:"
_SEVERAL = Ports((2, None))


class _Merge(Layer):
    """Works number by number over a list of inputs; missing leading axes are broadcast."""

    built = True
    supports_masking = True
    WORD = "join"

    def call(self, inputs: Any) -> Any:
        if not isinstance(inputs, (list, tuple)) or not inputs:
            raise ValueError(
                f"A merge layer should be called on a list of inputs. Received: inputs={inputs} (not a list of tensors)"
            )
        shapes.broadcast(*(x.shape for x in inputs), op=type(self).__name__.lower())
        return self._merge(list(inputs))

    def _merge(self, inputs: list[Any]) -> Any:
        raise NotImplementedError

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        known = [m for m in mask or () if m is not None]
        result = None
        for m in known:
            result = m if result is None else ops.logical_and(result, m)
        return result


class Add(_Merge, category="merging", keras=KERAS + "Add", ports=_SEVERAL):
    """The sum of its inputs, number by number; their shapes have to be equal. A skip connection ends here."""

    def _merge(self, inputs: list[Any]) -> Any:
        result = inputs[0]
        for x in inputs[1:]:
            result = ops.add(result, x)
        return result


class Subtract(_Merge, category="merging", keras=KERAS + "Subtract", ports=Ports((2, 2))):
    """The first input minus the second."""

    def _merge(self, inputs: list[Any]) -> Any:
        if len(inputs) != 2:
            raise ValueError(f"A `Subtract` layer should be called on exactly 2 inputs. Received: inputs={inputs}")
        return ops.subtract(inputs[0], inputs[1])


class Multiply(_Merge, category="merging", keras=KERAS + "Multiply", ports=_SEVERAL):
    """The product of its inputs, number by number: one input can gate another."""

    def _merge(self, inputs: list[Any]) -> Any:
        result = inputs[0]
        for x in inputs[1:]:
            result = ops.multiply(result, x)
        return result


class Average(_Merge, category="merging", keras=KERAS + "Average", ports=_SEVERAL):
    """The mean of its inputs, number by number."""

    def _merge(self, inputs: list[Any]) -> Any:
        result = inputs[0]
        for x in inputs[1:]:
            result = ops.add(result, x)
        return result / len(inputs)


class Maximum(_Merge, category="merging", keras=KERAS + "Maximum", ports=_SEVERAL):
    """The largest of its inputs, number by number."""

    def _merge(self, inputs: list[Any]) -> Any:
        result = inputs[0]
        for x in inputs[1:]:
            result = ops.maximum(result, x)
        return result


class Minimum(_Merge, category="merging", keras=KERAS + "Minimum", ports=_SEVERAL):
    """The smallest of its inputs, number by number."""

    def _merge(self, inputs: list[Any]) -> Any:
        result = inputs[0]
        for x in inputs[1:]:
            result = ops.minimum(result, x)
        return result


class Concatenate(Layer, category="merging", keras=KERAS + "Concatenate", ports=Ports((2, None), dtypes="any")):
    """Lays its inputs side by side along one axis; all other axes have to agree."""

    axis: int = Param(-1, doc="Axis along which the inputs are joined.")
    supports_masking = True

    def build(self, input_shape: Any) -> None:
        if (
            not isinstance(input_shape, (list, tuple))
            or len(input_shape) < 1
            or not isinstance(input_shape[0], (list, tuple))
        ):
            raise ValueError(
                "A `Concatenate` layer should be called on a list of at least 1 input. "
                f"Received: input_shape={input_shape}"
            )

    def call(self, inputs: Any) -> Any:
        return ops.concatenate(list(inputs), axis=self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None or all(m is None for m in mask):
            return None
        parts = []
        for x, m in zip(inputs, mask, strict=True):
            if m is None:
                parts.append(ops.cast(ops.ones_like(x), "bool"))
            elif len(m.shape) < len(x.shape):
                parts.append(ops.logical_or(ops.expand_dims(m, -1), ops.cast(ops.zeros_like(x), "bool")))
            else:
                parts.append(m)
        return ops.any(ops.concatenate(parts, axis=self.axis), axis=-1, keepdims=False)


def _functional(layer: type[Layer], name: str) -> Any:
    def merge(inputs: Any, **kwargs: Any) -> Any:
        return layer(**kwargs)(inputs)

    merge.__name__ = name
    merge.__doc__ = f"`{layer.__name__}` as a function."
    return merge


add, subtract, multiply = _functional(Add, "add"), _functional(Subtract, "subtract"), _functional(Multiply, "multiply")
average, maximum, minimum = (
    _functional(Average, "average"),
    _functional(Maximum, "maximum"),
    _functional(Minimum, "minimum"),
)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """`Concatenate` as a function."""
    return Concatenate(axis=axis, **kwargs)(inputs)
