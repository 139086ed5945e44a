"""Reading arrays at places between their elements: the base of every geometric change of pictures."""

from __future__ import annotations

from typing import Any

from engine.core import dtypes
from engine.core.cases import F, case
from engine.core.op import OPS, composite, defop, dispatch
from engine.core.tensor import Spec, Value, convert_to_tensor
from engine.kernels import sample as kernels
from engine.ops.elementwise import cast
from engine.ops.shape import expand_dims, squeeze, stack

__all__ = ["map_coordinates"]

IMAGE = "keras.src.ops.image"
FILL_MODES = kernels.MODES


def _sampled(x: Spec, places: Spec, **_: Any) -> Spec:
    batch = places.shape[0] if x.shape[0] is None else x.shape[0]
    return Spec((batch, *places.shape[2:], x.shape[-1]), x.dtype)


def _attributes(attrs: dict[str, Any], value: float = 0.0) -> dict[str, Any]:
    return {**attrs, "value": value}


_CALLS = tuple(
    case(F(2, 4, 3, 2), F(2, 2, 5), order=order, mode=mode, value=0.5) for order in (0, 1) for mode in kernels.MODES
)


@defop(
    infer=_sampled,
    vjp=(
        lambda g, y, x, c, **a: dispatch(OPS["sample_grad_array"], (g, c, x), a),
        lambda g, y, x, c, **a: dispatch(OPS["sample_grad_places"], (g, x, c), a),
    ),
    cases=(*_CALLS, case(F(1, 7, 2), F(1, 1, 2, 3), order=1, mode="reflect", value=0.0)),
    name="sample",
)
def sample(x: Any, places: Any, *, order: int, mode: str, value: float, out: Any = None) -> Any:
    """x (batch, *sizes, channels) at places (batch, axes, *points): (batch, *points, channels)."""
    return kernels.sample(x, places, order, mode, value, out)


@defop(
    infer=lambda g, places, x, **_: Spec(x.shape, g.dtype),
    vjp=(
        lambda h, y, g, c, x, **a: sample(h, c, **_attributes(a)),
        lambda h, y, g, c, x, **a: dispatch(OPS["sample_grad_places"], (g, h, c), _attributes(a)),
        None,
    ),
    shape_only=(2,),
    cases=tuple(
        case(F(2, 5, 2), F(2, 2, 5), F(2, 4, 3, 2), order=1, mode=mode, value=0.5) for mode in ("constant", "mirror")
    ),
)
def sample_grad_array(g: Any, places: Any, x: Any, *, order: int, mode: str, value: float) -> Any:
    """Gradient of `sample` by the array, of which only the shape is read."""
    return kernels.sample_grad_array(g, places, x.shape, order, mode)


@defop(
    infer=lambda g, x, places, **_: places,
    nondiff="the second derivative by places is zero but for steps",
    cases=(case(F(2, 5, 2), F(2, 4, 3, 2), F(2, 2, 5), order=1, mode="constant", value=0.5),),
)
def sample_grad_places(g: Any, x: Any, places: Any, *, order: int, mode: str, value: float) -> Any:
    """Gradient of `sample` by the places."""
    return kernels.sample_grad_places(g, x, places, order, mode, value)


@composite(f"{IMAGE}:MapCoordinates", call=("inputs", "coordinates"))
def map_coordinates(inputs: Any, coordinates: Any, order: int, fill_mode: str = "constant", fill_value: Any = 0) -> Any:
    """The array at places between its elements.

    Args:
        inputs: an array with n axes.
        coordinates: (n, ...): for each axis the places, counted in elements.
        order: 0 for the nearest element, 1 for the neighbours mixed by distance.
        fill_mode: how the array goes on beyond its edges: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: what stands there with "constant".

    Returns:
        Values in the shape of `coordinates` without its first axis.

    Raises:
        ValueError: places for another number of axes, an unknown order or mode.
    """
    inputs = convert_to_tensor(inputs)
    many = isinstance(coordinates, (list, tuple))
    places = stack([convert_to_tensor(c) for c in coordinates]) if many else convert_to_tensor(coordinates)
    _check(inputs, places, order, fill_mode)
    if not dtypes.is_float(places.dtype):
        places = cast(places, "float32")
    half = inputs.dtype in ("float16", "bfloat16")
    x = expand_dims(expand_dims(cast(inputs, "float32") if half else inputs, 0), -1)
    found = sample(x, expand_dims(places, 0), order=order, mode=fill_mode, value=float(fill_value))
    found = squeeze(found, (0, -1))
    return cast(found, inputs.dtype) if half else found


def _check(inputs: Value, places: Value, order: int, fill_mode: str) -> None:
    if places.shape[0] != len(inputs.shape):
        raise ValueError(
            "First dim of `coordinates` must be the same as the rank of `inputs`. Received inputs with shape: "
            f"{inputs.shape} and coordinate leading dim of {places.shape[0]}"
        )
    if len(places.shape) < 2:
        raise ValueError(
            f"Invalid coordinates rank: expected at least rank 2. Received input with shape: {places.shape}"
        )
    if fill_mode not in FILL_MODES:
        raise ValueError(
            f"Invalid value for argument `fill_mode`. Expected one of {set(FILL_MODES)}. Received: "
            f"fill_mode={fill_mode}"
        )
    if order not in (0, 1):
        raise ValueError(f"Invalid value for argument `order`. Expected one of {[0, 1]}. Received: order={order}")
