"""Bins, hashes and crossings: against Keras where it runs without TensorFlow, else against results it documents."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

import engine
from engine import layers
from engine.core.graph import trace
from engine.core.plan import compile
from engine.core.tensor import Spec


def values(x: Any) -> Any:
    return np.asarray(x).tolist()


LETTERS = [["A"], ["B"], ["C"], ["D"], ["E"]]
NAMES = [["omar"], ["stringer"], ["marlo"], ["wire"], ["skywalker"]]


@pytest.mark.parametrize(
    ("settings", "data", "expected"),
    [
        ({"num_bins": 3}, LETTERS, [[1], [0], [1], [1], [2]]),
        ({"num_bins": 3, "mask_value": ""}, [["A"], ["B"], [""], ["C"], ["D"]], [[1], [1], [0], [2], [2]]),
        ({"num_bins": 3, "salt": [133, 137]}, LETTERS, [[1], [2], [1], [0], [2]]),
        ({"num_bins": 3, "salt": 133}, LETTERS, [[0], [0], [2], [1], [0]]),
        ({"num_bins": 3}, [0, 1, 2, 3, 4], [1, 0, 1, 0, 2]),
        ({"num_bins": 3, "salt": [133, 137]}, [[0], [1], [2], [3], [4]], [[1], [1], [2], [0], [1]]),
        ({"num_bins": 1}, LETTERS, [[0]] * 5),
        ({"num_bins": 2}, NAMES, [[0], [0], [1], [0], [0]]),
        ({"num_bins": 3, "mask_value": "omar"}, NAMES, [[0], [1], [2], [1], [1]]),
        ({"num_bins": 2, "salt": [133, 137]}, NAMES, [[0], [1], [0], [1], [0]]),
        ({"num_bins": 2, "salt": [211, 137]}, NAMES, [[1], [0], [1], [0], [1]]),
    ],
)
def test_hashing_gives_what_keras_documents(settings: dict[str, Any], data: Any, expected: Any) -> None:
    layer = layers.Hashing(**settings)
    assert values(layer(data)) == expected
    assert values(layers.deserialize(layers.serialize(layer))(np.array(data))) == expected


def test_hashing_as_rows() -> None:
    one_hot = layers.Hashing(3, output_mode="one_hot")
    assert values(one_hot(LETTERS)) == np.eye(3)[[1, 0, 1, 1, 2]].tolist()
    assert one_hot([["A", "B"]]).shape == (1, 2, 3)
    assert values(layers.Hashing(3, output_mode="count")([["A", "B", "C", "E"]])) == [[1, 2, 1]]
    assert values(layers.Hashing(3, output_mode="multi_hot")([["A", "C"]])) == [[0, 1, 0]]
    assert one_hot(engine.Input((1,), dtype="string")).shape == (None, 3)


def test_hashing_refuses_settings_that_make_no_sense() -> None:
    for settings, words in (
        ({"num_bins": 0}, "non-positive"),
        ({"num_bins": 3, "output_mode": "tf_idf"}, "output_mode"),
        ({"num_bins": 3, "dtype": "float32"}, "integer type"),
        ({"num_bins": 3, "salt": [1, 2, 3]}, "salt"),
        ({"num_bins": 3, "sparse": True}, "sparse"),
    ):
        with pytest.raises(ValueError, match=words):
            layers.Hashing(**settings)
    with pytest.raises(ValueError, match="texts are expected"):
        layers.Hashing(3)(np.array(["a", None], object))


def test_crossing_gives_what_keras_documents() -> None:
    first, second = np.array(["A", "B", "A", "B", "A"]), np.array([101, 101, 101, 102, 102])
    assert values(layers.HashedCrossing(5)((first, second))) == [1, 4, 1, 1, 3]
    assert (
        values(layers.HashedCrossing(5, output_mode="one_hot")((first, second))) == np.eye(5)[[1, 4, 1, 1, 3]].tolist()
    )
    assert int(np.asarray(layers.HashedCrossing(10)((np.array("A"), np.array(101))))) == 1
    assert layers.HashedCrossing(5)((first[:, None], second[:, None])).shape == (5, 1)
    assert layers.HashedCrossing(5, dtype="int32")((first, second)).dtype == "int32"


def test_crossing_refuses_what_it_cannot_cross() -> None:
    layer = layers.HashedCrossing(10)
    for inputs, words in (
        (np.array(1), "should be called on a list"),
        ([np.array(1)], "at least two inputs"),
        ((np.array([[[1]]]), np.array([[[1]]])), "inputs should have shape"),
        ((np.array([1.0]), np.array([1.0])), "should have an integer or string"),
        ((np.array([1]), np.array([1, 2])), "equal shape"),
    ):
        with pytest.raises(ValueError, match=words):
            layer(inputs)


def test_bounds_are_learned_as_in_keras() -> None:
    rng = np.random.default_rng(3)
    data = rng.normal(size=(1000, 3)).astype("float32")
    for given in (data, [data[:400], data[400:]], list(data[:50])):
        for bins, epsilon in ((4, 0.01), (7, 0.1), (20, 0.001)):
            ours, theirs = (
                library.layers.Discretization(num_bins=bins, epsilon=epsilon) for library in (engine, keras)
            )
            ours.adapt(given)
            for batch in [given] if isinstance(given, np.ndarray) else given:
                theirs.update_state(batch)  # its `adapt` asks for TensorFlow
            theirs.finalize_state()
            np.testing.assert_allclose(ours.bin_boundaries, theirs.bin_boundaries, rtol=1e-6)
            np.testing.assert_array_equal(np.asarray(ours(data)), np.asarray(theirs(data)))
            again = keras.layers.deserialize(layers.serialize(ours))
            assert again.bin_boundaries == ours.bin_boundaries
            assert layers.deserialize(keras.layers.serialize(theirs)).bin_boundaries == theirs.bin_boundaries


def test_bounds_are_learned_step_by_step() -> None:
    layer = layers.Discretization(num_bins=3)
    with pytest.raises(ValueError, match="adapt"):
        layer(np.ones((2, 2)))
    layer.adapt((np.full(10, float(i)) for i in range(1000)), steps=4)
    assert max(layer.bin_boundaries) <= 3
    with pytest.raises(ValueError, match="bin_boundaries"):
        layers.Discretization(bin_boundaries=[1.0]).adapt(np.ones(3))
    for settings in ({}, {"num_bins": 3, "bin_boundaries": [1.0]}, {"num_bins": -1}, {"num_bins": 2, "sparse": True}):
        with pytest.raises(ValueError, match="`"):
            layers.Discretization(**settings)


def test_new_bounds_reach_a_compiled_model() -> None:
    layer = layers.Discretization(num_bins=2)
    layer.adapt(np.arange(10.0))
    model = engine.Sequential([engine.Input((1,)), layer])
    before = model.predict(np.array([[100.0]]), verbose=0)
    layer.adapt(np.arange(1000.0))
    after = model.predict(np.array([[100.0]]), verbose=0)
    assert (before[0, 0], after[0, 0]) == (1, 0)


def test_category_weights_are_added_up_as_in_keras() -> None:
    data = [[0, 1], [0, 0], [1, 2], [3, 1]]
    weights = np.array([[0.1, 0.2], [0.1, 0.1], [0.2, 0.3], [0.4, 0.2]])
    ours, theirs = (
        library.layers.CategoryEncoding(num_tokens=4, output_mode="count")(np.array(data), count_weights=weights)
        for library in (engine, keras)
    )
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-6)
    with pytest.raises(ValueError, match="count_weights"):
        layers.CategoryEncoding(4)(data, count_weights=weights)
    assert values(layers.CategoryEncoding(4, output_mode="one_hot")([3, 2, 0, 1])) == np.eye(4)[[3, 2, 0, 1]].tolist()
    assert layers.CategoryEncoding(4)(2).shape == keras.layers.CategoryEncoding(4)(np.array(2)).shape
    with pytest.raises(ValueError, match="num_tokens must be set"):
        layers.CategoryEncoding()


def test_texts_pass_through_a_plan() -> None:
    layer = layers.Hashing(7)
    plan = compile(trace(lambda x: layer(x) * 2, [Spec((None, 1), "string")]))
    for count in (5, 3):
        data = np.array([f"term {i}" for i in range(count)])[:, None]
        np.testing.assert_array_equal(plan(data)[0], np.asarray(layer(data)) * 2)
