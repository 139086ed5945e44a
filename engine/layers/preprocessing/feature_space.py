"""Tables of mixed columns as vectors: each column by a layer of its own, crossings by hash, all joined."""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from engine import ops
from engine.core import registry
from engine.core.objects import deserialize_object, serialize_object
from engine.core.tensor import Tensor, Value, as_array
from engine.layers.core import Input
from engine.layers.preprocessing import features as kinds
from engine.layers.preprocessing.category import CategoryEncoding
from engine.layers.preprocessing.data import DataLayer
from engine.layers.preprocessing.discretization import Discretization
from engine.layers.preprocessing.features import Cross, Feature
from engine.layers.preprocessing.hashing import HashedCrossing, Hashing
from engine.layers.preprocessing.numeric import Normalization
from engine.layers.preprocessing.text import TextVectorization
from engine.layers.preprocessing.vocabulary import IndexLookup

_BATCH = 32
"""Rows handed to `adapt` of a column's layer at once, as in Keras (quantiles depend on it)."""


class TFDConcat(DataLayer):
    """Vectors of one sample in a row."""

    def __init__(self, axis: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def _as_inputs(self, data: Any) -> Any:
        return data

    def call(self, xs: Any) -> Any:
        return ops.concatenate(list(xs), axis=self.axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


class FeatureSpace(DataLayer):
    """Encodes the columns of tables: numbers scaled or sorted into bins, categories looked up or hashed, crossings.

    `adapt(table)` learns what has to be learned; then call it on a dict of columns (or of one row's values), or build
    models on `get_inputs()` and `get_encoded_features()`.

    Args:
        features: for each column its kind: a word such as "float_normalized", or what one of the class's own methods
            (`FeatureSpace.string_categorical(max_tokens=10)`, ...) gives.
        output_mode: "concat" for one vector, "dict" for one value each.
        crosses: groups of columns that are hashed together.
        crossing_dim, hashing_dim, num_discretization_bins: numbers of bins where none is told.
        name: its name.
    """

    KIND = "model"
    saved_alone = True
    built = False

    def __init__(
        self,
        features: Any,
        output_mode: str = "concat",
        crosses: Any = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if not features:
            raise ValueError("The `features` argument cannot be None or empty.")
        self.crossing_dim, self.hashing_dim = crossing_dim, hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.features = {
            key: kinds.feature_of(key, kind, hashing_dim, num_discretization_bins) for key, kind in features.items()
        }
        self.crosses = [self._cross_of(cross) for cross in crosses or ()]
        if output_mode not in ("dict", "concat"):
            raise ValueError(
                "Invalid value for argument `output_mode`. Expected one of {'dict', 'concat'}. "
                f"Received: output_mode={output_mode}"
            )
        self.output_mode = output_mode
        self.inputs = {key: Input(shape=(1,), dtype=f.dtype, name=key) for key, f in self.features.items()}
        self.preprocessors = {key: feature.preprocessor for key, feature in self.features.items()}
        self.crossers = {cross.name: HashedCrossing(cross.crossing_dim, name=cross.name) for cross in self.crosses}
        self._is_adapted = False
        self._forget()

    def _forget(self) -> None:
        self.encoded_features: Any = None
        self.one_hot_encoders: dict[str, Any] = {}
        self.concat: Any = None

    def _cross_of(self, cross: Any) -> Cross:
        if isinstance(cross, dict):
            cross = deserialize_object(cross)
        if isinstance(cross, Cross):
            return cross
        if not self.crossing_dim:
            raise ValueError(
                "When specifying `crosses`, the argument `crossing_dim` (dimensionality of the crossing space) should "
                "be specified as well."
            )
        if any(key not in self.features for key in cross):
            raise ValueError(
                "All features referenced in the `crosses` argument should be present in the `features` dict. "
                f"Received unknown features: {cross}"
            )
        return Cross(cross, crossing_dim=self.crossing_dim)

    # Kinds of columns.
    cross = staticmethod(Cross)
    feature = staticmethod(Feature)
    float = staticmethod(kinds.plain)
    float_rescaled = staticmethod(kinds.rescaled)
    float_normalized = staticmethod(kinds.normalized)
    float_discretized = staticmethod(kinds.discretized)
    integer_categorical = staticmethod(kinds.integers)
    string_categorical = staticmethod(kinds.strings)
    string_hashed = staticmethod(kinds.hashed_strings)
    integer_hashed = staticmethod(kinds.hashed_integers)

    # Learning.
    def _adaptable(self) -> list[str]:
        return [name for name, layer in self.preprocessors.items() if _can_learn(layer)]

    def adapt(self, dataset: Any) -> None:
        """Let each column's layer learn from a table: a dict of columns, a data frame, or a dataset of dicts.

        Raises:
            ValueError: data of another kind.
        """
        if hasattr(dataset, "columns"):
            dataset = {name: dataset[name].to_numpy() for name in dataset.columns}
        if not isinstance(dataset, dict) and (
            isinstance(dataset, (list, tuple, str, Value, np.ndarray, Iterator)) or not isinstance(dataset, Iterable)
        ):
            raise ValueError(
                "`adapt()` can only be called on a Dataset, a data frame or a dict of arrays/lists. "
                f"Received instead: {dataset} (of type {type(dataset)})"
            )
        for name in self._adaptable():
            self.preprocessors[name].adapt(_column(dataset, name))
        self._forget()
        self._is_adapted = True
        self.get_encoded_features()
        self.built = True

    def _check_adapted(self) -> None:
        if not self._is_adapted and self._adaptable():
            raise ValueError("You need to call `.adapt(dataset)` on the FeatureSpace before you can start using it.")
        self._is_adapted = True

    def get_inputs(self) -> dict[str, Any]:
        """The columns as inputs of a Functional model."""
        self.get_encoded_features()
        return self.inputs

    def get_encoded_features(self) -> Any:
        """The encoded columns as tensors of a Functional model."""
        self._check_adapted()
        if self.encoded_features is None:
            self.encoded_features = self._encoded(self.inputs)
        return self.encoded_features

    # Encoding.
    def _encoded(self, columns: dict[str, Any]) -> Any:
        found = {name: self.preprocessors[name](columns[name]) for name in self.features}
        crossed = {c.name: self.crossers[c.name]([found[name] for name in c.feature_names]) for c in self.crosses}
        described: list[tuple[str, Any, Any]] = [(name, found[name], self.features[name]) for name in sorted(found)]
        by_name = {cross.name: cross for cross in self.crosses}
        described += [(name, crossed[name], by_name[name]) for name in sorted(crossed)]
        outputs = {name: self._in_form(name, value, spec) for name, value, spec in described}
        if self.output_mode == "dict":
            return outputs
        for name, value in outputs.items():
            if value.dtype.startswith("int") or value.dtype == "string":
                raise ValueError(
                    f"Cannot concatenate features because feature '{name}' has not been encoded (it has dtype "
                    f"{value.dtype}). Consider using `output_mode='dict'`."
                )
        if self.concat is None:
            self.concat = TFDConcat(axis=-1)
        return self.concat(list(outputs.values()))

    def _in_form(self, name: str, value: Any, spec: Feature | Cross) -> Any:
        """A column's value as it is, or as a row of zeros and ones."""
        if spec.output_mode != "one_hot":
            return value
        if name not in self.one_hot_encoders:
            if not value.dtype.startswith("int"):
                raise ValueError(
                    f"Feature '{name}' has `output_mode='one_hot'`. Thus its preprocessor should return an integer "
                    f"dtype. Instead it returns a {value.dtype} dtype."
                )
            count = _cardinality(name, self.preprocessors.get(name) or self.crossers[name])
            self.one_hot_encoders[name] = CategoryEncoding(num_tokens=count, output_mode="multi_hot")
        return self.one_hot_encoders[name](value)

    def __call__(self, data: Any) -> Any:
        """Encode a dict of columns, or of the values of one row.

        Raises:
            ValueError: no dict, or a column is missing.
        """
        self._check_adapted()
        if not isinstance(data, dict):
            raise ValueError(
                f"A FeatureSpace can only be called with a dict. Received: data={data} (of type {type(data)}"
            )
        missing = [name for name in self.features if name not in data]
        if missing:
            raise ValueError(f"{self.name}: the data lack the columns {missing}. Received columns: {list(data)}")
        values = {name: _value(data[name]) for name in self.features}
        single = any(len(x.shape) == 0 for x in values.values())
        columns = {name: _as_column(x) for name, x in values.items()}
        self.get_encoded_features()  # so that encoders are made outside of any trace
        outputs = self._encoded(columns)
        if not single:
            return outputs
        if self.output_mode == "concat":
            return ops.squeeze(outputs, 0)
        return {name: ops.squeeze(x, 0) if len(x.shape) == 2 and x.shape[0] == 1 else x for name, x in outputs.items()}

    # Files.
    def get_config(self) -> dict[str, Any]:
        return {
            "features": serialize_object(self.features),
            "output_mode": self.output_mode,
            "crosses": serialize_object(self.crosses),
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A feature space from its settings."""
        return cls(**config)

    def get_build_config(self) -> dict[str, Any]:
        return {name: feature.preprocessor.get_build_config() for name, feature in self.features.items()}

    def build_from_config(self, config: Any) -> None:
        """Build the layers that have weights; what they learned comes from the file."""
        for name, described in config.items():
            layer = self.features[name].preprocessor if name in self.features else None
            if layer is not None and not layer.built and described:
                layer.build_from_config(described)
        self._is_adapted = True

    def save(self, filepath: Any) -> None:
        """Write what was learned into a `.keras` file, which `load_model` reads."""
        from engine import saving

        saving.save_model(self, filepath)

    def save_own_variables(self, store: Any) -> None:
        """The columns' layers write what they know themselves."""

    def load_own_variables(self, store: Any) -> None:
        """The columns' layers read what they know themselves."""


def _can_learn(layer: Any) -> bool:
    if isinstance(layer, Normalization) and layer.input_mean is not None:
        return False
    if isinstance(layer, TextVectorization) and layer._lookup_layer._has_vocabulary:
        return False
    if isinstance(layer, IndexLookup) and layer._has_vocabulary:
        return False
    if isinstance(layer, Discretization) and layer.num_bins is None:
        return False
    return hasattr(layer, "adapt")


def _cardinality(name: str, layer: Any) -> int:
    """How many different numbers a layer gives out."""
    if isinstance(layer, IndexLookup):
        return layer.vocabulary_size()
    if isinstance(layer, CategoryEncoding):
        return builtins.int(layer.num_tokens)
    if isinstance(layer, Discretization):
        return layer.num_bins or len(layer.bin_boundaries or ()) + 1
    if isinstance(layer, (HashedCrossing, Hashing)):
        return builtins.int(layer.num_bins)
    raise ValueError(
        f"Feature '{name}' has `output_mode='one_hot'`. However it isn't a standard feature and the dimensionality of "
        "its output space is not known, thus it cannot be one-hot encoded. Try using `output_mode='int'`."
    )


def _column(dataset: Any, name: str) -> Iterator[Any]:
    """A column of a table in batches, with an axis for the features."""
    values: Iterator[Any]
    if isinstance(dataset, dict):
        values = iter(as_array(dataset[name]))
    else:
        values = (as_array(row[name]) for row in dataset)
    first = next(values, None)
    if first is None:
        return
    values = itertools.chain([first], values)
    if np.ndim(first):
        for batch in values:
            yield batch[:, None] if batch.ndim == 1 else batch
        return
    while rows := list(itertools.islice(values, _BATCH)):
        yield as_array(rows)[:, None]


def _value(data: Any) -> Any:
    return data if isinstance(data, Value) else Tensor(as_array(data))


def _as_column(x: Any) -> Any:
    if not x.shape:
        return ops.reshape(x, (1, 1))
    return ops.expand_dims(x, -1) if len(x.shape) == 1 else x


registry.register("model", FeatureSpace, "FeatureSpace", "keras.utils:FeatureSpace")
registry.register("model", TFDConcat, "TFDConcat", f"{kinds.PLACE}:TFDConcat")
