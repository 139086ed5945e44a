"""Masks, ranks and refusals of merging layers, against Keras."""

from __future__ import annotations

import itertools
import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

import engine

# Keras's NumPy backend hands its variables to NumPy 2 in an old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
NAMES = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract", "Concatenate")
DRAW = np.random.default_rng(0)
STEPS = [np.where(DRAW.random((2, 5, 1)) < 0.4, 0.0, DRAW.normal(size=(2, 5, 3))).astype("float32") for _ in range(2)]


def array(x: Any) -> Any:
    return None if x is None else np.asarray(x.numpy() if hasattr(x, "numpy") else x)


@pytest.mark.parametrize("masked", list(itertools.product([True, False], repeat=2)), ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_steps_left_out_of_one_input_count_by_the_other(name: str, masked: tuple[bool, bool]) -> None:
    outcomes = []
    for library in (engine, keras):
        values = [
            library.layers.Masking()(x) if hide else library.ops.convert_to_tensor(x)
            for x, hide in zip(STEPS, masked, strict=True)
        ]
        output = getattr(library.layers, name)()(values)
        mask = getattr(output, "_keras_mask", None) if library is engine else keras.src.backend.get_keras_mask(output)
        outcomes.append((array(output), array(mask)))
    (ours, our_mask), (theirs, their_mask) = outcomes
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert (our_mask is None) == (their_mask is None)
    if our_mask is not None:
        np.testing.assert_array_equal(our_mask, their_mask)


@pytest.mark.parametrize("name", ["Add", "Multiply", "Maximum"])
def test_inputs_of_lower_rank_are_repeated_for_every_step(name: str) -> None:
    one = np.arange(6, dtype="float32").reshape(2, 3)
    ours, theirs = (array(getattr(lib.layers, name)()([STEPS[0], one])) for lib in (engine, keras))
    np.testing.assert_allclose(ours, theirs)
    x, y = engine.Input((5, 3)), engine.Input((3,))
    assert getattr(engine.layers, name)()([x, y]).shape == (None, 5, 3)


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("Add", [(2, 3), (4, 3)]),
        ("Add", [(2, 3), (2, 4)]),
        ("Concatenate", [(1, 2, 5), (1, 1, 4)]),
        ("Concatenate", [(1, 2, 5), (1, 2)]),
        ("Subtract", [(2, 3)] * 3),
    ],
)
def test_what_does_not_fit_is_refused_in_keras_words(name: str, shapes: list[Any]) -> None:
    words = []
    for library in (keras, engine):
        with pytest.raises(ValueError) as told:  # noqa: PT011 - the sentences are compared below
            getattr(library.layers, name)()([np.ones(s, "float32") for s in shapes])
        words.append(str(told.value).split("Received")[0].split("(not a")[0].strip())
    assert words[0] in words[1]


@pytest.mark.parametrize("library", [engine, keras], ids=["engine", "keras"])
def test_masks_come_one_for_each_input(library: Any) -> None:
    for name in ("Add", "Concatenate"):
        layer = getattr(library.layers, name)()
        with pytest.raises(ValueError, match="`mask` should be a list"):
            layer.compute_mask(STEPS, STEPS[0])
        with pytest.raises(ValueError, match="should have the same length"):
            layer.compute_mask(STEPS, [None])
