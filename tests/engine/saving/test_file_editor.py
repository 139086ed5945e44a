"""The editor of weights files: what it shows and compares, and that changed files load, here and in Keras."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

import engine
from engine.saving import KerasFileEditor, LoadError

# Keras's NumPy backend hands its variables to NumPy 2 in an old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def model(library: Any, *units: int) -> Any:
    return library.Sequential([library.Input((3,)), *(library.layers.Dense(n, name=f"d{n}") for n in units)])


def test_a_file_is_shown_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "a.weights.h5")
    model(keras, 4, 2).save_weights(path)
    editor = KerasFileEditor(path)
    editor.summary()
    told = capsys.readouterr().out
    assert "dense_1 ('d2')" in told
    assert "0: shape=(4, 2), dtype=float32" in told
    assert editor.object_metadata["/layers/dense"] == {"name": "d4"}
    assert list(editor.weights_dict["layers"]) == ["dense", "dense_1"]


def test_a_file_is_compared_with_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "a.weights.h5")
    model(engine, 4, 2, 1).save_weights(path)
    editor = KerasFileEditor(path)
    for library in (engine,):
        assert editor.compare(model(library, 4, 2, 1)) == {"status": "success", "error_count": 0, "match_count": 6}
    assert editor.compare(model(engine, 4, 5)) == {"status": "error", "error_count": 3, "match_count": 2}
    told = capsys.readouterr().out
    assert "Weight shape mismatch for /layers/dense_1/0" in told
    assert "Object /layers/dense_2 present in saved file, missing from reference model" in told


def test_a_changed_file_fits_the_changed_model(tmp_path: Path) -> None:
    path, target = str(tmp_path / "a.keras"), tmp_path / "b.weights.h5"
    source = model(engine, 4, 2)
    source.save(path)
    editor = KerasFileEditor(path)
    assert editor.metadata["keras_version"] == "3.15.1"
    assert editor.config["class_name"] == "Sequential"
    editor.delete_object("dense_1")
    editor.add_object("layers/last", {"0": np.ones((4, 7), "float32")})
    editor.rename_object("layers/last", "dense_1")
    editor.add_weights("dense_1", {"1": np.full(7, 0.5, "float32"), "2": np.zeros(1)})
    editor.delete_weight("dense_1", "2")
    editor.save(target)
    for library in (engine, keras):
        changed = model(library, 4, 7)
        changed.load_weights(target)
        np.testing.assert_array_equal(np.asarray(changed.weights[3]), np.full(7, 0.5))
        np.testing.assert_array_equal(np.asarray(changed.weights[0]), np.asarray(source.weights[0]))
    editor.resave_weights(target)
    assert KerasFileEditor(target).compare(model(engine, 4, 7))["status"] == "success"


def test_layers_with_layers_inside_keep_all_their_arrays(tmp_path: Path) -> None:
    path, target = str(tmp_path / "a.weights.h5"), tmp_path / "b.weights.h5"
    source = engine.Sequential([engine.Input((5, 2)), engine.layers.LSTM(3), engine.layers.Dense(2)])
    source.compile("adam", "mse")
    source.fit(np.zeros((4, 5, 2)), np.zeros((4, 2)), verbose=0)
    source.save_weights(path)
    KerasFileEditor(path).save(target)
    again = engine.Sequential([engine.Input((5, 2)), engine.layers.LSTM(3), engine.layers.Dense(2)])
    again.load_weights(target)
    for ours, theirs in zip(again.weights, source.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


def test_edits_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "a.weights.h5")
    nested = engine.Sequential([engine.Input((3,)), engine.layers.Dense(2)], name="dense")
    engine.Sequential([nested, engine.layers.Dense(2)]).save_weights(path)
    editor = KerasFileEditor(path)
    for call, words in (
        (lambda: editor.delete_object("dense"), "occurs more than once"),
        (lambda: editor.delete_object("conv"), "does not appear"),
        (lambda: editor.delete_object("layers/conv"), "not found"),
        (lambda: editor.delete_object("layers/dense/0/x"), "not found"),
        (lambda: editor.rename_object("layers/dense", "a/b"), "leaf name"),
        (lambda: editor.add_object("nowhere/dense", {}), "not found"),
        (lambda: editor.add_object("x", [1]), "should be a dict"),
        (lambda: editor.add_weights("layers/dense", [1]), "should be a dict"),
        (lambda: editor.delete_weight("layers/dense", "9"), "not found in object"),
        (lambda: editor.save(tmp_path / "x.h5"), "extension"),
        (lambda: KerasFileEditor(str(tmp_path / "x.npz")), "extension"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
    (tmp_path / "bad.weights.h5").write_bytes(b"no file")
    with pytest.raises(LoadError, match="not an HDF5 file"):
        KerasFileEditor(str(tmp_path / "bad.weights.h5"))
