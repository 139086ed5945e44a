"""Models, data and settings that both libraries train; `library` is `keras` in the oracle and `engine` in the tests."""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS = 5


def mlp(library: Any) -> Any:
    layers = library.layers
    return library.Sequential(
        [
            library.Input((8,)),
            layers.Dense(16, activation="tanh", kernel_regularizer=library.regularizers.L2(0.01)),
            layers.Dense(16, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )


def cnn(library: Any) -> Any:
    layers = library.layers
    return library.Sequential(
        [
            library.Input((8, 8, 2)),
            layers.Conv2D(6, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.8),
            layers.Activation("relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.0),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def lstm(library: Any) -> Any:
    layers = library.layers
    return library.Sequential(
        [
            library.Input((7, 5)),
            layers.LSTM(6, return_sequences=True),
            layers.GRU(5),
            layers.Dense(3, activation="softmax"),
        ]
    )


def attention(library: Any) -> Any:
    layers = library.layers
    x = library.Input((6, 8))
    y = layers.MultiHeadAttention(num_heads=2, key_dim=4)(x, x)
    y = layers.LayerNormalization()(layers.Add()([x, y]))
    y = layers.GlobalAveragePooling1D()(y)
    return library.Model(x, layers.Dense(3, activation="softmax")(y))


def forked(library: Any) -> Any:
    layers = library.layers
    x = library.Input((8,))
    h = layers.Dense(6, activation="tanh")(x)
    return library.Model(x, [layers.Dense(1, name="left")(h), layers.Dense(3, activation="softmax", name="right")(h)])


SHAPES = {"mlp": (8,), "cnn": (8, 8, 2), "lstm": (7, 5), "attention": (6, 8), "forked": (8,)}
MODELS = {"mlp": mlp, "cnn": cnn, "lstm": lstm, "attention": attention, "forked": forked}

CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "mlp-sgd": ("mlp", "SGD", {"learning_rate": 0.1}),
    "mlp-nesterov": ("mlp", "SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "global_clipnorm": 0.5}),
    "mlp-adam": ("mlp", "Adam", {"learning_rate": 0.01}),
    "mlp-amsgrad": ("mlp", "Adam", {"learning_rate": 0.01, "amsgrad": True, "clipnorm": 0.1}),
    "mlp-adamw": ("mlp", "AdamW", {"learning_rate": 0.01, "weight_decay": 0.1}),
    "mlp-rmsprop": ("mlp", "RMSprop", {"learning_rate": 0.01, "centered": True, "momentum": 0.5}),
    "mlp-accumulated": ("mlp", "Adam", {"learning_rate": 0.01, "gradient_accumulation_steps": 2, "use_ema": True}),
    "cnn-sgd": ("cnn", "SGD", {"learning_rate": 0.05}),
    "cnn-adam": ("cnn", "Adam", {"learning_rate": 0.005}),
    "lstm-sgd": ("lstm", "SGD", {"learning_rate": 0.2}),
    "attention-sgd": ("attention", "SGD", {"learning_rate": 0.2}),
}


def data(model: str, count: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and class numbers for a model."""
    rng = np.random.default_rng(len(model))
    return rng.normal(size=(count, *SHAPES[model])).astype("float32"), rng.integers(0, 3, count).astype("int32")


FITS: dict[str, dict[str, Any]] = {
    "plain": {"epochs": 2, "batch_size": 10},
    "ordered": {"shuffle": False, "validation_split": 0.25, "epochs": 2},
    "weighted": {"class_weight": {0: 2.0, 2: 0.5}, "batch_size": 7, "validation_split": 0.2},
    "frequency": {"validation_split": 0.5, "validation_freq": 2, "epochs": 3, "validation_batch_size": 5},
    "steps": {"steps_per_epoch": 2, "epochs": 3, "batch_size": 6},
}
FIT_METRICS = ["accuracy", "sparse_categorical_crossentropy"]
FORKED_COMPILES: dict[str, dict[str, Any]] = {
    "lists": {"loss": ["mse", "sparse_categorical_crossentropy"], "metrics": [["mae"], ["accuracy"]]},
    "dicts": {
        "loss": {"left": "mae", "right": "sparse_categorical_crossentropy"},
        "loss_weights": {"left": 0.5, "right": 2.0},
        "metrics": {"right": ["accuracy"], "left": "mse"},
        "weighted_metrics": {"left": ["mse"]},
    },
}
