"""Layers that spread the values of pictures over the whole range. Pictures keep their shape."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core.params import Dims, Param
from engine.layers.preprocessing.image_base import Drawn, ImageLayer, data_format, rescaled, value_range
from engine.ops.image.histogram import clahe, equalize


class AutoContrast(ImageLayer, category="preprocessing", keras="keras.layers:AutoContrast"):
    """Stretches each channel so that its darkest value is black and its brightest is white; the shape stays."""

    value_range: Any = value_range()
    ALWAYS = True

    def change(self, images: Any, drawn: Drawn) -> Any:
        values = rescaled(images, self.value_range, (0, 255), self.compute_dtype)
        axes = (self.height_axis, self.width_axis)
        low, high = ops.min(values, axis=axes, keepdims=True), ops.max(values, axis=axes, keepdims=True)
        flat = ops.equal(low, high)
        scale = 255.0 / ops.where(flat, 1.0, high - low)
        values = ops.clip(values * scale + -low * scale, 0.0, 255.0)
        return ops.where(flat, images, rescaled(values, (0, 255), self.value_range, self.compute_dtype))


class Equalization(ImageLayer, category="preprocessing", keras="keras.layers:Equalization"):
    """Spreads the values of each channel evenly, counted over the whole batch, in training; the shape stays."""

    value_range: Any = value_range()
    bins: int = Param(256, ge=1, doc="Steps in which values are counted.")
    data_format: str | None = data_format()

    def change(self, images: Any, drawn: Drawn) -> Any:
        values = ops.moveaxis(images, 1, -1) if self.first else images
        low, high = self.value_range
        values = equalize(values, low=low, high=high, bins=self.bins)
        return ops.moveaxis(values, -1, 1) if self.first else values


class ContrastLimitedAdaptiveHistogramEqualization(
    ImageLayer, category="preprocessing", keras="keras.layers:ContrastLimitedAdaptiveHistogramEqualization"
):
    """Spreads values evenly in each tile of a picture, with a limit to contrast; the shape stays (Zuiderveld 1994)."""

    value_range: Any = value_range()
    clip_limit: float = Param(4.0, step=0.5, doc="How far contrast may rise; 0 for no limit.")
    tile_grid_size: Dims = Param((8, 8), rank=2, ge=1, doc="Rows and columns of tiles.")
    data_format: str | None = data_format()
    ALWAYS = True
    CASTS = False

    def change(self, images: Any, drawn: Drawn) -> Any:
        values = ops.moveaxis(images, 1, -1) if self.first else images
        values = ops.cast(rescaled(values, self.value_range, (0, 255)), "float32")
        values = clahe(values, limit=float(self.clip_limit), grid=self.tile_grid_size)
        values = ops.cast(rescaled(values, (0, 255), self.value_range), images.dtype)
        return ops.moveaxis(values, -1, 1) if self.first else values
