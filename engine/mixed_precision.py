"""Mixed precision under Keras's names (`keras.mixed_precision`)."""

from __future__ import annotations

from engine.core.dtypes import DTypePolicy, dtype_policy, set_dtype_policy
from engine.optimizers import LossScaleOptimizer

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
