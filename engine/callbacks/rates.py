"""Learning rates of a model: one, or one for each part of a MultiOptimizer."""

from __future__ import annotations

from typing import Any

from engine.optimizers import MultiOptimizer, Optimizer


def rated(model: Any) -> list[Optimizer]:
    """The optimizers that have a rate.

    Raises:
        ValueError: the model's optimizer has none.
    """
    optimizer = model.optimizer
    if isinstance(optimizer, MultiOptimizer):
        return list(optimizer.optimizers)
    if not hasattr(optimizer, "learning_rate"):
        raise ValueError('Optimizer must have a "learning_rate" attribute.')
    return [optimizer]


def log_rates(model: Any, logs: dict[str, Any]) -> None:
    """Put the rates into the figures of an epoch."""
    many = isinstance(model.optimizer, MultiOptimizer)
    for optimizer in rated(model):
        logs[f"learning_rate_{optimizer.name}" if many else "learning_rate"] = float(optimizer.learning_rate)
