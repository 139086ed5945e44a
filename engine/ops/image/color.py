"""Colours: red, green and blue; hue, saturation and value; shades of grey."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import dtypes
from engine.core.op import composite
from engine.core.tensor import convert_to_tensor
from engine.ops.elementwise import abs as size_of
from engine.ops.elementwise import cast, clip, copy, equal, less, maximum, minimum, mod, where
from engine.ops.image.layout import IMAGE, check_rank, is_first
from engine.ops.product import tensordot
from engine.ops.shape import expand_dims, stack

__all__ = ["hsv_to_rgb", "rgb_to_grayscale", "rgb_to_hsv"]

SHARES = (0.2989, 0.5870, 0.1140)
"""What red, green and blue count for in the brightness that an eye sees (ITU-R BT.601)."""

STEPS = {"bfloat16": 2.0**-7, "float16": 2.0**-10, "float32": 2.0**-23, "float64": 2.0**-52}
"""Distance from 1 to the next number of each type; smaller numbers count as black."""


def _channel_axis(images: Any, data_format: str | None) -> int:
    check_rank(images)
    return len(images.shape) - (3 if is_first(data_format) else 1)


def _channels(images: Any, axis: int) -> list[Any]:
    lead = (slice(None),) * axis
    return [images[(*lead, i)] for i in range(3)]


@composite(f"{IMAGE}:RGBToGrayscale")
def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Any:
    """Pictures in shades of grey, with one channel.

    Args:
        images: (height, width, 3) or (batch, height, width, 3), or channels first; grey pictures stay as they are.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Raises:
        ValueError: another rank, or other channels than 1 or 3.
    """
    images = convert_to_tensor(images)
    axis = _channel_axis(images, data_format)
    if images.shape[axis] not in (1, 3):
        raise ValueError(
            "Invalid channel size: expected 3 (RGB) or 1 (Grayscale). Received input with shape: "
            f"images.shape={tuple(images.shape)}"
        )
    if images.shape[axis] == 1:
        return copy(images)
    colours = cast(images, dtypes.compute_type(images.dtype, float))
    shares = convert_to_tensor(np.asarray(SHARES), colours.dtype)
    return cast(expand_dims(tensordot(colours, shares, axes=((axis,), (0,))), axis), images.dtype)


def _check_colours(images: Any, axis: int) -> None:
    if not dtypes.is_float(images.dtype):
        raise ValueError(f"Invalid images dtype: expected float dtype. Received: images.dtype={images.dtype}")
    if images.shape[axis] not in (3, None):
        raise ValueError(f"Input images must have 3 channels, but received images with {images.shape[axis]} channels.")


@composite(f"{IMAGE}:RGBToHSV")
def rgb_to_hsv(images: Any, data_format: str | None = None) -> Any:
    """Hue, saturation and value from 0 to 1 of red, green and blue from 0 to 1 (Smith 1978).

    Args:
        images: (height, width, 3) or (batch, height, width, 3), or channels first.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Raises:
        ValueError: another rank, whole numbers, or other channels than three.
    """
    images = convert_to_tensor(images)
    axis = _channel_axis(images, data_format)
    _check_colours(images, axis)
    colours = where(less(size_of(images), STEPS[images.dtype]), 0.0, images)
    red, green, blue = _channels(colours, axis)
    value = maximum(maximum(red, green), blue)
    spread = value - minimum(minimum(red, green), blue)
    saturation = where(value > 0, spread / where(value > 0, value, 1.0), 0.0)
    unit = 1.0 / (6.0 * where(spread > 0, spread, 1.0))
    hue = where(equal(value, green), unit * (blue - red) + 2.0 / 6.0, unit * (red - green) + 4.0 / 6.0)
    hue = where(equal(value, red), unit * (green - blue), hue)
    hue = where(spread > 0, hue, 0.0) + cast(hue < 0.0, hue.dtype)
    return cast(stack([hue, saturation, value], axis=axis), images.dtype)


@composite(f"{IMAGE}:HSVToRGB")
def hsv_to_rgb(images: Any, data_format: str | None = None) -> Any:
    """Red, green and blue from 0 to 1 of hue, saturation and value from 0 to 1 (Smith 1978).

    Args:
        images: (height, width, 3) or (batch, height, width, 3), or channels first.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Raises:
        ValueError: another rank, whole numbers, or other channels than three.
    """
    images = convert_to_tensor(images)
    axis = _channel_axis(images, data_format)
    _check_colours(images, axis)
    hue, saturation, value = _channels(images, axis)
    sixth = mod(hue, 1.0) * 6.0
    rest = 1.0 - saturation
    shares = (
        clip(size_of(sixth - 3.0) - 1.0, 0.0, 1.0),
        clip(2.0 - size_of(sixth - 2.0), 0.0, 1.0),
        clip(2.0 - size_of(sixth - 4.0), 0.0, 1.0),
    )
    return cast(stack([value * (rest + saturation * share) for share in shares], axis=axis), images.dtype)
