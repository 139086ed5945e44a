"""Reuters: 11,228 newswires as word numbers, 46 topics (Lewis)."""

from __future__ import annotations

import json
from pathlib import Path

from engine.data import pickled
from engine.datasets.origin import Halves, kept, limited, ragged, shifted, short_enough, shuffled

_HASH = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_WORDS_HASH = "4d44cc38712099c9e383dc6e5f11a921"
_TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship "
    "cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin "
    "strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr "
    "gas silver wpi hog lead"
)


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> Halves:
    """((x_train, y_train), (x_test, y_test)): lists of word numbers (frequent ones small), topics from 0 to 45.

    Args:
        path: name in the cache folder.
        num_words: words kept, counted by frequency; None keeps all.
        skip_top: most frequent words left out.
        maxlen: longer texts are left out.
        test_split: share of the texts for testing.
        seed: of the order before the cut.
        start_char: mark before each text; None sets none.
        oov_char: mark in place of words left out; None drops them.
        index_from: number of the most frequent word.
    """
    file = pickled.load_npz(kept(path, "reuters.npz", _HASH))
    raw, labels = shuffled(seed, file["x"], file["y"])
    texts, labels = short_enough(maxlen, shifted(raw, start_char, index_from), labels)
    if not texts:
        raise ValueError(f"No text is shorter than maxlen={maxlen}. Increase maxlen.")
    texts = limited(texts, num_words, skip_top, oov_char)
    cut = int(len(texts) * (1 - test_split))
    return (ragged(texts[:cut]), labels[:cut]), (ragged(texts[cut:]), labels[cut:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """Each word's number by frequency, from 1; `load_data` adds `index_from` to it."""
    words: dict[str, int] = json.loads(Path(kept(path, "reuters_word_index.json", _WORDS_HASH)).read_text("utf-8"))
    return words


def get_label_names() -> tuple[str, ...]:
    """Names of the topics, in the order of their numbers."""
    return tuple(_TOPICS.split())
