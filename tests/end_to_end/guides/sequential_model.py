"""Stacks of layers: built at once or layer by layer, before and after shapes are known, and used as parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .common import fixed, numbers, refused, shapes, value


def facts(k: Any, folder: Path) -> dict[str, Any]:
    layers = k.layers
    open_model = k.Sequential([layers.Dense(2, "relu", name="layer1"), layers.Dense(3, "relu", name="layer2")])
    before = [refused(lambda: open_model.summary(print_fn=str)), len(open_model.weights), open_model.built]
    open_model.add(layers.Dense(4, name="layer3"))
    names = [layer.name for layer in open_model.layers]
    open_model.pop()
    out = open_model(k.ops.ones((3, 3)))
    after = [list(out.shape), len(open_model.weights), len(open_model.layers), open_model.built]
    named = k.Sequential(name="my_sequential")
    named.add(k.Input(shape=(4,)))
    named.add(layers.Dense(2, activation="relu", name="layer1"))
    lazy = k.Sequential([layers.Dense(3)])
    lazy.build((None, 7))
    pictures = k.Sequential([k.Input(shape=(50, 50, 3)), layers.Conv2D(4, 5, strides=2, activation="relu")])
    pictures.add(layers.Conv2D(4, 3, activation="relu"))
    pictures.add(layers.MaxPooling2D(3))
    middle = list(pictures.output_shape)
    pictures.add(layers.Conv2D(4, 3, activation="relu"))
    pictures.add(layers.GlobalMaxPooling2D())
    fixed(pictures, 0.05)
    extractor = k.Model(inputs=pictures.inputs, outputs=[layer.output for layer in pictures.layers])
    features = [list(x.shape) for x in extractor(numbers(1, 50, 50, 3))]
    stacked = k.Sequential([pictures, layers.Dense(5)])
    pictures.trainable = False
    stacked(numbers(2, 50, 50, 3))
    wrong = refused(lambda: named(numbers(2, 5)))
    twice = refused(lambda: k.Sequential([layers.Dense(1, name="a"), layers.Dense(1, name="a")]))
    return {
        "open": [before, names, after],
        "named": [named.name, shapes(named), named.count_params(), [list(w.shape) for w in lazy.weights]],
        "pictures": [shapes(pictures), middle, features, value(pictures(numbers(1, 50, 50, 3)))],
        "stacked": [len(stacked.trainable_weights), len(stacked.non_trainable_weights)],
        "errors": [wrong, twice],
    }
