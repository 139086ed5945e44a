"""Files: models and weights in Keras's formats, both ways. Nothing in a file is ever run."""

from __future__ import annotations

from engine.core.errors import LoadError
from engine.core.registry import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from engine.saving.archive import Archive, read_archive, replacing, write_archive
from engine.saving.config import deserialize_keras_object, serialize_keras_object
from engine.saving.file_editor import KerasFileEditor
from engine.saving.model_file import (
    load_model,
    model_bytes,
    model_config,
    model_from_bytes,
    model_from_config,
    model_from_json,
    save_model,
)
from engine.saving.weights import load_weights, load_weights_bytes, save_weights, weights_bytes

CustomObjectScope = custom_object_scope
"""Keras's name for `custom_object_scope`."""

__all__ = [
    "Archive",
    "CustomObjectScope",
    "KerasFileEditor",
    "LoadError",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "load_weights_bytes",
    "model_bytes",
    "model_config",
    "model_from_bytes",
    "model_from_config",
    "model_from_json",
    "read_archive",
    "register_keras_serializable",
    "replacing",
    "save_model",
    "save_weights",
    "serialize_keras_object",
    "weights_bytes",
    "write_archive",
]
