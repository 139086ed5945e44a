"""Making values and functions: zeros, ones, evenly spaced numbers, the type of a value, functions of single numbers."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from engine.core import config, dtypes
from engine.core.errors import ShapeError
from engine.core.op import belongs, composite
from engine.core.tensor import Tensor, as_array, convert_to_tensor
from engine.ops import elementwise as ew
from engine.ops.shape import reshape, stack

__all__ = [
    "arange",
    "dtype",
    "empty",
    "empty_like",
    "eye",
    "full",
    "geomspace",
    "identity",
    "linspace",
    "logspace",
    "ones",
    "vectorize",
    "zeros",
]

NUMPY = "keras.src.ops.numpy"


def _kind(dtype: Any) -> Any:
    return dtypes.numpy_dtype(dtypes.standardize_dtype(dtype))


@belongs(NUMPY)
def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """Zeros."""
    return Tensor(np.zeros(shape, _kind(dtype)))


@belongs(NUMPY)
def ones(shape: Any, dtype: Any = None) -> Tensor:
    """Ones."""
    return Tensor(np.ones(shape, _kind(dtype)))


@belongs(NUMPY)
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """An array of one value."""
    return Tensor(np.full(shape, fill_value, _kind(dtype)))


@belongs(NUMPY)
def empty(shape: Any, dtype: Any = None) -> Tensor:
    """An array whose values do not matter."""
    return zeros(shape, dtype)


@belongs(NUMPY)
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Ones on a diagonal."""
    return Tensor(np.eye(N, M, k, _kind(dtype)))


@belongs(NUMPY)
def identity(n: int, dtype: Any = None) -> Tensor:
    """The identity matrix."""
    return eye(n, dtype=dtype)


@belongs(NUMPY)
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Evenly spaced numbers from start up to, not including, stop."""
    kinds = [type(v) if isinstance(v, (int, float)) else v.dtype for v in (start, stop, step) if v is not None]
    array = np.arange(start, stop, 1 if step is None else step) if stop is not None else np.arange(start)
    return Tensor(array.astype(dtypes.numpy_dtype(dtypes.standardize_dtype(dtype or dtypes.result_type(*kinds)))))


@belongs(NUMPY)
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`num` numbers evenly from start to stop; with `retstep` also how far they are apart."""
    ends = [as_array(v) for v in (start, stop)]
    kind = _kind(dtype or dtypes.result_type(*(v.dtype for v in ends), float))
    numbers, step = np.linspace(  # type: ignore[call-overload]
        *ends, num, endpoint, retstep=True, dtype=kind, axis=axis
    )
    return (Tensor(numbers), Tensor(np.asarray(step, kind))) if retstep else Tensor(numbers)


def dtype(x: Any) -> str:
    """The type of x, by name."""
    return dtypes.standardize_dtype(x.dtype)


@composite(f"{NUMPY}:EmptyLike")
def empty_like(x: Any, dtype: Any = None) -> Any:
    """A value of the shape of x whose numbers do not matter."""
    x = convert_to_tensor(x)
    return ew.zeros_like(x, dtype=dtypes.standardize_dtype(dtype or x.dtype))


@belongs(NUMPY)
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Tensor:
    """`num` numbers from start to stop, each the same multiple of the one before."""
    kind = dtypes.numpy_dtype(dtypes.standardize_dtype(dtype or config.floatx()))
    return Tensor(np.geomspace(as_array(start), as_array(stop), num, endpoint, dtype=kind, axis=axis))


@belongs(NUMPY)
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10, dtype: Any = None, axis: int = 0
) -> Tensor:
    """`num` powers of `base`, the exponents evenly from start to stop."""
    ends = [type(v) if isinstance(v, (int, float)) else as_array(v).dtype.name for v in (start, stop)]
    kind = dtypes.numpy_dtype(dtypes.standardize_dtype(dtype or dtypes.result_type(*ends, float)))
    return Tensor(np.logspace(as_array(start), as_array(stop), num, endpoint, base, dtype=kind, axis=axis))


@belongs(NUMPY)
def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Iterable[Any] | None = None, signature: str | None = None
) -> Callable[..., Any]:
    """A function of single values as one of whole arrays: called for each element, inputs broadcast.

    Tapes see every call, so gradients flow as far as `pyfunc` uses ops.

    Args:
        pyfunc: the function.
        excluded: positions and names of arguments passed on as they are.
        signature: the axes `pyfunc` itself works on, for example "(n),(n)->()"; single numbers by default.
    """
    left_out = set(excluded or ())

    def vectorized(*args: Any, **kwargs: Any) -> Any:
        places = [i for i in range(len(args)) if i not in left_out]
        names = [k for k in kwargs if k not in left_out]
        values = [convert_to_tensor(args[i]) for i in places] + [convert_to_tensor(kwargs[k]) for k in names]
        cores = _cores(signature, len(values))
        loops = [_known(v.shape[: len(v.shape) - c]) for v, c in zip(values, cores, strict=True)]
        grid = np.broadcast_shapes(*loops)
        results = []
        for place in itertools.product(*(range(n) for n in grid)):
            single = [v[_local(place, loop)] for v, loop in zip(values, loops, strict=True)]
            given = list(args)
            for i, value in zip(places, single, strict=False):
                given[i] = value
            results.append(pyfunc(*given, **{**kwargs, **dict(zip(names, single[len(places) :], strict=True))}))
        return _collected(results, grid)

    return vectorized


def _cores(signature: str | None, count: int) -> list[int]:
    """How many axes of each argument the function itself works on."""
    if signature is None:
        return [0] * count
    groups = re.findall(r"\(([^)]*)\)", signature.partition("->")[0])
    if len(groups) != count:
        raise ValueError(f"vectorize: the signature '{signature}' names {len(groups)} arguments, {count} were given.")
    return [len([name for name in group.split(",") if name.strip()]) for group in groups]


def _known(shape: tuple[int | None, ...]) -> tuple[int, ...]:
    if None in shape:
        raise ShapeError("vectorize needs axes of known length.", op="vectorize", shapes=(shape,))
    return tuple(n or 0 for n in shape)


def _local(place: tuple[int, ...], loop: tuple[int, ...]) -> tuple[int, ...]:
    """The place in a value that is broadcast to the grid."""
    own = place[len(place) - len(loop) :]
    return tuple(0 if n == 1 else i for i, n in zip(own, loop, strict=True))


def _collected(results: list[Any], grid: tuple[int, ...]) -> Any:
    if not results:
        return zeros(grid)
    if isinstance(results[0], tuple):
        return tuple(_collected(list(part), grid) for part in zip(*results, strict=True))
    values = [convert_to_tensor(r) for r in results]
    return reshape(stack(values, axis=0), (*grid, *values[0].shape))
