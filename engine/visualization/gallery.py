"""Pages of pictures, written to a file or shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.visualization.draw import Array, batch_of_pictures, draw_bounding_boxes, draw_segmentation_masks

if TYPE_CHECKING:
    from PIL.Image import Image

Legend = Sequence[tuple[Sequence[int], str]]
_CAPTION, _GAP = 16, 4
"""Pixels: height of a caption, space between pictures."""


def plot_image_gallery(
    images: Any,
    y_true: Any = None,
    y_pred: Any = None,
    label_map: Mapping[Any, str] | None = None,
    rows: int | None = None,
    cols: int | None = None,
    value_range: Sequence[float] = (0, 255),
    scale: float = 2,
    path: Any = None,
    show: bool | None = None,
    transparent: bool = True,
    dpi: int = 60,
    legend_handles: Legend | None = None,
    data_format: str | None = None,
) -> Image:
    """Pictures side by side with captions.

    Args:
        images: (batch, height, width, channels), or channels first.
        y_true, y_pred: labels for the captions.
        label_map: names by label; needed for captions.
        rows, cols: of the page; near a square by default.
        value_range: what black and white are in `images`.
        scale: width of a picture on the page, in inches.
        path: file to write to.
        show: whether to open a viewer; None does without a `path`.
        transparent: whether the page between pictures is see-through.
        dpi: pixels an inch.
        legend_handles: (colour, words) pairs at the foot of the page.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Returns:
        The page as a pillow image.

    Raises:
        ValueError: a path and `show`, or labels without names.
    """
    from PIL import Image

    if path is not None and show:
        raise ValueError("plot_gallery() expects either `path` to be set, or `show` to be true.")
    if (y_true is not None or y_pred is not None) and label_map is None:
        raise ValueError("If `y_true` or `y_pred` are provided, a `label_map` must also be provided.")
    pictures = _as_bytes(batch_of_pictures(images, data_format), value_range)
    rows = rows or (math.ceil(len(pictures) / cols) if cols else math.ceil(math.sqrt(len(pictures))))
    cols = cols or math.ceil(len(pictures) / rows)
    captions = [_caption(i, y_true, y_pred, label_map or {}) for i in range(len(pictures))]
    side = round(scale * dpi)
    height = max(round(side * pictures.shape[1] / pictures.shape[2]), 1)
    step = (side + _GAP, height + _GAP + (_CAPTION if any(captions) else 0))
    foot = _CAPTION + _GAP if legend_handles else 0
    page = Image.new("RGBA", (cols * step[0], rows * step[1] + foot), (255, 255, 255, 0 if transparent else 255))
    for number, (picture, caption) in enumerate(zip(pictures[: rows * cols], captions, strict=False)):
        place = (number % cols * step[0], number // cols * step[1])
        flat = picture[:, :, 0] if picture.shape[2] == 1 else picture
        page.paste(Image.fromarray(flat).resize((side, height), Image.Resampling.NEAREST), place)
        _write(page, (place[0], place[1] + height + 2), caption)
    _draw_legend(page, legend_handles or ())
    if path is not None:
        page.save(path, dpi=(dpi, dpi))
    elif show is None or show:
        page.show()
    return page


def _as_bytes(pictures: Array, value_range: Sequence[float]) -> Array:
    low, high = value_range
    return np.clip((pictures.astype("float64") - low) * (255.0 / (high - low)), 0, 255).astype("uint8")


def _caption(index: int, y_true: Any, y_pred: Any, names: Mapping[Any, str]) -> str:
    parts = []
    for word, labels in (("Label", y_true), ("Pred", y_pred)):
        if labels is not None and index < len(labels):
            parts.append(f"{word}: {names.get(np.asarray(labels)[index].item(), 'Unknown')}")
    return "  ".join(parts)


def _write(page: Any, place: tuple[int, int], words: str) -> None:
    from PIL import ImageDraw, ImageFont

    ImageDraw.Draw(page).text(place, words, (0, 0, 0, 255), ImageFont.load_default(11))


def _draw_legend(page: Any, legend: Legend) -> None:
    from PIL import ImageDraw

    left, top = _GAP, page.height - _CAPTION
    for color, words in legend:
        ImageDraw.Draw(page).rectangle((left, top, left + 10, top + 10), fill=(*color, 255))
        _write(page, (left + 14, top), words)
        left += 14 + 7 * len(words) + 12


def plot_bounding_box_gallery(
    images: Any,
    bounding_box_format: str,
    y_true: Any = None,
    y_pred: Any = None,
    value_range: Sequence[float] = (0, 255),
    true_color: Sequence[int] = (0, 188, 212),
    pred_color: Sequence[int] = (255, 235, 59),
    line_thickness: int = 2,
    font_scale: float = 1.0,
    text_thickness: int | None = None,
    class_mapping: Mapping[int, str] | None = None,
    ground_truth_mapping: Mapping[int, str] | None = None,
    prediction_mapping: Mapping[int, str] | None = None,
    legend: bool = False,
    legend_handles: Legend | None = None,
    rows: int | None = None,
    cols: int | None = None,
    data_format: str | None = None,
    **kwargs: Any,
) -> Image:
    """Pictures side by side with their true and their predicted boxes; see `draw_bounding_boxes` for those.

    Further arguments go to `plot_image_gallery`.
    """
    pictures = _as_bytes(batch_of_pictures(images, data_format), value_range)
    for boxes, color, names in (
        (y_true, true_color, ground_truth_mapping or class_mapping),
        (y_pred, pred_color, prediction_mapping or class_mapping),
    ):
        if boxes is not None:
            pictures = draw_bounding_boxes(
                pictures, boxes, bounding_box_format, names, color, line_thickness, text_thickness or line_thickness,
                font_scale, "channels_last",
            )  # fmt: skip
    if legend:
        if legend_handles:
            raise ValueError(
                "Only pass `legend` OR `legend_handles` to `keras.visualization.plot_bounding_box_gallery()`."
            )
        legend_handles = [(true_color, "Ground Truth"), (pred_color, "Prediction")]
    return plot_image_gallery(
        pictures, rows=rows, cols=cols, legend_handles=legend_handles, data_format="channels_last", **kwargs
    )


def plot_segmentation_mask_gallery(
    images: Any,
    num_classes: int,
    value_range: Sequence[float] = (0, 255),
    y_true: Any = None,
    y_pred: Any = None,
    color_mapping: Any = None,
    blend: bool = True,
    alpha: float = 0.8,
    ignore_index: int = -1,
    data_format: str | None = None,
    **kwargs: Any,
) -> Image:
    """A row for each picture: as it is, with its true mask, with its predicted mask.

    See `draw_segmentation_masks` for the masks; further arguments go to `plot_image_gallery`.
    """
    pictures = _as_bytes(batch_of_pictures(images, data_format), value_range)
    columns = [pictures]
    for masks in (y_true, y_pred):
        if masks is not None:
            whole = batch_of_pictures(masks, data_format).astype("int32")
            columns.append(
                draw_segmentation_masks(
                    pictures, whole, num_classes, color_mapping, alpha, blend, ignore_index, "channels_last"
                ).astype("uint8")
            )
    page = np.stack(columns, axis=1).reshape(-1, *pictures.shape[1:])
    return plot_image_gallery(page, rows=len(pictures), cols=len(columns), data_format="channels_last", **kwargs)
