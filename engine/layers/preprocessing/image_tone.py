"""Layers that invert, coarsen, solarize, sharpen or blur pictures at random in training. Pictures keep their shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import ops
from engine.core.params import Param, Range
from engine.layers.preprocessing.image_base import Drawn, ImageLayer, data_format, rescaled, seed, spread, value_range
from engine.ops import image

CHANCE_DOC = "Probability for each picture; or two numbers between which it is drawn."


class RandomInvert(ImageLayer, category="preprocessing", keras="keras.layers:RandomInvert"):
    """Swaps light and dark in a random share of pictures in training; the shape stays."""

    factor: Range = Param(1.0, ge=0, le=1, step=0.05, doc=CHANCE_DOC)
    value_range: Any = value_range()
    seed: int | None = seed()
    data_format: str | None = data_format()

    def setup(self) -> None:
        super().setup()
        self.factor = spread(self.factor, 0)

    def draw(self, images: Any, seed: Any) -> Drawn:
        return {"apply_inversion": self.chosen(images, self.factor, seed)}

    def change(self, images: Any, drawn: Drawn) -> Any:
        return ops.where(drawn["apply_inversion"], self.value_range[1] - images, images)


class RandomPosterization(ImageLayer, category="preprocessing", keras="keras.layers:RandomPosterization"):
    """Keeps only the highest bits of each value, like a print in few inks, in training; the shape stays."""

    factor: Range = Param(ge=1, le=8, step=1, doc="Most bits that are kept, of 8; or the fewest and the most.")
    value_range: Any = value_range()
    data_format: str | None = data_format()
    seed: int | None = seed()

    def setup(self) -> None:
        super().setup()
        self.factor = spread(self.factor, 1)

    def draw(self, images: Any, seed: Any) -> Drawn:
        from engine.core.rng import draw_seed
        from engine.ops.random import draw_like

        low, high = self.factor
        if low == high:
            return {"kept_bits": ops.zeros_like(images[:, :1, :1, :1], dtype="int32") + int(low)}
        shape = (None, 1, 1, 1)
        kept = draw_like("randint", images, shape, draw_seed(seed), "uint8", minval=low, maxval=high)
        return {"kept_bits": ops.cast(kept, "int32")}

    def change(self, images: Any, drawn: Drawn) -> Any:
        values = ops.floor(rescaled(images, self.value_range, (0, 255), self.compute_dtype))
        steps = 2.0 ** (8 - ops.cast(drawn["kept_bits"], "float32"))
        coarse = ops.floor(ops.cast(values, "float32") / steps) * steps
        return rescaled(ops.cast(coarse, self.compute_dtype), (0, 255), self.value_range, self.compute_dtype)


class Solarization(ImageLayer, category="preprocessing", keras="keras.layers:Solarization"):
    """Inverts values above a random threshold after adding to them, in training; the shape stays."""

    addition_factor: Range = Param(0.0, ge=0, le=1, step=0.05, doc="Most that is added, in shares of the range.")
    threshold_factor: Range = Param(0.0, ge=0, le=1, step=0.05, doc="Highest threshold, in shares of the range.")
    value_range: Any = value_range()
    seed: int | None = seed()

    def setup(self) -> None:
        super().setup()
        self.addition_factor = spread(self.addition_factor, 0)
        self.threshold_factor = spread(self.threshold_factor, 0)

    def draw(self, images: Any, seed: Any) -> Drawn:
        drawn = {}
        for name, (low, high) in (("additions", self.addition_factor), ("thresholds", self.threshold_factor)):
            drawn[name] = self.uniform(images, (None, 1, 1, 1), low, high * 255, seed, self.compute_dtype)
        return drawn

    def change(self, images: Any, drawn: Drawn) -> Any:
        values = rescaled(images, self.value_range, (0, 255), self.compute_dtype)
        values = ops.clip(values + drawn["additions"], 0, 255)
        values = ops.where(values < drawn["thresholds"], values, 255 - values)
        return rescaled(values, (0, 255), self.value_range, self.compute_dtype)


class RandomSharpness(ImageLayer, category="preprocessing", keras="keras.layers:RandomSharpness"):
    """Blurs or sharpens each picture at random in training; the shape stays."""

    factor: Range = Param(ge=0, le=1, step=0.05, doc="Highest strength: 0 blurs, 0.5 keeps, 1 sharpens; or two.")
    value_range: Any = value_range()
    data_format: str | None = data_format()
    seed: int | None = seed()

    def setup(self) -> None:
        super().setup()
        self.factor = spread(self.factor, 0)

    def draw(self, images: Any, seed: Any) -> Drawn:
        return {"factor": self.uniform(images, (None,), self.factor[0], self.factor[1], seed)}

    def change(self, images: Any, drawn: Drawn) -> Any:
        images = ops.moveaxis(images, 1, -1) if self.first else images
        sharpness = ops.reshape(ops.cast(drawn["factor"] * 2, self.compute_dtype), (-1, 1, 1, 1))
        kernel = np.full((3, 3, images.shape[-1], 1), 1.0 / 13.0)
        kernel[1, 1] = 5.0 / 13.0
        kernel = ops.convert_to_tensor(kernel, self.compute_dtype)
        smooth = ops.depthwise_conv(images, kernel, 1, "same", "channels_last")
        images = images + (1.0 - sharpness) * (smooth - images)
        images = ops.clip(images, self.value_range[0], self.value_range[1])
        return ops.moveaxis(images, -1, 1) if self.first else images


class RandomGaussianBlur(ImageLayer, category="preprocessing", keras="keras.layers:RandomGaussianBlur"):
    """Blurs a random share of pictures in training; the shape stays."""

    factor: Range = Param(1.0, ge=0, le=1, step=0.05, doc=CHANCE_DOC)
    kernel_size: Any = Param(3, kind="Dims", rank=2, ge=1, doc="Pixels that are mixed, an odd number: width, height.")
    sigma: Range = Param(1.0, ge=0, le=1, step=0.05, doc="Highest deviation in pixels; or two numbers.")
    value_range: Any = value_range()
    data_format: str | None = data_format()
    seed: int | None = seed()

    def setup(self) -> None:
        super().setup()
        if any(n % 2 == 0 for n in self.kernel_size):
            raise ValueError(f"kernel_size must be an odd number. Received: kernel_size={self.kernel_size}")
        self.factor, self.sigma = spread(self.factor, 0), spread(self.sigma, 0)

    def draw(self, images: Any, seed: Any) -> Drawn:
        chosen = self.chosen(images, self.factor, seed)
        sigma = self.uniform(images, (2,), self.sigma[0], self.sigma[1], seed, self.compute_dtype) + 1e-6
        return {"should_apply_blur": chosen, "blur_factor": sigma}

    def change(self, images: Any, drawn: Drawn) -> Any:
        blurred = image.gaussian_blur(images, self.kernel_size, drawn["blur_factor"], self.data_format)
        images = ops.where(drawn["should_apply_blur"], blurred, images)
        return ops.cast(ops.clip(images, self.value_range[0], self.value_range[1]), self.compute_dtype)
