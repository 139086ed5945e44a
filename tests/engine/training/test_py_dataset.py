"""Datasets that make batches by number: with threads, with processes, with errors; other sources of batches."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine
from engine.training.py_dataset import made_ahead
from engine.utils import PyDataset

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
Y = X[:, :1] * 2.0


class Batches(PyDataset):
    """Ten batches of four; keeps who made them and what was told."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.makers: set[str] = set()
        self.asked: list[int] = []
        self.told: list[str] = []
        self.offset = 0.0

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> Any:
        self.makers.add(threading.current_thread().name)
        self.asked.append(index)
        part = slice(4 * index, 4 * index + 4)
        return X[part], Y[part] + self.offset

    def on_epoch_begin(self) -> None:
        self.told.append("begin")

    def on_epoch_end(self) -> None:
        self.told.append("end")


class ByProcess(Batches):
    """The target is the number of the process, and what was set between two epochs."""

    def __getitem__(self, index: int) -> Any:
        return X[:4], np.full((4, 1), os.getpid() + self.offset)


class Failing(Batches):
    def __getitem__(self, index: int) -> Any:
        if index == 6:
            raise OSError("the file of batch 6 is damaged")
        return super().__getitem__(index)


class Endless(Batches):
    @property
    def num_batches(self) -> None:
        return None

    def __getitem__(self, index: int) -> Any:
        self.asked.append(index)
        return X[:4], Y[:4]


class Weighted(Batches):
    def __getitem__(self, index: int) -> Any:
        return {"x": X[:4]} if index % 2 else [X[:4], Y[:4], np.ones(4)]


def compiled() -> Any:
    model = engine.Sequential([engine.Input((3,)), engine.layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    return model


def fit(data: Any, **options: Any) -> dict[str, list[float]]:
    history: dict[str, list[float]] = compiled().fit(data, **{"shuffle": False, "verbose": 0, **options}).history
    return history


@pytest.mark.parametrize("options", [{"workers": 3}, {"workers": 2, "max_queue_size": 1}, {"workers": 16}])
def test_threads_make_the_same_batches_in_the_same_order(options: dict[str, Any]) -> None:
    alone, together = Batches(), Batches(**options)
    assert fit(together, epochs=3) == fit(alone, epochs=3) == fit(X, y=Y, batch_size=4, epochs=3)
    assert alone.makers == {threading.current_thread().name}
    assert together.makers - {threading.current_thread().name} and all(
        name.startswith("PyDataset") for name in together.makers - {threading.current_thread().name}
    )
    assert together.told == ["end", *["begin", "end"] * 3]


def test_not_more_is_made_ahead_than_asked_for() -> None:
    dataset = Batches(workers=2, max_queue_size=3)
    stream = made_ahead(dataset, range(10))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert set(dataset.asked) <= {0, 1, 2, 3}
    assert not [t for t in threading.enumerate() if t.name.startswith("PyDataset")]


def test_threads_work_side_by_side() -> None:
    meeting = threading.Barrier(4, timeout=30)

    class Meeting(Batches):
        def __getitem__(self, index: int) -> Any:
            meeting.wait()  # passes only when four are here at once
            return X[:4], Y[:4]

        def __len__(self) -> int:
            return 8

    assert len(list(made_ahead(Meeting(workers=4), range(8)))) == 8


@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")  # JAX says so where another test has imported it
def test_processes_see_what_changed_between_epochs() -> None:
    dataset = ByProcess(workers=2, use_multiprocessing=True)
    first = [int(batch[1][0, 0]) for batch in made_ahead(dataset, range(10))]
    assert os.getpid() not in first and 1 <= len(set(first)) <= 2
    dataset.offset = 0.5
    assert all(batch[1][0, 0] % 1 == 0.5 for batch in made_ahead(dataset, range(2)))
    assert len(fit(ByProcess(workers=1, use_multiprocessing=True))["loss"]) == 1


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_of_the_dataset_reaches_the_caller(workers: int) -> None:
    with pytest.raises(OSError, match="batch 6 is damaged"):
        fit(Failing(workers=workers))


@pytest.mark.parametrize("workers", [1, 3])
def test_a_dataset_without_end_goes_on_over_epochs(workers: int) -> None:
    dataset = Endless(workers=workers, max_queue_size=4)
    history = fit(dataset, epochs=3, steps_per_epoch=5)
    assert len(history["loss"]) == 3 and set(range(15)) <= set(dataset.asked) and max(dataset.asked) < 15 + 5
    with pytest.warns(UserWarning, match="infinite PyDataset"):
        fit(dataset, steps_per_epoch=2, shuffle=True)


def test_stopping_early_stops_the_workers() -> None:
    class Stop(engine.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 2

    fit(Endless(workers=2), steps_per_epoch=100, callbacks=[Stop()])
    assert not [t for t in threading.enumerate() if t.name.startswith("PyDataset")]


def test_shuffling_is_that_of_pythons_generator() -> None:
    import random

    random.seed(5)
    dataset = Batches()
    fit(dataset, shuffle=True)
    random.seed(5)
    expected = list(range(10))
    random.shuffle(expected)
    assert sorted(dataset.asked[-10:]) == list(range(10)) and dataset.asked[-10:] != list(range(10))
    assert dataset.asked[-10:] == expected or dataset.asked[0] == expected[0]


def test_class_weights_and_validation_and_prediction() -> None:
    weighted = fit(Batches(workers=2), class_weight={0: 2.0})
    assert weighted["loss"] != fit(Batches())["loss"]
    history = fit(Batches(), validation_data=Batches(workers=2), validation_steps=2)
    assert len(history["val_loss"]) == 1
    predicted = compiled().predict(Batches(workers=2), verbose=0)
    np.testing.assert_allclose(predicted, X.sum(1, keepdims=True), rtol=1e-5, atol=1e-6)


def test_settings_and_iteration() -> None:
    dataset = Batches(workers=2, use_multiprocessing=True, max_queue_size=7)
    assert (dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size) == (2, True, 7)
    dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size = 1, False, 3
    assert (dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size) == (1, False, 3)
    assert len(list(dataset)) == 10

    class Silent(PyDataset):
        def __init__(self) -> None:
            self.count = 2

        def __len__(self) -> int:
            return self.count

        def __getitem__(self, index: int) -> Any:
            return X[:4], Y[:4]

    with pytest.warns(UserWarning, match=r"should call `super\(\).__init__"):
        fit(Silent())


@pytest.mark.parametrize(
    ("batch", "text"),
    [("words", "must return a tuple or a dict"), ((1, 2, 3, 4), "must return a tuple or a dict")],
)
def test_batches_of_the_wrong_form_are_refused(batch: Any, text: str) -> None:
    class Wrong(Batches):
        def __getitem__(self, index: int) -> Any:
            return batch

    with pytest.raises(ValueError, match=text):
        fit(Wrong())


def test_what_lacks_a_length_or_batches_is_told() -> None:
    class Bare(PyDataset):
        def __getitem__(self, index: int) -> Any:
            return X[:4], Y[:4]

    class Empty(Batches):
        def __len__(self) -> int:
            return 0

    with pytest.raises(NotImplementedError, match="implement the `num_batches` property"):
        fit(Bare())
    with pytest.raises(ValueError, match="gave no batch in this epoch"):
        fit(Empty())
    with pytest.raises(ValueError, match="gave no batch in this epoch"):
        compiled().fit(X[:0], Y[:0], verbose=0)
    with pytest.raises(NotImplementedError, match="defines no `__getitem__"):
        PyDataset()[0]


def test_frames_with_words_are_refused_with_their_columns() -> None:
    import pandas

    frame = pandas.DataFrame({"age": [1.0, 2.0], "town": ["Ulm", "Jena"]})
    with pytest.raises(ValueError, match="the columns town hold 'Ulm'"):
        fit(frame, y=np.zeros((2, 1)))
    numbers = pandas.DataFrame({"a": [1, 2], "b": [0.5, 0.25], "c": [True, False]})
    assert np.isfinite(fit(numbers, y=np.zeros((2, 1)))["loss"][0])
    with pytest.raises(ValueError, match="array of objects holds {}"):
        fit(np.array([[1, 2], [1, {}]], dtype=object), y=np.zeros((2, 1)))


def test_a_source_is_iterated_anew_for_each_epoch_and_may_be_slow() -> None:
    class Stream:
        def __iter__(self) -> Iterator[Any]:
            for index in range(3):
                time.sleep(0)
                yield X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(fit(Stream(), epochs=2)["loss"]) == 2
