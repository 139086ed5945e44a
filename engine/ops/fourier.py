"""Fourier transforms of `keras.ops`: complex numbers are pairs (real, imaginary) of values."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import dtypes, shapes
from engine.core.cases import F, case
from engine.core.errors import ShapeError
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.tensor import Spec, convert_to_tensor
from engine.kernels import fourier as kernels
from engine.kernels.windowing import window as named_window
from engine.ops import elementwise as ew
from engine.ops.shape import broadcast_to

__all__ = ["fft", "fft2", "ifft2", "irfft", "istft", "rfft", "stft"]

MATH = "keras.src.ops.math"


def _pair(x: Any) -> tuple[Any, Any]:
    """Real and imaginary part.

    Raises:
        ValueError: they are not two values of one shape and of float type.
    """
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(f"Input `x` should be a tuple of two tensors - real and imaginary. Received: x={x}")
    real, imaginary = convert_to_tensor(x[0]), convert_to_tensor(x[1])
    if tuple(real.shape) != tuple(imaginary.shape):
        raise ShapeError(
            "Input `x` should be a tuple of two tensors - real and imaginary. Both the real and imaginary parts "
            f"should have the same shape. Received: x[0].shape = {real.shape}, x[1].shape = {imaginary.shape}",
            shapes=(real.shape, imaginary.shape),
        )
    if not dtypes.is_float(real.dtype) or not dtypes.is_float(imaginary.dtype):
        raise ValueError(
            f"At least one tensor in input `x` is not of type float. Received: {real.dtype} and {imaginary.dtype}."
        )
    dtype = dtypes.compute_type(real.dtype, imaginary.dtype)
    return ew.cast(real, dtype), ew.cast(imaginary, dtype)


def _filled(grads: Any, outputs: Any) -> list[Any]:
    return [ew.zeros_like(y) if g is None else g for g, y in zip(grads, outputs, strict=True)]


def _transform_specs(real: Spec, imaginary: Spec, *, axes: int, **_: Any) -> tuple[Spec, Spec]:
    if len(real.shape) < axes:
        raise ShapeError(f"Input should have rank >= {axes}. Received: input.shape = {real.shape}")
    return real, real


def _transform_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    return transform(*_filled(grads, outputs), **{**attrs, "inverse": not attrs["inverse"]})


@defop(
    infer=_transform_specs,
    vjp_all=_transform_vjp,
    cases=(
        case(F(2, 5), F(2, 5), axes=1, inverse=False, scaled=False),
        case(F(2, 4), F(2, 4), axes=1, inverse=True, scaled=True),
        case(F(2, 3, 4), F(2, 3, 4), axes=2, inverse=True, scaled=False),
        case(F(2, 3, 4), F(2, 3, 4), axes=2, inverse=False, scaled=True),
        case(F(0, 4), F(0, 4), axes=1, inverse=False, scaled=False),
    ),
)
def transform(real: Any, imaginary: Any, *, axes: int, inverse: bool, scaled: bool) -> Any:
    """Fourier transform over the last `axes` axes, divided by the number of points if `scaled`."""
    return kernels.transform(real, imaginary, axes, inverse, scaled)


@composite(f"{MATH}:FFT")
def fft(x: Any) -> Any:
    """Fourier transform of the last axis of a pair (real, imaginary)."""
    return transform(*_pair(x), axes=1, inverse=False, scaled=False)


@composite(f"{MATH}:FFT2")
def fft2(x: Any) -> Any:
    """Fourier transform of the last two axes of a pair (real, imaginary)."""
    return transform(*_pair(x), axes=2, inverse=False, scaled=False)


@composite(f"{MATH}:IFFT2")
def ifft2(x: Any) -> Any:
    """Inverse Fourier transform of the last two axes of a pair (real, imaginary)."""
    return transform(*_pair(x), axes=2, inverse=True, scaled=True)


def _points(size: Any, length: int | None) -> Any:
    return size if length is None else length


def _real_specs(x: Spec, *, length: int | None) -> tuple[Spec, Spec]:
    if not x.shape:
        raise ShapeError(f"Input should have rank >= 1. Received: input.shape = {x.shape}")
    count = _points(x.shape[-1], length)
    if count is not None and count < 1:
        raise ShapeError(f"a Fourier transform needs at least 1 point, but gets {count}.")
    spec = Spec((*x.shape[:-1], None if count is None else count // 2 + 1), x.dtype)
    return spec, spec


def _real_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    return (dispatch(OPS["real_transform_grad"], (*_filled(grads, outputs), inputs[0]), attrs),)


@defop(
    infer=_real_specs,
    vjp_all=_real_vjp,
    promote="float",
    cases=tuple(
        case(F(2, n), length=length) for n, length in ((5, None), (6, None), (5, 8), (7, 4), (6, 5), (1, None))
    ),
)
def real_transform(x: Any, *, length: int | None) -> Any:
    """Frequencies of a real signal, whose last axis is cut or filled up with zeros to `length`."""
    return kernels.real_transform(x, _points(x.shape[-1], length))


@defop(
    infer=lambda real, imaginary, x, **_: Spec(x.shape, real.dtype),
    vjp_all=lambda grads, outputs, inputs, attrs: (*real_transform(grads[0], **attrs), None),
    shape_only=(2,),
    cases=(case(F(2, 4), F(2, 4), F(2, 6), length=None), case(F(2, 3), F(2, 3), F(2, 6), length=5)),
)
def real_transform_grad(real: Any, imaginary: Any, x: Any, *, length: int | None) -> Any:
    """Gradient of `real_transform`; only the shape of x is read."""
    return kernels.real_transform_grad(real, imaginary, _points(x.shape[-1], length), x.shape[-1])


@composite(f"{MATH}:RFFT")
def rfft(x: Any, fft_length: int | None = None) -> Any:
    """Fourier transform of the last axis of real values: the pair of frequencies 0 to fft_length / 2."""
    return real_transform(x, length=fft_length)


def _inverse_points(bins: Any, length: int | None) -> Any:
    return 2 * (bins - 1) if length is None and bins is not None else length


def _inverse_spec(real: Spec, imaginary: Spec, *, length: int | None) -> Spec:
    if not real.shape:
        raise ShapeError(f"Input should have rank >= 1. Received: input.shape = {real.shape}")
    count = _inverse_points(real.shape[-1], length)
    if count is not None and count < 1:
        raise ShapeError(f"an inverse Fourier transform gives at least 1 point, not {count}: give `fft_length`.")
    return Spec((*real.shape[:-1], count), real.dtype)


def _inverse_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    found: tuple[Any, ...] = dispatch(OPS["real_inverse_grad"], (grads[0], inputs[0]), {})
    return found


@defop(
    infer=_inverse_spec,
    vjp_all=_inverse_vjp,
    cases=tuple(case(F(2, n), F(2, n), length=length) for n, length in ((4, None), (4, 7), (4, 10), (5, 4), (1, 1))),
)
def real_inverse(real: Any, imaginary: Any, *, length: int | None) -> Any:
    """The real signal whose frequencies are given."""
    return kernels.real_inverse(real, imaginary, _inverse_points(real.shape[-1], length))


def _inverse_grad_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    real, imaginary = _filled(grads, outputs)
    return _real_inverse_as(real, imaginary, inputs[0]), None


@defop(
    infer=lambda real, imaginary, like: like,
    vjp_all=lambda grads, outputs, inputs, attrs: (
        *dispatch(OPS["real_inverse_grad"], (grads[0], inputs[0]), {}),
        None,
    ),
    shape_only=(2,),
    cases=(case(F(2, 4), F(2, 4), F(2, 6)), case(F(2, 3), F(2, 3), F(2, 7))),
    name="real_inverse_as",
)
def _real_inverse_as(real: Any, imaginary: Any, like: Any) -> Any:
    """`real_inverse` to the length of another signal."""
    return kernels.real_inverse(real, imaginary, like.shape[-1])


@defop(
    infer=lambda g, real: (Spec(real.shape, g.dtype), Spec(real.shape, g.dtype)),
    vjp_all=_inverse_grad_vjp,
    shape_only=(1,),
    cases=(case(F(2, 6), F(2, 4)), case(F(2, 7), F(2, 3)), case(F(2, 6), F(2, 5))),
)
def real_inverse_grad(g: Any, real: Any) -> Any:
    """Gradient of `real_inverse` by both parts; only the shape of `real` is read."""
    return kernels.real_inverse_grad(g, g.shape[-1], real.shape[-1])


@composite(f"{MATH}:IRFFT")
def irfft(x: Any, fft_length: int | None = None) -> Any:
    """The real signal whose frequencies are a pair (real, imaginary); give the length where it is odd."""
    return real_inverse(*_pair(x), length=fft_length)


def _frames_spec(x: Spec, *, length: int, stride: int, border: int) -> Spec:
    size = x.shape[-1]
    if size is not None and border >= size > 0:
        raise ShapeError(
            f"the signal is mirrored over {border} places at both ends, but it has only {size}.",
            rule=f"{border} ≥ {size}",
            hint="Use center=False or a smaller fft_length.",
        )
    count = shapes.window_length(None if size is None else size + 2 * border, length, stride, "valid", 1, "samples")
    return Spec((*x.shape[:-1], count, length), x.dtype)


@defop(
    infer=_frames_spec,
    vjp=(lambda g, y, x, **a: frames_grad(g, x, stride=a["stride"], border=a["border"]),),
    cases=(
        case(F(2, 9), length=4, stride=2, border=0),
        case(F(2, 10), length=4, stride=3, border=2),
        case(F(7), length=3, stride=3, border=1),
        case(F(0, 9), length=4, stride=2, border=0),
    ),
)
def frames(x: Any, *, length: int, stride: int, border: int) -> Any:
    """Overlapping pieces (..., count, length) of the last axis, mirrored over `border` places at both ends."""
    return kernels.frames(x, length, stride, border)


@defop(
    infer=lambda g, x, **_: Spec(x.shape, g.dtype),
    vjp=(lambda h, y, g, x, *, stride, border: frames(h, length=g.shape[-1], stride=stride, border=border), None),
    shape_only=(1,),
    cases=(case(F(2, 3, 4), F(2, 9), stride=2, border=0), case(F(2, 4, 4), F(2, 10), stride=3, border=2)),
)
def frames_grad(g: Any, x: Any, *, stride: int, border: int) -> Any:
    """Gradient of `frames`; only the shape of x is read."""
    return kernels.frames_grad(g, x.shape[-1], stride, border)


def _overlap_spec(parts: Spec, *, stride: int) -> Spec:
    count, length = parts.shape[-2:]
    return Spec(
        (*parts.shape[:-2], None if count is None or length is None else _total(count, length, stride)), parts.dtype
    )


def _total(count: int, length: int, stride: int) -> int:
    return (count - 1) * stride + length if count else 0


@defop(
    infer=_overlap_spec,
    vjp=(lambda g, y, parts, *, stride: frames(g, length=parts.shape[-1], stride=stride, border=0),),
    cases=(case(F(2, 3, 4), stride=2), case(F(3, 5), stride=3), case(F(2, 3, 2), stride=3)),
)
def overlap_add(parts: Any, *, stride: int) -> Any:
    """Frames (..., count, length) added up `stride` apart."""
    return kernels.overlap(parts, stride, _total(*parts.shape[-2:], stride))


def _window(window: Any, sequence_length: int, fft_length: int, dtype: str) -> Any:
    """The window in the middle of `fft_length` places; None for no window."""
    if window is None:
        return None
    if isinstance(window, str):
        if window not in ("hann", "hamming"):
            raise ValueError(
                f'If a string is passed to `window`, it must be one of `"hann"`, `"hamming"`. Received: window={window}'
            )
        window = named_window(window, sequence_length).astype(dtypes.numpy_dtype(dtype))
    values = ew.cast(convert_to_tensor(window), dtype)
    if tuple(values.shape) != (sequence_length,):
        raise ValueError(
            f"The shape of `window` must be equal to [sequence_length]. Received: window shape={values.shape}"
        )
    before = (fft_length - sequence_length) // 2
    from engine.ops.shape import pad

    return pad(values, ((before, fft_length - sequence_length - before),))


def _check(sequence_length: int, sequence_stride: Any, fft_length: int) -> None:
    if not isinstance(sequence_stride, int) or sequence_stride <= 0:
        raise ValueError(f"`sequence_stride` must be a positive integer. Received: sequence_stride={sequence_stride}")
    if fft_length < sequence_length:
        raise ValueError(
            "`fft_length` must equal or larger than `sequence_length`. "
            f"Received: sequence_length={sequence_length}, fft_length={fft_length}"
        )


@composite(f"{MATH}:STFT")
def stft(
    x: Any, sequence_length: int, sequence_stride: int, fft_length: int, window: Any = "hann", center: bool = True
) -> Any:
    """Frequencies of overlapping pieces of a signal: a pair (..., pieces, fft_length / 2 + 1).

    Args:
        x: signal along the last axis, float32 or float64.
        sequence_length: samples in a piece, laid into the middle of `fft_length` places.
        sequence_stride: samples from one piece to the next.
        fft_length: points of each transform.
        window: "hann", "hamming", its numbers, or None.
        center: mirror the signal at both ends, so that piece t has its middle at t · sequence_stride.
    """
    _check(sequence_length, sequence_stride, fft_length)
    x = convert_to_tensor(x)
    if x.dtype not in ("float32", "float64"):
        raise TypeError(f"Invalid input type. Expected `float32` or `float64`. Received: input type={x.dtype}")
    pieces = frames(x, length=fft_length, stride=sequence_stride, border=fft_length // 2 if center else 0)
    faded = _window(window, sequence_length, fft_length, x.dtype)
    return real_transform(pieces if faded is None else pieces * faded, length=None)


@composite(f"{MATH}:ISTFT")
def istft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Any:
    """The signal whose overlapping pieces have these frequencies; the settings are those of `stft`.

    Args:
        x: pair (..., pieces, fft_length / 2 + 1).
        length: samples of the result; None gives all there are.
    """
    _check(sequence_length, sequence_stride, fft_length)
    real, imaginary = _pair(x)
    if len(real.shape) < 2:
        raise ShapeError(f"Input should have rank >= 2. Received: input.shape = {real.shape}", op="istft")
    pieces = real_inverse(real, imaginary, length=fft_length)
    faded = _window(window, sequence_length, fft_length, real.dtype)
    # Without a window Keras weighs with ones and then divides by the stride instead of by their sum.
    scale = 1.0 if faded is not None else fft_length / sequence_stride
    faded = convert_to_tensor(np.ones(fft_length, dtypes.numpy_dtype(real.dtype))) if faded is None else faded
    squares, count = ew.square(faded), real.shape[-2]
    every = ew.zeros_like(pieces) + squares if count is None else broadcast_to(squares, (count, fft_length))
    weights = overlap_add(every, stride=sequence_stride)
    weights = ew.where(ew.greater(weights, 1e-10), weights, ew.ones_like(weights))
    signal = overlap_add(pieces * faded, stride=sequence_stride) / weights * scale
    start = fft_length // 2 if center else 0
    if length is not None:
        return signal[..., start : start + length]
    return signal[..., start : -start if start else None]
