"""Ways to call each registered layer, made from its declared parameters and ports: one setting changed at a time.

A new layer is tested by being declared. Only what a declaration cannot say (an equation, a shape that has to fit)
stands in `SPECIAL`.
"""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import numpy as np

from engine.core import registry
from engine.core.params import ParamInfo
from engine.layers.preprocessing.image_base import ImageLayer

SIZES = {1: (5,), 2: (5, 4), 3: (2, 6, 4), 4: (2, 7, 6, 4), 5: (2, 5, 6, 5, 4)}
"""Shapes of inputs by number of axes; for one and two, the batch is the first number."""
NO_INPUT = ("InputLayer",)

SPECIAL: dict[str, list[tuple[dict[str, Any], list[tuple[int, ...]]]]] = {
    "EinsumDense": [
        ({"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c"}, [(5, 4)]),
        ({"equation": "abc,cde->abde", "output_shape": [None, 2, 3], "bias_axes": "de"}, [(2, 6, 4)]),
        ({"equation": "...x,xy->...y", "output_shape": 3}, [(2, 6, 4)]),
    ],
    "Reshape": [({"target_shape": [4, 6]}, [(2, 6, 4)]), ({"target_shape": [3, -1]}, [(2, 6, 4)])],
    "Permute": [({"dims": [2, 1]}, [(2, 6, 4)]), ({"dims": [3, 1, 2]}, [(2, 7, 6, 4)])],
    "RepeatVector": [({"n": 3}, [(5, 4)])],
    "PReLU": [({}, [(2, 6, 4)]), ({"shared_axes": [1]}, [(2, 6, 4)])],
    "Softmax": [({}, [(5, 4)]), ({"axis": 1}, [(2, 6, 4)]), ({"axis": [1, 2]}, [(2, 6, 4)])],
    "Concatenate": [({}, [(5, 4), (5, 3)]), ({"axis": 1}, [(2, 6, 4), (2, 3, 4)])],
    "RNN": [],
    "Attention": [
        ({}, [(2, 6, 4), (2, 5, 4)]),
        ({"use_scale": True}, [(2, 6, 4), (2, 5, 4), (2, 5, 4)]),
        ({"score_mode": "concat"}, [(2, 6, 4), (2, 5, 4)]),
        ({"score_mode": "concat", "use_scale": True}, [(2, 6, 4), (2, 5, 4)]),
        ({"dropout": 0.4, "seed": 3}, [(2, 6, 4), (2, 5, 4)]),
    ],  # fmt: skip
    "AdditiveAttention": [
        ({}, [(2, 6, 4), (2, 5, 4)]),
        ({"use_scale": False}, [(2, 6, 4), (2, 5, 4), (2, 5, 4)]),
        ({"dropout": 0.4}, [(2, 6, 4), (2, 5, 4)]),
    ],  # fmt: skip
    "Dot": [
        ({"axes": 1}, [(5, 4), (5, 4)]),
        ({"axes": -1, "normalize": True}, [(5, 4), (5, 4)]),
        ({"axes": 2}, [(2, 6, 4), (2, 3, 4)]),
        ({"axes": [2, 1]}, [(2, 6, 4), (2, 4, 3)]),
        ({"axes": [1, 2]}, [(5, 4), (5, 3, 4)]),
        ({"axes": [2, 1]}, [(5, 3, 4), (5, 4)]),
    ],  # fmt: skip
    "GroupNormalization": [
        ({"groups": 2}, [(2, 7, 6, 4)]),
        ({"groups": -1, "scale": False}, [(2, 6, 4)]),
        ({"groups": 4, "center": False}, [(5, 4)]),
        ({"groups": 2, "axis": 1}, [(2, 4, 6, 3)]),
    ],  # fmt: skip
    "ZeroPadding1D": [({}, [(2, 6, 4)]), ({"padding": [2, 0]}, [(2, 6, 4)])],
    "Cropping1D": [({}, [(2, 6, 4)]), ({"cropping": [2, 0]}, [(2, 6, 4)]), ({"cropping": 2}, [(2, 6, 4)])],
}
_BY_NAME: dict[str, Any] = {
    "units": 3, "filters": 8, "kernel_size": 3, "rate": 0.4, "stddev": 0.3, "input_dim": 11, "output_dim": 3,
    "num_heads": 2, "key_dim": 3, "pool_size": 2, "activation": "tanh", "scale": 0.5, "n": 3, "height": 5, "width": 4,
    "max_number": 3, "height_factor": 0.2, "width_factor": 0.1, "output_size": 3,
}  # fmt: skip
_OBJECTS = {
    "Activation": "sigmoid",
    "Initializer": {"class_name": "RandomUniform", "config": {"minval": 0.2, "maxval": 0.7, "seed": 3}},
    "Regularizer": {"class_name": "L2", "config": {"l2": 0.1}},
    "Constraint": {"class_name": "MaxNorm", "config": {"max_value": 0.5}},
}
_NUMBERS = {
    "momentum": 0.7, "epsilon": 0.01, "dilation_rate": 2, "strides": 2, "groups": 2, "depth_multiplier": 2,
    "output_padding": 0,
    "dropout": 0.3, "recurrent_dropout": 0.2,
    "value_dim": 5, "negative_slope": 0.2, "alpha": 0.5, "max_value": 0.8, "threshold": 0.3,
    "mask_value": 0.0, "offset": 0.25, "pool_size": 3, "axis": None, "output_shape": None, "seed": 5, "padding": 1,
    "cropping": 1, "implementation": None, "lora_rank": 2, "lora_alpha": None, "reset_after": False,
    "attention_axes": None, "noise_shape": None, "mean": None, "variance": None, "shared_axes": None,
    "quantization_config": None, "sliding_window": 2, "gamma_initializer": None, "value_range": [0, 1], "bins": 16,
    "fill_value": 7, "tile_grid_size": [2, 3], "clip_limit": 0.5, "num_ops": 4, "num_chains": 2, "chain_depth": 5,
}  # fmt: skip
"""Values that a setting is changed to; None leaves it as it is."""


@dataclasses.dataclass(frozen=True)
class Use:
    """One way to call a layer.

    Attributes:
        layer: its name.
        changed: the setting that differs from the default, "" for none.
        config: arguments of the constructor, as JSON values.
        shapes: of the inputs.
        whole: bound of whole-number inputs, 0 for floats.
    """

    layer: str
    changed: str
    config: dict[str, Any]
    shapes: tuple[tuple[int, ...], ...]
    whole: int = 0

    @property
    def id(self) -> str:
        return f"{self.layer}-{self.changed or 'default'}"

    @property
    def is_augmentation(self) -> bool:
        """Whether it changes pictures by draws: those differ from one backend of Keras to another."""
        return issubclass(registry.all_of("layer")[self.layer], ImageLayer)

    def inputs(self) -> list[np.ndarray]:
        """The arrays to call it with."""
        rng = np.random.default_rng(len(self.shapes[0]))
        if self.is_augmentation:
            low, high = self.config.get("value_range", (0, 255))
            return [rng.uniform(low, high, s).astype("float32") for s in self.shapes]
        if self.whole:
            return [rng.integers(0, self.whole, s).astype("int32") for s in self.shapes]
        return [rng.normal(size=s).astype("float32") for s in self.shapes]


def uses(name: str) -> list[Use]:
    """All ways in which a layer is tried."""
    if name in SPECIAL:
        return [Use(name, f"case {i}", c, tuple(s)) for i, (c, s) in enumerate(SPECIAL[name])]
    cls = registry.all_of("layer")[name]
    required = {p.name: _given(p) for p in cls.PARAMS.values() if p.required}
    shapes = _shapes(cls)
    whole = required.get("input_dim", 5) if cls.PORTS.dtypes == "int" else 0
    found = [Use(name, "", required, shapes, whole)]
    for info in cls.PARAMS.values():
        for i, value in enumerate(_others(info)):
            changed = {**required, info.name: value}
            if info.name == "dilation_rate":
                changed["strides"] = 1
            found.append(Use(name, f"{info.name}{i or ''}", changed, _rotated(shapes, changed), whole))
    return found


def _given(info: ParamInfo) -> Any:
    """A value for a setting that has no default."""
    return _range(info)[1] if info.kind == "Range" else _BY_NAME[info.name]


def _range(info: ParamInfo) -> list[float]:
    """Two numbers of a range."""
    high = info.le or 1
    return [0.1, 0.4] if high == 1 else [high // 4, high // 2]


def _shapes(cls: Any) -> tuple[tuple[int, ...], ...]:
    low = (cls.PORTS.ranks or (2, None))[0]
    if issubclass(cls, ImageLayer):
        return ((2, 9, 8, 3),)
    rank = 3 if low == 1 and cls.PORTS.dtypes != "int" else max(low, 2)
    return (SIZES[rank],) * max(cls.PORTS.inputs[0], 1)


def _rotated(shapes: tuple[tuple[int, ...], ...], config: dict[str, Any]) -> tuple[tuple[int, ...], ...]:
    if config.get("data_format") == "channels_first":
        return tuple((s[0], s[-1], *s[1:-1]) for s in shapes)
    return shapes


def _others(info: ParamInfo) -> list[Any]:
    """Values other than the default."""
    if info.required and info.kind != "Range":
        return []
    if info.choices:
        return [c for c in info.choices if c != info.default and c is not None]
    if info.name in _NUMBERS:
        return [] if _NUMBERS[info.name] is None else [_NUMBERS[info.name]]
    if info.kind == "Range":
        return [_range(info)] if info.required or info.nullable else [_range(info)[1], _range(info)]
    if info.kind == "bool":
        return [not info.default]
    if info.kind in _OBJECTS:
        return [_OBJECTS[info.kind]]
    return []


def all_uses() -> list[Use]:
    """Every use of every layer with a name in Keras."""
    import engine.layers  # noqa: F401

    names = [n for n in registry.all_of("layer") if n not in NO_INPUT and not n.endswith("Cell")]
    return [use for name in names for use in uses(name)]


def _kept_apart(transform: Any) -> Any:
    """A method of Keras that gets a copy of the pictures."""

    def method(self: Any, images: Any, *args: Any, **kwargs: Any) -> Any:
        return transform(self, np.array(images), *args, **kwargs)

    return method


def repair(keras: Any) -> None:
    """Keep Keras's RandomBrightness from changing its input in place, as it does on NumPy but on no other backend."""
    brightness = keras.layers.RandomBrightness
    if brightness.transform_images.__name__ != "method":
        brightness.transform_images = _kept_apart(brightness.transform_images)


def built(library: Any, use: Use, seed: int = 7) -> Any:
    """The layer from either library, with everything drawn from one seed."""
    library.utils.set_random_seed(seed)
    config = {key: _object(library, key, value) for key, value in use.config.items()}
    return getattr(library.layers, use.layer)(**config)


def _object(library: Any, key: str, value: Any) -> Any:
    if isinstance(value, dict):
        home = {"initializer": "initializers", "regularizer": "regularizers", "constraint": "constraints"}
        return getattr(library, home[key.rsplit("_", 1)[-1]]).deserialize(value)
    return tuple(value) if isinstance(value, list) else value


def called(layer: Any, inputs: list[Any], **options: Any) -> Any:
    """The layer on its inputs: one, a list for merging layers, several for attention."""
    signature = inspect.signature(type(layer).call)
    if "training" not in signature.parameters:
        options.pop("training", None)
    if len(inputs) == 1:
        return layer(inputs[0], **options)
    return layer(*inputs, **options) if "query" in signature.parameters else layer(inputs, **options)


def draw(layer: Any) -> None:
    """Give a layer of either library the same numbers; positive ones for what is not trained, such as variances."""
    fixed = [v for v in layer.non_trainable_variables if "float" in str(v.dtype)]
    for variables, low, high in ((layer.trainable_variables, -0.5, 0.5), (fixed, 0.5, 1.5)):
        for i, variable in enumerate(variables):
            values = np.random.default_rng([i, 9]).uniform(low, high, tuple(variable.shape))
            variable.assign(values.astype("float32"))
    if hasattr(layer, "finalize_state"):
        layer.finalize_state()
