"""What layers do with arguments and shapes: by position or by name, structures of shapes, costs of outputs."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from engine import ops
from engine.core.tensor import KerasTensor


def by_position(args: tuple[Any, ...], **named: Any) -> list[Any]:
    """Arguments that may be given by position or by name, in order."""
    if len(args) > len(named):
        raise TypeError(f"add_weight() takes at most {len(named)} positional arguments but {len(args)} were given.")
    if args and isinstance(args[0], str):
        raise ValueError(
            f"`name` must be passed as a keyword argument. Received: add_weight('{args[0]}', ...). "
            f"Use: add_weight(shape=..., name='{args[0]}')."
        )
    for key, value in zip(named, args, strict=False):
        if named[key] is not None:
            raise ValueError(f"`{key}` was passed both positionally and as a keyword argument.")
        named[key] = value
    return list(named.values())


def per_sample(loss: Any, outputs: Any) -> Any:
    """`loss` divided by the length of the batch, so that it does not grow with it."""
    if not outputs.shape:
        return loss
    count = outputs.shape[0]
    if count is None:
        count = ops.sum(ops.ones_like(outputs[(slice(None), *(0,) * (len(outputs.shape) - 1))]))
    return ops.divide_no_nan(loss, ops.cast(count, loss.dtype))


def bound_arguments(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Constructor arguments by name, for configs of layers that do not write `get_config`."""
    try:
        bound = inspect.signature(cls.__init__).bind(None, *args, **kwargs).arguments  # type: ignore[misc]
    except (TypeError, ValueError):
        return {}
    named = {k: v for k, v in list(bound.items())[1:] if k not in ("kwargs", "args")}
    return {k: v for k, v in named.items() if k not in ("name", "dtype", "trainable")}


def input_shape_of(kwargs: dict[str, Any]) -> Any:
    """The shape of inputs that older arguments (`input_shape`, `input_dim`, `batch_shape`) give, taken out of them."""
    batch_shape = kwargs.pop("batch_shape", None) or kwargs.pop("batch_input_shape", None)
    shape = kwargs.pop("input_shape", None)
    if "input_dim" in kwargs:
        shape = (kwargs.pop("input_dim"),)
    if batch_shape is not None:
        return tuple(batch_shape)
    return None if shape is None else (None, *((shape,) if isinstance(shape, int) else shape))


def holds_keras_tensor(structure: Any) -> bool:
    """Whether a tensor of a Functional graph is among the values."""
    if isinstance(structure, dict):
        return any(holds_keras_tensor(v) for v in structure.values())
    if isinstance(structure, (list, tuple)):
        return any(holds_keras_tensor(v) for v in structure)
    return isinstance(structure, KerasTensor)


def shape_of(x: Any) -> Any:
    """The shape of a value, as a leaf of a structure."""
    return ShapeLeaf(x.shape)


class ShapeLeaf(tuple):  # type: ignore[type-arg]
    """A shape inside a structure of shapes."""


def is_shape(value: Any) -> bool:
    """Whether a tuple or list is a shape: whole numbers and None."""
    return isinstance(value, (tuple, list)) and all(d is None or isinstance(d, (int, np.integer)) for d in value)


def as_shape(value: Any) -> Any:
    """Lists of axes from JSON as tuples, in any structure."""
    if value is None or is_shape(value):
        return None if value is None else tuple(value)
    if isinstance(value, dict):
        return {key: as_shape(v) for key, v in value.items()}
    return [as_shape(v) for v in value]


def tree_of_tensors(shapes: Any, dtype: str) -> Any:
    """KerasTensors for a shape or a structure of shapes."""
    if shapes is None:
        return None
    if is_shape(shapes):
        return KerasTensor(shapes, dtype)
    if isinstance(shapes, dict):
        return {key: tree_of_tensors(v, dtype) for key, v in shapes.items()}
    kind = tuple if isinstance(shapes, tuple) else list
    return kind(tree_of_tensors(v, dtype) for v in shapes)
