"""Pictures as files, pillow images and arrays."""

from __future__ import annotations

import dataclasses
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.core import config, dtypes
from engine.data.directories import Folder, check_format

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}
_PILLOW = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
_RESIZES = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Image:
    """A pillow image from an array of shape (height, width, channels).

    Args:
        x: 1, 3 or 4 channels.
        data_format: "channels_last" or "channels_first"; None takes the global setting.
        scale: whether values are stretched to 0 to 255.
        dtype: in which to compute; None takes the global float type.

    Raises:
        ValueError: another number of axes or channels.
    """
    from PIL import Image

    array = np.asarray(x, dtype=dtypes.numpy_dtype(dtype or config.floatx()))
    if array.ndim != 3:
        raise ValueError(f"Expected image array to have rank 3 (single image). Got array with shape: {array.shape}")
    if _first(data_format):
        array = array.transpose(1, 2, 0)
    if scale:
        array = array - array.min()
        largest = array.max()
        array = array / largest * 255 if largest else array
    channels = array.shape[2]
    if channels == 4:
        return Image.fromarray(array.astype("uint8"), "RGBA")
    if channels == 3:
        return Image.fromarray(array.astype("uint8"), "RGB")
    if channels == 1:
        # More than 8 bits a pixel keep their range, as pillow's 32-bit mode does.
        plane = array[:, :, 0]
        return (
            Image.fromarray(plane.astype("int32"), "I")
            if plane.max() > 255
            else Image.fromarray(plane.astype("uint8"), "L")
        )
    raise ValueError(f"Unsupported channel number: {channels}")


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray[Any, Any]:
    """An array of shape (height, width, channels), or channels first, from a pillow image or an array."""
    array = np.asarray(img, dtype=dtypes.numpy_dtype(dtype or config.floatx()))
    if array.ndim not in (2, 3):
        raise ValueError(f"Unsupported image shape: {array.shape}")
    if array.ndim == 2:
        array = array[:, :, None]
    return array.transpose(2, 0, 1) if _first(data_format) else array


def _first(data_format: str | None) -> bool:
    chosen = data_format or config.image_data_format()
    if chosen not in ("channels_first", "channels_last"):
        raise ValueError(f'Invalid data_format: {chosen}. It is "channels_last" or "channels_first".')
    return chosen == "channels_first"


def save_img(
    path: Any, x: Any, data_format: str | None = None, file_format: str | None = None, scale: bool = True, **kwargs: Any
) -> None:
    """Write an array of shape (height, width, channels) as a picture.

    Args:
        path: a path or an open file.
        x: the picture.
        data_format: "channels_last" or "channels_first"; None takes the global setting.
        file_format: as pillow names it; None goes by the path's ending.
        scale: whether values are stretched to 0 to 255.
        kwargs: for pillow's `Image.save`.
    """
    image = array_to_img(x, data_format=data_format, scale=scale)
    wanted = (file_format or os.path.splitext(str(path))[1].lstrip(".")).lower()
    if image.mode == "RGBA" and wanted in ("jpg", "jpeg"):
        image = image.convert("RGB")
    image.save(path, format="JPEG" if wanted == "jpg" and file_format else file_format, **kwargs)


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: Sequence[int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Image:
    """A pillow image from a file.

    Args:
        path: a path, or an open file in memory.
        color_mode: "grayscale", "rgb" or "rgba".
        target_size: (height, width) to bring it to; None keeps its size.
        interpolation: one of pillow's ways of resampling.
        keep_aspect_ratio: whether the middle is cut to the wanted proportions first.

    Raises:
        TypeError: a path of another type.
        ValueError: unknown colour mode or interpolation.
    """
    from PIL import Image

    if color_mode not in _MODES:
        raise ValueError('color_mode must be "grayscale", "rgb", or "rgba"')
    if isinstance(path, io.BytesIO):
        image: Any = Image.open(path)
    elif isinstance(path, (str, bytes, Path)):
        image = Image.open(io.BytesIO(Path(os.fsdecode(path)).read_bytes()))
    else:
        raise TypeError(f"path should be path-like or io.BytesIO, not {type(path)}")
    deep = color_mode == "grayscale" and image.mode in ("I;16", "I", "L")
    if not deep and image.mode != _MODES[color_mode]:
        image = image.convert(_MODES[color_mode])
    return image if target_size is None else _resized(image, tuple(target_size), interpolation, keep_aspect_ratio)


def _resized(image: Any, size: tuple[int, ...], interpolation: str, keep: bool) -> Any:
    from PIL import Image

    height, width = size
    if image.size == (width, height):
        return image
    if interpolation not in _PILLOW:
        raise ValueError(
            f"Invalid interpolation method {interpolation} specified. Supported methods are {', '.join(_PILLOW)}"
        )
    method = Image.Resampling[interpolation.upper()]
    if not keep:
        return image.resize((width, height), method)
    box = central_box(image.size[1], image.size[0], height, width)
    return image.resize((width, height), method, box=(box[1], box[0], box[1] + box[3], box[0] + box[2]))


def central_box(height: int, width: int, target_height: int, target_width: int) -> tuple[int, int, int, int]:
    """(top, left, height, width) of the largest middle part with the target's proportions."""
    crop_height = max(min(height, width * target_height // target_width), 1)
    crop_width = max(min(width, height * target_width // target_height), 1)
    return (height - crop_height) // 2, (width - crop_width) // 2, crop_height, crop_width


def smart_resize(
    x: Any, size: Sequence[int], interpolation: str = "bilinear", data_format: str = "channels_last", **kwargs: Any
) -> Any:
    """Pictures brought to (height, width) without distortion: the middle is cut to its proportions, then resized.

    Args:
        x: (height, width, channels) or (batch, height, width, channels), or channels first.
        size: (height, width).
        interpolation: as in `ops.image.resize`.
        data_format: "channels_last" or "channels_first".

    Returns:
        An array for an array, a tensor for a tensor.
    """
    from engine.ops import image

    kwargs.pop("backend_module", None)
    if kwargs:
        raise TypeError(f"smart_resize() got unexpected keyword arguments: {list(kwargs)}")
    if len(size) != 2:
        raise ValueError(f"Expected `size` to be a tuple of 2 integers, but got: {size}.")
    if len(x.shape) not in (3, 4):
        raise ValueError(
            "Expected an image array with shape `(height, width, channels)`, or `(batch_size, height, width, "
            f"channels)`, but got input with incorrect rank, of shape {tuple(x.shape)}."
        )
    last = data_format == "channels_last"
    height, width = x.shape[-3:-1] if last else x.shape[-2:]
    top, left, crop_height, crop_width = central_box(height, width, size[0], size[1])
    rows, columns = slice(top, top + crop_height), slice(left, left + crop_width)
    part = x[..., rows, columns, :] if last else x[..., rows, columns]
    result = image.resize(part, tuple(size), interpolation=interpolation, data_format=data_format)
    return np.asarray(result) if isinstance(x, np.ndarray) else result


@dataclasses.dataclass(frozen=True)
class _Reader:
    """Reads a picture's file as float32 of the wanted size; `way` is "crop", "pad" or "stretch"."""

    color_mode: str
    size: tuple[int, int]
    interpolation: str
    way: str
    channels_first: bool

    def __call__(self, path: str) -> np.ndarray[Any, Any]:
        from engine.ops import image

        array = np.asarray(load_img(path, self.color_mode), dtype="float32")
        array = array[:, :, None] if array.ndim == 2 else array
        if self.way == "crop":
            array = smart_resize(array, self.size, self.interpolation)
        else:
            array = np.asarray(
                image.resize(
                    array,
                    self.size,
                    self.interpolation,
                    pad_to_aspect_ratio=self.way == "pad",
                    data_format="channels_last",
                )
            )
        return array.transpose(2, 0, 1) if self.channels_first else array


def image_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: Any = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Pictures of a folder in batches of float32, 0 to 255, with the subfolder's number as label.

    Args:
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset, follow_links,
            verbose: see `Folder`.
        color_mode: "rgb", "rgba" or "grayscale".
        image_size: (height, width) of all, or one number for both.
        interpolation: as in `ops.image.resize`.
        crop_to_aspect_ratio: cut the middle to the wanted proportions instead of distorting.
        pad_to_aspect_ratio: fill the sides with 0 instead of distorting.
        data_format: "channels_last" or "channels_first"; None takes the global setting.
        format: accepted for Keras's sake; the result is a `Dataset` in any case.

    Returns:
        A `Dataset` of (images, labels), or of images without labels; two of them for subset "both".
        `class_names` and `file_paths` tell what was found.
    """
    if color_mode not in _CHANNELS:
        raise ValueError(
            f'`color_mode` must be one of {{"rgb", "rgba", "grayscale"}}. Received: color_mode={color_mode}'
        )
    size = (image_size, image_size) if isinstance(image_size, int) else image_size
    if not isinstance(size, (list, tuple)) or len(size) != 2:
        raise ValueError(
            f"Invalid `image_size` value. Expected a tuple of 2 integers. Received: image_size={image_size}"
        )
    interpolation = interpolation.lower()
    if interpolation not in _RESIZES:
        raise ValueError(
            f"Argument `interpolation` should be one of {_RESIZES}. Received: interpolation={interpolation}"
        )
    check_format(format)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("Only one of `pad_to_aspect_ratio`, `crop_to_aspect_ratio` can be set to `True`.")
    way = "crop" if crop_to_aspect_ratio else ("pad" if pad_to_aspect_ratio else "stretch")
    reader = _Reader(color_mode, (int(size[0]), int(size[1])), interpolation, way, _first(data_format))
    folder = Folder(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset, follow_links,
        verbose, FORMATS, "image",
    )  # fmt: skip
    return folder.datasets(reader)
