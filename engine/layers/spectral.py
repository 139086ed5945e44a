"""Spectral normalization: a layer whose weights never stretch more than by 1."""

from __future__ import annotations

from typing import Any

from engine import initializers, ops
from engine.core.params import Param
from engine.core.state import no_tapes
from engine.core.tensor import Variable
from engine.layers.base import InputSpec, Ports
from engine.layers.wrapper import Wrapper

_GREATER = "`{name}` should be greater than zero. Received: `{name}={value}`."


class SpectralNormalization(
    Wrapper, category="normalization", keras="keras.layers:SpectralNormalization", ports=Ports(ranks=(2, None))
):
    """Divides a layer's kernel by its largest singular value at each training step (Miyato and others 2018).

    The value is estimated by power iteration, which keeps its vector from step to step.
    """

    power_iterations: int = Param(1, ge=1, refusal=_GREATER, doc="Rounds of the estimate at each step.")

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        self.kernel = _table_of(self.layer)
        if self.kernel is None:
            raise ValueError(
                f"{type(self.layer).__name__} object has no attribute 'kernel' nor 'embeddings'. "
                f"{self.name} needs a layer with such weights."
            )
        self.kernel_shape = self.kernel.shape
        self.vector_u = self.add_weight(
            (1, self.kernel_shape[-1]),
            initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
            name="vector_u",
            dtype=self.kernel.dtype,
        )

    def _own_variables(self) -> list[Any]:
        """The kernel too, as in Keras's files."""
        return [self.kernel, self.vector_u] if self.built else []

    def call(self, inputs: Any, training: Any = False) -> Any:
        if training:
            with no_tapes():  # gradients are those of the kernel as it is afterwards
                zero = ops.all(ops.equal(self.kernel.value, 0))
                vector, kernel = self.normalized_weights()
                self.vector_u.assign(ops.where(zero, self.vector_u.value, vector))
                self.kernel.assign(ops.where(zero, self.kernel.value, kernel))
        return ops.cast(self.layer(inputs), inputs.dtype)

    def normalized_weights(self) -> tuple[Any, Any]:
        """The next vector of the iteration, and the kernel over its largest singular value."""
        kernel, vector_u = self.kernel.value, self.vector_u.value
        rows = ops.reshape(kernel, (-1, self.kernel_shape[-1]))
        for _ in range(self.power_iterations):
            vector_v = ops.normalize(ops.matmul(vector_u, ops.transpose(rows)), axis=None)
            vector_u = ops.normalize(ops.matmul(vector_v, rows), axis=None)
        sigma = ops.matmul(ops.matmul(vector_v, rows), ops.transpose(vector_u))
        kernel_by_sigma = ops.reshape(ops.divide(kernel, sigma), self.kernel_shape)
        return ops.cast(vector_u, self.vector_u.dtype), ops.cast(kernel_by_sigma, self.kernel.dtype)


def _table_of(layer: Any) -> Any:
    """The variable under a layer's kernel or embeddings, which may be a property over it."""
    for name in ("kernel", "embeddings"):
        for found in (vars(layer).get(f"_{name}"), getattr(layer, name, None)):
            if isinstance(found, Variable):
                return found
    return None
