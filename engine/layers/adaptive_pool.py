"""Pooling to a wanted size, whatever the size of the input."""

from __future__ import annotations

import dataclasses
from typing import Any

from engine import ops
from engine.core import config
from engine.core.params import Dims, Param
from engine.layers.base import InputSpec, Layer, Ports
from engine.layers.conv import FORMAT_DOC, LAYOUTS

SIZE_DOC = "Length of the result along each axis; the windows follow from it."


class AdaptiveParams:
    """Declarations that adaptive poolings share, laid into each class by `declare`."""

    output_size: Dims = Param(ge=1, doc=SIZE_DOC)
    data_format: str = Param(None, choices=LAYOUTS, nullable=True, advanced=True, doc=FORMAT_DOC)


def declare(rank: int) -> dict[str, Any]:
    """Copies of the shared declarations for a number of axes, for a class body."""
    result: dict[str, Any] = {}
    for name, kind in AdaptiveParams.__annotations__.items():
        result[name] = dataclasses.replace(vars(AdaptiveParams)[name], kind=str(kind))
    result["output_size"].rank = rank
    return result


class _Adaptive(Layer):
    RANK = 2
    built = True

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.input_spec = InputSpec(ndim=self.RANK + 2)


class _AdaptiveAverage(_Adaptive):
    def call(self, inputs: Any) -> Any:
        return ops.adaptive_average_pool(inputs, self.output_size, self.data_format)


class _AdaptiveMax(_Adaptive):
    def call(self, inputs: Any) -> Any:
        return ops.adaptive_max_pool(inputs, self.output_size, self.data_format)


class AdaptiveAveragePooling1D(
    _AdaptiveAverage, category="pooling", keras="keras.layers:AdaptiveAveragePooling1D", ports=Ports(ranks=(3, 3))
):
    """Means over as many stretches of a sequence as wanted: sequences of any length get one length."""

    RANK = 1
    vars().update(declare(1))


class AdaptiveAveragePooling2D(
    _AdaptiveAverage, category="pooling", keras="keras.layers:AdaptiveAveragePooling2D", ports=Ports(ranks=(4, 4))
):
    """Means over as many parts of a picture as wanted: pictures of any size get one size."""

    RANK = 2
    vars().update(declare(2))


class AdaptiveAveragePooling3D(
    _AdaptiveAverage, category="pooling", keras="keras.layers:AdaptiveAveragePooling3D", ports=Ports(ranks=(5, 5))
):
    """Means over as many parts of a volume as wanted."""

    RANK = 3
    vars().update(declare(3))


class AdaptiveMaxPooling1D(
    _AdaptiveMax, category="pooling", keras="keras.layers:AdaptiveMaxPooling1D", ports=Ports(ranks=(3, 3))
):
    """The largest number of each of as many stretches of a sequence as wanted."""

    RANK = 1
    vars().update(declare(1))


class AdaptiveMaxPooling2D(
    _AdaptiveMax, category="pooling", keras="keras.layers:AdaptiveMaxPooling2D", ports=Ports(ranks=(4, 4))
):
    """The largest number of each of as many parts of a picture as wanted."""

    RANK = 2
    vars().update(declare(2))


class AdaptiveMaxPooling3D(
    _AdaptiveMax, category="pooling", keras="keras.layers:AdaptiveMaxPooling3D", ports=Ports(ranks=(5, 5))
):
    """The largest number of each of as many parts of a volume as wanted."""

    RANK = 3
    vars().update(declare(3))
