"""Whole models: `.keras` files, and models from their config alone."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import Any, BinaryIO

from engine.core.errors import LoadError
from engine.core.objects import deserialize_object
from engine.core.state import abstract_scope, opening_file
from engine.saving import archive, limits
from engine.saving.assets import assets_of, load_assets
from engine.saving.config import (
    MEMBER,
    checked,
    custom_names,
    serialize_keras_object,
    sharing,
)
from engine.saving.limits import refuse
from engine.saving.weights import SUFFIX, check_overwrite, load_weights_bytes, weights_bytes

_BUILD_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    ZeroDivisionError,
    RecursionError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
)
"""What constructors raise for settings that make no sense."""


def model_config(model: Any) -> dict[str, Any]:
    """The model as Keras's `config.json` holds it."""
    with sharing():
        config: dict[str, Any] = serialize_keras_object(model)
    return config


def save_model(
    model: Any,
    filepath: str | os.PathLike[str] | BinaryIO,
    overwrite: bool = True,
    zipped: bool | None = None,
    **kwargs: Any,
) -> None:
    """Write a model with weights and optimizer state to a `.keras` file that Keras opens too.

    The old file stays whole until the new one is complete.

    Raises:
        ValueError: the name ends otherwise, or the file exists and `overwrite` is False.
    """
    kwargs.pop("include_optimizer", None)
    if kwargs:
        raise ValueError(f"The following argument(s) are not supported: {sorted(kwargs)}")
    if isinstance(filepath, (str, os.PathLike)):
        target = os.fspath(filepath)
        if not target.endswith(".keras"):
            raise ValueError(
                "Invalid filepath extension for saving. Please add either a `.keras` extension for the native Keras "
                f"format (recommended). Received: filepath={target}."
            )
        check_overwrite(target, overwrite)
    _write(model, filepath)


def _write(model: Any, target: str | os.PathLike[str] | BinaryIO) -> None:
    archive.write_archive(target, config=model_config(model), weights=weights_bytes(model), assets=assets_of(model))


def load_model(
    filepath: str | os.PathLike[str] | BinaryIO,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model that a `.keras` file holds, written here or by Keras.

    Args:
        filepath: the file, or an open binary file.
        custom_objects: classes and functions by name that the file may use.
        compile: whether optimizer, loss and metrics are restored.
        safe_mode: whether the file must not name other files (vocabularies). Code in files is never run.

    Raises:
        LoadError: the file is damaged, holds what does not belong in it, or names what the engine does not have.
    """
    if isinstance(filepath, (str, os.PathLike)):
        target = os.fspath(filepath)
        if target.endswith((SUFFIX, ".h5", ".hdf5")):
            raise LoadError(
                f"{target} holds weights without a model, or a model of the format of Keras 2. "
                "Build the model and call `load_weights`, or save it as `.keras` with Keras 3.",
                member=target,
            )
        if not os.path.exists(target):
            raise ValueError(
                f"File not found: filepath={target}. Please ensure the file is an accessible `.keras` zip file."
            )
    content = archive.read_archive(filepath)
    if content.config is None:
        raise refuse(MEMBER, "it is missing, so the file holds no model that can run.")
    model = model_from_config(content.config, custom_objects, compile=compile, safe_mode=safe_mode)
    if content.weights is None:
        raise refuse(archive.WEIGHTS, "it is missing, so the file holds no weights.")
    with opening_file(trusted=not safe_mode):
        load_weights_bytes(model, content.weights)
        load_assets(model, content.assets)
    return model


def model_from_config(
    config: Mapping[str, Any],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """A model from the content of `config.json`; variables get their initial values when they are first read.

    Raises:
        LoadError: the config names what the engine does not have, or its settings make no model.
    """
    plain = dict(config)
    if not compile:
        plain.pop("compile_config", None)
    try:
        with custom_names(custom_objects), sharing(), abstract_scope(), opening_file(trusted=not safe_mode):
            model = deserialize_object(checked(plain))
            if getattr(model, "compiled", False):
                _build_optimizer(model)
    except LoadError:
        raise
    except _BUILD_ERRORS as error:
        raise refuse(MEMBER, _reason(error)) from error
    if not hasattr(model, "load_weights") and not getattr(model, "saved_alone", False):
        raise refuse(MEMBER, f"it describes a {type(model).__name__}, which is not a model.")
    return model


def _reason(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text if isinstance(error, ValueError) and len(text) < 2000 else f"the model cannot be built: {text[:2000]}"


def _build_optimizer(model: Any) -> None:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and not optimizer.built and model.built:
        optimizer.build(model.trainable_variables)


def model_bytes(model: Any) -> bytes:
    """The `.keras` file of a model, in memory."""
    stream = io.BytesIO()
    _write(model, stream)
    return stream.getvalue()


def model_from_bytes(content: bytes, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The model that `model_bytes` wrote."""
    return load_model(io.BytesIO(content), custom_objects)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A model from what `model.to_json()` returned."""
    config = limits.parse_json(json_string.encode(), "the text")
    return model_from_config(config, custom_objects)
