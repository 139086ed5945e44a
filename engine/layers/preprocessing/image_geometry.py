"""Layers that flip, turn, shift, zoom and shear pictures at random in training."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine import ops
from engine.core.params import Param, Range
from engine.layers.preprocessing import bounding_boxes as boxes_of
from engine.layers.preprocessing.image_base import Drawn, GeometricLayer, data_format, seed, spread
from engine.ops import image

FILL_MODES = ("reflect", "wrap", "constant", "nearest")


def fill_mode() -> Any:
    """The declared setting `fill_mode`."""
    return Param("reflect", choices=FILL_MODES, doc="How pictures go on beyond their edges.")


def interpolation() -> Any:
    """The declared setting `interpolation`."""
    return Param("bilinear", choices=("bilinear", "nearest"), doc="How pixels are mixed.")


def fill_value() -> Any:
    """The declared setting `fill_value`."""
    return Param(0.0, kind="float", advanced=True, doc="Value beyond the edges, with constant filling.")


class RandomFlip(GeometricLayer, category="preprocessing", keras="keras.layers:RandomFlip"):
    """Mirrors half of the pictures in training; the shape stays."""

    mode: str = Param(
        "horizontal_and_vertical",
        choices=("horizontal", "vertical", "horizontal_and_vertical"),
        doc="Left and right, up and down, or both at once.",
    )
    seed: int | None = seed()
    data_format: str | None = data_format()
    CORNERS = "rel_xyxy"

    def draw(self, images: Any, seed: Any) -> Drawn:
        return {"flips": ops.less_equal(self.uniform(images, (None, 1, 1, 1), 0.0, 1.0, seed), 0.5)}

    def _turned_axes(self) -> list[int]:
        axes = {"horizontal": self.width_axis, "vertical": self.height_axis}
        return [axis for name, axis in axes.items() if name in self.mode]

    def move(self, images: Any, drawn: Drawn, interpolation: str) -> Any:
        images = ops.cast(images, self.compute_dtype)
        return ops.where(drawn["flips"], ops.flip(images, axis=self._turned_axes()), images)

    def move_boxes(self, boxes: Any, drawn: Drawn) -> Any:
        x1, y1, x2, y2 = (boxes[..., i] for i in range(4))
        if "horizontal" in self.mode:
            x1, x2 = 1 - x2, 1 - x1
        if "vertical" in self.mode:
            y1, y2 = 1 - y2, 1 - y1
        return ops.where(drawn["flips"][..., 0], ops.stack([x1, y1, x2, y2], axis=-1), boxes)


class _Affine(GeometricLayer):
    """Reads every new pixel at a place that depends on its own place by a matrix."""

    SIZED = True

    fill_mode: str
    fill_value: float

    def matrix(self, drawn: Drawn) -> Any:
        """(batch, 8), as `affine_transform` takes it."""
        raise NotImplementedError(f"{type(self).__name__} has no matrix.")

    def move(self, images: Any, drawn: Drawn, interpolation: str) -> Any:
        return image.affine_transform(
            images, self.matrix(drawn), interpolation, self.fill_mode, self.fill_value, self.data_format
        )


def _columns(numbers: tuple[Any, ...]) -> Any:
    """(batch, 8) of up to eight columns (batch,), or numbers for all."""
    like = next(n for n in numbers if not isinstance(n, (int, float)))
    whole = [ops.zeros_like(like) + n if isinstance(n, (int, float)) else n for n in (*numbers, 0.0, 0.0)]
    return ops.stack(whole, axis=1)


class RandomRotation(_Affine, category="preprocessing", keras="keras.layers:RandomRotation"):
    """Turns each picture by a random angle in training; the shape stays."""

    factor: Range = Param(ge=-1, le=1, step=0.05, doc="Largest turn in either direction, 1 for a full one; or two.")
    fill_mode: str = fill_mode()
    interpolation: str = interpolation()
    seed: int | None = seed()
    fill_value: float = fill_value()
    data_format: str | None = data_format()

    def setup(self) -> None:
        super().setup()
        self.factor = spread(self.factor, -1)

    def draw(self, images: Any, seed: Any) -> Drawn:
        low, high = (f * 360.0 for f in self.factor)
        return {"angle": self.uniform(images, (None,), low, high, seed)}

    def matrix(self, drawn: Drawn) -> Any:
        angle = drawn["angle"] * np.float32(math.pi / 180.0)
        height, width = drawn["size"]
        x, y = np.float32(0.5 * (width - 1)), np.float32(0.5 * (height - 1))
        cos, sin = ops.cos(angle), ops.sin(angle)
        return _columns((cos, -sin, x - x * cos - y * -sin, sin, cos, y - x * sin - y * cos))

    def move_boxes(self, boxes: Any, drawn: Drawn) -> Any:
        none = ops.zeros_like(drawn["angle"])
        return boxes_of.affine_transform(boxes, drawn["angle"], none, none, none + 1, none, none, *drawn["size"])


class RandomTranslation(_Affine, category="preprocessing", keras="keras.layers:RandomTranslation"):
    """Shifts each picture by random distances in training; the shape stays."""

    height_factor: Range = Param(ge=-1, le=1, step=0.05, doc="Largest shift up or down, in heights; or two.")
    width_factor: Range = Param(ge=-1, le=1, step=0.05, doc="Largest shift to a side, in widths; or two.")
    fill_mode: str = fill_mode()
    interpolation: str = interpolation()
    seed: int | None = seed()
    fill_value: float = fill_value()
    data_format: str | None = data_format()

    def draw(self, images: Any, seed: Any) -> Drawn:
        down = self.uniform(images, (None, 1), *spread(self.height_factor, -1), seed)
        across = self.uniform(images, (None, 1), *spread(self.width_factor, -1), seed)
        height, width = self.size_of(images)
        return {"translations": ops.concatenate([across * width, down * height], axis=1)}

    def matrix(self, drawn: Drawn) -> Any:
        across, down = (drawn["translations"][:, i] for i in range(2))
        return _columns((1.0, 0.0, -across, 0.0, 1.0, -down))

    def move_boxes(self, boxes: Any, drawn: Drawn) -> Any:
        shifts = ops.expand_dims(ops.tile(drawn["translations"], (1, 2)), 1)
        return boxes + shifts


class RandomZoom(_Affine, category="preprocessing", keras="keras.layers:RandomZoom"):
    """Enlarges or shrinks each picture around its middle in training; the shape stays."""

    height_factor: Range = Param(gt=-1, le=1, step=0.05, doc="Largest change of the visible height; or two: 0.2 out.")
    width_factor: Range = Param(
        None, gt=-1, le=1, nullable=True, step=0.05, doc="The same for the width; empty keeps the proportions."
    )
    fill_mode: str = fill_mode()
    interpolation: str = interpolation()
    seed: int | None = seed()
    fill_value: float = fill_value()
    data_format: str | None = data_format()
    CORNERS = "rel_xyxy"

    def draw(self, images: Any, seed: Any) -> Drawn:
        down = self._zoom(images, self.height_factor, seed)
        across = down if self.width_factor is None else self._zoom(images, self.width_factor, seed)
        return {"height_zoom": down, "width_zoom": across}

    def _zoom(self, images: Any, factor: Any, seed: Any) -> Any:
        low, high = spread(factor, -1)
        return self.uniform(images, (None, 1), 1.0 + low, 1.0 + high, seed)

    def matrix(self, drawn: Drawn) -> Any:
        height, width = drawn["size"]
        across, down = drawn["width_zoom"][:, 0], drawn["height_zoom"][:, 0]
        x, y = ((n - 1.0) / 2.0 * (1.0 - zoom) for n, zoom in ((width, across), (height, down)))
        return _columns((across, 0.0, x, 0.0, down, y))

    def move_boxes(self, boxes: Any, drawn: Drawn) -> Any:
        height, width = drawn["size"]
        across, down = drawn["width_zoom"], drawn["height_zoom"]
        left, top = ((n - 1.0) / 2.0 * (1.0 - zoom) / n for n, zoom in ((width, across), (height, down)))
        moved = []
        for i in range(4):
            start, length = (top, down) if i % 2 else (left, across)
            moved.append((ops.clip(boxes[..., i] - start, 0.0, length)) / length)
        return ops.stack(moved, axis=-1)


def _readable(factor: Any) -> Any:
    """Two numbers, or one for a range around zero: Keras refuses two of which one is negative, even its own."""
    low, high = spread(factor, -1)
    return high if low == -high != 0 else (low, high)


class RandomShear(_Affine, category="preprocessing", keras="keras.layers:RandomShear"):
    """Slants each picture at random in training; the shape stays."""

    x_factor: Range = Param(0.0, ge=-1, le=1, step=0.05, doc="Largest slant to a side, in heights; or two.")
    y_factor: Range = Param(0.0, ge=-1, le=1, step=0.05, doc="Largest slant up or down, in widths; or two.")
    interpolation: str = interpolation()
    fill_mode: str = fill_mode()
    fill_value: float = fill_value()
    data_format: str | None = data_format()
    seed: int | None = seed()
    CORNERS = "rel_xyxy"

    def setup(self) -> None:
        super().setup()
        self.x_factor, self.y_factor = _readable(self.x_factor), _readable(self.y_factor)

    def draw(self, images: Any, seed: Any) -> Drawn:
        kind = self.compute_dtype
        sign = ops.where(self.uniform(images, (None, 1), 0.0, 1.0, seed, kind) > 0.5, -1.0, 1.0)
        down = self.uniform(images, (None, 1), *spread(self.y_factor, -1), seed, kind)
        across = self.uniform(images, (None, 1), *spread(self.x_factor, -1), seed, kind)
        return {"shear_factor": ops.cast(ops.concatenate([across, down], axis=1), kind) * ops.cast(sign, kind)}

    def matrix(self, drawn: Drawn) -> Any:
        across, down = (drawn["shear_factor"][:, i] for i in range(2))
        return _columns((1.0, across, 0.0, down, 1.0, 0.0))

    def move_boxes(self, boxes: Any, drawn: Drawn) -> Any:
        x1, y1, x2, y2 = (boxes[..., i] for i in range(4))
        across, down = (drawn["shear_factor"][:, i : i + 1] for i in range(2))
        left, right = across < 0, down > 0
        x1, x2 = (
            ops.where(left, x1 - across * y1, x1 - across * y2),
            ops.where(left, x2 - across * y2, x2 - across * y1),
        )
        y1, y2 = (
            ops.where(right, y1 - down * x2, y1 - down * x1),
            ops.where(right, y2 - down * x1, y2 - down * x2),
        )
        return ops.stack([x1, y1, x2, y2], axis=-1)
