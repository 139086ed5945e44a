"""Dense over any axes, in index notation."""

from __future__ import annotations

import copy
from typing import Any

from engine import ops
from engine.core.params import Activation, Constraint, Initializer, Param, Regularizer
from engine.initializers import VarianceScaling
from engine.layers.base import Ports
from engine.layers.core import CONSTRAINTS, INITIALISATION, REGULARIZATION
from engine.layers.lora import Adapted, lora_alpha, lora_rank, quantization


class EinsumDense(Adapted, category="core", keras="keras.layers:EinsumDense", ports=Ports(ranks=(2, None))):
    """A dense layer whose sums are written as an equation, for example "abc,cd->abd"."""

    equation: str = Param(doc="Letters of the input, the kernel and the output.")
    output_shape: Any = Param(kind="Any", doc="Axes of the output without the batch; None keeps that of the input.")
    activation: Activation = Param(None, nullable=False, doc="Function applied to each output.")
    bias_axes: str | None = Param(None, doc="Letters of the output along which a bias is added.")
    kernel_initializer: Initializer = Param(
        "glorot_uniform", group=INITIALISATION, advanced=True, doc="Start of weights."
    )
    bias_initializer: Initializer = Param("zeros", group=INITIALISATION, advanced=True, doc="Start of the bias.")
    kernel_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large weights.")
    bias_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of a large bias.")
    kernel_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the weights.")
    bias_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the bias.")
    lora_rank: int = lora_rank()
    lora_alpha: float = lora_alpha()
    gptq_unpacked_column_size: int = Param(None, advanced=True, brief=True, hidden=True, doc="Only None.")
    quantization_config: Any = quantization()

    def setup(self) -> None:
        super().setup()
        shape = self.output_shape
        self.partial_output_shape = (shape,) if isinstance(shape, int) else tuple(shape)
        del self.output_shape

    def build(self, input_shape: Any) -> None:
        sizes, output = self._sizes(input_shape)
        kernel = self.equation.replace(" ", "").split("->")[0].split(",")[1]
        self.full_output_shape = tuple(sizes[c] for c in output)
        self._kernel = self.add_weight(
            tuple(sizes[c] for c in kernel),
            self._start(kernel, output),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.bias_axes is not None:
            first = min(output.index(c) for c in self.bias_axes)
            shape = tuple(sizes[c] if c in self.bias_axes else 1 for c in output[first:])
            self.bias = self.add_weight(
                shape,
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self._start_lora()

    def _start(self, kernel: str, output: str) -> Any:
        """The kernel's initializer; one that scales learns which axes are inputs and which are outputs."""
        start = self.kernel_initializer
        if not isinstance(start, VarianceScaling) or None not in (start.input_axes, start.output_axes):
            return start
        twin = copy.copy(start)
        twin.output_axes = [i for i, c in enumerate(kernel) if c in output]
        twin.input_axes = [i for i, c in enumerate(kernel) if c not in output]
        return twin

    @property
    def kernel(self) -> Any:
        """The weights, one axis for each letter of the equation's second term."""
        return self._merged()

    def _sizes(self, input_shape: Any) -> tuple[dict[str, Any], str]:
        """Length of each letter, from the input's shape and the given output."""
        terms, _, output = self.equation.replace(" ", "").partition("->")
        given, behind = terms.split(",")[0], output.endswith("...")
        elided = len(input_shape) - len(given.replace("...", ""))
        spare = "ZYXWV"[: max(elided, 0)] if "..." in given else ""
        given, output = given.replace("...", spare), output.replace("...", spare)
        sizes: dict[str, Any] = dict(zip(given, input_shape, strict=True))
        wanted = self.partial_output_shape
        named = output[: len(output) - len(spare)] if behind else output
        for letter, size in zip(named[len(named) - len(wanted) :], wanted, strict=True):
            if size is not None:
                sizes[letter] = size
            elif letter not in sizes:
                raise ValueError(f"{self.name}: the length of axis {letter} of '{self.equation}' is not known.")
        return sizes, output

    def call(self, inputs: Any, training: Any = None) -> Any:
        outputs = ops.einsum(self.equation, inputs, self.kernel)
        outputs = outputs if self.bias is None else ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def declared_config(self) -> dict[str, Any]:
        self.__dict__["output_shape"] = self.partial_output_shape
        try:
            return super().declared_config()
        finally:
            del self.__dict__["output_shape"]
