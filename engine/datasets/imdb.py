"""IMDB: 50,000 film reviews as word numbers, praise or blame (Maas and others, 2011)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from engine.data import pickled
from engine.datasets.origin import Halves, kept, limited, ragged, shifted, short_enough

_HASH = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
_WORDS_HASH = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
    **kwargs: Any,
) -> Halves:
    """((x_train, y_train), (x_test, y_test)): lists of word numbers (frequent ones small), 0 or 1 for each.

    Args:
        path: name in the cache folder.
        num_words: words kept, counted by frequency; None keeps all.
        skip_top: most frequent words left out.
        maxlen: longer reviews are left out.
        seed: of the order.
        start_char: mark before each review; None sets none.
        oov_char: mark in place of words left out; None drops them.
        index_from: number of the most frequent word.

    Raises:
        ValueError: no review is shorter than `maxlen`.
    """
    if "nb_words" in kwargs:
        num_words = kwargs.pop("nb_words")
    if kwargs:
        raise TypeError(f"Unrecognized keyword arguments: {kwargs}.")
    file = pickled.load_npz(kept(path, "imdb.npz", _HASH))
    halves = []
    random = np.random.RandomState(seed)
    for part in ("train", "test"):
        order = np.arange(len(file[f"x_{part}"]))
        random.shuffle(order)
        texts = shifted(file[f"x_{part}"][order], start_char, index_from)
        halves.append(short_enough(maxlen, texts, file[f"y_{part}"][order]))
    if not all(texts for texts, _ in halves):
        raise ValueError(
            f"After filtering for sequences shorter than maxlen={maxlen}, no sequence was kept. Increase maxlen."
        )
    cut = len(halves[0][0])
    texts = limited(halves[0][0] + halves[1][0], num_words, skip_top, oov_char)
    return (ragged(texts[:cut]), halves[0][1]), (ragged(texts[cut:]), halves[1][1])


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Each word's number by frequency, from 1; `load_data` adds `index_from` to it."""
    words: dict[str, int] = json.loads(Path(kept(path, "imdb_word_index.json", _WORDS_HASH)).read_text("utf-8"))
    return words
