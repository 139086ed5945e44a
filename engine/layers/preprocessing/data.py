"""What layers of data preparation share: inputs from lists and texts, passes through data, codes of whole numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from engine import ops
from engine.core.errors import ShapeError
from engine.core.tensor import Spec, Tensor, Value, Variable, as_array, convert_to_tensor
from engine.layers.base import Layer

OUTPUT_MODES = {
    "int": "the numbers themselves",
    "one_hot": "each number as a row with a single 1",
    "multi_hot": "each sample as a row with a 1 for everything in it",
    "count": "each sample as a row that counts",
    "tf_idf": "counts, weighted by how rare a term is",
}
"""The forms in which whole numbers can be given out."""


class DataLayer(Layer):
    """A layer that may be called on lists, texts and arrays as well as on tensors."""

    built = True
    fitted = 0
    """How often what the layer learned outside of its weights has changed; compiled steps depend on it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the layer: to data of any kind, or to tensors of a Functional graph."""
        if args:
            args = (self._as_inputs(args[0]), *args[1:])
        elif "inputs" in kwargs:
            kwargs = {**kwargs, "inputs": self._as_inputs(kwargs["inputs"])}
        return super().__call__(*args, **kwargs)

    def _as_inputs(self, data: Any) -> Any:
        return as_value(data)

    def _check_types(self, **given: Any) -> None:
        """Refuse values that are no numbers (or switches) where some are declared; ranges have Keras's own sentences.

        Raises:
            ParamError: a setting is of another type.
        """
        for name, value in given.items():
            info = self.PARAMS.get(name)
            wanted = {"int": int, "float": (int, float), "bool": (bool, int)}.get(info.kind if info else "", object)
            if value is not None and info is not None and not isinstance(value, (wanted, np.number)):  # type: ignore[arg-type]
                raise info.refuse(value, type(self).__name__)

    def _changed(self) -> None:
        self.fitted = self.fitted + 1

    def build_from_config(self, config: Any) -> None:
        """Nothing is made from shapes."""


def as_value(data: Any) -> Any:
    """Data of any kind as a value of the engine."""
    if type(data) is Variable:
        return convert_to_tensor(data)
    return data if isinstance(data, Value) else Tensor(as_array(data))


def choose(value: Any, allowed: tuple[str, ...], owner: str, name: str) -> Any:
    """`value`, if it is one of the words allowed.

    Raises:
        ValueError: it is another.
    """
    if value not in allowed:
        raise ValueError(
            f"Unknown value for `{name}` argument of layer {owner}. Allowed values are: {allowed}. "
            f"Received: {name}={value}"
        )
    return value


def refuse_sparse(sparse: Any, output_mode: str) -> None:
    """Sparse arrays are not made here; Keras's sentence says for which backend they are."""
    if sparse and output_mode == "int":
        raise ValueError(
            "`sparse` may only be true if `output_mode` is `'one_hot'`, `'multi_hot'`, `'count'` or `'tf_idf'`. "
            f"Received: sparse={sparse} and output_mode={output_mode}"
        )
    if sparse:
        raise ValueError("`sparse=True` can only be used with the TensorFlow backend. Leave it out here.")


def passes(data: Any, steps: int | None = None) -> Iterator[tuple[Any, bool]]:
    """(data, whole) of what `adapt` is given: an array or list at once, anything else batch by batch."""
    if hasattr(data, "to_numpy"):
        data = data.to_numpy()
    if isinstance(data, (list, tuple, np.ndarray, Value)) or not hasattr(data, "__iter__"):
        yield data, True
        return
    for batch in itertools.islice(data, steps):
        yield batch, False


def check_kind(spec: Spec, text: bool, owner: str) -> None:
    """Refuse numbers where texts are expected, and the other way round, before there are any.

    Raises:
        ShapeError: the type does not fit.
    """
    if (spec.dtype == "string") != text and 0 not in spec.shape:
        wanted, other = ("texts", "string") if text else ("whole numbers", "int64")
        raise ShapeError(
            f"{wanted} are expected, and the values are of type {spec.dtype}.",
            layer=owner,
            shapes=(spec.shape,),
            hint=f'Give the input the type "{other}".',
        )


def texts_of(array: Any, owner: str, encoding: str = "utf-8") -> list[str]:
    """The texts of an array in its order; bytes are decoded.

    Raises:
        ValueError: something in it is no text.
    """
    array = np.asarray(array)
    if not array.size:
        return []
    if array.dtype.kind == "U":
        found: list[str] = array.ravel().tolist()
        return found
    values = array.ravel().tolist()
    if array.dtype.kind not in "SO":
        raise ValueError(f"{owner}: texts are expected. Received an array of {array.dtype.name}.")
    return [_text(value, owner, encoding) for value in values]


def _text(value: Any, owner: str, encoding: str) -> str:
    if isinstance(value, bytes):
        return value.decode(encoding)
    if not isinstance(value, str):
        raise ValueError(
            f"{owner}: texts are expected, but the data hold {value!r} (of type {type(value).__name__}). "
            "Fill empty places before, for example with an empty text."
        )
    return value


def encode(indices: Any, output_mode: str, depth: int, dtype: str, count_weights: Any = None) -> Any:
    """Whole numbers in one of the `OUTPUT_MODES`; numbers outside of 0 to depth - 1 leave no mark.

    A sample is the second axis (the first if there is only one); "one_hot" replaces a last axis of length 1.
    """
    if output_mode == "int":
        return ops.cast(indices, dtype)
    if not indices.shape:
        indices = ops.expand_dims(indices, -1)
    if output_mode == "one_hot":
        if len(indices.shape) > 1 and indices.shape[-1] == 1:
            indices = ops.squeeze(indices, -1)
        return ops.one_hot(indices, depth, dtype=dtype)
    if output_mode == "multi_hot":
        return ops.multi_hot(indices, depth, dtype=dtype)
    codes = ops.one_hot(indices, depth, dtype=dtype)
    if count_weights is not None:
        codes = codes * ops.expand_dims(count_weights, -1)
    return ops.sum(codes, axis=1 if len(indices.shape) > 1 else 0)
