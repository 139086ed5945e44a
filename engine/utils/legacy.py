"""Keras 2's form of configs, under `keras.utils.legacy`."""

from __future__ import annotations

from engine.legacy.saving import deserialize_keras_object, serialize_keras_object

__all__ = ["deserialize_keras_object", "serialize_keras_object"]
