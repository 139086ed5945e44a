"""Ops that spread the values of pictures; the layers of the same names use them."""

from __future__ import annotations

from typing import Any

from engine.core.cases import F, case
from engine.core.op import defop
from engine.core.tensor import Spec
from engine.kernels import histogram as kernels

__all__: list[str] = []

_STEPS = "values move in steps"


def _same(x: Spec, **_: Any) -> Spec:
    return x


@defop(
    infer=_same,
    nondiff=_STEPS,
    cases=(case(F(2, 4, 5, 3), low=-2.0, high=2.0, bins=16), case(F(0, 4, 5, 3), low=0.0, high=1.0, bins=16)),
)
def equalize(x: Any, *, low: float, high: float, bins: int) -> Any:
    """Pictures (batch, height, width, channels) with the values of each channel spread evenly."""
    return kernels.equalize(x, low, high, bins)


@defop(infer=_same, nondiff=_STEPS, cases=(case(F(2, 4, 5, 3), limit=4.0, grid=(2, 3)),))
def clahe(x: Any, *, limit: float, grid: tuple[int, int]) -> Any:
    """Pictures (batch, height, width, channels) from 0 to 255 with the values of each tile spread evenly."""
    return kernels.clahe(x, limit, grid)
