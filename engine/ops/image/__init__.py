"""Keras's `keras.ops.image`: pictures resized, moved, filtered, cut and coloured."""

from __future__ import annotations

from engine.ops.image.color import hsv_to_rgb, rgb_to_grayscale, rgb_to_hsv
from engine.ops.image.crop import crop_images, extract_patches, extract_patches_3d, pad_images
from engine.ops.image.filter import gaussian_blur, sobel_edges, ssim
from engine.ops.image.resize import resize, scale_and_translate
from engine.ops.image.sample import map_coordinates
from engine.ops.image.transform import affine_transform, elastic_transform, perspective_transform

__all__ = [
    "affine_transform",
    "crop_images",
    "elastic_transform",
    "extract_patches",
    "extract_patches_3d",
    "gaussian_blur",
    "hsv_to_rgb",
    "map_coordinates",
    "pad_images",
    "perspective_transform",
    "resize",
    "rgb_to_grayscale",
    "rgb_to_hsv",
    "scale_and_translate",
    "sobel_edges",
    "ssim",
]
