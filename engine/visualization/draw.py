"""Boxes and masks drawn into pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.core import config
from engine.layers.preprocessing.bounding_boxes import convert_format

Array = np.ndarray[Any, Any]
_LETTERS = 12
"""Height of letters in pixels at `font_scale` 1."""


def batch_of_pictures(images: Any, data_format: str | None) -> Array:
    """The pictures as an array (batch, height, width, channels).

    Raises:
        ValueError: another number of axes.
    """
    array = np.asarray(images)
    if array.ndim != 4:
        raise ValueError(f"`images` must be batched 4D tensor. Received: images.shape={array.shape}")
    return array.transpose(0, 2, 3, 1) if (data_format or config.image_data_format()) == "channels_first" else array


def draw_bounding_boxes(
    images: Any,
    bounding_boxes: Mapping[str, Any],
    bounding_box_format: str,
    class_mapping: Mapping[int, str] | None = None,
    color: Sequence[int] = (128, 128, 128),
    line_thickness: int = 2,
    text_thickness: int = 1,
    font_scale: float = 1.0,
    data_format: str | None = None,
) -> Array:
    """Pictures (batch, height, width, channels) of uint8 with their boxes and the names of what is in them.

    Args:
        images: (batch, height, width, 3), or channels first; floats count up to 1 or up to 255.
        bounding_boxes: "boxes" (batch, boxes, 4), "labels" (batch, boxes) with -1 for none, and perhaps
            "confidences" (batch, boxes).
        bounding_box_format: of the boxes.
        class_mapping: names by label; labels without a name get a box alone.
        color: of lines and letters.
        line_thickness, text_thickness: in pixels.
        font_scale: 1 makes letters 12 pixels high.
        data_format: "channels_last" or "channels_first"; None takes the global setting.
    """
    pictures = batch_of_pictures(images, data_format)
    if not isinstance(bounding_boxes, Mapping):
        raise TypeError(
            f"`bounding_boxes` should be a dict. Received: bounding_boxes={bounding_boxes} of type "
            f"{type(bounding_boxes)}"
        )
    if "boxes" not in bounding_boxes or "labels" not in bounding_boxes:
        raise ValueError(
            f"`bounding_boxes` should be a dict containing 'boxes' and 'labels' keys. Received: "
            f"bounding_boxes={bounding_boxes}"
        )
    height, width = pictures.shape[1:3]
    corners = np.asarray(convert_format(bounding_boxes["boxes"], bounding_box_format, "xyxy", height, width))
    labels, sure = np.asarray(bounding_boxes["labels"]), bounding_boxes.get("confidences")
    pen = _Pen(tuple(color), line_thickness, text_thickness or line_thickness, font_scale)
    result = []
    for number, picture in enumerate(_as_bytes(pictures)):
        words = []
        for place, label in enumerate(labels[number].astype(int)):
            name = (class_mapping or {}).get(int(label), "")
            words.append(f"{name} | {np.asarray(sure)[number][place]:.2f}" if name and sure is not None else name)
        there = labels[number].astype(int) != -1
        chosen = [w for w, t in zip(words, there, strict=True) if t]
        result.append(pen.draw(picture, corners[number][there].astype(int).tolist(), chosen))
    return np.stack(result)


def _as_bytes(pictures: Array) -> Array:
    if pictures.dtype.kind == "f" and pictures.size:
        largest = 1.0 if pictures.max() <= 1.0 else 255.0
        pictures = np.clip(pictures, 0, largest) * (255.0 / largest)
    return pictures.astype("uint8")


class _Pen:
    """Draws boxes with words into one picture."""

    def __init__(self, color: tuple[int, ...], line: int, text: int, scale: float) -> None:
        self._color, self._line, self._text, self._scale = color, line, text, scale

    def draw(self, picture: Array, boxes: list[list[int]], words: list[str]) -> Array:
        from PIL import Image, ImageDraw, ImageFont

        image = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
        color = self._color[0] if picture.shape[2] == 1 else self._color
        pen, size = ImageDraw.Draw(image), _LETTERS * self._scale
        for (left, top, right, bottom), text in zip(boxes, words, strict=True):
            low, high = (min(left, right), min(top, bottom)), (max(left, right), max(top, bottom))
            pen.rectangle((low, high), outline=color, width=self._line)
            if text:
                above = top - size - self._line
                place = (left, above) if above >= 0 else (left + self._line + 1, top + self._line)
                letters = ImageFont.load_default(size)
                pen.text(place, text, color, letters, stroke_width=self._text - 1)
        return np.asarray(image).reshape(picture.shape)


def draw_segmentation_masks(
    images: Any,
    segmentation_masks: Any,
    num_classes: int | None = None,
    color_mapping: Any = None,
    alpha: float = 0.8,
    blend: bool = True,
    ignore_index: int = -1,
    data_format: str | None = None,
) -> Array:
    """Pictures (batch, height, width, 3) with a colour for each class of their masks.

    Args:
        images: (batch, height, width, 3), or channels first.
        segmentation_masks: whole numbers (batch, height, width, 1), or channels first.
        num_classes: classes drawn; None takes the largest number of the masks.
        color_mapping: colours by class; None makes a palette.
        alpha: share of the colour when blending.
        blend: whether the picture shines through; the result is uint8 then, float32 otherwise.
        ignore_index: class that is left as it is.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Raises:
        TypeError: masks that are no whole numbers.
    """
    pictures = batch_of_pictures(images, data_format).astype("float32")
    masks = np.asarray(segmentation_masks)
    if masks.dtype.kind not in "iu":
        raise TypeError(
            f"`segmentation_masks` must be in integer dtype. Received: segmentation_masks.dtype={masks.dtype}"
        )
    masks = batch_of_pictures(masks, data_format)[..., 0]
    count = int(masks.max()) if num_classes is None else num_classes
    palette = palette_of(count) if color_mapping is None else [color_mapping[i] for i in range(count)]
    drawn = pictures.copy()
    for number, color in enumerate(palette):
        drawn[masks == number] = color
    if not blend:
        return drawn
    mixed = pictures * (1 - alpha) + drawn * alpha
    return np.where((masks != ignore_index)[..., None], mixed, pictures).astype("uint8")


def palette_of(count: int) -> list[list[int]]:
    """Colours that Keras gives to classes 0, 1, ..."""
    return [[number * base % 255 for base in (2**25 - 1, 2**15 - 1, 2**21 - 1)] for number in range(count)]
