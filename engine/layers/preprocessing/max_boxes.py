"""A layer that gives all pictures the same number of boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import ops
from engine.core.params import Param
from engine.layers.preprocessing.image_base import Drawn, ImageLayer


class MaxNumBoundingBoxes(ImageLayer, category="preprocessing", keras="keras.layers:MaxNumBoundingBoxes"):
    """Cuts or fills the boxes of each picture to one number; pictures stay as they are."""

    max_number: int = Param(ge=1, doc="Boxes for each picture.")
    fill_value: int = Param(-1, advanced=True, doc="What missing boxes and labels are filled with.")
    ALWAYS = True
    CASTS = False

    def change_boxes(self, boxes: dict[str, Any], drawn: Drawn) -> dict[str, Any]:
        given = boxes["boxes"].shape[1]
        missing = max(self.max_number - given, 0)
        found = dict(boxes)
        for key in ("boxes", "labels"):
            value = boxes[key][:, : self.max_number]
            sides = [(0, 0), (0, missing), *[(0, 0)] * (len(value.shape) - 2)]
            found[key] = ops.pad(value, sides, constant_values=self.fill_value)
        return found

    def compute_output_shape(self, input_shape: Any) -> Any:
        if not isinstance(input_shape, Mapping) or "bounding_boxes" not in input_shape:
            return input_shape
        boxes = input_shape["bounding_boxes"]
        extra = boxes.keys() - {"boxes", "labels"}
        if extra:
            raise KeyError(
                f"There are unsupported keys in `bounding_boxes`: {sorted(extra)}. Only `boxes` and `labels` are "
                "supported."
            )
        new = {key: (shape[0], self.max_number, *shape[2:]) for key, shape in boxes.items()}
        return {**input_shape, "bounding_boxes": new}
