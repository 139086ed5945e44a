"""Initializers without chance: zeros, ones, a constant, the identity matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import ops
from engine.core.objects import serialize_object
from engine.core.params import Param
from engine.core.tensor import Tensor, as_array
from engine.initializers.initializer import Initializer


class Zeros(Initializer, keras="keras.initializers:Zeros"):
    """All 0."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return ops.zeros(shape, dtype)


class Ones(Initializer, keras="keras.initializers:Ones"):
    """All 1."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return ops.ones(shape, dtype)


class Constant(Initializer, keras="keras.initializers:Constant"):
    """One value everywhere, or an array of the weight's shape."""

    value: Any = Param(0.0, kind="Any", doc="The value.")

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return Tensor(np.broadcast_to(as_array(self.value, dtype), tuple(shape)).copy())

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal object."""
        return {"value": serialize_object(self.value)}


class Identity(Initializer, keras="keras.initializers:Identity"):
    """The identity matrix times `gain`."""

    gain: float = Param(1.0, doc="Factor.")

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        if len(shape) != 2:
            raise ValueError(
                "Identity matrix initializer can only be used for 2D matrices. "
                f"Received: shape={shape} of rank {len(shape)}."
            )
        return ops.multiply(ops.eye(shape[0], shape[1], dtype=dtype), self.gain)
