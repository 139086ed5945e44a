"""Cross-entropies and one-hot codes of `keras.ops.nn`."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import config, dtypes, shapes
from engine.core.cases import I, case
from engine.core.errors import ShapeError
from engine.core.op import composite, defop
from engine.core.tensor import Spec, convert_to_tensor
from engine.ops import elementwise as ew
from engine.ops import reduce as red
from engine.ops import shape as sh
from engine.ops.activation import log_softmax, softplus

__all__ = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "multi_hot",
    "one_hot",
    "sparse_categorical_crossentropy",
]

NN = "keras.src.ops.nn"


def _one_hot_spec(x: Spec, *, num_classes: int, axis: int, dtype: str) -> Spec:
    place = axis % (len(x.shape) + 1)
    return Spec((*x.shape[:place], num_classes, *x.shape[place:]), dtype)


@defop(
    infer=_one_hot_spec,
    nondiff="codes of whole numbers",
    cases=(case(I(2, 3), num_classes=5, axis=-1, dtype="float32"), case(I(4), num_classes=5, axis=0, dtype="int32")),
    name="one_hot",
)
def _one_hot(x: Any, *, num_classes: int, axis: int, dtype: str, out: Any = None) -> Any:
    place = axis % (x.ndim + 1)
    classes = np.arange(num_classes).reshape([-1 if i == place else 1 for i in range(x.ndim + 1)])
    result = np.expand_dims(x, place) == classes
    if out is None:
        return result.astype(dtypes.numpy_dtype(dtype))
    np.copyto(out, result)
    return out


@composite(f"{NN}:OneHot")
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """1 at the place each whole number names, 0 elsewhere (nothing for negative numbers)."""
    if sparse:
        raise ValueError("one_hot: sparse=True has no sparse arrays to give here. Leave it out.")
    values = ew.cast(convert_to_tensor(x), "int32")
    return _one_hot(values, num_classes=int(num_classes), axis=axis, dtype=dtypes.standardize_dtype(dtype))


@composite(f"{NN}:MultiHot")
def multi_hot(
    inputs: Any, num_classes: int | None = None, axis: int = -1, dtype: Any = None, sparse: bool = False, **kwargs: Any
) -> Any:
    """1 at every place a row of whole numbers names."""
    count = num_classes if num_classes is not None else kwargs.get("num_tokens")
    if count is None:
        raise ValueError("Argument `num_classes` must be specified.")
    codes = one_hot(inputs, count, axis=axis, dtype=dtype)
    return red.max(codes, axis=1 if len(convert_to_tensor(inputs).shape) > 1 else 0)


def _probabilities(output: Any) -> Any:
    """Held inside (0, 1), so that logarithms stay finite."""
    return ew.clip(output, config.epsilon(), 1.0 - config.epsilon())


def _checked(target: Any, output: Any, name: str) -> tuple[Any, Any]:
    target, output = convert_to_tensor(target), convert_to_tensor(output)
    if len(target.shape) != len(output.shape) or any(
        a is not None and b is not None and a != b for a, b in zip(target.shape, output.shape, strict=False)
    ):
        raise ShapeError(
            f"Arguments `target` and `output` must have the same shape. Received: target.shape={target.shape}, "
            f"output.shape={output.shape}",
            op=name,
            rule=f"{shapes.text(target.shape)} ≠ {shapes.text(output.shape)}",
        )
    return target, output


@composite(f"{NN}:CategoricalCrossentropy")
def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-sum(target · log(output)) over the class axis; probabilities are first made to sum to 1."""
    target, output = _checked(target, output, "categorical_crossentropy")
    if len(target.shape) < 1:
        raise ValueError("Arguments `target` and `output` must be at least rank 1.")
    if from_logits:
        logs = log_softmax(output, axis=axis)
    else:
        logs = ew.log(_probabilities(output / red.sum(output, axis=axis, keepdims=True)))
    return -red.sum(ew.multiply(target, logs), axis=axis)


@composite(f"{NN}:SparseCategoricalCrossentropy")
def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-log(output at the target's class)."""
    target, output = ew.cast(convert_to_tensor(target), "int32"), convert_to_tensor(output)
    if len(target.shape) == len(output.shape) and target.shape[-1] == 1:
        target = sh.squeeze(target, axis=-1)
    if len(output.shape) < 1:
        raise ValueError(f"Argument `output` must be at least rank 1. Received: output.shape={output.shape}")
    place = axis % len(output.shape)
    rest = (*output.shape[:place], *output.shape[place + 1 :])
    if len(target.shape) != len(rest) or any(
        a is not None and b is not None and a != b for a, b in zip(target.shape, rest, strict=True)
    ):
        raise ShapeError(
            "Arguments `target` and `output` must have the same shape up until the last dimension: "
            f"target.shape={target.shape}, output.shape={output.shape}",
            op="sparse_categorical_crossentropy",
        )
    if from_logits:
        logs = log_softmax(output, axis=axis)
    else:
        logs = ew.log(_probabilities(output / red.sum(output, axis=axis, keepdims=True)))
    codes = one_hot(target, int(output.shape[place] or 0), axis=axis, dtype=logs.dtype)
    return -red.sum(codes * logs, axis=axis)


@composite(f"{NN}:BinaryCrossentropy")
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-(target · log(output) + (1 - target) · log(1 - output)), element by element."""
    target, output = _checked(target, output, "binary_crossentropy")
    target = ew.cast(target, output.dtype)
    if from_logits:
        # log(sigmoid(x)) = -softplus(-x) stays exact where the sigmoid rounds to 0 or 1.
        return target * softplus(-output) + (1.0 - target) * softplus(output)
    output = _probabilities(output)
    return -(target * ew.log(output) + (1.0 - target) * ew.log(1.0 - output))
