"""Layers that join several inputs into one."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import shapes
from engine.core.params import Param
from engine.layers.base import Layer, Ports

KERAS = "keras.layers:"
_SEVERAL = Ports((2, None), as_list=True)


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


class Subtract(_Merge, category="merging", keras=KERAS + "Subtract", ports=Ports((2, 2), as_list=True)):
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


class Concatenate(
    Layer, category="merging", keras=KERAS + "Concatenate", ports=Ports((2, None), dtypes="any", as_list=True)
):
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


class Dot(Layer, category="merging", keras=KERAS + "Dot", ports=Ports((2, 2), 1, (2, None), as_list=True)):
    """Products of two inputs, summed along one axis of each: how alike they are.

    (batch, n) and (batch, n) with axes 1 give (batch, 1); (batch, a, n) and (batch, b, n) with axes 2 give
    (batch, a, b).
    """

    axes: Any = Param(kind="Any", doc="The axis that is summed, or one for each input.")
    normalize: bool = Param(False, doc="Bring both to length 1 first: the cosine of their angle.")
    built = True
    supports_masking = True

    def setup(self) -> None:
        if isinstance(self.axes, int):
            return
        if not isinstance(self.axes, (list, tuple)):
            raise TypeError(
                f"Invalid type for argument `axes`: it should be a list or an int. Received: axes={self.axes}"
            )
        if len(self.axes) != 2 or not all(isinstance(a, int) for a in self.axes):
            raise ValueError(
                f"Invalid format for argument `axes`: it should contain two elements, whole numbers. "
                f"Received: axes={self.axes}"
            )

    def call(self, inputs: Any) -> Any:
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            raise ValueError(f"A `Dot` layer should be called on exactly 2 inputs. Received: inputs={inputs}")
        first, second = inputs
        axes = self._axes(first.shape, second.shape)
        if self.normalize:
            first, second = (ops.normalize(x, axis=a) for x, a in zip((first, second), axes, strict=True))
        left = "".join(chr(97 + i) for i in range(len(first.shape)))
        right = "a" + "".join(chr(109 + i) for i in range(1, len(second.shape)))
        summed = left[axes[0]]
        right = right.replace(right[axes[1]], summed)
        kept = left.replace(summed, "") + right[1:].replace(summed, "")
        result = ops.einsum(f"{left},{right}->{kept}", first, second)
        return ops.expand_dims(result, -1) if len(kept) == 1 else result

    def _axes(self, first: Any, second: Any) -> tuple[int, int]:
        given = (self.axes, self.axes) if isinstance(self.axes, int) else tuple(self.axes)
        axes = tuple(a % len(shape) for a, shape in zip(given, (first, second), strict=True))
        if first[axes[0]] != second[axes[1]] or 0 in axes:
            raise ValueError(
                f"Incompatible input shapes: axis values {first[axes[0]]} (at axis {axes[0]}) != {second[axes[1]]} "
                f"(at axis {axes[1]}). Full input shapes: {first}, {second}"
            )
        return axes  # type: ignore[return-value]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None


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


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """`Dot` as a function."""
    return Dot(axes=axes, **kwargs)(inputs)
