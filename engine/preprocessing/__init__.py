"""Keras's `keras.preprocessing`: loaders of folders and series, pictures, padded sequences."""

from __future__ import annotations

from engine.data.images import image_dataset_from_directory
from engine.data.text import text_dataset_from_directory
from engine.data.timeseries import timeseries_dataset_from_array
from engine.preprocessing import image, sequence

__all__ = [
    "image",
    "image_dataset_from_directory",
    "sequence",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]
