"""Input, Dense, Embedding and other basics with which networks begin."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import dtypes
from engine.core.node import Node
from engine.core.params import Activation, Constraint, Initializer, Param, Regularizer
from engine.core.tensor import KerasTensor
from engine.layers.base import InputSpec, Layer, Ports
from engine.layers.lora import Adapted, lora_alpha, lora_rank, quantization

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
        if input_tensor is not None:
            batch_shape, dtype = input_tensor.shape, dtype or input_tensor.dtype
        if batch_shape is None:
            if shape is None:
                raise ValueError("You must pass a `shape` argument.")
            batch_shape = (batch_size, *((shape,) if isinstance(shape, int) else tuple(shape)))
        elif shape is not None:
            raise ValueError("You cannot pass both `shape` and `batch_shape` at the same time.")
        self.batch_shape = tuple(None if d is None else int(d) for d in batch_shape)
        self._dtype = dtypes.standardize_dtype(dtype)
        self.sparse, self.ragged, self.optional = bool(sparse), bool(ragged), optional
        Node(self, (), {}, KerasTensor(self.batch_shape, self._dtype, name=self.name))

    @property
    def dtype(self) -> str:
        return self._dtype

    def call(self) -> Any:
        raise NotImplementedError("An InputLayer is where values enter; it is not called.")

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_shape": self.batch_shape,
            "dtype": self._dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


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

    units: int = Param(ge=1, doc="Number of outputs.")
    activation: Activation = Param(None, nullable=False, doc="Function applied to each output.")
    use_bias: bool = Param(True, doc="Add a learned number to each output.")
    kernel_initializer: Initializer = Param(
        "glorot_uniform", group=INITIALISATION, advanced=True, doc="Start of weights."
    )
    bias_initializer: Initializer = Param("zeros", group=INITIALISATION, advanced=True, doc="Start of the bias.")
    kernel_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large weights.")
    bias_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of a large bias.")
    activity_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large outputs.")
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
        return self.activation(outputs if self.bias is None else ops.add(outputs, self.bias))


class Embedding(Adapted, category="core", keras="keras.layers:Embedding", ports=Ports(ranks=(1, None), dtypes="int")):
    """A table of vectors, one for each whole number: (batch, length) becomes (batch, length, output_dim)."""

    input_dim: int = Param(ge=1, doc="How many different whole numbers there are: 0 to input_dim - 1.")
    output_dim: int = Param(ge=1, doc="Length of each vector.")
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
