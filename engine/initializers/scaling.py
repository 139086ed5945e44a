"""Random initializers: plain draws, draws scaled by the number of inputs and outputs, orthogonal matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine import random
from engine.core.params import Param
from engine.core.tensor import Tensor, as_array
from engine.initializers.initializer import Seeded

SEED_DOC = "Whole number that fixes the draw; empty draws anew each time the layer is made."
_TRUNCATION = 0.87962566103423978
"""Deviation of a standard normal cut off at two deviations."""


class RandomNormal(Seeded, keras="keras.initializers:RandomNormal"):
    """Normal draws."""

    mean: float = Param(0.0, doc="Mean.")
    stddev: float = Param(0.05, ge=0, doc="Standard deviation.")
    seed: Any = Param(None, kind="Any", doc=SEED_DOC)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return random.normal(shape, self.mean, self.stddev, dtype, self.seed)


class TruncatedNormal(Seeded, keras="keras.initializers:TruncatedNormal"):
    """Normal draws, none further than two deviations from the mean."""

    mean: float = Param(0.0, doc="Mean.")
    stddev: float = Param(0.05, ge=0, doc="Standard deviation before the cut.")
    seed: Any = Param(None, kind="Any", doc=SEED_DOC)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)


class RandomUniform(Seeded, keras="keras.initializers:RandomUniform"):
    """Even draws between two bounds."""

    minval: float = Param(-0.05, doc="Lower bound.")
    maxval: float = Param(0.05, doc="Upper bound.")
    seed: Any = Param(None, kind="Any", doc=SEED_DOC)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)


class VarianceScaling(Seeded, keras="keras.initializers:VarianceScaling"):
    """Draws whose variance is `scale` divided by the number of inputs, outputs or their mean."""

    scale: float = Param(1.0, gt=0, doc="Variance times the number of connections.")
    mode: str = Param("fan_in", choices=("fan_in", "fan_out", "fan_avg"), doc="Which connections count.")
    distribution: str = Param(
        "truncated_normal",
        choices=("truncated_normal", "untruncated_normal", "uniform", "normal"),
        doc="Form of the draws.",
    )
    seed: Any = Param(None, kind="Any", doc=SEED_DOC)
    input_axes: Any = Param(None, kind="Any", doc="Axes that count as inputs.", advanced=True)
    output_axes: Any = Param(None, kind="Any", doc="Axes that count as outputs.", advanced=True)

    def setup(self) -> None:
        super().setup()
        if self.distribution == "normal":
            self.distribution = "truncated_normal"

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random.uniform(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, math.sqrt(variance), dtype, self.seed)
        return random.truncated_normal(shape, 0.0, math.sqrt(variance) / _TRUNCATION, dtype, self.seed)


class _Named(VarianceScaling, drop=("scale", "mode", "distribution")):
    """A variance scaling whose scale, mode and form are fixed by its name."""

    FIXED: tuple[float, str, str] = (1.0, "fan_in", "truncated_normal")

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        scale, mode, distribution = self.FIXED
        super().__init__(scale, mode, distribution, seed, input_axes, output_axes)


class GlorotUniform(_Named, keras="keras.initializers:GlorotUniform"):
    """Even draws with variance 2 / (inputs + outputs) (Glorot and Bengio 2010)."""

    FIXED = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Named, keras="keras.initializers:GlorotNormal"):
    """Truncated normal draws with variance 2 / (inputs + outputs) (Glorot and Bengio 2010)."""

    FIXED = (1.0, "fan_avg", "truncated_normal")


class LecunNormal(_Named, keras="keras.initializers:LecunNormal"):
    """Truncated normal draws with variance 1 / inputs (LeCun and others 1998)."""

    FIXED = (1.0, "fan_in", "truncated_normal")


class LecunUniform(_Named, keras="keras.initializers:LecunUniform"):
    """Even draws with variance 1 / inputs (LeCun and others 1998)."""

    FIXED = (1.0, "fan_in", "uniform")


class HeNormal(_Named, keras="keras.initializers:HeNormal"):
    """Truncated normal draws with variance 2 / inputs, for relu (He and others 2015)."""

    FIXED = (2.0, "fan_in", "truncated_normal")


class HeUniform(_Named, keras="keras.initializers:HeUniform"):
    """Even draws with variance 2 / inputs, for relu (He and others 2015)."""

    FIXED = (2.0, "fan_in", "uniform")


class Orthogonal(Seeded, keras="keras.initializers:Orthogonal"):
    """A matrix with orthogonal rows or columns (Saxe and others 2013); further axes are folded into the rows."""

    gain: float = Param(1.0, doc="Factor.")
    seed: Any = Param(None, kind="Any", doc=SEED_DOC)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        if len(shape) < 2:
            raise ValueError(
                "The tensor to initialize must be at least two-dimensional. "
                f"Received: shape={shape} of rank {len(shape)}."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        flat = (max(rows, columns), min(rows, columns))
        draw = as_array(random.normal(flat, dtype=dtype, seed=self.seed))
        q, r = np.linalg.qr(draw)
        q = q * np.sign(np.diag(r))
        return Tensor(np.asarray(self.gain * (q.T if rows < columns else q).reshape(shape), draw.dtype))


def compute_fans(shape: Any, input_axes: Any = None, output_axes: Any = None) -> tuple[int, int]:
    """Numbers of inputs and outputs of a weight; axes before the last two are a receptive field."""
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[a] for a in input_axes), math.prod(shape[a] for a in output_axes)
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return int(shape[0]), int(shape[0])
    field = math.prod(shape[:-2])
    return int(shape[-2] * field), int(shape[-1] * field)
