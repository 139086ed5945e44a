"""What `compile` takes, how it names things, and how steps are compiled, overridden and compiled anew."""

from __future__ import annotations

import gc
import os
import tracemalloc
import warnings
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

from engine import callbacks, losses, metrics, ops, optimizers
from engine.core.errors import ShapeError
from engine.core.tape import GradientTape
from engine.training.adapters import unpack_x_y_sample_weight
from tests.engine.training.tiny import Forked, Tiny, regression

X, Y = regression()
TWO = [Y, -Y]


def fit(model: Tiny, *data: Any, **options: Any) -> dict[str, list[float]]:
    history: dict[str, list[float]] = model.fit(*(data or (X, Y)), verbose=0, **options).history
    return history


def forked(as_dict: bool = False, **options: Any) -> Forked:
    model = Forked(4, 2)
    model.as_dict = as_dict
    model.compile("sgd", **options)
    return model


@pytest.mark.parametrize(
    ("width", "target", "kind"),
    [
        (1, Y > 0, "BinaryAccuracy"),
        (3, np.arange(50) % 3, "SparseCategoricalAccuracy"),
        (3, (np.arange(50) % 3)[:, None], "SparseCategoricalAccuracy"),
        (3, np.eye(3)[np.arange(50) % 3], "CategoricalAccuracy"),
    ],
)
@pytest.mark.parametrize("word", ["accuracy", "acc"])
def test_accuracy_chooses_its_kind_by_the_shapes(width: int, target: Any, kind: str, word: str) -> None:
    model = Tiny(4, width)
    model.compile("sgd", lambda t, p: ops.mean(ops.square(p), axis=-1), metrics=[word])
    figures = model.evaluate(X, target, verbose=0, return_dict=True)
    metric = model._compile_metrics.metrics[0]
    assert type(metric).__name__ == kind and metric.name == word and set(figures) == {"loss", word}


@pytest.mark.parametrize(("width", "kind"), [(1, "binary"), (3, "sparse_categorical")])
def test_crossentropy_chooses_its_kind(width: int, kind: str) -> None:
    model = Tiny(4, width)
    target = (Y > 0) if width == 1 else np.arange(50) % 3
    model.compile("sgd", "crossentropy", metrics=["ce"])
    spec = [np.zeros((2, *part.shape[1:]), "float32") for part in (np.asarray(target), np.zeros((50, width)))]
    model._compile_loss.build(*spec)
    assert model._compile_loss.entries[0].loss.fn is getattr(losses, f"{kind}_crossentropy")


LOSSES: list[tuple[Any, Any, set[str]]] = [
    ("mse", None, {"loss", "left_loss", "right_loss"}),
    (["mse", "mae"], [1.0, 0.5], {"loss", "left_loss", "right_loss"}),
    (
        {"left": "mse", "right": losses.MeanAbsoluteError()},
        {"left": 1.0, "right": 0.5},
        {"loss", "left_loss", "right_loss"},
    ),
    ([None, "mae"], None, {"loss"}),
]


@pytest.mark.parametrize("as_dict", [False, True])
@pytest.mark.parametrize(("loss", "weights", "names"), LOSSES)
def test_losses_of_several_outputs(loss: Any, weights: Any, names: set[str], as_dict: bool) -> None:
    model = forked(as_dict, loss=loss, loss_weights=weights)
    targets = {"left": TWO[0], "right": TWO[1]} if as_dict else TWO
    figures = model.evaluate(X, targets, verbose=0, return_dict=True)
    assert set(figures) == names
    parts = [figures.get("left_loss", 0.0), figures.get("right_loss", figures["loss"])]
    factors = [1.0, 0.5] if weights else [1.0, 1.0]
    assert figures["loss"] == pytest.approx(parts[0] * factors[0] + parts[1] * factors[1], rel=1e-5)


def test_targets_by_name_for_outputs_in_a_list_and_for_a_part_of_them() -> None:
    by_name = forked(loss="mse").evaluate(X, {"left": TWO[0], "right": TWO[1]}, verbose=0)
    assert by_name == forked(loss="mse").evaluate(X, TWO, verbose=0)
    assert forked(loss=[None, "mse"]).evaluate(X, TWO[1], verbose=0) == pytest.approx(by_name[2], rel=1e-6)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["mae", "mse"], {"left_mae", "right_mse"}),
        ([["mae", "mse"], None], {"left_mae", "left_mse"}),
        ({"right": ["mae", "RootMeanSquaredError"]}, {"right_mae", "right_RootMeanSquaredError"}),
    ],
)
def test_metrics_of_several_outputs(given: Any, names: set[str]) -> None:
    model = forked(loss="mse", metrics=given)
    figures = model.evaluate(X, TWO, verbose=0, return_dict=True)
    assert set(figures) == names | {"loss", "left_loss", "right_loss"}
    assert model.metrics_names == ["loss", "left_loss", "right_loss", *sorted(names)]
    assert model.evaluate(X, TWO, verbose=0) == [figures[name] for name in model.metrics_names]
    assert all(model.metric_directions()[name] == "down" for name in names)


def test_of_several_losses_of_one_output_the_first_counts_as_in_keras_and_that_is_told() -> None:
    model = Tiny(4, 1)
    model.compile("sgd", ["mse", "mae"], loss_weights=[0.5, 2.0], metrics=["mse"])
    with pytest.warns(UserWarning, match="2 losses were given for a model with one output; it trains on the first"):
        figures = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert figures["loss"] == pytest.approx(0.5 * figures["mse"], rel=1e-5)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"loss": {"left": "mse", "middle": "mse"}}, "Expected keys \\['left', 'right'\\] in loss dict"),
        ({"loss": {"left": "mse"}}, "Expected keys"),
        ({"loss": ["mse", "mse", "mse"]}, "The model has 2 outputs: \\['left', 'right'\\]"),
        ({"loss": "mse", "loss_weights": [1.0, 2.0, 3.0]}, "`loss_weights` must match the number of losses"),
        ({"loss": "mse", "metrics": ["mae", "mae", "mae"]}, "3 entries"),
        ({"loss": "wrong"}, "Could not interpret loss identifier: wrong"),
    ],
)
def test_what_does_not_fit_the_outputs_is_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises((ValueError, KeyError), match=text):
        forked(**options).evaluate(X, TWO, verbose=0)


def test_metrics_that_are_no_list_are_refused() -> None:
    with pytest.raises(ValueError, match="Expected `metrics` argument to be a list, tuple, or dict"):
        Tiny(4, 1).compile("sgd", "mse", metrics="mae")
    with pytest.raises(ValueError, match="Could not interpret optimizer identifier"):
        Tiny(4, 1).compile("fast", "mse")


@pytest.mark.parametrize("where", ["loss", "metrics"])
@pytest.mark.parametrize(("width", "target"), [(3, Y), (1, np.tile(Y, (1, 3))), (3, Y[:, :, None])])
def test_targets_that_would_be_broadcast_are_refused(width: int, target: Any, where: str) -> None:
    model = Tiny(4, width)
    free = lambda t, p: ops.mean(ops.square(p), axis=-1)
    model.compile("sgd", "mse" if where == "loss" else free, metrics=["mse"] if where == "metrics" else None)
    with pytest.raises(ShapeError, match=r"N×3") as caught:
        model.fit(X, target, verbose=0)
    assert "differ" in str(caught.value) and caught.value.hint


def test_class_numbers_for_one_hot_loss_are_explained() -> None:
    model = Tiny(4, 3)
    model.compile("sgd", "categorical_crossentropy")
    with pytest.raises(ShapeError, match="go with sparse_categorical_crossentropy"):
        model.fit(X, np.arange(50) % 3, verbose=0)


def test_own_functions_may_broadcast() -> None:
    model = Tiny(4, 3)
    model.compile("sgd", lambda t, p: ops.mean(ops.square(ops.subtract(p, t)), axis=-1))
    assert fit(model)["loss"][0] > 0


class ByTape(Tiny):
    """A training step written with the tape, which reports a figure of its own."""

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y, _ = unpack_x_y_sample_weight(data)
        with GradientTape() as tape:
            loss = ops.mean(ops.square(ops.subtract(self(x, training=True), y)))
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return {"own": loss}


def test_own_train_step_is_compiled_and_equals_its_eager_run() -> None:
    histories, weights = [], []
    for eager in (False, True):
        model = ByTape(4, 6, 1)
        model.compile("adam", run_eagerly=eager)
        histories.append(fit(model, epochs=3, batch_size=10, shuffle=False))
        weights.append(model.get_weights())
        assert model.train_function.eager is eager
    plain = Tiny(4, 6, 1)
    plain.compile("adam", "mse")
    fit(plain, epochs=3, batch_size=10, shuffle=False)
    assert histories[0] == histories[1] and list(histories[0]) == ["own"]
    for a, b, c in zip(*weights, plain.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a, c, rtol=1e-5, atol=1e-7)


def test_custom_loop_with_the_tape() -> None:
    model, twin = Tiny(4, 6, 1), Tiny(4, 6, 1)
    optimizer = optimizers.SGD(0.1, momentum=0.9)
    twin.compile(optimizers.SGD(0.1, momentum=0.9), "mse")
    loss_function = losses.MeanSquaredError()
    for _ in range(4):
        with GradientTape() as tape:
            loss = loss_function(Y, model(X, training=True))
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
        twin.train_on_batch(X, Y)
    for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_own_compute_loss_and_metrics() -> None:
    class Own(Tiny):
        def __init__(self, *sizes: int) -> None:
            super().__init__(*sizes)
            self.__dict__["_metrics"] = [metrics.Mean(name="peak")]

        def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None, training: bool = True) -> Any:
            self._metrics[0].update_state(ops.max(y_pred))
            return ops.mean(ops.abs(ops.subtract(y, y_pred)))

    model = Own(4, 1)
    model.compile("sgd")
    assert set(fit(model)) == {"loss", "peak"}


class Median(metrics.Metric):
    """Uses NumPy on the values, which no trace can follow."""

    def __init__(self) -> None:
        super().__init__(name="median")
        self.kept: list[Any] = []

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.kept.append(np.abs(np.asarray(y_true) - np.asarray(y_pred)).ravel())

    def result(self) -> Any:
        return float(np.median(np.concatenate(self.kept))) if self.kept else 0.0

    def reset_state(self) -> None:
        self.kept.clear()


@pytest.mark.parametrize("reader", [False, True])
def test_metric_that_cannot_be_traced_runs_beside_the_plan(reader: bool) -> None:
    seen: list[Any] = []
    listen = (
        [callbacks.LambdaCallback(on_train_batch_end=lambda b, logs: seen.append(logs["median"]))] if reader else []
    )
    histories = []
    for eager in (False, True):
        model = Tiny(4, 6, 1)
        model.compile("sgd", "mse", metrics=["mae", Median()], run_eagerly=eager)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            histories.append(
                fit(model, epochs=2, batch_size=10, shuffle=False, validation_data=(X, Y), callbacks=listen)
            )
        assert model.train_function.eager is eager
    assert histories[0] == histories[1] and "val_median" in histories[0]
    assert len(seen) == (20 if reader else 0)


class Branching(Tiny):
    """Looks at values in Python."""

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        y = self.forward(x)
        return y if float(ops.sum(y)) > 0 else ops.multiply(y, 2.0)


def test_python_that_looks_at_values_falls_back_to_eager_and_says_so_once() -> None:
    model = Branching(4, 1)
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="tiny: training runs step by step") as record:
        compiled = fit(model, epochs=2)
    assert len(record) == 1
    eager = Branching(4, 1)
    eager.compile("sgd", "mse", run_eagerly=True)
    np.random.seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(eager, epochs=2)
    assert len(compiled["loss"]) == 2


def test_python_that_counts_the_batch_is_compiled_for_each_size() -> None:
    class Counting(Tiny):
        def __call__(self, x: Any, training: bool | None = None) -> Any:
            return ops.multiply(self.forward(x), 1.0 / (x.shape[0] * 1.0))

    model = Counting(4, 1)
    model.compile("sgd", "mse")
    model.fit(X, Y, batch_size=20, verbose=0)
    assert not model.train_function.eager and len(model.train_function._compiled) >= 1
    np.testing.assert_allclose(model.predict(X, batch_size=20, verbose=0)[40:], np.asarray(model(X[40:])), rtol=1e-6)


def test_freezing_takes_effect_at_once() -> None:
    model = Tiny(4, 6, 1)
    model.compile("sgd", "mse")
    fit(model)
    first = model.train_function
    fit(model)
    assert model.train_function is first
    kernel = model.pairs[0][0]
    kernel.trainable, before = False, kernel.numpy()
    fit(model)
    assert model.train_function is not first
    np.testing.assert_array_equal(kernel.numpy(), before)
    kernel.trainable = True
    fit(model)
    assert not np.array_equal(kernel.numpy(), before)


def test_learning_rate_set_between_fits_takes_effect() -> None:
    model = Tiny(4, 1)
    model.compile(optimizers.SGD(0.1), "mse")
    fit(model)
    model.optimizer.learning_rate = 0.0
    before = model.get_weights()
    fit(model)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    model.optimizer.learning_rate = optimizers.schedules.ExponentialDecay(0.5, 10, 0.5)
    fit(model)
    assert not np.array_equal(model.get_weights()[0], before[0])


def test_weights_set_between_fits_are_used() -> None:
    model, twin = Tiny(4, 6, 1), Tiny(4, 6, 1)
    start = twin.get_weights()
    for m in (model, twin):
        m.compile("sgd", "mse")
    fit(model, shuffle=False)
    model.set_weights(start)
    assert fit(model, shuffle=False) == fit(twin, shuffle=False)


def test_compile_config_goes_to_keras_and_back() -> None:
    arguments: dict[str, Any] = {
        "optimizer": optimizers.AdamW(optimizers.schedules.CosineDecay(0.1, 10)),
        "loss": {"left": "mse", "right": losses.Huber(delta=2.0)},
        "loss_weights": {"left": 1.0, "right": 0.5},
        "metrics": {"left": ["mae", metrics.RootMeanSquaredError()]},
        "steps_per_execution": 2,
    }
    model = Forked(4, 2)
    model.compile(**arguments)
    config = model.get_compile_config()
    twin = Forked(4, 2)
    twin.compile_from_config(config)
    assert twin.get_compile_config() == config and twin.optimizer.built
    theirs = keras.saving.deserialize_keras_object(config)
    assert type(theirs["optimizer"]).__name__ == "AdamW" and type(theirs["loss"]["right"]).__name__ == "Huber"
    assert twin.evaluate(X, TWO, verbose=0) == model.evaluate(X, TWO, verbose=0)
    assert Tiny(4, 1).get_compile_config() == {}


def test_own_compile_is_not_called_behind_ones_back() -> None:
    class Own(Tiny):
        def compile(self, rate: float) -> None:
            super().compile(optimizers.SGD(rate), "mse")

    model = Own(4, 1)
    with pytest.warns(UserWarning, match="is its own"):
        model.compile_from_config({"optimizer": "sgd"})
    assert not model.compiled


def test_mixed_float16_gets_a_scaled_loss() -> None:
    from engine.core.dtypes import DTypePolicy

    model = Tiny(4, 1)
    model.dtype_policy = DTypePolicy("mixed_float16")  # type: ignore[attr-defined]
    model.compile("sgd", "mse")
    assert isinstance(model.optimizer, optimizers.LossScaleOptimizer)
    fit(model)
    assert int(model.optimizer.step_counter) == 2
    model.compile("sgd", "mse", auto_scale_loss=False)
    assert type(model.optimizer) is optimizers.SGD


def test_building_and_training_again_and_again_keeps_memory_flat() -> None:
    def once() -> None:
        model = Tiny(64, 512, 512, 1)
        model.compile("adam", "mse", metrics=["mae"])
        model.fit(np.zeros((64, 64), "float32"), np.zeros((64, 1), "float32"), verbose=0)

    once()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(30):
            once()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # Each model holds over 4 MB of weights and optimizer state.
    assert grown < 2**20


def test_accuracy_of_logits_is_told() -> None:
    logits, targets = losses.BinaryCrossentropy(from_logits=True), (Y > 0).astype("float32")
    model = Tiny(4, 1)
    model.compile("sgd", logits, metrics=["accuracy"])
    with pytest.warns(UserWarning, match=r"'accuracy' is a BinaryAccuracy that counts outputs above 0.5"):
        model.evaluate(X, targets, verbose=0)
    for loss, metric in ((logits, metrics.BinaryAccuracy(threshold=0.0)), ("mse", "accuracy")):
        model = Tiny(4, 1)
        model.compile("sgd", loss, metrics=[metric])
        model.evaluate(X, targets, verbose=0)  # warnings are errors here


def test_names_of_keras_2_still_work() -> None:
    class Own(Tiny):
        def train_step(self, data: Any) -> dict[str, Any]:
            x, y, _ = unpack_x_y_sample_weight(data)
            with GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
            self.optimizer.apply_gradients(
                zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables, strict=True)
            )
            self.compiled_metrics.update_state(y, y_pred)
            return {m.name: m.result() for m in self._compile_metrics.metrics}  # type: ignore[union-attr]

    own, plain = Own(4, 1), Tiny(4, 1)
    for model in (own, plain):
        model.compile("sgd", "mse", metrics=["mae"])
    with pytest.warns(UserWarning, match="`model.compiled_"):
        history = fit(own, shuffle=False)
    assert history["mae"] == fit(plain, shuffle=False)["mae"]
    with pytest.warns(UserWarning, match="`jit_compile` cannot also be True"):
        Tiny(4, 1).compile("sgd", "mse", run_eagerly=True, jit_compile=True)


def test_policy_decides_about_loss_scaling() -> None:
    import engine

    engine.config.set_dtype_policy("mixed_float16")
    try:
        made = [engine.Sequential([engine.Input((4,)), engine.layers.Dense(1)]) for _ in range(2)]
    finally:
        engine.config.set_dtype_policy("float32")
    for model, scales in zip(made, (True, False), strict=True):
        model.compile("sgd", "mse", auto_scale_loss=scales)
        assert isinstance(model.optimizer, optimizers.LossScaleOptimizer) == scales
        model.fit(X, Y, verbose=0)
        assert {v.dtype for v in model.trainable_variables} == {"float32"}
        assert model(X).dtype == "float16"
