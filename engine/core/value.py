"""What every kind of value shares: shape and type facts, and operators that call the ops of `engine.ops`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from engine.core.errors import TraceError
from engine.core.shapes import Shape


class Spec(NamedTuple):
    """Shape and type of a value; unknown axes are None."""

    shape: Shape
    dtype: str


_BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "logical_and",
    "or": "logical_or",
    "xor": "logical_xor",
}
_COMPARE = {"eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}
_UNARY = {"neg": "negative", "abs": "abs", "invert": "logical_not"}


def _op(name: str) -> Callable[..., Any]:
    from engine import ops

    function: Callable[..., Any] = getattr(ops, name)
    return function


class Value:
    """Operators and shape facts that every kind of value shares. Arithmetic calls the ops of `engine.ops`."""

    __slots__ = ()
    shape: Shape
    dtype: str

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """NumPy's functions on a value: the engine's op of that name where there is one (tapes see it)."""
        from engine import ops

        name = {"divide": "true_divide"}.get(ufunc.__name__, ufunc.__name__)
        if method == "__call__" and not kwargs and hasattr(ops, name):
            return getattr(ops, name)(*inputs)
        from engine.core.tensor import as_array

        return getattr(ufunc, method)(*(as_array(x) if isinstance(x, Value) else x for x in inputs), **kwargs)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int | None:
        """Number of elements, None if an axis is unknown."""
        from engine.core import shapes

        return shapes.size(self.shape)

    @property
    def T(self) -> Any:
        """The value with its axes reversed."""
        return _op("transpose")(self)

    def reshape(self, newshape: Any) -> Any:
        """The same values in another form."""
        return _op("reshape")(self, newshape)

    def squeeze(self, axis: Any = None) -> Any:
        """Without its axes of length 1, or without those named."""
        return _op("squeeze")(self, axis)

    def __getitem__(self, key: Any) -> Any:
        return _op("get_item")(self, key)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a value without axes")
        if self.shape[0] is None:
            raise TraceError("The length of an axis of unknown size was asked for.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    __hash__ = object.__hash__


def _install_operators() -> None:
    def binary(function: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
        return (lambda self, other: _op(function)(self, other)), (lambda self, other: _op(function)(other, self))

    for name, function in _BINARY.items():
        forward, reverse = binary(function)
        setattr(Value, f"__{name}__", forward)
        setattr(Value, f"__r{name}__", reverse)
    for name, function in _COMPARE.items():
        setattr(Value, f"__{name}__", binary(function)[0])
    for name, function in _UNARY.items():
        setattr(Value, f"__{name}__", lambda self, _function=function: _op(_function)(self))


_install_operators()
Value.__hash__ = object.__hash__  # type: ignore[assignment]
