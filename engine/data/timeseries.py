"""Windows over a series, with what follows as targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.data.dataset import Dataset
from engine.data.directories import BUFFER_BATCHES, check_format, some_seed


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Batches of windows (batch, sequence_length, ...) and the target at each window's first step.

    Args:
        data: array with time as its first axis.
        targets: one for each time step, counted from a window's start; None gives windows alone.
        sequence_length: steps in a window.
        sequence_stride: time steps from one window's start to the next.
        sampling_rate: time steps from one step in a window to the next.
        batch_size: None gives single windows.
        shuffle: whether windows come in random order.
        seed: makes that order repeatable.
        start_index: first time step used.
        end_index: first time step not used any more.
        format: accepted for Keras's sake; the result is a `Dataset` in any case.

    Raises:
        ValueError: indices, stride or rate that do not fit the data.
    """
    check_format(format)
    _check(len(data), sequence_stride, sampling_rate, start_index, end_index)
    start, end = start_index or 0, end_index if end_index is not None else len(data)
    series = np.asarray(data)[start:end]
    count = end - start - (sequence_length - 1) * sampling_rate
    if targets is not None:
        count = min(count, len(targets))
    starts = np.arange(0, count, sequence_stride)
    if shuffle:
        seed = some_seed(seed)
        np.random.RandomState(seed).shuffle(starts)
    steps = np.arange(sequence_length) * sampling_rate
    windows = Dataset(lambda: (series[s + steps] for s in starts), len(starts))
    if targets is not None:
        following = np.asarray(targets)[start:end]
        windows = Dataset.zip(windows, Dataset(lambda: (following[s] for s in starts), len(starts)))
    if shuffle:
        windows = windows.shuffle((batch_size or 128) * BUFFER_BATCHES, seed)
    return windows.prefetch() if batch_size is None else windows.batch(batch_size).prefetch()


def _check(length: int, stride: int, rate: int, start: int | None, end: int | None) -> None:
    if start is not None:
        if start < 0:
            raise ValueError(f"`start_index` must be 0 or greater. Received: start_index={start}")
        if start >= length:
            raise ValueError(
                f"`start_index` must be lower than the length of the data. Received: start_index={start}, for data of "
                f"length {length}"
            )
    if end is not None:
        if start is not None and end <= start:
            raise ValueError(
                f"`end_index` must be higher than `start_index`. Received: start_index={start}, and end_index={end} "
            )
        if end >= length:
            raise ValueError(
                f"`end_index` must be lower than the length of the data. Received: end_index={end}, for data of length "
                f"{length}. Leave it out to use all time steps."
            )
        if end <= 0:
            raise ValueError(f"`end_index` must be higher than 0. Received: end_index={end}")
    for name, value in (("sampling_rate", rate), ("sequence_stride", stride)):
        if value <= 0:
            raise ValueError(f"`{name}` must be higher than 0. Received: {name}={value}")
        if value >= length:
            raise ValueError(
                f"`{name}` must be lower than the length of the data. Received: {name}={value}, for data of length "
                f"{length}"
            )
