"""Input, Dense, Embedding and other basics with which networks begin."""

from __future__ import annotations

import warnings
from typing import Any

from engine import ops
from engine.core import dtypes
from engine.core.node import Node
from engine.core.params import Activation, Constraint, Initializer, Param, Regularizer
from engine.core.tensor import KerasTensor
from engine.layers.base import InputSpec, Layer, Ports
from engine.layers.lora import Adapted, lora_alpha, lora_rank, quantization

UNITS = "Received an invalid value for `units`, expected a positive integer. Received: units={value}."
POSITIVE = "`{name}` must be a positive integer. Received: {name}={value} (of type {type})."
INITIALISATION, REGULARIZATION, CONSTRAINTS = "Initialisation", "Regularization", "Constraints"


class InputLayer(Layer, category="core", keras="keras.layers:InputLayer", ports=Ports((0, 0), 1, None, "any")):
    """Where data enter the network. `Input(shape=...)` makes one and returns its tensor."""

    built = True

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: Any = None,
        ragged: Any = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name)
        if "input_shape" in kwargs:
            warnings.warn("Argument `input_shape` is deprecated. Use `shape` instead.", stacklevel=2)
            shape = kwargs.pop("input_shape")
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        if input_tensor is not None:
            _check_given(input_tensor, shape, batch_size, batch_shape, dtype)
            batch_shape, dtype, shape, batch_size = tuple(input_tensor.shape), input_tensor.dtype, None, None
        for key, value in (("shape", shape), ("batch_size", batch_size)):
            if value is not None and batch_shape is not None:
                raise ValueError(f"You cannot pass both `{key}` and `batch_shape` at the same time.")
        if batch_shape is None:
            if shape is None:
                raise ValueError("You must pass a `shape` argument.")
            batch_shape = (batch_size, *((shape,) if isinstance(shape, int) else tuple(shape)))
        self.batch_shape = tuple(None if d is None else int(d) for d in batch_shape)
        self._dtype = dtypes.standardize_dtype(dtype)
        self.sparse, self.ragged, self.optional = bool(sparse), bool(ragged), optional
        tensor = KerasTensor(self.batch_shape, self._dtype, name=self.name) if input_tensor is None else input_tensor
        Node(self, (), {}, tensor)

    @property
    def dtype(self) -> str:
        return self._dtype

    def call(self) -> Any:
        """Nothing is computed where values enter."""

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_shape": self.batch_shape,
            "dtype": self._dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


def _check_given(tensor: Any, shape: Any, batch_size: Any, batch_shape: Any, dtype: Any) -> None:
    """Refuse arguments of an InputLayer that its given tensor contradicts."""
    if not isinstance(tensor, KerasTensor):
        raise ValueError(
            f"Argument `input_tensor` must be a KerasTensor. Received invalid type: input_tensor={tensor} "
            f"(of type {type(tensor)})"
        )
    own = tuple(tensor.shape)
    given = {
        "batch_size": (batch_size, own[0] if own else None),
        "shape": (None if shape is None else tuple(shape), own[1:]),
        "batch_shape": (None if batch_shape is None else tuple(batch_shape), own),
        "dtype": (None if dtype is None else dtypes.standardize_dtype(dtype), tensor.dtype),
    }
    for key, (value, wanted) in given.items():
        if value is not None and value != wanted:
            raise ValueError(
                f"When providing the `input_tensor` argument, you cannot provide an incompatible `{key}` argument. "
                f"The tensor has {wanted}. Received: {key}={value}"
            )


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: Any = None,
    ragged: Any = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> KerasTensor:
    """The tensor at the start of a Functional graph; `shape` leaves out the batch."""
    layer = InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name)
    tensor_out: KerasTensor = layer.output
    return tensor_out


class Dense(Adapted, category="core", keras="keras.layers:Dense", ports=Ports(ranks=(2, None))):
    """Every output is a weighted sum of all inputs: activation(inputs · kernel + bias).

    Works on the last axis: (batch, ..., features) becomes (batch, ..., units). Weights: features · units, and units
    for the bias.
    """

    units: int = Param(ge=1, doc="Number of outputs.", refusal=UNITS)
    activation: Activation = Param(None, nullable=False, doc="Function applied to each output.")
    use_bias: bool = Param(True, doc="Add a learned number to each output.")
    kernel_initializer: Initializer = Param(
        "glorot_uniform", group=INITIALISATION, advanced=True, doc="Start of weights."
    )
    bias_initializer: Initializer = Param("zeros", group=INITIALISATION, advanced=True, doc="Start of the bias.")
    kernel_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large weights.")
    bias_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of a large bias.")
    activity_regularizer: Regularizer = Param(
        None, group=REGULARIZATION, advanced=True, brief=True, doc="Cost of large outputs."
    )
    kernel_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the weights.")
    bias_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the bias.")
    lora_rank: int = lora_rank()
    lora_alpha: float = lora_alpha()
    quantization_config: Any = quantization()

    ALPHA_IN_BUILD = False
    supports_masking = True

    def setup(self) -> None:
        super().setup()
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        features = input_shape[-1]
        if features is None:
            raise ValueError(
                f"{self.name}: the last axis of the inputs to `Dense` should be defined. Found {input_shape}. "
                "Give the input a shape whose last number is known."
            )
        self._kernel = self.add_weight(
            (features, self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})
        self._start_lora()

    @property
    def kernel(self) -> Any:
        """The weights, (features, units)."""
        return self._merged()

    def call(self, inputs: Any, training: Any = None) -> Any:
        outputs = ops.matmul(inputs, self.kernel)
        outputs = outputs if self.bias is None else ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)


class Embedding(Adapted, category="core", keras="keras.layers:Embedding", ports=Ports(ranks=(1, None), dtypes="int")):
    """A table of vectors, one for each whole number: (batch, length) becomes (batch, length, output_dim)."""

    input_dim: int = Param(
        ge=1, refusal=POSITIVE, doc="How many different whole numbers there are: 0 to input_dim - 1."
    )
    output_dim: int = Param(ge=1, refusal=POSITIVE, doc="Length of each vector.")
    embeddings_initializer: Initializer = Param(
        "uniform", group=INITIALISATION, advanced=True, doc="Start of the table."
    )
    embeddings_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large vectors.")
    embeddings_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the vectors.")
    mask_zero: bool = Param(False, doc="Treat 0 as padding that later layers leave out.")
    lora_rank: int = lora_rank()
    lora_alpha: float = lora_alpha()
    quantization_config: Any = quantization()

    TABLE = "embeddings"
    ALPHA_IN_BUILD = False

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("input_length", None)
        Layer.__init__(self, **kwargs)
        given = dict(input_dim=input_dim, output_dim=output_dim, embeddings_initializer=embeddings_initializer)
        given.update(embeddings_regularizer=embeddings_regularizer, embeddings_constraint=embeddings_constraint)
        given.update(mask_zero=mask_zero, lora_rank=lora_rank, lora_alpha=lora_alpha)
        self.set_declared({**given, "quantization_config": quantization_config})
        self.setup()
        self.autocast = False
        self.supports_masking = mask_zero
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape: Any = None) -> None:
        self._embeddings = self.add_weight(
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )
        self._start_lora()

    @property
    def embeddings(self) -> Any:
        """The table, (input_dim, output_dim)."""
        return ops.cast(self._merged(), self.compute_dtype) if self.lora_enabled else self._merged()

    def _convert_input(self, x: Any) -> Any:
        """Whole numbers stay whole numbers; floats from data are cut to them."""
        return super()._convert_input(x) if not hasattr(x, "shape") or dtypes.is_int(x.dtype) else ops.cast(x, "int32")

    def call(self, inputs: Any) -> Any:
        return ops.cast(ops.take(self.embeddings, inputs, axis=0), self.compute_dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return ops.not_equal(inputs, 0) if self.mask_zero else None


class Identity(Layer, category="core", keras="keras.layers:Identity", ports=Ports(dtypes="any")):
    """Gives back what it gets."""

    built = True
    supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs


class Masking(Layer, category="core", keras="keras.layers:Masking", ports=Ports(ranks=(3, None))):
    """Marks time steps whose numbers all equal `mask_value`, so that later layers leave them out."""

    mask_value: float = Param(0.0, doc="Number that marks a step as padding.")
    supports_masking = True

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        keep = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return inputs * ops.cast(keep, inputs.dtype)
