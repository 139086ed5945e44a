"""Windows that fade a signal out at both ends: Bartlett, Blackman, Hamming, Hann, Kaiser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.core import config
from engine.core.op import belongs
from engine.core.tensor import KerasTensor, Symbol, Tensor, as_array

__all__ = ["bartlett", "blackman", "hamming", "hanning", "kaiser"]

NUMPY = "keras.src.ops.numpy"


def _window(name: str, function: Callable[..., Any], length: Any, *more: Any) -> Tensor:
    if isinstance(length, (KerasTensor, Symbol)):
        raise TypeError(
            f"{name.capitalize()} operation does not support symbolic tensors. "
            f"Received input x = {length} of type {type(length)}"
        )
    return Tensor(np.asarray(function(int(as_array(length)), *more), config.floatx()))


@belongs(NUMPY)
def bartlett(x: Any) -> Tensor:
    """x numbers that rise evenly from 0 to 1 and fall again."""
    return _window("bartlett", np.bartlett, x)


@belongs(NUMPY)
def blackman(x: Any) -> Tensor:
    """x numbers of Blackman's window: three cosines, nearly 0 at the ends."""
    return _window("blackman", np.blackman, x)


@belongs(NUMPY)
def hamming(x: Any) -> Tensor:
    """x numbers of Hamming's window: a raised cosine, 0.08 at the ends."""
    return _window("hamming", np.hamming, x)


@belongs(NUMPY)
def hanning(x: Any) -> Tensor:
    """x numbers of Hann's window: a raised cosine, 0 at the ends."""
    return _window("hanning", np.hanning, x)


@belongs(NUMPY)
def kaiser(x: Any, beta: Any) -> Tensor:
    """x numbers of Kaiser's window; the larger `beta`, the smaller the ends."""
    return _window("kaiser", np.kaiser, x, float(as_array(beta)))
