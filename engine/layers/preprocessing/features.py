"""What a `FeatureSpace` is told about its columns: kinds of features, and crossings of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.core import naming, registry
from engine.core.objects import deserialize_object, serialize_object
from engine.layers.preprocessing.data import DataLayer
from engine.layers.preprocessing.discretization import Discretization
from engine.layers.preprocessing.hashing import Hashing
from engine.layers.preprocessing.lookup import IntegerLookup, StringLookup
from engine.layers.preprocessing.numeric import Normalization, Rescaling

PLACE = "keras.src.layers.preprocessing.feature_space"
"""Module that Keras writes for these classes."""


class _Saved:
    """Something with a place in weights files that holds no weights itself."""

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """An equal object from its settings."""
        return cls(**config)

    def save_own_variables(self, store: Any) -> None:
        """There is nothing to write."""

    def load_own_variables(self, store: Any) -> None:
        """There is nothing to read."""


def _check_mode(output_mode: str, allowed: tuple[str, ...]) -> None:
    if output_mode not in allowed:
        raise ValueError(
            f"Invalid value for argument `output_mode`. Expected one of {set(allowed)}. "
            f"Received: output_mode={output_mode}"
        )


class Cross(_Saved):
    """Columns that are hashed together.

    Args:
        feature_names: of the columns.
        crossing_dim: number of bins.
        output_mode: "int" or "one_hot".
    """

    def __init__(self, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot") -> None:
        _check_mode(output_mode, ("int", "one_hot"))
        self.feature_names = tuple(feature_names)
        self.crossing_dim, self.output_mode = crossing_dim, output_mode

    @property
    def name(self) -> str:
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict[str, Any]:
        return {
            "feature_names": self.feature_names,
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }


class Feature(_Saved):
    """A column: its type, the layer that prepares it, and the form in which it is given out.

    Args:
        dtype: type of the column's values.
        preprocessor: a layer.
        output_mode: "int", "one_hot" or "float".
    """

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        _check_mode(output_mode, ("int", "one_hot", "float"))
        self.dtype, self.output_mode = dtype, output_mode
        self.preprocessor = deserialize_object(preprocessor) if isinstance(preprocessor, dict) else preprocessor

    def get_config(self) -> dict[str, Any]:
        return {
            "dtype": self.dtype,
            "preprocessor": serialize_object(self.preprocessor),
            "output_mode": self.output_mode,
        }


class TFDIdentity(DataLayer):
    """Gives a column back as it is."""

    def call(self, x: Any) -> Any:
        return x


def _named(kind: str, name: str | None) -> str:
    return f"{name or naming.auto_name(kind)}_preprocessor"


def plain(name: str | None = None) -> Feature:
    """Numbers as they are."""
    return Feature("float32", TFDIdentity(dtype="float32", name=_named("float", name)), "float")


def rescaled(scale: float = 1.0, offset: float = 0.0, name: str | None = None) -> Feature:
    """Numbers times `scale`, plus `offset`."""
    return Feature("float32", Rescaling(scale=scale, offset=offset, name=_named("float_rescaled", name)), "float")


def normalized(name: str | None = None) -> Feature:
    """Numbers with mean 0 and deviation 1."""
    return Feature("float32", Normalization(axis=-1, name=_named("float_normalized", name)), "float")


def discretized(
    num_bins: Any, bin_boundaries: Any = None, output_mode: str = "one_hot", name: str | None = None
) -> Feature:
    """Numbers in bins."""
    layer = Discretization(num_bins=num_bins, bin_boundaries=bin_boundaries, name=_named("float_discretized", name))
    return Feature("float32", layer, output_mode)


def integers(
    max_tokens: int | None = None, num_oov_indices: int = 1, output_mode: str = "one_hot", name: str | None = None
) -> Feature:
    """Whole numbers by a vocabulary."""
    layer = IntegerLookup(
        name=_named("integer_categorical", name), max_tokens=max_tokens, num_oov_indices=num_oov_indices
    )
    return Feature("int32", layer, output_mode)


def strings(
    max_tokens: int | None = None, num_oov_indices: int = 1, output_mode: str = "one_hot", name: str | None = None
) -> Feature:
    """Texts by a vocabulary."""
    layer = StringLookup(
        name=_named("string_categorical", name), max_tokens=max_tokens, num_oov_indices=num_oov_indices
    )
    return Feature("string", layer, output_mode)


def hashed_strings(num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
    """Texts in bins, by hash."""
    return Feature("string", Hashing(name=_named("string_hashed", name), num_bins=num_bins), output_mode)


def hashed_integers(num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
    """Whole numbers in bins, by hash."""
    return Feature("int32", Hashing(name=_named("integer_hashed", name), num_bins=num_bins), output_mode)


def feature_of(name: str, kind: Any, hashing_dim: int, num_bins: int) -> Feature:
    """The feature that a column's description means: one itself, its config, or a word.

    Raises:
        ValueError: no such word.
    """
    if isinstance(kind, Feature):
        return kind
    if isinstance(kind, dict):
        made: Feature = deserialize_object(kind)
        return made
    makers: dict[str, Callable[[], Feature]] = {
        "float": lambda: plain(name=name),
        "float_normalized": lambda: normalized(name=name),
        "float_rescaled": lambda: rescaled(name=name),
        "float_discretized": lambda: discretized(name=name, num_bins=num_bins),
        "integer_categorical": lambda: integers(name=name),
        "string_categorical": lambda: strings(name=name),
        "integer_hashed": lambda: hashed_integers(hashing_dim, name=name),
        "string_hashed": lambda: hashed_strings(hashing_dim, name=name),
    }
    if kind not in makers:
        raise ValueError(f"Invalid feature type: {kind}. Known types are {', '.join(makers)}.")
    return makers[kind]()


for _cls in (Cross, Feature, TFDIdentity):
    registry.register("model", _cls, _cls.__name__, f"{PLACE}:{_cls.__name__}")
