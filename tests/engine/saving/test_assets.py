"""Vocabularies in `.keras` files: where Keras puts them, back into the layers, and nothing from outside the file."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine
from engine import layers
from engine.saving import LoadError, load_model, model_bytes

TEXTS = np.array([["a good film"], ["a bad film"], ["so good"]])


def vectorize(**settings: Any) -> Any:
    layer = layers.TextVectorization(name="words", **settings)
    layer.adapt(TEXTS)
    return layer


def lookup(**settings: Any) -> Any:
    layer = layers.StringLookup(name="terms", **settings)
    layer.adapt(TEXTS)
    return layer


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(data: bytes, **changes: Any) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in {**members(data), **changes}.items():
            if content is not None:
                archive.writestr(name, content)
    stream.seek(0)
    return stream


def model(layer: Any) -> Any:
    return engine.Sequential([engine.Input((1,), dtype="string"), layer])


CASES = {
    "sequences": lambda: vectorize(output_sequence_length=4),
    "open sequences": vectorize,
    "ngrams": lambda: vectorize(ngrams=(1, 2), output_sequence_length=5),
    "counts": lambda: vectorize(output_mode="count"),
    "weights": lambda: vectorize(output_mode="tf_idf"),
    "padded weights": lambda: vectorize(output_mode="tf_idf", max_tokens=20, pad_to_max_tokens=True),
    "numbers": lookup,
    "masked": lambda: lookup(mask_token="", num_oov_indices=2),
    "rows": lambda: lookup(output_mode="one_hot"),
    "given": lambda: layers.StringLookup(vocabulary=["so good", "a\nb"], name="terms"),
    "characters": lambda: vectorize(split="character", output_mode="multi_hot"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_saved_model_knows_its_words(name: str, tmp_path: Path) -> None:
    ours = model(CASES[name]())
    expected = ours.predict(TEXTS, verbose=0)
    ours.save(tmp_path / "words.keras")
    again = load_model(tmp_path / "words.keras")
    np.testing.assert_array_equal(again.predict(TEXTS, verbose=0), expected)
    assert again.layers[0].get_vocabulary() == ours.layers[0].get_vocabulary()
    assert again.layers[0].get_config() == ours.layers[0].get_config()
    assert members(model_bytes(again)).keys() == members(model_bytes(ours)).keys()


def test_vocabularies_lie_where_keras_puts_them() -> None:
    found = members(model_bytes(model(lookup(mask_token=""))))
    assert found["assets/layers/string_lookup/vocabulary.txt"].decode().split("\n") == [
        "",
        "[UNK]",
        "so good",
        "a good film",
        "a bad film",
    ]
    assert "assets/layers/text_vectorization/vocabulary.txt" in members(model_bytes(model(vectorize())))
    fixed = members(model_bytes(model(layers.StringLookup(vocabulary=["a"]))))
    assert not [name for name in fixed if name.startswith("assets/")]
    assert json.loads(fixed["config.json"])["config"]["layers"][1]["config"]["vocabulary"] == ["a"]


def test_numbers_keep_their_vocabulary_too() -> None:
    layer = layers.IntegerLookup(output_mode="count", name="ids")
    layer.adapt([[1138, 12], [12, -7]])
    saved = engine.Sequential([engine.Input((2,), dtype="int64"), layer])
    again = load_model(io.BytesIO(model_bytes(saved)))
    assert again.layers[0].get_vocabulary() == [-1, 12, 1138, -7]
    assert again.predict(np.array([[12, 5]]), verbose=0).tolist() == [[1, 1, 0, 0]]


def test_a_file_makes_the_engine_read_no_other_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("one\ntwo\n")
    data = model_bytes(model(layers.StringLookup(vocabulary=["a"])))
    config = members(data)["config.json"].decode().replace('["a"]', json.dumps(str(secret)))
    config = config.replace('"vocabulary_size": 2', '"vocabulary_size": null')
    with pytest.raises(LoadError, match="outside of the model archive"):
        load_model(rewritten(data, **{"config.json": config}))
    allowed = load_model(rewritten(data, **{"config.json": config}), safe_mode=False)
    assert allowed.layers[0].get_vocabulary() == ["[UNK]", "one", "two"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", "cannot use it"),
        (b"[UNK]\na\na", "repeated term"),
        (b"\n".join(b"%d" % i for i in range(100)), "vocabulary size cannot be changed"),
    ],
)
def test_damaged_vocabularies_are_refused_in_a_sentence(content: bytes, words: str) -> None:
    data = model_bytes(model(lookup(output_mode="count")))
    name = "assets/layers/string_lookup/vocabulary.txt"
    with pytest.raises(LoadError, match=words) as caught:
        load_model(rewritten(data, **{name: content}))
    assert caught.value.member == name


@pytest.mark.parametrize("name", ["assets/../x", "assets//x", "other/x", "assets/a/../../x", "assets/a\\..\\x"])
def test_assets_that_lead_out_of_their_folder_are_refused(name: str) -> None:
    with pytest.raises(LoadError, match="does not belong"):
        load_model(rewritten(model_bytes(model(lookup())), **{name: b"x"}))


def test_terms_that_no_vocabulary_file_can_hold_are_told() -> None:
    layer = layers.StringLookup(name="terms")
    layer.adapt(["a\nb"])
    with pytest.raises(ValueError, match="line break"):
        model_bytes(model(layer))


@engine.saving.register_keras_serializable("assets")
def shouted(texts: Any) -> Any:
    return np.char.upper(texts)


@engine.saving.register_keras_serializable("assets")
def by_dashes(texts: Any) -> Any:
    return [text.split("-") for text in texts]


def test_functions_of_texts_are_found_again_by_name() -> None:
    layer = layers.TextVectorization(standardize=shouted, split=by_dashes, output_sequence_length=3)
    layer.adapt(["a-b", "B-c"])
    saved = model(layer)
    again = load_model(io.BytesIO(model_bytes(saved)))
    assert again.layers[0].get_vocabulary() == ["", "[UNK]", "B", "C", "A"]
    data = np.array([["c-a-q"]])
    np.testing.assert_array_equal(again.predict(data, verbose=0), saved.predict(data, verbose=0))


POLICY = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
VECTORIZATION = {
    "name": "text_vectorization", "trainable": True, "dtype": POLICY, "max_tokens": None,
    "standardize": "lower_and_strip_punctuation", "split": "whitespace", "ngrams": [1, 2], "output_mode": "tf_idf",
    "output_sequence_length": None, "pad_to_max_tokens": False, "sparse": False, "ragged": False, "vocabulary": None,
    "idf_weights": None, "encoding": "utf-8", "vocabulary_size": 4,
}  # fmt: skip
LOOKUP = {
    "name": "string_lookup", "trainable": True, "dtype": POLICY, "invert": False, "max_tokens": None,
    "num_oov_indices": 1, "oov_token": "[UNK]", "mask_token": None, "output_mode": "int", "sparse": False,
    "pad_to_max_tokens": False, "idf_weights": None, "vocabulary": None, "vocabulary_size": 3,
    "oov_method": "floormod", "salt": None, "encoding": "utf-8",
}  # fmt: skip


def written_by_keras(kind: str, config: dict[str, Any], terms: list[str], weights: Any = None) -> io.BytesIO:
    """A file laid out as Keras does with TensorFlow, which is not here to write one."""
    import h5py

    start = {"batch_shape": [None, 1], "dtype": "string", "sparse": False, "ragged": False, "name": "input_layer"}
    parts = [
        {"module": "keras.layers", "class_name": "InputLayer", "config": start, "registered_name": None},
        {
            "module": "keras.layers",
            "class_name": kind,
            "config": config,
            "registered_name": None,
            "build_config": {"input_shape": [None, 1]},
        },
    ]
    inner = {"name": "sequential", "trainable": True, "dtype": POLICY, "layers": parts, "build_input_shape": [None, 1]}
    whole = {
        "module": "keras", "class_name": "Sequential", "config": inner, "registered_name": None,
        "build_config": {"input_shape": [None, 1]},
    }  # fmt: skip
    numbers, name = io.BytesIO(), config["name"]
    with h5py.File(numbers, "w") as file:
        for path in (f"layers/{name}", f"layers/{name}/_lookup_layer"):
            group = file.create_group(f"{path}/vars")
            if weights is not None:
                group["idf_weights"] = np.array(weights, "float32")
    stream, text = io.BytesIO(), "\n".join(terms)
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}')
        archive.writestr("config.json", json.dumps(whole))
        archive.writestr("model.weights.h5", numbers.getvalue())
        archive.writestr(f"assets/layers/{name}/vocabulary.txt", text)
        if kind == "TextVectorization":
            archive.writestr(f"assets/layers/{name}/_lookup_layer/vocabulary.txt", text)
    stream.seek(0)
    return stream


def test_files_as_keras_lays_them_out_are_read() -> None:
    weights = [0.5, 1.0, 2.0, 4.0]
    loaded = load_model(
        written_by_keras("TextVectorization", VECTORIZATION, ["[UNK]", "good", "film", "good film"], weights)
    )
    assert loaded.layers[0].get_vocabulary() == ["[UNK]", "good", "film", "good film"]
    assert loaded.predict(np.array([["A GOOD film, good!"]]), verbose=0).tolist() == [[1.5, 2.0, 2.0, 4.0]]
    loaded = load_model(written_by_keras("StringLookup", LOOKUP, ["[UNK]", "x", "y"]))
    assert loaded.predict(np.array([["y"], ["z"]]), verbose=0).tolist() == [[2], [0]]
    with pytest.raises(LoadError, match="4 terms"):
        load_model(written_by_keras("TextVectorization", VECTORIZATION, ["[UNK]", "a", "b", "c"], [1.0, 2.0]))


def test_what_is_written_holds_the_settings_that_keras_writes() -> None:
    for layer, known in ((vectorize(output_mode="count"), VECTORIZATION), (lookup(), LOOKUP)):
        config = json.loads(json.dumps(layers.serialize(layer)))["config"]
        assert config.keys() == known.keys()
