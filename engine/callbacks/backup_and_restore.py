"""Go on with a training that was interrupted."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

from engine.callbacks.callback import DeclaredCallback
from engine.core.params import Param


class BackupAndRestore(DeclaredCallback, keras="keras.callbacks:BackupAndRestore"):
    """Keeps weights, optimizer state and the epoch in a folder, and starts the next `fit` from there.

    The same program, started again after it was killed, goes on with the epoch that was interrupted. The folder is
    removed when training ends by itself.
    """

    backup_dir: str = Param(kind="Any", doc="Folder for the backup, used by nothing else.")
    save_freq: Any = Param("epoch", doc="'epoch', or a number of batches between two backups.")
    double_checkpoint: bool = Param(False, doc="Keep the backup before the last one too, in case that is damaged.")
    delete_checkpoint: bool = Param(True, doc="Remove the folder when training has ended.")

    def setup(self) -> None:
        if not self.backup_dir:
            raise ValueError("Empty `backup_dir` argument passed")
        self.backup_dir = os.fspath(self.backup_dir)
        if self.save_freq != "epoch" and not isinstance(self.save_freq, int):
            raise ValueError(
                f"Invalid value for argument `save_freq`. Received: save_freq={self.save_freq}. "
                "Expected either 'epoch' or an integer value."
            )
        self._weights_path = os.path.join(self.backup_dir, "latest.weights.h5")
        self._training_metadata_path = os.path.join(self.backup_dir, "training_metadata.json")
        self._prev_weights_path = f"{self._weights_path}.bkp"
        self._prev_training_metadata_path = f"{self._training_metadata_path}.bkp"
        self._batches_since_saving = 0
        self._last_batch_seen = 0
        self._current_epoch = 0

    @property
    def reads_batch_logs(self) -> bool:  # type: ignore[override]
        """Figures are not needed."""
        return False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        try:
            self._load()
        except (OSError, ValueError):
            if not os.path.exists(self._prev_weights_path):
                raise
            self._take_previous()
            self._load()

    def _take_previous(self) -> None:
        """Put the backup before the last one in the last one's place."""
        shutil.copyfile(self._prev_weights_path, self._weights_path)
        if os.path.exists(self._prev_training_metadata_path):
            shutil.copyfile(self._prev_training_metadata_path, self._training_metadata_path)
        elif os.path.exists(self._training_metadata_path):
            os.remove(self._training_metadata_path)

    def _load(self) -> None:
        model = self.model
        if not model.built:
            raise ValueError(
                "To use the BackupAndRestore callback, you model must be built before you call `fit()`. "
                f"Model {model} is unbuilt. You can build it beforehand by calling it on a batch of data."
            )
        if os.path.exists(self._weights_path):
            if model.optimizer is not None and not model.optimizer.built:
                model.optimizer.build(model.trainable_variables)
            model.load_weights(self._weights_path)
        if os.path.exists(self._training_metadata_path):
            with open(self._training_metadata_path, encoding="utf-8") as file:
                model._initial_epoch = int(json.load(file)["epoch"])

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._current_epoch = epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._current_epoch = epoch + 1
        self._last_batch_seen = 0
        if self.save_freq == "epoch":
            self._save()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self.save_freq == "epoch":
            return
        new_epoch = batch <= self._last_batch_seen
        self._batches_since_saving += batch + 1 if new_epoch else batch - self._last_batch_seen
        self._last_batch_seen = batch
        if self._batches_since_saving >= self.save_freq:
            self._batches_since_saving = 0
            self._save()

    def _save(self) -> None:
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint:
            for path in (self._weights_path, self._training_metadata_path):
                if os.path.exists(path):
                    shutil.copyfile(path, f"{path}.bkp")
        self.model.save_weights(self._weights_path, overwrite=True)
        # Put in place by renaming, so that a kill in the middle leaves the old file whole.
        beside = f"{self._training_metadata_path}.part"
        with open(beside, "w", encoding="utf-8") as file:
            json.dump({"epoch": self._current_epoch, "batch": self._last_batch_seen}, file)
        os.replace(beside, self._training_metadata_path)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.delete_checkpoint and os.path.exists(self.backup_dir):
            shutil.rmtree(self.backup_dir)
