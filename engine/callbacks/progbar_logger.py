"""The callback behind `verbose=`: prints the progress of training, evaluation and prediction."""

from __future__ import annotations

from typing import Any

from engine.callbacks.callback import Callback
from engine.callbacks.progress import Progbar
from engine.core import registry
from engine.core.messages import tell


class ProgbarLogger(Callback):
    """Prints a progress bar with the figures of the epoch so far."""

    reads_batch_logs = False  # it asks the model for them when it draws

    def __init__(self) -> None:
        super().__init__()
        self.verbose, self.epochs, self.seen = 1, 1, 0
        self.target: int | None = None
        self.progbar: Progbar | None = None
        self._in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        verbose = params.get("verbose", 1)
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._in_fit = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._in_fit = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._begin()
        if self.verbose and self.epochs > 1:
            tell(f"Epoch {epoch + 1}/{self.epochs}")

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        if not self._in_fit:
            self._begin()

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._begin()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._step(batch, logs, with_figures=True)

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if not self._in_fit:
            self._step(batch, logs, with_figures=True)

    def on_predict_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._step(batch, None, with_figures=False)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._end(logs)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        if not self._in_fit:
            self._end(logs)

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        self._end(None)

    def _begin(self) -> None:
        self.seen = 0
        self.progbar = Progbar(self.target, verbose=self.verbose, stateless_metrics=())

    def _step(self, batch: int, logs: dict[str, Any] | None, with_figures: bool) -> None:
        self.seen = batch + 1 if self.target is None else min(batch + 1, self.target)
        if self.progbar is None or not self.progbar.due():
            return
        if with_figures and not logs and hasattr(self.model, "get_metrics_result"):
            from engine.callbacks.callback_list import plain_logs

            logs = plain_logs(self.model.get_metrics_result())
        self.progbar.update(self.seen, list((logs or {}).items()), finalize=False)

    def _end(self, logs: dict[str, Any] | None) -> None:
        if self.progbar is None:
            return
        if self.target is None:
            self.target = self.progbar.target = self.seen
        self.progbar.update(self.target, list((logs or {}).items()), finalize=True)


registry.register("callback", ProgbarLogger, "ProgbarLogger", "keras.callbacks:ProgbarLogger")
