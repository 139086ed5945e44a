"""The vocabulary layers' common part: learning, setting, looking up and keeping terms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine import ops
from engine.core import config
from engine.core.state import STATE
from engine.core.tensor import Value, as_array
from engine.layers.preprocessing.data import OUTPUT_MODES, DataLayer, choose, passes, refuse_sparse, texts_of
from engine.layers.preprocessing.tables import DROPPED, Counts, Indices, Rows, Terms, Words, buckets, salt_pair

VOCABULARY_FILE = "vocabulary.txt"


class IndexLookup(DataLayer):
    """What text and number vocabularies share. Subclasses declare the parameters and say what a term is."""

    FILE_SETTINGS = ("vocabulary_size", "has_input_vocabulary", "oov_method", "salt", "vocabulary_dtype")
    """Settings that files may hold beside the declared ones."""

    TEXT = False
    vocabulary_dtype = "int64"
    encoding = "utf-8"

    def _begin(self, settings: dict[str, Any], extra: dict[str, Any]) -> None:
        """Check and take the settings; the vocabulary comes last."""
        for ignored in ("trainable", "dtype"):
            extra.pop(ignored, None)
        vocabulary, weights = settings.pop("vocabulary"), settings.pop("idf_weights")
        self._frozen_size = extra.pop("vocabulary_size", None)
        self._has_vocabulary = extra.pop("has_input_vocabulary", vocabulary is not None)
        settings["oov_method"] = extra.pop("oov_method", settings.get("oov_method", "floormod"))
        if extra:
            raise ValueError(f"Unrecognized keyword argument(s): {extra}")
        settings["output_mode"] = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(
            settings["output_mode"], settings["output_mode"]
        )
        self._check(settings, weights)
        self.__dict__.update(settings)
        self.salt = salt_pair(settings["salt"], "IndexLookup")
        self.input_vocabulary = None if isinstance(vocabulary, str) else _array(vocabulary)
        self.input_idf_weights = _array(weights)
        self.idf_weights: Any = None
        self._terms = Terms((), self._token_start)
        self._counts = Counts()
        if vocabulary is not None:
            if self.output_mode == "tf_idf" and weights is None:
                raise ValueError(
                    "When specifying the `vocabulary` argument, in TF-IDF output mode, the `idf_weights` argument must "
                    "also be provided."
                )
            self.set_vocabulary(vocabulary, weights)

    def _check(self, given: dict[str, Any], weights: Any) -> None:
        most, mode, name = given["max_tokens"], given["output_mode"], type(self).__name__
        if most is not None and most <= 1:
            raise ValueError(f"If set, `max_tokens` must be greater than 1. Received: max_tokens={most}")
        if given["pad_to_max_tokens"] and most is None:
            raise ValueError(f"If pad_to_max_tokens is True, must set `max_tokens`. Received: max_tokens={most}")
        if given["num_oov_indices"] < 0:
            raise ValueError(
                "`num_oov_indices` must be greater than or equal to 0. "
                f"Received: num_oov_indices={given['num_oov_indices']}"
            )
        choose(given["oov_method"], ("floormod", "farmhash"), name, "oov_method")
        if given["salt"] is not None and not self.TEXT and given["oov_method"] != "farmhash":
            raise ValueError(
                f"`salt` can only be used when `oov_method='farmhash'`. Received: oov_method={given['oov_method']}"
            )
        choose(mode, tuple(OUTPUT_MODES), name, "output_mode")
        if given["invert"] and mode != "int":
            raise ValueError(f"`output_mode` must be `'int'` when `invert` is true. Received: output_mode={mode}")
        refuse_sparse(given["sparse"], mode)
        if weights is not None and mode != "tf_idf":
            raise ValueError(
                f"`idf_weights` should only be set if `output_mode` is `'tf_idf'`. Received: idf_weights={weights} "
                f"and output_mode={mode}"
            )

    # Places of the special terms.
    @property
    def _oov_start(self) -> int:
        return 1 if self.mask_token is not None and self.output_mode == "int" else 0

    @property
    def _token_start(self) -> int:
        return self._oov_start + int(self.num_oov_indices)

    def _special_tokens(self) -> list[Any]:
        return [self.mask_token] * self._oov_start + [self.oov_token] * self.num_oov_indices

    # The vocabulary.
    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The terms by their number; those for masks and unknown terms first, if they are wanted."""
        special = self._special_tokens() if include_special_tokens else []
        return [*special, *self._terms.terms]

    def vocabulary_size(self) -> int:
        """Number of terms, those for masks and unknown terms counted."""
        return len(self._terms) + self._token_start

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Take the terms of a list, or of a file with one on each line, instead of learning them.

        Args:
            vocabulary: terms in order, with or without the special ones in front; or a path.
            idf_weights: weight of each, for "tf_idf" only.

        Raises:
            ValueError: terms twice, special terms out of place, more than `max_tokens`, or an unknown file.
        """
        self._check_weights(idf_weights)
        if isinstance(vocabulary, str):
            self._take(self._from_file(vocabulary))
            return
        terms = self._plain(as_array(vocabulary))
        if not terms:
            raise ValueError(f"Cannot set an empty vocabulary. Received: vocabulary={vocabulary}")
        special = self._special_tokens()
        found_special = bool(special) and terms[: len(special)] == special
        tokens = terms[len(special) :] if found_special else terms
        self._check_terms(tokens, terms)
        self._take(tokens)
        if idf_weights is not None:
            self._set_weights(as_array(idf_weights), len(terms), found_special)

    def _check_weights(self, idf_weights: Any) -> None:
        if self.output_mode == "tf_idf":
            if idf_weights is None:
                raise ValueError("`idf_weights` must be set if output_mode is 'tf_idf'.")
        elif idf_weights is not None:
            raise ValueError(
                "`idf_weights` should only be set if output_mode is `'tf_idf'`. "
                f"Received: output_mode={self.output_mode} and idf_weights={idf_weights}"
            )

    def _plain(self, array: Any) -> list[Any]:
        if self.TEXT:
            return texts_of(array, self.name, self.encoding)
        found: list[Any] = np.asarray(array).astype("int64").ravel().tolist()
        return found

    def _from_file(self, path: str) -> list[Any]:
        if STATE.opening_file:
            raise ValueError(
                "Requested the loading of a vocabulary file outside of the model archive. A file that is opened may "
                f"not read other files. Vocabulary file: '{path}'"
            )
        if not Path(path).is_file():
            raise ValueError(f"Vocabulary file {path} does not exist.")
        if self.output_mode == "tf_idf":
            raise ValueError("output_mode `'tf_idf'` does not support loading a vocabulary from file.")
        tokens = self._read(Path(path).read_text("utf-8"))
        self._check_repeats(tokens)
        return tokens

    def _read(self, text: str) -> list[Any]:
        lines = text.replace("\r\n", "\n").split("\n")
        while lines and not lines[-1]:
            lines.pop()
        return list(lines) if self.TEXT else [int(line) for line in lines]

    def _check_repeats(self, tokens: list[Any]) -> None:
        if len(set(tokens)) != len(tokens):
            seen: set[Any] = set()
            repeated = sorted({t for t in tokens if t in seen or seen.add(t)})  # type: ignore[func-returns-value]
            raise ValueError(
                "The passed vocabulary has at least one repeated term. Please uniquify your dataset. "
                f"The repeated terms are: {repeated}"
            )

    def _check_terms(self, tokens: list[Any], vocabulary: list[Any]) -> None:
        self._check_repeats(tokens)
        reserved = [("mask", self.mask_token)] + ([("oov", self.oov_token)] if self.invert else [])
        for kind, token in reserved:
            if token is not None and token in tokens:
                raise ValueError(
                    f"Found reserved {kind.upper() if kind == 'oov' else kind} token at unexpected location in "
                    "`vocabulary`. Note that passed `vocabulary` does not need to include the OOV and mask tokens. "
                    "Either remove all mask and OOV tokens, or include them only at the start of the vocabulary in "
                    f"precisely this order: {self._special_tokens()}. Received: {kind}_token={token} at vocabulary "
                    f"index {[i for i, t in enumerate(vocabulary) if t == token][-1]}"
                )
        size = self._token_start + len(tokens)
        if self.max_tokens is not None and size > self.max_tokens:
            raise ValueError(
                "Attempted to set a vocabulary larger than the maximum vocab size. "
                f"Received vocabulary size is {size}; `max_tokens` is {self.max_tokens}."
            )

    def _take(self, tokens: list[Any]) -> None:
        self._terms = Terms(tokens, self._token_start)
        self._record_size()
        self._changed()

    def _record_size(self) -> None:
        size = self.vocabulary_size()
        if self.output_mode != "int" and not self.pad_to_max_tokens and self._frozen_size not in (None, size):
            raise RuntimeError(
                f"When using `output_mode={self.output_mode}` and `pad_to_max_tokens=False`, the vocabulary size "
                f"cannot be changed after the layer is called. Old vocab size is {self._frozen_size}, new vocab size "
                f"is {size}"
            )
        self._frozen_size = size

    def _set_weights(self, weights: Any, count: int, found_special: bool) -> None:
        if len(weights) != count:
            raise ValueError(
                f"`idf_weights` must be the same length as vocabulary. len(idf_weights) is {len(weights)}; "
                f"len(vocabulary) is {count}"
            )
        if weights.ndim != 1:
            raise ValueError(f"TF-IDF data must be a 1-index array. Received: type(idf_weights)={type(weights)}")
        self._pad_weights(weights, 0 if found_special else self._token_start)

    def _pad_weights(self, weights: Any, front: int) -> None:
        """Weights for unknown terms (the mean) before, zeros up to `max_tokens` behind."""
        back = self.max_tokens - front - len(weights) if self.pad_to_max_tokens else 0
        padded = [np.full(front, weights.mean()), weights, np.zeros(back)]
        self.idf_weights = np.concatenate(padded).astype(config.floatx())

    # Learning.
    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the vocabulary: terms by how often they occur in an array, a list, or batches of them."""
        self.reset_state()
        for part, whole in passes(data, steps):
            array = as_array(part)
            self.update_state(array[:, None] if whole and array.ndim == 1 else array)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the terms of a batch; each row is a document."""
        array = as_array(data)
        width = array.shape[-1] if array.ndim > 1 else array.size
        values = self._plain(array)
        self.count_documents([values[i : i + width] for i in range(0, len(values), max(width, 1))])

    def count_documents(self, documents: list[list[Any]]) -> None:
        """Count the terms of some documents."""
        if self._has_vocabulary:
            raise ValueError(
                f"Cannot adapt layer '{self.name}' after setting a static vocabulary via `vocabulary` argument or "
                "`set_vocabulary()` method."
            )
        self._counts.add(documents, by_document=self.output_mode == "tf_idf")

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        if self._has_vocabulary or not self._counts.terms:
            self._record_size()
            return
        most = self.max_tokens - self._token_start if self.max_tokens else None
        terms = self._counts.ranked([t for t in (self.mask_token, self.oov_token) if t is not None], most)
        if self.output_mode == "tf_idf":
            self._pad_weights(self._counts.rarity(terms), self._token_start)
        self._take(terms)
        self.reset_state()

    def reset_state(self) -> None:
        """Forget what was counted; the vocabulary stays."""
        self._counts = Counts()

    # Calling.
    def _convert_input(self, x: Any) -> Any:
        return x

    def _unknown(self, values: list[Any]) -> Any:
        """Numbers of terms that the vocabulary does not hold."""
        count = int(self.num_oov_indices)
        if count == 0:
            raise ValueError(
                f"When `num_oov_indices=0` all inputs should be in vocabulary, found OOV values {values[:8]}, "
                "consider setting `num_oov_indices=1`."
            )
        if count == 1:
            return self._oov_start
        if not self.TEXT and self.oov_method != "farmhash":
            return self._oov_start + np.array(values) % count
        return self._oov_start + buckets(values, count, self.salt)

    def indices(self, owner: str = "") -> Indices:
        """The step from terms to numbers, as things stand; errors name `owner`, or this layer."""
        masked = 0 if self.output_mode == "int" else DROPPED
        mask = None if self.mask_token is None else (self.mask_token, masked)
        return Indices(self._terms, self.TEXT, mask, self._unknown, owner or self.name)

    def call(self, inputs: Any) -> Any:
        if self.invert:
            return ops.host_call([inputs], step=Words(self._terms, self.TEXT, self.mask_token, self.oov_token))
        return ops.host_call([inputs], step=self.indices() if self.output_mode == "int" else self.rows())

    def rows(self, owner: str = "") -> Rows:
        """The step from terms to rows, as things stand."""
        depth = self.max_tokens if self.pad_to_max_tokens else self._frozen_size
        return Rows(self.indices(owner), self.output_mode, depth, self.idf_weights, config.floatx())

    @property
    def compute_dtype(self) -> str:
        return self.vocabulary_dtype

    @property
    def variable_dtype(self) -> str:
        return self.vocabulary_dtype

    # Files.
    def get_config(self) -> dict[str, Any]:
        listed = {"idf_weights": self.input_idf_weights, "vocabulary": self.input_vocabulary}
        plain = {name: getattr(self, name) for name in self.PARAMS if name not in listed}
        rest = {"oov_method": self.oov_method, "salt": None if self.salt is None else list(self.salt)}
        base = {"name": self.name, "trainable": self._trainable, "dtype": self._dtype_config()}
        known = {name: None if value is None else value.tolist() for name, value in listed.items()}
        return {**base, **plain, **rest, **known, "vocabulary_size": self._frozen_size}

    def get_build_config(self) -> dict[str, Any]:
        return {}

    def save_own_variables(self, store: Any) -> None:
        if self.output_mode == "tf_idf" and self.idf_weights is not None:
            store["idf_weights"] = self.idf_weights

    def load_own_variables(self, store: Any) -> None:
        if self.output_mode == "tf_idf" and "idf_weights" in store.keys():  # noqa: SIM118  (stores are no dicts)
            weights = np.asarray(store["idf_weights"], config.floatx())
            depth = self.max_tokens if self.pad_to_max_tokens else self._frozen_size
            if weights.ndim != 1 or depth not in (None, len(weights)):
                raise ValueError(
                    f"Layer '{self.name}' has {depth} terms and the file has weights of shape {weights.shape}."
                )
            self.idf_weights = weights

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary into a folder, unless the config holds it."""
        if self.input_vocabulary is not None:
            return
        lines = [str(term) for term in self.get_vocabulary()]
        broken = next((line for line in lines if "\n" in line or line.endswith("\r")), None)
        if broken is not None:
            raise ValueError(
                f"Layer '{self.name}': the term {broken!r} holds a line break, which a vocabulary file has no way to "
                "write. Pass the terms as the `vocabulary` argument, so that they stand in the config."
            )
        Path(dir_path, VOCABULARY_FILE).write_text("\n".join(lines), "utf-8", newline="\n")

    def load_assets(self, dir_path: str) -> None:
        """Read what `save_assets` wrote."""
        path = Path(dir_path, VOCABULARY_FILE)
        if self.input_vocabulary is not None or not path.is_file():
            return
        terms, special = self._read(path.read_text("utf-8")), self._special_tokens()
        tokens = terms[len(special) :] if terms[: len(special)] == special else terms
        if tokens:
            self._check_terms(tokens, terms)
            self._take(tokens)


def _array(value: Any) -> Any:
    """A list as an array, so that walks over attributes do not pass through its items."""
    return None if value is None else np.array(value.numpy() if isinstance(value, Value) else value)
