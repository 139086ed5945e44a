"""Fourier transforms on pairs of real arrays, and cutting signals into overlapping frames."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def _joined(real: Array, imaginary: Array) -> Array:
    result = np.empty(real.shape, np.complex128 if real.dtype == np.float64 else np.complex64)
    result.real, result.imag = real, imaginary
    return result


def _parts(values: Array, dtype: Any) -> tuple[Array, Array]:
    return np.ascontiguousarray(values.real, dtype), np.ascontiguousarray(values.imag, dtype)


def _single(x: Array) -> Array:
    return x if x.dtype.itemsize > 2 else x.astype(np.float32)


def transform(real: Array, imaginary: Array, axes: int, inverse: bool, scaled: bool) -> tuple[Array, Array]:
    """Over the last `axes` axes; `scaled` divides by the number of points."""
    function = np.fft.ifftn if inverse else np.fft.fftn
    norm: Any = "backward" if scaled == inverse else "forward"
    values = function(_joined(real, imaginary), axes=tuple(range(-axes, 0)), norm=norm)
    return _parts(values, real.dtype)


def real_transform(x: Array, length: int) -> tuple[Array, Array]:
    """Frequencies 0 to length / 2 of the last axis, cut or filled up with zeros to `length`."""
    return _parts(np.fft.rfft(_single(x), length), x.dtype)


def real_transform_grad(real: Array, imaginary: Array, length: int, size: int) -> Array:
    """Gradient of `real_transform` by an input whose last axis is `size` long."""
    spectrum = _joined(real, imaginary)
    spectrum[..., 1 : (length + 1) // 2] *= 0.5
    return _fitted(np.fft.irfft(spectrum, length, norm="forward"), size, real.dtype)


def _fitted(x: Array, size: int, dtype: Any) -> Array:
    """The last axis cut or filled up with zeros."""
    result = np.zeros((*x.shape[:-1], size), dtype)
    count = min(size, x.shape[-1])
    result[..., :count] = x[..., :count]
    return result


def real_inverse(real: Array, imaginary: Array, length: int) -> Array:
    """The real signal of `length` that has these frequencies."""
    result: Array = np.fft.irfft(_joined(real, imaginary), length).astype(real.dtype)
    return result


def real_inverse_grad(g: Array, length: int, bins: int) -> tuple[Array, Array]:
    """Gradient of `real_inverse` by parts whose last axis is `bins` long."""
    spectrum = np.fft.rfft(_single(g), length, norm="forward")
    spectrum[..., 1 : (length + 1) // 2] *= 2
    real, imaginary = _parts(spectrum, g.dtype)
    return _fitted(real, bins, g.dtype), _fitted(imaginary, bins, g.dtype)


def frames(x: Array, length: int, stride: int, border: int) -> Array:
    """Frames (..., count, length) of the last axis, which is mirrored at both ends over `border` places first."""
    if border:
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(border, border)], mode="reflect")
    view = np.lib.stride_tricks.sliding_window_view(x, length, axis=-1)
    return np.ascontiguousarray(view[..., ::stride, :])


def overlap(parts: Array, stride: int, size: int) -> Array:
    """Frames added up where they stood in a signal of `size`."""
    count, length = parts.shape[-2:]
    blocks = -(-length // stride)
    total = np.zeros((*parts.shape[:-2], count + blocks, stride), parts.dtype)
    for j in range(blocks):
        piece = parts[..., j * stride : (j + 1) * stride]
        total[..., j : j + count, : piece.shape[-1]] += piece
    return _fitted(total.reshape(*parts.shape[:-2], -1), size, parts.dtype)


def frames_grad(g: Array, size: int, stride: int, border: int) -> Array:
    """Gradient of `frames` by a signal of `size`."""
    total = overlap(g, stride, size + 2 * border)
    if not border:
        return total
    result = np.ascontiguousarray(total[..., border : border + size])
    places = np.pad(np.arange(size), border, mode="reflect")
    columns = result.reshape(-1, size).T
    for start, end in ((0, border), (border + size, size + 2 * border)):
        np.add.at(columns, places[start:end], total.reshape(-1, size + 2 * border).T[start:end])
    return result
