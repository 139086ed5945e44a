"""Pooling: fewer numbers, by the largest or the mean of neighbours."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import config
from engine.core.params import Dims, Param
from engine.layers.base import InputSpec, Layer, Ports
from engine.layers.conv import FORMAT_DOC, PADDING_DOC

_LAYOUTS = ("channels_last", "channels_first")


class _Pool2D(Layer):
    """Windows over height and width."""

    built = True

    def setup(self) -> None:
        self.strides = self.pool_size if self.strides is None else self.strides
        self.data_format = config.standardize_data_format(self.data_format)
        self.input_spec = InputSpec(ndim=4)


class MaxPooling2D(_Pool2D, category="pooling", keras="keras.layers:MaxPooling2D", ports=Ports(ranks=(4, 4))):
    """The largest number of each window: keeps what is strongest and halves height and width by default."""

    pool_size: Dims = Param((2, 2), rank=2, ge=1, doc="Height and width of the window.")
    strides: Dims = Param(None, rank=2, ge=1, doc="Step of the window; empty: its own size.")
    padding: str = Param("valid", choices=("valid", "same"), doc=PADDING_DOC)
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc=FORMAT_DOC)

    def call(self, inputs: Any) -> Any:
        return ops.max_pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)


class AveragePooling2D(_Pool2D, category="pooling", keras="keras.layers:AveragePooling2D", ports=Ports(ranks=(4, 4))):
    """The mean of each window: a smaller, smoother picture."""

    pool_size: Dims = Param(rank=2, ge=1, doc="Height and width of the window.")
    strides: Dims = Param(None, rank=2, ge=1, doc="Step of the window; empty: its own size.")
    padding: str = Param("valid", choices=("valid", "same"), doc=PADDING_DOC)
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc=FORMAT_DOC)

    def call(self, inputs: Any) -> Any:
        return ops.average_pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)


class _GlobalPool(Layer):
    """One number for each channel."""

    RANK = 2
    built = True

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.input_spec = InputSpec(ndim=self.RANK + 2)

    def _axes(self) -> tuple[int, ...]:
        start = 1 if self.data_format == "channels_last" else 2
        return tuple(range(start, start + self.RANK))


class GlobalAveragePooling2D(
    _GlobalPool, category="pooling", keras="keras.layers:GlobalAveragePooling2D", ports=Ports(ranks=(4, 4))
):
    """The mean of each channel over the whole picture: (batch, height, width, channels) becomes (batch, channels)."""

    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc=FORMAT_DOC)
    keepdims: bool = Param(False, doc="Keep height and width as axes of length 1.")

    def call(self, inputs: Any) -> Any:
        return ops.mean(inputs, axis=self._axes(), keepdims=self.keepdims)


class GlobalMaxPooling2D(
    _GlobalPool, category="pooling", keras="keras.layers:GlobalMaxPooling2D", ports=Ports(ranks=(4, 4))
):
    """The largest number of each channel over the whole picture."""

    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc=FORMAT_DOC)
    keepdims: bool = Param(False, doc="Keep height and width as axes of length 1.")

    def call(self, inputs: Any) -> Any:
        return ops.max(inputs, axis=self._axes(), keepdims=self.keepdims)


class GlobalAveragePooling1D(
    _GlobalPool, category="pooling", keras="keras.layers:GlobalAveragePooling1D", ports=Ports(ranks=(3, 3))
):
    """The mean of each feature over all time steps; masked steps do not count."""

    RANK = 1
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc=FORMAT_DOC)
    keepdims: bool = Param(False, doc="Keep time as an axis of length 1.")
    supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        axis = self._axes()[0]
        if mask is None:
            return ops.mean(inputs, axis=axis, keepdims=self.keepdims)
        weights = ops.expand_dims(ops.cast(mask, inputs.dtype), 2 if axis == 1 else 1)
        total = ops.sum(inputs * weights, axis=axis, keepdims=self.keepdims)
        return total / ops.sum(weights, axis=axis, keepdims=self.keepdims)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None


class GlobalMaxPooling1D(
    _GlobalPool, category="pooling", keras="keras.layers:GlobalMaxPooling1D", ports=Ports(ranks=(3, 3))
):
    """The largest number of each feature over all time steps."""

    RANK = 1
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc=FORMAT_DOC)
    keepdims: bool = Param(False, doc="Keep time as an axis of length 1.")

    def call(self, inputs: Any) -> Any:
        return ops.max(inputs, axis=self._axes()[0], keepdims=self.keepdims)
