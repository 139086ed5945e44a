"""Data for `fit` and its kin: arrays, frames, generators, datasets and loaders, all as streams of batches."""

from __future__ import annotations

import itertools
import math
import random
import types
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from engine.core import config, dtypes, tree
from engine.core.tensor import Value, as_array
from engine.training.py_dataset import PyDataset, made_ahead


class Rows:
    """Some rows of an array, gathered only when they are needed, straight into the memory that wants them."""

    __slots__ = ("_index", "_source")

    def __init__(self, source: np.ndarray[Any, Any], index: np.ndarray[Any, Any]) -> None:
        self._source, self._index = source, index

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self._index), *self._source.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._source.dtype

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        rows = self._source[self._index]
        return rows if dtype is None else rows.astype(dtype, copy=False)

    def copy_into(self, target: np.ndarray[Any, Any]) -> None:
        """Write the rows into `target`."""
        if target.dtype == self._source.dtype:
            np.take(self._source, self._index, axis=0, out=target, mode="clip")
        else:
            target[...] = self._source[self._index]


class Adapter:
    """A source of batches `(x,)`, `(x, y)` or `(x, y, sample_weight)`.

    Attributes:
        num_batches: batches in an epoch, None when unknown.
    """

    num_batches: int | None = None

    def batches(self) -> Iterator[Any]:
        """The batches of one pass."""
        raise NotImplementedError

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


class ArrayAdapter(Adapter):
    """Batches cut from arrays that lie in memory."""

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int | None = None,
        steps: int | None = None,
        shuffle: bool | str = False,
        class_weight: Mapping[Any, Any] | None = None,
    ) -> None:
        if sample_weight is not None and class_weight is not None:
            raise ValueError("You cannot `class_weight` and `sample_weight` at the same time.")
        x, y = tree.map_structure(to_array, x), tree.map_structure(to_array, y)
        if sample_weight is not None:
            sample_weight = _weights_per_output(tree.map_structure(to_array, sample_weight), y)
        if class_weight is not None:
            sample_weight = class_weights(y, class_weight)
        self._data = pack_x_y_sample_weight(x, y, sample_weight)
        self._flat = type(self._data) is tuple and not any(tree.is_nested(part) for part in self._data)
        count = _common_length((x, y, sample_weight))
        self.num_samples = count
        self.batch_size = batch_size or (math.ceil(count / steps) if steps else 32)
        self.num_batches = math.ceil(count / self.batch_size)
        self._shuffle = shuffle

    def batches(self) -> Iterator[Any]:
        # NumPy's global generator, one permutation a pass: the same order as Keras for the same np.random.seed.
        order = np.random.permutation(self.num_samples) if self._shuffle and self._shuffle != "batch" else None
        for start in range(0, self.num_samples, self.batch_size):
            stop = min(start + self.batch_size, self.num_samples)
            if order is not None:
                yield self._gather(order[start:stop])
            elif self._shuffle == "batch":
                yield self._gather(np.random.permutation(stop - start) + start)
            else:
                yield self._slice(slice(start, stop))

    def _gather(self, index: np.ndarray[Any, Any]) -> Any:
        if self._flat:
            return tuple([None if a is None else Rows(a, index) for a in self._data])
        return tree.map_structure(lambda a: None if a is None else Rows(a, index), self._data)

    def _slice(self, part: slice) -> Any:
        if self._flat:
            return tuple([None if a is None else a[part] for a in self._data])
        return tree.map_structure(lambda a: None if a is None else a[part], self._data)


class GeneratorAdapter(Adapter):
    """Batches from a Python generator, which can be passed through only once."""

    def __init__(self, generator: Iterator[Any]) -> None:
        first = list(itertools.islice(generator, 1))
        if not first:
            raise ValueError(
                "When passing a Python generator to a Keras model, the generator must yield at least one batch. "
                "Received an empty generator."
            )
        if not isinstance(first[0], tuple):
            raise ValueError(
                "When passing a Python generator to a Keras model, the generator must return a tuple, either "
                f"(input,) or (inputs, targets) or (inputs, targets, sample_weights). Received: {first[0]}"
            )
        self._first: list[Any] = first
        self._generator = generator

    def batches(self) -> Iterator[Any]:
        while self._first:
            yield as_batch(self._first.pop(0))
        for batch in self._generator:
            yield as_batch(batch)

    def peek(self) -> Any:
        """The first batch without taking it."""
        return as_batch(self._first[0]) if self._first else None


class DatasetAdapter(Adapter):
    """Batches from a `PyDataset`."""

    def __init__(self, dataset: PyDataset, class_weight: Mapping[Any, Any] | None, shuffle: bool | str) -> None:
        self._dataset, self._class_weight, self._shuffle = dataset, class_weight, shuffle
        self.num_batches = dataset.num_batches

    def _order(self) -> Any:
        count = self._dataset.num_batches
        order: Any = itertools.count() if count is None else list(range(count))
        if count is not None and self._shuffle:
            random.shuffle(order)  # Python's generator, as in Keras
        return order

    def batches(self) -> Iterator[Any]:
        for batch in made_ahead(self._dataset, self._order()):
            yield self._finished(batch)

    def peek(self) -> Any:
        """A batch to see its shapes, made without the workers."""
        first = next(iter(self._order()), None)
        return None if first is None else self._finished(self._dataset[first])

    def _finished(self, batch: Any) -> Any:
        return _weighted(as_batch(_checked(batch)), self._class_weight)

    def on_epoch_begin(self) -> None:
        self._dataset.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self._dataset.on_epoch_end()
        self.num_batches = self._dataset.num_batches


class IterableAdapter(Adapter):
    """Batches from a loader (torch's DataLoader) or anything that can be iterated again for each epoch."""

    def __init__(self, source: Iterable[Any]) -> None:
        self._source = source
        try:
            self.num_batches = len(source)  # type: ignore[arg-type]
        except TypeError:
            self.num_batches = None

    def batches(self) -> Iterator[Any]:
        for batch in self._source:
            yield as_batch(tuple(batch) if isinstance(batch, list) else batch)


def get_adapter(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = False,
    class_weight: Mapping[Any, Any] | None = None,
) -> Adapter:
    """The adapter for this kind of data.

    Raises:
        ValueError: data of no known kind, or arguments that do not go with it.
    """
    if isinstance(x, Adapter):
        return x
    if can_slice((x, y, sample_weight)):
        return ArrayAdapter(x, y, sample_weight, batch_size, steps, shuffle, class_weight)
    kind = _stream_kind(x)
    _refuse_extra(kind, y, sample_weight, None if isinstance(x, PyDataset) else class_weight)
    if isinstance(x, PyDataset):
        if x.num_batches is None and shuffle:
            _warn_shuffle("an infinite PyDataset")
        return DatasetAdapter(x, class_weight, shuffle)
    if shuffle:
        _warn_shuffle(kind)
    return GeneratorAdapter(x) if isinstance(x, Iterator) else IterableAdapter(x)


def _stream_kind(x: Any) -> str:
    if isinstance(x, PyDataset):
        return "PyDataset"
    if isinstance(x, types.GeneratorType):
        return "generator"
    if isinstance(x, Iterable) and not isinstance(x, (str, bytes, dict, list, tuple)):
        # Known by its module, so that torch need not be there.
        return "torch DataLoader" if type(x).__module__.startswith("torch.utils.data") else type(x).__name__
    raise ValueError(
        f"Unrecognized data type: x={x} (of type {type(x)}). Give arrays, data frames, a generator, a PyDataset or a "
        "loader; turn lists of numbers into arrays with np.array."
    )


def _refuse_extra(kind: str, y: Any, sample_weight: Any, class_weight: Any) -> None:
    for name, words, value in (("y", "the targets", y), ("sample_weights", "the sample weights", sample_weight)):
        if value is not None:
            raise ValueError(
                f"When providing `x` as a {kind}, `{name}` should not be passed. Instead, {words} should be included "
                f"as part of the {kind}."
            )
    if class_weight is not None:
        kind = f"Python {kind}" if kind == "generator" else kind
        raise ValueError(
            f"Argument `class_weight` is not supported for {kind} inputs. Yield sample weights instead. "
            f"Received: class_weight={class_weight}"
        )


def _warn_shuffle(kind: str) -> None:
    warnings.warn(
        f"`shuffle=True` was passed, but will be ignored since the data `x` was provided as a {kind}. "
        "It is expected to yield already-shuffled data.",
        stacklevel=5,
    )


def can_slice(structure: Any) -> bool:
    """Whether all leaves are arrays, frames, tensors or None."""
    return all(x is None or isinstance(x, np.ndarray) or hasattr(x, "__array__") for x in tree.flatten(structure))


def to_array(x: Any) -> Any:
    """A leaf of the data as an array; floats in the engine's float type, frames of one column as they are."""
    if x is None or isinstance(x, Rows):
        return x
    if isinstance(x, Value):
        array = as_array(x)
    else:
        if hasattr(x, "detach"):
            x = x.detach().cpu()
        array = np.asarray(x)
        if array.dtype == object:
            array = _from_objects(x, array)
    if array.dtype.kind == "f" and array.dtype.name != config.floatx():
        array = array.astype(dtypes.numpy_dtype(config.floatx()))
    return array


def _from_objects(x: Any, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Columns of several kinds as floats, words as text.

    Raises:
        ValueError: there is something that is neither.
    """
    flat = array.ravel().tolist()
    if flat and all(isinstance(value, str) for value in flat):
        return np.asarray(array, dtype=str)
    try:
        return np.asarray(array, dtype=config.floatx())
    except (TypeError, ValueError) as error:
        columns = [str(name) for name in getattr(x, "columns", ()) if not _is_number_column(x[name])]
        where = f"the columns {', '.join(columns)} hold" if columns else "an array of objects holds"
        odd = next(value for value in flat if not isinstance(value, (int, float, np.number)))
        raise ValueError(
            f"Data must be numbers: {where} {odd!r}, which is none. Turn words into numbers (one column a word, or a "
            "StringLookup layer), fill or drop what is missing, and give rows of equal length."
        ) from error


def _is_number_column(column: Any) -> bool:
    return np.asarray(column).dtype.kind in "biuf"


def as_batch(batch: Any) -> Any:
    """A batch with arrays for leaves."""
    return tree.map_structure(to_array, batch)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) from data that may lack the last two.

    Raises:
        ValueError: a tuple of more than three.
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if len(data) > 3:
        raise ValueError(
            f"Data is expected to be in format `x`, `(x,)`, `(x, y)`, or `(x, y, sample_weight)`, found: {data}"
        )
    x, y, sample_weight = (*data, None, None, None)[:3]
    return x, y, sample_weight


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The shortest form that holds what is given."""
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def _common_length(data: tuple[Any, Any, Any]) -> int:
    lengths = {int(a.shape[0]) for a in tree.flatten(data) if a is not None and a.shape}
    if len(lengths) == 1:
        return lengths.pop()
    if not lengths:
        raise ValueError("No data was given: `x` holds no array with a sample axis.")
    message = "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples."
    for label, part in zip(("x", "y", "sample_weight"), data, strict=True):
        sizes = ", ".join(str(a.shape[0]) for a in tree.flatten(part) if a is not None)
        message += f"'{label}' sizes: {sizes}\n"
    raise ValueError(message)


def _weights_per_output(sample_weight: Any, y: Any) -> Any:
    """One array of weights per output."""
    if not tree.is_nested(y) or tree.is_nested(sample_weight):
        if tree.is_nested(y) and len(tree.flatten(y)) != len(tree.flatten(sample_weight)):
            raise ValueError(
                "You should provide one `sample_weight` array per output in `y`. "
                f"Got {len(tree.flatten(sample_weight))} arrays for {len(tree.flatten(y))} outputs."
            )
        return sample_weight
    if sample_weight.ndim != 1 and sample_weight.shape[1:] != (1,):
        raise ValueError(
            "For a model with multiple outputs, when providing a single `sample_weight` array, it should only have one "
            "scalar score per sample (i.e. shape `(num_samples,)`). If you want to use non-scalar sample weights, pass "
            "a `sample_weight` argument with one array per model output."
        )
    return tree.map_structure(lambda _: sample_weight, y)


def class_weights(y: Any, class_weight: Mapping[Any, Any]) -> Any:
    """Sample weights from weights of classes; for several outputs in a dict, from `{output: {class: weight}}`."""
    if not tree.is_nested(y):
        return class_weight_to_sample_weights(y, class_weight)
    if isinstance(y, dict) and all(isinstance(w, Mapping) for w in class_weight.values()):
        unknown = sorted(set(class_weight) - set(y))
        if unknown:
            raise ValueError(f"`class_weight` names outputs that are not among the targets: {unknown}.")
        return {name: class_weight_to_sample_weights(part, class_weight.get(name, {})) for name, part in y.items()}
    raise ValueError(
        "`class_weight` is only supported for Models with a single output, or as {output: {class: weight}} with "
        "targets in a dict."
    )


def class_weight_to_sample_weights(y: Any, class_weight: Mapping[int, float]) -> np.ndarray[Any, Any]:
    """The weight of each sample's class; classes not named weigh 1. One-hot targets count by their largest entry."""
    labels = np.asarray(y)
    if labels.ndim > 1:
        labels = np.argmax(labels, axis=-1) if labels.shape[-1] != 1 else labels[..., 0]
    numbers = np.round(labels).astype("int32")
    weights = np.ones(numbers.shape, dtypes.numpy_dtype(config.floatx()))
    for cls, weight in class_weight.items():
        weights[numbers == int(cls)] = weight
    return weights


def _checked(batch: Any) -> Any:
    """A batch of a `PyDataset`: a dict, an array, or a tuple of one to three parts."""
    batch = tuple(batch) if isinstance(batch, list) else batch
    batch = (batch,) if isinstance(batch, np.ndarray) else batch
    if isinstance(batch, dict) or (isinstance(batch, tuple) and len(batch) in (1, 2, 3)):
        return batch
    raise ValueError(
        "PyDataset.__getitem__() must return a tuple or a dict. If a tuple, it must be ordered either (input,) or "
        "(inputs, targets) or (inputs, targets, sample_weights). "
        f"Received: {str(batch)[:100]}... of type {type(batch)}"
    )


def _weighted(batch: Any, class_weight: Mapping[Any, Any] | None) -> Any:
    if class_weight is None:
        return batch
    x, y, sample_weight = unpack_x_y_sample_weight(batch)
    if sample_weight is not None:
        raise ValueError("You cannot `class_weight` and `sample_weight` at the same time.")
    return x, y, class_weights(y, class_weight)


def train_validation_split(arrays: tuple[Any, ...], validation_split: float) -> tuple[Any, Any]:
    """(training part, validation part): the last share of the samples, before any shuffling, is for validation."""
    if not can_slice(arrays):
        kinds = [type(x) for x in tree.flatten(arrays) if not can_slice(x)]
        raise ValueError(
            "Argument `validation_split` is only supported for tensors or NumPy arrays."
            f"Found incompatible type in the input: {kinds}"
        )
    arrays = tree.map_structure(to_array, arrays)
    leaves = [a for a in tree.flatten(arrays) if a is not None]
    if not leaves:
        return arrays, arrays
    count = int(leaves[0].shape[0])
    cut = math.floor(count * (1.0 - validation_split))
    if cut in (0, count):
        raise ValueError(
            f"Training data contains {count} samples, which is not sufficient to split it into a validation and "
            f"training set as specified by `validation_split={validation_split}`. Either provide more data, or a "
            "different value for the `validation_split` argument."
        )
    first = tree.map_structure(lambda a: None if a is None else a[:cut], arrays)
    return first, tree.map_structure(lambda a: None if a is None else a[cut:], arrays)
