"""Where the datasets come from, and cuts and orders that several of them share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.data.files import get_file

FOLDER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

Array = np.ndarray[Any, Any]
Pair = tuple[Any, Any]
Halves = tuple[Pair, Pair]
"""((x_train, y_train), (x_test, y_test))"""


def kept(name: str, file: str, file_hash: str, **options: Any) -> str:
    """The path of a dataset's file in the cache under `name`."""
    return get_file(name, FOLDER + file, file_hash=file_hash, **options)


def shuffled(seed: int, *arrays: Any) -> list[Any]:
    """The arrays in the order that Keras gives them for a seed."""
    order = np.arange(len(arrays[0]))
    np.random.RandomState(seed).shuffle(order)
    return [a[order] for a in arrays]


def regression(path: str, test_split: float, seed: int, rows: int | None = None) -> Halves:
    """Features and targets of an .npz file, shuffled and cut.

    Raises:
        ValueError: a share for testing outside of [0, 1).
    """
    with np.load(path, allow_pickle=False) as file:
        x, y = shuffled(seed, file["x"][:rows], file["y"][:rows])
    cut = int(len(x) * (1 - test_split))
    return (x[:cut].copy(), y[:cut].copy()), (x[cut:].copy(), y[cut:].copy())


def check_split(test_split: float) -> None:
    """Refuse a share outside of [0, 1)."""
    if not 0 <= test_split < 1:
        raise ValueError(f"Invalid `test_split` argument: {test_split}. It must be between 0 and 1 (exclusive of 1).")


def shifted(texts: Sequence[Any], start: int | None, index_from: int | None) -> list[list[int]]:
    """Word numbers moved up by `index_from`, behind a start mark."""
    head, shift = [] if start is None else [start], index_from or 0
    return [head + [int(word) + shift for word in text] for text in texts]


def limited(texts: list[list[int]], num_words: int | None, skip_top: int, mark: int | None) -> list[list[int]]:
    """Only words numbered from `skip_top` to below `num_words`; others become `mark`, or go."""
    size = num_words or max(max(text) for text in texts)
    if mark is None:
        return [[w for w in text if skip_top <= w < size] for text in texts]
    return [[w if skip_top <= w < size else mark for w in text] for text in texts]


def short_enough(maxlen: int | None, texts: list[list[int]], labels: Array) -> tuple[list[list[int]], Array]:
    """Texts shorter than `maxlen`, with their labels."""
    if not maxlen:
        return texts, labels
    chosen = [i for i, text in enumerate(texts) if len(text) < maxlen]
    return [texts[i] for i in chosen], labels[chosen]


def ragged(texts: list[list[int]]) -> Array:
    """An object array of lists."""
    result = np.empty(len(texts), dtype=object)
    result[:] = texts
    return result
