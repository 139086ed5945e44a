"""Optimizers under Keras's names."""

from __future__ import annotations

import inspect
from typing import Any

from engine.core import registry
from engine.core.objects import deserialize_object, serialize_object
from engine.optimizers import legacy, schedules
from engine.optimizers.adafactor import Adafactor
from engine.optimizers.adam import Adam, AdamW
from engine.optimizers.adaptive import Adadelta, Adagrad, Adamax, Lion
from engine.optimizers.base import Optimizer
from engine.optimizers.ftrl import Ftrl
from engine.optimizers.lamb import Lamb
from engine.optimizers.loss_scale import LossScaleOptimizer
from engine.optimizers.multi import MultiOptimizer, OptimizerMap
from engine.optimizers.muon import Muon
from engine.optimizers.nadam import Nadam
from engine.optimizers.rmsprop import RMSprop
from engine.optimizers.schedule_free import ScheduleFreeAdamW
from engine.optimizers.sgd import SGD


def get(identifier: Any) -> Any:
    """An optimizer from a name in any case ("adam"), class, config or optimizer; None stays None.

    Raises:
        ValueError: nothing of that name.
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        table = {name.lower(): cls for name, cls in registry.all_of("optimizer").items()}
        found = table.get(identifier.lower()) or registry.get_registered_object(identifier)
        if found is not None:
            return found()
    if inspect.isclass(identifier) and issubclass(identifier, Optimizer):
        return identifier()
    raise ValueError(f"Could not interpret optimizer identifier: {identifier}")


def serialize(optimizer: Optimizer) -> Any:
    """Plain data that `deserialize` turns back into the optimizer (without its state)."""
    return serialize_object(optimizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The optimizer that `serialize` wrote; class names in any case."""
    names = registry.all_of("optimizer")
    table = {**names, **{name.lower(): cls for name, cls in names.items()}}
    return deserialize_object(config, table, custom_objects)


__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "legacy",
    "schedules",
    "serialize",
]
