"""Layers that give pictures another size: resized, cut in the middle, cut at random."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core.params import Param
from engine.core.rng import SeedGenerator, make_default_seed
from engine.layers.preprocessing.image_base import Drawn, GeometricLayer, data_format, seed
from engine.ops import image

HEIGHT_DOC, WIDTH_DOC = "New height in pixels.", "New width in pixels."


class _Sized(GeometricLayer):
    """A layer whose pictures have the size `height` x `width`."""

    SIZED = True

    height: int
    width: int

    def new_size(self, drawn: Drawn) -> tuple[int, int]:
        return self.height, self.width

    def _new_shape(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(shape) not in (3, 4):
            raise ValueError(
                f"{type(self).__name__} takes one picture (3 axes) or a batch of them (4 axes). Received: "
                f"input_shape={shape}"
            )
        found = list(shape)
        found[self.height_axis], found[self.width_axis] = self.height, self.width
        return tuple(found)

    def fitting(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Top, left, height and width of the largest middle part with the wanted proportions."""
        height, width = size
        rows = max(min(height, int(float(width * self.height) / self.width)), 1)
        columns = max(min(width, int(float(height * self.width) / self.height)), 1)
        return (height - rows) // 2, (width - columns) // 2, rows, columns

    def part(self, images: Any, top: int, left: int, height: int, width: int) -> Any:
        """Rows and columns of pictures."""
        key: list[Any] = [slice(None)] * len(images.shape)
        key[self.height_axis], key[self.width_axis] = slice(top, top + height), slice(left, left + width)
        return images[tuple(key)]

    def fitted(self, images: Any) -> Any:
        """The largest middle part with the wanted proportions, in the wanted size."""
        part = self.part(images, *self.fitting(self.size_of(images)))
        return image.resize(part, (self.height, self.width), data_format=self.data_format)

    def inside(self, boxes: Any, top: Any, left: Any, height: Any, width: Any) -> Any:
        """Corners counted from a part's own corner, and cut at its edges."""
        starts, lengths = (left, top, left, top), (width, height, width, height)
        parts = [ops.clip(boxes[..., i] - starts[i], 0, lengths[i]) for i in range(4)]
        return ops.stack(parts, axis=-1)

    def stretched(self, boxes: Any, height: Any, width: Any) -> Any:
        """Corners in pictures of this size as corners in the new size."""
        across, down = self.width / width, self.height / height
        return ops.stack([boxes[..., i] * (down if i % 2 else across) for i in range(4)], axis=-1)


class Resizing(_Sized, category="preprocessing", keras="keras.layers:Resizing"):
    """Gives all pictures one size: (height, width, channels) becomes (new height, new width, channels)."""

    height: int = Param(ge=1, doc=HEIGHT_DOC)
    width: int = Param(ge=1, doc=WIDTH_DOC)
    interpolation: str = Param(
        "bilinear", choices=("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"), doc="How pixels are mixed."
    )
    crop_to_aspect_ratio: bool = Param(False, doc="Cut the sides off rather than distort.")
    pad_to_aspect_ratio: bool = Param(False, doc="Fill the sides rather than distort.")
    fill_mode: str = Param("constant", choices=("constant",), advanced=True, doc="How sides are filled.")
    fill_value: float = Param(0.0, advanced=True, doc="Value of filled pixels.")
    antialias: bool = Param(False, advanced=True, doc="Mix several old pixels when pictures become smaller.")
    data_format: str | None = data_format()
    ALWAYS = True
    CASTS = False

    def move(self, images: Any, drawn: Drawn, interpolation: str) -> Any:
        return image.resize(
            images,
            (self.height, self.width),
            interpolation,
            self.antialias,
            self.crop_to_aspect_ratio,
            self.pad_to_aspect_ratio,
            self.fill_mode,
            self.fill_value,
            self.data_format,
        )

    def move_boxes(self, boxes: Any, drawn: Drawn) -> Any:
        height, width = drawn["size"]
        if self.pad_to_aspect_ratio:
            scale = min(self.height / height, self.width / width)
            down, across = (self.height - height * scale) // 2, (self.width - width * scale) // 2
        elif self.crop_to_aspect_ratio:
            scale = max(self.height / height, self.width / width)
            down, across = -((height * scale - self.height) // 2), -((width * scale - self.width) // 2)
        else:
            return self.stretched(boxes, height, width)
        return ops.stack([boxes[..., i] * scale + (down if i % 2 else across) for i in range(4)], axis=-1)

    def change_boxes(self, boxes: dict[str, Any], drawn: Drawn) -> dict[str, Any]:
        """Boxes that only fill up a list stay zeros."""
        given = boxes["boxes"]
        empty = ops.logical_or(ops.all(given == -1, axis=-1), ops.all(given == 0, axis=-1))
        moved = super().change_boxes(boxes, drawn)
        return {**moved, "boxes": ops.where(ops.expand_dims(empty, -1), 0.0, moved["boxes"])}


class CenterCrop(_Sized, category="preprocessing", keras="keras.layers:CenterCrop"):
    """Keeps the middle of pictures: (height, width, channels) becomes (new height, new width, channels).

    Pictures that are too small are cut to the wanted proportions and enlarged.
    """

    height: int = Param(ge=1, doc=HEIGHT_DOC)
    width: int = Param(ge=1, doc=WIDTH_DOC)
    data_format: str | None = data_format()
    ALWAYS = True

    def _large_enough(self, size: tuple[int, int]) -> bool:
        return size[0] >= self.height and size[1] >= self.width

    def move(self, images: Any, drawn: Drawn, interpolation: str) -> Any:
        images = ops.cast(images, self.compute_dtype)
        height, width = self.size_of(images)
        if not self._large_enough((height, width)):
            return self.fitted(images)
        return self.part(images, (height - self.height) // 2, (width - self.width) // 2, self.height, self.width)

    def move_boxes(self, boxes: Any, drawn: Drawn) -> Any:
        height, width = drawn["size"]
        if self._large_enough((height, width)):
            top, left = (height - self.height) // 2, (width - self.width) // 2
            return self.inside(boxes, top, left, self.height, self.width)
        top, left, rows, columns = self.fitting((height, width))
        return self.stretched(self.inside(boxes, top, left, rows, columns), rows, columns)


class RandomCrop(_Sized, category="preprocessing", keras="keras.layers:RandomCrop"):
    """Cuts a random part out of pictures in training, the middle otherwise: the size becomes height x width.

    Pictures that are too small are cut to the wanted proportions and enlarged. All pictures of a batch are cut at the
    same place. Keras 3.15 leaves pictures whole outside training although it announces the new size, and moves boxes
    along the wrong axes; here both follow the picture.
    """

    BASE_ARGUMENTS = ("name",)
    height: int = Param(ge=1, doc=HEIGHT_DOC)
    width: int = Param(ge=1, doc=WIDTH_DOC)
    seed: int | None = seed()
    data_format: str | None = data_format()
    ALWAYS = True

    def setup(self) -> None:
        given = self.seed
        self.seed = make_default_seed() if given is None else given
        super().setup()
        self.generator = SeedGenerator(given)

    def _drawn(self, images: Any, training: Any, seed: Any = None) -> Drawn:
        return super()._drawn(images, training, seed) if training else {"size": self.size_of(images)}

    def draw(self, images: Any, seed: Any) -> Drawn:
        height, width = self.size_of(images)
        if height <= self.height or width <= self.width:
            return {}
        starts = [self.uniform(images, (), 0.0, n, seed) for n in (height - self.height + 1, width - self.width + 1)]
        return {"start": [ops.cast(start, "int32") for start in starts]}

    def move(self, images: Any, drawn: Drawn, interpolation: str) -> Any:
        images = ops.cast(images, self.compute_dtype)
        start = drawn.get("start")
        if start is None:
            return self.fitted(images)
        rank = len(images.shape)
        for axis, first, length in zip(
            (self.height_axis, self.width_axis), start, (self.height, self.width), strict=True
        ):
            images = ops.take(images, first + ops.arange(length, dtype="int32"), axis=axis % rank)
        return images

    def move_boxes(self, boxes: Any, drawn: Drawn) -> Any:
        start = drawn.get("start")
        if start is not None:
            top, left = (ops.cast(s, boxes.dtype) for s in start)
            return self.inside(boxes, top, left, self.height, self.width)
        top, left, rows, columns = self.fitting(drawn["size"])
        return self.stretched(self.inside(boxes, top, left, rows, columns), rows, columns)
