"""Pictures cut and framed, and taken apart into patches."""

from __future__ import annotations

import math
from typing import Any

from engine.core import dtypes
from engine.core.op import composite
from engine.core.tensor import convert_to_tensor
from engine.ops.conv import conv
from engine.ops.elementwise import cast
from engine.ops.image.layout import IMAGE, check_rank, is_first, space_axes
from engine.ops.making import eye
from engine.ops.shape import expand_dims, moveaxis, pad, reshape, squeeze, transpose

__all__ = ["crop_images", "extract_patches", "extract_patches_3d", "pad_images"]


def _check_three(**given: Any) -> None:
    """Of two sides and the length wanted, exactly one has to be left open."""
    if list(given.values()).count(None) != 1:
        shown = ", ".join(f"{name}={value}" for name, value in given.items())
        raise ValueError(f"Must specify exactly two of {', '.join(given)}. Received: {shown}")
    for name, value in given.items():
        _check_positive(name, value)


def _check_positive(name: str, value: Any) -> None:
    if value is not None and value < 0:
        raise ValueError(f"{name} must be >= 0. Received: {name}={value}")


def _ranked(images: Any) -> Any:
    images = convert_to_tensor(images)
    check_rank(images)
    return images


@composite(f"{IMAGE}:PadImages")
def pad_images(
    images: Any,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    """Pictures with zeros around them; of each three (two sides, length), two are given.

    Args:
        images: (height, width, channels) or (batch, height, width, channels), or channels first.
        top_padding, bottom_padding, target_height: pixels above and below, and the new height.
        left_padding, right_padding, target_width: pixels on both sides, and the new width.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Raises:
        ValueError: more or fewer than two of a three, negative numbers, or another rank.
    """
    images = _ranked(images)
    _check_three(top_padding=top_padding, bottom_padding=bottom_padding, target_height=target_height)
    _check_three(left_padding=left_padding, right_padding=right_padding, target_width=target_width)
    axes = space_axes(images, is_first(data_format))
    sides = [(0, 0)] * len(images.shape)
    names = (("top", "bottom"), ("left", "right"))
    wishes = ((top_padding, bottom_padding, target_height), (left_padding, right_padding, target_width))
    for axis, (before, after, length), words in zip(axes, wishes, names, strict=True):
        size = images.shape[axis]
        if before is None:
            before = length - after - size  # type: ignore[operator]
        if after is None:
            after = length - before - size  # type: ignore[operator]
        for word, number in zip(words, (before, after), strict=True):
            _check_positive(f"{word}_padding", number)
        sides[axis] = (before, after)
    return pad(images, tuple(sides))


@composite(f"{IMAGE}:CropImages")
def crop_images(
    images: Any,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    """A part of each picture; of each three (two sides, length), two are given.

    Args:
        images: (height, width, channels) or (batch, height, width, channels), or channels first.
        top_cropping, bottom_cropping, target_height: pixels cut off above and below, and the new height.
        left_cropping, right_cropping, target_width: pixels cut off on both sides, and the new width.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Raises:
        ValueError: more or fewer than two of a three, negative numbers, or another rank.
    """
    images = _ranked(images)
    _check_three(top_cropping=top_cropping, bottom_cropping=bottom_cropping, target_height=target_height)
    _check_three(left_cropping=left_cropping, right_cropping=right_cropping, target_width=target_width)
    axes = space_axes(images, is_first(data_format))
    key: list[Any] = [slice(None)] * len(images.shape)
    names = (("top_cropping", "target_height"), ("left_cropping", "target_width"))
    wishes = ((top_cropping, bottom_cropping, target_height), (left_cropping, right_cropping, target_width))
    for axis, (before, after, length), words in zip(axes, wishes, names, strict=True):
        size = images.shape[axis]
        if before is None:
            before = size - length - after
        if length is None:
            length = size - after - before
        for word, number in zip(words, (before, length), strict=True):
            _check_positive(word, number)
        key[axis] = slice(before, before + length)
    return images[tuple(key)]


def _lengths(size: Any, rank: int, allowed: tuple[int, ...]) -> tuple[int, ...]:
    """The sides of a patch."""
    if isinstance(size, int):
        return (size,) * rank
    if not isinstance(size, (tuple, list)):
        raise TypeError(
            f"Invalid `size` argument. Expected an int or a tuple. Received: size={size} of type {type(size).__name__}"
        )
    if len(size) not in allowed:
        words = " or ".join(str(n) for n in allowed)
        raise ValueError(
            f"Invalid `size` argument. Expected a tuple of length {words}. Received: size={size} with length "
            f"{len(size)}"
        )
    return tuple(int(n) for n in size)


@composite(f"{IMAGE}:ExtractPatches")
def extract_patches(
    images: Any,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Small windows of pictures, each as one row of numbers.

    Args:
        images: (height, width, channels) or (batch, height, width, channels), or channels first.
        size: side of the windows, or (height, width); with three numbers as `extract_patches_3d`.
        strides: pixels from one window to the next; side by side by default.
        dilation_rate: pixels from one pixel of a window to the next.
        padding: "valid", or "same" for as many windows as strides fit.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Returns:
        (batch, rows, columns, patch height · patch width · channels), or channels first.
    """
    sides = _lengths(size, 2, (2, 3))
    return _patches(convert_to_tensor(images), sides, strides, dilation_rate, padding, data_format)


@composite(f"{IMAGE}:ExtractPatches")
def extract_patches_3d(
    volumes: Any,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Small boxes of volumes, each as one row of numbers.

    Args:
        volumes: (depth, height, width, channels) or with a batch axis, or channels first.
        size: side of the boxes, or (depth, height, width).
        strides: steps from one box to the next; side by side by default.
        dilation_rate: steps from one element of a box to the next.
        padding: "valid", or "same" for as many boxes as strides fit.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Returns:
        (batch, depths, rows, columns, patch depth · patch height · patch width · channels), or channels first.
    """
    sides = _lengths(size, 3, (3,))
    return _patches(convert_to_tensor(volumes), sides, strides, dilation_rate, padding, data_format)


def _patches(
    images: Any, sides: tuple[int, ...], strides: Any, dilation_rate: Any, padding: str, data_format: str | None
) -> Any:
    rank = len(sides)
    steps = sides if not strides else _lengths(strides, rank, (rank,))
    apart = _lengths(dilation_rate, rank, (rank,))
    first = is_first(data_format)
    batched = len(images.shape) == rank + 2
    batch = images if batched else expand_dims(images, 0)
    batch = moveaxis(batch, 1, -1) if first else batch
    if steps == sides and padding == "valid" and set(apart) == {1} and None not in batch.shape[1:]:
        found = _side_by_side(batch, sides)
    else:
        found = _through_convolution(batch, sides, steps, apart, padding)
    found = moveaxis(found, -1, 1) if first else found
    return found if batched else squeeze(found, 0)


def _side_by_side(batch: Any, sides: tuple[int, ...]) -> Any:
    """Windows that touch and do not overlap: the axes split and sorted."""
    counts = [n // side for n, side in zip(batch.shape[1:-1], sides, strict=True)]
    whole = tuple(slice(0, n * side) for n, side in zip(counts, sides, strict=True))
    split = [part for pair in zip(counts, sides, strict=True) for part in pair]
    rank, channels = len(sides), batch.shape[-1]
    parts = reshape(batch[(slice(None), *whole)], (-1, *split, channels))
    order = (0, *range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2), 2 * rank + 1)
    return reshape(transpose(parts, order), (-1, *counts, math.prod(sides) * channels))


def _through_convolution(
    batch: Any, sides: tuple[int, ...], steps: tuple[int, ...], apart: tuple[int, ...], padding: str
) -> Any:
    """Any windows: a convolution each of whose kernels picks one element."""
    channels = batch.shape[-1]
    count = math.prod(sides) * channels
    dtype = dtypes.compute_type(batch.dtype, float)
    kernel = reshape(eye(count, dtype=dtype), (*sides, channels, count))
    found = conv(cast(batch, dtype), kernel, steps, padding, "channels_last", apart)
    return cast(found, batch.dtype)
