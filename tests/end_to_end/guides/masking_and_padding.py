"""Sequences of different lengths: padding them, masks that are made, passed on, changed and used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .common import fixed, numbers, value

RAW = [[711, 632, 71], [73, 8, 3, 55, 927], [83, 91, 1, 645, 1, 254]]


def mask_of(k: Any, x: Any) -> Any:
    mask = getattr(x, "_keras_mask", None)
    return None if mask is None else np.asarray(k.ops.convert_to_numpy(mask)).astype(int).tolist()


def made(k: Any) -> dict[str, Any]:
    pad = k.utils.pad_sequences
    padded = pad(RAW, padding="post")
    found = {
        "post": padded.tolist(),
        "pre": pad(RAW, maxlen=4, truncating="post", value=-1).tolist(),
        "kind": str(padded.dtype),
    }
    embedding = k.layers.Embedding(input_dim=1000, output_dim=4, mask_zero=True)
    embedding(padded)
    fixed(embedding)
    embedded = embedding(padded)
    found["embedding"] = mask_of(k, embedded)
    unmasked = k.ops.cast(k.ops.tile(k.ops.expand_dims(k.ops.convert_to_tensor(padded), -1), [1, 1, 10]), "float32")
    found["masking"] = mask_of(k, k.layers.Masking()(unmasked))
    found["computed"] = np.asarray(k.ops.convert_to_numpy(embedding.compute_mask(padded))).astype(int).tolist()
    lstm = k.layers.LSTM(3)
    lstm(embedded)
    fixed(lstm)
    by_hand = lstm(embedded, mask=embedding.compute_mask(padded))
    found["lstm"] = [value(lstm(embedded)), value(by_hand)]
    return found


def passed_on(k: Any) -> dict[str, Any]:
    layers = k.layers
    stack = k.Sequential([layers.Embedding(input_dim=50, output_dim=4, mask_zero=True), layers.LSTM(3)])
    tokens = np.array([[3, 4, 0, 0], [1, 2, 3, 4], [5, 0, 6, 0]])
    stack(tokens)
    fixed(stack)
    inputs = k.Input(shape=(None,), dtype="int32")
    x = layers.Embedding(input_dim=50, output_dim=4, mask_zero=True)(inputs)
    graph = fixed(k.Model(inputs, layers.LSTM(3)(layers.Dropout(0.5)(x))))
    longer = np.pad(tokens, ((0, 0), (0, 3)))
    return {
        "stack": value(stack(tokens)),
        "graph": value(graph(tokens)),
        "padding changes nothing": bool(
            np.allclose(np.asarray(value(graph(tokens))), np.asarray(value(graph(longer))))
        ),
    }


def own_layers(k: Any) -> dict[str, Any]:
    ops = k.ops

    class TemporalSplit(k.layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            return ops.split(inputs, 2, axis=1)

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return None if mask is None else ops.split(mask, 2, axis=1)

    class CustomEmbedding(k.layers.Layer):  # type: ignore[misc]
        def __init__(self, count: int, width: int, mask_zero: bool = False, **options: Any) -> None:
            super().__init__(**options)
            self.count, self.width, self.mask_zero = count, width, mask_zero

        def build(self, input_shape: Any) -> None:
            self.embeddings = self.add_weight(
                shape=(self.count, self.width), initializer="random_normal", dtype="float32"
            )

        def call(self, inputs: Any) -> Any:
            return ops.take(self.embeddings, ops.cast(inputs, "int32"), axis=0)

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return ops.not_equal(inputs, 0) if self.mask_zero else None

    class MyActivation(k.layers.Layer):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.supports_masking = True

        def call(self, inputs: Any) -> Any:
            return ops.relu(inputs)

    class TemporalSoftmax(k.layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any, mask: Any = None) -> Any:
            valid = ops.expand_dims(ops.cast(mask, "float32"), -1)
            lifted = ops.exp(inputs) * valid
            return lifted / ops.sum(lifted * valid, axis=1, keepdims=True)

    tokens = np.array([[1, 2, 0, 4, 0, 0], [3, 0, 0, 2, 2, 0]])
    layer = CustomEmbedding(10, 3, mask_zero=True)
    layer(tokens)
    fixed(layer)
    embedded = layer(tokens)
    halves = TemporalSplit()(embedded)
    inputs = k.Input(shape=(None,), dtype="int32")
    x = MyActivation()(k.layers.Embedding(input_dim=10, output_dim=3, mask_zero=True)(inputs))
    through = mask_of(k, MyActivation()(embedded))
    model = fixed(k.Model(inputs, k.layers.LSTM(2)(x)))
    soft = k.Model(inputs, TemporalSoftmax()(k.layers.Dense(1)(k.layers.Embedding(10, 3, mask_zero=True)(inputs))))
    fixed(soft)
    return {
        "embedding": mask_of(k, embedded),
        "halves": [mask_of(k, half) for half in halves],
        "through": through,
        "model": value(model(tokens)),
        "soft": value(soft(tokens)),
    }


def trained(k: Any) -> dict[str, Any]:
    layers = k.layers
    inputs = k.Input(shape=(6,), dtype="int32")
    x = layers.Embedding(12, 4, mask_zero=True)(inputs)
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True))(x)
    model = fixed(k.Model(inputs, layers.Dense(2)(layers.LSTM(3)(x))))
    model.compile(k.optimizers.SGD(0.1), "mse", metrics=["mae"])
    tokens = np.where(np.arange(6) < np.arange(1, 9)[:, None] % 6 + 1, 3 + np.arange(6), 0)
    history = model.fit(tokens, numbers(8, 2), epochs=3, batch_size=4, shuffle=False, verbose=0)
    return history.history


def facts(k: Any, folder: Path) -> dict[str, Any]:
    return {"made": made(k), "passed": passed_on(k), "own": own_layers(k), "trained": trained(k)}
