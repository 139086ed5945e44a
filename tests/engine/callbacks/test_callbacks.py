"""Callbacks against Keras's own, fed with the same figures; and what they do at the edges."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

import engine
from engine import callbacks
from engine.callbacks.callback_list import plain_logs
from engine.callbacks.progress import Progbar, duration, figure


class FakeOptimizer:
    """A learning rate in float32, as both libraries keep it."""

    def __init__(self, rate: float = 0.1) -> None:
        self._rate = np.float32(rate)

    @property
    def learning_rate(self) -> Any:
        return self._rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._rate = np.float32(value)


class FakeModel:
    """What callbacks ask of a model; its only weight is the number of the epoch."""

    def __init__(self) -> None:
        self.optimizer = FakeOptimizer()
        self.stop_training = False
        self.epoch = -1
        self.metrics: list[Any] = []
        self.saved: list[str] = []

    def get_weights(self) -> list[int]:
        return [self.epoch]

    def set_weights(self, weights: list[int]) -> None:
        self.epoch = weights[0]

    def save(self, path: str, overwrite: bool = True) -> None:
        self.saved.append(Path(path).name)

    save_weights = save


def drive(callback: Any, series: list[Any], name: str = "val_loss", fits: int = 1) -> dict[str, Any]:
    """Run the hooks of `fits` trainings over a series of figures; what happened."""
    model = FakeModel()
    callback.set_model(model)
    seen: dict[str, Any] = {"epochs": [], "rates": [], "logs": []}
    for _ in range(fits):
        model.stop_training = False
        callback.on_train_begin({})
        for epoch, value in enumerate(series):
            model.epoch = epoch
            callback.on_epoch_begin(epoch, {})
            logs = {name: value, "loss": 1.0}
            callback.on_epoch_end(epoch, logs)
            seen["rates"].append(float(model.optimizer.learning_rate))
            seen["logs"].append(dict(logs))
            if model.stop_training:
                break
        seen["epochs"].append(epoch)
        callback.on_train_end({})
        seen["weights"] = model.get_weights()
    return {**seen, "saved": model.saved}


NAN = float("nan")
SERIES = [
    [5.0, 4.0, 3.0, 2.0, 1.0],
    [1.0, 1.0, 1.0, 1.0, 1.0],
    [5.0, 4.0, 4.5, 4.4, 4.3, 3.9, 4.0, 4.1, 4.2, 4.3, 4.4],
    [NAN, 3.0, NAN, 2.0, NAN, NAN, NAN],
    [1.0, 2.0, 0.99999, 0.9999, 0.5, 0.6, 0.7, 0.8],
    [3.0],
]
STOPPING: list[dict[str, Any]] = [
    {},
    {"patience": 2},
    {"patience": 2, "restore_best_weights": True},
    {"patience": 1, "baseline": 0.5, "restore_best_weights": True},
    {"patience": 2, "baseline": 4.2},
    {"min_delta": 0.6, "patience": 1},
    {"min_delta": -0.6, "patience": 1, "restore_best_weights": True},
    {"start_from_epoch": 2, "patience": 1, "restore_best_weights": True},
    {"mode": "max", "patience": 1, "restore_best_weights": True},
]


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("options", STOPPING)
def test_early_stopping_stops_where_keras_stops(options: dict[str, Any], series: list[float]) -> None:
    ours = drive(callbacks.EarlyStopping(**options), series, fits=2)
    theirs = drive(keras.callbacks.EarlyStopping(**options), series, fits=2)
    assert ours["epochs"] == theirs["epochs"]
    assert ours["weights"] == theirs["weights"]


def test_early_stopping_never_stops_a_run_that_improves_below_its_baseline() -> None:
    stopping = callbacks.EarlyStopping(patience=2, baseline=0.5)
    assert drive(stopping, [5.0, 4.0, 3.0, 2.0, 1.0])["epochs"] == [4]
    assert stopping.wait == 5


PLATEAU: list[dict[str, Any]] = [
    {"patience": 1},
    {"patience": 2, "factor": 0.5, "cooldown": 2},
    {"patience": 1, "min_lr": 0.02, "factor": 0.3},
    {"patience": 0, "min_delta": 0.5},
    {"patience": 1, "mode": "max", "cooldown": 1},
]


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("options", PLATEAU)
def test_reduce_on_plateau_lowers_as_keras_does(options: dict[str, Any], series: list[float]) -> None:
    ours = drive(callbacks.ReduceLROnPlateau(**options), series, fits=2)
    theirs = drive(keras.callbacks.ReduceLROnPlateau(**options), series, fits=2)
    assert ours["rates"] == theirs["rates"]
    assert [logs["learning_rate"] for logs in ours["logs"]] == [logs["learning_rate"] for logs in theirs["logs"]]


CHECKPOINTS: list[dict[str, Any]] = [
    {"filepath": "{epoch:02d}-{val_loss:.2f}.keras", "mode": "min"},
    {"filepath": "{epoch}.keras", "save_best_only": True, "mode": "min"},
    {"filepath": "{epoch}.weights.h5", "save_best_only": True, "save_weights_only": True, "mode": "max"},
    {"filepath": "{epoch}.keras", "save_best_only": True, "mode": "min", "initial_value_threshold": 3.5},
]


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("options", CHECKPOINTS)
def test_checkpoint_saves_what_keras_saves(options: dict[str, Any], series: list[float]) -> None:
    ours = drive(callbacks.ModelCheckpoint(**options), series, fits=2)
    theirs = drive(keras.callbacks.ModelCheckpoint(**options), series, fits=2)
    assert ours["saved"] == theirs["saved"]


@pytest.mark.parametrize("frequency", [1, 3, 5])
def test_checkpoint_by_batches_saves_when_keras_does(frequency: int) -> None:
    saved = []
    for library in (callbacks, keras.callbacks):
        checkpoint = library.ModelCheckpoint("{epoch}-{batch}.keras", save_freq=frequency, mode="min")
        model = FakeModel()
        checkpoint.set_model(model)
        for epoch in range(3):
            checkpoint.on_epoch_begin(epoch, {})
            for batch in range(4):
                checkpoint.on_train_batch_end(batch, {"loss": 1.0})
        saved.append(model.saved)
    assert saved[0] == saved[1] and saved[0]


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"filepath": "model.zip"}, ValueError, "must end in `.keras`"),
        ({"filepath": "w.h5", "save_weights_only": True}, ValueError, "`.weights.h5`"),
        ({"filepath": "m.keras", "save_freq": "batch"}, ValueError, "Unrecognized save_freq"),
    ],
)
def test_checkpoint_refuses(options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        callbacks.ModelCheckpoint(**options)


def test_checkpoint_names_a_figure_that_is_missing() -> None:
    with pytest.raises(KeyError, match="Failed to format this callback filepath"):
        drive(callbacks.ModelCheckpoint("{val_auc}.keras"), [1.0])


def test_scheduler_takes_functions_of_one_or_two_arguments() -> None:
    one = drive(callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)), [1.0, 1.0, 1.0])
    two = drive(callbacks.LearningRateScheduler(lambda epoch, rate: float(rate) * 0.5), [1.0, 1.0, 1.0])
    np.testing.assert_allclose(one["rates"], [0.1, 0.05, 0.1 / 3], rtol=1e-6)
    np.testing.assert_allclose(two["rates"], [0.05, 0.025, 0.0125], rtol=1e-6)
    assert two["logs"][1]["learning_rate"] == two["rates"][1]
    with pytest.raises(ValueError, match="should be a float"):
        drive(callbacks.LearningRateScheduler(lambda epoch: 1), [1.0])


def test_an_error_inside_a_schedule_is_not_taken_for_its_arity() -> None:
    def broken(epoch: int, rate: float) -> float:
        raise TypeError("inner")

    with pytest.raises(TypeError, match="inner"):
        drive(callbacks.LearningRateScheduler(broken), [1.0])


@pytest.mark.parametrize("separator", [",", ";"])
def test_csv_is_that_of_keras(tmp_path: Path, separator: str) -> None:
    texts = []
    for i, library in enumerate((callbacks, keras.callbacks)):
        path = tmp_path / f"{i}.csv"
        for append in (False, True):
            drive(library.CSVLogger(str(path), separator=separator, append=append), [3.0, 2.5])
        texts.append(path.read_text().splitlines())
    assert texts[0] == texts[1]
    assert texts[0][0] == separator.join(["epoch", "loss", "val_loss"]) and len(texts[0]) == 5


def test_csv_keeps_columns_for_validation_that_comes_later(tmp_path: Path) -> None:
    logger = callbacks.CSVLogger(tmp_path / "log.csv")
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 1.0})
    logger.on_epoch_end(1, {"loss": 0.5, "val_loss": 0.7})
    logger.on_train_end()
    assert (tmp_path / "log.csv").read_text().split() == ["epoch,loss,val_loss", "0,1.0,NA", "1,0.5,0.7"]


def test_terminate_on_nan(capsys: pytest.CaptureFixture[str]) -> None:
    model = FakeModel()
    callback = callbacks.TerminateOnNaN()
    callback.set_model(model)
    callback.on_batch_end(0, {"loss": 1.0})
    assert not model.stop_training
    callback.on_batch_end(3, {"loss": float("inf")})
    assert model.stop_training and "Batch 3" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match="NaN or Inf loss encountered at batch 1"):
        callbacks.TerminateOnNaN(raise_error=True).on_batch_end(1, {"loss": NAN})


def test_direction_comes_from_the_metric() -> None:
    stopping = callbacks.EarlyStopping(monitor="val_auc", patience=1)
    model = FakeModel()
    model.metric_directions = lambda: {"auc": "up"}  # type: ignore[attr-defined]
    stopping.set_model(model)
    for epoch, value in enumerate([0.5, 0.6, 0.55]):
        stopping.on_epoch_end(epoch, {"val_auc": value})
    assert stopping.best == 0.6 and model.stop_training
    with pytest.raises(ValueError, match="should rise or fall"):
        drive(callbacks.EarlyStopping(monitor="val_thing"), [1.0], name="val_thing")


def test_figures_that_are_missing_are_told() -> None:
    with pytest.warns(UserWarning, match="not available"):
        drive(callbacks.EarlyStopping(), [1.0], name="val_acc")
    with pytest.warns(UserWarning, match="not available"):
        drive(callbacks.ReduceLROnPlateau(), [1.0], name="val_acc")
    with pytest.warns(UserWarning, match="fallback to auto"):
        callbacks.EarlyStopping(mode="best")


class Recorder(callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, Any]] = []

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        self.calls.append(("batch", batch))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.calls.append(("epoch", dict(logs)))


def test_list_calls_every_hook_with_sorted_plain_logs() -> None:
    recorder, seen = Recorder(), []
    every = callbacks.CallbackList(
        [recorder, callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))],
        add_history=True,
        model=FakeModel(),
        epochs=1,
        steps=1,
        verbose=0,
    )
    every.on_train_begin()
    every.on_epoch_begin(0)
    every.on_train_batch_end(2, {"loss": np.float32(1.0)})
    every.on_epoch_end(0, {"loss": np.float32(0.5), "a": {"z": 1, "b": np.array(2.0)}})
    every.on_train_end()
    assert recorder.calls == [("batch", 2), ("epoch", {"b": 2.0, "z": 1, "loss": 0.5})]
    assert seen == [0] and recorder.params == {"epochs": 1, "steps": 1, "verbose": 0}
    assert every._history.history == {"b": [2.0], "z": [1], "loss": [0.5]}


def test_list_knows_who_reads_figures_of_batches() -> None:
    quiet = [
        callbacks.EarlyStopping(),
        callbacks.History(),
        callbacks.ProgbarLogger(),
        callbacks.ModelCheckpoint("a.keras"),
    ]
    assert not callbacks.CallbackList(quiet).reads_train_logs
    assert callbacks.CallbackList([callbacks.LambdaCallback(on_train_batch_end=lambda b, logs: None)]).reads_train_logs
    assert callbacks.CallbackList([callbacks.TerminateOnNaN()]).reads_train_logs
    assert callbacks.CallbackList([Recorder()]).reads_train_logs
    assert callbacks.CallbackList([callbacks.ModelCheckpoint("a.keras", save_freq=2)]).reads_train_logs
    assert not callbacks.CallbackList([Recorder()]).reads_test_logs


def test_plain_logs() -> None:
    assert list(plain_logs({"b": np.float32(2), "a": 1})) == ["a", "b"]
    assert plain_logs(None) == {}


class Screen:
    def __init__(self, terminal: bool) -> None:
        self.text, self.terminal = "", terminal

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def test_progress_is_one_line_on_a_terminal_and_one_at_the_end_elsewhere() -> None:
    screen = Screen(True)
    bar = Progbar(4, interval=0.0, stateless_metrics=())
    bar.stream = screen
    for step in range(1, 5):
        bar.update(step, [("loss", 1.0 / step)])
    assert screen.text.count("\n") == 1 and screen.text.count("\r") == 4
    assert "2/4" in screen.text and "left" in screen.text and "loss: 0.2500" in screen.text.splitlines()[-1]
    plain = Screen(False)
    bar = Progbar(4, interval=0.0)
    bar.stream = plain
    for step in range(1, 5):
        bar.update(step, [("loss", float(step))])
    assert plain.text.count("\n") == 1 and "\r" not in plain.text and plain.text.startswith("4/4")


def test_progress_averages_figures_that_are_not_stateful() -> None:
    bar = Progbar(2, verbose=2)
    bar.stream = Screen(False)
    bar.update(1, [("a", 1.0), ("b", 1.0)])
    assert bar._values["a"] == [1.0, 1]
    bar.update(3, [("a", 4.0)], finalize=False)
    assert bar._values["a"] == [9.0, 3]


@pytest.mark.parametrize(("seconds", "text"), [(7.2, "7s"), (65, "1:05"), (3600, "1:00:00")])
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_small_figures_are_written_in_powers_of_ten() -> None:
    assert (figure(0.25), figure(0.0), figure(-0.00002)) == ("0.2500", "0.0000", "-2.0000e-05")


def test_no_warning_without_reason() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drive(callbacks.EarlyStopping(patience=1), [2.0, 1.0, 3.0, 4.0])


def test_rates_of_several_optimizers_are_lowered_and_logged_apart() -> None:
    model = engine.Sequential([engine.Input((2,)), engine.layers.Dense(2, name="a"), engine.layers.Dense(1, name="b")])
    parts = engine.optimizers.OptimizerMap(engine.optimizers.SGD(0.1, name="rest"))
    for path, rate in (("a", 0.5), ("b", 0.2)):
        parts[path] = engine.optimizers.SGD(rate, name=f"sgd_{path}")
    model.compile(engine.optimizers.MultiOptimizer(parts), "mse")
    halving = engine.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    history = model.fit(x, y, epochs=2, verbose=0, callbacks=[halving]).history
    rates = {name: values for name, values in history.items() if name.startswith("learning_rate_sgd")}
    assert [v[-1] for _, v in sorted(rates.items())] == pytest.approx([0.125, 0.05])
    waiting = engine.callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=1, min_delta=10.0)
    model.fit(x, y, epochs=2, verbose=0, callbacks=[waiting])
    assert sorted(float(o.learning_rate) for o in model.optimizer.optimizers)[-1] == pytest.approx(0.0125)
