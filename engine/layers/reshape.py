"""Layers that lay the same numbers out in another form."""

from __future__ import annotations

import math
from typing import Any

from engine import ops
from engine.core import config, shapes
from engine.core.errors import ShapeError
from engine.core.params import Dims, Param, Shape
from engine.layers.base import InputSpec, Layer, Ports
from engine.ops.image.resize import KERNELS, resize

KERAS = "keras.layers:"
POSITIVE_ARGUMENT = (
    "Expected an integer value for `{name}`, got {type}. Argument `{name}` should be a positive integer. "
    "Received: {name}={value}."
)
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

    n: int = Param(ge=1, refusal=POSITIVE_ARGUMENT, doc="Number of time steps.")

    def setup(self) -> None:
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)


def _borders(value: Any, rank: int, owner: str, name: str) -> tuple[tuple[int, int], ...]:
    """(before, after) for each axis, from a number, one for each axis, or a pair for each axis."""
    if isinstance(value, int):
        return ((value, value),) * rank
    if len(value) == rank:
        pairs = tuple((v, v) if isinstance(v, int) else tuple(v) for v in value)
        if all(len(pair) == 2 for pair in pairs):
            return pairs  # type: ignore[return-value]
    raise ValueError(
        f"{owner}: `{name}` is a whole number, {rank} of them, or {rank} pairs (before, after). Got {value!r}."
    )


class _Bordered(_Reshaping):
    """Works at the borders of every axis of space."""

    RANK = 2
    TOO_MUCH = (
        "Values in `cropping` argument should be smaller than the corresponding spatial dimension of the input. Here"
    )
    """Keras's sentence where cropping leaves nothing."""
    data_format = "channels_last"

    def _first(self) -> int:
        return 1 if self.data_format == "channels_last" else 2

    def _pad(self, inputs: Any, borders: tuple[tuple[int, int], ...]) -> Any:
        none = (0, 0)
        return ops.pad(inputs, (none, *borders, none) if self._first() == 1 else (none, none, *borders))

    def _crop(self, inputs: Any, borders: tuple[tuple[int, int], ...]) -> Any:
        key: list[Any] = [slice(None)] * (self.RANK + 2)
        for axis, (before, after) in enumerate(borders, self._first()):
            size = inputs.shape[axis]
            if size is not None and before + after >= size:
                raise ShapeError(
                    f"{self.TOO_MUCH} cropping takes {before + after} of {size}, so nothing is left.",
                    rule=f"{size} − {before + after} = {size - before - after}",
                    hint="Crop less.",
                )
            key[axis] = slice(before, -after if after else None)
        return inputs[tuple(key)]


def _pair(value: Any, owner: str, name: str) -> tuple[int, int]:
    """(before, after) from a number or a pair."""
    return _borders([value] if isinstance(value, int) else [tuple(value)], 1, owner, name)[0]


class ZeroPadding1D(_Bordered, category="reshaping", keras=KERAS + "ZeroPadding1D", ports=Ports(ranks=(3, 3))):
    """Zeros before and after each sequence."""

    RANK = 1
    padding: Any = Param(1, kind="Any", doc="Steps added on each side, or (before, after).")
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc="Place of the channels.")

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.padding = _pair(self.padding, "ZeroPadding1D", "padding")
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Any:
        return self._pad(inputs, (self.padding,))


class ZeroPadding2D(_Bordered, category="reshaping", keras=KERAS + "ZeroPadding2D", ports=Ports(ranks=(4, 4))):
    """A border of zeros around each picture."""

    padding: Any = Param((1, 1), kind="Any", doc="Rows and columns added on each side.")
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc="Place of the channels.")

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.padding = _borders(self.padding, 2, "ZeroPadding2D", "padding")
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Any:
        return self._pad(inputs, self.padding)


class ZeroPadding3D(_Bordered, category="reshaping", keras=KERAS + "ZeroPadding3D", ports=Ports(ranks=(5, 5))):
    """A border of zeros around each volume."""

    RANK = 3
    padding: Any = Param(((1, 1), (1, 1), (1, 1)), kind="Any", doc="What is added before and after along each axis.")
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc="Place of the channels.")

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.padding = _borders(self.padding, 3, "ZeroPadding3D", "padding")
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Any) -> Any:
        return self._pad(inputs, self.padding)


class Cropping1D(_Bordered, category="reshaping", keras=KERAS + "Cropping1D", ports=Ports(ranks=(3, 3))):
    """Cuts the ends off each sequence."""

    RANK = 1
    TOO_MUCH = "`cropping` parameter of `Cropping1D` layer must be smaller than the input length. Here"
    cropping: Any = Param((1, 1), kind="Any", doc="Steps cut off on each side, or (before, after).")

    def setup(self) -> None:
        self.cropping = _pair(self.cropping, "Cropping1D", "cropping")
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Any:
        return self._crop(inputs, (self.cropping,))


class Cropping2D(_Bordered, category="reshaping", keras=KERAS + "Cropping2D", ports=Ports(ranks=(4, 4))):
    """Cuts a border off each picture."""

    cropping: Any = Param(((0, 0), (0, 0)), kind="Any", doc="Rows and columns cut off on each side.")
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc="Place of the channels.")

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.cropping = _borders(self.cropping, 2, "Cropping2D", "cropping")
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Any:
        return self._crop(inputs, self.cropping)


class Cropping3D(_Bordered, category="reshaping", keras=KERAS + "Cropping3D", ports=Ports(ranks=(5, 5))):
    """Cuts a border off each volume."""

    RANK = 3
    cropping: Any = Param(((1, 1), (1, 1), (1, 1)), kind="Any", doc="What is cut off before and after on each axis.")
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc="Place of the channels.")

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.cropping = _borders(self.cropping, 3, "Cropping3D", "cropping")
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Any) -> Any:
        return self._crop(inputs, self.cropping)


class UpSampling1D(_Reshaping, category="reshaping", keras=KERAS + "UpSampling1D", ports=Ports(ranks=(3, 3))):
    """Repeats each time step."""

    size: int = Param(2, ge=1, refusal=POSITIVE_ARGUMENT, doc="How often.")

    def setup(self) -> None:
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Any:
        return ops.repeat(inputs, self.size, axis=1)


class UpSampling2D(_Reshaping, category="reshaping", keras=KERAS + "UpSampling2D", ports=Ports(ranks=(4, 4))):
    """Makes pictures larger, by repeating each point or by passing smoothly from one to the next."""

    size: Dims = Param((2, 2), rank=2, ge=1, doc="How often along height and width.")
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc="Place of the channels.")
    interpolation: str = Param("nearest", choices=("nearest", *KERNELS), doc="How new points are made.")

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Any:
        start = 1 if self.data_format == "channels_last" else 2
        if self.interpolation == "nearest":
            for axis, count in enumerate(self.size, start):
                inputs = ops.repeat(inputs, count, axis=axis)
            return inputs
        size = tuple(inputs.shape[start + i] * count for i, count in enumerate(self.size))
        return resize(inputs, size, self.interpolation, data_format=self.data_format)


class UpSampling3D(_Reshaping, category="reshaping", keras=KERAS + "UpSampling3D", ports=Ports(ranks=(5, 5))):
    """Repeats each point of a volume along depth, height and width."""

    size: Dims = Param((2, 2, 2), rank=3, ge=1, doc="How often along each axis.")
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc="Place of the channels.")

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Any) -> Any:
        for axis, count in enumerate(self.size, 1 if self.data_format == "channels_last" else 2):
            inputs = ops.repeat(inputs, count, axis=axis)
        return inputs
