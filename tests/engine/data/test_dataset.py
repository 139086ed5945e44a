"""The pipeline: what comes out of each stage, in which order, how often, and that nothing stays behind."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import numpy as np
import pytest

import engine as keras
from engine.data.dataset import INFINITE, UNKNOWN, Dataset


def numbers(dataset: Dataset) -> list[int]:
    return [int(x) for x in dataset]


def test_slices_are_rows_of_every_array() -> None:
    x, y = np.arange(12.0).reshape(4, 3), np.arange(4)
    made = list(Dataset.from_tensor_slices({"x": x, "y": y}))
    assert len(made) == 4
    for row, element in enumerate(made):
        np.testing.assert_array_equal(element["x"], x[row])
        assert element["y"] == y[row]


def test_slices_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"same number of rows.*\[2, 3\]"):
        Dataset.from_tensor_slices((np.zeros(2), np.zeros(3)))


@pytest.mark.parametrize("drop", [False, True])
def test_batches_hold_all_rows_in_order(drop: bool) -> None:
    batches = list(Dataset.range(10).batch(4, drop_remainder=drop))
    assert [b.tolist() for b in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]][: 2 if drop else 3]
    assert len(Dataset.range(10).batch(4, drop_remainder=drop)) == len(batches)


def test_unbatch_is_the_inverse_of_batch() -> None:
    pairs = Dataset.from_tensor_slices((np.arange(7), np.arange(7) * 2))
    assert [(int(a), int(b)) for a, b in pairs.batch(3).unbatch()] == [(i, 2 * i) for i in range(7)]


def test_elements_of_other_shapes_need_padding() -> None:
    ragged = Dataset.from_generator(lambda: (np.ones(n, "float32") for n in (1, 3, 2)))
    with pytest.raises(ValueError, match=r"one shape.*padded_batch"):
        list(ragged.batch(3))
    (batch,) = ragged.padded_batch(3, padding_value=-1)
    np.testing.assert_array_equal(batch, [[1, -1, -1], [1, 1, 1], [1, 1, -1]])


@pytest.mark.parametrize("buffer", [1, 3, 20, None])
def test_a_shuffle_is_a_permutation_that_a_seed_repeats(buffer: int | None) -> None:
    first = Dataset.range(20).shuffle(buffer, seed=4)
    orders = [numbers(first), numbers(first)]
    assert all(sorted(order) == list(range(20)) for order in orders)
    again = Dataset.range(20).shuffle(buffer, seed=4)
    assert [numbers(again), numbers(again)] == orders
    if buffer != 1:
        assert orders[0] != orders[1]
        still = Dataset.range(20).shuffle(buffer, seed=4, reshuffle_each_iteration=False)
        assert numbers(still) == numbers(still) != list(range(20))


def test_a_small_buffer_cannot_draw_from_far_ahead() -> None:
    for place, number in enumerate(numbers(Dataset.range(100).shuffle(5, seed=0))):
        assert number <= place + 5


def test_threads_keep_the_order_and_see_every_element() -> None:
    assert numbers(Dataset.range(50).map(lambda x: x * x, num_parallel_calls=4)) == [i * i for i in range(50)]


def test_a_tuple_is_spread_over_the_function() -> None:
    pairs = Dataset.zip(Dataset.range(3), Dataset.range(10, 13))
    assert numbers(pairs.map(lambda a, b: a * b)) == [0, 11, 24]
    assert [(int(a), int(b)) for a, b in pairs.filter(lambda a, b: a + b > 11)] == [(1, 11), (2, 12)]


@pytest.mark.parametrize("parallel", [None, 3])
def test_errors_of_a_function_reach_the_reader(parallel: int | None) -> None:
    def refuse(x: Any) -> Any:
        if x == 5:
            raise KeyError("five")
        return x

    reader = iter(Dataset.range(9).map(refuse, num_parallel_calls=parallel).prefetch(2))
    assert [int(next(reader)) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(KeyError, match="five"):
        next(reader)


def test_leaving_early_ends_the_threads() -> None:
    before = threading.active_count()
    reader = iter(Dataset.range(10**6).map(lambda x: x, num_parallel_calls=3).prefetch(4))
    assert int(next(reader)) == 0
    assert threading.active_count() > before
    del reader
    assert threading.active_count() == before


def test_a_cache_is_filled_by_the_first_whole_pass_only() -> None:
    calls: list[int] = []

    def note(x: Any) -> Any:
        calls.append(int(x))
        return x

    kept = Dataset.range(4).map(note).cache()
    assert list(itertools.islice(kept, 2)) == [0, 1]
    assert numbers(kept) == numbers(kept) == [0, 1, 2, 3]
    assert calls == [0, 1, 0, 1, 2, 3]


def test_cutting_repeating_and_joining() -> None:
    five = Dataset.range(5)
    assert numbers(five.take(2)) == [0, 1]
    assert numbers(five.skip(3)) == [3, 4]
    assert numbers(five.shard(2, 1)) == [1, 3]
    assert numbers(five.repeat(2)) == [*range(5), *range(5)]
    assert numbers(five.repeat().take(12)) == [*range(5), *range(5), 0, 1]
    assert numbers(five.concatenate(Dataset.range(7, 9))) == [0, 1, 2, 3, 4, 7, 8]
    assert [(int(i), int(x)) for i, x in five.take(2).enumerate(10)] == [(10, 0), (11, 1)]
    assert numbers(five.flat_map(lambda x: Dataset.range(int(x)))) == [0, 0, 1, 0, 1, 2, 0, 1, 2, 3]
    assert five.reduce(0, lambda state, x: state + int(x)) == 10
    assert numbers(Dataset.range(0).repeat()) == []


def test_lengths_are_told_when_they_are_known() -> None:
    five = Dataset.range(5)
    known = [five.shuffle(2), five.cache(), five.prefetch(), five.map(lambda x: x), five.repeat(3), five.skip(9)]
    assert [len(d) for d in known] == [5, 5, 5, 5, 15, 0]
    assert [len(d) for d in known] == [len(list(d)) for d in known]
    assert five.repeat().cardinality() == INFINITE
    assert five.filter(lambda x: x > 1).cardinality() == UNKNOWN
    with pytest.raises(TypeError, match="infinite"):
        len(five.repeat())


def test_a_model_trains_on_a_pipeline_as_on_its_arrays() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(48, 3)).astype("float32"), rng.normal(size=(48, 1)).astype("float32")

    def trained(**data: Any) -> tuple[list[float], Any]:
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
        model.compile(loss="mse")
        history = model.fit(epochs=3, verbose=0, shuffle=False, **data)
        return history.history["loss"], model.predict(x, verbose=0)

    pipeline = Dataset.from_tensor_slices((x, y)).batch(16).prefetch(2)
    losses, outputs = trained(x=pipeline)
    expected_losses, expected = trained(x=x, y=y, batch_size=16)
    assert losses == expected_losses
    np.testing.assert_array_equal(outputs, expected)
