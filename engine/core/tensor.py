"""Values: eager tensors, variables, symbols of a trace, and the tensors of a Functional graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.core import config, dtypes, naming
from engine.core.errors import TraceError
from engine.core.shapes import Shape
from engine.core.state import STATE
from engine.core.value import Spec as Spec
from engine.core.value import Value as Value
from engine.core.value import _op
from engine.kernels.memory import aligned_empty

if TYPE_CHECKING:
    from engine.core.graph import Node, Trace


class Tensor(Value):
    """An eager value: a NumPy array that tapes can follow and that carries a mask."""

    __slots__ = ("__weakref__", "_array", "_keras_mask")

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self._array = array
        self._keras_mask: Any = None

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        shape: tuple[int, ...] = self._array.shape
        return shape

    @property
    def dtype(self) -> str:  # type: ignore[override]
        return dtypes.name_of(self._array.dtype)

    def numpy(self) -> np.ndarray[Any, Any]:
        """The array itself (not a copy)."""
        return self._array

    def item(self, *index: int) -> Any:
        """A single element as a Python number."""
        return self._array.item(*index)

    def tolist(self) -> Any:
        return self._array.tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if copy:
            return np.array(self._array, dtype=dtype)
        return np.asarray(self._array, dtype=dtype)

    def __bool__(self) -> bool:
        return bool(self._array)

    def __int__(self) -> int:
        return int(self._array)

    def __float__(self) -> float:
        return float(self._array)

    def __index__(self) -> int:
        return self._array.__index__()

    def __format__(self, spec: str) -> str:
        return format(self._array.item() if self._array.ndim == 0 else self._array, spec)

    def __repr__(self) -> str:
        return f"<Tensor shape={self.shape}, dtype={self.dtype}, value={self._array!r}>"


class Symbol(Value):
    """A value inside a trace: shape and type without numbers.

    Attributes:
        node: what produces it; None for inputs, variables and constants.
        index: which of the node's outputs it is.
    """

    __slots__ = ("_keras_mask", "dtype", "index", "node", "shape", "trace")

    def __init__(self, spec: Spec, trace: Trace, node: Node | None = None, index: int = 0) -> None:
        self.shape = spec.shape
        self.dtype = spec.dtype
        self.trace = trace
        self.node = node
        self.index = index
        self._keras_mask: Any = None

    @property
    def spec(self) -> Spec:
        """Shape and type."""
        return Spec(self.shape, self.dtype)

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise TraceError(
            "Python asked for the number inside a value while the function was being traced into a plan. "
            "Branches and loops on values run step by step instead (run_eagerly=True)."
        )

    __bool__ = __int__ = __float__ = __index__ = __array__ = numpy = item = tolist = _refuse

    def __repr__(self) -> str:
        return f"<Symbol shape={self.shape}, dtype={self.dtype}>"


class KerasTensor(Value):
    """A value of a Functional graph, made by `Input` and by calling layers on it.

    Args:
        shape: axes, the batch first, unknown ones None.
        dtype: type name, `floatx()` by default.
        name: its name, made up when None.

    Attributes:
        keras_history: (operation, node index, tensor index) of what produces it.
    """

    def __init__(
        self,
        shape: Any,
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.shape = tuple(None if dim is None else int(dim) for dim in shape)
        self.dtype = dtypes.standardize_dtype(dtype)
        self.sparse, self.ragged, self.record_history = sparse, ragged, record_history
        self.name = name or naming.auto_name("keras_tensor")
        self._keras_history: Any = None
        self._keras_mask: Any = None

    @property
    def keras_history(self) -> Any:
        """(operation, node index, tensor index) of what produces the tensor."""
        return self._keras_history

    @property
    def spec(self) -> Spec:
        """Shape and type."""
        return Spec(self.shape, self.dtype)

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        """Not for a tensor of a graph, which has no values yet."""
        raise ValueError(
            "A KerasTensor is symbolic: it's a placeholder for a shape an a dtype. It doesn't have any actual "
            "numerical value. You cannot convert it to a NumPy array or use it in Python control flow; "
            "wrap the computation in a layer instead."
        )

    __array__ = numpy = __int__ = __float__ = __index__ = _refuse

    def __bool__(self) -> bool:
        raise TypeError("A symbolic KerasTensor cannot be used as a boolean.")

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


AGGREGATIONS = ("none", "mean", "sum", "only_first_replica")
"""Ways to join the copies of a variable on several devices; kept for scripts, there is one device."""


class Variable(Value):
    """A value that stays: a weight, a statistic, a counter. Allocated when first read.

    Args:
        initializer: array, number, or callable `initializer(shape, dtype=...)`.
        shape: axes; taken from the array when that is given.
        dtype: type name; `floatx()` for callables, the array's own otherwise.
        trainable: whether optimizers change it and tapes follow it.
        autocast: whether mixed precision may read it in the compute type.
        name: its name; the path is the open name scopes and the name.
    """

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str = "auto",
        name: str | None = None,
        layout: Any = None,
        **kwargs: Any,
    ) -> None:
        self.name = name or naming.auto_name(type(self).__name__)
        if "/" in self.name:
            raise ValueError(f"Argument `name` must be a string and cannot contain character `/`. Received: {name}")
        scope = naming.current_path()
        self.path = f"{scope}/{self.name}" if scope else self.name
        self._trainable = bool(trainable)
        self.autocast = autocast
        self.aggregation = aggregation or "none"
        if self.aggregation not in AGGREGATIONS:
            raise ValueError(
                f"Invalid value for argument `aggregation`. Expected one of {AGGREGATIONS}. "
                f"Received: aggregation={aggregation}"
            )
        self.synchronization = synchronization
        self.regularizer: Any = None
        self.constraint: Any = None
        self.overwrite_with_gradient = False
        self._tensor: Tensor | None = None
        self._prepare(initializer, shape, dtype)

    def _prepare(self, initializer: Any, shape: Any, dtype: Any) -> None:
        if isinstance(initializer, str):
            from engine import initializers

            initializer = initializers.get(initializer)
        if callable(initializer) and not isinstance(initializer, Value):
            if shape is None:
                raise ValueError(
                    "When creating a Variable from an initializer, the `shape` argument should be specified. "
                    f"Received: initializer={initializer} and shape={shape}"
                )
            self.dtype = dtypes.standardize_dtype(dtype)
            self.shape = tuple(int(dim) for dim in shape)
            self._initializer: Callable[..., Any] | None = initializer
            if not (getattr(initializer, "lazy", False) or STATE.abstract) and STATE.trace is None:
                self._materialize()
            return
        array = as_array(initializer, dtype)
        self.dtype, self.shape, self._initializer = array.dtype.name, array.shape, None
        self._store(array)

    def _materialize(self) -> Tensor:
        from engine.core.state import no_tapes

        saved, STATE.trace = STATE.trace, None
        try:
            with no_tapes():
                value = self._initializer(self.shape, dtype=self.dtype)  # type: ignore[misc]
        finally:
            STATE.trace = saved
        return self._store(as_array(value, self.dtype))

    def _store(self, array: np.ndarray[Any, Any]) -> Tensor:
        """Take a copy of `array` as the new value, in aligned memory that compiled plans can use in place."""
        fresh = aligned_copy(array, dtypes.numpy_dtype(self.dtype))
        self._tensor = Tensor(fresh)
        return self._tensor

    def _current(self) -> Tensor:
        return self._materialize() if self._tensor is None else self._tensor

    def _now(self) -> Any:
        """The value at this point: what stands in for it, its symbol in a trace, or its tensor."""
        scope, trace = STATE.stateless, STATE.trace
        value = scope.get_current_value(self) if scope is not None else None
        if value is not None:
            return value
        return self._current() if trace is None else trace.read(self)

    @property
    def initialized(self) -> bool:
        """Whether memory has been allocated and filled."""
        return self._tensor is not None

    @property
    def trainable(self) -> bool:
        """Whether optimizers change it and tapes follow it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)

    @property
    def initializer(self) -> Any:
        """What made the first value; None for a variable made of a value."""
        return self._initializer

    def array(self) -> np.ndarray[Any, Any]:
        """The variable's own memory, for plans and files. Changing it changes the variable."""
        return self._current()._array

    def read(self) -> Any:
        """The current value: a Symbol while tracing, else a Tensor; in the compute type under mixed precision."""
        value = self._now()
        for tape in STATE.tapes:
            tape.note_read(self, value)
        cast_to = STATE.autocast
        if cast_to and self.autocast and cast_to != self.dtype and dtypes.is_float(self.dtype):
            return _op("cast")(value, cast_to)
        return value

    @property
    def value(self) -> Any:
        """The current value, as `read()` gives it."""
        return self.read()

    def assign(self, value: Any) -> Any:
        """Replace the value.

        Raises:
            ValueError: the shape differs.
        """
        if STATE.trace is not None or STATE.stateless is not None:
            new = _op("cast")(convert_to_tensor(value), self.dtype)
            self._check_shape(new.shape)
            if STATE.stateless is not None:
                STATE.stateless.add_update((self, new))
            elif STATE.trace is not None:
                STATE.trace.write(self, new)
            return new
        array = as_array(value, self.dtype)
        self._check_shape(array.shape)
        return self._store(array)

    def _check_shape(self, shape: Shape) -> None:
        if len(shape) != len(self.shape) or any(
            a is not None and a != b for a, b in zip(shape, self.shape, strict=True)
        ):
            raise ValueError(
                "The shape of the target variable and the shape of the target value in `variable.assign(value)` "
                f"must match. variable.shape={self.shape}, Received: value.shape={shape}. Target variable: {self}"
            )

    def assign_add(self, value: Any) -> Any:
        """Add to the value."""
        return self.assign(_op("add")(self._now(), value))

    def assign_sub(self, value: Any) -> Any:
        """Subtract from the value."""
        return self.assign(_op("subtract")(self._now(), value))

    def numpy(self) -> np.ndarray[Any, Any]:
        """A copy of the value as a NumPy array."""
        return np.array(as_array(self))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array(as_array(self), dtype=dtype)

    def __float__(self) -> float:
        return float(self.read())

    def __int__(self) -> int:
        return int(self.read())

    def __bool__(self) -> bool:
        return bool(self.read())

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}>"


def aligned_copy(array: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """A C-contiguous copy whose memory begins at a multiple of 64 bytes."""
    fresh = aligned_empty(array.shape, dtype)
    fresh[...] = array
    return fresh


def as_array(value: Any, dtype: Any = None) -> np.ndarray[Any, Any]:
    """Any eager value as a NumPy array; Python numbers and lists become 32-bit types."""
    if isinstance(value, Variable):
        value = value._current() if STATE.stateless is None else value._now()
    if isinstance(value, Tensor):
        value = value._array
    elif isinstance(value, (Symbol, KerasTensor)):
        value._refuse()
    if dtype is not None:
        return np.asarray(value, dtype=dtypes.numpy_dtype(dtypes.standardize_dtype(dtype)))
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    array = np.asarray([as_array(v) for v in value] if _holds_values(value) else value)
    narrow = {"int64": "int32", "float64": config.floatx()}.get(array.dtype.name)
    return array.astype(narrow) if narrow and not _holds_arrays(value) else array


def _holds_values(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(v, Value) for v in value)


def _holds_arrays(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(v, (np.ndarray, np.generic)) for v in value)


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Any:
    """`x` as a value of the engine (Tensor, or the Symbol or KerasTensor it is), cast to `dtype` if given."""
    if isinstance(x, Variable):
        x = x.read()
    if isinstance(x, Value):
        if dtype is not None and dtypes.standardize_dtype(dtype) != x.dtype:
            return _op("cast")(x, dtype)
        return x
    if isinstance(x, (list, tuple)) and any(isinstance(v, (Symbol, KerasTensor)) for v in x):
        return convert_to_tensor(_op("stack")(list(x)), dtype)
    return Tensor(as_array(x, dtype))


def convert_to_numpy(x: Any) -> np.ndarray[Any, Any]:
    """`x` as a NumPy array.

    Raises:
        TraceError: `x` is a symbol of a trace and has no numbers.
    """
    return np.asarray(as_array(x))


def is_tensor(x: Any) -> bool:
    """Whether `x` is a value ops work on without conversion."""
    return isinstance(x, (Value, np.ndarray, np.generic))


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` belongs to a Functional graph."""
    return isinstance(x, KerasTensor)


def infer_shape_of(x: Any) -> Shape:
    """Axes of any value; numbers and lists are measured as arrays."""
    shape = getattr(x, "shape", None)
    return tuple(shape) if shape is not None else np.shape(x)
