"""Texts as numbers of their words."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine import ops
from engine.core.objects import deserialize_object
from engine.core.params import Param
from engine.core.tensor import Spec, as_array
from engine.layers.preprocessing.data import (
    OUTPUT_MODES,
    DataLayer,
    check_kind,
    choose,
    passes,
    refuse_sparse,
    texts_of,
)
from engine.layers.preprocessing.lookup import StringLookup
from engine.layers.preprocessing.tables import Indices, Rows
from engine.layers.spec import Ports

STANDARDIZE = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
SPLIT = ("whitespace", "character")
_WORD = re.compile(r"[^ \t\n\r\f\v]+")
_LOWER: dict[int, str | None] = dict(zip(map(ord, string.ascii_uppercase), string.ascii_lowercase, strict=True))
_STRIP: dict[int, str | None] = dict.fromkeys(map(ord, string.punctuation))
_TABLES: dict[str, dict[int, str | None]] = {
    "lower": _LOWER,
    "strip_punctuation": _STRIP,
    "lower_and_strip_punctuation": {**_LOWER, **_STRIP},
}
"""What TensorFlow changes: letters and punctuation of ASCII only."""


class Tokenizer:
    """Texts to lists of terms: made alike, taken apart, joined to n-grams.

    Args:
        standardize: one of `STANDARDIZE`, a function of an array of texts, or None.
        split: one of `SPLIT`, a function from an array of texts to lists of terms, or None.
        ngrams: longest run of terms that is joined, or the lengths of the runs, or None for terms as they are.
    """

    def __init__(self, standardize: Any, split: Any, ngrams: Any, owner: str, encoding: str) -> None:
        self._standardize, self._split, self._ngrams = standardize, split, ngrams
        self.owner, self._encoding = owner, encoding

    @property
    def splits(self) -> bool:
        """Whether texts are taken apart (else each is a term)."""
        return self._split is not None

    @property
    def changes_width(self) -> bool:
        """Whether the number of terms in a row is not that of the texts in it."""
        return self._split is not None or self._ngrams is not None

    def documents(self, array: np.ndarray[Any, Any]) -> list[list[str]]:
        """The terms of each text (of each row, if texts are not taken apart).

        Raises:
            ValueError: several texts in a row that are to be taken apart.
        """
        texts = self.standardized(array)
        if self._split is None:
            width = array.shape[-1] if array.ndim > 1 else 1
            rows = [texts[i : i + width] for i in range(0, len(texts), max(width, 1))]
        else:
            if array.ndim > 1 and array.shape[-1] != 1:
                raise ValueError(
                    "When using `TextVectorization` to tokenize strings, the input rank must be 1 or the last shape "
                    f"dimension must be 1. Received: inputs.shape={array.shape} with rank={array.ndim}"
                )
            rows = self._taken_apart(texts)
        return rows if self._ngrams is None else [_ngrams(row, self._ngrams) for row in rows]

    def standardized(self, array: np.ndarray[Any, Any]) -> list[str]:
        """The texts, made alike."""
        texts = texts_of(array, self.owner, self._encoding)
        if callable(self._standardize):
            given = np.array(texts, dtype=str).reshape(array.shape)
            return texts_of(as_array(self._standardize(given)), self.owner, self._encoding)
        if self._standardize is None:
            return texts
        table = _TABLES[self._standardize]
        return [text.translate(table) for text in texts]

    def _taken_apart(self, texts: list[str]) -> list[list[str]]:
        if self._split == "whitespace":
            return [_WORD.findall(text) for text in texts]
        if self._split == "character":
            return [list(text) for text in texts]
        given = np.array(texts, dtype=str)
        return [texts_of(as_array(list(row)), self.owner) if len(row) else [] for row in self._split(given)]


def _ngrams(terms: Sequence[str], widths: int | tuple[int, ...]) -> list[str]:
    """All runs of neighbouring terms, width by width."""
    if isinstance(widths, int):
        widths = tuple(range(1, min(widths, len(terms)) + 1))
    return [" ".join(terms[i : i + width]) for width in widths for i in range(len(terms) - width + 1)]


class _Terms:
    """Step from texts to rows of their terms, filled up with empty texts."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def infer(self, spec: Spec) -> Spec:
        check_kind(spec, True, self._tokenizer.owner)
        width = spec.shape[-1] if not self._tokenizer.changes_width and len(spec.shape) > 1 else None
        return Spec((*spec.shape[:1], width), "string")

    def __call__(self, x: Any) -> Any:
        documents = self._tokenizer.documents(x)
        result = np.full((len(documents), max(map(len, documents), default=0)), "", object)
        for row, terms in zip(result, documents, strict=True):
            row[: len(terms)] = terms
        return result if x.ndim else result[0]


class _Sequences:
    """Step from texts to rows of numbers, filled up with zeros."""

    def __init__(self, tokenizer: Tokenizer, indices: Indices, length: int | None) -> None:
        self._tokenizer, self._indices, self._length = tokenizer, indices, length

    def _in_place(self) -> bool:
        return self._length is None and not self._tokenizer.changes_width

    def infer(self, spec: Spec) -> Spec:
        self._indices.infer(spec)
        if self._in_place():
            return Spec(spec.shape, "int64")
        return Spec((*spec.shape[:1], self._length), "int64")

    def __call__(self, x: Any) -> Any:
        documents = self._tokenizer.documents(x)
        if self._in_place():
            return self._indices.find([term for row in documents for term in row]).reshape(x.shape)
        length = max(map(len, documents), default=0) if self._length is None else self._length
        result = np.zeros((len(documents), length), np.int64)
        for row, terms in zip(result, documents, strict=True):
            numbers = self._indices.find(terms[:length])
            row[: len(numbers)] = numbers
        return result if x.ndim else result[0]


class _TextRows:
    """Step from texts to a row for each: marks, counts or weights of the terms."""

    def __init__(self, tokenizer: Tokenizer, indices: Indices, rows: Rows) -> None:
        self._tokenizer, self._indices, self._rows = tokenizer, indices, rows

    def infer(self, spec: Spec) -> Spec:
        self._indices.infer(spec)
        row = self._rows.infer(Spec((None, None), "string"))
        return Spec((*spec.shape[:1], row.shape[-1]), row.dtype)

    def __call__(self, x: Any) -> Any:
        documents = self._tokenizer.documents(x)
        owners = np.repeat(np.arange(len(documents)), [len(terms) for terms in documents])
        numbers = self._indices.find([term for terms in documents for term in terms])
        result = self._rows.counted(owners, numbers, len(documents))
        return result if x.ndim else result[0]


class TextVectorization(
    DataLayer,
    category="preprocessing",
    keras="keras.layers:TextVectorization",
    ports=Ports(ranks=(1, 2), dtypes="string"),
):
    """Texts as sequences of numbers of their words, or as one row that marks, counts or weighs each word.

    Texts are made alike (`standardize`), taken apart (`split`), joined to n-grams, and looked up in a vocabulary that
    `adapt(data)` learns or that is given. 0 is for padding, 1 for unknown terms. Without `output_sequence_length`,
    sequences are as long as the longest text of a batch.
    """

    max_tokens: int | None = Param(None, ge=2, doc="Most terms, those for padding and unknown terms counted.")
    standardize: str | None = Param(
        "lower_and_strip_punctuation", choices=STANDARDIZE, doc="How texts are made alike; None leaves them."
    )
    split: str | None = Param("whitespace", choices=SPLIT, doc="How texts are taken apart; None leaves them.")
    ngrams: int | None = Param(None, ge=1, doc="Longest run of neighbouring words that is a term of its own.")
    output_mode: str = Param("int", choices=tuple(OUTPUT_MODES), doc="What a text becomes.")
    output_sequence_length: int | None = Param(None, ge=0, doc="Length to which sequences are cut or filled up.")
    pad_to_max_tokens: bool = Param(False, advanced=True, doc="Rows of `max_tokens` even for smaller vocabularies.")
    vocabulary: Any = Param(None, kind="Any", nullable=True, doc="Terms in order, or the path of a file of them.")
    idf_weights: Any = Param(None, kind="Any", nullable=True, advanced=True, doc='Weight of each term, for "tf_idf".')
    sparse: bool = Param(False, advanced=True, doc="Not available here; rows are always whole.")
    ragged: bool = Param(False, advanced=True, doc="Not available here; rows are always of one length.")
    encoding: str = Param("utf-8", advanced=True, doc="How bytes are read as text.")
    FILE_SETTINGS = ("vocabulary_size", "has_input_vocabulary")

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._check_types(max_tokens=max_tokens, pad_to_max_tokens=pad_to_max_tokens)
        output_mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(output_mode, output_mode)
        if ragged:
            raise ValueError("`ragged=True` can only be used with the TensorFlow backend. Leave it out here.")
        _check(standardize, split, ngrams, output_mode, output_sequence_length)
        refuse_sparse(sparse, output_mode)
        hidden = {key: kwargs.pop(key) for key in self.FILE_SETTINGS if key in kwargs}
        super().__init__(name=name, **kwargs)
        self.standardize, self.split, self.ngrams, self.ragged = standardize, split, ngrams, ragged
        self.output_sequence_length = output_sequence_length
        self._tokenizer = Tokenizer(standardize, split, ngrams, self.name, encoding)
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            pad_to_max_tokens=pad_to_max_tokens,
            mask_token="",
            output_mode=output_mode,
            sparse=sparse,
            encoding=encoding,
            **hidden,
        )
        self.output_mode = output_mode

    # The vocabulary is the inner layer's.
    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The terms by their number; those for padding and unknown terms first, if they are wanted."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Number of terms, those for padding and unknown terms counted."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Take the terms of a list, or of a file with one on each line (see `StringLookup`)."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights=idf_weights)

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary from texts: an array, a list, or batches of them."""
        self.reset_state()
        for part, _ in passes(data, steps):
            self.update_state(part)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the terms of a batch of texts."""
        self._lookup_layer.count_documents(self._tokenizer.documents(as_array(data)))

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self._lookup_layer.finalize_state()

    def reset_state(self) -> None:
        """Forget what was counted; the vocabulary stays."""
        self._lookup_layer.reset_state()

    # Calling.
    def _convert_input(self, x: Any) -> Any:
        return x

    @property
    def compute_dtype(self) -> str:
        return "string"

    @property
    def variable_dtype(self) -> str:
        return "string"

    def call(self, inputs: Any) -> Any:
        lookup = self._lookup_layer
        if self.output_mode == "int":
            step = _Sequences(self._tokenizer, lookup.indices(self.name), self.output_sequence_length)
            return ops.host_call([inputs], step=step)
        if self.output_mode == "one_hot":
            terms = ops.host_call([inputs], step=_Terms(self._tokenizer))
            return ops.host_call([terms], step=lookup.rows(self.name))
        return ops.host_call(
            [inputs], step=_TextRows(self._tokenizer, lookup.indices(self.name), lookup.rows(self.name))
        )

    # Files.
    def get_config(self) -> dict[str, Any]:
        lookup = self._lookup_layer.get_config()
        own = ("standardize", "split", "ngrams", "output_mode", "output_sequence_length", "ragged")
        inner = ("max_tokens", "pad_to_max_tokens", "sparse", "vocabulary", "idf_weights", "encoding")
        base = {"name": self.name, "trainable": self._trainable, "dtype": self._dtype_config()}
        known = {**{k: getattr(self, k) for k in own}, **{k: lookup[k] for k in inner}}
        return {**base, **known, "vocabulary_size": self.vocabulary_size()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer from its settings; functions among them are looked up by name."""
        config = dict(config)
        for key in ("standardize", "split"):
            if isinstance(config.get(key), dict):
                config[key] = deserialize_object(config[key])
        if isinstance(config.get("ngrams"), list):
            config["ngrams"] = tuple(config["ngrams"])
        return cls(**config)

    def get_build_config(self) -> dict[str, Any] | None:
        return None if self._build_shapes is None else {"input_shape": self._build_shapes}

    def save_own_variables(self, store: Any) -> None:
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary into a folder, unless the config holds it."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Read what `save_assets` wrote."""
        self._lookup_layer.load_assets(dir_path)


def _check(standardize: Any, split: Any, ngrams: Any, output_mode: str, length: Any) -> None:
    words: tuple[tuple[str, Any, tuple[str, ...]], ...]
    words = (("standardize", standardize, STANDARDIZE), ("split", split, SPLIT))
    for name, value, allowed in words:
        if value is not None and not isinstance(value, Callable):  # type: ignore[arg-type]
            choose(value, allowed, "TextVectorization", name)
    choose(output_mode, tuple(OUTPUT_MODES), "TextVectorization", "output_mode")
    whole = isinstance(ngrams, tuple) and all(isinstance(item, int) for item in ngrams)
    if not (ngrams is None or isinstance(ngrams, int) or whole):
        raise ValueError(f"`ngrams` must be None, an integer, or a tuple of integers. Received: ngrams={ngrams}")
    if output_mode == "int" and not (length is None or isinstance(length, int)):
        raise ValueError(
            "`output_sequence_length` must be either None or an integer when `output_mode` is 'int'. "
            f"Received: output_sequence_length={length}"
        )
    if output_mode != "int" and length is not None:
        raise ValueError(
            "`output_sequence_length` must not be set if `output_mode` is not 'int'. "
            f"Received output_sequence_length={length}."
        )


__all__ = ["TextVectorization"]
