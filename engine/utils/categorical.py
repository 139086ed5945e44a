"""Class numbers as one-hot rows, and vectors of length one."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.tensor import Tensor, Value, convert_to_numpy


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """One-hot rows for class numbers.

    Args:
        x: whole numbers from 0; a last axis of 1 is dropped.
        num_classes: length of a row, by default the largest number plus one.

    Returns:
        float64 array (a float32 tensor for tensors) of shape `x.shape + (num_classes,)`.

    Raises:
        ValueError: a number is negative or reaches `num_classes`.
    """
    numbers = np.asarray(convert_to_numpy(x) if isinstance(x, Value) else x, dtype="int64")
    shape = numbers.shape[:-1] if numbers.ndim > 1 and numbers.shape[-1] == 1 else numbers.shape
    flat = numbers.reshape(-1)
    if num_classes is None:
        num_classes = int(flat.max()) + 1 if flat.size else 0
    if flat.size and (flat.min() < 0 or flat.max() >= num_classes):
        raise ValueError(
            f"Class numbers lie between 0 and num_classes - 1 = {num_classes - 1}, "
            f"but {flat.min()} to {flat.max()} were given."
        )
    rows = np.zeros((flat.size, num_classes))
    rows[np.arange(flat.size), flat] = 1
    rows = rows.reshape((*shape, num_classes))
    return Tensor(rows.astype("float32")) if isinstance(x, Value) else rows


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """`x` divided by its norm of the given order along `axis`; vectors of zeros stay."""
    array = np.asarray(x)
    norm = np.atleast_1d(np.linalg.norm(array, order, axis))
    norm[norm == 0] = 1
    result: Any = array / np.expand_dims(norm, axis)
    return result
