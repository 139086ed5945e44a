"""Filters of pictures: Gaussian blur, edges, and the likeness of two pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import dtypes
from engine.core.op import composite
from engine.core.tensor import convert_to_tensor
from engine.ops.conv import depthwise_conv
from engine.ops.elementwise import cast, exp, square
from engine.ops.image.layout import IMAGE, as_batch, as_given, check_rank, is_first, working_type
from engine.ops.making import ones
from engine.ops.reduce import mean
from engine.ops.reduce import sum as total
from engine.ops.shape import concatenate, moveaxis, reshape, squeeze, stack

__all__ = ["gaussian_blur", "sobel_edges", "ssim"]


def gaussian_kernel(size: int, sigma: Any) -> Any:
    """(size,): the bell curve around the middle, with sum 1."""
    places = np.arange(size, dtype=dtypes.numpy_dtype(sigma.dtype)) - (size - 1) / 2
    heights = exp(-0.5 * square(convert_to_tensor(places, sigma.dtype) / sigma))
    return heights / total(heights)


def spread(images: Any, down: Any, across: Any, padding: str = "same") -> Any:
    """(batch, height, width, channels) smoothed by one kernel along each axis; beyond the edges are zeros."""
    channels = images.shape[-1]
    for kernel, shape in ((down, (-1, 1, 1, 1)), (across, (1, -1, 1, 1))):
        whole = reshape(cast(kernel, images.dtype), shape) * ones((1, 1, channels, 1), images.dtype)
        images = depthwise_conv(images, whole, strides=1, padding=padding, data_format="channels_last")
    return images


def _pair(value: Any) -> tuple[Any, Any]:
    tensor = convert_to_tensor(value)
    return (tensor[0], tensor[1]) if len(tensor.shape) else (tensor, tensor)


@composite(f"{IMAGE}:GaussianBlur")
def gaussian_blur(
    images: Any, kernel_size: Any = (3, 3), sigma: Any = (1.0, 1.0), data_format: str | None = None
) -> Any:
    """Pictures out of focus.

    Args:
        images: (height, width, channels) or (batch, height, width, channels), or channels first.
        kernel_size: pixels that are mixed: along the width, along the height.
        sigma: deviation of the bell curve in pixels: along the width, along the height.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Raises:
        ValueError: another rank.
    """
    images = convert_to_tensor(images)
    check_rank(images)
    first = is_first(data_format)
    batch = as_batch(cast(images, working_type(images.dtype)), first)
    deviations = [cast(s, batch.dtype) for s in _pair(sigma)]
    across, down = (gaussian_kernel(int(n), s) for n, s in zip(kernel_size, deviations, strict=True))
    return cast(as_given(spread(batch, down, across), images, first), images.dtype)


def _along(x: Any, axis: int, part: slice) -> Any:
    return x[tuple(part if i == axis else slice(None) for i in range(len(x.shape)))]


def _neighbours(x: Any, axis: int) -> tuple[Any, Any, Any]:
    """For each pixel the one before it, itself, and the one behind it; at the edge, itself."""
    before = concatenate([_along(x, axis, slice(0, 1)), _along(x, axis, slice(None, -1))], axis=axis)
    behind = concatenate([_along(x, axis, slice(1, None)), _along(x, axis, slice(-1, None))], axis=axis)
    return before, x, behind


def _slope(x: Any, axis: int) -> Any:
    """Sobel's operator: the difference along one axis, smoothed along the other."""
    before, _, behind = _neighbours(x, axis)
    left, middle, right = _neighbours(behind - before, 3 - axis)
    return left + middle * 2 + right


@composite(f"{IMAGE}:SobelEdges")
def sobel_edges(images: Any, data_format: str | None = None) -> Any:
    """How steeply brightness changes at each pixel, downwards and to the right (Sobel and Feldman 1968).

    Args:
        images: (batch, height, width, channels), or channels first.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Returns:
        The shape of the pictures and an axis of 2: downwards, to the right.

    Raises:
        ValueError: another rank.
    """
    images = convert_to_tensor(images)
    if len(images.shape) != 4:
        raise ValueError(
            f"Invalid images rank: expected rank 4 (batch of images). Received: images.shape={tuple(images.shape)}"
        )
    first = is_first(data_format)
    batch = moveaxis(images, 1, -1) if first else images
    edges = stack([_slope(batch, 1), _slope(batch, 2)], axis=-1)
    return moveaxis(edges, 3, 1) if first else edges


@composite(f"{IMAGE}:SSIM", call=("image1", "image2"))
def ssim(
    image1: Any,
    image2: Any,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Any:
    """How alike two pictures look: brightness, contrast and structure in small windows (Wang and others 2004).

    Args:
        image1, image2: (height, width, channels) or (batch, height, width, channels), or channels first.
        max_val: distance between black and white.
        filter_size: side of the windows in pixels.
        filter_sigma: deviation of the bell curve that weighs a window's pixels.
        k1, k2: small numbers that steady the ratio.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Returns:
        (batch,), or one number for single pictures: 1 for equal ones.

    Raises:
        ValueError: another rank.
    """
    image1, image2 = convert_to_tensor(image1), convert_to_tensor(image2)
    dtype = dtypes.compute_type(image1.dtype, float)
    first = is_first(data_format)
    for name, image in (("image1", image1), ("image2", image2)):
        check_rank(image, name)
    x, y = (as_batch(cast(image, dtype), first) for image in (image1, image2))
    kernel = gaussian_kernel(filter_size, convert_to_tensor(filter_sigma, dtype))

    def windows(values: Any) -> Any:
        return spread(values, kernel, kernel, "valid")

    mean_x, mean_y = windows(x), windows(y)
    square_x, square_y, product = mean_x * mean_x, mean_y * mean_y, mean_x * mean_y
    variance_x, variance_y = windows(x * x) - square_x, windows(y * y) - square_y
    shared = windows(x * y) - product
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    likeness = (2.0 * product + c1) * (2.0 * shared + c2)
    likeness = likeness / ((square_x + square_y + c1) * (variance_x + variance_y + c2))
    result = mean(likeness, axis=(1, 2, 3))
    return cast(result if len(image1.shape) == 4 else squeeze(result, 0), image1.dtype)
