"""Spectral normalization: a layer whose weights never stretch more than by 1."""

from __future__ import annotations

from typing import Any

from engine import initializers, ops
from engine.core.params import Param
from engine.layers.base import InputSpec, Ports
from engine.layers.wrapper import Wrapper


def _unit(x: Any) -> Any:
    """x over its length."""
    return x / ops.maximum(ops.sqrt(ops.sum(ops.square(x))), 1e-12)


class SpectralNormalization(
    Wrapper, category="normalization", keras="keras.layers:SpectralNormalization", ports=Ports(ranks=(2, None))
):
    """Divides a layer's kernel by its largest singular value at each training step (Miyato and others 2018).

    The value is estimated by power iteration, which keeps its vector from step to step.
    """

    power_iterations: int = Param(1, ge=1, doc="Rounds of the estimate at each step.")

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        if not hasattr(self.layer, "kernel") and not hasattr(self.layer, "embeddings"):
            raise ValueError(
                f"{type(self.layer).__name__} object has no attribute 'kernel' nor 'embeddings'. "
                f"{self.name} needs a layer with such weights."
            )
        self.vector_u = self.add_weight(
            (1, self.kernel.shape[-1]),
            initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
            name="vector_u",
            dtype=self.kernel.dtype,
        )
