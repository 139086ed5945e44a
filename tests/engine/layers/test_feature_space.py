"""Feature spaces: sizes that Keras's own examples give, each column against its layer, files, models, frames."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pandas
import pytest

import engine
from engine import layers
from engine.data.dataset import Dataset
from engine.saving import load_model
from engine.utils import FeatureSpace

NUMBERS = {f"float_{i}": [n / 10 for n in range(10)] for i in (1, 2, 3)} | {
    f"int_{i}": list(range(10)) for i in (1, 2, 3)
}
TEXTS = {f"string_{i}": [str(n) for n in range(10)] for i in (1, 2)}
TABLE: dict[str, list[Any]] = {**NUMBERS, **TEXTS}
KINDS = {
    "float_1": "float",
    "float_2": "float_normalized",
    "float_3": "float_discretized",
    "string_1": "string_categorical",
    "string_2": "string_hashed",
    "int_1": "integer_categorical",
    "int_2": "integer_hashed",
    "int_3": "integer_categorical",
}
CROSSES = [("float_3", "string_1"), ("string_2", "int_2")]


def space(output_mode: str = "concat", **settings: Any) -> Any:
    found = FeatureSpace(KINDS, crosses=CROSSES, output_mode=output_mode, **settings)
    found.adapt(TABLE)
    return found


def first(table: dict[str, list[Any]]) -> dict[str, Any]:
    return {name: column[0] for name, column in table.items()}


@pytest.mark.parametrize(
    "data",
    [
        TABLE,
        pandas.DataFrame(TABLE),
        Dataset.from_tensor_slices(TABLE),
        Dataset.from_tensor_slices(TABLE).batch(4),
    ],
    ids=["dict", "frame", "rows", "batches"],
)
def test_any_table_is_learned_from(data: Any) -> None:
    found = FeatureSpace(KINDS, crosses=CROSSES)
    found.adapt(data)
    assert found(TABLE).shape == (10, 195)
    assert found(first(TABLE)).shape == (195,)
    np.testing.assert_array_equal(np.asarray(found(first(TABLE))), np.asarray(found(TABLE))[0])


def test_columns_without_texts_have_keras_size() -> None:
    found = FeatureSpace(
        {name: kind for name, kind in KINDS.items() if name in NUMBERS},
        crosses=[("int_1", "int_2"), ("int_2", "int_3")],
    )
    found.adapt(NUMBERS)
    assert found(NUMBERS).shape == (10, 152)


def test_each_column_is_what_its_layer_gives() -> None:
    found = space("dict")
    out = found(TABLE)
    assert set(out) == {*KINDS, "float_3_X_string_1", "string_2_X_int_2"}
    np.testing.assert_allclose(np.asarray(out["float_1"])[:, 0], TABLE["float_1"], rtol=1e-6)
    scaled = (np.array(TABLE["float_2"]) - np.mean(TABLE["float_2"])) / np.std(TABLE["float_2"])
    np.testing.assert_allclose(np.asarray(out["float_2"])[:, 0], scaled, rtol=1e-5)
    hashed = layers.Hashing(32, output_mode="one_hot")
    for name in ("string_2", "int_2"):
        np.testing.assert_array_equal(np.asarray(out[name]), np.asarray(hashed(np.array(TABLE[name])[:, None])))
    assert out["string_1"].shape == (10, 11)
    assert np.asarray(out["string_1"]).sum(1).tolist() == [1] * 10
    joined = np.concatenate([np.asarray(out[n]) for n in (*sorted(KINDS), "float_3_X_string_1", "string_2_X_int_2")], 1)
    np.testing.assert_array_equal(np.asarray(space()(TABLE)), joined)


def test_kinds_can_be_told_in_full() -> None:
    found = FeatureSpace(
        {
            "float_1": FeatureSpace.float(),
            "float_2": FeatureSpace.float_normalized(),
            "float_3": FeatureSpace.float_discretized(num_bins=3),
            "string_1": FeatureSpace.string_categorical(max_tokens=5),
            "string_2": FeatureSpace.string_hashed(num_bins=32),
            "int_1": FeatureSpace.integer_categorical(max_tokens=5, num_oov_indices=2),
            "int_2": FeatureSpace.integer_hashed(num_bins=32),
            "int_3": FeatureSpace.integer_categorical(max_tokens=5),
        },
        crosses=[FeatureSpace.cross(names, crossing_dim=32) for names in CROSSES],
    )
    found.adapt(TABLE)
    assert found(first(TABLE)).shape == (148,)
    numbers = FeatureSpace(
        {
            "string_2": FeatureSpace.string_hashed(32, output_mode="int"),
            "int_2": FeatureSpace.integer_hashed(32, "int"),
        },
        crosses=[FeatureSpace.cross(("string_2", "int_2"), 32, output_mode="int")],
        output_mode="dict",
    )
    out = numbers(first(TABLE))
    assert {name: (value.shape, value.dtype) for name, value in out.items()} == {
        name: ((1,), "int64") for name in ("string_2", "int_2", "string_2_X_int_2")
    }
    texts = {"text": ["1st string", "2nd string", "3rd string"]}
    weighted = FeatureSpace(
        {"text": FeatureSpace.feature("string", layers.TextVectorization(output_mode="tf_idf"), "float")}
    )
    weighted.adapt(Dataset.from_tensor_slices(texts))
    assert weighted(texts).shape == (3, 5)


@pytest.mark.parametrize("output_mode", ["concat", "dict"])
def test_what_was_learned_comes_back_from_a_file(output_mode: str, tmp_path: Path) -> None:
    found = space(output_mode)
    expected = found(TABLE)
    for name in ("once", "twice"):
        found.save(tmp_path / f"{name}.keras")
        found = load_model(tmp_path / f"{name}.keras")
        again = found(TABLE)
        for ours, theirs in zip(engine.tree.flatten(again), engine.tree.flatten(expected), strict=True):
            np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    assert isinstance(found, FeatureSpace)


def test_a_model_learns_on_encoded_features(tmp_path: Path) -> None:
    engine.utils.set_random_seed(1)
    found = space()
    y = np.array([0, 1, 0, 1, 0, 0, 1, 0, 1, 1])
    inside = engine.Model(found.get_inputs(), layers.Dense(1, "sigmoid")(found.get_encoded_features()))
    inside.compile(engine.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    arrays = {name: np.array(column) for name, column in TABLE.items()}
    inside.fit(arrays, y, epochs=20, verbose=0)
    assert inside.evaluate(arrays, y, verbose=0, return_dict=True)["accuracy"] == 1.0
    assert not inside.train_function.eager
    inside.save(tmp_path / "inside.keras")
    again = load_model(tmp_path / "inside.keras")
    np.testing.assert_array_equal(again.predict(arrays, verbose=0), inside.predict(arrays, verbose=0))
    outside = engine.Model(found.get_encoded_features(), layers.Dense(1)(found.get_encoded_features()))
    outside.compile("adam", "mse")
    rows = Dataset.from_tensor_slices((TABLE, y)).map(lambda x, label: (found(x), label)).batch(4)
    outside.fit(rows, verbose=0)
    assert outside.predict(rows.map(lambda x, label: x), verbose=0).shape == (10, 1)


def fixed(library: Any) -> Any:
    """A space that Keras makes and calls without TensorFlow."""
    kind = library.utils.FeatureSpace
    return kind(
        {
            "plain": "float",
            "rescaled": kind.float_rescaled(scale=0.5, offset=1.0),
            "normal": kind.feature("float32", library.layers.Normalization(mean=3.0, variance=4.0), "float"),
            "binned": kind.feature("float32", library.layers.Discretization([0.0, 1.0, 2.5]), "one_hot"),
            "coded": kind.feature("int32", library.layers.CategoryEncoding(4), "float"),
        },
        output_mode="dict",
    )


def outputs_of(library: Any, made: Any) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    inputs = dict(made.get_inputs())
    data = {name: rng.normal(size=(6, 1)).astype("float32") for name in sorted(inputs)}
    data["coded"] = rng.integers(0, 4, (6, 1)).astype("int32")
    model = library.Model(inputs, made.get_encoded_features())
    return {name: np.asarray(value) for name, value in model(data).items()}


@pytest.mark.filterwarnings("ignore:You are saving a model", "ignore:__array__ implementation:DeprecationWarning")
def test_files_go_both_ways_with_keras(tmp_path: Path) -> None:
    ours, theirs = fixed(engine), fixed(keras)
    # Keras takes the number of bins from `num_bins` only.
    for made in (ours, theirs):
        made.features["binned"].output_mode = "int"
        made._is_adapted = True  # Keras asks for `adapt` even where all bounds are given
    ours.save(tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    expected = outputs_of(keras, theirs)
    spaces = [
        (engine, ours),
        (engine, load_model(tmp_path / "theirs.keras")),
        (keras, keras.saving.load_model(tmp_path / "ours.keras")),
    ]
    for library, made in spaces:
        found = outputs_of(library, made)
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-6, err_msg=name)
            assert found[name].dtype == value.dtype


def test_descriptions_that_make_no_sense_are_refused() -> None:
    two = {"f1": "integer_categorical", "f2": "integer_categorical"}
    for arguments, words in (
        ({"features": {}}, "cannot be None or empty"),
        ({"features": two, "crosses": [("f1", "f2")], "crossing_dim": None}, "`crossing_dim`"),
        ({"features": two, "crosses": [("f1", "unknown")]}, "should be present in"),
        ({"features": two, "output_mode": "unknown"}, "for argument `output_mode`"),
        ({"features": {"f1": "integers"}}, "Invalid feature type"),
    ):
        with pytest.raises(ValueError, match=words):
            FeatureSpace(**arguments)
    fresh = FeatureSpace(two)
    for call in (lambda: fresh({"f1": [0], "f2": [0]}), fresh.get_encoded_features, fresh.get_inputs):
        with pytest.raises(ValueError, match="You need to call `.adapt"):
            call()
    with pytest.raises(ValueError, match="can only be called on"):
        fresh.adapt([1, 2])
    fresh.adapt({"f1": [1], "f2": [2]})
    with pytest.raises(ValueError, match="lack the columns"):
        fresh({"f1": [1]})
    with pytest.raises(ValueError, match="with a dict"):
        fresh([1])
    with pytest.raises(ValueError, match="has not been encoded"):
        FeatureSpace({"a": FeatureSpace.integer_hashed(3, output_mode="int")})({"a": 1})
