"""Layers that change brightness, contrast and colours at random in training. Pictures keep their shape."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import config
from engine.core.params import Param, Range
from engine.layers.preprocessing.image_base import Drawn, ImageLayer, data_format, rescaled, seed, spread, value_range
from engine.ops import image


class _Factor(ImageLayer):
    """A layer with a setting `factor` between two numbers."""

    LOWEST = -1
    """How low a factor given as one number goes."""
    factor: Any

    def setup(self) -> None:
        super().setup()
        self.factor = spread(self.factor, self.LOWEST)

    def factors(self, images: Any, seed: Any, rank: int = 4) -> Any:
        """One factor for each picture: (batch, 1, ...)."""
        return self.uniform(images, (None, *(1,) * (rank - 1)), self.factor[0], self.factor[1], seed)

    def clipped(self, images: Any) -> Any:
        """Values kept within `value_range`."""
        return ops.clip(images, self.value_range[0], self.value_range[1])

    def channels(self, images: Any) -> list[Any]:
        """The three colours, or hue, saturation and value: each (batch, height, width)."""
        return [images[:, i] if self.first else images[..., i] for i in range(3)]


class RandomBrightness(_Factor, category="preprocessing", keras="keras.layers:RandomBrightness"):
    """Makes each picture brighter or darker at random in training; the shape stays."""

    factor: Range = Param(ge=-1, le=1, step=0.05, doc="Largest change in shares of the value range; or two.")
    value_range: Any = value_range()
    seed: int | None = seed()

    def draw(self, images: Any, seed: Any) -> Drawn:
        low, high = self.value_range
        return {"rgb_delta": self.factors(images, seed) * (high - low)}

    def change(self, images: Any, drawn: Drawn) -> Any:
        return self.clipped(images + ops.cast(drawn["rgb_delta"], images.dtype))


class RandomContrast(_Factor, category="preprocessing", keras="keras.layers:RandomContrast"):
    """Moves each pixel away from its picture's mean or towards it at random in training; the shape stays."""

    LOWEST = 0
    factor: Range = Param(ge=0, le=1, step=0.05, doc="Largest change, 0.2 for 0.8 to 1.2; or two.")
    value_range: Any = value_range()
    seed: int | None = seed()

    def draw(self, images: Any, seed: Any) -> Drawn:
        low, high = 1.0 - self.factor[0], 1.0 + self.factor[1]
        return {"contrast_factor": self.uniform(images, (None, 1, 1, 1), low, high, seed, self.compute_dtype)}

    def change(self, images: Any, drawn: Drawn) -> Any:
        middle = ops.mean(images, axis=self.height_axis, keepdims=True)
        middle = ops.mean(middle, axis=self.width_axis, keepdims=True)
        return self.clipped((images - middle) * ops.cast(drawn["contrast_factor"], images.dtype) + middle)


class RandomColorDegeneration(_Factor, category="preprocessing", keras="keras.layers:RandomColorDegeneration"):
    """Mixes each picture with its grey version at random in training; (height, width, 3) stays."""

    factor: Range = Param(ge=-1, le=1, step=0.05, doc="Largest share of grey; or two numbers.")
    value_range: Any = value_range()
    data_format: str | None = data_format()
    seed: int | None = seed()

    SIZED = True

    def draw(self, images: Any, seed: Any) -> Drawn:
        return {"factor": self.factors(images, seed)}

    def change(self, images: Any, drawn: Drawn) -> Any:
        grey = image.rgb_to_grayscale(images, self.data_format)
        return self.clipped(images + ops.cast(drawn["factor"], images.dtype) * (grey - images))


class RandomHue(_Factor, category="preprocessing", keras="keras.layers:RandomHue"):
    """Turns all colours of a picture round the colour circle at random in training; (height, width, 3) stays."""

    LOWEST = 0
    factor: Range = Param(ge=0, le=1, step=0.05, doc="Largest turn in either direction, 1 for half the circle; or two.")
    value_range: Any = value_range()
    data_format: str | None = data_format()
    seed: int | None = seed()

    def draw(self, images: Any, seed: Any) -> Drawn:
        sign = ops.where(self.uniform(images, (None,), 0.0, 1.0, seed) > 0.5, -1.0, 1.0)
        return {"factor": sign * self.factors(images, seed, 1) * 0.5}

    def change(self, images: Any, drawn: Drawn) -> Any:
        turn = ops.reshape(ops.cast(drawn["factor"], images.dtype), (-1, 1, 1))
        values = image.rgb_to_hsv(rescaled(images, self.value_range, (0, 1)), self.data_format)
        hue, saturation, value = self.channels(values)
        hue = hue + turn
        hue = ops.where(hue > 1.0, hue - 1.0, hue)
        hue = ops.where(hue < 0.0, hue + 1.0, hue)
        values = ops.stack([hue, saturation, value], axis=self.channel_axis)
        colours = ops.clip(image.hsv_to_rgb(values, self.data_format), 0, 1)
        return ops.cast(rescaled(colours, (0, 1), self.value_range), self.compute_dtype)


class RandomSaturation(_Factor, category="preprocessing", keras="keras.layers:RandomSaturation"):
    """Makes colours stronger or paler at random in training; (height, width, 3) stays."""

    factor: Range = Param(ge=-1, le=1, step=0.05, doc="Strength: 0.5 keeps colours, 0 is grey, 1 is full; or two.")
    value_range: Any = value_range()
    data_format: str | None = data_format()
    seed: int | None = seed()

    def draw(self, images: Any, seed: Any) -> Drawn:
        factor = self.factors(images, seed, 1)
        return {"factor": factor / (1 - factor + config.epsilon())}

    def change(self, images: Any, drawn: Drawn) -> Any:
        strength = ops.reshape(ops.cast(drawn["factor"], self.compute_dtype), (-1, 1, 1))
        hue, saturation, value = self.channels(image.rgb_to_hsv(images, self.data_format))
        values = ops.stack([hue, self.clipped(saturation * strength), value], axis=self.channel_axis)
        return image.hsv_to_rgb(values, self.data_format)


class RandomGrayscale(ImageLayer, category="preprocessing", keras="keras.layers:RandomGrayscale"):
    """Turns a random share of pictures grey in training; (height, width, 3) stays."""

    factor: float = Param(0.5, ge=0, le=1, step=0.05, doc="Probability for each picture.")
    data_format: str | None = data_format()
    seed: int | None = seed()
    CASTS = False
    SIZED = True

    def draw(self, images: Any, seed: Any) -> Drawn:
        return {"chosen": self.uniform(images, (None, 1, 1, 1), 0.0, 1.0, seed) < self.factor}

    def change(self, images: Any, drawn: Drawn) -> Any:
        return ops.where(drawn["chosen"], image.rgb_to_grayscale(images, self.data_format), images)


class RandomColorJitter(ImageLayer, category="preprocessing", keras="keras.layers:RandomColorJitter"):
    """Changes brightness, contrast, saturation and hue at random in training; (height, width, 3) stays."""

    value_range: Any = value_range()
    brightness_factor: Range = Param(None, ge=-1, le=1, nullable=True, step=0.05, doc="Strength for brightness.")
    contrast_factor: Range = Param(None, ge=0, le=1, nullable=True, step=0.05, doc="Strength for contrast.")
    saturation_factor: Range = Param(None, ge=-1, le=1, nullable=True, step=0.05, doc="Strength for saturation.")
    hue_factor: Range = Param(None, ge=0, le=1, nullable=True, step=0.05, doc="Strength for hue.")
    seed: int | None = seed()
    data_format: str | None = data_format()

    def setup(self) -> None:
        super().setup()
        made = {
            "random_brightness": (RandomBrightness, self.brightness_factor),
            "random_contrast": (RandomContrast, self.contrast_factor),
            "random_saturation": (RandomSaturation, self.saturation_factor),
            "random_hue": (RandomHue, self.hue_factor),
        }
        self._steps: list[ImageLayer] = []
        for name, (kind, factor) in made.items():
            if factor is not None:
                settings = {"value_range": self.value_range, "seed": self.seed, "data_format": self.data_format}
                setattr(self, name, kind(factor=factor, **settings, dtype=self.dtype_policy))
                self._steps.append(getattr(self, name))

    def draw(self, images: Any, seed: Any) -> Drawn:
        return {"steps": [step.draw(images, seed) for step in self._steps]}

    def change(self, images: Any, drawn: Drawn) -> Any:
        for step, part in zip(self._steps, drawn["steps"], strict=True):
            images = step.change(images, part)
        return ops.cast(images, self.compute_dtype)
