"""The figures of every epoch; what `fit` returns."""

from __future__ import annotations

import weakref
from typing import Any

from engine.callbacks.callback import Callback
from engine.core import registry


class History(Callback):
    """Keeps the logs of all epochs.

    Attributes:
        epoch: numbers of the epochs.
        history: for each figure the list of its values, one an epoch.
    """

    reads_batch_logs = False

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}

    def set_model(self, model: Any) -> None:
        # The model holds its history; a strong reference back would keep dropped models in memory.
        self._model = weakref.ref(model)

    def __getstate__(self) -> dict[str, Any]:
        """Copies keep the figures, not the model."""
        return {**self.__dict__, "_model": None}

    @property
    def model(self) -> Any:
        """The model that was trained, None when it is gone."""
        return self._model() if self._model is not None else None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epoch.append(epoch)
        for key, value in (logs or {}).items():
            self.history.setdefault(key, []).append(value)


registry.register("callback", History, "History", "keras.callbacks:History")
