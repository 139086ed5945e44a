"""Lower the learning rate when a figure no longer improves."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from engine.callbacks.monitor_callback import MonitorCallback, mode_param, monitor_param
from engine.callbacks.rates import log_rates, rated
from engine.core.messages import tell
from engine.core.params import Param


class ReduceLROnPlateau(MonitorCallback, keras="keras.callbacks:ReduceLROnPlateau"):
    """Multiplies the learning rate by `factor` after `patience` epochs without improvement."""

    OPEN = True
    monitor: str = monitor_param()
    factor: float = Param(0.1, gt=0, doc="Factor on the learning rate, below 1.")
    patience: int = Param(10, ge=0, doc="Epochs without improvement that are waited for.")
    verbose: int = Param(0, ge=0, doc="1 tells when the rate is lowered.", advanced=True)
    mode: str = mode_param()
    min_delta: float = Param(1e-4, doc="Smallest change that counts as improvement.")
    cooldown: int = Param(0, ge=0, doc="Epochs of rest after the rate was lowered.")
    min_lr: float = Param(0.0, ge=0, doc="Smallest learning rate.")

    def setup(self) -> None:
        super().setup()
        if self.factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau does not support a factor >= 1.0. Received factor={self.factor}")
        self.on_train_begin()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.best, self.cooldown_counter, self.wait = None, 0, 0

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.monitor_op is None:
            self._set_monitor_op()
        logs = {} if logs is None else logs
        log_rates(self.model, logs)
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"Learning rate reduction is conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs)}.",
                stacklevel=2,
            )
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best, self.wait = current, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._lower(epoch):
                self.cooldown_counter, self.wait = self.cooldown, 0

    def _lower(self, epoch: int) -> bool:
        lowered = False
        optimizers = rated(self.model)
        for optimizer in optimizers:
            old = float(optimizer.learning_rate)
            if old <= np.float32(self.min_lr):
                continue
            lowered = True
            optimizer.learning_rate = new = max(old * self.factor, self.min_lr)
            if self.verbose > 0:
                whose = f"{optimizer.name} " if len(optimizers) > 1 else ""
                tell(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing {whose}learning rate to {new}.")
        return lowered

    def in_cooldown(self) -> bool:
        """Whether the callback rests."""
        return self.cooldown_counter > 0
