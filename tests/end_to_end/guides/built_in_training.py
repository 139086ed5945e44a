"""compile, fit, evaluate: own losses and metrics, weights, datasets, several inputs, callbacks, rates that fall."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .common import fixed, numbers, whole

X, Y = numbers(40, 6), whole(40, high=4)


def uncompiled(k: Any) -> Any:
    inputs = k.Input(shape=(6,), name="digits")
    x = k.layers.Dense(8, activation="relu", name="dense_1")(inputs)
    x = k.layers.Dense(8, activation="relu", name="dense_2")(x)
    return fixed(k.Model(inputs=inputs, outputs=k.layers.Dense(4, activation="softmax", name="predictions")(x)))


def compiled(k: Any, **options: Any) -> Any:
    model = uncompiled(k)
    chosen = {"optimizer": "rmsprop", "loss": "sparse_categorical_crossentropy", **options}
    model.compile(**{"metrics": ["sparse_categorical_accuracy"], **chosen})
    return model


def run(model: Any, *data: Any, **options: Any) -> Any:
    data = data or (X, Y)
    return model.fit(*data, **{"batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0, **options}).history


def own_losses_and_metrics(k: Any) -> dict[str, Any]:
    ops = k.ops

    def mean_squared(y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.square(y_true - y_pred), axis=-1)

    class CustomMSE(k.losses.Loss):  # type: ignore[misc]
        def __init__(self, factor: float = 0.1, name: str = "custom_mse") -> None:
            super().__init__(name=name)
            self.factor = factor

        def call(self, y_true: Any, y_pred: Any) -> Any:
            mse = ops.mean(ops.square(y_true - y_pred), axis=-1)
            return mse + ops.mean(ops.square(0.5 - y_pred), axis=-1) * self.factor

        def get_config(self) -> dict[str, Any]:
            return {"factor": self.factor, "name": self.name}

    class TruePositives(k.metrics.Metric):  # type: ignore[misc]
        def __init__(self, name: str = "categorical_true_positives", **options: Any) -> None:
            super().__init__(name=name, **options)
            self.true_positives = self.add_variable(shape=(), name="ctp", initializer="zeros")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            best = ops.reshape(ops.argmax(y_pred, axis=1), (-1, 1))
            right = ops.cast(ops.cast(y_true, "int32") == ops.cast(best, "int32"), "float32")
            self.true_positives.assign_add(ops.sum(right))

        def result(self) -> Any:
            return self.true_positives.value

        def reset_state(self) -> None:
            self.true_positives.assign(0)

    one_hot = k.utils.to_categorical(Y, 4)
    return {
        "function": run(compiled(k, loss=mean_squared, metrics=None), X, one_hot),
        "class": run(compiled(k, loss=CustomMSE(), metrics=None), X, one_hot),
        "metric": run(compiled(k, metrics=[TruePositives()]), X, Y[:, None]),
        "config": CustomMSE.from_config(CustomMSE(0.3).get_config()).factor,
    }


def losses_of_layers(k: Any) -> dict[str, Any]:
    class LogisticEndpoint(k.layers.Layer):  # type: ignore[misc]
        def __init__(self, name: str | None = None) -> None:
            super().__init__(name=name)
            self.loss_fn = k.losses.BinaryCrossentropy(from_logits=True)

        def call(self, targets: Any, logits: Any, sample_weights: Any = None) -> Any:
            self.add_loss(self.loss_fn(targets, logits, sample_weights))
            return k.ops.softmax(logits)

    inputs, targets = k.Input(shape=(3,), name="inputs"), k.Input(shape=(10,), name="targets")
    logits = k.layers.Dense(10)(inputs)
    model = fixed(k.Model(inputs=[inputs, targets], outputs=LogisticEndpoint(name="predictions")(targets, logits)))
    model.compile(optimizer="adam")
    data = {"inputs": numbers(6, 3), "targets": (numbers(6, 10) > 0).astype("float32")}
    return {"history": run(model, data), "names": [layer.name for layer in model.layers]}


def weights_and_datasets(k: Any) -> dict[str, Any]:
    class Batches(k.utils.PyDataset):  # type: ignore[misc]
        def __init__(self, size: int, **options: Any) -> None:
            super().__init__(**options)
            self.size = size

        def __len__(self) -> int:
            return int(np.ceil(len(X) / self.size))

        def __getitem__(self, index: int) -> Any:
            part = slice(index * self.size, (index + 1) * self.size)
            return X[part], Y[part]

    heavy = np.where(Y == 2, 2.0, 1.0).astype("float32")
    everything = {"validation_split": 0.25, "validation_freq": 2, "epochs": 4}
    data: dict[str, Any] = {"batch_size": None, "class_weight": {0: 1.0, 1: 0.5, 2: 3.0, 3: 1.0}}
    return {
        "classes": run(compiled(k), class_weight={0: 1.0, 1: 1.0, 2: 2.0, 3: 1.0}),
        "samples": run(compiled(k, weighted_metrics=["accuracy"]), sample_weight=heavy),
        "validation": run(compiled(k), **everything),
        "dataset": run(compiled(k), Batches(10), validation_data=Batches(8), **data),
        "steps": run(compiled(k), Batches(10), steps_per_epoch=2, validation_data=Batches(8), validation_steps=3),
    }


def several_inputs_and_outputs(k: Any) -> dict[str, Any]:
    layers = k.layers
    image, series = k.Input(shape=(8, 8, 3), name="img_input"), k.Input(shape=(None, 5), name="ts_input")
    x1 = layers.GlobalMaxPooling2D()(layers.Conv2D(3, 3)(image))
    x2 = layers.GlobalMaxPooling1D()(layers.Conv1D(3, 3)(series))
    x = layers.concatenate([x1, x2])
    score, kind = layers.Dense(1, name="score_output")(x), layers.Dense(5, name="class_output")(x)
    model = fixed(k.Model(inputs=[image, series], outputs=[score, kind]))
    model.compile(
        optimizer=k.optimizers.RMSprop(1e-3),
        loss={"score_output": k.losses.MeanSquaredError(), "class_output": k.losses.CategoricalCrossentropy()},
        metrics={
            "score_output": [k.metrics.MeanAbsolutePercentageError(), k.metrics.MeanAbsoluteError()],
            "class_output": [k.metrics.CategoricalAccuracy()],
        },
        loss_weights={"score_output": 2.0, "class_output": 1.0},
    )
    targets = {"score_output": numbers(12, 1), "class_output": np.eye(5, dtype="float32")[whole(12, high=5)]}
    data = {"img_input": numbers(12, 8, 8, 3), "ts_input": numbers(12, 20, 5)}
    found = run(model, data, targets, batch_size=6)
    # Both names sort; the figures of a cross-entropy on numbers that are no probabilities are rough.
    return {"keys": list(found), "score": found["score_output_loss"], "shapes": [list(x.shape) for x in model.outputs]}


def listeners_and_rates(k: Any, folder: Path) -> dict[str, Any]:
    stopping = k.callbacks.EarlyStopping(monitor="val_loss", min_delta=1e-2, patience=2, verbose=0)
    stopped = run(compiled(k), epochs=20, validation_split=0.2, callbacks=[stopping])
    path = str(folder / "mymodel_{epoch}.keras")
    keeping = k.callbacks.ModelCheckpoint(filepath=path, save_best_only=True, monitor="val_loss")
    run(compiled(k), validation_split=0.2, epochs=3, callbacks=[keeping])
    falling = k.optimizers.schedules.ExponentialDecay(0.1, decay_steps=2, decay_rate=0.5, staircase=True)
    model = compiled(k, optimizer=k.optimizers.RMSprop(learning_rate=falling))
    history = run(model)
    best = k.models.load_model(sorted(folder.glob("mymodel_*.keras"))[-1])
    return {
        "stopped": stopped,
        "files": sorted(p.name for p in folder.glob("mymodel_*.keras")),
        "falling": [history, float(np.asarray(k.ops.convert_to_numpy(model.optimizer.learning_rate)))],
        "best": best.evaluate(X, Y, verbose=0),
    }


def facts(k: Any, folder: Path) -> dict[str, Any]:
    return {
        "own": own_losses_and_metrics(k),
        "layers": losses_of_layers(k),
        "weights": weights_and_datasets(k),
        "several": several_inputs_and_outputs(k),
        "listeners": listeners_and_rates(k, folder),
    }
