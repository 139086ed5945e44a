"""Layers as parameters of other layers: `Param(kind="Layer")` holds a layer, or a list of them, and writes it whole."""

from __future__ import annotations

import inspect
from typing import Any

from engine.core.params import register_kind


def made(value: Any) -> Any:
    """A layer (or list of layers) from a config; layers themselves stay as they are."""
    from engine.saving.config import deserialize_keras_object

    if isinstance(value, (list, tuple)):
        return [made(item) for item in value]
    return deserialize_keras_object(value) if isinstance(value, dict) else value


def written(value: Any) -> Any:
    """The config of a layer or of a list of layers, with the shapes it was built for."""
    from engine.saving.config import serialize_keras_object

    return serialize_keras_object(value)


register_kind("Layer", get=made, serialize=written)


def with_custom_objects(config: dict[str, Any], custom_objects: Any, *names: str) -> dict[str, Any]:
    """`config` in which the layers under `names` are made, custom classes among them."""
    from engine.saving.config import deserialize_keras_object

    made_here = {name: deserialize_keras_object(config[name], custom_objects) for name in names if name in config}
    return {**config, **made_here}


def takes(layer: Any, argument: str) -> bool:
    """Whether `call` of a layer has an argument of this name."""
    return argument in inspect.signature(layer.call).parameters
