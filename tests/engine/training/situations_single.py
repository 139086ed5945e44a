"""Situations with one output: losses, weights, masks, regularization, metrics, single batches."""

from __future__ import annotations

from typing import Any

import numpy as np
from situations import (  # type: ignore[import-not-found]
    CE,
    CLASSES,
    ONE_HOT,
    OTHER,
    WEIGHTS,
    X,
    Y,
    fitted,
    fix,
    labels,
    mlp,
    numbers,
    situation,
    stepped,
    weights,
)


@situation
def regularizers_of_all_kinds(k: Any) -> Any:
    r = k.regularizers
    model = mlp(
        k, kernel_regularizer=r.L1L2(0.01, 0.02), bias_regularizer="l2", activity_regularizer=r.L1(0.01), use_bias=True
    )
    model.compile(k.optimizers.SGD(0.1), "mse", metrics=["mae"])
    return fitted(model, X, Y)


@situation
def orthogonal_regularizer_with_adam(k: Any) -> Any:
    model = mlp(k, kernel_regularizer=k.regularizers.OrthogonalRegularizer(0.1))
    model.compile(k.optimizers.Adam(0.05), "mae")
    return stepped(model, X, Y)


@situation
def constraints_after_each_step(k: Any) -> Any:
    c = k.constraints
    model = mlp(k, kernel_constraint=c.MaxNorm(0.5, axis=0), bias_constraint=c.NonNeg())
    model.compile(k.optimizers.SGD(0.3), "mse")
    return stepped(model, X, Y)


def _penalized(k: Any) -> Any:
    class Penalty(k.layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            self.add_loss(0.1 * k.ops.mean(k.ops.square(inputs)))
            self.add_loss([k.ops.sum(k.ops.abs(inputs)) * 0.01])
            return inputs * 2.0

    inputs = k.Input((3,))
    x = k.layers.Dense(4, "tanh")(inputs)
    return fix(k.Model(inputs, k.layers.Dense(1)(Penalty()(x))))


@situation
def losses_added_by_a_layer(k: Any) -> Any:
    model = _penalized(k)
    model.compile(k.optimizers.SGD(0.1), "mse", metrics=["mse"])
    return {"fit": fitted(model, X, Y, validation_split=1 / 3), "evaluate": model.evaluate(X, Y, verbose=0)}


@situation
def only_added_losses_and_no_targets(k: Any) -> Any:
    model = _penalized(k)
    model.compile(k.optimizers.SGD(0.1))
    return {"fit": fitted(model, X), "batch": model.train_on_batch(X), "predict": model.predict(X, verbose=0)}


@situation
def sample_weights(k: Any) -> Any:
    model = mlp(k)
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mae", "mse"])
    return {
        "fit": fitted(model, X, Y, sample_weight=WEIGHTS, validation_data=(X, Y, OTHER)),
        "steps": stepped(model, X, Y, sample_weight=WEIGHTS),
        "evaluate": model.evaluate(X, Y, sample_weight=OTHER, verbose=0, return_dict=True),
        "split": fitted(model, X, Y, sample_weight=WEIGHTS, validation_split=0.5),
    }


@situation
def class_weights_of_numbers(k: Any) -> Any:
    model = mlp(k, 3, "softmax")
    model.compile("sgd", CE, metrics=["accuracy"], weighted_metrics=["accuracy"])
    chosen = {0: 2.0, 2: 0.25}
    return {
        "fit": fitted(model, X, CLASSES, class_weight=chosen, validation_split=1 / 3),
        "steps": stepped(model, X, CLASSES, class_weight=chosen),
        "column": fitted(model, X, CLASSES[:, None], class_weight=chosen),
    }


@situation
def class_weights_of_one_hot(k: Any) -> Any:
    model = mlp(k, 3, "softmax")
    model.compile("sgd", "categorical_crossentropy", metrics=["acc", "categorical_crossentropy"])
    return fitted(model, X, ONE_HOT, class_weight={1: 3.0})


@situation
def binary_words(k: Any) -> Any:
    model = mlp(k, 1, "sigmoid")
    model.compile(
        "adam", "crossentropy", metrics=["accuracy", "binary_crossentropy", "AUC", k.metrics.Precision(name="p")]
    )
    return fitted(model, X, (Y > 0).astype("float32"), validation_split=1 / 3)


@situation
def temporal_weights(k: Any) -> Any:
    layers = k.layers
    model = fix(k.Sequential([k.Input((4, 2)), layers.SimpleRNN(3, return_sequences=True), layers.Dense(1)]))
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mse"])
    x, y = numbers(8, 4, 2), numbers(8, 4, 1)
    over_time = np.abs(numbers(8, 4))
    return {
        "fit": fitted(model, x, y, sample_weight=over_time),
        "whole": fitted(model, x, y, sample_weight=WEIGHTS[:8]),
        "steps": stepped(model, x, y, sample_weight=over_time),
    }


def _words(k: Any, sequences: bool = True) -> Any:
    layers = k.layers
    parts = [k.Input((5,), dtype="int32"), layers.Embedding(7, 3, mask_zero=True)]
    parts += [layers.LSTM(3, return_sequences=sequences), layers.Dense(3, "softmax")]
    return fix(k.Sequential(parts))


WORDS = np.where(np.arange(5) < labels(12, 1, high=4, seed=5) + 1, labels(12, 5, high=6) + 1, 0).astype("int32")


@situation
def masks_reach_losses_and_metrics(k: Any) -> Any:
    model, tags = _words(k), labels(12, 5)
    model.compile("sgd", CE, metrics=["accuracy", CE], weighted_metrics=["accuracy"])
    return {
        "fit": fitted(model, WORDS, tags, validation_split=1 / 3),
        "weighted": fitted(model, WORDS, tags, sample_weight=np.abs(numbers(12, 5)), batch_size=12),
        "evaluate": model.evaluate(WORDS, tags, sample_weight=np.abs(numbers(12, 5)), verbose=0),
    }


@situation
def masks_end_with_the_last_state(k: Any) -> Any:
    model = _words(k, sequences=False)
    model.compile("adam", CE, metrics=["accuracy"])
    return fitted(model, WORDS, CLASSES)


@situation
def masking_of_numbers(k: Any) -> Any:
    layers = k.layers
    x = numbers(8, 4, 2)
    x[2:5, 2:] = -1.0
    x[6] = -1.0
    model = fix(
        k.Sequential([k.Input((4, 2)), layers.Masking(-1.0), layers.GRU(3, return_sequences=True), layers.Dense(2)])
    )
    model.compile("sgd", "mae", metrics=["mse", k.metrics.CosineSimilarity(name="cos")])
    return fitted(model, x, numbers(8, 4, 2, seed=4))


@situation
def several_losses_for_one_output(k: Any) -> Any:
    model = mlp(k)
    model.compile("sgd", ["mse", "mae"], loss_weights=[1.0, 0.5])
    return fitted(model, X, Y)


@situation
def losses_as_objects_and_functions(k: Any) -> Any:
    found = {}
    for name, loss in {
        "huber": k.losses.Huber(0.3),
        "sum": k.losses.MeanSquaredError(reduction="sum"),
        "weighted_mean": k.losses.MeanSquaredError(reduction="mean_with_sample_weight"),
        "function": lambda a, b: k.ops.mean(k.ops.abs(a - b) ** 1.5, axis=-1),
        "scalar": lambda a, b: k.ops.mean(k.ops.square(a - b)),
        "logcosh": "log_cosh",
        "named": k.losses.mean_absolute_percentage_error,
    }.items():
        model = mlp(k)
        model.compile(k.optimizers.SGD(0.01), loss, metrics=["mse"])
        found[name] = stepped(model, X, Y, sample_weight=WEIGHTS)
    return found


@situation
def loss_weight_as_a_float(k: Any) -> Any:
    model = mlp(k)
    model.compile("sgd", "mse", loss_weights=0.5)
    return stepped(model, X, Y)


@situation
def metrics_of_all_kinds(k: Any) -> Any:
    class Largest(k.metrics.Metric):  # type: ignore[misc]
        def __init__(self, name: str = "largest", **options: Any) -> None:
            super().__init__(name=name, **options)
            self.most = self.add_weight(shape=(), initializer="zeros", name="most")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.most.assign(k.ops.maximum(k.ops.add(self.most, 0.0), k.ops.max(k.ops.abs(y_true - y_pred))))

        def result(self) -> Any:
            return k.ops.add(self.most, 0.0)

    def spread(y_true: Any, y_pred: Any) -> Any:
        return k.ops.abs(y_true - y_pred) ** 2

    model = mlp(k)
    chosen = [
        Largest(),
        spread,
        "mse",
        k.metrics.MeanSquaredError(),
        k.metrics.R2Score(name="r2"),
        "mean_squared_error",
    ]
    model.compile("sgd", "mse", metrics=chosen, weighted_metrics=["mse", spread])
    return {"fit": fitted(model, X, Y, sample_weight=WEIGHTS), "evaluate": model.evaluate(X, Y, verbose=0)}


@situation
def metrics_kept_by_layers(k: Any) -> Any:
    class Seen(k.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.level = k.metrics.Mean(name="level")

        def call(self, inputs: Any) -> Any:
            self.level.update_state(inputs)
            return inputs

    inputs = k.Input((3,))
    model = fix(k.Model(inputs, k.layers.Dense(1)(Seen()(k.layers.Dense(4, "tanh")(inputs)))))
    model.compile("sgd", "mse", metrics=["mae"])
    return {"fit": fitted(model, X, Y, validation_split=1 / 3), "evaluate": model.evaluate(X, Y, verbose=0)}


@situation
def single_batches_reset_their_figures(k: Any) -> Any:
    model = mlp(k)
    model.compile("sgd", "mse", metrics=["mae"])
    found: list[Any] = [model.test_on_batch(X[:4], Y[:4]), model.test_on_batch(X[4:], Y[4:])]
    found += [model.train_on_batch(X[:4], Y[:4]), model.train_on_batch(X[4:7], Y[4:7])]
    found += [model.get_metrics_result(), model.predict_on_batch(X[:2])]
    model.reset_metrics()
    found += [model.get_metrics_result(), model.train_on_batch(X, Y, sample_weight=WEIGHTS)]
    return {"found": found, "end": weights(model)}


@situation
def no_metrics_gives_bare_losses(k: Any) -> Any:
    model = mlp(k)
    model.compile("sgd", "mse")
    return [model.train_on_batch(X, Y), model.test_on_batch(X, Y), model.evaluate(X, Y, verbose=0)]


@situation
def batch_normalization_learns_and_freezes(k: Any) -> Any:
    layers = k.layers
    model = k.Sequential([k.Input((3,)), layers.Dense(4), layers.BatchNormalization(momentum=0.7), layers.Dense(1)])
    fix(model)
    model.compile("sgd", "mse")
    first = fitted(model, X, Y)
    model.layers[1].trainable = False
    model.compile("sgd", "mse")
    return {"first": first, "frozen": fitted(model, X, Y), "count": len(model.trainable_variables)}


@situation
def targets_of_one_rank_less(k: Any) -> Any:
    model = mlp(k)
    model.compile("sgd", "mse", metrics=["mae", "mse"])
    return fitted(model, X, Y[:, 0], sample_weight=WEIGHTS[:, None])


@situation
def whole_numbers_as_inputs_and_targets(k: Any) -> Any:
    model = mlp(k)
    model.compile("sgd", "mse", metrics=["mae"])
    return fitted(model, labels(12, 3), labels(12, 1))
