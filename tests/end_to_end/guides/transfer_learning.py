"""Taking a trained net from a file, freezing it, putting a new head on, and fine-tuning the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .common import fixed, numbers, refused, value

PICTURES = numbers(24, 12, 12, 3)
KINDS = (PICTURES.mean((1, 2, 3)) > 0).astype("float32")[:, None]


def base(k: Any, **options: Any) -> Any:
    layers = k.layers
    inputs = k.Input(shape=(12, 12, 3))
    x = layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
    x = layers.Activation("relu")(layers.BatchNormalization(name="norm")(x))
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(6, 3, activation="relu", name="conv2")(x)
    return k.Model(inputs, x, **options)


def trainable(layer: Any) -> list[int]:
    return [len(layer.weights), len(layer.trainable_weights), len(layer.non_trainable_weights)]


def flags(k: Any) -> dict[str, Any]:
    dense, norm = k.layers.Dense(3), k.layers.BatchNormalization()
    dense.build((None, 4))
    norm.build((None, 4))
    found = [trainable(dense), trainable(norm)]
    dense.trainable = False
    found.append(trainable(dense))
    one, two = k.layers.Dense(3, activation="relu"), k.layers.Dense(3, activation="sigmoid")
    model = fixed(k.Sequential([k.Input(shape=(3,)), one, two]))
    one.trainable = False
    before = value(one.get_weights())
    model.compile(optimizer="adam", loss="mse")
    history = model.fit(numbers(8, 3), numbers(8, 3, seed=1), verbose=0, shuffle=False).history
    inner = k.Sequential([k.Input(shape=(3,)), k.layers.Dense(3, activation="relu"), k.layers.Dense(3)])
    outer = k.Sequential([k.Input(shape=(3,)), inner, k.layers.Dense(3)])
    outer.trainable = False
    return {
        "counts": found,
        "kept": value(one.get_weights()) == before,
        "history": history,
        "inner": [inner.trainable, inner.layers[0].trainable, trainable(outer)],
    }


def head_and_fine_tuning(k: Any, folder: Path) -> dict[str, Any]:
    trained = fixed(base(k), 0.2)
    trained.save_weights(folder / "base.weights.h5")
    model_base = base(k, name="base")
    model_base.load_weights(folder / "base.weights.h5")
    same = all(np.array_equal(a, b) for a, b in zip(trained.get_weights(), model_base.get_weights(), strict=True))
    model_base.trainable = False
    inputs = k.Input(shape=(12, 12, 3))
    x = k.layers.Rescaling(scale=0.5, offset=-0.1)(inputs)
    x = k.layers.GlobalAveragePooling2D()(model_base(x, training=False))
    outputs = k.layers.Dense(1, name="head")(k.layers.Dropout(0.0)(x))
    model = k.Model(inputs, outputs)
    model.get_layer("head").set_weights([numbers(6, 1) * 0.3, np.zeros(1, "float32")])
    frozen = trainable(model)

    def fit(rate: float, epochs: int) -> Any:
        loss, metric = k.losses.BinaryCrossentropy(from_logits=True), k.metrics.BinaryAccuracy()
        model.compile(optimizer=k.optimizers.Adam(rate), loss=loss, metrics=[metric])
        data = {"epochs": epochs, "batch_size": 8, "shuffle": False, "verbose": 0}
        return model.fit(PICTURES, KINDS, validation_data=(PICTURES, KINDS), **data).history

    first = fit(1e-2, 2)
    kept = all(np.array_equal(a, b) for a, b in zip(trained.get_weights(), model_base.get_weights(), strict=True))
    model_base.trainable = True
    thawed = trainable(model)
    second = fit(1e-3, 2)
    moving = [value(w) for w in model_base.get_layer("norm").get_weights()[2:]]
    still = value(trained.get_layer("norm").get_weights()[2:]) == moving
    model.save(folder / "tuned.keras")
    again = k.models.load_model(folder / "tuned.keras")
    return {
        "same": same,
        "counts": [frozen, thawed],
        "first": first,
        "kept": kept,
        "second": second,
        "statistics stay": still,
        "again": value(again.predict(PICTURES[:3], verbose=0)),
    }


def parts_by_name(k: Any, folder: Path) -> dict[str, Any]:
    source = fixed(base(k))
    target = k.Sequential(
        [k.Input((12, 12, 3)), k.layers.Conv2D(4, 3, padding="same", name="conv"), k.layers.Flatten()]
    )
    target.get_layer("conv").set_weights(source.get_layer("conv").get_weights())
    source.save_weights(folder / "part.weights.h5")
    wrong = refused(lambda: target.load_weights(folder / "part.weights.h5"))
    extractor = k.Model(source.inputs, source.get_layer("conv").output)
    a, b = target(PICTURES[:1]), extractor(PICTURES[:1])
    return {
        "wrong": bool(wrong),
        "equal": value(k.ops.reshape(b, (1, -1))) == value(a),
    }


def facts(k: Any, folder: Path) -> dict[str, Any]:
    return {"flags": flags(k), "tuning": head_and_fine_tuning(k, folder), "parts": parts_by_name(k, folder)}
