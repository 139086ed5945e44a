"""The base class of callbacks: code of one's own at set places of training."""

from __future__ import annotations

from typing import Any, ClassVar

from engine.core.params import Declared


class Callback:
    """Override the hooks of interest and pass an instance in `callbacks=` of `fit`, `evaluate` or `predict`.

    Attributes:
        params: {"verbose", "epochs", "steps"} of the run.
        model: the model that runs.
        reads_batch_logs: False for a callback that does without the `logs` of batch hooks. When no callback reads
            them, the figures are not collected after each batch, which makes small steps faster.
    """

    reads_batch_logs: ClassVar[bool] = True

    def __init__(self) -> None:
        self.params: dict[str, Any] | None = None
        self._model: Any = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Tell the callback about the run."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Tell the callback its model."""
        self._model = model

    @property
    def model(self) -> Any:
        """The model that runs."""
        return self._model

    def on_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Same as `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Same as `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Before an epoch (counted from 0)."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """After an epoch; `logs` hold its figures, those of validation with the prefix `val_`."""

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before a training batch."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a training batch; `logs` hold the figures of the epoch so far."""
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before a batch of `evaluate` or validation."""

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a batch of `evaluate` or validation."""

    def on_predict_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before a batch of `predict`."""

    def on_predict_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a batch of `predict`; `logs["outputs"]` holds what it gave."""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before training."""

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """After training; `logs` are those of the last epoch."""

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before `evaluate` or validation."""

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """After `evaluate` or validation."""

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before `predict`."""

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        """After `predict`."""


class DeclaredCallback(Declared, Callback):
    """Base of the built-in callbacks with declared parameters."""

    KIND = "callback"
