"""Padding, series windows and cuts against Keras or against the definition."""

from __future__ import annotations

import itertools
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from engine.data.sequences import pad_sequences
from engine.data.split import split_dataset
from engine.data.timeseries import timeseries_dataset_from_array

SIDES = ["pre", "post"]


@hypothesis.given(
    st.lists(st.lists(st.integers(-9, 9), max_size=6), min_size=1, max_size=5),
    st.sampled_from(SIDES),
    st.sampled_from(SIDES),
    st.none() | st.integers(1, 8),
)
def test_padding_keeps_the_nearest_values(texts: list[list[int]], padding: str, truncating: str, maxlen: Any) -> None:
    length = max(len(t) for t in texts) if maxlen is None else maxlen
    result = pad_sequences(texts, maxlen, padding=padding, truncating=truncating, value=7)
    assert result.shape == (len(texts), length)
    for row, text in zip(result.tolist(), texts, strict=True):
        kept = text[max(len(text) - length, 0) :] if truncating == "pre" else text[:length]
        fill = [7] * (length - len(kept))
        assert row == (fill + kept if padding == "pre" else kept + fill)


def test_padding_takes_vectors_and_refuses_what_does_not_fit() -> None:
    assert pad_sequences([np.ones((2, 3)), np.ones((1, 3))], dtype="float32").shape == (2, 2, 3)
    with pytest.raises(ValueError, match=r"\(2,\) of sequence at position 1 is different from expected shape \(3,\)"):
        pad_sequences([np.ones((2, 3)), np.ones((1, 2))])
    with pytest.raises(ValueError, match="dtype=object"):
        pad_sequences([["a"]], value="x")
    with pytest.raises(ValueError, match='Padding type "middle" not understood'):
        pad_sequences([[1]], padding="middle")
    with pytest.raises(ValueError, match="non-iterable: 3"):
        pad_sequences([3])


@pytest.mark.parametrize(("length", "stride", "rate"), list(itertools.product((1, 3), (1, 2), (1, 2))))
def test_windows_are_cut_as_defined(length: int, stride: int, rate: int) -> None:
    data, targets = np.arange(20), np.arange(20) * 10
    windows = timeseries_dataset_from_array(
        data, targets, length, stride, rate, batch_size=None, start_index=2, end_index=17
    )
    expected = [
        (list(range(start, start + length * rate, rate)), start * 10)
        for start in range(2, 17, stride)
        if start + (length - 1) * rate < 17
    ]
    assert [(w.tolist(), int(t)) for w, t in windows] == expected


def test_windows_come_in_batches_and_in_any_order() -> None:
    data = np.arange(30)
    batches = list(timeseries_dataset_from_array(data, None, 4, batch_size=8, shuffle=True, seed=1))
    assert [b.shape for b in batches] == [(8, 4), (8, 4), (8, 4), (3, 4)]
    starts = np.concatenate([b[:, 0] for b in batches])
    assert sorted(starts) == list(range(27)) != starts.tolist()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"start_index": -1}, "`start_index` must be 0 or greater"),
        ({"start_index": 10}, "`start_index` must be lower than the length"),
        ({"end_index": 10}, "`end_index` must be lower than the length"),
        ({"start_index": 5, "end_index": 4}, "`end_index` must be higher than `start_index`"),
        ({"sampling_rate": 0}, "`sampling_rate` must be higher than 0"),
        ({"sequence_stride": 10}, "`sequence_stride` must be lower than the length"),
        ({"format": "torch"}, '`format` should be either "tf" or "grain"'),
    ],
)
def test_windows_that_cannot_be_cut_are_refused(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        timeseries_dataset_from_array(np.arange(10), None, 2, **arguments)


@pytest.mark.parametrize(
    ("sizes", "counts"), [((0.8, None), (8, 2)), ((None, 3), (7, 3)), ((2, 0.5), (2, 5)), ((0.26, None), (3, 7))]
)
def test_a_cut_has_the_sizes_asked_for(sizes: tuple[Any, Any], counts: tuple[int, int]) -> None:
    x = np.arange(10)
    left, right = split_dataset(x, *sizes)
    assert (len(left), len(right)) == counts
    assert [int(v) for v in left] == list(range(counts[0]))
    assert [int(v) for v in right] == list(range(10 - counts[1], 10))


def test_a_shuffled_cut_loses_nothing_and_keeps_pairs() -> None:
    x = np.arange(10)
    left, right = split_dataset((x, x * 2), 0.6, shuffle=True, seed=5)
    pairs = [(int(a), int(b)) for a, b in [*left, *right]]
    assert sorted(pairs) == [(i, 2 * i) for i in range(10)] != pairs
    again, _ = split_dataset((x, x * 2), 0.6, shuffle=True, seed=5)
    assert [int(a) for a, _ in again] == [a for a, _ in pairs[:6]]


def test_cuts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="At least one"):
        split_dataset(np.arange(4))
    with pytest.raises(ValueError, match="smaller than 4"):
        split_dataset(np.arange(4), 4)
    with pytest.raises(ValueError, match="larger than the 4 examples"):
        split_dataset(np.arange(4), 3, 3)
    with pytest.raises(ValueError, match="right dataset will be empty"):
        split_dataset(np.arange(4), 0.99)
    with pytest.raises(TypeError, match="type"):
        split_dataset(np.arange(4), "half")  # type: ignore[arg-type]
