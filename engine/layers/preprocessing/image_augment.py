"""Layers that apply several of the others at random in training. Pictures keep their shape."""

from __future__ import annotations

import random as python_random
from collections.abc import Sequence
from typing import Any

from engine import ops, random
from engine.core.params import Param, Range
from engine.core.tensor import Tensor
from engine.layers.preprocessing.image_base import Drawn, ImageLayer, data_format, seed, spread, value_range
from engine.layers.preprocessing.image_color import RandomBrightness, RandomColorDegeneration, RandomContrast
from engine.layers.preprocessing.image_geometry import RandomRotation, RandomShear, RandomTranslation, interpolation
from engine.layers.preprocessing.image_histogram import AutoContrast, Equalization
from engine.layers.preprocessing.image_tone import RandomPosterization, RandomSharpness, Solarization

_COLOURS = ("random_brightness", "random_color_degeneration", "random_contrast", "random_sharpness")


class _Several(ImageLayer):
    """A layer made of others, each with the strength `factor`."""

    SIZED = True

    factor: Any
    interpolation: str
    random_rotation: ImageLayer

    def setup(self) -> None:
        super().setup()
        self.factor = spread(self.factor, 0)

    def compute_output_spec(self, data: Any, training: Any = True) -> Any:
        """As the part says that asks most of its input: nothing is drawn, and not every part is tried."""
        part: ImageLayer = getattr(self, "random_color_degeneration", self.random_rotation)
        return part.compute_output_spec(data, training)

    def check_colours(self, images: Any, needed: bool) -> None:
        """Refuse pictures that one of the parts may refuse, whichever part is drawn."""
        channels = images.shape[self.channel_axis]
        if needed and channels not in (1, 3, None):
            raise ValueError(
                "Invalid channel size: expected 3 (RGB) or 1 (Grayscale), but received images with "
                f"{channels} channels."
            )

    def drawn_for(self, name: str, images: Any, seed: Any) -> Drawn:
        """What one of the parts draws."""
        return {"size": self.size_of(images), **getattr(self, name).draw(images, seed)}

    def one_of(self, choice: Any, names: Sequence[str | None], drawn: Drawn, method: str, value: Any) -> Any:
        """The value after one of the parts; in a plan too only that part is computed."""

        def through(name: str | None) -> Any:
            if name is None:
                return lambda given: given
            return lambda given: getattr(getattr(self, name), method)(given, drawn[name])

        return ops.switch(choice, [through(name) for name in names], value)

    def add_parts(self, names: tuple[str, ...]) -> None:
        """Make the layers of these names, in this order."""
        common: dict[str, Any] = {
            "dtype": self.dtype_policy,
            "data_format": self.data_format,
            "bounding_box_format": self.bounding_box_format,
        }
        values, drawn = {"value_range": self.value_range}, {"seed": self.seed}  # type: ignore[attr-defined]
        factor, way = self.factor, {"interpolation": self.interpolation}
        bits = max(1, int(8 * factor[1]))
        settings: dict[str, tuple[type[ImageLayer], dict[str, Any]]] = {
            "random_shear": (RandomShear, {"x_factor": factor, "y_factor": factor, **way, **drawn}),
            "random_translation": (
                RandomTranslation,
                {"height_factor": factor, "width_factor": factor, **way, **drawn},
            ),
            "random_rotation": (RandomRotation, {"factor": factor, **way, **drawn}),
            "random_brightness": (RandomBrightness, {"factor": factor, **values, **drawn}),
            "random_color_degeneration": (RandomColorDegeneration, {"factor": factor, **values, **drawn}),
            "random_contrast": (RandomContrast, {"factor": factor, **values, **drawn}),
            "random_sharpness": (RandomSharpness, {"factor": factor, **values, **drawn}),
            "solarization": (
                Solarization,
                {"addition_factor": factor, "threshold_factor": factor, **values, **drawn},
            ),
            "random_posterization": (RandomPosterization, {"factor": bits, **values, **drawn}),
            "auto_contrast": (AutoContrast, values),
            "equalization": (Equalization, values),
        }
        for name in names:
            kind, given = settings[name]
            setattr(self, name, kind(**given, **common))


class RandAugment(_Several, category="preprocessing", keras="keras.layers:RandAugment"):
    """Applies a few of eleven transformations, drawn for each batch, in training (Cubuk and others 2019)."""

    value_range: Any = value_range()
    num_ops: int = Param(2, ge=1, doc="Transformations for each batch.")
    factor: Range = Param(0.5, ge=0, le=1, step=0.05, doc="Highest strength; or two numbers.")
    interpolation: str = interpolation()
    seed: int | None = seed()
    data_format: str | None = data_format()

    PARTS = (
        "random_shear", "random_translation", "random_rotation", "random_brightness", "random_color_degeneration",
        "random_contrast", "random_sharpness", "random_posterization", "solarization", "auto_contrast",
        "equalization",
    )  # fmt: skip
    """In the order by which the draws count them."""

    def setup(self) -> None:
        super().setup()
        made = [name for name in self.PARTS if name not in ("solarization", "random_posterization")]
        # Keras makes solarization before posterization, so that their generators are listed in this order.
        made[7:7] = ["solarization", "random_posterization"]
        self.add_parts(tuple(made))

    def draw(self, images: Any, seed: Any) -> Drawn:
        self.check_colours(images, True)
        chosen = random.randint((self.num_ops,), 0, len(self.PARTS), seed=seed)
        return {"layer_idxes": chosen, "transforms": {name: self.drawn_for(name, images, seed) for name in self.PARTS}}

    def _applied(self, method: str, value: Any, drawn: Drawn) -> Any:
        """The value through the chosen layers, one after the other."""
        for i in range(self.num_ops):
            value = self.one_of(drawn["layer_idxes"][i], self.PARTS, drawn["transforms"], method, value)
        return value

    def change(self, images: Any, drawn: Drawn) -> Any:
        return ops.cast(self._applied("change", images, drawn), self.compute_dtype)

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        return self._applied("change_masks", masks, drawn)

    def change_boxes(self, boxes: dict[str, Any], drawn: Drawn) -> dict[str, Any]:
        found: dict[str, Any] = self._applied("change_boxes", boxes, drawn)
        return found


class AugMix(_Several, category="preprocessing", keras="keras.layers:AugMix"):
    """Mixes each picture with versions of itself from random chains of transformations (Hendrycks and others 2019).

    Which transformations form the chains is drawn by Python's `random`, as in Keras; in a compiled training step, where
    Keras keeps the chains of the first step, by the layer's own generator.
    """

    value_range: Any = value_range()
    num_chains: int = Param(3, ge=1, doc="Chains that are mixed.")
    chain_depth: int = Param(3, ge=1, doc="Most transformations in a chain.")
    factor: Range = Param(0.3, ge=0, le=1, step=0.05, doc="Highest strength; or two numbers.")
    alpha: float = Param(1.0, gt=0, step=0.1, doc="Evenness of the mixture.")
    all_ops: bool = Param(True, doc="Whether brightness, contrast, colour and sharpness change too.")
    interpolation: str = interpolation()
    seed: int | None = seed()
    data_format: str | None = data_format()

    SHAPES = (
        "random_shear", "random_translation", "random_rotation", "random_posterization", "solarization",
        "auto_contrast", "equalization",
    )  # fmt: skip

    def setup(self) -> None:
        super().setup()
        shapes = list(self.SHAPES)
        # Keras makes solarization before posterization, so that their generators are listed in this order.
        shapes[3], shapes[4] = shapes[4], shapes[3]
        self.add_parts((*shapes, *(_COLOURS if self.all_ops else ())))

    def _names(self) -> list[str | None]:
        """What a link of a chain is chosen from; None changes nothing."""
        return [*self.SHAPES, *(_COLOURS if self.all_ops else ()), None]

    def draw(self, images: Any, seed: Any) -> Drawn:
        self.check_colours(images, self.all_ops)
        names = self._names()
        weights = random.gamma((self.num_chains,), self.alpha, seed=seed)
        share = random.beta((), self.alpha, self.alpha, seed=seed)
        chains = [[self._link(names, images, seed) for _ in range(self.chain_depth)] for _ in range(self.num_chains)]
        return {"chain_mixing_weights": weights / ops.sum(weights), "weight_sample": share, "chain_transforms": chains}

    def _link(self, names: list[str | None], images: Any, seed: Any) -> tuple[Any, Drawn]:
        """A choice among the names, and what is drawn for it; while tracing, for all of them."""
        if isinstance(images, Tensor):
            chosen = python_random.choice(names)
            return names.index(chosen), {chosen: self.drawn_for(chosen, images, seed)} if chosen else {}
        choice = random.randint((), 0, len(names), seed=seed)
        return choice, {name: self.drawn_for(name, images, seed) for name in names if name}

    def _mix(self, method: str, value: Any, drawn: Drawn) -> Any:
        kind = self.compute_dtype
        weights, share = (ops.cast(drawn[k], kind) for k in ("chain_mixing_weights", "weight_sample"))
        mixed: Any = 0.0
        for i, chain in enumerate(drawn["chain_transforms"]):
            moved = value
            for choice, part in chain:
                moved = self.one_of(choice, self._names(), part, method, moved)
            mixed = mixed + moved * weights[i]
        return share * value + (1 - share) * mixed

    def change(self, images: Any, drawn: Drawn) -> Any:
        mixed = self._mix("change", images, drawn)
        return ops.cast(ops.clip(mixed, self.value_range[0], self.value_range[1]), self.compute_dtype)

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        return self._mix("change_masks", masks, drawn)
