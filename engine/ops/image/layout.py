"""What the functions of `keras.ops.image` share: single pictures and batches, channels last or first."""

from __future__ import annotations

from typing import Any

from engine.core import config
from engine.ops.shape import expand_dims, moveaxis, squeeze

IMAGE = "keras.src.ops.image"


def working_type(dtype: str) -> str:
    """The type in which pictures are mixed: single precision for whole numbers and halves."""
    return dtype if dtype in ("float32", "float64") else "float32"


def check_rank(images: Any, name: str = "images") -> None:
    """Refuse anything but one picture or a batch of them."""
    if len(images.shape) not in (3, 4):
        raise ValueError(
            f"Invalid {name} rank: expected rank 3 (single image) or rank 4 (batch of images). Received input with "
            f"shape: {name}.shape={tuple(images.shape)}"
        )


def is_first(data_format: str | None) -> bool:
    """Whether channels come before height and width."""
    return config.standardize_data_format(data_format) == "channels_first"


def space_axes(images: Any, first: bool) -> tuple[int, int]:
    """Axes of height and width."""
    rank = len(images.shape)
    return (rank - 2, rank - 1) if first else (rank - 3, rank - 2)


def as_batch(images: Any, first: bool) -> Any:
    """(batch, height, width, channels), whatever came in."""
    batch = images if len(images.shape) == 4 else expand_dims(images, 0)
    return moveaxis(batch, 1, -1) if first else batch


def as_given(batch: Any, images: Any, first: bool) -> Any:
    """A result of `as_batch` in the layout of the pictures that came in."""
    batch = moveaxis(batch, -1, 1) if first else batch
    return batch if len(images.shape) == 4 else squeeze(batch, 0)
