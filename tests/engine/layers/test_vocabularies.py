"""Vocabularies and texts: documented results of Keras, scikit-learn's counts, and what must hold whatever the data."""

from __future__ import annotations

import os
import string
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

import engine
from engine import layers
from engine.data.dataset import Dataset

TEXTS = ["the quick brown fox", "The lazy dog!", "a quick dog, a quick fox", ""]


def values(x: Any) -> Any:
    return np.asarray(x).tolist()


def test_terms_are_learned_by_frequency_and_ties_fall() -> None:
    layer = layers.StringLookup()
    layer.adapt(["a", "a", "a", "b", "b", "c", "d"])
    assert layer.get_vocabulary() == ["[UNK]", "a", "b", "d", "c"]
    assert layer.get_vocabulary(include_special_tokens=False) == ["a", "b", "d", "c"]
    assert values(layer(["b", "c", "x"])) == [2, 4, 0]
    assert layer.vocabulary_size() == 5


@pytest.mark.parametrize(
    "data",
    [
        ["cat", "dog", "cat"],
        np.array([["cat"], ["dog"], ["cat"]]),
        pandas.Series(["cat", "dog", "cat"]),
        iter([["cat", "dog"], ["cat"]]),
        Dataset.from_tensor_slices(np.array(["cat", "dog", "cat"])).batch(2),
        [b"cat", b"dog", b"cat"],
    ],
    ids=["list", "array", "series", "generator", "dataset", "bytes"],
)
def test_any_kind_of_data_is_learned_from(data: Any) -> None:
    layer = layers.StringLookup(mask_token="")
    layer.adapt(data)
    assert layer.get_vocabulary() == ["", "[UNK]", "cat", "dog"]


def test_steps_end_an_endless_stream() -> None:
    def endless() -> Any:
        while True:
            yield ["cat", "dog"]

    for layer in (layers.StringLookup(), layers.TextVectorization()):
        layer.adapt(endless(), steps=3)
        assert set(layer.get_vocabulary(include_special_tokens=False)) == {"cat", "dog"}


def test_each_output_mode() -> None:
    data = [["a", "c", "d", "d"], ["d", "z", "b", "z"]]
    vocabulary = ["a", "b", "c", "d"]
    expected = {
        "int": [[1, 3, 4, 4], [4, 0, 2, 0]],
        "multi_hot": [[0, 1, 0, 1, 1], [1, 0, 1, 0, 1]],
        "count": [[0, 1, 0, 1, 2], [2, 0, 1, 0, 1]],
    }
    for mode, rows in expected.items():
        assert values(layers.StringLookup(vocabulary=vocabulary, output_mode=mode)(data)) == rows
        numbers = layers.IntegerLookup(vocabulary=[10, 20, 30, 40], output_mode=mode)
        assert values(numbers([[10, 30, 40, 40], [40, 7, 20, 7]])) == rows
    one_hot = layers.StringLookup(vocabulary=vocabulary, output_mode="one_hot")
    assert values(one_hot(["a", "z"])) == [[0, 1, 0, 0, 0], [1, 0, 0, 0, 0]]
    assert one_hot([["a"], ["b"]]).shape == (2, 5)
    assert one_hot(data).shape == (2, 4, 5)
    weighted = layers.StringLookup(vocabulary=vocabulary, idf_weights=[0.25, 0.75, 0.6, 0.4], output_mode="tf_idf")
    rows = weighted([["a", "c", "d", "d"], ["d", "z", "b", "z"]])
    np.testing.assert_allclose(np.asarray(rows), [[0, 0.25, 0, 0.6, 0.8], [1.0, 0, 0.75, 0, 0.4]], rtol=1e-6)


def test_masks_and_unknown_terms_have_their_places() -> None:
    layer = layers.StringLookup(vocabulary=["a", "b"], mask_token="[M]", num_oov_indices=3)
    assert layer.get_vocabulary() == ["[M]", "[UNK]", "[UNK]", "[UNK]", "a", "b"]
    found = np.asarray(layer(["[M]", "a", "b", *string.ascii_lowercase[5:]]))
    assert found[:3].tolist() == [0, 4, 5]
    assert set(found[3:].tolist()) == {1, 2, 3}
    salted = layers.StringLookup(vocabulary=["a", "b"], mask_token="[M]", num_oov_indices=3, salt=[137, 42])
    assert values(salted(list(string.ascii_lowercase[5:]))) != found[3:].tolist()
    rows = layers.StringLookup(vocabulary=["a"], mask_token="", output_mode="count")
    assert values(rows([["", "a", "a", "x"]])) == [[1, 2]]
    numbers = layers.IntegerLookup(vocabulary=[12, 36, 1138, 42], num_oov_indices=2)
    assert values(numbers([[12, 1138, 42], [37, 1000, 36]])) == [[2, 4, 5], [1, 0, 3]]
    strict = layers.IntegerLookup(vocabulary=[1, 2], num_oov_indices=0)
    assert values(strict([1, 2])) == [0, 1]
    with pytest.raises(ValueError, match="found OOV values"):
        strict([3])


def test_numbers_lead_back_to_terms() -> None:
    vocabulary = ["a", "b", "c", "d"]
    there, back = (layers.StringLookup(vocabulary=vocabulary, invert=invert) for invert in (False, True))
    assert values(back(there([["a", "c"], ["z", "b"]]))) == [["a", "c"], ["[UNK]", "b"]]
    numbers = layers.IntegerLookup(vocabulary=[5, 7], invert=True)
    assert values(numbers([[1, 2, 0]])) == [[5, 7, -1]]
    model = engine.Sequential([engine.Input((2,), dtype="int64"), back])
    assert model.predict(np.array([[1, 3], [0, 2]]), verbose=0).tolist() == [["a", "c"], ["[UNK]", "b"]]


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=6), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_learned_terms_come_back_whatever_they_are(terms: list[str]) -> None:
    layer = layers.StringLookup(oov_token="[UNK]")
    layer.adapt(terms)
    known = [t for t in terms if t != "[UNK]"]
    numbers = np.asarray(layer(terms))
    back = layers.StringLookup(vocabulary=layer.get_vocabulary(), invert=True) if known else None
    assert back is None or values(back(numbers)) == terms
    counts = [terms.count(t) for t in layer.get_vocabulary(include_special_tokens=False)]
    assert counts == sorted(counts, reverse=True)


def test_wrong_vocabularies_are_refused() -> None:
    for arguments, words in (
        ({"vocabulary": ["a", "a"]}, "repeated term"),
        ({"vocabulary": ["a", "", "b"], "mask_token": ""}, "reserved mask token"),
        ({"vocabulary": ["a", "[UNK]"], "invert": True}, "reserved OOV token"),
        ({"vocabulary": []}, "empty vocabulary"),
        ({"vocabulary": ["a", "b", "c"], "max_tokens": 3}, "larger than the maximum"),
        ({"vocabulary": "/no/such/file"}, "does not exist"),
        ({"vocabulary": ["a"], "output_mode": "tf_idf"}, "idf_weights"),
        ({"idf_weights": [1.0]}, "should only be set"),
        ({"max_tokens": 1}, "greater than 1"),
        ({"pad_to_max_tokens": True}, "must set `max_tokens`"),
        ({"num_oov_indices": -1}, "greater than or equal to 0"),
        ({"output_mode": "row"}, "output_mode"),
        ({"invert": True, "output_mode": "count"}, "when `invert` is true"),
        ({"sparse": True, "output_mode": "count"}, "sparse"),
        ({"units": 3}, "Unrecognized"),
    ):
        with pytest.raises(ValueError, match=words):
            layers.StringLookup(**arguments)
    with pytest.raises(ValueError, match="farmhash"):
        layers.IntegerLookup(salt=3)
    fixed = layers.StringLookup(vocabulary=["a"])
    with pytest.raises(ValueError, match="Cannot adapt"):
        fixed.adapt(["b"])


def test_settings_of_another_type_are_told_in_a_sentence() -> None:
    for make in (
        lambda: layers.StringLookup(max_tokens="5"),
        lambda: layers.IntegerLookup(max_tokens=[5]),
        lambda: layers.TextVectorization(max_tokens="many"),
        lambda: layers.CategoryEncoding("4"),
        lambda: layers.Hashing("4"),
        lambda: layers.Discretization(num_bins="4"),
    ):
        with pytest.raises(engine.ParamError, match="is a whole number"):
            make()


def test_frames_feed_models_with_texts_and_numbers() -> None:
    frame = pandas.DataFrame({"word": ["a", "b", "a", "c"], "size": [1.0, 2.0, 3.0, 4.0]})
    word, size = engine.Input((1,), dtype="string", name="word"), engine.Input((1,), name="size")
    rows = layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(word)
    model = engine.Model({"word": word, "size": size}, layers.Dense(1)(layers.Concatenate()([rows, size])))
    model.compile("sgd", "mse")
    columns = {name: frame[name] for name in frame}
    model.fit(columns, np.arange(4.0), verbose=0)
    arrays = {name: frame[name].to_numpy() for name in frame}
    np.testing.assert_array_equal(model.predict(columns, verbose=0), model.predict(arrays, verbose=0))
    assert model.predict_on_batch(arrays).shape == (4, 1)
    assert np.isfinite(model.train_on_batch(arrays, np.arange(4.0)))


def test_rows_keep_their_length() -> None:
    layer = layers.StringLookup(output_mode="count")
    with pytest.raises(RuntimeError, match="vocabulary before calling"):
        layer(["a"])
    layer.adapt(["a", "b"])
    with pytest.raises(RuntimeError, match="cannot be changed"):
        layer.set_vocabulary(["a", "b", "c"])
    padded = layers.StringLookup(max_tokens=6, pad_to_max_tokens=True, output_mode="count")
    padded.adapt(["a", "b"])
    assert values(padded([["b", "b", "x"]])) == [[1, 2, 0, 0, 0, 0]]


def test_a_file_gives_the_vocabulary(tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    path.write_text("a\nb\nc\n")
    layer = layers.StringLookup(vocabulary=str(path), oov_token="[OOV]", mask_token="[MASK]")
    assert layer.get_vocabulary() == ["[MASK]", "[OOV]", "a", "b", "c"]
    assert layer.get_config()["vocabulary"] is None
    path.write_text("7\n9\n")
    assert layers.IntegerLookup(vocabulary=str(path)).get_vocabulary() == [-1, 7, 9]


def test_texts_become_sequences() -> None:
    for layer in (
        layers.TextVectorization(max_tokens=5000, output_sequence_length=4),
        layers.TextVectorization(output_sequence_length=4, vocabulary=["baz", "bar", "foo"]),
    ):
        if not layer.get_config()["vocabulary"]:
            layer.adapt(["foo bar", "bar baz", "baz bada boom"])
        assert values(layer([["foo qux bar"], ["qux baz"]])) == [[4, 1, 3, 0], [1, 2, 0, 0]]
        assert values(layer("foo qux bar baz baz")) == [4, 1, 3, 2]
    open_ = layers.TextVectorization(vocabulary=["hello", "world"])
    assert values(open_(["Hello, World!", "hello", "..."])) == [[2, 3], [2, 0], [0, 0]]
    assert values(open_([])) == []
    with pytest.raises(ValueError, match="rank must be 1"):
        open_([["a", "b"]])


def test_texts_are_made_alike_as_tensorflow_does() -> None:
    def learned(**settings: Any) -> list[str]:
        layer = layers.TextVectorization(**settings)
        layer.adapt(["Ünï Foo-bar, foo\u00a0x"])
        return sorted(layer.get_vocabulary(include_special_tokens=False))

    assert learned() == ["foobar", "foo\u00a0x", "Ünï"]
    assert learned(standardize="lower") == ["foo-bar,", "foo\u00a0x", "Ünï"]
    assert learned(standardize=None, split=None) == ["Ünï Foo-bar, foo\u00a0x"]
    assert learned(standardize="strip_punctuation") == ["Foobar", "foo\u00a0x", "Ünï"]
    assert learned(standardize=np.char.upper) == ["FOO-BAR,", "FOO\u00a0X", "ÜNÏ"]
    assert learned(split=lambda texts: [text.split("-") for text in texts], standardize=None) == [
        "bar, foo\u00a0x",
        "Ünï Foo",
    ]
    assert "x" in learned(split="character")


def test_neighbouring_words_are_joined() -> None:
    words = "earth wind and fire"
    for ngrams, expected in (
        (2, ["earth", "wind", "and", "fire", "earth wind", "wind and", "and fire"]),
        ((3, 1), ["earth wind and", "wind and fire", "earth", "wind", "and", "fire"]),
        ((9,), []),
    ):
        layer = layers.TextVectorization(ngrams=ngrams, vocabulary=expected or ["x"])
        assert values(layer([words])) == [list(range(2, len(expected) + 2))]


def test_counts_are_those_of_scikit_learn() -> None:
    alike = {"token_pattern": r"[^ ]+", "preprocessor": lambda text: text.lower().translate(STRIP)}
    theirs = CountVectorizer(**alike)
    counts = theirs.fit_transform(TEXTS).toarray()
    terms = theirs.get_feature_names_out().tolist()
    layer = layers.TextVectorization(output_mode="count", vocabulary=terms)
    np.testing.assert_array_equal(np.asarray(layer(TEXTS))[:, 1:], counts)
    marks = layers.TextVectorization(output_mode="multi_hot", vocabulary=terms)
    np.testing.assert_array_equal(np.asarray(marks(TEXTS))[:, 1:], counts > 0)
    pairs = CountVectorizer(**alike, ngram_range=(1, 2))
    expected = pairs.fit_transform(TEXTS).toarray()
    joined = layers.TextVectorization(output_mode="count", ngrams=2, vocabulary=pairs.get_feature_names_out().tolist())
    np.testing.assert_array_equal(np.asarray(joined(TEXTS))[:, 1:], expected)


STRIP = str.maketrans("", "", string.punctuation)


@pytest.mark.parametrize("pad", [False, True])
def test_weights_are_learned_as_documented(pad: bool) -> None:
    """log(1 + documents / (1 + documents with the term)); unknown terms weigh the mean."""
    layer = layers.TextVectorization(output_mode="tf_idf", max_tokens=20, pad_to_max_tokens=pad)
    layer.adapt(TEXTS)
    terms = layer.get_vocabulary(include_special_tokens=False)
    holding = [sum(term in text.lower().translate(STRIP).split() for text in TEXTS) for term in terms]
    weights = np.log(1 + len(TEXTS) / (1 + np.array(holding)))
    expected = np.zeros(20 if pad else len(terms) + 1)
    expected[1 : len(terms) + 1] = weights
    expected[0] = weights.mean()
    one_each = np.asarray(layer([" ".join([*terms, "unknown"])]))[0]
    np.testing.assert_allclose(one_each, expected, rtol=1e-6)


def test_text_settings_that_make_no_sense_are_refused() -> None:
    for arguments, words in (
        ({"standardize": "upper"}, "standardize"),
        ({"split": "line"}, "split"),
        ({"ngrams": [1, 2]}, "ngrams"),
        ({"output_sequence_length": 2.5}, "output_sequence_length"),
        ({"output_mode": "count", "output_sequence_length": 3}, "must not be set"),
        ({"ragged": True}, "ragged"),
        ({"output_mode": "rows"}, "output_mode"),
    ):
        with pytest.raises(ValueError, match=words):
            layers.TextVectorization(**arguments)


@pytest.mark.parametrize("length", [6, None])
def test_a_model_learns_from_texts(length: int | None) -> None:
    texts = np.array([["a fine film"], ["a dreadful film"], ["fine work"], ["dreadful, dreadful work"]] * 8)
    y = np.array([1, 0, 1, 0] * 8)
    vectorize = layers.TextVectorization(output_sequence_length=length)
    vectorize.adapt(texts)
    engine.utils.set_random_seed(3)
    x = inputs = engine.Input((1,), dtype="string")
    for layer in (vectorize, layers.Embedding(10, 8), layers.GlobalAveragePooling1D(), layers.Dense(1, "sigmoid")):
        x = layer(x)
    model = engine.Model(inputs, x)
    assert model.layers[1].output.shape == (None, length)
    model.compile(engine.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    model.fit(texts, y, epochs=15, verbose=0)
    assert model.evaluate(texts, y, verbose=0, return_dict=True)["accuracy"] == 1.0
    assert (model.predict(texts, verbose=0)[:, 0] > 0.5).astype(int).tolist() == y.tolist()
    assert (np.asarray(model(texts))[:, 0] > 0.5).astype(int).tolist() == y.tolist()
    assert not model.train_function.eager
    assert not model.predict_function.eager


def test_batches_of_any_length_pass_through_the_plan() -> None:
    """Sequences as long as the longest text of each batch: the steps and predictions are those of the eager road."""
    texts = np.array([" ".join(["word", "other", "third"][: 1 + i % 3] * (1 + i // 3)) for i in range(20)])[:, None]
    y = np.arange(20) % 2
    results = []
    for eager in (False, True):
        engine.utils.set_random_seed(5)
        vectorize = layers.TextVectorization()
        vectorize.adapt(texts)
        model = engine.Sequential([vectorize, layers.Embedding(9, 4, mask_zero=True), layers.LSTM(3), layers.Dense(1)])
        model.compile("adam", "mse", metrics=["mae"], run_eagerly=eager)
        history = model.fit(texts, y, batch_size=4, epochs=2, shuffle=False, verbose=0).history
        results.append([history["loss"], history["mae"], model.predict(texts, batch_size=3, verbose=0)[:, 0]])
        assert model.predict_function.eager == eager
    for planned, stepwise in zip(*results, strict=True):
        np.testing.assert_allclose(planned, stepwise, rtol=1e-6)


def test_numbers_where_texts_are_expected_are_told_before_any_data() -> None:
    texts = layers.TextVectorization(name="words", vocabulary=["a"])
    for layer, dtype, words in (
        (texts, "float32", "words: texts are expected, and the values are of type float32"),
        (layers.StringLookup(vocabulary=["a"], output_mode="count", name="terms"), "int32", "terms: texts"),
        (layers.IntegerLookup(vocabulary=[1], name="ids"), "string", "ids: whole numbers"),
        (layers.TextVectorization(name="rows", vocabulary=["a"], output_mode="multi_hot"), "int64", "rows: texts"),
    ):
        with pytest.raises(ValueError, match=words):
            layer(engine.Input((1,), dtype=dtype))


def test_a_new_vocabulary_reaches_a_compiled_model() -> None:
    layer = layers.StringLookup(vocabulary=["a", "b"])
    model = engine.Sequential([engine.Input((1,), dtype="string"), layer])
    assert model.predict(np.array([["b"]]), verbose=0).tolist() == [[2]]
    layer.set_vocabulary(["b", "a"])
    assert model.predict(np.array([["b"]]), verbose=0).tolist() == [[1]]


def test_layers_that_keras_runs_only_with_tensorflow_are_all_tested_by_hand() -> None:
    from engine.core import registry
    from tests.engine.layers import derive

    left = {n for n in registry.all_of("layer") if n not in derive.NO_INPUT and not derive.runs_in_keras(n)}
    assert left == {"Hashing", "HashedCrossing", "StringLookup", "IntegerLookup", "TextVectorization"}
