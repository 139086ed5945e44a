"""Layers that tilt or bend pictures at random in training. Pictures keep their shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import ops
from engine.core import dtypes
from engine.core.params import Param, Range
from engine.core.rng import draw_seed
from engine.layers.preprocessing.image_base import Drawn, GeometricLayer, data_format, seed, spread, value_range
from engine.layers.preprocessing.image_geometry import fill_value, interpolation
from engine.ops import image
from engine.ops.image.transform import bent, compute_homography_matrix

CHANCE_DOC = "Probability for each picture; or two numbers between which it is drawn."


class RandomPerspective(GeometricLayer, category="preprocessing", keras="keras.layers:RandomPerspective"):
    """Shows pictures as if seen from another side, by moving their corners, in training; the shape stays."""

    factor: Range = Param(1.0, ge=0, le=1, step=0.05, doc=CHANCE_DOC)
    scale: float = Param(1.0, ge=0, le=1, step=0.05, doc="How far corners move, in shares of half the size.")
    interpolation: str = interpolation()
    fill_value: float = fill_value()
    seed: int | None = seed()
    data_format: str | None = data_format()

    SIZED = True

    def setup(self) -> None:
        super().setup()
        self.factor = spread(self.factor, 0)

    def draw(self, images: Any, seed: Any) -> Drawn:
        chosen = self.chosen(images, self.factor, seed)
        half, kind = 0.5 * self.scale, self.compute_dtype
        moves = self.uniform(images, (None, 4, 2), -half, half, seed, kind)
        height, width = self.size_of(images)
        corners = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]], kind)
        start = ops.zeros_like(moves) + corners
        return {"apply_perspective": chosen, "start_points": start, "end_points": start + start * moves}

    def move(self, images: Any, drawn: Drawn, interpolation: str) -> Any:
        start, end = drawn["start_points"], drawn["end_points"]
        moved = image.perspective_transform(images, start, end, interpolation, self.fill_value, self.data_format)
        return ops.where(drawn["apply_perspective"], moved, images)

    def move_boxes(self, boxes: Any, drawn: Drawn) -> Any:
        # The numbers that lead from new places to old ones; with start and end swapped, from old to new.
        rows = compute_homography_matrix(drawn["end_points"], drawn["start_points"])
        a0, a1, a2, a3, a4, a5, a6, a7 = (rows[:, i, None, None] for i in range(8))
        x, y = ops.take(boxes, [0, 2, 0, 2], axis=-1), ops.take(boxes, [1, 3, 3, 1], axis=-1)
        depth = a6 * x + a7 * y + 1.0
        points = (a0 * x + a1 * y + a2) / depth, (a3 * x + a4 * y + a5) / depth
        edges = [ops.min(p, axis=-1) for p in points] + [ops.max(p, axis=-1) for p in points]
        return ops.where(drawn["apply_perspective"][..., 0], ops.stack(edges, axis=-1), boxes)


class RandomElasticTransform(GeometricLayer, category="preprocessing", keras="keras.layers:RandomElasticTransform"):
    """Bends pictures as if printed on rubber in training; the shape stays (Simard and others 2003)."""

    factor: Range = Param(1.0, ge=0, le=1, step=0.05, doc=CHANCE_DOC)
    scale: Range = Param(1.0, ge=0, le=1, step=0.05, doc="Highest strength; or two numbers.")
    interpolation: str = interpolation()
    fill_mode: str = Param(
        "reflect", choices=("constant", "nearest", "wrap", "mirror", "reflect"), doc="How pictures go on at the edges."
    )
    fill_value: float = fill_value()
    value_range: Any = value_range()
    seed: int | None = seed()
    data_format: str | None = data_format()

    SIZED = True

    def setup(self) -> None:
        super().setup()
        self.factor, self.scale = spread(self.factor, 0), spread(self.scale, 0)

    def draw(self, images: Any, seed: Any) -> Drawn:
        if self.scale[1] == 0 or self.factor[1] == 0:
            return None
        chosen = self.chosen(images, self.factor, seed)
        strength = self.uniform(images, (), self.scale[0], self.scale[1], seed, self.compute_dtype)
        return {"apply_transform": chosen, "distortion_factor": strength, "seed": draw_seed(seed)}

    def move(self, images: Any, drawn: Drawn, interpolation: str) -> Any:
        height, width = self.size_of(images)
        strength = drawn["distortion_factor"]
        alpha, sigma = max(height, width) * (0.1 * strength), min(height, width) * (0.05 * strength)
        reach = int(6 * min(height, width) * 0.05 * self.scale[1] + 1e-3) | 1
        kernel = _cut_bell(ops.cast(sigma, "float32"), reach)
        moved = bent(
            images, alpha, sigma, kernel, interpolation, self.fill_mode, self.fill_value, drawn["seed"],
            self.data_format,
        )  # fmt: skip
        images = ops.where(drawn["apply_transform"], moved, images)
        return ops.cast(ops.clip(images, self.value_range[0], self.value_range[1]), self.compute_dtype)

    def change_boxes(self, boxes: dict[str, Any], drawn: Drawn) -> dict[str, Any]:
        raise NotImplementedError("RandomElasticTransform bends boxes out of shape. Leave the boxes out of its data.")


def _cut_bell(sigma: Any, reach: int) -> Any:
    """The bell curve that `elastic_transform` uses, (reach,): it ends after three deviations, whatever is drawn."""
    places = np.arange(reach, dtype=dtypes.numpy_dtype(sigma.dtype)) - (reach - 1) / 2
    places = places.astype("float32")
    size = ops.floor(6 * sigma)
    side = ops.floor(size / 2)  # int(6 sigma) | 1 is twice this and one
    heights = ops.exp(-0.5 * ops.square(places / sigma)) * ops.cast(np.abs(places) <= side, "float32")
    return heights / ops.sum(heights)
