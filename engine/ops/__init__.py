"""Keras's `keras.ops`: every function works on tensors, on NumPy arrays, while tracing, and in Functional graphs."""

from __future__ import annotations

from engine.core.tensor import convert_to_numpy, convert_to_tensor, is_tensor
from engine.ops.elementwise import *  # noqa: F403
from engine.ops.index import *  # noqa: F403
from engine.ops.linalg import *  # noqa: F403
from engine.ops.reduce import *  # noqa: F403
from engine.ops.shape import *  # noqa: F403

__all__ = ["convert_to_numpy", "convert_to_tensor", "is_tensor"]
