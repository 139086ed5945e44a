"""Weights into built models: the layout of attributes, all differences at once, nothing half loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import engine
from engine import layers
from engine.core.errors import LoadError
from engine.saving import load_weights_bytes, weights_bytes
from engine.saving.walk import saveables
from tests.engine.saving import models


def small(units: int = 3, last: int = 1) -> Any:
    return engine.Sequential(
        [engine.Input((4,)), layers.Dense(units, name="first"), layers.Dense(last, name="last")], name="small"
    )


def values(model: Any) -> list[np.ndarray[Any, Any]]:
    return [w.numpy() for w in model.weights]


def test_round_trip_through_a_file(tmp_path: Path) -> None:
    path = tmp_path / "w.weights.h5"
    model, other = small(), small()
    models.randomize(model.weights, "a")
    model.save_weights(path)
    other.load_weights(path)
    for a, b in zip(values(model), values(other), strict=True):
        np.testing.assert_array_equal(a, b)


def test_all_differences_are_told_and_nothing_is_loaded() -> None:
    model, other = small(3, 1), small(5, 2)
    before = values(other)
    with pytest.raises(LoadError) as caught:
        load_weights_bytes(other, weights_bytes(model))
    message = str(caught.value)
    assert "layers/dense (first): kernel has shape (4, 5), the file has (4, 3)" in message
    assert "layers/dense_1 (last): bias has shape (2,), the file has (1,)" in message
    for a, b in zip(before, values(other), strict=True):
        np.testing.assert_array_equal(a, b)


def test_missing_layers_are_named_and_spare_ones_too() -> None:
    shallow = engine.Sequential([engine.Input((4,)), layers.Dense(3)])
    with pytest.raises(LoadError, match="not in the file"):
        load_weights_bytes(small(), weights_bytes(shallow))
    conv = engine.Sequential([engine.Input((4, 4, 1)), layers.Conv2D(2, 2), layers.Flatten(), layers.Dense(1)])
    with pytest.raises(LoadError, match="in the file but not in the model: layers/dense_1"):
        load_weights_bytes(conv, weights_bytes(small()))


def test_skip_mismatch_loads_what_fits_and_says_what_did_not() -> None:
    model, other = small(3, 1), small(3, 2)
    models.randomize(model.weights, "a")
    with pytest.warns(UserWarning, match="skipped"):
        load_weights_bytes(other, weights_bytes(model), skip_mismatch=True)
    np.testing.assert_array_equal(values(other)[0], values(model)[0])
    assert values(other)[2].shape == (3, 2)


def test_weights_of_a_project_file(tmp_path: Path) -> None:
    model, other = small(), small()
    models.randomize(model.weights, "b")
    model.save(tmp_path / "m.keras")
    other.load_weights(tmp_path / "m.keras")
    np.testing.assert_array_equal(values(other)[2], values(model)[2])


def test_file_names_and_overwriting(tmp_path: Path) -> None:
    model = small()
    with pytest.raises(ValueError, match=r"must end in `.weights.h5`"):
        model.save_weights(tmp_path / "w.h5")
    model.save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(ValueError, match="exists already"):
        model.save_weights(tmp_path / "w.weights.h5", overwrite=False)
    with pytest.raises(ValueError, match="not supported"):
        model.load_weights(tmp_path / "w.txt")


def test_the_walk_visits_attributes_like_keras() -> None:
    found = [path for path, _ in saveables(models.BUILDERS["subclassed"](engine))]
    assert found == ["", "blocks/dense", "blocks/dense_1", "d1", "layers/dense_3"]


def test_shared_layers_are_written_once() -> None:
    paths = [path for path, _ in saveables(models.BUILDERS["shared_and_nested"](engine))]
    assert len([path for path in paths if path.startswith("layers/dense") and path.count("/") == 1]) == 3
    assert "layers/sequential/layers/dense" in paths


def test_optimizer_of_another_size_stays_fresh() -> None:
    model, other = models.compiled(engine, "adam"), models.compiled(engine, "sgd")
    with pytest.warns(UserWarning, match="Skipping variable loading for optimizer"):
        load_weights_bytes(other, weights_bytes(model))
    np.testing.assert_array_equal(values(other)[0], values(model)[0])


def test_file_is_plain_hdf5(tmp_path: Path) -> None:
    small().save_weights(tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5") as file:
        kernel = file["layers/dense/vars/0"]
        assert kernel.shape == (4, 3)
        assert kernel.compression is None
        assert file["layers/dense/vars"].attrs["name"] == "first"


def test_building_and_comparing_allocates_nothing() -> None:
    model = engine.Sequential([engine.Input((1000,)), layers.Dense(1_000_000_000)])
    with pytest.raises(LoadError, match=r"\(1000, 1000000000\)"):
        load_weights_bytes(model, weights_bytes(small()))
    assert not any(w.initialized for w in model.weights)


# Not "amsgrad", which also averages weights: `fit` puts the averages in their place at its end, as in Keras.
@pytest.mark.parametrize("name", ["momentum", "adam", "adamw", "rmsprop", "schedule", "accumulated"])
def test_training_goes_on_where_it_stopped(tmp_path: Path, name: str) -> None:
    """Four epochs at once, and two, a file, two: the same weights bit for bit."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(24, 4)).astype("float32"), rng.normal(size=(24, 1)).astype("float32")
    whole, first = models.compiled(engine, name), models.compiled(engine, name)
    fit: dict[str, Any] = {"batch_size": 8, "shuffle": False, "verbose": 0}
    whole.fit(x, y, epochs=4, **fit)
    first.fit(x, y, epochs=2, **fit)
    first.save(tmp_path / "half.keras")
    second = engine.saving.load_model(tmp_path / "half.keras")
    second.fit(x, y, epochs=2, **fit)
    for a, b in zip(values(whole), values(second), strict=True):
        np.testing.assert_array_equal(a, b)
    assert int(second.optimizer.iterations) == int(whole.optimizer.iterations)
