"""Cross-entropies and one-hot codes of `keras.ops.nn`."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import config, dtypes, shapes
from engine.core.cases import UNIT, F, I, case
from engine.core.errors import ShapeError
from engine.core.op import composite, defop
from engine.core.tensor import Spec, convert_to_tensor
from engine.kernels.pointwise import log_softmax as log_softmax_kernel
from engine.ops import elementwise as ew
from engine.ops import reduce as red
from engine.ops.activation import log_softmax, softplus
from engine.ops.shape import expand_dims, squeeze

__all__ = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "multi_hot",
    "one_hot",
    "softmax_cross_entropy",
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


def _entropy_specs(target: Spec, logits: Spec, *, axis: int) -> tuple[Spec, Spec]:
    place = shapes.normalize_axis(axis, len(logits.shape), "softmax_cross_entropy")
    return Spec((*logits.shape[:place], *logits.shape[place + 1 :]), logits.dtype), logits


def _entropy_vjp(grads: Any, outputs: Any, inputs: Any, attrs: Any) -> tuple[Any, ...]:
    (g, g_logs), (_, logs), (target, _), axis = grads, outputs, inputs, attrs["axis"]
    by_target, by_logits = None, None
    if g is not None:
        wide = expand_dims(g, axis)
        by_target, by_logits = -(wide * logs), softmax_cross_entropy_grad(wide, target, logs, axis=axis)
    if g_logs is not None:
        share = g_logs - ew.exp(logs) * red.sum(g_logs, axis=axis, keepdims=True)
        by_logits = share if by_logits is None else by_logits + share
    return by_target, by_logits


@defop(
    infer=_entropy_specs,
    vjp_all=_entropy_vjp,
    cases=(
        case(UNIT(3, 4), F(3, 4), axis=-1),
        case(UNIT(2, 4, 3), F(2, 4, 3), axis=1),
        case(UNIT(0, 4), F(0, 4), axis=-1),
    ),
)
def softmax_cross_entropy(target: Any, logits: Any, *, axis: int = -1, out: Any = None) -> Any:
    """-sum(target · log_softmax(logits)) over `axis`; returns it and log_softmax(logits)."""
    logs = log_softmax_kernel(logits, axis, None if out is None else out[1])
    loss = np.negative((target * logs).sum(axis=axis), out=None if out is None else out[0])
    return loss, logs


def _entropy_grad_by_logs(h: Any, r: Any, g: Any, target: Any, logs: Any, *, axis: int) -> Any:
    return h * g * ew.exp(logs) * red.sum(target, axis=axis, keepdims=True)


@defop(
    infer=lambda g, target, logs, **_: logs,
    vjp=(
        lambda h, r, g, target, logs, *, axis: red.sum(
            h * (ew.exp(logs) * red.sum(target, axis=axis, keepdims=True) - target), axis=axis, keepdims=True
        ),
        lambda h, r, g, target, logs, *, axis: red.sum(h * g * ew.exp(logs), axis=axis, keepdims=True) - h * g,
        _entropy_grad_by_logs,
    ),
    inplace=(2,),
    cases=(case(F(3, 1), UNIT(3, 4), F(3, 4), axis=-1), case(F(2, 1, 3), UNIT(2, 4, 3), F(2, 4, 3), axis=1)),
)
def softmax_cross_entropy_grad(g: Any, target: Any, logs: Any, *, axis: int = -1, out: Any = None) -> Any:
    """Gradient of `softmax_cross_entropy` by the logits: g · (softmax · sum(target) - target)."""
    result = np.exp(logs, out=out)
    result *= target.sum(axis=axis, keepdims=True)
    result -= target
    result *= g
    return result


def _log_probabilities(output: Any, axis: int) -> Any:
    return ew.log(_probabilities(output / red.sum(output, axis=axis, keepdims=True)))


@composite(f"{NN}:CategoricalCrossentropy", call=("target", "output"))
def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-sum(target · log(output)) over the class axis; probabilities are first made to sum to 1."""
    target, output = _checked(target, output, "categorical_crossentropy")
    if len(target.shape) < 1:
        raise ValueError("Arguments `target` and `output` must be at least rank 1.")
    if from_logits and dtypes.is_float(output.dtype):
        return softmax_cross_entropy(ew.cast(target, output.dtype), output, axis=axis)[0]
    logs = log_softmax(output, axis=axis) if from_logits else _log_probabilities(output, axis)
    return -red.sum(ew.multiply(target, logs), axis=axis)


@composite(f"{NN}:SparseCategoricalCrossentropy", call=("target", "output"))
def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-log(output at the target's class)."""
    target, output = ew.cast(convert_to_tensor(target), "int32"), convert_to_tensor(output)
    if len(target.shape) == len(output.shape) and target.shape[-1] == 1:
        target = squeeze(target, axis=-1)
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
    classes = int(output.shape[place] or 0)
    if from_logits and dtypes.is_float(output.dtype):
        return softmax_cross_entropy(one_hot(target, classes, axis=axis, dtype=output.dtype), output, axis=axis)[0]
    logs = log_softmax(output, axis=axis) if from_logits else _log_probabilities(output, axis)
    return -red.sum(one_hot(target, classes, axis=axis, dtype=logs.dtype) * logs, axis=axis)


@composite(f"{NN}:BinaryCrossentropy", call=("target", "output"))
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-(target · log(output) + (1 - target) · log(1 - output)), element by element."""
    target, output = _checked(target, output, "binary_crossentropy")
    target = ew.cast(target, output.dtype)
    if from_logits:
        # log(sigmoid(x)) = -softplus(-x) stays exact where the sigmoid rounds to 0 or 1.
        return target * softplus(-output) + (1.0 - target) * softplus(output)
    output = _probabilities(output)
    return -(target * ew.log(output) + (1.0 - target) * ew.log(1.0 - output))
