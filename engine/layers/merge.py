"""Layers that join several inputs into one."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import shapes
from engine.core.errors import ShapeError
from engine.core.params import Param
from engine.layers.base import Layer, Ports

KERAS = "keras.layers:"
_SEVERAL = Ports((2, None), as_list=True)


class _Merge(Layer):
    """Works number by number over a list of inputs; those of lower rank get axes after the batch.

    A step counts as valid in the result if it is in any input; when one input has no mask, the result has none.
    """

    built = True
    supports_masking = True

    def call(self, inputs: Any) -> Any:
        if not isinstance(inputs, (list, tuple)) or not inputs:
            raise ValueError(
                f"A merge layer should be called on a list of inputs. Received: inputs={inputs} (not a list of tensors)"
            )
        rank = max(len(x.shape) for x in inputs)
        inputs = [_of_rank(x, rank) for x in inputs]
        self._check_shapes([x.shape for x in inputs])
        return self._merge(inputs)

    def _check_shapes(self, given: list[Any]) -> None:
        batches = {shape[0] for shape in given if shape} - {None}
        if len(batches) > 1:
            raise ShapeError(
                f"Cannot merge tensors with different batch sizes. Received tensors with shapes {given}", shapes=given
            )
        try:
            shapes.broadcast(*given, op=type(self).__name__.lower())
        except ShapeError as error:
            first = f"Inputs have incompatible shapes. Received shapes {given[0][1:]} and {given[1][1:]}."
            raise ShapeError(
                f"{first} {error.message}", shapes=error.shapes, rule=error.rule, hint=error.hint
            ) from None

    def _merge(self, inputs: list[Any]) -> Any:
        raise NotImplementedError

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return None
        check_masks(inputs, mask)
        return None if any(m is None for m in mask) else _either(list(mask))


def check_masks(inputs: Any, mask: Any) -> None:
    """Refuse masks that are not one for each input."""
    for name, value in (("mask", mask), ("inputs", inputs)):
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"`{name}` should be a list. Received: {name}={value}")
    if len(mask) != len(inputs):
        raise ValueError(
            "The lists `inputs` and `mask` should have the same length. "
            f"Received: inputs={inputs} of length {len(inputs)}, and mask={mask} of length {len(mask)}"
        )


def _of_rank(x: Any, rank: int) -> Any:
    for _ in range(rank - len(x.shape)):
        x = ops.expand_dims(x, 1)
    return x


def _either(masks: list[Any]) -> Any:
    result = masks[0]
    for mask in masks[1:]:
        result = ops.logical_or(result, mask)
    return result


def _masks_of(inputs: list[Any]) -> list[Any]:
    """Masks with an axis for the features; None where an input has none."""
    found = [getattr(x, "_keras_mask", None) for x in inputs]
    return [None if m is None else ops.expand_dims(m, -1) for m in found]


def _masked(output: Any, mask: Any) -> Any:
    if mask is not None:
        output._keras_mask = ops.any(mask, axis=-1)
    return output


class _Extreme(_Merge):
    """The largest or the smallest of those inputs that are valid at a step."""

    def _pick(self, first: Any, second: Any) -> Any:
        raise NotImplementedError

    def _merge(self, inputs: list[Any]) -> Any:
        (output, *rest), (known, *masks) = inputs, _masks_of(inputs)
        for x, mask in zip(rest, masks, strict=True):
            if mask is not None:
                x = ops.where(mask, x, output)
            if known is not None:
                output = ops.where(known, output, x)
            known = None if mask is None or known is None else ops.logical_or(known, mask)
            output = self._pick(output, x)
        return _masked(output, known)


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
        masks = _masks_of(inputs)
        output: Any = None
        for x, mask in zip(inputs, masks, strict=True):
            x = x if mask is None else ops.where(mask, x, ops.ones_like(x))
            output = x if output is None else ops.multiply(output, x)
        if any(mask is None for mask in masks):
            return output
        known = _either(masks)
        return _masked(ops.where(known, output, ops.zeros_like(output)), known)


class Average(_Merge, category="merging", keras=KERAS + "Average", ports=_SEVERAL):
    """The mean of its inputs, number by number."""

    def _merge(self, inputs: list[Any]) -> Any:
        result = inputs[0]
        for x in inputs[1:]:
            result = ops.add(result, x)
        return result / len(inputs)


class Maximum(_Extreme, category="merging", keras=KERAS + "Maximum", ports=_SEVERAL):
    """The largest of its inputs, number by number."""

    def _pick(self, first: Any, second: Any) -> Any:
        return ops.maximum(first, second)


class Minimum(_Extreme, category="merging", keras=KERAS + "Minimum", ports=_SEVERAL):
    """The smallest of its inputs, number by number."""

    def _pick(self, first: Any, second: Any) -> Any:
        return ops.minimum(first, second)


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

        self._check_shapes(input_shape)

    def _check_shapes(self, given: Any) -> None:
        kept = [[d for i, d in enumerate(shape) if i != self.axis % len(shape)] for shape in given]
        if len({len(shape) for shape in kept}) > 1 or any(
            len(set(dims) - {None}) > 1 for dims in zip(*kept, strict=True)
        ):
            raise ShapeError(
                "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis. "
                f"Received: input_shape={given}",
                shapes=[tuple(shape) for shape in given],
                hint=f"All axes but axis {self.axis} have to agree.",
            )

    def call(self, inputs: Any) -> Any:
        return ops.concatenate(list(inputs), axis=self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return None
        check_masks(inputs, mask)
        if all(m is None for m in mask):
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
