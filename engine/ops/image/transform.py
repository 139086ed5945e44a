"""Pictures turned, shifted, seen from the side, or bent: every new pixel is read from a place in the old picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import dtypes
from engine.core.cases import F, case
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.rng import draw_seed
from engine.core.tensor import Spec, convert_to_tensor
from engine.ops.elementwise import cast, zeros_like
from engine.ops.image.filter import gaussian_kernel, spread
from engine.ops.image.layout import IMAGE, as_batch, as_given, check_rank, is_first, working_type
from engine.ops.image.sample import FILL_MODES, sample
from engine.ops.random import draw_like
from engine.ops.shape import expand_dims, moveaxis, reshape, stack, swapaxes

__all__ = ["affine_transform", "compute_homography_matrix", "elastic_transform", "perspective_transform"]

ORDERS = {"nearest": 0, "bilinear": 1}


def check_ways(interpolation: str, fill_mode: str = "constant") -> None:
    """Refuse unknown words."""
    if interpolation not in ORDERS:
        raise ValueError(
            f"Invalid value for argument `interpolation`. Expected of one {set(ORDERS)}. Received: "
            f"interpolation={interpolation}"
        )
    if fill_mode not in FILL_MODES:
        raise ValueError(
            f"Invalid value for argument `fill_mode`. Expected of one {set(FILL_MODES)}. Received: "
            f"fill_mode={fill_mode}"
        )


def _grid(images: Any, dtype: str) -> tuple[Any, Any]:
    """Row and column of each pixel of (batch, height, width, channels), both (1, height, width)."""
    height, width = images.shape[1:3]
    if height is None or width is None:
        raise ValueError(
            f"The height and the width of the images have to be known. Received: images.shape={tuple(images.shape)}"
        )
    y, x = np.indices((height, width), dtype=dtypes.numpy_dtype(dtype))
    return y[None], x[None]


def _for_each(numbers: Any, images: Any) -> Any:
    """A row of numbers for every picture of the batch, also if only one row was given."""
    if numbers.shape[0] != 1 or images.shape[0] == 1:
        return numbers
    return numbers + cast(zeros_like(images[:, 0, 0, :1]), numbers.dtype)


def _read(images: Any, y: Any, x: Any, interpolation: str, fill_mode: str, fill_value: Any) -> Any:
    """(batch, height, width, channels) at the places (batch, height, width)."""
    places = cast(stack([y, x], axis=1), images.dtype)
    return sample(images, places, order=ORDERS[interpolation], mode=fill_mode, value=float(fill_value))


def _precise(images: Any) -> Any:
    """In a type that can hold what lies between two pixels."""
    return cast(images, working_type(images.dtype))


@composite(f"{IMAGE}:AffineTransform", call=("images", "transform"))
def affine_transform(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: Any = 0,
    data_format: str | None = None,
) -> Any:
    """Pictures turned and shifted: pixel (x, y) is read at (a0 x + a1 y + a2, b0 x + b1 y + b2) of the old one.

    Args:
        images: (height, width, channels) or (batch, height, width, channels), or channels first.
        transform: (8,) or (batch, 8): a0, a1, a2, b0, b1, b2, and two numbers that are not used.
        interpolation: "bilinear" or "nearest".
        fill_mode: how pictures go on beyond their edges: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: what stands there with "constant".
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Raises:
        ValueError: unknown words, or another rank.
    """
    check_ways(interpolation, fill_mode)
    images, transform = convert_to_tensor(images), convert_to_tensor(transform)
    check_rank(images)
    if len(transform.shape) not in (1, 2):
        raise ValueError(
            "Invalid transform rank: expected rank 1 (single transform) or rank 2 (batch of transforms). Received "
            f"input with shape: transform.shape={tuple(transform.shape)}"
        )
    first = is_first(data_format)
    batch = as_batch(_precise(images), first)
    rows = transform if len(transform.shape) == 2 else expand_dims(transform, 0)
    # Computed in double precision and then rounded, as Keras does: between two pixels the last bit decides.
    rows = _for_each(cast(cast(rows, batch.dtype), "float64"), batch)
    a0, a1, a2, b0, b1, b2 = (reshape(rows[:, i], (-1, 1, 1)) for i in range(6))
    y, x = _grid(batch, "float64")
    result = _read(batch, y * b1 + x * b0 + b2, y * a1 + x * a0 + a2, interpolation, fill_mode, fill_value)
    return cast(as_given(result, images, first), images.dtype)


@composite(f"{IMAGE}:PerspectiveTransform", call=("images", "start_points", "end_points"))
def perspective_transform(
    images: Any,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: Any = 0,
    data_format: str | None = None,
) -> Any:
    """Pictures as seen from another side: four points of each are moved, the rest follows.

    Args:
        images: (height, width, channels) or (batch, height, width, channels), or channels first.
        start_points: (4, 2) or (batch, 4, 2): x and y of four points.
        end_points: where they lie afterwards, in the same shape.
        interpolation: "bilinear" or "nearest".
        fill_value: what stands where the old picture ends.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Raises:
        ValueError: unknown words, or points that are not four pairs.
    """
    check_ways(interpolation)
    images = convert_to_tensor(images)
    start, end = convert_to_tensor(start_points), convert_to_tensor(end_points)
    check_rank(images)
    _check_points(start, end)
    first = is_first(data_format)
    batch = as_batch(_precise(images), first)
    if len(start.shape) == 2:
        start, end = expand_dims(start, 0), expand_dims(end, 0)
    rows = _for_each(compute_homography_matrix(start, end), batch)
    a0, a1, a2, a3, a4, a5, a6, a7 = (reshape(rows[:, i], (-1, 1, 1)) for i in range(8))
    y, x = _grid(batch, rows.dtype)
    depth = a6 * x + a7 * y + 1.0
    at_x, at_y = (a0 * x + a1 * y + a2) / depth, (a3 * x + a4 * y + a5) / depth
    result = _read(batch, at_y, at_x, interpolation, "constant", fill_value)
    return cast(as_given(result, images, first), images.dtype)


def _check_points(start: Any, end: Any) -> None:
    for name, points in (("start_points", start), ("end_points", end)):
        if len(points.shape) not in (2, 3) or tuple(points.shape[-2:]) != (4, 2):
            raise ValueError(
                f"Invalid {name} shape: expected (4,2) for a single image or (N,4,2) for a batch. Received shape: "
                f"{tuple(points.shape)}"
            )
    if len(start.shape) != len(end.shape):
        raise ValueError(
            "start_points and end_points must have the same shape. Received start_points.shape="
            f"{tuple(start.shape)}, end_points.shape={tuple(end.shape)}"
        )


@defop(
    infer=lambda a, b: Spec(b.shape, b.dtype),
    vjp=(
        lambda g, y, a, b: -expand_dims(_solved_for(g, a), -1) * expand_dims(y, -2),
        lambda g, y, a, b: _solved_for(g, a),
    ),
    cases=(case(F(2, 3, 3), F(2, 3)),),
    name="solve_points",
)
def _solve(a: Any, b: Any) -> Any:
    """x of a x = b for matrices (batch, n, n) and vectors (batch, n)."""
    return np.linalg.solve(a, b[..., None])[..., 0]


def _solved_for(g: Any, a: Any) -> Any:
    return dispatch(OPS["solve_points"], (swapaxes(a, -1, -2), g), {})


def compute_homography_matrix(start_points: Any, end_points: Any) -> Any:
    """(batch, 8): the numbers a0 ... a7 of the perspective that leads from the end points back to the start points."""
    start, end = convert_to_tensor(start_points), convert_to_tensor(end_points)
    dtype = dtypes.compute_type(start.dtype, end.dtype, float)
    kind = working_type(dtype)
    start, end = cast(cast(start, dtype), kind), cast(cast(end, dtype), kind)
    x, y = end[..., 0], end[..., 1]
    one, zero = x * 0 + 1, x * 0
    heads = ((x, y, one, zero, zero, zero), (zero, zero, zero, x, y, one))
    targets = (start[..., 0], start[..., 1])
    rows = [stack([*head, -to * x, -to * y], axis=-1) for head, to in zip(heads, targets, strict=True)]
    matrix = reshape(stack(rows, axis=2), (-1, 8, 8))
    return cast(_solve(matrix, reshape(start, (-1, 8))), dtype)


@composite(f"{IMAGE}:ElasticTransform")
def elastic_transform(
    images: Any,
    alpha: Any = 20.0,
    sigma: Any = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Any:
    """Pictures bent at random, as if printed on rubber (Simard and others 2003).

    Args:
        images: (height, width, channels) or (batch, height, width, channels), or channels first.
        alpha: strength of the bending.
        sigma: its smoothness, in pixels.
        interpolation: "bilinear" or "nearest".
        fill_mode: how pictures go on beyond their edges: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: what stands there with "constant".
        seed: whole number or SeedGenerator that fixes the draws.
        data_format: "channels_last" or "channels_first"; None takes the global setting.

    Raises:
        ValueError: unknown words, or another rank.
    """
    check_ways(interpolation, fill_mode)
    images = convert_to_tensor(images)
    check_rank(images)
    reach = int(6 * float(sigma)) | 1
    kernel = gaussian_kernel(reach, convert_to_tensor(sigma, "float32"))
    return bent(images, alpha, sigma, kernel, interpolation, fill_mode, fill_value, draw_seed(seed), data_format)


def bent(
    images: Any,
    alpha: Any,
    sigma: Any,
    kernel: Any,
    interpolation: str,
    fill_mode: str,
    fill_value: float,
    seed: Any,
    data_format: str | None,
) -> Any:
    """`elastic_transform` with its smoothing kernel and its drawn seed given."""
    first = is_first(data_format)
    batch = as_batch(_precise(images), first)
    height, width = batch.shape[1:3]
    # Keras draws both directions one after the other from one generator: the numbers of one draw of twice the size.
    draws = draw_like("normal", batch, (2, None, height, width), seed, batch.dtype, mean=0.0, stddev=1.0)
    shifts = moveaxis(draws, 0, -1) * convert_to_tensor(sigma, batch.dtype)
    smooth = spread(shifts, kernel, kernel) * convert_to_tensor(alpha, batch.dtype)
    y, x = _grid(batch, "float64")
    smooth = cast(smooth, "float64")
    result = _read(batch, y + smooth[..., 1], x + smooth[..., 0], interpolation, fill_mode, fill_value)
    return cast(as_given(result, images, first), images.dtype)
