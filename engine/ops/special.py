"""Special functions and elementwise ops of rarer use: error functions, Bessel, sinc, roots, angles, neighbours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.core import dtypes
from engine.core.cases import POS, UNIT, F, I, case
from engine.core.op import composite, defop
from engine.core.tensor import convert_to_tensor
from engine.kernels import special as kernels
from engine.ops import elementwise as ew

__all__ = [
    "arccosh",
    "cbrt",
    "deg2rad",
    "erfc",
    "erfinv",
    "fabs",
    "fmax",
    "fmin",
    "fmod",
    "heaviside",
    "hypot",
    "i0",
    "isneginf",
    "isposinf",
    "ldexp",
    "logaddexp2",
    "nextafter",
    "rad2deg",
    "saturate_cast",
    "signbit",
    "sinc",
    "trunc",
]

NUMPY = "keras.src.ops.numpy"
_TWO_BY_ROOT_PI = 2.0 / math.sqrt(math.pi)
_AWAY_FROM_ONE = np.array([[1.5, 2.0, 4.0], [1.1, 3.0, 7.0]])


def _writing(function: Any) -> Any:
    """A function of arrays in the form of a ufunc, with `out`."""

    def kernel(*xs: Any, out: Any = None) -> Any:
        result = np.asarray(function(*xs), dtype=xs[0].dtype)
        if out is None:
            return result
        np.copyto(out, result)
        return out

    kernel.__name__ = function.__name__
    return kernel


arccosh = ew._unary(
    "arccosh", np.arccosh, lambda g, y, x: g / ew.sqrt(x * x - 1.0), cases=(case(_AWAY_FROM_ONE), case(POS(0)))
)
cbrt = ew._unary("cbrt", np.cbrt, lambda g, y, x: g / (3.0 * y * y), cases=(case(POS(2, 3)),))
deg2rad = ew._unary("deg2rad", np.deg2rad, lambda g, y, x: g * (math.pi / 180.0))
rad2deg = ew._unary("rad2deg", np.rad2deg, lambda g, y, x: g * (180.0 / math.pi))
fabs = ew._unary("fabs", np.fabs, lambda g, y, x: g * ew.sign(x))
_trunc = ew._unary("trunc", np.trunc, None, nondiff="steps", keras="")
sinc = ew._unary("sinc", _writing(np.sinc), lambda g, y, x: g * _sinc_slope(x, y))
i0 = ew._unary("i0", kernels.i0, lambda g, y, x: g * i1(x))
i1 = ew._unary("i1", kernels.i1, lambda g, y, x: g * _i1_slope(x, y), keras="")


@composite(f"{NUMPY}:Trunc")
def trunc(x: Any) -> Any:
    """Without the places behind the point; whole numbers stay as they are."""
    x = convert_to_tensor(x)
    return _trunc(x) if dtypes.is_float(x.dtype) else ew.copy(x)


def _sinc_slope(x: Any, y: Any) -> Any:
    """(cos(pi x) - sinc(x)) / x; near 0 its series, where the difference loses all digits."""
    small = ew.less(ew.abs(x), 1e-3)
    safe = ew.where(small, ew.ones_like(x), x)
    return ew.where(small, x * (-(math.pi**2) / 3.0), (ew.cos(safe * math.pi) - y) / safe)


def _i1_slope(x: Any, y: Any) -> Any:
    zero = ew.equal(x, 0)
    return i0(x) - ew.where(zero, 0.5, y / ew.where(zero, ew.ones_like(x), x))


erfc = ew._unary(
    "erfc",
    kernels.erfc,
    lambda g, y, x: g * ew.exp(-(x * x)) * -_TWO_BY_ROOT_PI,
    keras="keras.src.ops.math:Erfc",
)
erfinv = ew._unary(
    "erfinv",
    kernels.erfinv,
    lambda g, y, x: g * ew.exp(y * y) / _TWO_BY_ROOT_PI,
    cases=(case(UNIT(2, 3)),),
    keras="keras.src.ops.math:Erfinv",
)
signbit = ew._unary(
    "signbit", np.signbit, None, promote="float", infer=ew._truth, nondiff="true or false", keras="Signbit"
)
isposinf = ew._unary("isposinf", np.isposinf, None, infer=ew._truth, nondiff="true or false", keras="Isposinf")
isneginf = ew._unary("isneginf", np.isneginf, None, infer=ew._truth, nondiff="true or false", keras="Isneginf")

hypot = ew._binary(
    "hypot", np.hypot, (lambda g, y, a, b: g * a / y, lambda g, y, a, b: g * b / y), keras="Hypot", promote="float"
)
logaddexp2 = ew._binary(
    "logaddexp2",
    np.logaddexp2,
    (lambda g, y, a, b: g * ew.exp2(a - y), lambda g, y, a, b: g * ew.exp2(b - y)),
    keras="Logaddexp2",
    promote="float",
)
fmax = ew._binary(
    "fmax",
    np.fmax,
    (lambda g, y, a, b: g * _of_numbers(a, b, y), lambda g, y, a, b: g * _of_numbers(b, a, y)),
    keras="Fmax",
)
fmin = ew._binary(
    "fmin",
    np.fmin,
    (lambda g, y, a, b: g * _of_numbers(a, b, y), lambda g, y, a, b: g * _of_numbers(b, a, y)),
    keras="Fmin",
)
nextafter = ew._binary(
    "nextafter",
    np.nextafter,
    (lambda g, y, a, b: g, None),
    keras="Nextafter",
    promote="float",
)
heaviside = ew._binary("heaviside", np.heaviside, None, keras="Heaviside", promote="float", nondiff="a step")


def _of_numbers(x: Any, other: Any, y: Any) -> Any:
    """1 where x is the result, 1/2 where both are, 0 elsewhere; also where one of them is NaN."""
    is_x, is_other = ew.cast(ew.equal(x, y), y.dtype), ew.cast(ew.equal(other, y), y.dtype)
    return is_x / ew.maximum(is_x + is_other, 1.0)


_fmod = ew._binary(
    "fmod",
    np.fmod,
    (lambda g, y, a, b: g, lambda g, y, a, b: -(g * _trunc(a / b))),
    keras="",
    cases=(case(F(2, 3), POS(3)), case(I(4), np.array([1, 2, 3, 4], "int32"))),
)


@composite(f"{NUMPY}:Fmod", call=("x1", "x2"))
def fmod(x1: Any, x2: Any) -> Any:
    """Remainder of the division with the sign of x1."""
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    both = a.dtype == b.dtype == "bool"
    return _fmod(ew.cast(a, "int32") if both else x1, ew.cast(b, "int32") if both else x2)


@defop(
    infer=ew._broadcast,
    vjp=(lambda g, y, x, e: ew._unbroadcast(ldexp(g, e), x), None),
    cases=(case(F(2, 3), I(2, 3)), case(F(2, 1), I(3))),
    name="ldexp",
)
def _ldexp(x1: Any, x2: Any, *, out: Any = None) -> Any:
    return np.ldexp(x1, x2, out=out)


@composite(f"{NUMPY}:Ldexp", call=("x1", "x2"))
def ldexp(x1: Any, x2: Any) -> Any:
    """x1 · 2 to the power of x2.

    Raises:
        TypeError: x2 is no whole number.
    """
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    if not dtypes.is_int(b.dtype):
        raise TypeError(f"ldexp exponent must be an integer type. Received: x2 dtype={b.dtype}")
    return _ldexp(ew.cast(a, dtypes.compute_type(a.dtype, float)), ew.cast(b, "int32"))


def _range(dtype: str) -> tuple[Any, Any]:
    if dtype == "bool":
        return 0, 1
    if dtypes.is_int(dtype):
        info = np.iinfo(dtype)
        return info.min, info.max
    return dtypes.float_range(dtype)


def _shared_range(held: str, wanted: str) -> tuple[Any, Any]:
    """The least and largest number of type `held` that type `wanted` holds as well."""
    (low, high), (least, most) = _range(wanted), _range(held)
    kind: Any = dtypes.numpy_dtype(held).type
    bottom, top = kind(max(low, least)), kind(min(high, most))  # whole numbers stay exact in Python
    if dtypes.is_float(held):
        # What a float type rounds beyond the limit comes back by one step.
        bottom = np.nextafter(bottom, kind(0)) if float(bottom) < low else bottom
        top = np.nextafter(top, kind(0)) if float(top) > high else top
    return (float(bottom), float(top)) if dtypes.is_float(held) else (int(bottom), int(top))


@composite("keras.src.ops.core:SaturateCast")
def saturate_cast(x: Any, dtype: Any) -> Any:
    """x in another type; what that type cannot hold becomes its least or largest number."""
    x, name = convert_to_tensor(x), dtypes.standardize_dtype(dtype)
    if x.dtype == "bool":
        return ew.cast(x, name)
    low, high = _shared_range(x.dtype, name)
    return ew.cast(ew.clip(x, low, high), name)
