"""Type names, the promotion lattice and dtype policies, with Keras's rules (which are JAX's)."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from engine.core import config

INT_TYPES = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")
FLOAT_TYPES = ("bfloat16", "float16", "float32", "float64")
COMPLEX_TYPES = ("complex64", "complex128")
ALLOWED = ("bool", "string", *INT_TYPES, *FLOAT_TYPES, *COMPLEX_TYPES)

# Each type and the types just above it. "int" and "float" stand for Python numbers, which bend to what they meet.
_ABOVE: dict[str, tuple[str, ...]] = {
    "bool": ("int",),
    "int": ("uint8", "int8"),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "float": ("bfloat16", "float16"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex64": ("complex128",),
    "complex128": (),
}
_NARROW = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex128": "complex64"}
_TEXT_KINDS = ("S", "U", "O", "T")
"""NumPy's kinds of arrays that the engine takes for texts."""

_PYTHON = {bool: "bool", int: "int", float: "float", complex: "complex64", str: "string"}


@functools.cache
def _bounds(name: str) -> frozenset[str]:
    """All types at or above `name` in the lattice."""
    return frozenset({name}).union(*(_bounds(above) for above in _ABOVE[name]))


@functools.lru_cache(2048)
def _join(names: frozenset[str]) -> str:
    common = frozenset.intersection(*(_bounds(name) for name in names))
    return next(name for name in common if common <= _bounds(name))


@functools.lru_cache(1024)
def _standard(name: str) -> str:
    if name not in ALLOWED:
        raise ValueError(f"Invalid dtype: {name}")
    return name


def standardize_dtype(dtype: Any) -> str:
    """Name of `dtype` ("float32", "int32", ...); None gives `floatx()`.

    Raises:
        ValueError: the type is none that the engine knows.
    """
    if dtype is None:
        return config.floatx()
    if isinstance(dtype, str):
        return _standard("int32" if dtype == "int" else config.floatx() if dtype == "float" else dtype)
    if isinstance(dtype, type) and dtype in _PYTHON:
        return {"int": "int32", "float": config.floatx()}.get(_PYTHON[dtype], _PYTHON[dtype])
    if getattr(dtype, "kind", "") in _TEXT_KINDS:
        return "string"
    if hasattr(dtype, "name"):
        return _standard(dtype.name)
    if hasattr(dtype, "__name__"):
        return _standard(dtype.__name__)
    return _standard(str(dtype).rpartition(".")[2])


def _lattice_name(dtype: Any) -> str:
    if isinstance(dtype, type) and dtype in _PYTHON:
        return _PYTHON[dtype]
    return standardize_dtype(dtype)


def result_type(*dtypes: Any) -> str:
    """Type that holds the result of an operation between the given types.

    Python's `int` and `float` (the types themselves) are weak: they take the type of what they meet.
    Results are never wider than 32 bit, as in Keras (and JAX).
    """
    if not dtypes:
        return config.floatx()
    names = frozenset(_lattice_name(dtype) for dtype in dtypes)
    result = _join(names)
    if result == "float":
        return config.floatx()
    if result == "int":
        return "int32"
    return _NARROW.get(result, result)


@functools.lru_cache(2048)
def _compute_type(floatx: str, *dtypes: Any) -> str:
    result = result_type(*dtypes)
    wide = {dtype for dtype in dtypes if isinstance(dtype, str) and dtype in (*FLOAT_TYPES, *COMPLEX_TYPES)}
    if wide and wide <= {"float64", "complex128"}:
        return "complex128" if "complex128" in wide else "float64"
    return result


def compute_type(*dtypes: Any) -> str:
    """Type in which an elementwise op computes: `result_type`, but pure double precision stays what it is."""
    return _compute_type(config.floatx(), *dtypes)


def is_float(dtype: Any) -> bool:
    """Whether the type is a floating one (gradients flow through it)."""
    return standardize_dtype(dtype) in FLOAT_TYPES


def is_int(dtype: Any) -> bool:
    """Whether the type is a signed or unsigned whole number."""
    return standardize_dtype(dtype) in INT_TYPES


@functools.cache
def numpy_dtype(name: str) -> np.dtype[Any]:
    """NumPy's dtype for a type name; texts are Python objects, bfloat16 needs the ml_dtypes package."""
    if name == "bfloat16":
        import ml_dtypes

        name = ml_dtypes.bfloat16
    found: np.dtype[Any] = np.dtype(object if name == "string" else name)
    return found


@functools.cache
def float_range(name: str) -> tuple[float, float]:
    """The least and the largest finite number of a float type."""
    if name == "bfloat16":
        import ml_dtypes

        return float(ml_dtypes.finfo(name).min), float(ml_dtypes.finfo(name).max)
    info = np.finfo(numpy_dtype(name))
    return float(info.min), float(info.max)


@functools.cache
def name_of(dtype: np.dtype[Any]) -> str:
    """Name of a NumPy dtype (NumPy builds it anew at every call)."""
    name: str = "string" if dtype.kind in _TEXT_KINDS else dtype.name
    return name


class DTypePolicy:
    """Types a layer computes and stores in: "float32", "mixed_float16", ...

    Attributes:
        name: the policy's name.
        compute_dtype: type of the layer's inputs and arithmetic.
        variable_dtype: type of its weights.
    """

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = dtype_policy().name
        if not isinstance(name, str):
            raise TypeError(
                f"'name' must be a string, such as 'mixed_float16'. Received: name={name} (of type {type(name)})"
            )
        self._name = name
        if name in ("mixed_float16", "mixed_bfloat16"):
            self._compute, self._variable = name.removeprefix("mixed_"), "float32"
            return
        try:
            self._compute = self._variable = standardize_dtype(name)
        except ValueError as error:
            raise ValueError(
                f"Cannot convert '{name}' to a mixed precision DTypePolicy. Valid policies include 'mixed_float16', "
                "'mixed_bfloat16', and the name of any float dtype such as 'float32'."
            ) from error

    @property
    def name(self) -> str:
        """The name the policy was made by."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """Type of inputs and arithmetic."""
        return self._compute

    @property
    def variable_dtype(self) -> str:
        """Type of the weights."""
        return self._variable

    def at(self, path: str | None) -> DTypePolicy:
        """The policy of the layer at `path`: this one, unless it is a map."""
        return self

    @property
    def quantization_mode(self) -> str | None:
        """How weights are quantized: always None."""
        return None

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """`x` as a value of the engine; floats in `dtype` if `autocast`."""
        from engine import ops
        from engine.core.tensor import Value, convert_to_tensor

        if not isinstance(x, Value):
            if not hasattr(x, "__array__"):
                return x
            x = convert_to_tensor(x)
        dtype = standardize_dtype(dtype)
        return ops.cast(x, dtype) if autocast and is_float(x.dtype) and x.dtype != dtype else x

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal object."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """The object that `get_config` described."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other._name == self._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


class FloatDTypePolicy(DTypePolicy):
    """The same under an older name."""


_GLOBAL_POLICY: list[DTypePolicy | None] = [None]


def dtype_policy() -> DTypePolicy:
    """The policy layers take when none is given."""
    found = _GLOBAL_POLICY[0]
    return DTypePolicy(config.floatx()) if found is None else found


def set_dtype_policy(policy: DTypePolicy | str) -> None:
    """Set the policy that layers made from now on take."""
    if not isinstance(policy, (DTypePolicy, str)):
        raise ValueError(
            "Invalid `policy` argument. Expected the string name of a policy (such as 'mixed_float16') or a "
            f"`DTypePolicy` instance. Received: policy={policy} (of type {type(policy)})"
        )
    _GLOBAL_POLICY[0] = get_policy(policy)


def get_policy(identifier: Any) -> DTypePolicy:
    """A policy from a policy, a type name, a saved config or None (the global policy)."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        if identifier.get("class_name") == "DTypePolicyMap":
            from engine.core.policy_map import DTypePolicyMap

            return DTypePolicyMap.from_config(identifier["config"])
        return DTypePolicy.from_config(identifier.get("config", identifier))
    if isinstance(identifier, str) and identifier.partition("_")[0] in ("int8", "int4", "float8", "gptq", "awq"):
        raise ValueError(
            f"The policy {identifier!r} quantizes weights, which comes with a later version. Use the name of a type, "
            'such as "float32", or "mixed_float16".'
        )
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    try:
        return DTypePolicy(standardize_dtype(identifier))
    except (ValueError, TypeError) as error:
        raise ValueError(
            "Cannot interpret `dtype` argument. Expected a string or an instance of DTypePolicy. "
            f"Received: dtype={identifier}"
        ) from error
