"""Further situations: data in unusual forms, own classes, predictions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from situations import (  # type: ignore[import-not-found]
    CE,
    CLASSES,
    OTHER,
    WEIGHTS,
    X,
    Y,
    fitted,
    fix,
    fork,
    labels,
    mlp,
    numbers,
    refused,
    situation,
    weights,
)


@situation
def validation_data_in_all_forms(k: Any) -> Any:
    def generated() -> Iterator[Any]:
        while True:
            yield X[:4], Y[:4], WEIGHTS[:4]

    def model() -> Any:
        made = mlp(k)
        made.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mse"])
        return made

    return {
        "weighted": fitted(model(), X, Y, validation_data=(X, Y, OTHER)),
        "list": fitted(model(), X, Y, validation_data=[X[:4], Y[:4]]),
        "generator": fitted(model(), X, Y, validation_data=generated(), validation_steps=2),
    }


@situation
def weights_of_outputs_in_validation(k: Any) -> Any:
    model = fork(k, as_dict=True)
    model.compile("sgd", {"left": "mse", "right": CE}, weighted_metrics={"left": ["mae"]})
    targets = {"left": Y, "right": CLASSES}
    given = {"left": WEIGHTS, "right": OTHER}
    other = {"left": OTHER, "right": WEIGHTS}
    return fitted(model, X, targets, sample_weight=given, validation_data=(X, targets, other))


@situation
def bidirectional_and_stacked(k: Any) -> Any:
    layers = k.layers
    both = layers.Bidirectional(layers.LSTM(2, return_sequences=True))
    model = fix(k.Sequential([k.Input((5, 2)), both, layers.GRU(3), layers.Dense(1)]))
    model.compile(k.optimizers.RMSprop(0.01), "mse")
    return fitted(model, numbers(8, 5, 2), numbers(8, 1))


@situation
def convolutions_and_norms(k: Any) -> Any:
    layers = k.layers
    parts = [k.Input((6, 6, 2)), layers.Conv2D(4, 3, padding="same", use_bias=False), layers.BatchNormalization()]
    parts += [
        layers.Activation("relu"),
        layers.DepthwiseConv2D(3),
        layers.LayerNormalization(),
        layers.GlobalAveragePooling2D(),
    ]
    model = fix(k.Sequential([*parts, layers.Dense(3)]), 0.3)
    model.compile("adam", k.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return fitted(model, numbers(8, 6, 6, 2), labels(8), validation_split=0.5)


@situation
def attention_with_masks(k: Any) -> Any:
    layers = k.layers
    tokens = k.Input((5,), dtype="int32")
    x = layers.Embedding(9, 4, mask_zero=True)(tokens)
    x = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(2, 3)(x, x)]))
    model = fix(k.Model(tokens, layers.Dense(1)(layers.GlobalAveragePooling1D()(x))))
    model.compile("sgd", "mse")
    words = np.where(np.arange(5) < labels(8, 1, high=4) + 1, labels(8, 5, high=8) + 1, 0)
    return fitted(model, words, numbers(8, 1))


@situation
def predictions_from_all_kinds(k: Any) -> Any:
    import pandas

    def generated() -> Iterator[Any]:
        for start in range(0, 12, 4):
            yield (X[start : start + 4],)

    model = mlp(k)
    named = k.Model(model.inputs, {"out": model.outputs[0], "twice": model.outputs[0] * 2.0})
    return {
        "frame": model.predict(pandas.DataFrame(X), verbose=0),
        "generator": model.predict(generated(), verbose=0),
        "steps": model.predict(generated(), steps=2, verbose=0),
        "named": sorted(named.predict(X, batch_size=5, verbose=0).items()),
        "on batch": sorted((key, np.asarray(value)) for key, value in named.predict_on_batch(X[:2]).items()),
    }


@situation
def metrics_through_thick_and_thin(k: Any) -> Any:
    m = k.metrics
    model = mlp(k, 3, "softmax")
    chosen = [m.CategoricalAccuracy(), m.TopKCategoricalAccuracy(2), m.Precision(), m.Recall(class_id=1)]
    chosen += [
        m.AUC(multi_label=True, name="auc"),
        m.F1Score(average="macro"),
        m.KLDivergence(),
        m.CategoricalCrossentropy(),
    ]
    chosen += [m.MeanIoU(3, sparse_y_true=False, sparse_y_pred=False)]
    heavy = [m.CategoricalAccuracy(name="heavy")]
    model.compile("sgd", "categorical_crossentropy", metrics=chosen, weighted_metrics=heavy)
    one_hot = np.eye(3, dtype="float32")[CLASSES]
    return fitted(model, X, one_hot, sample_weight=WEIGHTS, validation_split=1 / 3)


@situation
def own_metrics_property(k: Any) -> Any:
    class Own(k.Model):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.total, self.error = k.metrics.Mean(name="total"), k.metrics.MeanAbsoluteError(name="error")

        @property
        def metrics(self) -> list[Any]:
            return [self.total, self.error]

        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, **options: Any
        ) -> Any:
            loss = k.ops.mean(k.ops.square(y - y_pred))
            self.total.update_state(loss)
            return loss

        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            self.error.update_state(y, y_pred)
            return self.get_metrics_result()

    inputs = k.Input((3,))
    model = fix(Own(inputs, k.layers.Dense(1)(inputs)))
    model.compile("sgd")
    return {
        "fit": fitted(model, X, Y, validation_split=1 / 3),
        "evaluate": model.evaluate(X, Y, verbose=0, return_dict=True),
    }


@situation
def several_models_and_one_layer(k: Any) -> Any:
    shared = k.layers.Dense(3, "tanh")
    x = k.Input((3,))
    one, two = k.Model(x, k.layers.Dense(1)(shared(x))), k.Model(x, k.layers.Dense(2)(shared(x)))
    fix(one)
    fix(two)
    one.compile("sgd", "mse")
    two.compile("adam", "mae")
    found = []
    for _ in range(3):
        found += [one.train_on_batch(X, Y), two.train_on_batch(X, numbers(12, 2))]
    return {"losses": found, "end": [*weights(one), *weights(two)]}


@situation
def weights_set_between_fits(k: Any) -> Any:
    model = mlp(k)
    model.compile(k.optimizers.Adam(0.01), "mse")
    first = fitted(model, X, Y)
    model.set_weights([w * 0.5 for w in model.get_weights()])
    model.optimizer.learning_rate = 0.1
    return [first, fitted(model, X, Y), float(np.asarray(k.ops.convert_to_numpy(model.optimizer.learning_rate)))]


@situation
def layers_added_between_fits(k: Any) -> Any:
    model = k.Sequential([k.Input((3,)), k.layers.Dense(2, "tanh")])
    fix(model)
    model.compile("sgd", "mse")
    first = fitted(model, X, numbers(12, 2))
    model.add(k.layers.Dense(1))
    fix(model)
    model.compile("sgd", "mse")
    return [first, fitted(model, X, Y), len(model.layers)]


@situation
def batches_of_other_lengths(k: Any) -> Any:
    layers = k.layers

    class Ragged(k.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            return numbers(2 + index, 3 + index, 2), numbers(2 + index, 1)

    model = fix(k.Sequential([k.Input((None, 2)), layers.LSTM(3), layers.Dense(1)]))
    model.compile("sgd", "mse", metrics=["mae"])
    return [fitted(model, Ragged(), batch_size=None), model.predict(numbers(2, 9, 2), verbose=0)]


@situation
def tied_weights_and_own_gradients(k: Any) -> Any:
    class Tied(k.layers.Layer):  # type: ignore[misc]
        def __init__(self, dense: Any) -> None:
            super().__init__()
            self.dense = dense
            self.bias = self.add_weight(shape=(3,), initializer="zeros")

        def call(self, inputs: Any) -> Any:
            return k.ops.matmul(inputs, k.ops.transpose(self.dense.kernel)) + self.bias

    inputs = k.Input((3,))
    dense = k.layers.Dense(2, "tanh")
    model = fix(k.Model(inputs, Tied(dense)(dense(inputs))))
    model.compile(k.optimizers.SGD(0.1), "mse")
    return {"fit": fitted(model, X, X), "count": len(model.trainable_variables)}


@situation
def what_compile_refuses(k: Any) -> Any:
    def attempt(**options: Any) -> Any:
        model = mlp(k)
        model.compile(**{"optimizer": "sgd", **options})
        return refused(lambda: model.fit(X, Y, verbose=0))

    return {
        "loss": attempt(loss="wrong"),
        "metric": attempt(loss="mse", metrics=["wrong"]),
        "weights": refused(lambda: mlp(k).compile("sgd", "mse", loss_weights="heavy")),
        "metrics": refused(lambda: mlp(k).compile("sgd", "mse", metrics="mae")),
        "optimizer": refused(lambda: mlp(k).compile("wrong")),
        "nothing": attempt(),
    }


@situation
def averages_in_place_of_weights(k: Any) -> Any:
    found = []
    for by_epoch in (False, True):
        model = mlp(k)
        model.compile(k.optimizers.Adam(0.05, use_ema=True, ema_momentum=0.5), "mse", metrics=["mae"])
        swap = k.callbacks.SwapEMAWeights(swap_on_epoch=by_epoch)
        kept: list[Any] = []
        keep = k.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs, m=model, kept=kept: kept.append(weights(m)))
        # The weights at the ends of epochs come before validation swaps them back.
        found.append([fitted(model, X, Y, epochs=3, validation_split=1 / 3, callbacks=[swap, keep]), kept])
        found.append(model.evaluate(X, Y, verbose=0, callbacks=[k.callbacks.SwapEMAWeights()]))
    return found


@situation
def figures_in_a_file(k: Any) -> Any:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        for append in (False, True):
            model = mlp(k)
            model.compile("sgd", "mse", metrics=["mae"])
            logger = k.callbacks.CSVLogger(str(path), separator=";", append=append)
            model.fit(
                X, Y, epochs=3, batch_size=4, shuffle=False, verbose=0, validation_split=1 / 3, callbacks=[logger]
            )
        lines = path.read_text().splitlines()
    numbers_of = [[float(cell) for cell in line.split(";")] for line in lines if not line.startswith("epoch")]
    return [lines[0], len(lines), numbers_of]
