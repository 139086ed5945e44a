"""Evaluate, predict and save with the averaged weights while training goes on with the others."""

from __future__ import annotations

from typing import Any

from engine.callbacks.callback import DeclaredCallback
from engine.core.params import Param


class SwapEMAWeights(DeclaredCallback, keras="keras.callbacks:SwapEMAWeights"):
    """Exchanges the model's weights with the optimizer's moving averages for evaluation and prediction.

    The optimizer has to keep them (`use_ema=True`). With `swap_on_epoch` they are exchanged at the end of each epoch
    too, for callbacks that come later in the list, such as `ModelCheckpoint`.
    """

    reads_batch_logs = False
    swap_on_epoch: bool = Param(False, doc="Exchange the weights at the end of each epoch too.")

    def setup(self) -> None:
        self._ema_weights_in_model = False

    def _optimizers(self) -> list[Any]:
        """The optimizers that keep averages.

        Raises:
            ValueError: there is none.
        """
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        inner = getattr(optimizer, "optimizers", None)
        chosen = [optimizer] if inner is None else [o for o in inner if getattr(o, "use_ema", False)]
        if not chosen:
            raise ValueError(
                "SwapEMAWeights must be used when at least one inner optimizer has `use_ema=True` set. Received a "
                "MultiOptimizer with all inner optimizers having `use_ema=False`."
            )
        for each in chosen:
            if not getattr(each, "use_ema", False):
                raise ValueError(
                    "SwapEMAWeights must be used when `use_ema=True` is set on the optimizer. "
                    f"Received: use_ema={getattr(each, 'use_ema', False)}"
                )
        return chosen

    def _pairs(self) -> list[tuple[Any, Any]]:
        return [
            (variable, average)
            for optimizer in self._optimizers()
            for variable, average in zip(
                optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True
            )
        ]

    def _bring(self, averages: bool) -> None:
        """Have the averages in the model, or the weights that are trained."""
        if averages == self._ema_weights_in_model:
            return
        for variable, average in self._pairs():
            kept = variable.numpy().copy()
            variable.assign(average)
            average.assign(kept)
        self._ema_weights_in_model = averages

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.swap_on_epoch:
            self._bring(averages=False)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not self.swap_on_epoch:
            return
        self._bring(averages=True)
        last = (self.params or {}).get("epochs", 0) - 1
        if epoch == last or self.model.stop_training:
            # `fit` ends by copying the averages into the model; they are there already.
            for variable, average in self._pairs():
                average.assign(variable)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._bring(averages=True)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        self._bring(averages=False)

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._bring(averages=True)

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        self._bring(averages=False)
