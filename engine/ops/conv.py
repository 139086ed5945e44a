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

__all__ = ["conv", "conv_transpose", "depthwise_conv", "separable_conv"]

NN = "keras.src.ops.nn"
AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def pads_for(x: Any, kernel: Sequence[int], strides: Any, padding: Any, dilation: Any) -> list[tuple[int, int]]:
    """Zeros (before, after) each space axis; `padding` is a word, or these numbers, of which negative ones cut off."""
    if not isinstance(padding, str):
        return list(padding)
    if padding == "valid":
        return [(0, 0)] * len(kernel)
    if padding == "causal":
        return [(d * (k - 1), 0) for k, d in zip(kernel, dilation, strict=True)]
    axes = zip(x.shape[1:-1], kernel, strides, dilation, strict=True)
    return [shapes.same_padding(n, k, s, d) for n, k, s, d in axes]


def _lengths(x: Spec, kernel: Any, strides: Any, padding: Any, dilation: Any) -> tuple[int | None, ...]:
    names, space = AXES.get(len(kernel), ("",) * len(kernel)), x.shape[1:-1]
    if not isinstance(padding, str):
        space = tuple(None if n is None else n + a + b for n, (a, b) in zip(space, padding, strict=True))
        padding = "valid"
    axes = zip(space, kernel, strides, dilation, names, strict=True)
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


def _cut(x: Any, pads: list[tuple[int, int]]) -> tuple[Any, list[tuple[int, int]]]:
    """`x` without what negative borders cut off, and the borders that remain."""
    if all(a >= 0 and b >= 0 for a, b in pads):
        return x, pads
    inside = (slice(max(-a, 0), n + min(b, 0)) for n, (a, b) in zip(x.shape[1:-1], pads, strict=True))
    return x[(slice(None), *inside)], [(max(a, 0), max(b, 0)) for a, b in pads]


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
        case(F(2, 6, 5, 3), F(3, 2, 3, 4), strides=(2, 1), padding=((1, -1), (-1, 1)), dilation=(1, 1)),
    ),
    name="conv",
)
def _conv(x: Any, w: Any, *, strides: Any, padding: Any, dilation: Any, out: Any = None) -> Any:
    x, pads = _cut(x, pads_for(x, w.shape[:-2], strides, padding, dilation))
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
def conv_grad_input(g: Any, w: Any, x: Any, *, strides: Any, padding: Any, dilation: Any, out: Any = None) -> Any:
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
def conv_grad_kernel(x: Any, g: Any, w: Any, *, strides: Any, padding: Any, dilation: Any, out: Any = None) -> Any:
    """Gradient of a convolution by its kernel; only the shape of w is read."""
    kernel = w.shape[:-2]
    x, pads = _cut(x, pads_for(x, kernel, strides, padding, dilation))
    return kernels.conv_grad_kernel(x, g, kernel, strides, pads, dilation, _groups(x, w), out)


def _borders(w: Any, strides: Any, padding: str, dilation: Any, output_padding: Any) -> tuple[tuple[int, int], ...]:
    axes = zip(w.shape[:-2], strides, dilation, output_padding, strict=True)
    return tuple(shapes.transposed_borders(int(k), s, padding, d, extra) for k, s, d, extra in axes)


def _transposed_spec(x: Spec, w: Spec, *, strides: Any, padding: str, dilation: Any, output_padding: Any) -> Spec:
    channels, own = x.shape[-1], w.shape[-1]
    if channels is not None and own is not None and channels != own:
        raise ShapeError(
            f"the kernel reads {own} channels, but the input has {channels}.",
            rule=f"{channels} ≠ {own}",
            hint="The last axis of the kernel of a transposed convolution has to be the channels of the input.",
        )
    axes = zip(x.shape[1:-1], w.shape[:-2], strides, dilation, output_padding, strict=True)
    lengths = (shapes.transposed_length(n, int(k or 1), s, padding, d, extra) for n, k, s, d, extra in axes)
    return Spec((x.shape[0], *lengths, w.shape[-2]), x.dtype)


def _transposed_macs(out: Spec, x: Spec, w: Spec, **_: Any) -> int:
    places = math.prod(d for d in x.shape[1:-1] if d is not None)
    return places * math.prod(int(d or 0) for d in w.shape)


def _as_conv(w: Any, *, strides: Any, padding: str, dilation: Any, output_padding: Any) -> dict[str, Any]:
    """The convolution of which the transposed one is the gradient by the input."""
    borders = _borders(w, strides, padding, dilation, output_padding)
    return {"strides": strides, "padding": borders, "dilation": dilation}


@defop(
    infer=_transposed_spec,
    vjp=(
        lambda g, y, x, w, **a: _conv(g, w, **_as_conv(w, **a)),
        lambda g, y, x, w, **a: conv_grad_kernel(g, x, w, **_as_conv(w, **a)),
    ),
    macs=_transposed_macs,
    cases=tuple(
        case(F(2, 4, 3, 3), F(*kernel, 4, 3), strides=s, padding=p, dilation=d, output_padding=e)
        for kernel, s, p, d, e in (
            ((3, 2), (1, 1), "valid", (1, 1), (None, None)),
            ((2, 3), (3, 2), "valid", (1, 1), (None, None)),
            ((3, 2), (2, 3), "same", (1, 1), (None, None)),
            ((3, 4), (2, 3), "same", (1, 1), (1, 2)),
            ((3, 2), (2, 2), "valid", (1, 1), (0, 1)),
            ((3, 2), (1, 1), "same", (2, 3), (None, None)),
        )
    )
    + (
        case(F(2, 5, 2), F(3, 4, 2), strides=(2,), padding="same", dilation=(1,), output_padding=(None,)),
        case(F(0, 5, 2), F(3, 4, 2), strides=(2,), padding="same", dilation=(1,), output_padding=(None,)),
    ),
    name="conv_transpose",
)
def _conv_transpose(
    x: Any, w: Any, *, strides: Any, padding: str, dilation: Any, output_padding: Any, out: Any = None
) -> Any:
    pads = _borders(w, strides, padding, dilation, output_padding)
    axes = zip(x.shape[1:-1], w.shape[:-2], strides, dilation, pads, strict=True)
    space = tuple(max((n - 1) * s + d * (k - 1) + 1 - a - b, 0) for n, k, s, d, (a, b) in axes)
    return kernels.conv_grad_input(x, w, space, strides, pads, dilation, 1, out)


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


@composite(f"{NN}:Conv", call=("inputs", "kernel"))
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


@composite(f"{NN}:ConvTranspose", call=("inputs", "kernel"))
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Any:
    """Transposed convolution over 1 to 3 space axes; `kernel` is (*window, filters, channels).

    Each place spreads over a window, `strides` apart: n becomes (n - 1) · stride + max(window, stride) for "valid",
    n · stride for "same". With `output_padding` o: (n - 1) · stride + window + o, and + window % 2 + o.
    """
    if padding.lower() not in ("valid", "same"):
        raise ValueError(f"conv_transpose: the `padding` argument is one of 'valid' or 'same'. Received: {padding!r}")
    x, steps, dilation, layout = _prepared(inputs, kernel, strides, dilation_rate, data_format)
    extra = (None,) * len(steps) if output_padding is None else per_axis(output_padding, len(steps))
    y = _conv_transpose(x, kernel, strides=steps, padding=padding.lower(), dilation=dilation, output_padding=extra)
    return channels_back(y, layout)


@composite(f"{NN}:DepthwiseConv", call=("inputs", "kernel"))
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


@composite(f"{NN}:SeparableConv", call=("inputs", "depthwise_kernel", "pointwise_kernel"))
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
