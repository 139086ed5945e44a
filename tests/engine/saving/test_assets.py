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
