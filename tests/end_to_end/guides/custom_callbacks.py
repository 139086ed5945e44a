"""Listeners of one's own: what they are told, and how they stop training and set rates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .common import fixed, numbers

X = numbers(48, 5)
Y = X[:, :1] - 0.5 * X[:, 1:2]


def compiled(k: Any) -> Any:
    model = fixed(k.Sequential([k.Input((5,)), k.layers.Dense(1)]))
    model.compile(optimizer=k.optimizers.RMSprop(learning_rate=0.1), loss="mean_squared_error", metrics=["mae"])
    return model


def fit(model: Any, *listeners: Any, **options: Any) -> Any:
    chosen = {"batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0, **options}
    return model.fit(X, Y, callbacks=list(listeners), **chosen).history


def overview(k: Any) -> list[Any]:
    told: list[Any] = []

    class Everything(k.callbacks.Callback):  # type: ignore[misc]
        def on_train_begin(self, logs: Any = None) -> None:
            told.append(["train begin", list(logs)])

        def on_train_end(self, logs: Any = None) -> None:
            told.append(["train end", list(logs)])

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            told.append(["epoch begin", epoch, list(logs)])

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            told.append(["epoch end", epoch, list(logs)])

        def on_test_begin(self, logs: Any = None) -> None:
            told.append(["test begin", list(logs)])

        def on_test_end(self, logs: Any = None) -> None:
            told.append(["test end", list(logs)])

        def on_predict_begin(self, logs: Any = None) -> None:
            told.append(["predict begin", list(logs)])

        def on_predict_end(self, logs: Any = None) -> None:
            told.append(["predict end", list(logs)])

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            told.append(["batch begin", batch, list(logs)])

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            told.append(["batch end", batch, logs["loss"], logs["mae"]])

        def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
            told.append(["test batch begin", batch, list(logs)])

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            told.append(["test batch end", batch, list(logs)])

        def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
            told.append(["predict batch begin", batch, list(logs)])

        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            told.append(["predict batch end", batch, list(logs)])

    model = compiled(k)
    fit(model, Everything(), epochs=1, validation_split=0.5)
    model.evaluate(X, Y, batch_size=32, verbose=0, callbacks=[Everything()])
    model.predict(X, batch_size=32, callbacks=[Everything()], verbose=0)
    return told


def stops_at_the_smallest_loss(k: Any) -> dict[str, Any]:
    class EarlyStoppingAtMinLoss(k.callbacks.Callback):  # type: ignore[misc]
        def __init__(self, patience: int = 0) -> None:
            super().__init__()
            self.patience, self.best_weights = patience, None

        def on_train_begin(self, logs: Any = None) -> None:
            self.wait, self.stopped_epoch, self.best = 0, 0, np.inf

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if np.less(logs["loss"], self.best):
                self.best, self.wait, self.best_weights = logs["loss"], 0, self.model.get_weights()
                return
            self.wait += 1
            if self.wait >= self.patience:
                self.stopped_epoch, self.model.stop_training = epoch, True
                self.model.set_weights(self.best_weights)

    stopping, model = EarlyStoppingAtMinLoss(), compiled(k)
    history = fit(model, stopping, epochs=30, steps_per_epoch=2, batch_size=24)
    return {"history": history, "epoch": stopping.stopped_epoch, "end": [w.tolist() for w in model.get_weights()]}


def sets_the_rate(k: Any) -> dict[str, Any]:
    table = [(1, 0.05), (2, 0.01), (4, 0.001)]

    class CustomLearningRateScheduler(k.callbacks.Callback):  # type: ignore[misc]
        def __init__(self, schedule: Any) -> None:
            super().__init__()
            self.schedule = schedule

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            rate = float(k.ops.convert_to_numpy(self.model.optimizer.learning_rate))
            self.model.optimizer.learning_rate = self.schedule(epoch, rate)

    rates: list[float] = []

    class Watch(k.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            rates.append(float(k.ops.convert_to_numpy(self.model.optimizer.learning_rate)))

    scheduler = CustomLearningRateScheduler(lambda epoch, rate: dict(table).get(epoch, rate))
    history = fit(compiled(k), scheduler, Watch(), epochs=6)
    return {"rates": rates, "history": history}


def facts(k: Any, folder: Path) -> dict[str, Any]:
    return {"told": overview(k), "stopped": stops_at_the_smallest_loss(k), "rates": sets_the_rate(k)}
