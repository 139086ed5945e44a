"""Graphs of layers: straight and forked, shared and nested, several inputs and outputs, own layers, reuse of parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .common import fixed, numbers, refused, shapes, value, whole


def classifier(k: Any) -> dict[str, Any]:
    inputs = k.Input(shape=(784,))
    dense = k.layers.Dense(64, activation="relu")
    x = k.layers.Dense(64, activation="relu")(dense(inputs))
    model = k.Model(inputs=inputs, outputs=k.layers.Dense(10)(x), name="mnist_model")
    fixed(model, 0.05)
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, optimizer=k.optimizers.RMSprop(), metrics=["accuracy"])
    x_train, y_train = np.abs(numbers(60, 784)) / 3, whole(60, high=10)
    history = model.fit(x_train, y_train, batch_size=16, epochs=2, validation_split=0.2, shuffle=False, verbose=0)
    scores = model.evaluate(x_train, y_train, verbose=0)
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    text = "\n".join(lines)
    facts = [str(inputs.dtype), list(inputs.shape), shapes(model), model.count_params(), "50,890" in text]
    return {"facts": facts, "history": history.history, "scores": scores}


def saved_and_loaded(k: Any, folder: Path) -> dict[str, Any]:
    inputs = k.Input((4,))
    model = fixed(k.Model(inputs, k.layers.Dense(2, "softmax")(k.layers.Dense(3, "relu")(inputs))))
    path = folder / "my_model.keras"
    model.save(path)
    before = value(model.predict(numbers(3, 4), verbose=0))
    del model
    again = k.models.load_model(path)
    config = k.Model.from_config(again.get_config())
    return {"before": before, "after": value(again.predict(numbers(3, 4), verbose=0)), "layers": shapes(config)}


def encoder_and_decoder(k: Any) -> dict[str, Any]:
    layers = k.layers
    encoder_input = k.Input(shape=(28, 28, 1), name="original_img")
    x = layers.Conv2D(4, 3, activation="relu")(encoder_input)
    x = layers.Conv2D(6, 3, activation="relu")(x)
    x = layers.MaxPooling2D(3)(x)
    x = layers.Conv2D(6, 3, activation="relu")(x)
    encoder = k.Model(encoder_input, layers.GlobalMaxPooling2D()(layers.Conv2D(16, 3)(x)), name="encoder")
    decoder_input = k.Input(shape=(16,), name="encoded_img")
    x = layers.Reshape((4, 4, 1))(decoder_input)
    x = layers.Conv2DTranspose(4, 3, activation="relu")(x)
    x = layers.UpSampling2D(3)(layers.Conv2DTranspose(6, 3, activation="relu")(x))
    x = layers.Conv2DTranspose(4, 3, activation="relu")(x)
    decoder = k.Model(decoder_input, layers.Conv2DTranspose(1, 3, activation="relu")(x), name="decoder")
    outer_input = k.Input(shape=(28, 28, 1), name="img")
    autoencoder = fixed(k.Model(outer_input, decoder(encoder(outer_input)), name="autoencoder"), 0.1)
    predicted = autoencoder.predict(np.abs(numbers(2, 28, 28, 1)), verbose=0)
    parts = [shapes(encoder), shapes(decoder), shapes(autoencoder)]
    return {"layers": parts, "mean": float(predicted.mean()), "count": autoencoder.count_params()}


def ensemble(k: Any) -> Any:
    def member() -> Any:
        inputs = k.Input(shape=(12,))
        return k.Model(inputs, k.layers.Dense(1)(inputs))

    members, inputs = [member() for _ in range(3)], k.Input(shape=(12,))
    model = fixed(k.Model(inputs, k.layers.average([each(inputs) for each in members])))
    return {"layers": shapes(model), "out": value(model.predict(numbers(4, 12), verbose=0))}


def tickets(k: Any) -> dict[str, Any]:
    layers = k.layers
    title = k.Input(shape=(None,), name="title", dtype="int32")
    body = k.Input(shape=(None,), name="body", dtype="int32")
    tags = k.Input(shape=(6,), name="tags")
    title_features = layers.LSTM(5)(layers.Embedding(30, 4)(title))
    body_features = layers.LSTM(4)(layers.Embedding(30, 4)(body))
    x = layers.concatenate([title_features, body_features, tags])
    priority, department = layers.Dense(1, name="priority")(x), layers.Dense(3, name="department")(x)
    model = k.Model([title, body, tags], {"priority": priority, "department": department})
    fixed(model)
    model.compile(
        optimizer=k.optimizers.RMSprop(1e-3),
        loss={
            "priority": k.losses.BinaryCrossentropy(from_logits=True),
            "department": k.losses.CategoricalCrossentropy(from_logits=True),
        },
        loss_weights={"priority": 1.0, "department": 0.2},
    )
    data = {
        "title": whole(16, 5, high=30),
        "body": whole(16, 7, high=30),
        "tags": whole(16, 6, high=2).astype("float32"),
    }
    targets = {"priority": whole(16, 1, high=2), "department": np.eye(3, dtype="float32")[whole(16, high=3)]}
    history = model.fit(data, targets, epochs=2, batch_size=8, shuffle=False, verbose=0)
    return {"history": history.history, "layers": shapes(model), "names": model.output_names}


def small_residual_net(k: Any) -> dict[str, Any]:
    layers = k.layers
    inputs = k.Input(shape=(16, 16, 3), name="img")
    x = layers.Conv2D(4, 3, activation="relu")(inputs)
    block = layers.MaxPooling2D(2)(x)
    for _ in range(2):
        x = layers.Conv2D(4, 3, activation="relu", padding="same")(block)
        block = layers.add([layers.Conv2D(4, 3, activation="relu", padding="same")(x), block])
    x = layers.Dropout(0.0)(layers.Dense(8, activation="relu")(layers.GlobalAveragePooling2D()(block)))
    model = fixed(k.Model(inputs, layers.Dense(10)(x), name="toy_resnet"), 0.1)
    loss = k.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=k.optimizers.RMSprop(1e-3), loss=loss, metrics=["acc"])
    targets = k.utils.to_categorical(whole(12, high=10), 10)
    history = model.fit(numbers(12, 16, 16, 3), targets, batch_size=6, validation_split=0.5, shuffle=False, verbose=0)
    return {"layers": shapes(model), "history": history.history}


def shared_and_taken_apart(k: Any) -> dict[str, Any]:
    shared = k.layers.Embedding(50, 6)
    first, second = k.Input((None,), dtype="int32"), k.Input((None,), dtype="int32")
    model = fixed(k.Model([first, second], [shared(first), shared(second)]))
    features = k.Model(model.inputs, [layer.output for layer in model.layers if layer is shared] or model.outputs[:1])
    a, b = whole(2, 3, high=50), whole(2, 4, high=50)
    once = refused(lambda: shared.output)
    return {"count": model.count_params(), "out": value(model([a, b])), "refused": once, "parts": len(features.outputs)}


def own_layers(k: Any) -> dict[str, Any]:
    class CustomDense(k.layers.Layer):  # type: ignore[misc]
        def __init__(self, units: int = 32, **options: Any) -> None:
            super().__init__(**options)
            self.units = units

        def build(self, input_shape: Any) -> None:
            width = (input_shape[-1], self.units)
            self.w = self.add_weight(shape=width, initializer="random_normal", trainable=True)
            self.b = self.add_weight(shape=(self.units,), initializer="random_normal", trainable=True)

        def call(self, inputs: Any) -> Any:
            return k.ops.matmul(inputs, self.w) + self.b

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    inputs = k.Input((4,))
    model = k.Model(inputs, CustomDense(10)(inputs))
    config = model.get_config()
    again = fixed(k.Model.from_config(config, custom_objects={"CustomDense": CustomDense}))
    return {"layers": shapes(again), "out": value(again(numbers(2, 4)))}


def mixed_styles(k: Any) -> dict[str, Any]:
    units, steps, width = 6, 5, 3

    class CustomRNN(k.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.projection_1 = k.layers.Dense(units, activation="tanh")
            self.projection_2 = k.layers.Dense(units, activation="tanh")
            inputs = k.Input((None, units))
            self.classifier = k.Model(inputs, k.layers.Dense(1)(k.layers.GlobalAveragePooling1D()(inputs)))

        def call(self, inputs: Any) -> Any:
            outputs, state = [], k.ops.zeros((inputs.shape[0], units))
            for t in range(inputs.shape[1]):
                h = self.projection_1(inputs[:, t, :])
                state = h + self.projection_2(state)
                outputs.append(state)
            return self.classifier(k.ops.stack(outputs, axis=1))

    inputs = k.Input(batch_shape=(2, steps, width))
    model = fixed(k.Model(inputs, CustomRNN()(k.layers.Conv1D(width, 1)(inputs))))
    return {"out": value(model(numbers(2, steps, width))), "count": model.count_params()}


def facts(k: Any, folder: Path) -> dict[str, Any]:
    return {
        "classifier": classifier(k),
        "saved": saved_and_loaded(k, folder),
        "autoencoder": encoder_and_decoder(k),
        "ensemble": ensemble(k),
        "tickets": tickets(k),
        "residual": small_residual_net(k),
        "shared": shared_and_taken_apart(k),
        "own": own_layers(k),
        "mixed": mixed_styles(k),
    }
