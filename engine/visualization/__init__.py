"""Keras's `keras.visualization`: pictures with boxes and masks, and pages of pictures."""

from __future__ import annotations

from engine.visualization.draw import draw_bounding_boxes, draw_segmentation_masks
from engine.visualization.gallery import (
    plot_bounding_box_gallery,
    plot_image_gallery,
    plot_segmentation_mask_gallery,
)

__all__ = [
    "draw_bounding_boxes",
    "draw_segmentation_masks",
    "plot_bounding_box_gallery",
    "plot_image_gallery",
    "plot_segmentation_mask_gallery",
]
