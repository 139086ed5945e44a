"""Tables between terms and whole numbers, and the counts from which vocabularies are made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from engine.core.tensor import Spec
from engine.kernels.hashing import fingerprint64, siphash64
from engine.layers.preprocessing.data import check_kind, texts_of

MISSING = -1
"""Number of a term that the table does not hold."""

DROPPED = np.iinfo(np.int64).max
"""Number of a masked term where rows are made: it lies outside of every row."""


class Terms:
    """The terms of a vocabulary without those for masks and unknown terms, numbered from `start`."""

    def __init__(self, terms: Iterable[Any], start: int) -> None:
        self.terms, self.start = tuple(terms), start
        self.numbers = {term: i for i, term in enumerate(self.terms, start)}

    def __len__(self) -> int:
        return len(self.terms)


class Indices:
    """Step from terms to numbers.

    Args:
        terms: the vocabulary.
        text: whether terms are texts.
        mask: (term, number) of masked places, or None.
        unknown: gives the numbers of terms that the vocabulary does not hold.
        owner: name of the layer, for errors.
    """

    def __init__(
        self, terms: Terms, text: bool, mask: tuple[Any, int] | None, unknown: Callable[[Any], Any], owner: str
    ) -> None:
        self._numbers = dict(terms.numbers)
        if mask is not None:
            self._numbers[mask[0]] = mask[1]
        self._text, self._unknown, self._owner = text, unknown, owner

    def infer(self, spec: Spec) -> Spec:
        check_kind(spec, self._text, self._owner)
        return Spec(spec.shape, "int64")

    def __call__(self, x: Any) -> Any:
        values = self.values(x)
        return self.find(values).reshape(np.shape(x))

    def values(self, x: Any) -> list[Any]:
        """The terms of an array, in order."""
        found: list[Any] = texts_of(x, self._owner) if self._text else np.asarray(x).astype("int64").ravel().tolist()
        return found

    def find(self, values: Sequence[Any]) -> Any:
        """Numbers of terms."""
        get = self._numbers.get
        found = np.fromiter((get(value, MISSING) for value in values), np.int64, len(values))
        missing = np.flatnonzero(found == MISSING)
        if len(missing):
            found[missing] = self._unknown([values[i] for i in missing.tolist()])
        return found


class Rows:
    """Step from terms to rows as long as the vocabulary: a mark, a count or a weight for each term.

    Args:
        indices: gives the numbers of terms.
        mode: "one_hot", "multi_hot", "count" or "tf_idf".
        depth: length of the rows, None while the vocabulary is not known.
        weights: of each term, for "tf_idf".
        dtype: type of the rows.
    """

    def __init__(self, indices: Indices, mode: str, depth: int | None, weights: Any, dtype: str) -> None:
        self._indices, self._mode, self._depth, self._weights, self._dtype = indices, mode, depth, weights, dtype

    def infer(self, spec: Spec) -> Spec:
        self._indices.infer(spec)
        shape = spec.shape or (1,)
        if self._mode == "one_hot":
            lead = shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape
        else:
            lead = (shape[0], *shape[2:]) if len(shape) > 1 else ()
        return Spec((*lead, self._depth), self._dtype)

    def __call__(self, x: Any) -> Any:
        numbers = np.atleast_1d(self._indices(x))
        if self._mode == "one_hot":
            if numbers.ndim > 1 and numbers.shape[-1] == 1:
                numbers = numbers[..., 0]
            return (numbers[..., None] == np.arange(self.depth())).astype(self._dtype)
        if numbers.ndim <= 2:
            rows = np.atleast_2d(numbers)
            owners = np.repeat(np.arange(len(rows)), rows.shape[1])
            return self.counted(owners, rows.ravel(), len(rows)).reshape(*numbers.shape[:-1], self.depth())
        counts = (numbers[..., None] == np.arange(self.depth())).sum(1)
        return self._finished(counts)

    def depth(self) -> int:
        """Length of the rows.

        Raises:
            RuntimeError: the vocabulary is not known yet.
        """
        if self._depth is None:
            raise RuntimeError(
                f"When using `output_mode={self._mode}` and `pad_to_max_tokens=False`, you must set the layer's "
                "vocabulary before calling it. Either pass a `vocabulary` argument to the layer, or call `adapt` with "
                "some sample data."
            )
        return self._depth

    def counted(self, owners: Any, numbers: Any, count: int) -> Any:
        """Rows for `count` samples from the number of each term and the sample it stands in."""
        depth = self.depth()
        kept = (numbers >= 0) & (numbers < depth)
        places = owners[kept] * depth + numbers[kept]
        return self._finished(np.bincount(places, minlength=count * depth).reshape(count, depth))

    def _finished(self, counts: Any) -> Any:
        if self._mode == "multi_hot":
            return (counts > 0).astype(self._dtype)
        if self._mode == "tf_idf":
            if self._weights is None:
                raise ValueError("When `output_mode` is `'tf_idf'`, `idf_weights` must be provided.")
            return counts.astype(self._dtype) * self._weights
        return counts.astype(self._dtype)


class Words:
    """Step from numbers back to terms."""

    def __init__(self, terms: Terms, text: bool, mask_token: Any, oov_token: Any) -> None:
        self._terms = dict(enumerate(terms.terms, terms.start))
        if mask_token is not None:
            self._terms[0] = mask_token
        self._text, self._oov = text, oov_token

    def infer(self, spec: Spec) -> Spec:
        return Spec(spec.shape, "string" if self._text else "int64")

    def __call__(self, x: Any) -> Any:
        numbers = np.asarray(x).astype("int64")
        found = np.empty(numbers.size, object if self._text else np.int64)
        found[:] = [self._terms.get(number, self._oov) for number in numbers.ravel().tolist()]
        return found.reshape(numbers.shape)


class Counts:
    """How often terms occurred, and in how many documents."""

    def __init__(self) -> None:
        self.terms: Counter[Any] = Counter()
        self.documents: Counter[Any] = Counter()
        self.number = 0

    def add(self, documents: Iterable[Sequence[Any]], by_document: bool) -> None:
        """Count the terms of some documents."""
        for terms in documents:
            self.terms.update(terms)
            self.number += 1
            if by_document:
                self.documents.update(set(terms))

    def ranked(self, without: Iterable[Any], most: int | None) -> list[Any]:
        """Terms, the most frequent first, equal ones in falling order, at most `most` of them."""
        left = set(self.terms) - set(without)
        return sorted(left, key=lambda term: (self.terms[term], term), reverse=True)[:most]

    def rarity(self, terms: Sequence[Any]) -> Any:
        """Inverse document frequency: log(1 + documents / (1 + documents with the term))."""
        holding = np.array([self.documents[term] for term in terms], "float64")
        return np.log1p(self.number / (1 + holding)).astype("float32")


def buckets(values: Sequence[Any], count: int, salt: tuple[int, int] | None) -> Any:
    """A number below `count` for each term: FarmHash's fingerprint, or SipHash where a salt is given."""
    texts = [str(value).encode() for value in values]
    hashes = fingerprint64(texts) if salt is None else siphash64(texts, salt)
    return (hashes % np.uint64(count)).astype("int64")


def salt_pair(salt: Any, owner: str) -> tuple[int, int] | None:
    """A salt as two numbers.

    Raises:
        ValueError: it is neither a number nor two of them.
    """
    if salt is None:
        return None
    if isinstance(salt, (tuple, list)) and len(salt) == 2:
        return int(salt[0]), int(salt[1])
    if isinstance(salt, int):
        return salt, salt
    raise ValueError(
        f"The `salt` argument for `{owner}` can only be a tuple of 2 integers, or a single integer. "
        f"Received: salt={salt}."
    )
