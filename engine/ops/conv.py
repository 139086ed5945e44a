"""Convolutions of `keras.ops.nn`. Primitives work channels last; the public functions turn channels_first round."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from engine.core import config, shapes
from engine.core.cases import F, case
from engine.core.errors import ShapeError
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.tensor import Spec, convert_to_tensor, infer_shape_of
from engine.kernels import conv as kernels
from engine.kernels import depthwise as depthwise_kernels
from engine.ops.shape import transpose

__all__ = ["conv", "depthwise_conv", "separable_conv"]

NN = "keras.src.ops.nn"
AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def pads_for(x: Any, kernel: Sequence[int], strides: Any, padding: str, dilation: Any) -> list[tuple[int, int]]:
    """Zeros (before, after) each space axis."""
    if padding == "valid":
        return [(0, 0)] * len(kernel)
    if padding == "causal":
        return [(d * (k - 1), 0) for k, d in zip(kernel, dilation, strict=True)]
    axes = zip(x.shape[1:-1], kernel, strides, dilation, strict=True)
    return [shapes.same_padding(n, k, s, d) for n, k, s, d in axes]


def _lengths(x: Spec, kernel: Any, strides: Any, padding: str, dilation: Any) -> tuple[int | None, ...]:
    names = AXES.get(len(kernel), ("",) * len(kernel))
    axes = zip(x.shape[1:-1], kernel, strides, dilation, names, strict=True)
    return tuple(shapes.window_length(n, k, s, padding, d, name) for n, k, s, d, name in axes)


def _conv_spec(x: Spec, w: Spec, *, strides: Any, padding: str, dilation: Any) -> Spec:
    channels, own = x.shape[-1], w.shape[-2]
    if channels is not None and own is not None and channels % own:
        raise ShapeError(
            f"the kernel reads {own} channels, but the input has {channels}.",
            rule=f"{channels} ≠ {own}",
            hint="The number of input channels divided by groups has to be that of the kernel.",
        )
    kernel = tuple(int(k or 1) for k in w.shape[:-2])
    return Spec((x.shape[0], *_lengths(x, kernel, strides, padding, dilation), w.shape[-1]), x.dtype)


def _groups(x: Any, w: Any) -> int:
    return max(int(x.shape[-1]) // max(int(w.shape[-2]), 1), 1)


def _conv_macs(out: Spec, x: Spec, w: Spec, **_: Any) -> int:
    places = math.prod(d for d in out.shape[1:-1] if d is not None)
    return places * math.prod(int(d or 0) for d in w.shape)


@defop(
    infer=_conv_spec,
    vjp=(
        lambda g, y, x, w, **a: dispatch(OPS["conv_grad_input"], (g, w, x), a),
        lambda g, y, x, w, **a: dispatch(OPS["conv_grad_kernel"], (x, g, w), a),
    ),
    macs=_conv_macs,
    cases=(
        case(F(2, 6, 5, 3), F(3, 2, 3, 4), strides=(1, 1), padding="valid", dilation=(1, 1)),
        case(F(2, 6, 5, 3), F(3, 3, 3, 4), strides=(2, 2), padding="same", dilation=(1, 1)),
        case(F(2, 7, 6, 2), F(2, 2, 2, 3), strides=(1, 1), padding="same", dilation=(2, 2)),
        case(F(2, 6, 5, 4), F(3, 3, 2, 6), strides=(1, 2), padding="same", dilation=(1, 1)),
        case(F(2, 8, 3), F(3, 3, 4), strides=(1,), padding="causal", dilation=(2,)),
        case(F(1, 4, 4, 4, 2), F(2, 2, 2, 2, 3), strides=(1, 2, 1), padding="valid", dilation=(1, 1, 1)),
        case(F(0, 6, 5, 3), F(3, 2, 3, 4), strides=(1, 1), padding="valid", dilation=(1, 1)),
    ),
    name="conv",
)
def _conv(x: Any, w: Any, *, strides: Any, padding: str, dilation: Any, out: Any = None) -> Any:
    pads = pads_for(x, w.shape[:-2], strides, padding, dilation)
    return kernels.conv(x, w, strides, pads, dilation, _groups(x, w), out)


@defop(
    infer=lambda g, w, x, **_: Spec(x.shape, g.dtype),
    vjp=(
        lambda h, y, g, w, x, **a: _conv(h, w, **a),
        lambda h, y, g, w, x, **a: dispatch(OPS["conv_grad_kernel"], (h, g, w), a),
        None,
    ),
    shape_only=(2,),
    cases=(case(F(2, 4, 4, 4), F(3, 2, 3, 4), F(2, 6, 5, 3), strides=(1, 1), padding="valid", dilation=(1, 1)),),
)
def conv_grad_input(g: Any, w: Any, x: Any, *, strides: Any, padding: str, dilation: Any, out: Any = None) -> Any:
    """Gradient of a convolution by its input; only the shape of x is read."""
    pads = pads_for(x, w.shape[:-2], strides, padding, dilation)
    return kernels.conv_grad_input(g, w, x.shape[1:-1], strides, pads, dilation, _groups(x, w), out)


@defop(
    infer=lambda x, g, w, **_: Spec(w.shape, g.dtype),
    vjp=(
        lambda h, y, x, g, w, **a: dispatch(OPS["conv_grad_input"], (g, h, x), a),
        lambda h, y, x, g, w, **a: _conv(x, h, **a),
        None,
    ),
    shape_only=(2,),
    cases=(case(F(2, 6, 5, 3), F(2, 4, 4, 4), F(3, 2, 3, 4), strides=(1, 1), padding="valid", dilation=(1, 1)),),
)
def conv_grad_kernel(x: Any, g: Any, w: Any, *, strides: Any, padding: str, dilation: Any, out: Any = None) -> Any:
    """Gradient of a convolution by its kernel; only the shape of w is read."""
    kernel = w.shape[:-2]
    pads = pads_for(x, kernel, strides, padding, dilation)
    return kernels.conv_grad_kernel(x, g, kernel, strides, pads, dilation, _groups(x, w), out)


def _depthwise_spec(x: Spec, w: Spec, *, strides: Any, padding: str, dilation: Any) -> Spec:
    if x.shape[-1] != w.shape[-2]:
        raise ShapeError(f"the kernel is for {w.shape[-2]} channels, but the input has {x.shape[-1]}.")
    kernel = tuple(int(k or 1) for k in w.shape[:-2])
    channels = int(w.shape[-2] or 0) * int(w.shape[-1] or 0)
    return Spec((x.shape[0], *_lengths(x, kernel, strides, padding, dilation), channels), x.dtype)


@defop(
    infer=_depthwise_spec,
    vjp=(
        lambda g, y, x, w, **a: dispatch(OPS["depthwise_grad_input"], (g, w, x), a),
        lambda g, y, x, w, **a: dispatch(OPS["depthwise_grad_kernel"], (x, g, w), a),
    ),
    macs=_conv_macs,
    cases=(
        case(F(2, 6, 5, 3), F(3, 2, 3, 2), strides=(1, 1), padding="valid", dilation=(1, 1)),
        case(F(2, 6, 5, 3), F(3, 3, 3, 1), strides=(2, 2), padding="same", dilation=(1, 1)),
    ),
    name="depthwise_conv",
)
def _depthwise(x: Any, w: Any, *, strides: Any, padding: str, dilation: Any, out: Any = None) -> Any:
    pads = pads_for(x, w.shape[:-2], strides, padding, dilation)
    return depthwise_kernels.depthwise(x, w, strides, pads, dilation, out)


@defop(
    infer=lambda g, w, x, **_: Spec(x.shape, g.dtype),
    vjp=(
        lambda h, y, g, w, x, **a: _depthwise(h, w, **a),
        lambda h, y, g, w, x, **a: dispatch(OPS["depthwise_grad_kernel"], (h, g, w), a),
        None,
    ),
    shape_only=(2,),
    cases=(case(F(2, 4, 4, 6), F(3, 2, 3, 2), F(2, 6, 5, 3), strides=(1, 1), padding="valid", dilation=(1, 1)),),
)
def depthwise_grad_input(g: Any, w: Any, x: Any, *, strides: Any, padding: str, dilation: Any, out: Any = None) -> Any:
    """Gradient of a depthwise convolution by its input; only the shape of x is read."""
    pads = pads_for(x, w.shape[:-2], strides, padding, dilation)
    return depthwise_kernels.depthwise_grad_input(g, w, x.shape[1:-1], strides, pads, dilation, out)


@defop(
    infer=lambda x, g, w, **_: Spec(w.shape, g.dtype),
    vjp=(
        lambda h, y, x, g, w, **a: dispatch(OPS["depthwise_grad_input"], (g, h, x), a),
        lambda h, y, x, g, w, **a: _depthwise(x, h, **a),
        None,
    ),
    shape_only=(2,),
    cases=(case(F(2, 6, 5, 3), F(2, 4, 4, 6), F(3, 2, 3, 2), strides=(1, 1), padding="valid", dilation=(1, 1)),),
)
def depthwise_grad_kernel(x: Any, g: Any, w: Any, *, strides: Any, padding: str, dilation: Any, out: Any = None) -> Any:
    """Gradient of a depthwise convolution by its kernel; only the shape of w is read."""
    kernel, multiplier = w.shape[:-2], w.shape[-1]
    pads = pads_for(x, kernel, strides, padding, dilation)
    return depthwise_kernels.depthwise_grad_kernel(x, g, kernel, multiplier, strides, pads, dilation, out)


def per_axis(value: Any, rank: int) -> tuple[int, ...]:
    """One number for each space axis."""
    return (int(value),) * rank if isinstance(value, int) else tuple(int(v) for v in value)


def channels_last(x: Any, data_format: str) -> Any:
    """x with its channels moved last."""
    if data_format == "channels_last":
        return x
    rank = len(infer_shape_of(x))
    return transpose(x, (0, *range(2, rank), 1))


def channels_back(y: Any, data_format: str) -> Any:
    """The inverse of `channels_last`."""
    if data_format == "channels_last":
        return y
    rank = len(infer_shape_of(y))
    return transpose(y, (0, rank - 1, *range(1, rank - 1)))


def _prepared(inputs: Any, kernel: Any, strides: Any, dilation: Any, data_format: Any) -> tuple[Any, Any, Any, str]:
    layout = config.standardize_data_format(data_format)
    rank = len(infer_shape_of(kernel)) - 2
    if len(infer_shape_of(inputs)) != rank + 2:
        raise ShapeError(
            f"a convolution over {rank} axes reads {rank + 2} axes with batch and channels, "
            f"but gets {len(infer_shape_of(inputs))}.",
            op="conv",
            shapes=(infer_shape_of(inputs), infer_shape_of(kernel)),
        )
    return channels_last(convert_to_tensor(inputs), layout), per_axis(strides, rank), per_axis(dilation, rank), layout


@composite(f"{NN}:Conv")
def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolution over 1 to 3 space axes; `kernel` is (*window, channels / groups, filters)."""
    x, steps, dilation, layout = _prepared(inputs, kernel, strides, dilation_rate, data_format)
    y = _conv(x, kernel, strides=steps, padding=padding.lower(), dilation=dilation)
    return channels_back(y, layout)


@composite(f"{NN}:DepthwiseConv")
def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolution of each channel on its own; `kernel` is (*window, channels, multiplier)."""
    x, steps, dilation, layout = _prepared(inputs, kernel, strides, dilation_rate, data_format)
    y = _depthwise(x, kernel, strides=steps, padding=padding.lower(), dilation=dilation)
    return channels_back(y, layout)


@composite(f"{NN}:SeparableConv")
def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Any:
    """A depthwise convolution and then one that mixes channels at each place."""
    y = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(y, pointwise_kernel, 1, "valid", data_format)
