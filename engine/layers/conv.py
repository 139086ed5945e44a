"""Convolutions."""

from __future__ import annotations

import dataclasses
from typing import Any

from engine import ops
from engine.core import config
from engine.core.params import Activation, Constraint, Dims, Initializer, Param, Regularizer
from engine.layers.base import InputSpec, Layer, Ports
from engine.layers.core import CONSTRAINTS, INITIALISATION, REGULARIZATION
from engine.layers.lora import Adapted, lora_alpha, lora_rank

PADDING_DOC = 'Border: "valid" adds none, "same" adds zeros so that stride 1 keeps the size.'
FORMAT_DOC = "Whether channels are the last or the first axis; empty takes the setting of the engine."


STRICTLY_POSITIVE = "Invalid value for argument `{name}`. Expected a strictly positive value. Received {name}={value}."
GROUPS = "The number of groups must be a positive integer. Received: groups={value}."
LAYOUTS = ("channels_last", "channels_first")


class ConvParams:
    """Declarations that convolutions share, written once and laid into each class by `declare`."""

    filters: int = Param(ge=1, refusal=STRICTLY_POSITIVE, doc="Number of filters, the channels of the result.")
    kernel_size: Dims = Param(ge=1, doc="Size of each filter along each axis.")
    strides: Dims = Param(ge=1, doc="Step from one place to the next.")
    padding: str = Param("valid", choices=("valid", "same"), doc=PADDING_DOC)
    depth_multiplier: int = Param(1, ge=1, refusal=STRICTLY_POSITIVE, doc="Filters for each channel.")
    data_format: str = Param(None, choices=LAYOUTS, nullable=True, advanced=True, doc=FORMAT_DOC)
    dilation_rate: Dims = Param(ge=1, advanced=True, doc="Distance of a filter's points.")
    groups: int = Param(1, ge=1, refusal=GROUPS, advanced=True, doc="Parts into which the channels are divided.")
    activation: Activation = Param(None, nullable=False, doc="Function applied to each number of the result.")
    use_bias: bool = Param(True, doc="Add a learned number to each channel.")
    kernel_initializer: Initializer = Param(
        "glorot_uniform", group=INITIALISATION, advanced=True, doc="Start of filters."
    )
    depthwise_initializer: Initializer = Param(
        "glorot_uniform", group=INITIALISATION, advanced=True, doc="Start of the filters of each channel."
    )
    pointwise_initializer: Initializer = Param(
        "glorot_uniform", group=INITIALISATION, advanced=True, doc="Start of the weights that mix channels."
    )
    bias_initializer: Initializer = Param("zeros", group=INITIALISATION, advanced=True, doc="Start of the bias.")
    kernel_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large weights.")
    depthwise_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large filters.")
    pointwise_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large mixing.")
    bias_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of a large bias.")
    activity_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large results.")
    kernel_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the filters.")
    depthwise_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the filters.")
    pointwise_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the mixing weights.")
    bias_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the bias.")
    lora_rank: int = lora_rank(listed=False)
    lora_alpha: float = lora_alpha(listed=False)


_PLAIN = (
    "filters kernel_size strides padding data_format dilation_rate groups activation use_bias kernel_initializer "
    "bias_initializer kernel_regularizer bias_regularizer activity_regularizer kernel_constraint bias_constraint "
    "lora_rank lora_alpha"
)
_DEPTHWISE = (
    "kernel_size strides padding depth_multiplier data_format dilation_rate activation use_bias depthwise_initializer "
    "bias_initializer depthwise_regularizer bias_regularizer activity_regularizer depthwise_constraint bias_constraint"
)
_SEPARABLE = (
    "filters kernel_size strides padding data_format dilation_rate depth_multiplier activation use_bias "
    "depthwise_initializer pointwise_initializer bias_initializer depthwise_regularizer pointwise_regularizer "
    "bias_regularizer activity_regularizer depthwise_constraint pointwise_constraint bias_constraint"
)


def declare(names: str, rank: int) -> dict[str, Any]:
    """Copies of the shared declarations for a number of axes, for a class body: `vars().update(declare(...))`."""
    result: dict[str, Any] = {}
    for name in names.split():
        info = dataclasses.replace(vars(ConvParams)[name])
        info.kind = str(ConvParams.__annotations__[name])
        if info.kind == "Dims":
            info.rank = rank
            info.default = info.default if name == "kernel_size" else 1 if rank == 1 else (1,) * rank
        if name == "padding" and rank == 1 and names is _PLAIN:
            info.choices = ("valid", "same", "causal")
        result[name] = info
    return result


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
        return outputs if self.activation is None else self.activation(outputs)


class _Filters(Adapted, _Conv):
    """Filters over all channels, or over those of their group."""

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
        self._start_lora()

    @property
    def kernel(self) -> Any:
        """The filters, (*kernel_size, channels / groups, filters)."""
        return self._merged()

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """The filters over the inputs, without bias; a subclass may change how they are applied."""
        return ops.conv(inputs, kernel, self.strides, self.padding, self.data_format, self.dilation_rate)

    def call(self, inputs: Any) -> Any:
        return self._finish(self.convolution_op(inputs, self.kernel))


class Conv1D(_Filters, category="convolution", keras="keras.layers:Conv1D", ports=Ports(ranks=(3, 3))):
    """Small filters slide along a sequence; each gives one channel of the result.

    (batch, time, channels) becomes (batch, new time, filters), with new time (time - kernel) / stride + 1 for padding
    "valid". Padding "causal" lets no step see those after it.
    """

    RANK = 1
    vars().update(declare(_PLAIN, 1))


class Conv2D(_Filters, category="convolution", keras="keras.layers:Conv2D", ports=Ports(ranks=(4, 4))):
    """Small filters slide over a picture; each gives one channel of the result.

    (batch, height, width, channels) becomes (batch, new height, new width, filters), with new size
    (size - kernel) / stride + 1 for padding "valid". Weights: kernel · kernel · channels · filters, and filters for
    the bias (LeCun and others 1989).
    """

    RANK = 2
    vars().update(declare(_PLAIN, 2))


class Conv3D(_Filters, category="convolution", keras="keras.layers:Conv3D", ports=Ports(ranks=(5, 5))):
    """Small filters slide through a volume, such as a film or a scan; each gives one channel of the result.

    (batch, depth, height, width, channels) becomes (batch, new depth, new height, new width, filters).
    """

    RANK = 3
    vars().update(declare(_PLAIN, 3))


class _Depthwise(_Conv):
    """Filters for each channel alone."""

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


class DepthwiseConv1D(
    _Depthwise, category="convolution", keras="keras.layers:DepthwiseConv1D", ports=Ports(ranks=(3, 3))
):
    """Each channel of a sequence has its own filters and is not mixed with the others.

    (batch, time, channels) becomes (batch, new time, channels · depth_multiplier).
    """

    RANK = 1
    vars().update(declare(_DEPTHWISE, 1))


class DepthwiseConv2D(
    _Depthwise, category="convolution", keras="keras.layers:DepthwiseConv2D", ports=Ports(ranks=(4, 4))
):
    """Each channel has its own filters and is not mixed with the others.

    (batch, height, width, channels) becomes (batch, new height, new width, channels · depth_multiplier).
    """

    RANK = 2
    vars().update(declare(_DEPTHWISE, 2))


class _Separable(_Conv):
    """First each channel alone, then a mix of the channels."""

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        self.depthwise_kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            name="depthwise_kernel",
        )
        self.pointwise_kernel = self.add_weight(
            (*(1,) * self.RANK, channels * self.depth_multiplier, self.filters),
            self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
            name="pointwise_kernel",
        )
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        kernels = (self.depthwise_kernel, self.pointwise_kernel)
        arguments = (self.strides, self.padding, self.data_format, self.dilation_rate)
        return self._finish(ops.separable_conv(inputs, *kernels, *arguments))


class SeparableConv1D(
    _Separable, category="convolution", keras="keras.layers:SeparableConv1D", ports=Ports(ranks=(3, 3))
):
    """A convolution in two steps with far fewer weights: filters for each channel, then a mix of the channels.

    (batch, time, channels) becomes (batch, new time, filters) (Chollet 2017).
    """

    RANK = 1
    vars().update(declare(_SEPARABLE, 1))


class SeparableConv2D(
    _Separable, category="convolution", keras="keras.layers:SeparableConv2D", ports=Ports(ranks=(4, 4))
):
    """A convolution in two steps with far fewer weights: filters for each channel, then a mix of the channels.

    (batch, height, width, channels) becomes (batch, new height, new width, filters) (Chollet 2017).
    """

    RANK = 2
    vars().update(declare(_SEPARABLE, 2))
