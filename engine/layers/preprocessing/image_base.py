"""The road that pictures and what belongs to them take through a preprocessing layer.

A layer draws a transformation once for a batch and then applies it to pictures, labels, boxes and masks. Each layer
says only its own part: `draw`, `change`, and where its boxes or masks go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine import ops
from engine.core import config, tree
from engine.core.params import Param
from engine.core.rng import SeedGenerator, draw_seed
from engine.core.tensor import KerasTensor, convert_to_tensor
from engine.layers.base import Layer, Ports, tree_of_tensors
from engine.layers.preprocessing import bounding_boxes as boxes_of
from engine.ops.random import draw_like

LAYOUTS = ("channels_last", "channels_first")
SEED_DOC = "Whole number that fixes the draws; empty draws anew each time."
VALUES_DOC = "Smallest and largest value of a pixel."
LAYOUT_DOC = "Place of the channels."
Drawn = Any
"""What a layer drew for a batch: a dict, or None where it leaves everything as it is."""


def value_range() -> Any:
    """The declared setting `value_range`."""
    return Param((0, 255), kind="Any", doc=VALUES_DOC)


def data_format() -> Any:
    """The declared setting `data_format`."""
    return Param(None, choices=LAYOUTS, nullable=True, advanced=True, doc=LAYOUT_DOC)


def seed() -> Any:
    """The declared setting `seed`."""
    return Param(None, kind="int", nullable=True, advanced=True, doc=SEED_DOC)


def spread(factor: Any, low: float) -> tuple[Any, Any]:
    """Lowest and highest factor: of two numbers, or of one around zero that goes no lower than `low`."""
    if isinstance(factor, (tuple, list)):
        first, second = sorted(factor)
        return first, second
    return max(-abs(factor), low), abs(factor)


def rescaled(images: Any, source: Any, target: Any, dtype: str = "float32") -> Any:
    """Values of one range as those of another."""
    if tuple(source) == tuple(target):
        return images
    low, high = (np.asarray(v, dtype) for v in source)
    wanted_low, wanted_high = (np.asarray(v, dtype) for v in target)
    return (ops.cast(images, dtype) - low) / (high - low) * (wanted_high - wanted_low) + wanted_low


class ImageLayer(Layer, ports=Ports(ranks=(4, 4))):
    """Changes pictures (batch, height, width, channels), single ones, or a dict of pictures and what belongs to them.

    A dict may hold "images", "labels", "bounding_boxes" (a dict of "boxes" and "labels") and "segmentation_masks".

    Args:
        bounding_box_format: how boxes are written, for example "xyxy".
        data_format: "channels_last" or "channels_first"; None takes the global setting.
    """

    built = True
    ALWAYS = False
    """Whether the layer works outside training too."""
    CASTS = True
    """Whether whole numbers become floats."""
    SIZED = False
    """Whether height and width have to be known."""

    def __init__(self, bounding_box_format: str | None = None, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bounding_box_format = bounding_box_format
        self.data_format = data_format

    def setup(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        if "value_range" in self.PARAMS:
            self.value_range: Any = self._checked_values(self.value_range)
        if "seed" in self.PARAMS:
            self.generator = SeedGenerator(self.seed)  # type: ignore[attr-defined]

    def _checked_values(self, values: Any) -> tuple[Any, Any]:
        if not isinstance(values, (tuple, list)) or len(values) != 2:
            raise ValueError(
                f"The `value_range` argument should be a list of two numbers. Received: value_range={values}"
            )
        low, high = sorted(values)
        return low, high

    # The layout.
    @property
    def first(self) -> bool:
        """Whether channels come before height and width."""
        return self.data_format == "channels_first"

    @property
    def height_axis(self) -> int:
        """The axis of the rows, counted from the end."""
        return -2 if self.first else -3

    @property
    def width_axis(self) -> int:
        """The axis of the columns, counted from the end."""
        return -1 if self.first else -2

    @property
    def channel_axis(self) -> int:
        """The axis of the colours, counted from the end."""
        return -3 if self.first else -1

    def size_of(self, images: Any) -> tuple[Any, Any]:
        """Height and width."""
        return images.shape[self.height_axis], images.shape[self.width_axis]

    # What a layer says itself.
    def draw(self, images: Any, seed: Any) -> Drawn:
        """What is drawn for a batch of pictures; None leaves them as they are."""
        return {}

    def change(self, images: Any, drawn: Drawn) -> Any:
        """The pictures, transformed."""
        return images

    def change_labels(self, labels: Any, drawn: Drawn) -> Any:
        """The labels of the transformed pictures."""
        return labels

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        """The masks of the transformed pictures."""
        return masks

    def change_boxes(self, boxes: dict[str, Any], drawn: Drawn) -> dict[str, Any]:
        """The boxes of the transformed pictures, in `bounding_box_format`."""
        return boxes

    # The parts of the road, with Keras's names.
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Drawn:
        """What is drawn for these data; None outside training."""
        images = convert_to_tensor(data["images"] if isinstance(data, Mapping) else data)
        return self._drawn(images, training, seed)

    def _drawn(self, images: Any, training: Any, seed: Any = None) -> Drawn:
        batched = self._is_batched(images)
        if not (training or self.ALWAYS) or not (batched or self.draws_alone()):
            return None
        if self.SIZED and None in self.size_of(images):
            raise ValueError(
                f"{type(self).__name__} has to know the height and the width of its pictures. Received: "
                f"images.shape={tuple(images.shape)}"
            )
        images = images if batched else ops.expand_dims(images, 0)
        if seed is None:
            seed = getattr(self, "generator", None)
        drawn = self.draw(images, seed)
        return None if drawn is None else {"size": self.size_of(images), **drawn}

    def draws_alone(self) -> bool:
        """Whether a single picture is transformed at all."""
        return True

    def transform_images(self, images: Any, transformation: Drawn = None, training: bool = True) -> Any:
        """Pictures changed by what was drawn."""
        images = convert_to_tensor(images)
        if self.CASTS:
            images = ops.cast(images, self.compute_dtype)
        return self.change(images, transformation) if self._works(transformation, training) else images

    def _works(self, transformation: Drawn, training: Any) -> bool:
        return bool(training or self.ALWAYS) and transformation is not None

    def transform_labels(self, labels: Any, transformation: Drawn, training: bool = True) -> Any:
        """Labels that go with the changed pictures."""
        return self.change_labels(labels, transformation) if self._works(transformation, training) else labels

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Drawn, training: bool = True) -> Any:
        """Boxes that go with the changed pictures."""
        if not self._works(transformation, training):
            return bounding_boxes
        return self.change_boxes(dict(bounding_boxes), transformation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Drawn, training: bool = True
    ) -> Any:
        """Masks of areas that go with the changed pictures."""
        masks = convert_to_tensor(segmentation_masks)
        return self.change_masks(masks, transformation) if self._works(transformation, training) else masks

    def call(self, data: Any, training: Any = True) -> Any:
        entries = dict(data) if isinstance(data, Mapping) else {"images": data}
        images = convert_to_tensor(entries["images"])
        alone = not self._is_batched(images)
        drawn = self._drawn(images, training)
        roads: dict[str, Any] = {
            "images": (images, self.transform_images),
            "bounding_boxes": (entries.get("bounding_boxes"), self.transform_bounding_boxes),
            "labels": (entries.get("labels"), self.transform_labels),
            "segmentation_masks": (entries.get("segmentation_masks"), self.transform_segmentation_masks),
        }
        for name, (value, transform) in roads.items():
            if name in entries:
                value = self._dense(value) if name == "bounding_boxes" else convert_to_tensor(value)
                value = tree.map_structure(_as_batch, value) if alone else value
                value = transform(value, drawn, training)
                entries[name] = tree.map_structure(_as_single, value) if alone else value
        return entries if isinstance(data, Mapping) else entries["images"]

    def _is_batched(self, images: Any) -> bool:
        if len(images.shape) not in (3, 4):
            raise ValueError(
                "Expected image tensor to have rank 3 (single image) or 4 (batch of images). Received: "
                f"data.shape={tuple(images.shape)}"
            )
        return len(images.shape) == 4

    def _dense(self, bounding_boxes: Any) -> dict[str, Any]:
        if not self.bounding_box_format:
            raise ValueError(
                "You passed an input with a 'bounding_boxes' key, but you didn't specify a bounding box format. Pass "
                f"a `bounding_box_format` argument to your {type(self).__name__} layer, e.g. "
                "`bounding_box_format='xyxy'`."
            )
        return boxes_of.densify(bounding_boxes)

    # Draws, in the order and type of Keras's NumPy backend.
    def uniform(
        self, images: Any, shape: tuple[int | None, ...], low: float, high: float, seed: Any, dtype: str | None = None
    ) -> Any:
        """Even draws; an open axis of the shape is as long as the batch."""
        kind = dtype or config.floatx()
        return draw_like("uniform", images, shape, draw_seed(seed), kind, minval=float(low), maxval=float(high))

    def normal(self, images: Any, shape: tuple[int | None, ...], seed: Any) -> Any:
        """Normal draws; an open axis of the shape is as long as the batch."""
        return draw_like("normal", images, shape, draw_seed(seed), self.compute_dtype, mean=0.0, stddev=1.0)

    def chosen(self, images: Any, factor: tuple[float, float], seed: Any) -> Any:
        """(batch, 1, 1, 1): which pictures are transformed, each with a probability drawn from the factor's range."""
        probability = self.uniform(images, (None,), factor[0], factor[1], seed)
        threshold = self.uniform(images, (None,), 0.0, 1.0, seed)
        return ops.reshape(threshold < probability, (-1, 1, 1, 1))

    # Shapes.
    def compute_output_shape(self, input_shape: Any) -> Any:
        if isinstance(input_shape, Mapping):
            images = ("images", "segmentation_masks")
            return {k: self._new_shape(tuple(s)) if k in images else s for k, s in input_shape.items()}
        return self._new_shape(tuple(input_shape))

    def _new_shape(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """The shape of transformed pictures."""
        return shape

    def compute_output_spec(self, data: Any, training: Any = True) -> Any:
        leaves = [x for x in tree.flatten(data) if isinstance(x, KerasTensor)]
        if not isinstance(data, Mapping) and None in leaves[0].shape[1:]:
            # Of unknown size: the pictures cannot be sampled on symbols, but their shape is known.
            self._is_batched(leaves[0])
            kind = self.compute_dtype if self.CASTS else leaves[0].dtype
            return tree_of_tensors(self.compute_output_shape(leaves[0].shape), kind)
        return self._traced_specs((data,), {"training": training})

    def get_config(self) -> dict[str, Any]:
        found = {**super().get_config(), "data_format": self.data_format}
        if self.bounding_box_format is not None:
            found["bounding_box_format"] = self.bounding_box_format
        return found


def _as_batch(value: Any) -> Any:
    return ops.expand_dims(convert_to_tensor(value), 0)


def _as_single(value: Any) -> Any:
    return ops.squeeze(value, 0)


class GeometricLayer(ImageLayer):
    """Moves pixels: pictures by `interpolation`, masks by the nearest pixel, boxes with the pixels.

    Boxes are turned into corners in pixels, moved by `move_boxes`, cut at the edges, and turned back.
    """

    CORNERS = "xyxy"
    """The format in which `move_boxes` works."""

    def move(self, images: Any, drawn: Drawn, interpolation: str) -> Any:
        """The pictures with their pixels moved."""
        raise NotImplementedError(f"{type(self).__name__} moves no pixels.")

    def move_boxes(self, boxes: Any, drawn: Drawn) -> Any:
        """Corners (batch, boxes, 4), moved with the pixels."""
        return boxes

    def change(self, images: Any, drawn: Drawn) -> Any:
        return self.move(images, drawn, getattr(self, "interpolation", "nearest"))

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        return self.move(masks, drawn, "nearest")

    def new_size(self, drawn: Drawn) -> tuple[Any, Any]:
        """Height and width of the transformed pictures."""
        return drawn["size"]

    def change_boxes(self, boxes: dict[str, Any], drawn: Drawn) -> dict[str, Any]:
        old, new = drawn["size"], self.new_size(drawn)
        form = str(self.bounding_box_format)
        corners = boxes_of.convert_format(boxes["boxes"], form, self.CORNERS, *old)
        moved = boxes_of.clip_to_image_size(
            {**boxes, "boxes": self.move_boxes(corners, drawn)}, *new, bounding_box_format=self.CORNERS
        )
        return {**moved, "boxes": boxes_of.convert_format(moved["boxes"], self.CORNERS, form, *new)}
