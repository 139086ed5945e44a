"""Losses of sequences."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core.tensor import convert_to_tensor
from engine.losses.regression import dtype_param, name_param, reduction_param
from engine.losses.wrapper import DeclaredLoss


def ctc(y_true: Any, y_pred: Any) -> Any:
    """Minus the log-probability of the labels over all ways in which the frames can spell them (Graves et al. 2006).

    Args:
        y_true: (batch, labels) whole numbers; 0 fills up short samples and is no label.
        y_pred: (batch, time, classes) raw scores; class 0 stands for no label.
    """
    y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    if len(y_true.shape) != 2:
        raise ValueError(
            "Targets `y_true` are expected to be a tensor of shape `(batch_size, max_length)` in integer format. "
            f"Received: y_true.shape={y_true.shape}"
        )
    if len(y_pred.shape) != 3:
        raise ValueError(
            "Logits `y_pred` are expected to be a tensor of shape `(batch_size, max_length, num_classes)`. "
            f"Received: y_pred.shape={y_pred.shape}"
        )
    lengths = ops.sum(ops.cast(ops.not_equal(y_true, 0), "int32"), axis=-1)
    return ops.ctc_loss(y_true, y_pred, lengths, None, mask_index=0)


class CTC(DeclaredLoss, keras="keras.losses:CTC"):
    """Compares a sequence of scores with labels whose places in time are unknown, as in speech and handwriting.

    Targets are label numbers, filled up with 0; predictions are raw scores (batch, time, classes).
    """

    fn = staticmethod(ctc)
    same_shape = False
    reduction: str | None = reduction_param()
    name: str | None = name_param("ctc")
    dtype: Any = dtype_param()
