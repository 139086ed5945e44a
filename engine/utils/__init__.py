"""Small helpers under Keras's names (`keras.utils`); each is imported when it is first used."""

from __future__ import annotations

import importlib
from typing import Any

_NAMES = {
    "CustomObjectScope": "engine.saving",
    "Config": "engine.utils.config",
    "Dataset": "engine.data.dataset",
    "FeatureSpace": "engine.layers.preprocessing.feature_space",
    "Progbar": "engine.callbacks.progress",
    "PyDataset": "engine.training.py_dataset",
    "array_to_img": "engine.data.images",
    "audio_dataset_from_directory": "engine.data.audio",
    "clear_session": "engine.utils.session",
    "custom_object_scope": "engine.core.registry",
    "deserialize_keras_object": "engine.saving",
    "disable_interactive_logging": "engine.core.config",
    "enable_interactive_logging": "engine.core.config",
    "get_custom_objects": "engine.core.registry",
    "get_file": "engine.data.files",
    "get_registered_name": "engine.core.registry",
    "get_registered_object": "engine.core.registry",
    "get_source_inputs": "engine.models.graph",
    "image_dataset_from_directory": "engine.data.images",
    "img_to_array": "engine.data.images",
    "is_interactive_logging_enabled": "engine.core.config",
    "is_keras_tensor": "engine.core.tensor",
    "load_img": "engine.data.images",
    "model_to_dot": "engine.models.diagram",
    "normalize": "engine.utils.categorical",
    "pack_x_y_sample_weight": "engine.training.adapters",
    "pad_sequences": "engine.data.sequences",
    "plot_model": "engine.models.diagram",
    "register_keras_serializable": "engine.core.registry",
    "save_img": "engine.data.images",
    "serialize_keras_object": "engine.saving",
    "set_random_seed": "engine.core.rng",
    "split_dataset": "engine.data.split",
    "standardize_dtype": "engine.core.dtypes",
    "text_dataset_from_directory": "engine.data.text",
    "timeseries_dataset_from_array": "engine.data.timeseries",
    "to_categorical": "engine.utils.categorical",
    "unpack_x_y_sample_weight": "engine.training.adapters",
}


def __getattr__(name: str) -> Any:
    if name in ("bounding_boxes", "legacy"):
        return importlib.import_module(f"engine.utils.{name}")
    if name == "Sequence":
        name = "PyDataset"
    if name not in _NAMES:
        raise AttributeError(f"module 'engine.utils' has no attribute {name!r}")
    value = getattr(importlib.import_module(_NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
