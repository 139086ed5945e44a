"""Small helpers under Keras's names (`keras.utils`); each is imported when it is first used."""

from __future__ import annotations

import importlib
from typing import Any

_NAMES = {
    "CustomObjectScope": "engine.saving",
    "Progbar": "engine.callbacks.progress",
    "PyDataset": "engine.training.py_dataset",
    "clear_session": "engine.utils.session",
    "custom_object_scope": "engine.core.registry",
    "deserialize_keras_object": "engine.saving",
    "get_custom_objects": "engine.core.registry",
    "get_registered_name": "engine.core.registry",
    "get_registered_object": "engine.core.registry",
    "is_keras_tensor": "engine.core.tensor",
    "normalize": "engine.utils.categorical",
    "pack_x_y_sample_weight": "engine.training.adapters",
    "register_keras_serializable": "engine.core.registry",
    "serialize_keras_object": "engine.saving",
    "set_random_seed": "engine.core.rng",
    "standardize_dtype": "engine.core.dtypes",
    "to_categorical": "engine.utils.categorical",
    "unpack_x_y_sample_weight": "engine.training.adapters",
}


def __getattr__(name: str) -> Any:
    if name == "Sequence":
        name = "PyDataset"
    if name not in _NAMES:
        raise AttributeError(f"module 'engine.utils' has no attribute {name!r}")
    value = getattr(importlib.import_module(_NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
