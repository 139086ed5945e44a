"""What layers accept: ports for the canvas, and input specs with Keras's messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.core import dtypes, tree


@dataclass(frozen=True)
class Ports:
    """What can be wired to a layer.

    Attributes:
        inputs: fewest and most inputs (None: any number).
        outputs: number of outputs.
        ranks: fewest and most axes of an input, the batch counted, or None.
        dtypes: "float", "int", "string" (texts), "term" (texts or whole numbers) or "any".
        as_list: whether the layer is called on one list of its inputs instead of on one argument for each.
    """

    inputs: tuple[int, int | None] = (1, 1)
    outputs: int = 1
    ranks: tuple[int, int | None] | None = None
    dtypes: str = "float"
    as_list: bool = False


class InputSpec:
    """Rank, type and axes an input must have."""

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = dtypes.standardize_dtype(dtype) if dtype is not None else None
        self.shape = tuple(shape) if shape is not None else None
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.name, self.optional = name, optional
        self.allow_last_axis_squeeze = allow_last_axis_squeeze

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal object."""
        keys = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        return {key: getattr(self, key) for key in keys}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """The spec that `get_config` described."""
        return cls(**config)


def check_input(spec: Any, inputs: Any, layer: Any) -> None:
    """Raise ValueError, naming the layer, when inputs do not fit the layer's spec."""
    if not spec:
        return
    specs = tree.flatten(spec)
    values = tree.flatten(inputs)
    if len(values) != len(specs):
        raise ValueError(f"Layer '{layer.name}' expected {len(specs)} input(s). Received {len(values)} instead.")
    for i, (one, x) in enumerate(zip(specs, values, strict=True)):
        if one is not None and hasattr(x, "shape"):
            _check_one(one, tuple(x.shape), f"Input {i} of layer '{layer.name}' is incompatible with the layer: ")


def _check_one(spec: InputSpec, shape: tuple[Any, ...], start: str) -> None:
    found = f"Full shape received: {shape}"
    if spec.ndim is not None and len(shape) != spec.ndim:
        raise ValueError(f"{start}expected ndim={spec.ndim}, found ndim={len(shape)}. {found}")
    if spec.max_ndim is not None and len(shape) > spec.max_ndim:
        raise ValueError(f"{start}expected max_ndim={spec.max_ndim}, found ndim={len(shape)}")
    if spec.min_ndim is not None and len(shape) < spec.min_ndim:
        raise ValueError(f"{start}expected min_ndim={spec.min_ndim}, found ndim={len(shape)}. {found}")
    for axis, value in spec.axes.items():
        if value is not None and shape[axis] is not None and shape[axis] != value:
            raise ValueError(
                f"{start}expected axis {axis} of input shape to have value {value}, "
                f"but received input with shape {shape}"
            )
    for wanted, dim in zip(spec.shape or (), shape, strict=False):
        if wanted is not None and dim is not None and wanted != dim:
            raise ValueError(f"{start}expected shape={spec.shape}, found shape={shape}")
