"""Stop training when a figure no longer improves."""

from __future__ import annotations

import warnings
from typing import Any

from engine.callbacks.monitor_callback import MonitorCallback, mode_param, monitor_param
from engine.core.messages import tell
from engine.core.params import Param


class EarlyStopping(MonitorCallback, keras="keras.callbacks:EarlyStopping"):
    """Stops after `patience` epochs without improvement.

    With patience 0 the first epoch without improvement stops, but never the first epoch of all. An epoch that improves
    on the best but does not beat `baseline` does not stop by itself, while the count goes on. Epochs before
    `start_from_epoch` are not looked at. Values that are not numbers never improve.
    """

    monitor: str = monitor_param()
    min_delta: float = Param(0, doc="Smallest change that counts as improvement.")
    patience: int = Param(0, ge=0, doc="Epochs without improvement that are waited for.")
    verbose: int = Param(0, ge=0, doc="1 tells when training stops.", advanced=True)
    mode: str = mode_param()
    baseline: float | None = Param(None, doc="Value that has to be beaten.")
    restore_best_weights: bool = Param(False, doc="Put back the weights of the best epoch at the end.")
    start_from_epoch: int = Param(0, ge=0, doc="Epochs at the start that are not looked at.")

    def setup(self) -> None:
        super().setup()
        self.on_train_begin()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.best_weights = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.monitor_op is None:
            self._set_monitor_op()
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._keep_weights(epoch)
        self.wait += 1
        if self._is_improvement(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self._keep_weights(epoch)
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep_weights(self, epoch: int) -> None:
        self.best_weights, self.best_epoch = self.model.get_weights(), epoch

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            tell(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                tell(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs: dict[str, Any] | None) -> Any:
        """The watched figure; None, with a warning, when the logs do not have it."""
        logs = logs or {}
        if self.monitor not in logs:
            warnings.warn(
                f"Early stopping conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs)}",
                stacklevel=2,
            )
        return logs.get(self.monitor)
