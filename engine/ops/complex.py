"""Complex numbers: parts, size and angle, two real numbers as one complex one, and other readings of the same bytes.

Gradients flow through real numbers only: what goes through a complex value has none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import dtypes
from engine.core.cases import B, F, I, case
from engine.core.errors import ShapeError
from engine.core.op import composite, defop
from engine.core.tensor import Spec, convert_to_tensor
from engine.ops import elementwise as ew

__all__ = [
    "angle",
    "conj",
    "conjugate",
    "imag",
    "isreal",
    "polar",
    "real",
    "view",
    "view_as_complex",
    "view_as_real",
]

NUMPY = "keras.src.ops.numpy"
_Z = np.array([[1 + 2j, -0.5 - 1j, 3j], [0, -2, 1 - 1j]], "complex64")


@defop(
    infer=ew.real_spec,
    vjp=(lambda g, y, x: g,),
    keras=f"{NUMPY}:Real",
    cases=(case(F(2, 3)), case(_Z), case(I(3))),
)
def real(x: Any, *, out: Any = None) -> Any:
    """The real part."""
    if out is None:
        return np.real(x).copy()
    np.copyto(out, np.real(x))
    return out


@defop(
    infer=ew.real_spec,
    vjp=(lambda g, y, x: ew.zeros_like(g),),
    keras=f"{NUMPY}:Imag",
    cases=(case(F(2, 3)), case(_Z)),
)
def imag(x: Any, *, out: Any = None) -> Any:
    """The imaginary part: 0 of real numbers."""
    if out is None:
        return np.imag(x).copy()
    np.copyto(out, np.imag(x))
    return out


@defop(
    infer=ew._same,
    vjp=(lambda g, y, x: g,),
    inplace=(0,),
    keras=f"{NUMPY}:Conjugate",
    cases=(case(F(2, 3)), case(_Z), case(B(3))),
)
def conjugate(x: Any, *, out: Any = None) -> Any:
    """The complex conjugate; real numbers as they are."""
    if x.dtype.kind == "c":
        return np.conjugate(x, out=out)
    return np.positive(x, out=out) if x.dtype != bool else np.logical_and(x, x, out=out)


@composite(f"{NUMPY}:Conj")
def conj(x: Any) -> Any:
    """The complex conjugate."""
    return conjugate(x)


@defop(
    infer=ew.real_spec,
    vjp=(lambda g, y, x: ew.zeros_like(g),),
    promote="float",
    keras=f"{NUMPY}:Angle",
    cases=(case(F(2, 3)), case(_Z), case(I(3))),
)
def angle(x: Any) -> Any:
    """The angle to the positive real axis, in radians: 0 or pi for real numbers."""
    return np.angle(x).astype(x.real.dtype)


@defop(
    infer=ew._truth,
    keras=f"{NUMPY}:Isreal",
    cases=(case(F(2, 3)), case(_Z)),
    nondiff="true or false",
)
def isreal(x: Any) -> Any:
    """Whether the imaginary part is 0."""
    return np.isreal(x)


@defop(
    infer=lambda a, b: Spec(ew._broadcast(a, b).shape, "complex128" if a.dtype == "float64" else "complex64"),
    promote="float",
    cases=(case(F(2, 3), F(2, 3)), case(F(2, 1), F(3))),
    nondiff="gradients flow through real numbers only",
)
def complex_of(x1: Any, x2: Any) -> Any:
    """x1 as real and x2 as imaginary part."""
    result = np.empty(np.broadcast_shapes(x1.shape, x2.shape), np.result_type(x1.dtype, "complex64"))
    result.real, result.imag = x1, x2
    return result


@composite("keras.src.ops.math:ViewAsComplex")
def view_as_complex(x: Any) -> Any:
    """Pairs of numbers along the last axis as complex numbers.

    Raises:
        ValueError: the last axis has not length 2.
    """
    x = convert_to_tensor(x)
    if not x.shape or x.shape[-1] != 2:
        raise ValueError(
            f"Last dimension of input must be size 2 (real and imaginary). Received shape: {tuple(x.shape)}"
        )
    return ew.cast(complex_of(x[..., 0], x[..., 1]), "complex64")


@composite("keras.src.ops.math:ViewAsReal")
def view_as_real(x: Any) -> Any:
    """Real and imaginary part along a new last axis."""
    from engine.ops.shape import stack

    x = convert_to_tensor(x)
    return stack([real(x), imag(x)], axis=-1)


@composite("keras.src.ops.nn:Polar", call=("abs_", "angle"))
def polar(abs_: Any, angle: Any) -> Any:
    """The complex number of this size and angle."""
    size, turn = convert_to_tensor(abs_), convert_to_tensor(angle)
    return complex_of(size * ew.cos(turn), size * ew.sin(turn))


def _viewed(x: Spec, *, dtype: str) -> Spec:
    old, new = dtypes.numpy_dtype(x.dtype).itemsize, dtypes.numpy_dtype(dtype).itemsize
    if old == new:
        return Spec(x.shape, dtype)
    if not x.shape:
        raise ShapeError("view: a single number cannot be read as a type of another size.", op="view")
    last = x.shape[-1]
    if last is not None and last * old % new:
        raise ShapeError(
            f"view: the last axis holds {last} · {old} bytes, which is no multiple of the {new} bytes of {dtype}.",
            op="view",
        )
    return Spec((*x.shape[:-1], None if last is None else last * old // new), dtype)


@defop(
    infer=_viewed,
    cases=(case(F(2, 3), dtype="int32"), case(F(2, 4), dtype="uint8"), case(I(2, 4), dtype="complex64")),
    nondiff="bytes read as another type",
    name="view",
)
def _view(x: Any, *, dtype: str) -> Any:
    return (
        np.ascontiguousarray(x)
        .view(dtypes.numpy_dtype(dtype))
        .reshape(_viewed(Spec(x.shape, x.dtype.name), dtype=dtype).shape)
    )


@composite(f"{NUMPY}:View")
def view(x: Any, dtype: Any = None) -> Any:
    """The bytes of x read as another type."""
    x = convert_to_tensor(x)
    return x if dtype is None else _view(x, dtype=dtypes.standardize_dtype(dtype))
