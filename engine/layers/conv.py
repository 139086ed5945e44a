"""Convolutions."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import config
from engine.core.params import Activation, Constraint, Dims, Initializer, Param, Regularizer
from engine.layers.base import InputSpec, Layer, Ports
from engine.layers.core import CONSTRAINTS, INITIALISATION, REGULARIZATION

PADDING_DOC = 'Border: "valid" adds none, "same" adds zeros so that stride 1 keeps the size.'
FORMAT_DOC = "Whether channels are the last or the first axis; empty takes the setting of the engine."


class _Conv(Layer):
    """What all convolutions share: layout, bias, activation."""

    RANK = 2

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.input_spec = InputSpec(min_ndim=self.RANK + 2, max_ndim=self.RANK + 2)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{type(self).__name__}: `strides > 1` is not supported in conjunction with `dilation_rate > 1`. "
                f"Received: strides={self.strides} and dilation_rate={self.dilation_rate}. Set one of them to 1."
            )

    def _channels(self, input_shape: Any) -> int:
        axis = -1 if self.data_format == "channels_last" else 1
        channels = input_shape[axis]
        if channels is None:
            raise ValueError(
                "The channel dimension of the inputs should be defined. "
                f"The input_shape received is {input_shape}, where axis {axis} (0-based) is the channel dimension, "
                "which found to be `None`."
            )
        self.input_spec = InputSpec(min_ndim=self.RANK + 2, max_ndim=self.RANK + 2, axes={axis: channels})
        return int(channels)

    def _add_bias(self, size: int) -> None:
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (size,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def _finish(self, outputs: Any) -> Any:
        if self.bias is not None:
            first = self.data_format == "channels_first"
            shape = (1, -1, *(1,) * self.RANK) if first else (1,) * (self.RANK + 1) + (-1,)
            outputs = ops.add(outputs, ops.reshape(self.bias, shape) if first else self.bias)
        return self.activation(outputs)


class Conv2D(_Conv, category="convolution", keras="keras.layers:Conv2D", ports=Ports(ranks=(4, 4))):
    """Small filters slide over a picture; each gives one channel of the result.

    (batch, height, width, channels) becomes (batch, new height, new width, filters), with new size
    (size - kernel) / stride + 1 for padding "valid". Weights: kernel · kernel · channels · filters, and filters for
    the bias (LeCun and others 1989).
    """

    filters: int = Param(ge=1, doc="Number of filters, the channels of the result.")
    kernel_size: Dims = Param(rank=2, ge=1, doc="Height and width of each filter.")
    strides: Dims = Param((1, 1), rank=2, ge=1, doc="Step from one place to the next.")
    padding: str = Param("valid", choices=("valid", "same"), doc=PADDING_DOC)
    data_format: str = Param(
        None, choices=("channels_last", "channels_first"), nullable=True, advanced=True, doc=FORMAT_DOC
    )
    dilation_rate: Dims = Param((1, 1), rank=2, ge=1, advanced=True, doc="Distance of a filter's points.")
    groups: int = Param(1, ge=1, advanced=True, doc="Parts into which the channels are divided.")
    activation: Activation = Param(None, nullable=False, doc="Function applied to each number of the result.")
    use_bias: bool = Param(True, doc="Add a learned number to each channel.")
    kernel_initializer: Initializer = Param(
        "glorot_uniform", group=INITIALISATION, advanced=True, doc="Start of filters."
    )
    bias_initializer: Initializer = Param("zeros", group=INITIALISATION, advanced=True, doc="Start of the bias.")
    kernel_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large weights.")
    bias_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of a large bias.")
    kernel_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the filters.")
    bias_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the bias.")

    def setup(self) -> None:
        super().setup()
        if self.filters % self.groups:
            raise ValueError(
                "The number of filters must be evenly divisible by the number of groups. "
                f"Received: groups={self.groups}, filters={self.filters}."
            )

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                "The number of input channels must be evenly divisible by the number of groups. "
                f"Received groups={self.groups}, but the input has {channels} channels "
                f"(full input shape is {input_shape})."
            )
        self._kernel = self.add_weight(
            (*self.kernel_size, channels // self.groups, self.filters),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self._add_bias(self.filters)

    @property
    def kernel(self) -> Any:
        """The filters, (height, width, channels / groups, filters)."""
        return self._kernel

    def call(self, inputs: Any) -> Any:
        arguments = (self.strides, self.padding, self.data_format, self.dilation_rate)
        return self._finish(ops.conv(inputs, self._kernel, *arguments))


class DepthwiseConv2D(_Conv, category="convolution", keras="keras.layers:DepthwiseConv2D", ports=Ports(ranks=(4, 4))):
    """Each channel has its own filters and is not mixed with the others.

    (batch, height, width, channels) becomes (batch, new height, new width, channels · depth_multiplier).
    """

    kernel_size: Dims = Param(rank=2, ge=1, doc="Height and width of each filter.")
    strides: Dims = Param((1, 1), rank=2, ge=1, doc="Step from one place to the next.")
    padding: str = Param("valid", choices=("valid", "same"), doc=PADDING_DOC)
    depth_multiplier: int = Param(1, ge=1, doc="Filters for each channel.")
    data_format: str = Param(
        None, choices=("channels_last", "channels_first"), nullable=True, advanced=True, doc=FORMAT_DOC
    )
    dilation_rate: Dims = Param((1, 1), rank=2, ge=1, advanced=True, doc="Distance of a filter's points.")
    activation: Activation = Param(None, nullable=False, doc="Function applied to each number of the result.")
    use_bias: bool = Param(True, doc="Add a learned number to each channel.")
    depthwise_initializer: Initializer = Param(
        "glorot_uniform", group=INITIALISATION, advanced=True, doc="Start of filters."
    )
    bias_initializer: Initializer = Param("zeros", group=INITIALISATION, advanced=True, doc="Start of the bias.")
    depthwise_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large weights.")
    bias_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of a large bias.")
    depthwise_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the filters.")
    bias_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the bias.")

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        self.kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            name="kernel",
        )
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Any) -> Any:
        arguments = (self.strides, self.padding, self.data_format, self.dilation_rate)
        return self._finish(ops.depthwise_conv(inputs, self.kernel, *arguments))
