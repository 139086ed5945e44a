"""Ops on whole numbers: their bits, shifts, greatest common divisor and least common multiple."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.cases import B, I, case
from engine.core.op import PublicOp, composite, defop
from engine.ops import elementwise as ew

__all__ = [
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "gcd",
    "lcm",
    "left_shift",
    "right_shift",
]

NUMPY = "keras.src.ops.numpy"
_PAIRS = (case(I(2, 3, high=9), I(2, 3)), case(I(2, 3, high=9), I(3)))


def _bits(name: str, ufunc: Any, keras: str) -> PublicOp:
    def kernel(x: Any, y: Any, *, out: Any = None) -> Any:
        return ufunc(x, y, out=out)

    kernel.__name__ = name
    kernel.__doc__ = f"`numpy.{ufunc.__name__}` of each pair of whole numbers, with broadcasting."
    return defop(
        infer=ew._broadcast,
        promote=True,
        inplace=(0, 1),
        keras=f"{NUMPY}:{keras}",
        cases=_PAIRS,
        nondiff="whole numbers",
    )(kernel)


bitwise_and = _bits("bitwise_and", np.bitwise_and, "BitwiseAnd")
bitwise_or = _bits("bitwise_or", np.bitwise_or, "BitwiseOr")
bitwise_xor = _bits("bitwise_xor", np.bitwise_xor, "BitwiseXor")
bitwise_left_shift = _bits("bitwise_left_shift", np.left_shift, "BitwiseLeftShift")
bitwise_right_shift = _bits("bitwise_right_shift", np.right_shift, "BitwiseRightShift")


@composite(f"{NUMPY}:LeftShift", call=("x", "y"))
def left_shift(x: Any, y: Any) -> Any:
    """The bits of x moved y places up."""
    return bitwise_left_shift(x, y)


@composite(f"{NUMPY}:RightShift", call=("x", "y"))
def right_shift(x: Any, y: Any) -> Any:
    """The bits of x moved y places down."""
    return bitwise_right_shift(x, y)


@defop(
    infer=ew._same,
    inplace=(0,),
    keras=f"{NUMPY}:BitwiseInvert",
    cases=(case(I(2, 3)), case(B(3))),
    nondiff="whole numbers",
)
def bitwise_invert(x: Any, *, out: Any = None) -> Any:
    """Every bit turned."""
    return np.invert(x, out=out)


@composite(f"{NUMPY}:BitwiseNot")
def bitwise_not(x: Any) -> Any:
    """Every bit turned."""
    return bitwise_invert(x)


gcd = ew._binary("gcd", np.gcd, None, keras="Gcd", cases=_PAIRS, nondiff="whole numbers")
lcm = ew._binary("lcm", np.lcm, None, keras="Lcm", cases=_PAIRS, nondiff="whole numbers")
