"""Steps that are Python rather than arithmetic (tables, texts, hashes) as one op, so that plans run them too."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from engine.core.cases import I, case
from engine.core.op import defop
from engine.core.tensor import Spec, as_array

__all__ = ["host_call"]


class Step(Protocol):
    """What a step gives: the spec of its result for specs of its inputs, and the result itself."""

    def infer(self, *specs: Spec) -> Spec:
        """Shape and type of the result."""

    def __call__(self, *arrays: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The result for arrays."""


class _Named:
    """Words for whole numbers, or back: the smallest step, for the registry's tests."""

    WORDS = ("zero", "one", "two", "three", "four")

    def infer(self, spec: Spec) -> Spec:
        return Spec(spec.shape, "int64" if spec.dtype == "string" else "string")

    def __call__(self, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        words = list(self.WORDS)
        if x.dtype.kind in "OU":
            return np.array([words.index(str(word)) for word in x.ravel()], "int64").reshape(x.shape)
        return np.array(words, object)[x]


@defop(
    infer=lambda *specs, step: step.infer(*specs),
    nondiff="a step outside of arithmetic",
    cases=(case(I(2, 3), step=_Named()), case(np.array([["one", "four"], ["zero", "one"]], object), step=_Named())),
)
def host_call(*inputs: Any, step: Any) -> Any:
    """The result of `step` (see `Step`) for all inputs; nothing flows back through it."""
    return step(*[as_array(x) for x in inputs])
