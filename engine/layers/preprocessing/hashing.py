"""Categories of any kind as a fixed number of bins, by hash; crossings of several."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import ops
from engine.core import config, dtypes
from engine.core.params import Param
from engine.core.tensor import Spec
from engine.kernels.hashing import fingerprint64, joined
from engine.layers.preprocessing.data import DataLayer, as_value, choose, encode, texts_of
from engine.layers.preprocessing.tables import buckets, salt_pair
from engine.layers.spec import Ports

MODES = ("int", "one_hot", "multi_hot", "count")
_CROSS_KEY = 0xDECAFCAFFE
"""Where TensorFlow begins a crossing."""


class _Buckets:
    """Step from terms to bins; 0 is kept for `mask_value` if there is one."""

    def __init__(self, count: int, mask_value: Any, salt: tuple[int, int] | None, owner: str) -> None:
        self._masks = mask_value is not None and count > 1
        self._count = count - 1 if self._masks else count
        self._mask_value, self._salt, self._owner = mask_value, salt, owner

    def infer(self, spec: Spec) -> Spec:
        return Spec(spec.shape, "int64")

    def __call__(self, x: Any) -> Any:
        text = x.dtype.kind in "SUO"
        values: list[Any] = texts_of(x, self._owner) if text else x.astype("int64").ravel().tolist()
        found = buckets(values, self._count, self._salt)
        if self._masks:
            found = np.where([value == self._mask_value for value in values], 0, found + 1)
        return found.reshape(x.shape)


class Hashing(
    DataLayer, category="preprocessing", keras="keras.layers:Hashing", ports=Ports(ranks=(1, None), dtypes="term")
):
    """Texts or whole numbers as one of `num_bins` bins, chosen by a hash that is the same everywhere.

    The hash is FarmHash's Fingerprint64, or SipHash-2-4 under `salt`, as in TensorFlow.
    """

    num_bins: int = Param(ge=1, doc="Number of bins; bin 0 is for `mask_value` if there is one.")
    mask_value: Any = Param(None, kind="Any", nullable=True, doc="Value that stands for an empty place.")
    salt: Any = Param(None, kind="Any", nullable=True, advanced=True, doc="One or two numbers that change the hash.")
    output_mode: str = Param("int", choices=MODES, doc="What a value, or a sample of them, becomes.")
    sparse: bool = Param(False, advanced=True, doc="Not available here; rows are always whole.")

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else config.floatx()
        super().__init__(**kwargs)
        self._check_types(num_bins=num_bins)
        if num_bins is None or num_bins <= 0:
            raise ValueError(
                f"The `num_bins` for `Hashing` cannot be `None` or non-positive values. Received: num_bins={num_bins}."
            )
        if output_mode == "int" and self.dtype_policy.name not in ("int32", "int64"):
            raise ValueError(
                "When `output_mode=\"int\"`, `dtype` should be an integer type, 'int32' or 'int64'. "
                f"Received: dtype={kwargs['dtype']}"
            )
        if output_mode not in MODES:
            raise ValueError(
                f"Invalid value for argument `output_mode`. Expected one of {MODES}. "
                f"Received: output_mode={output_mode}"
            )
        _refuse_sparse(sparse, output_mode)
        self.num_bins, self.mask_value, self.output_mode, self.sparse = num_bins, mask_value, output_mode, sparse
        pair = salt_pair(salt, "Hashing")
        self.salt = None if pair is None else list(pair)

    def _convert_input(self, x: Any) -> Any:
        return x

    def call(self, inputs: Any) -> Any:
        salt = None if self.salt is None else (self.salt[0], self.salt[1])
        step = _Buckets(self.num_bins, self.mask_value, salt, self.name)
        return encode(ops.host_call([inputs], step=step), self.output_mode, self.num_bins, self.dtype)


class _Crossed:
    """Step from several columns of terms to the bin of each combination."""

    def __init__(self, count: int, owner: str) -> None:
        self._count, self._owner = np.uint64(count), owner

    def infer(self, first: Spec, *others: Spec) -> Spec:
        return Spec(first.shape, "int64")

    def __call__(self, *columns: Any) -> Any:
        found = np.full(columns[0].size, np.uint64(_CROSS_KEY))
        for column in columns:
            found = joined(found, self._numbers(column))
        return (found % self._count).astype("int64").reshape(columns[0].shape)

    def _numbers(self, column: Any) -> Any:
        if column.dtype.kind in "SUO":
            return fingerprint64([text.encode() for text in texts_of(column, self._owner)])
        return column.astype("int64").ravel().view(np.uint64)


class HashedCrossing(
    DataLayer,
    category="preprocessing",
    keras="keras.layers:HashedCrossing",
    ports=Ports(inputs=(2, None), ranks=(1, 2), dtypes="term", as_list=True),
):
    """The combination of two or more categories as one of `num_bins` bins, chosen by hash.

    Inputs have one value a sample: (batch,) or (batch, 1).
    """

    num_bins: int = Param(ge=1, doc="Number of bins.")
    output_mode: str = Param("int", choices=("int", "one_hot"), doc="What a combination becomes.")
    sparse: bool = Param(False, advanced=True, doc="Not available here; rows are always whole.")

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        if output_mode == "int" and dtype is None:
            dtype = "int64"
        super().__init__(name=name, dtype=dtype)
        if sparse:
            raise ValueError("`sparse=True` can only be used with the TensorFlow backend.")
        choose(output_mode, ("int", "one_hot"), "HashedCrossing", "output_mode")
        self.set_declared({"num_bins": num_bins, "output_mode": output_mode, "sparse": sparse})

    def _as_inputs(self, data: Any) -> Any:
        if not isinstance(data, (list, tuple)):
            raise ValueError(f"`HashedCrossing` should be called on a list or tuple of inputs. Received: inputs={data}")
        if len(data) < 2:
            raise ValueError(f"`HashedCrossing` should be called on at least two inputs. Received: inputs={data}")
        values = [as_value(x) for x in data]
        shapes = [tuple(x.shape) for x in values]
        if len(shapes[0]) > 2 or (len(shapes[0]) == 2 and shapes[0][-1] != 1):
            raise ValueError(
                "All `HashedCrossing` inputs should have shape `()`, `(batch_size)` or `(batch_size, 1)`. "
                f"Received: shapes={shapes}"
            )
        if any(shape != shapes[0] for shape in shapes):
            raise ValueError(f"All `HashedCrossing` inputs should have equal shape. Received: shapes={shapes}")
        if any(not dtypes.is_int(x.dtype) and x.dtype != "string" for x in values):
            raise ValueError(
                "All `HashedCrossing` inputs should have an integer or string dtype. "
                f"Received: {[x.dtype for x in values]}"
            )
        return values

    def _convert_input(self, x: Any) -> Any:
        return x

    def call(self, inputs: Any) -> Any:
        found = ops.host_call(list(inputs), step=_Crossed(self.num_bins, self.name))
        return encode(found, self.output_mode, self.num_bins, self.dtype)

    def get_config(self) -> dict[str, Any]:
        return {key: getattr(self, key) for key in ("num_bins", "output_mode", "sparse", "name", "dtype")}


def _refuse_sparse(sparse: bool, output_mode: str) -> None:
    if sparse and output_mode == "int":
        raise ValueError(
            '`sparse` may only be true if `output_mode` is `"one_hot"`, `"multi_hot"`, or `"count"`. '
            f"Received: sparse={sparse} and output_mode={output_mode}"
        )
    if sparse:
        raise ValueError("`sparse=True` can only be used with the TensorFlow backend. Leave it out here.")
