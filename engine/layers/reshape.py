"""Layers that lay the same numbers out in another form."""

from __future__ import annotations

import math
from typing import Any

from engine import ops
from engine.core import config, shapes
from engine.core.errors import ShapeError
from engine.core.params import Param, Shape
from engine.layers.base import InputSpec, Layer, Ports

KERAS = "keras.layers:"
_LAYOUTS = ("channels_last", "channels_first")


class _Reshaping(Layer):
    """A layer without weights."""

    built = True


class Flatten(_Reshaping, category="reshaping", keras=KERAS + "Flatten", ports=Ports(dtypes="any")):
    """Lays each sample out as one row of numbers: (batch, 4, 4, 16) becomes (batch, 256)."""

    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc="Place of the channels.")

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        rank = len(inputs.shape)
        if rank > 1 and self.data_format == "channels_first":
            inputs = ops.transpose(inputs, (0, *range(2, rank), 1))
        inner = inputs.shape[1:]
        if None in inner:
            return ops.reshape(inputs, (inputs.shape[0] if inputs.shape[0] is not None else -1, -1))
        total = math.prod(inner)
        if len(inner) > 1:
            shapes.note(f"{' · '.join(str(d) for d in inner)} = {total}")
        return ops.reshape(inputs, (None, total))


class Reshape(_Reshaping, category="reshaping", keras=KERAS + "Reshape", ports=Ports(dtypes="any")):
    """Lays each sample out in the given shape; the number of values stays the same."""

    target_shape: Shape = Param(doc="New axes without the batch; one of them may be -1.")

    def call(self, inputs: Any) -> Any:
        inner = inputs.shape[1:]
        if None not in inner:
            resolved = shapes.reshape(inner, self.target_shape)
            shapes.note(f"{shapes.text(inner)} = {math.prod(inner)} = {shapes.text(resolved)}")
            return ops.reshape(inputs, (None, *resolved))
        return ops.reshape(inputs, (inputs.shape[0] if inputs.shape[0] is not None else -1, *self.target_shape))


class Permute(_Reshaping, category="reshaping", keras=KERAS + "Permute", ports=Ports(dtypes="any")):
    """The axes in another order; axes are counted from 1, the batch stays first."""

    dims: Shape = Param(doc="The axes in their new order.")

    def setup(self) -> None:
        self.dims = tuple(self.dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                "Invalid permutation argument `dims` for Permute Layer. The set of indices in `dims` must be "
                f"consecutive and start from 1. Received dims={self.dims}"
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        return ops.transpose(inputs, (0, *self.dims))


class RepeatVector(_Reshaping, category="reshaping", keras=KERAS + "RepeatVector", ports=Ports(ranks=(2, 2))):
    """The same vector at each of `n` time steps: (batch, features) becomes (batch, n, features)."""

    n: int = Param(ge=1, doc="Number of time steps.")

    def setup(self) -> None:
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)


def _borders(value: Any, owner: str, name: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """((top, bottom), (left, right)) from a number, a pair, or a pair of pairs."""
    if isinstance(value, int):
        return (value, value), (value, value)
    if len(value) == 2:
        first, second = ((v, v) if isinstance(v, int) else tuple(v) for v in value)
        if len(first) == 2 and len(second) == 2:
            return first, second  # type: ignore[return-value]
    raise ValueError(
        f"{owner}: `{name}` is a whole number, 2 of them, or 2 pairs ((top, bottom), (left, right)). Got {value!r}."
    )


class ZeroPadding2D(_Reshaping, category="reshaping", keras=KERAS + "ZeroPadding2D", ports=Ports(ranks=(4, 4))):
    """A border of zeros around each picture."""

    padding: Any = Param((1, 1), kind="Any", doc="Rows and columns added on each side.")
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc="Place of the channels.")

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.padding = _borders(self.padding, "ZeroPadding2D", "padding")
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Any:
        none = (0, 0)
        last = self.data_format == "channels_last"
        return ops.pad(inputs, (none, *self.padding, none) if last else (none, none, *self.padding))


class Cropping2D(_Reshaping, category="reshaping", keras=KERAS + "Cropping2D", ports=Ports(ranks=(4, 4))):
    """Cuts a border off each picture."""

    cropping: Any = Param((0, 0), kind="Any", doc="Rows and columns cut off on each side.")
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc="Place of the channels.")

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.cropping = _borders(self.cropping, "Cropping2D", "cropping")
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Any:
        start = 1 if self.data_format == "channels_last" else 2
        key: list[Any] = [slice(None)] * 4
        for axis, (before, after) in enumerate(self.cropping, start):
            size = inputs.shape[axis]
            if size is not None and before + after >= size:
                raise ShapeError(
                    f"cropping takes {before + after} of {size}, so nothing is left.",
                    rule=f"{size} − {before + after} = {size - before - after}",
                    hint="Crop less.",
                )
            key[axis] = slice(before, -after if after else None)
        return inputs[tuple(key)]
