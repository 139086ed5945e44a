"""Moving elements about: rolling, turning, mirroring, axis patterns, blocks of pixels."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from engine.core import config, shapes
from engine.core.cases import F, case
from engine.core.errors import ShapeError
from engine.core.op import composite, defop
from engine.core.tensor import convert_to_tensor
from engine.ops.shape import flip, ravel, reshape, reshape_like, swapaxes, transpose

__all__ = [
    "depth_to_space",
    "fliplr",
    "flipud",
    "rearrange",
    "roll",
    "rot90",
    "space_to_depth",
]

NUMPY = "keras.src.ops.numpy"


@defop(
    infer=lambda x, *, shift, axis: x,
    vjp=(lambda g, y, x, *, shift, axis: _roll(g, shift=tuple(-s for s in shift), axis=axis),),
    cases=(case(F(2, 5), shift=(2,), axis=(1,)), case(F(3, 4), shift=(-1, 5), axis=(0, 1))),
    name="roll",
)
def _roll(x: Any, *, shift: tuple[int, ...], axis: tuple[int, ...]) -> Any:
    return np.roll(x, shift, axis)


@composite(f"{NUMPY}:Roll")
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Elements moved `shift` places along the axes, those that leave the end coming back at the start.

    Without an axis the flattened value is rolled and brought back to its shape.
    """
    x = convert_to_tensor(x)
    if axis is None:
        flat = _roll(ravel(x), shift=(int(np.sum(shift)),), axis=(0,))
        return reshape_like(flat, x)
    axes = shapes.normalize_axes(axis, len(x.shape), "roll")
    shifts = np.broadcast_to(np.asarray(shift), (len(axes),)).tolist()
    return _roll(x, shift=tuple(shifts), axis=axes)


@composite(f"{NUMPY}:Rot90")
def rot90(array: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Turned k times by 90 degrees in the plane of two axes, from the first towards the second.

    Raises:
        ValueError: less than two axes, or twice the same.
    """
    x = convert_to_tensor(array)
    if len(x.shape) < 2:
        raise ValueError(f"Input array must have at least 2 dimensions. Received: array.ndim={len(x.shape)}")
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(f"Invalid axes: {axes}. Axes must be a tuple of two different dimensions.")
    first, second = shapes.normalize_axes(axes, len(x.shape), "rot90")
    if k % 4 == 2:
        return flip(x, axis=(first, second))
    if k % 4 == 1:
        return swapaxes(flip(x, axis=second), first, second)
    return flip(swapaxes(x, first, second), axis=second) if k % 4 == 3 else x


@composite(f"{NUMPY}:Fliplr")
def fliplr(x: Any) -> Any:
    """The second axis turned round."""
    return flip(convert_to_tensor(x), axis=1)


@composite(f"{NUMPY}:Flipud")
def flipud(x: Any) -> Any:
    """The first axis turned round."""
    return flip(convert_to_tensor(x), axis=0)


def _groups(side: str) -> list[list[str]]:
    """ "b (h w) c" as [["b"], ["h", "w"], ["c"]]."""
    return [re.findall(r"\w+", part) for part in re.findall(r"\w+|\(.*?\)", side)]


def _group_lengths(group: list[str], length: int | None, known: dict[str, int], pattern: str) -> dict[str, int | None]:
    """The lengths of the axes of which one axis is made; one of them follows from the others."""
    if len(group) == 1:
        return {group[0]: length}
    lengths: dict[str, int | None] = {name: known.get(name) for name in group}
    open_names = [name for name, n in lengths.items() if n is None]
    if len(open_names) > 1:
        raise ShapeError(
            f"rearrange: '{pattern}' needs the lengths of all but one of {', '.join(group)}.", op="rearrange"
        )
    fixed = math.prod(n for n in lengths.values() if n is not None)
    if length is not None and (length % fixed or (not open_names and length != fixed)):
        raise ShapeError(
            f"rearrange: an axis of {length} is not made of {' · '.join(group)} with these lengths.",
            op="rearrange",
            rule=f"{length} / {fixed}",
        )
    if open_names:
        lengths[open_names[0]] = None if length is None else length // fixed
    return lengths


@composite("keras.src.ops.einops:Rearrange", call=("tensor", "pattern", "axes_lengths"))
def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Any:
    """Axes taken apart, reordered and joined as a pattern says, for example "b (h p) w c -> b h w (p c)".

    Args:
        tensor: the value.
        pattern: names of the axes before and after the arrow; parentheses hold the axes of which one is made.
        **axes_lengths: lengths of axes inside parentheses; one of each group follows from the others.

    Raises:
        ShapeError: the pattern does not fit the shape.
    """
    tensor = convert_to_tensor(tensor)
    left, arrow, right = pattern.partition("->")
    before, after = _groups(left), _groups(right)
    names, wanted = [n for g in before for n in g], [n for g in after for n in g]
    if not arrow or len(before) != len(tensor.shape) or sorted(names) != sorted(wanted):
        raise ShapeError(
            f"rearrange: '{pattern}' names every axis of the value once on both sides.",
            op="rearrange",
            shapes=(tensor.shape,),
        )
    lengths: dict[str, int | None] = {}
    for group, length in zip(before, tensor.shape, strict=True):
        lengths.update(_group_lengths(group, length, axes_lengths, pattern))
    if len(names) != len(before):
        tensor = _with_lengths(tensor, [lengths[n] for n in names])
    tensor = transpose(tensor, [names.index(n) for n in wanted])
    if len(after) == len(wanted):
        return tensor
    return _with_lengths(tensor, [_product([lengths[n] for n in group]) for group in after])


def _product(lengths: list[int | None]) -> int | None:
    return None if None in lengths else math.prod(n for n in lengths if n is not None)


def _with_lengths(x: Any, lengths: list[int | None]) -> Any:
    """x in a shape in which None stands for lengths that are not known; the first of them may be the first axis."""
    if lengths.count(None) > 1 and lengths[0] is None and x.shape[0] is None:
        return reshape(x, [None, *[-1 if n is None else n for n in lengths[1:]]])
    return reshape(x, [-1 if n is None else n for n in lengths])


def _blocks(block_size: int, data_format: str, x: Any, name: str) -> tuple[Any, bool]:
    first = config.standardize_data_format(data_format) == "channels_first"
    if block_size < 2:
        raise ValueError(f"`block_size` must be at least 2. Received: block_size={block_size}")
    x = convert_to_tensor(x)
    if len(x.shape) != 4:
        raise ValueError(f"`{name}` requires a 4D input tensor. Received: x.shape={tuple(x.shape)}")
    return x, first


@composite("keras.src.ops.nn:DepthToSpace")
def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Channels laid out as blocks of pixels: (N, H, W, C · b²) to (N, H · b, W · b, C).

    Raises:
        ValueError: less than 2 pixels a block, not four axes, or channels that do not divide.
    """
    x, first = _blocks(block_size, data_format, x, "depth_to_space")
    channels = x.shape[1 if first else 3]
    if channels is not None and channels % block_size**2:
        raise ValueError(f"The number of channels ({channels}) must be divisible by block_size**2 ({block_size**2}).")
    pattern = "n (c p q) h w -> n c (h p) (w q)" if first else "n h w (p q c) -> n (h p) (w q) c"
    return rearrange(x, pattern, p=block_size, q=block_size)


@composite("keras.src.ops.nn:SpaceToDepth")
def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Blocks of pixels laid out as channels: (N, H · b, W · b, C) to (N, H, W, C · b²).

    Raises:
        ValueError: less than 2 pixels a block, not four axes, or a height or width that does not divide.
    """
    x, first = _blocks(block_size, data_format, x, "space_to_depth")
    for word, length in zip(("Height", "Width"), x.shape[2:] if first else x.shape[1:3], strict=True):
        if length is not None and length % block_size:
            raise ValueError(f"{word} ({length}) must be divisible by block_size ({block_size}).")
    pattern = "n c (h p) (w q) -> n (c p q) h w" if first else "n (h p) (w q) c -> n h w (p q c)"
    return rearrange(x, pattern, p=block_size, q=block_size)
