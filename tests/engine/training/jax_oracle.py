"""Trains all of `cases` with Keras on JAX and writes what it saw into one .npz file: run as a script with its path."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import cases  # noqa: E402
import keras  # noqa: E402


def trained(case: str, found: dict[str, Any]) -> None:
    """Losses and weights of five steps."""
    name, optimizer, options = cases.CASES[case]
    keras.utils.set_random_seed(1)
    model = cases.MODELS[name](keras)
    x, y = cases.data(name)
    keep(found, f"{case}/start", model.get_weights())
    model.compile(getattr(keras.optimizers, optimizer)(**options), "sparse_categorical_crossentropy")
    losses = [float(model.train_on_batch(x, y)) for _ in range(cases.STEPS)]
    found[f"{case}/losses"] = np.array(losses)
    keep(found, f"{case}/end", model.get_weights())


def keep(found: dict[str, Any], key: str, weights: list[Any]) -> None:
    for i, weight in enumerate(weights):
        found[f"{key}/{i}"] = np.asarray(weight)


def main(path: str) -> None:
    found: dict[str, Any] = {}
    for case in cases.CASES:
        trained(case, found)
    texts: dict[str, Any] = {"fits": {}, "forked": {}}
    x, y = cases.data("mlp")
    for name, options in cases.FITS.items():
        keras.utils.set_random_seed(2)
        model = cases.mlp(keras)
        keep(found, f"fit-{name}/start", model.get_weights())
        model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=cases.FIT_METRICS)
        np.random.seed(5)
        texts["fits"][name] = model.fit(x, y, verbose=0, **options).history
    targets = [x[:, :1], y]
    for name, options in cases.FORKED_COMPILES.items():
        keras.utils.set_random_seed(3)
        model = cases.forked(keras)
        keep(found, f"forked-{name}/start", model.get_weights())
        model.compile("sgd", **options)
        texts["forked"][name] = {
            "list": model.evaluate(x, targets, verbose=0),
            "dict": model.evaluate(x, targets, verbose=0, return_dict=True),
        }
    np.savez(path, texts=json.dumps(texts), **found)


if __name__ == "__main__":
    main(sys.argv[1])
