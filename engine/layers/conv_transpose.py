"""Transposed convolutions: the way back from what a convolution made smaller."""

from __future__ import annotations

import dataclasses
from typing import Any

from engine import ops
from engine.core.params import Dims, Param
from engine.layers.base import Ports
from engine.layers.conv import _Conv
from engine.layers.conv import declare as declare_conv

_NAMES = (
    "filters kernel_size strides padding output_padding data_format dilation_rate activation use_bias "
    "kernel_initializer bias_initializer kernel_regularizer bias_regularizer activity_regularizer "
    "kernel_constraint bias_constraint"
)
_NAMES_3D = _NAMES.replace("output_padding data_format", "data_format output_padding")
EXTRA_DOC = "Places added at the end, fewer than the stride; empty chooses them by the padding."


class _OutputPadding:
    output_padding: Dims = Param(None, kind="Dims", ge=0, advanced=True, doc=EXTRA_DOC)


def declare(names: str, rank: int) -> dict[str, Any]:
    """Declarations of a transposed convolution over `rank` axes, for a class body."""
    shared = declare_conv(names.replace("output_padding ", "").replace(" output_padding", ""), rank)
    shared["output_padding"] = dataclasses.replace(vars(_OutputPadding)["output_padding"], rank=rank)
    return {name: shared[name] for name in names.split()}


class _Transposed(_Conv):
    """Each place spreads over a window of the result, by all filters."""

    def setup(self) -> None:
        super().setup()
        for axis, (extra, step) in enumerate(zip(self.output_padding or (), self.strides, strict=False)):
            if extra >= step:
                raise ValueError(
                    f"{type(self).__name__}: `output_padding` must be strictly less than `strides` for all dimensions. "
                    f"At dimension {axis}, `output_padding` is {extra} but `strides` is {step}. "
                    f"Received: output_padding={self.output_padding}, strides={self.strides}"
                )

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(
            (*self.kernel_size, self.filters, self._channels(input_shape)),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        arguments = (self.strides, self.padding, self.output_padding, self.data_format, self.dilation_rate)
        return self._finish(ops.conv_transpose(inputs, self.kernel, *arguments))


class Conv1DTranspose(
    _Transposed, category="convolution", keras="keras.layers:Conv1DTranspose", ports=Ports(ranks=(3, 3))
):
    """A convolution the other way round: each step spreads over several, so that sequences become longer.

    (batch, time, channels) becomes (batch, time · stride, filters) for padding "same", and
    (time - 1) · stride + kernel steps for "valid".
    """

    RANK = 1
    vars().update(declare(_NAMES, 1))


class Conv2DTranspose(
    _Transposed, category="convolution", keras="keras.layers:Conv2DTranspose", ports=Ports(ranks=(4, 4))
):
    """A convolution the other way round: each place spreads over a window, so that pictures become larger.

    (batch, height, width, channels) becomes (batch, height · stride, width · stride, filters) for padding "same", and
    (size - 1) · stride + kernel for "valid" (Zeiler and others 2010). Weights: kernel · kernel · filters · channels.
    """

    RANK = 2
    vars().update(declare(_NAMES, 2))


class Conv3DTranspose(
    _Transposed, category="convolution", keras="keras.layers:Conv3DTranspose", ports=Ports(ranks=(5, 5))
):
    """A convolution the other way round: each place spreads over a block, so that volumes become larger.

    (batch, depth, height, width, channels) becomes (batch, depth · stride, height · stride, width · stride, filters)
    for padding "same".
    """

    RANK = 3
    vars().update(declare(_NAMES_3D, 3))
