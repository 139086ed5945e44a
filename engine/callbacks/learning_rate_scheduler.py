"""Set the learning rate at the start of each epoch by a function."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from engine.callbacks.callback import DeclaredCallback
from engine.callbacks.rates import log_rates, rated
from engine.core.messages import tell
from engine.core.params import Param


class LearningRateScheduler(DeclaredCallback, keras="keras.callbacks:LearningRateScheduler"):
    """Asks `schedule(epoch, learning_rate)` (or `schedule(epoch)`) for the rate of each epoch."""

    reads_batch_logs = False
    schedule: Any = Param(doc="Function of the epoch (from 0) and the current rate that returns a float.")
    verbose: int = Param(0, ge=0, doc="1 tells each rate.", advanced=True)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        optimizers = rated(self.model)
        for optimizer in optimizers:
            arguments = (epoch, float(optimizer.learning_rate))
            rate = self.schedule(*arguments[: _arity(self.schedule)])
            if not isinstance(rate, (float, np.floating)):
                raise ValueError(f"The output of the `schedule` function should be a float. Got: {rate}")
            optimizer.learning_rate = rate
            if self.verbose > 0:
                whose = f"{optimizer.name} " if len(optimizers) > 1 else ""
                tell(f"\nEpoch {epoch + 1}: LearningRateScheduler setting {whose}learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            log_rates(self.model, logs)


def _arity(function: Any) -> int:
    """How many of (epoch, rate) the function takes."""
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return 1
    return 2
