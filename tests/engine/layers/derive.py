"""Ways to call each registered layer, made from its declared parameters and ports: one setting changed at a time.

A new layer is tested by being declared. Only what a declaration cannot say (an equation, a shape that has to fit)
stands in `SPECIAL`.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
from typing import Any

import numpy as np

from engine.core import registry
from engine.core.params import ParamInfo
from engine.layers.preprocessing.image_base import ImageLayer

SIZES = {1: (5,), 2: (5, 4), 3: (2, 6, 4), 4: (2, 7, 6, 4), 5: (2, 5, 6, 5, 4), 6: (2, 2, 5, 5, 5, 2)}
"""Shapes of inputs by number of axes; for one and two, the batch is the first number."""
NO_INPUT = ("InputLayer",)

SPECIAL: dict[str, list[tuple[dict[str, Any], list[tuple[int, ...]]]]] = {
    "EinsumDense": [
        ({"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c"}, [(5, 4)]),
        ({"equation": "abc,cde->abde", "output_shape": [None, 2, 3], "bias_axes": "de"}, [(2, 6, 4)]),
        ({"equation": "...x,xy->...y", "output_shape": 3}, [(2, 6, 4)]),
    ],
    "Discretization": [
        ({"bin_boundaries": [-0.5, 0.25, 1.0]}, [(5, 4)]),
        ({"bin_boundaries": [-0.5, 0.25, 1.0], "output_mode": "one_hot"}, [(2, 6, 4)]),
        ({"bin_boundaries": [-0.5, 0.25], "output_mode": "multi_hot"}, [(5, 4)]),
        ({"bin_boundaries": [-0.5, 0.25], "output_mode": "count"}, [(5, 4)]),
    ],  # fmt: skip
    "HashedCrossing": [({"num_bins": 5}, [(5, 1), (5, 1)]), ({"num_bins": 5, "output_mode": "one_hot"}, [(5,), (5,)])],
    "TextVectorization": [({"output_sequence_length": 3}, [(5, 1)])],
    "Reshape": [({"target_shape": [4, 6]}, [(2, 6, 4)]), ({"target_shape": [3, -1]}, [(2, 6, 4)])],
    "Permute": [({"dims": [2, 1]}, [(2, 6, 4)]), ({"dims": [3, 1, 2]}, [(2, 7, 6, 4)])],
    "RepeatVector": [({"n": 3}, [(5, 4)])],
    "PReLU": [({}, [(2, 6, 4)]), ({"shared_axes": [1]}, [(2, 6, 4)])],
    "Softmax": [({}, [(5, 4)]), ({"axis": 1}, [(2, 6, 4)]), ({"axis": [1, 2]}, [(2, 6, 4)])],
    "Concatenate": [({}, [(5, 4), (5, 3)]), ({"axis": 1}, [(2, 6, 4), (2, 3, 4)])],
    "Lambda": [],  # functions are no JSON values
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
    "STFTSpectrogram": [
        ({"frame_length": 8}, [(2, 30, 2)]),
        *(({"frame_length": 8, "mode": mode}, [(2, 30, 2)]) for mode in ("magnitude", "psd", "real", "imag", "stft")),
        ({"frame_length": 8, "mode": "angle"}, [(2, 30, 1)]),
        ({"frame_length": 10, "fft_length": 16, "frame_step": 3, "window": "hamming"}, [(2, 30, 1)]),
        ({"frame_length": 8, "window": "blackman", "periodic": True, "scaling": "spectrum"}, [(2, 30, 2)]),
        ({"frame_length": 8, "window": None, "padding": "same"}, [(2, 30, 2)]),
        ({"frame_length": 8, "scaling": None, "expand_dims": True}, [(2, 30, 2)]),
        ({"frame_length": 8, "data_format": "channels_first"}, [(2, 2, 30)]),
        ({"frame_length": 8, "data_format": "channels_first", "expand_dims": True}, [(2, 2, 30)]),
    ],
    "MelSpectrogram": [
        ({"fft_length": 64, "sequence_stride": 20, "num_mel_bins": 8}, [(2, 300)]),
        ({"fft_length": 64, "sequence_stride": 20, "num_mel_bins": 8, "power_to_db": False}, [(2, 300)]),
        ({"fft_length": 64, "sequence_stride": 20, "num_mel_bins": 8, "mag_exp": 1.0, "top_db": 20.0}, [(2, 300)]),
        ({"fft_length": 64, "sequence_length": 50, "num_mel_bins": 6, "window": "hamming"}, [(2, 300)]),
        (
            {"fft_length": 64, "sampling_rate": 8000, "min_freq": 200.0, "max_freq": 3000.0, "ref_power": 2.0},
            [(2, 300)],
        ),
    ],
    "ZeroPadding1D": [({}, [(2, 6, 4)]), ({"padding": [2, 0]}, [(2, 6, 4)])],
    "Cropping1D": [({}, [(2, 6, 4)]), ({"cropping": [2, 0]}, [(2, 6, 4)]), ({"cropping": 2}, [(2, 6, 4)])],
}
_BY_NAME: dict[str, Any] = {
    "units": 3, "filters": 8, "kernel_size": 3, "rate": 0.4, "stddev": 0.3, "input_dim": 11, "output_dim": 3,
    "num_heads": 2, "key_dim": 3, "pool_size": 2, "activation": "tanh", "scale": 0.5, "n": 3, "num_tokens": 5,
    "num_bins": 5, "height": 5, "width": 4, "max_number": 3, "height_factor": 0.2, "width_factor": 0.1,
    "head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2,
    "output_size": 3,
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
    "logit_soft_cap": 0.5, "power_iterations": 2, "reverse_dtype": None,
}  # fmt: skip
"""Values that a setting is changed to; None leaves it as it is."""


def _inner(name: str, **config: Any) -> dict[str, Any]:
    return {"module": "keras.layers", "class_name": name, "config": {"name": "inner", **config}}


_LSTM_CELL, _GRU_CELL = _inner("LSTMCell", units=3), _inner("GRUCell", units=2)
_CELLS = [_GRU_CELL, {**_LSTM_CELL, "config": {"name": "upper", "units": 3, "dropout": 0.3, "seed": 2}}]
_STACK = _inner("StackedRNNCells", cells=[{**_CELLS[0], "config": {"name": "lower", "units": 2}}, _CELLS[1]])
_INNER: dict[str, list[Any]] = {
    "cell": [_LSTM_CELL, _GRU_CELL, _inner("SimpleRNNCell", units=3, recurrent_dropout=0.2, seed=4), _STACK],
    "cells": [_CELLS],
    "layer": [
        _inner("Dense", units=3, activation="tanh"),
        _inner("LSTM", units=3),
        _inner("GRU", units=3, return_sequences=True),
        _inner("SimpleRNN", units=3, recurrent_dropout=0.2),
        _inner("Dropout", rate=0.4, seed=2),
        _inner("BatchNormalization"),
    ],
    "layers": [
        [_inner("Dense", units=3), {**_inner("LayerNormalization"), "config": {"name": "next"}}],
    ],
    "backward_layer": [_inner("LSTM", units=3, go_backwards=True)],
}  # fmt: skip
"""What layers that hold other layers are given, by the name of the setting: what a class accepts of it."""


def _accepted(cls: Any, name: str) -> list[Any]:
    """The inner layers with which a class can be made."""
    found = []
    for value in _INNER[name]:
        try:
            cls(value)
        except ValueError:
            continue
        found.append(value)
    return found


@dataclasses.dataclass(frozen=True)
class Use:
    """One way to call a layer.

    Attributes:
        layer: its name.
        changed: the setting that differs from the default, "" for none.
        config: arguments of the constructor, as JSON values.
        shapes: of the inputs.
        whole: bound of whole-number inputs, 0 for floats.
        text: whether the inputs are texts.
    """

    layer: str
    changed: str
    config: dict[str, Any]
    shapes: tuple[tuple[int, ...], ...]
    whole: int = 0
    text: bool = False

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
        if self.text:
            return [np.array(["a", "b c", "d", ""], object)[rng.integers(0, 4, s)] for s in self.shapes]
        if self.is_augmentation:
            low, high = self.config.get("value_range", (0, 255))
            return [rng.uniform(low, high, s).astype("float32") for s in self.shapes]
        if self.whole:
            return [rng.integers(0, self.whole, s).astype("int32") for s in self.shapes]
        return [rng.normal(size=s).astype("float32") for s in self.shapes]


def uses(name: str) -> list[Use]:
    """All ways in which a layer is tried."""
    if name in SPECIAL:
        kind = _kind(name)
        return [Use(name, f"case {i}", c, tuple(s), *kind) for i, (c, s) in enumerate(SPECIAL[name])]
    cls = registry.all_of("layer")[name]
    required = {p.name: _needed(cls, p) for p in cls.PARAMS.values() if p.required}
    shapes = _shapes(cls)
    whole, text = _kind(name, required)
    found = [Use(name, "", required, shapes, whole, text)]
    for info in cls.PARAMS.values():
        if info.kind in _OBJECTS and _is_twin(name):
            continue
        for i, value in enumerate(_others(info, cls)):
            changed = {**required, info.name: value}
            if info.name == "dilation_rate":
                changed["strides"] = 1
            found.append(Use(name, f"{info.name}{i or ''}", changed, _rotated(cls, shapes, changed), whole, text))
    holds = any(info.kind == "Layer" for info in cls.PARAMS.values())
    return [dataclasses.replace(use, shapes=_fitting(use)) for use in found] if holds else found


def _is_twin(name: str) -> bool:
    """Whether the same class for two axes of space is tried with all objects, so that here the geometry is enough."""
    return name[-2:] in ("1D", "3D") and f"{name[:-2]}2D" in registry.all_of("layer")


def _fitting(use: Use) -> tuple[tuple[int, ...], ...]:
    """The shapes, with as many axes as what is inside needs."""
    import engine

    for rank in range(len(use.shapes[0]), 6):
        tried = dataclasses.replace(use, shapes=(SIZES[rank],) * len(use.shapes))
        try:
            called(built(engine, tried), tried.inputs())
        except (ValueError, IndexError):
            continue
        return tried.shapes
    return use.shapes


def _needed(cls: Any, info: ParamInfo) -> Any:
    """A value for a setting that has no default."""
    if info.kind == "Range":
        return _range(info)[1]
    return _accepted(cls, info.name)[0] if info.kind == "Layer" else _BY_NAME[info.name]


def _kind(name: str, config: dict[str, Any] | None = None) -> tuple[int, bool]:
    """Bound of whole-number inputs (0 for floats), and whether inputs are texts."""
    dtypes = registry.all_of("layer")[name].PORTS.dtypes
    return (config or {}).get("input_dim", 5) if dtypes in ("int", "term") else 0, dtypes == "string"


def _range(info: ParamInfo) -> list[float]:
    """Two numbers of a range."""
    high = info.le or 1
    return [0.1, 0.4] if high == 1 else [high // 4, high // 2]


def _shapes(cls: Any) -> tuple[tuple[int, ...], ...]:
    if issubclass(cls, ImageLayer):
        return ((2, 9, 8, 3),)
    low, high = cls.PORTS.ranks or (2, None)
    rank = 3 if low == 1 and cls.PORTS.dtypes != "int" else max(low, 2)
    rank = rank if high is None else min(rank, high)
    return (SIZES[rank],) * max(cls.PORTS.inputs[0], 1)


def _rotated(cls: Any, shapes: tuple[tuple[int, ...], ...], config: dict[str, Any]) -> tuple[tuple[int, ...], ...]:
    if config.get("data_format") == "channels_first":
        kept = 2 if "return_sequences" in cls.PARAMS else 1  # time stays before the channels
        return tuple((*s[:kept], s[-1], *s[kept:-1]) for s in shapes)
    return shapes


def _others(info: ParamInfo, cls: Any) -> list[Any]:
    """Values other than the default; none for what is not to be chosen."""
    if info.hidden:
        return []
    if info.kind == "Layer":
        return _accepted(cls, info.name)[1:] if info.required else _INNER[info.name]
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
    """Every use of every layer with a name in Keras that Keras runs without TensorFlow."""
    import engine.layers  # noqa: F401

    names = [n for n in registry.all_of("layer") if n not in NO_INPUT and not n.endswith(("Cell", "Cells"))]
    return [use for name in names if runs_in_keras(name) for use in uses(name)]


@functools.cache
def runs_in_keras(name: str) -> bool:
    """Whether Keras makes the layer with the libraries that are here; the others are compared with written facts."""
    import keras

    cls = registry.all_of("layer")[name]
    try:
        getattr(keras.layers, name)(**{p.name: _needed(cls, p) for p in cls.PARAMS.values() if p.required})
    except ImportError:
        return False
    except (ValueError, TypeError, KeyError, AttributeError):
        return True
    return True


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
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_object(library, key, item) for item in value]
    if isinstance(value, dict) and value.get("module") == "keras.layers":
        return library.layers.deserialize(copy.deepcopy(value))  # Keras takes some configs apart
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
