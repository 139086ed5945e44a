"""Layers that mix the pictures of a batch, or erase parts of them, at random in training. Pictures keep their shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import ops
from engine.core.params import Param, Range
from engine.core.rng import draw_seed
from engine.layers.preprocessing.image_base import Drawn, ImageLayer, data_format, seed, spread, value_range
from engine.ops.random import beta_like, shuffled_positions


class _Patched(ImageLayer):
    """A layer that draws a rectangle in each picture."""

    SIZED = True

    def bounds(self, images: Any, length: int, ratio: Any, seed: Any) -> tuple[Any, Any]:
        """(batch,): where the rectangles begin and end along an axis of this length."""
        inner = ops.cast(ratio * length, self.compute_dtype)
        start = self.uniform(images, (None,), 0.0, 1.0, seed, self.compute_dtype) * (length - inner)
        return start, start + inner

    def rectangles(self, images: Any, x: tuple[Any, Any], y: tuple[Any, Any]) -> Any:
        """Which pixels lie in the rectangles: (batch, height, width, 1), or channels first."""
        inside: Any = None
        for axis, (start, end) in ((self.width_axis, x), (self.height_axis, y)):
            shape = [1, 1, 1, 1]
            shape[axis] = -1
            places = np.arange(images.shape[axis], dtype=self.compute_dtype).reshape(shape)
            start, end = (ops.reshape(v, (-1, 1, 1, 1)) for v in (start, end))
            part = ops.logical_and(start <= places, places < end)
            inside = part if inside is None else ops.logical_and(inside, part)
        return inside


def _mixed(weight: Any, first: Any, second: Any) -> Any:
    """weight · first + (1 - weight) · second, the weights (batch,) spread over all further axes."""
    weight = ops.reshape(weight, (-1, *(1,) * (len(first.shape) - 1)))
    return weight * first + (1.0 - weight) * second


class CutMix(_Patched, category="preprocessing", keras="keras.layers:CutMix"):
    """Puts a rectangle of another picture of the batch into each, and mixes the labels alike (Yun and others 2019).

    Labels have to be one-hot, (batch, classes).
    """

    factor: Range = Param(1.0, ge=0, le=1, step=0.05, doc="Highest evenness of the mixture; or two numbers.")
    seed: int | None = seed()
    data_format: str | None = data_format()

    def setup(self) -> None:
        super().setup()
        self.factor = spread(self.factor, 0)

    def draws_alone(self) -> bool:
        return False

    def draw(self, images: Any, seed: Any) -> Drawn:
        kind = self.compute_dtype
        alpha = self.uniform(images, (), self.factor[0], self.factor[1], seed, kind) + 1e-6
        ratio = ops.sqrt(1.0 - beta_like(images, alpha, alpha, draw_seed(seed), kind))
        height, width = self.size_of(images)
        x = self.bounds(images, width, ratio, seed)
        y = self.bounds(images, height, ratio, seed)
        return {
            "batch_masks": self.rectangles(images, x, y),
            "mix_weight": 1.0 - (x[1] - x[0]) * (y[1] - y[0]) / (width * height),
            "permutation_order": shuffled_positions(images, draw_seed(seed), "int32"),
        }

    def change(self, images: Any, drawn: Drawn) -> Any:
        images = ops.cast(images, self.compute_dtype)
        other = ops.take(images, drawn["permutation_order"], axis=0)
        return ops.where(drawn["batch_masks"], other, images)

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        return self.change(masks, drawn)

    def change_labels(self, labels: Any, drawn: Drawn) -> Any:
        return _mixed(drawn["mix_weight"], labels, ops.take(labels, drawn["permutation_order"], axis=0))

    def change_boxes(self, boxes: dict[str, Any], drawn: Drawn) -> dict[str, Any]:
        raise NotImplementedError("CutMix does not say which boxes a rectangle hides. Leave the boxes out of its data.")


class MixUp(ImageLayer, category="preprocessing", keras="keras.layers:MixUp"):
    """Lays another picture of the batch over each, and mixes the labels alike (Zhang and others 2017).

    Labels have to be one-hot, (batch, classes). Boxes of both pictures are kept.
    """

    alpha: float = Param(0.2, gt=0, step=0.05, doc="Evenness of the mixture; small values change pictures little.")
    data_format: str | None = data_format()
    seed: int | None = seed()

    def draw(self, images: Any, seed: Any) -> Drawn:
        order = shuffled_positions(images, draw_seed(seed), "int64")
        alpha = np.float64(self.alpha)
        return {"permutation_order": order, "mix_weight": beta_like(images, alpha, alpha, draw_seed(seed), "float32")}

    def _blend(self, values: Any, drawn: Drawn, kind: str) -> Any:
        other = ops.take(values, drawn["permutation_order"], axis=0)
        return _mixed(ops.cast(drawn["mix_weight"], kind), ops.cast(values, kind), ops.cast(other, kind))

    def change(self, images: Any, drawn: Drawn) -> Any:
        return self._blend(images, drawn, self.compute_dtype)

    def change_labels(self, labels: Any, drawn: Drawn) -> Any:
        return self._blend(labels, drawn, "float32")

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        return self._blend(masks, drawn, "float32")

    def change_boxes(self, boxes: dict[str, Any], drawn: Drawn) -> dict[str, Any]:
        order = drawn["permutation_order"]
        both = {k: ops.concatenate([boxes[k], ops.take(boxes[k], order, axis=0)], axis=1) for k in ("boxes", "labels")}
        return {**boxes, **both}


class RandomErasing(_Patched, category="preprocessing", keras="keras.layers:RandomErasing"):
    """Fills a random rectangle of pictures with noise or one colour in training (Zhong and others 2017)."""

    factor: Range = Param(1.0, ge=0, le=1, step=0.05, doc="Probability for each picture; or two numbers.")
    scale: Range = Param((0.02, 0.33), ge=0, le=1, step=0.05, doc="Share of the picture: smallest and largest.")
    fill_value: Any = Param(None, kind="Any", doc="Colour: one number or three; empty for noise.")
    value_range: Any = value_range()
    seed: int | None = seed()
    data_format: str | None = data_format()

    def setup(self) -> None:
        super().setup()
        self.factor, self.scale = spread(self.factor, 0), spread(self.scale, 0)
        if isinstance(self.fill_value, (tuple, list)) and len(self.fill_value) != 3:
            raise ValueError(
                "The `fill_value` argument should be a number (or a list of three numbers) "
                f"Received: fill_value={self.fill_value}"
            )

    def draw(self, images: Any, seed: Any) -> Drawn:
        height, width = self.size_of(images)
        shares = self.uniform(images, (None, 2), self.scale[0], self.scale[1], seed, self.compute_dtype)
        sides = ops.sqrt(shares)
        x = self.bounds(images, width, sides[:, 0], seed)
        y = self.bounds(images, height, sides[:, 1], seed)
        chosen = self.chosen(images, self.factor, seed)
        filling = ops.clip(self._filling(images, seed), self.value_range[0], self.value_range[1])
        return {"apply_erasing": chosen, "batch_masks": self.rectangles(images, x, y), "fill_value": filling}

    def _filling(self, images: Any, seed: Any) -> Any:
        if self.fill_value is None:
            return self.normal(images, (None, *images.shape[1:]), seed) * self.value_range[1]
        colour = np.asarray(self.fill_value, self.compute_dtype)
        return ops.convert_to_tensor(colour.reshape(-1, 1, 1) if self.first and colour.ndim else colour)

    def change(self, images: Any, drawn: Drawn) -> Any:
        hidden = ops.logical_and(drawn["apply_erasing"], drawn["batch_masks"])
        return ops.cast(ops.where(hidden, drawn["fill_value"], images), self.compute_dtype)
