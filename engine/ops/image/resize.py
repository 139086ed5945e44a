"""Changing the size of pictures."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from engine.core import config, dtypes
from engine.core.op import composite
from engine.core.tensor import convert_to_tensor
from engine.ops import elementwise as ew
from engine.ops.elementwise import cast, clip, round
from engine.ops.image.layout import working_type
from engine.ops.index import take
from engine.ops.product import tensordot
from engine.ops.reduce import max as largest
from engine.ops.reduce import min as smallest
from engine.ops.reduce import sum as total_of
from engine.ops.shape import moveaxis, pad

__all__ = ["resize", "scale_and_translate"]

IMAGE = "keras.src.ops.image"
Array = np.ndarray[Any, Any]
INTERPOLATIONS = ("bilinear", "nearest", "lanczos3", "lanczos5", "bicubic")


def _triangle(lib: Any, x: Any) -> Any:
    return lib.maximum(0, 1 - x)


def _cubic(lib: Any, x: Any) -> Any:
    """Keys's cubic with a = -1/2 (Keys 1981)."""
    near = ((1.5 * x - 2.5) * x) * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return lib.where(x >= 2.0, 0.0, lib.where(x >= 1.0, far, near))


def _lanczos(radius: float, lib: Any, x: Any) -> Any:
    wave = radius * lib.sin(np.pi * x) * lib.sin(np.pi * x / radius)
    inside = lib.where(x > 1e-3, wave / lib.where(x != 0, np.pi**2 * x**2, 1), 1)
    return lib.where(x > radius, 0.0, inside)


KERNELS: dict[str, Callable[[Any, Any], Any]] = {
    "bilinear": _triangle,
    "bicubic": _cubic,
    "lanczos3": functools.partial(_lanczos, 3.0),
    "lanczos5": functools.partial(_lanczos, 5.0),
}
"""Weight of a pixel by its distance from the place that is asked for, computed by NumPy or by ops."""
TRACED = SimpleNamespace(maximum=ew.maximum, where=ew.where, sin=ew.sin, abs=ew.abs, sum=total_of)
"""The functions of NumPy that weights need, as ops."""
METHODS = {
    **{name: "bilinear" for name in ("linear", "bilinear", "trilinear")},
    **{name: "bicubic" for name in ("cubic", "bicubic", "tricubic")},
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


def resize_weights(size: int, wanted: int, interpolation: str, antialias: bool) -> Array:
    """(size, wanted): the share of each old pixel in each new one; pixels are taken at their middles."""
    scale = size / wanted
    widened = max(scale, 1.0) if antialias else 1.0
    places = (np.arange(wanted) + 0.5) * scale - 0.5
    weights: Array = _shares(np, places, np.arange(size), widened, interpolation)
    return weights


def _shares(lib: Any, places: Any, pixels: Array, widened: Any, interpolation: str) -> Any:
    """(pixels, places): what each pixel counts for at each place; together 1."""
    distances = lib.abs(places[None, :] - pixels[:, None]) / widened
    weights = KERNELS[interpolation](lib, distances)
    total = lib.sum(weights, axis=0, keepdims=True)
    steady = lib.abs(total) > 1000.0 * np.finfo("float32").eps
    return lib.where(steady, weights / lib.where(total != 0, total, 1), 0.0)


@composite(f"{IMAGE}:Resize")
def resize(
    images: Any,
    size: Any,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Any:
    """Pictures of another height and width.

    Args:
        images: (height, width, channels) or (batch, height, width, channels), or channels first.
        size: (height, width) wanted.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        antialias: whether several old pixels are mixed when a picture becomes smaller.
        crop_to_aspect_ratio: cut the middle to the wanted proportions first.
        pad_to_aspect_ratio: fill the sides to the wanted proportions first.
        fill_mode: "constant".
        fill_value: what the sides are filled with.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Raises:
        ValueError: unknown words, both ways to keep proportions, or another rank.
    """
    _check(interpolation, fill_mode, crop_to_aspect_ratio and pad_to_aspect_ratio, size)
    images = convert_to_tensor(images)
    if len(images.shape) not in (3, 4):
        raise ValueError(
            "Invalid images rank: expected rank 3 (single image) or rank 4 (batch of images). Received input with "
            f"shape: images.shape={tuple(images.shape)}"
        )
    first = config.standardize_data_format(data_format) == "channels_first"
    axes = (len(images.shape) - 2, len(images.shape) - 1) if first else (len(images.shape) - 3, len(images.shape) - 2)
    height, width = int(size[0]), int(size[1])
    if crop_to_aspect_ratio:
        images = _cropped(images, axes, height, width)
    elif pad_to_aspect_ratio:
        images = _padded(images, axes, height, width, fill_value)
    if interpolation == "nearest":
        return _nearest(images, axes, (height, width))
    return _mixed(images, axes, (height, width), interpolation, antialias)


def _check(interpolation: str, fill_mode: str, both: bool, size: Any) -> None:
    if interpolation not in INTERPOLATIONS:
        raise ValueError(
            "Invalid value for argument `interpolation`. Expected of one "
            f"{INTERPOLATIONS}. Received: interpolation={interpolation}"
        )
    if fill_mode != "constant":
        raise ValueError(
            f"Invalid value for argument `fill_mode`. Only `'constant'` is supported. Received: fill_mode={fill_mode}"
        )
    if both:
        raise ValueError("Only one of `pad_to_aspect_ratio` & `crop_to_aspect_ratio` can be `True`.")
    if len(size) != 2:
        raise ValueError(f"Expected `size` to be a tuple of 2 integers (height, width). Received: size={size}")
    if size[0] <= 0 or size[1] <= 0:
        raise ValueError(f"`size` must have positive height and width. Received: size={size}")


def _cropped(images: Any, axes: tuple[int, int], height: int, width: int) -> Any:
    """The largest middle part with the wanted proportions."""
    rows, columns = (images.shape[a] for a in axes)
    kept = (max(min(rows, int(columns * height / width)), 1), max(min(columns, int(rows * width / height)), 1))
    key: list[Any] = [slice(None)] * len(images.shape)
    for axis, size, part in zip(axes, (rows, columns), kept, strict=True):
        start = (size - part) // 2
        key[axis] = slice(start, start + part)
    return images[tuple(key)]


def _padded(images: Any, axes: tuple[int, int], height: int, width: int, value: float) -> Any:
    """The picture in the middle of one with the wanted proportions."""
    rows, columns = (images.shape[a] for a in axes)
    down = (max(rows, int(columns * height / width)) - rows) // 2
    across = (max(columns, int(rows * width / height)) - columns) // 2
    sides = [(0, 0)] * len(images.shape)
    if down > 0:
        sides[axes[0]] = (down, down)
    elif across > 0:
        sides[axes[1]] = (across, across)
    else:
        return images
    return pad(images, tuple(sides), "constant", value)


def _nearest(images: Any, axes: tuple[int, int], sizes: tuple[int, int]) -> Any:
    for axis, wanted in zip(axes, sizes, strict=True):
        size = images.shape[axis]
        if size != wanted:
            places = np.floor((np.arange(wanted, dtype="float32") + 0.5) * size / wanted).astype("int32")
            images = take(images, places, axis=axis)
    return images


def _mixed(images: Any, axes: tuple[int, int], sizes: tuple[int, int], interpolation: str, antialias: bool) -> Any:
    changed = [(a, n) for a, n in zip(axes, sizes, strict=True) if images.shape[a] != n]
    weights = [(a, resize_weights(images.shape[a], n, interpolation, antialias)) for a, n in changed]
    return _remixed(images, weights) if weights else images


def _remixed(images: Any, weights: Sequence[tuple[int, Any]]) -> Any:
    """Pixels along each axis mixed by (old, new) weights; whole numbers stay whole and within what there was."""
    whole = not dtypes.is_float(images.dtype)
    result = cast(images, "float32") if whole else images
    for axis, shares in weights:
        product = tensordot(result, cast(convert_to_tensor(shares), result.dtype), axes=((axis,), (0,)))
        result = moveaxis(product, -1, axis)
    if not whole:
        return result
    return cast(clip(round(result), cast(smallest(images), "float32"), cast(largest(images), "float32")), images.dtype)


@composite(f"{IMAGE}:ScaleAndTranslate", call=("images", "output_shape", "scale", "translation"))
def scale_and_translate(
    images: Any,
    output_shape: Any,
    scale: Any,
    translation: Any,
    spatial_dims: Any,
    method: str,
    antialias: bool = True,
) -> Any:
    """An array scaled and shifted along some axes: the old place p lies at p · scale + translation in the new one.

    Args:
        images: any array.
        output_shape: its new shape.
        scale: one factor for each of `spatial_dims`.
        translation: one shift for each, in new elements.
        spatial_dims: the axes that change.
        method: "linear", "cubic", "lanczos3" or "lanczos5" (and "bilinear", "trilinear", "bicubic", "tricubic").
        antialias: whether several old elements are mixed when the array becomes smaller.

    Raises:
        ValueError: an unknown method.
    """
    if method not in METHODS:
        raise ValueError(
            f"Invalid value for argument `method`. Expected of one {set(METHODS)}. Received: method={method}"
        )
    images, scale, translation = (convert_to_tensor(v) for v in (images, scale, translation))
    dtype = working_type(dtypes.compute_type(scale.dtype, translation.dtype))
    scale, translation = cast(scale, dtype), cast(translation, dtype)
    weights = []
    for i, given in enumerate(spatial_dims):
        axis = given % len(images.shape)
        size, inverse = images.shape[axis], 1.0 / scale[i]
        widened = ew.maximum(inverse, 1.0) if antialias else 1.0
        steps = np.arange(output_shape[axis], dtype=dtype) + 0.5
        places = steps * inverse - translation[i] * inverse - 0.5
        inside = ew.logical_and(places >= -0.5, places <= size - 0.5)
        shares = _shares(TRACED, places, np.arange(size, dtype=dtype), widened, METHODS[method])
        weights.append((axis, ew.where(inside[None, :], shares, 0.0)))
    return _remixed(images, weights) if weights else images
