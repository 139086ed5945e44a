"""Save the model while it trains."""

from __future__ import annotations

import os
import warnings
from typing import Any

from engine.callbacks.monitor_callback import MonitorCallback, mode_param, monitor_param
from engine.core.messages import tell
from engine.core.params import Param


class ModelCheckpoint(MonitorCallback, keras="keras.callbacks:ModelCheckpoint"):
    """Saves after each epoch, or every `save_freq` batches; with `save_best_only` when the figure is the best so far.

    `filepath` may hold {epoch}, {batch} and names of figures: "runs/{epoch:02d}-{val_loss:.2f}.keras".
    """

    filepath: str = Param(kind="Any", doc="Where to save, ending in .keras (or .weights.h5 for weights alone).")
    monitor: str = monitor_param()
    verbose: int = Param(0, ge=0, doc="1 tells when the model is saved.", advanced=True)
    save_best_only: bool = Param(False, doc="Save only when the figure is the best so far.")
    save_weights_only: bool = Param(False, doc="Save the weights without the model.")
    mode: str = mode_param()
    save_freq: Any = Param("epoch", doc="'epoch', or a number of batches.")
    initial_value_threshold: float | None = Param(None, doc="Value that has to be beaten first.")

    def setup(self) -> None:
        super().setup()
        self.best = self.initial_value_threshold
        self.filepath = os.fspath(self.filepath)
        self._batches_since_saving = 0
        self._last_batch: int | None = None
        self._epoch = 0
        if self.save_freq != "epoch" and not isinstance(self.save_freq, int):
            raise ValueError(
                f"Unrecognized save_freq: {self.save_freq}. Expected save_freq are 'epoch' or integer values"
            )
        if self.save_weights_only and not self.filepath.endswith(".weights.h5"):
            raise ValueError(
                "When using `save_weights_only=True` in `ModelCheckpoint`, the filepath provided must end in "
                f"`.weights.h5` (Keras weights format). Received: filepath={self.filepath}"
            )
        if not self.save_weights_only and not self.filepath.endswith(".keras"):
            raise ValueError(
                f"The filepath provided must end in `.keras` (Keras model format). Received: filepath={self.filepath}"
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._due(batch):
            self._save(self._epoch, batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.monitor_op is None and self.save_best_only:
            self._set_monitor_op()
        if self.save_freq == "epoch":
            self._save(epoch, None, logs or {})

    @property
    def reads_batch_logs(self) -> bool:  # type: ignore[override]
        """Figures after batches are only needed when saving by batches."""
        return self.save_freq != "epoch"

    def _due(self, batch: int) -> bool:
        if self.save_freq == "epoch":
            return False
        new_epoch = self._last_batch is None or batch <= self._last_batch
        self._batches_since_saving += batch + 1 if new_epoch else batch - (self._last_batch or 0)
        self._last_batch = batch
        if self._batches_since_saving < self.save_freq:
            return False
        self._batches_since_saving = 0
        return True

    def _save(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> None:
        path = self._path(epoch, batch, logs)
        if not self._wanted(epoch, logs, path):
            return
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        if os.path.isdir(path):
            raise OSError(
                "Please specify a non-directory filepath for ModelCheckpoint. Filepath used is an existing "
                f"directory: {path}"
            )
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        self._tell(epoch, f"finished saving model to {path}")

    def _wanted(self, epoch: int, logs: dict[str, Any], path: str) -> bool:
        if not self.save_best_only:
            self._tell(epoch, f"saving model to {path}")
            return True
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(f"Can save best model only with {self.monitor} available.", stacklevel=4)
            return True
        if getattr(current, "ndim", 0):
            warnings.warn(
                f"Can save best model only when `monitor` is a scalar value. Received: {current}. "
                "Falling back to `save_best_only=False`.",
                stacklevel=4,
            )
            return True
        if self.monitor_op is None:
            self._set_monitor_op()
        before = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(current, self.best):
            self._tell(epoch, f"{self.monitor} did not improve from {before}")
            return False
        self._tell(epoch, f"{self.monitor} improved from {before} to {current:.5f}, saving model to {path}")
        self.best = current
        return True

    def _tell(self, epoch: int, text: str) -> None:
        if self.verbose > 0:
            tell(f"\nEpoch {epoch + 1}: {text}")

    def _path(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> str:
        values = dict(logs) if batch is None or "batch" in logs else {"batch": batch + 1, **logs}
        try:
            return self.filepath.format(epoch=epoch + 1, **values)
        except KeyError as error:
            raise KeyError(
                f'Failed to format this callback filepath: "{self.filepath}". Reason: {error}. '
                f"ModelCheckpoint knows the figures {sorted(values)}."
            ) from error
