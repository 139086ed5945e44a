"""Nested structures and automatic names, against Keras."""

from __future__ import annotations

import os
from collections import OrderedDict, namedtuple
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import pytest
from keras.src.utils.naming import to_snake_case as keras_snake_case

from engine.core import naming, tree
from engine.core.rng import SeedGenerator, draw_seed

Pair = namedtuple("Pair", "left right")
STRUCTURES = [
    1,
    [1, (2, 3), {"b": 4, "a": [5]}],
    {"z": 1, "a": (2, None)},
    OrderedDict([("z", 1), ("a", 2)]),
    Pair(1, [2, 3]),
    [],
]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_flatten_and_pack_agree_with_keras(structure: Any) -> None:
    flat = tree.flatten(structure)
    assert flat == keras.tree.flatten(structure)
    numbers = list(range(len(flat)))
    assert tree.pack_sequence_as(structure, numbers) == keras.tree.pack_sequence_as(structure, numbers)
    assert tree.flatten_with_path(structure) == [(tuple(p), v) for p, v in keras.tree.flatten_with_path(structure)]


def test_map_refuses_different_forms() -> None:
    assert tree.map_structure(lambda a, b: a + b, {"x": [1]}, {"x": [2]}) == {"x": [3]}
    with pytest.raises(ValueError, match="same structure"):
        tree.map_structure(lambda a, b: a, [1, 2], [1, [2]])


@pytest.mark.parametrize(
    "name", ["Dense", "Conv2D", "LSTMCell", "PReLU", "RMSNormalization", "GRU", "Conv1DTranspose", "AdamW", "RMSprop"]
)
def test_snake_case_agrees_with_keras(name: str) -> None:
    assert naming.to_snake_case(name) == keras_snake_case(name)


def test_automatic_names_count_up() -> None:
    assert [naming.auto_name("Dense") for _ in range(3)] == ["dense", "dense_1", "dense_2"]


def test_seed_streams_agree_with_keras() -> None:
    ours, theirs = SeedGenerator(42), keras.random.SeedGenerator(42)
    for _ in range(3):
        assert ours.next().tolist() == list(theirs.next())
    assert draw_seed(7).tolist() == [7, 0]
    with pytest.raises(ValueError, match="must be either an integer"):
        draw_seed("7")
