"""Keras's `keras.models`: Sequential, Functional and subclassed models."""

from __future__ import annotations

from typing import Any

from engine.models.clone import clone_model
from engine.models.functional import Functional
from engine.models.model import Model, model_from_json
from engine.models.sequential import Sequential


def load_model(filepath: Any, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True) -> Model:
    """The model in a `.keras` file (see `engine.saving.load_model`)."""
    from engine import saving

    return saving.load_model(filepath, custom_objects, compile, safe_mode)


def save_model(model: Model, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
    """Write a model into a `.keras` file (see `engine.saving.save_model`)."""
    from engine import saving

    saving.save_model(model, filepath, overwrite=overwrite, zipped=zipped, **kwargs)
