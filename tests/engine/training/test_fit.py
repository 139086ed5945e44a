"""`fit`, `evaluate`, `predict` and single batches: figures, data, steps, validation, weights of samples and classes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine import callbacks, metrics
from engine.training.py_dataset import PyDataset
from tests.engine.training.tiny import Forked, Tiny, regression

X, Y = regression()
OPTIMIZERS = ["sgd", "rmsprop", "adam", "adamw"]


def compiled(*sizes: int, optimizer: Any = "sgd", loss: Any = "mse", **options: Any) -> Tiny:
    model = Tiny(*(sizes or (4, 6, 1)))
    model.compile(optimizer, loss, **options)
    return model


def fit(model: Tiny, *data: Any, **options: Any) -> dict[str, list[float]]:
    history: dict[str, list[float]] = model.fit(*(data or (X, Y)), verbose=0, **options).history
    return history


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_compiled_and_eager_training_are_bit_equal(optimizer: str) -> None:
    runs = []
    for eager in (False, True):
        model = compiled(optimizer=optimizer, metrics=["mae", metrics.R2Score()], run_eagerly=eager)
        np.random.seed(3)
        history = fit(model, epochs=3, batch_size=16, validation_split=0.2)
        runs.append((history, model.get_weights(), [v.numpy() for v in model.optimizer.variables]))
    assert runs[0][0] == runs[1][0]
    for a, b in zip(runs[0][1] + runs[0][2], runs[1][1] + runs[1][2], strict=True):
        np.testing.assert_array_equal(a, b)


def test_loss_is_the_mean_over_samples_with_penalties_in_it() -> None:
    model = compiled(4, 1, optimizer=None)
    model.optimizer = None
    model.penalties = [lambda: (model.pairs[0][0].read() * 2.0)[:2]]
    kernel, bias = model.get_weights()
    error = float(((X @ kernel + bias - Y) ** 2).mean())
    figures = model.evaluate(X, Y, batch_size=32, verbose=0, return_dict=True)
    assert figures["loss"] == pytest.approx(error + float((kernel * 2)[:2].sum()), rel=1e-5)


def test_figures_are_sorted_in_history_and_ordered_in_lists() -> None:
    model = compiled(metrics=["mse", metrics.MeanAbsoluteError(name="b"), "mae"])
    history = fit(model, epochs=2, validation_data=(X, Y))
    names = ["b", "loss", "mae", "mse"]
    assert list(history) == [*names, *(f"val_{name}" for name in names)]
    values, figures = model.evaluate(X, Y, verbose=0), model.evaluate(X, Y, verbose=0, return_dict=True)
    assert list(figures) == names and model.metrics_names == ["loss", "mse", "b", "mae"]
    assert values == [figures[name] for name in model.metrics_names]
    assert compiled().evaluate(X, Y, verbose=0) == pytest.approx(compiled().test_on_batch(X, Y), rel=1e-6)


def test_metrics_start_anew_each_epoch_and_validation_does_not_touch_training() -> None:
    class Frozen(Tiny):
        trainable_variables: list[Any] = []

    model = Frozen(4, 1)
    model.compile("sgd", "mse")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        history = fit(model, epochs=3, validation_data=(X[:10], Y[:10]), shuffle=False)
    assert len(set(history["loss"])) == 1 and history["loss"] != history["val_loss"]


def test_validation_split_takes_the_last_part_before_shuffling() -> None:
    y = Y.copy()
    y[40:] += 1000.0
    history = fit(compiled(), X, y, validation_split=0.2)
    assert history["val_loss"][0] > 1e5 > 1e3 > history["loss"][0]
    with pytest.raises(ValueError, match="not sufficient to split"):
        fit(compiled(), X[:1], Y[:1], validation_split=0.1)


@pytest.mark.parametrize(("frequency", "times"), [(1, 4), (2, 2), ([1, 4], 2)])
def test_validation_frequency(frequency: Any, times: int) -> None:
    history = fit(compiled(), epochs=4, validation_data=(X, Y), validation_freq=frequency)
    assert len(history["val_loss"]) == times and len(history["loss"]) == 4


def test_shuffling_follows_the_global_seed_and_can_be_off() -> None:
    def run(seed: int, **options: Any) -> list[float]:
        np.random.seed(seed)
        return fit(compiled(), epochs=2, batch_size=8, **options)["loss"]

    assert run(1) == run(1) != run(2)
    assert run(1, shuffle=False) == run(2, shuffle=False)
    assert run(1, shuffle="batch") != run(2, shuffle="batch")


def test_initial_epoch_and_stop() -> None:
    class Stop(callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.epochs: list[int] = []
            self.batches = 0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epochs.append(epoch)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.batches += 1
            self.model.stop_training = self.batches == 5

    stop = Stop()
    fit(compiled(), epochs=6, initial_epoch=2, batch_size=16, callbacks=[stop])
    assert stop.epochs == [2, 3] and stop.batches == 5


def test_batch_logs_are_running_means_and_only_made_for_who_reads_them() -> None:
    seen: list[dict[str, float]] = []
    model = compiled(4, 1, metrics=["mae"])
    model.optimizer.learning_rate = 0.0
    fit(
        model,
        batch_size=16,
        shuffle=False,
        callbacks=[callbacks.LambdaCallback(on_train_batch_end=lambda b, logs: seen.append(logs))],
    )
    kernel, bias = model.get_weights()
    errors = np.abs(X @ kernel + bias - Y)[:, 0]
    expected = [float(errors[:stop].mean()) for stop in (16, 32, 48, 50)]
    np.testing.assert_allclose([logs["mae"] for logs in seen], expected, rtol=1e-5)
    step = next(iter(model.train_function._compiled.values()))
    assert step._quiet is None
    fit(model, batch_size=16)
    assert step._quiet is not None


@pytest.mark.parametrize("chunk", [1, 2, 3, 10])
def test_steps_per_execution_changes_only_how_often_hooks_are_called(chunk: int) -> None:
    ends: list[int] = []
    model = compiled(steps_per_execution=chunk)
    listen = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: ends.append(batch))
    history = fit(model, batch_size=10, shuffle=False, callbacks=[listen])
    assert history == fit(compiled(), batch_size=10, shuffle=False)
    assert ends == [start + chunk - 1 for start in range(0, 5, chunk)]


def test_sample_weights_reach_the_loss_and_weighted_metrics_only() -> None:
    weights = np.linspace(0.0, 2.0, 50).astype("float32")
    model = compiled(4, 1, metrics=["mae"], weighted_metrics=["mae", "mse"])
    figures = model.evaluate(X, Y, sample_weight=weights, verbose=0, return_dict=True)
    kernel, bias = model.get_weights()
    errors = (X @ kernel + bias - Y)[:, 0]
    assert figures["loss"] == pytest.approx(float((errors**2 * weights).mean()), rel=1e-5)
    assert figures["mae"] == pytest.approx(float(np.abs(errors).mean()), rel=1e-5)
    assert figures["weighted_mae"] == pytest.approx(float((np.abs(errors) * weights).sum() / weights.sum()), rel=1e-5)
    assert figures["mse"] == pytest.approx(float((errors**2 * weights).sum() / weights.sum()), rel=1e-5)


def test_class_weight_equals_sample_weight() -> None:
    labels = (Y > 0).astype("float32")
    weights = np.where(labels[:, 0] == 1, 3.0, 0.5).astype("float32")
    by_class = fit(compiled(), X, labels, class_weight={0: 0.5, 1: 3.0}, shuffle=False)
    by_sample = fit(compiled(), X, labels, sample_weight=weights, shuffle=False)
    assert by_class == by_sample != fit(compiled(), X, labels, shuffle=False)
    with pytest.raises(ValueError, match="`class_weight` and `sample_weight`"):
        fit(compiled(), X, labels, class_weight={1: 2.0}, sample_weight=weights)


def test_class_weight_per_output() -> None:
    model = Forked(4, 2)
    model.as_dict = True
    model.compile("sgd", "mse")
    labels = (Y > 0).astype("float32")
    targets = {"left": labels, "right": labels}
    history = fit(model, X, targets, class_weight={"left": {1: 3.0}})
    assert history["left_loss"] != history["right_loss"]
    with pytest.raises(ValueError, match="not among the targets"):
        fit(model, X, targets, class_weight={"middle": {1: 3.0}})


def chunks(size: int = 10, times: int = 1) -> Iterator[tuple[Any, ...]]:
    for _ in range(times):
        for start in range(0, 50, size):
            yield X[start : start + size], Y[start : start + size]


class Chunks(PyDataset):
    def __init__(self) -> None:
        super().__init__()
        self.begun = self.ended = 0

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return X[index * 10 : index * 10 + 10], Y[index * 10 : index * 10 + 10]

    def on_epoch_begin(self) -> None:
        self.begun += 1

    def on_epoch_end(self) -> None:
        self.ended += 1


def test_every_kind_of_data_trains_alike() -> None:
    import pandas
    import torch

    expected = fit(compiled(), batch_size=10, shuffle=False)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)), batch_size=10
    )
    dataset = Chunks()
    sources: list[tuple[Any, ...]] = [
        (pandas.DataFrame(X), pandas.Series(Y[:, 0])),
        (torch.from_numpy(X), torch.from_numpy(Y)),
        (X.astype("float64"), Y.astype("float64")),
    ]
    for source in sources:
        assert fit(compiled(), *source, batch_size=10, shuffle=False) == expected
    for stream in (chunks(), dataset, loader, _Endless(1)):
        assert fit(compiled(), stream, shuffle=False) == expected
    assert (dataset.begun, dataset.ended) == (1, 2)  # as in Keras: an end before the first epoch too


class _Endless:
    """A source that is iterated anew for each epoch and does not tell its length."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return chunks(times=self.times)


def test_inputs_by_name() -> None:
    class Named(Tiny):
        def __call__(self, x: Any, training: bool | None = None) -> Any:
            return self.forward(x["b"] + x["a"] * 0.0)

    model = Named(4, 1)
    model.compile("sgd", "mse")
    history = fit(model, {"a": X * 7, "b": X}, Y, shuffle=False)
    assert history["loss"] == pytest.approx(fit(compiled(4, 1), shuffle=False)["loss"], rel=1e-6)
    assert model.predict({"b": X, "a": X}, verbose=0).shape == (50, 1)


def test_steps_go_on_in_the_same_stream() -> None:
    seen: list[float] = []

    def numbered() -> Iterator[tuple[Any, ...]]:
        for i in range(100):
            seen.append(i)
            yield X[:2], Y[:2]

    fit(compiled(), numbered(), steps_per_epoch=3, epochs=2)
    assert seen == list(range(6))


def test_data_that_run_out_are_told_and_an_empty_epoch_is_refused() -> None:
    with pytest.warns(UserWarning, match="Your input ran out of data"):
        fit(compiled(), chunks(), steps_per_epoch=7)
    with pytest.raises(ValueError, match="gave no batch in this epoch"):
        fit(compiled(), chunks(), epochs=2)
    with pytest.raises(ValueError, match="must yield at least one batch"):
        fit(compiled(), (batch for batch in ()))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"x": X, "y": Y[:40]}, "Data cardinality is ambiguous"),
        ({"x": chunks(), "y": Y}, "`y` should not be passed"),
        ({"x": chunks(), "class_weight": {0: 1.0}}, "`class_weight` is not supported"),
        ({"x": "file.csv", "y": None}, "Unrecognized data type"),
        ({"x": ([1],), "y": None}, "np.array"),
    ],
)
def test_data_that_do_not_go_are_refused(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        compiled().fit(**arguments, verbose=0)


def test_shuffling_a_stream_is_told_only_when_asked_for() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(compiled(), chunks())
    assert fit(compiled(), _Endless(1), epochs=3)["loss"]


def test_fit_needs_compile() -> None:
    with pytest.raises(ValueError, match="You must call `compile\\(\\)` before"):
        Tiny(4, 1).fit(X, Y)
    with pytest.raises(ValueError, match="No loss to compute"):
        model = Tiny(4, 1)
        model.compile("sgd")
        model.fit(X, Y, verbose=0)


def test_predict_keeps_structure_and_hands_out_own_memory() -> None:
    model = Forked(4, 2)
    left, right = model.predict(X, batch_size=16, verbose=0)
    whole = model.predict_on_batch(X)
    np.testing.assert_allclose(left, whole[0], rtol=1e-6)
    assert right.shape == (50, 1)
    before = left.copy()
    model.predict(X * 2.0, batch_size=16, verbose=0)
    np.testing.assert_array_equal(left, before)
    model.as_dict = True
    model.make_predict_function(force=True)
    assert set(model.predict(X, verbose=0)) == {"left", "right"}
    with pytest.raises(ValueError, match="nothing to predict"):
        model.predict(X[:0], verbose=0)


def test_single_batches() -> None:
    model = compiled(metrics=["mae"])
    before = model.test_on_batch(X, Y)
    assert model.train_on_batch(X, Y) == pytest.approx(before, rel=1e-6)
    after = model.test_on_batch(X, Y, return_dict=True)
    assert list(after) == ["loss", "mae"] and after["loss"] < before[0]
    weighted = model.train_on_batch(X, (Y > 0).astype("float32"), class_weight={1: 2.0}, return_dict=True)
    assert weighted["loss"] > 0
    with pytest.raises(ValueError, match="cannot be specified at the same time"):
        model.train_on_batch(X, Y, sample_weight=np.ones(50), class_weight={1: 2.0})


def test_progress_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    model = compiled()
    model.fit(X, Y, epochs=2, verbose=1)
    model.evaluate(X, Y, verbose=2)
    model.predict(X)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2" and lines[1].startswith("2/2") and "loss: " in lines[1]
    assert len(lines) == 6
    model.fit(X, Y, verbose=0)
    assert capsys.readouterr().out == ""


def test_early_stopping_restores_the_best_weights() -> None:
    model = compiled(optimizer="adam")
    kept: list[Any] = []
    keep = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append(model.get_weights()))
    stopping = callbacks.EarlyStopping(monitor="val_mae", mode="max", patience=2, restore_best_weights=True)
    model.compile("adam", "mse", metrics=["mae"])
    history = fit(model, epochs=10, validation_data=(X, Y), callbacks=[keep, stopping])
    assert len(history["loss"]) < 10
    best = int(np.argmax(history["val_mae"]))
    for a, b in zip(model.get_weights(), kept[best], strict=True):
        np.testing.assert_array_equal(a, b)


def test_moving_averages_are_put_into_the_weights_at_the_end() -> None:
    from engine import optimizers

    model = compiled(optimizer=optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))
    fit(model, epochs=2)
    for variable, average in zip(model.variables, model.optimizer._model_variables_moving_average, strict=True):
        np.testing.assert_array_equal(variable.numpy(), average.numpy())
