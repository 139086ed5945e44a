"""Pooling: fewer numbers, by the largest or the mean of neighbours."""

from __future__ import annotations

import dataclasses
from typing import Any

from engine import ops
from engine.core import config
from engine.core.params import Dims, Param
from engine.layers.base import InputSpec, Layer, Ports
from engine.layers.conv import FORMAT_DOC, PADDING_DOC

_LAYOUTS = ("channels_last", "channels_first")


class PoolParams:
    """Declarations that poolings share, laid into each class by `declare`."""

    pool_size: Dims = Param(ge=1, doc="Size of the window along each axis.")
    strides: Dims = Param(None, ge=1, doc="Step of the window; empty: its own size.")
    padding: str = Param("valid", choices=("valid", "same"), doc=PADDING_DOC)
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc=FORMAT_DOC)


def declare(rank: int, pool_size: Any = None) -> dict[str, Any]:
    """Copies of the shared declarations for a number of axes; `pool_size` is needed when it has no default."""
    result: dict[str, Any] = {}
    for name, kind in PoolParams.__annotations__.items():
        info = dataclasses.replace(vars(PoolParams)[name], kind=str(kind))
        if info.kind == "Dims":
            info.rank = rank
        result[name] = info
    if pool_size is not None:
        result["pool_size"].default = pool_size
    return result


class _Pool(Layer):
    """Windows over space."""

    RANK = 2
    BASE_ARGUMENTS = ("name",)
    built = True

    def setup(self) -> None:
        self.strides = self.pool_size if self.strides is None else self.strides
        self.data_format = config.standardize_data_format(self.data_format)
        self.input_spec = InputSpec(ndim=self.RANK + 2)


class _MaxPool(_Pool):
    def call(self, inputs: Any) -> Any:
        return ops.max_pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)


class _AveragePool(_Pool):
    def call(self, inputs: Any) -> Any:
        return ops.average_pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)


class MaxPooling1D(_MaxPool, category="pooling", keras="keras.layers:MaxPooling1D", ports=Ports(ranks=(3, 3))):
    """The largest number of each window along a sequence: keeps what is strongest in fewer steps."""

    RANK = 1
    vars().update(declare(1, 2))


class MaxPooling2D(_MaxPool, category="pooling", keras="keras.layers:MaxPooling2D", ports=Ports(ranks=(4, 4))):
    """The largest number of each window: keeps what is strongest and halves height and width by default."""

    RANK = 2
    vars().update(declare(2, (2, 2)))


class MaxPooling3D(_MaxPool, category="pooling", keras="keras.layers:MaxPooling3D", ports=Ports(ranks=(5, 5))):
    """The largest number of each window of a volume."""

    RANK = 3
    vars().update(declare(3, (2, 2, 2)))


class AveragePooling1D(
    _AveragePool, category="pooling", keras="keras.layers:AveragePooling1D", ports=Ports(ranks=(3, 3))
):
    """The mean of each window along a sequence: fewer, smoother steps."""

    RANK = 1
    vars().update(declare(1))


class AveragePooling2D(
    _AveragePool, category="pooling", keras="keras.layers:AveragePooling2D", ports=Ports(ranks=(4, 4))
):
    """The mean of each window: a smaller, smoother picture."""

    RANK = 2
    vars().update(declare(2))


class AveragePooling3D(
    _AveragePool, category="pooling", keras="keras.layers:AveragePooling3D", ports=Ports(ranks=(5, 5))
):
    """The mean of each window of a volume."""

    RANK = 3
    vars().update(declare(3))


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


class GlobalAveragePooling3D(
    _GlobalPool, category="pooling", keras="keras.layers:GlobalAveragePooling3D", ports=Ports(ranks=(5, 5))
):
    """The mean of each channel over a whole volume."""

    RANK = 3
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc=FORMAT_DOC)
    keepdims: bool = Param(False, doc="Keep the axes of space with length 1.")

    def call(self, inputs: Any) -> Any:
        return ops.mean(inputs, axis=self._axes(), keepdims=self.keepdims)


class GlobalMaxPooling3D(
    _GlobalPool, category="pooling", keras="keras.layers:GlobalMaxPooling3D", ports=Ports(ranks=(5, 5))
):
    """The largest number of each channel over a whole volume."""

    RANK = 3
    data_format: str = Param(None, choices=_LAYOUTS, nullable=True, advanced=True, doc=FORMAT_DOC)
    keepdims: bool = Param(False, doc="Keep the axes of space with length 1.")

    def call(self, inputs: Any) -> Any:
        return ops.max(inputs, axis=self._axes(), keepdims=self.keepdims)
