"""Builds, fits and drops models many times and prints how memory grew: run as a module with the number of cycles."""

from __future__ import annotations

import gc
import json
import os
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np

import engine

X = np.random.default_rng(0).normal(size=(32, 8)).astype("float32")
Y = X[:, :1]


class Own(engine.Model):
    """A model of one's own, for the other way of building."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = engine.layers.Dense(16, "relu"), engine.layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.out(self.hidden(inputs))


def cycle(number: int) -> None:
    layers = engine.layers
    if number % 3 == 0:
        model: Any = engine.Sequential([engine.Input((8,)), layers.Dense(16, "relu"), layers.Dense(1)])
    elif number % 3 == 1:
        x = engine.Input((8,))
        h = layers.BatchNormalization()(layers.Dense(16, kernel_regularizer="l2")(x))
        model = engine.Model(x, layers.Dense(1)(layers.Dropout(0.2)(h)))
    else:
        model = Own()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, batch_size=16, verbose=0, validation_split=0.5)
    model.predict(X, verbose=0)


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main(cycles: int) -> None:
    for number in range(15):
        cycle(number)
    gc.collect()
    tracemalloc.start()
    objects, before, memory = len(gc.get_objects()), tracemalloc.get_traced_memory()[0], resident()
    for number in range(cycles):
        cycle(number)
    unasked = tracemalloc.get_traced_memory()[0] - before
    gc.collect()
    grown = {
        "traced before collection": unasked,
        "traced": tracemalloc.get_traced_memory()[0] - before,
        "objects": len(gc.get_objects()) - objects,
        "resident": resident() - memory,
    }
    sys.stdout.write(json.dumps(grown))


if __name__ == "__main__":
    main(int(sys.argv[1]))
