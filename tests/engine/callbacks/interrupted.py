"""A training that kills its own process: run as a script with a folder, `save_freq`, and where to die (or nothing)."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

import numpy as np

import engine
from engine import callbacks


class Kill(callbacks.Callback):
    """Ends the process as a power cut would, after a batch of an epoch."""

    def __init__(self, epoch: int, batch: int) -> None:
        super().__init__()
        self.at, self.epoch = (epoch, batch), -1

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if (self.epoch, batch) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder: str, save_freq: str, *place: str) -> None:
    engine.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 4)).astype("float32")
    y = x[:, :1] * 2.0
    model = engine.Sequential([engine.Input((4,)), engine.layers.Dense(3, "tanh"), engine.layers.Dense(1)])
    model.compile(engine.optimizers.Adam(0.05), "mse")
    chosen: list[Any] = [callbacks.BackupAndRestore(folder, save_freq if save_freq == "epoch" else int(save_freq))]
    if place:
        chosen.append(Kill(*map(int, place)))
    history = model.fit(x, y, epochs=5, batch_size=10, shuffle=False, verbose=0, callbacks=chosen)
    facts = {
        "epochs": history.epoch,
        "losses": history.history["loss"],
        "iterations": int(model.optimizer.iterations),
        "weights": [w.tolist() for w in model.get_weights()],
        "left": os.path.exists(folder),
    }
    sys.stdout.write(json.dumps(facts))


if __name__ == "__main__":
    main(*sys.argv[1:])
