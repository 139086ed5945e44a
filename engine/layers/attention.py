"""Attention with several heads."""

from __future__ import annotations

import functools
import math
from typing import Any

from engine import ops, regularizers
from engine.core.errors import ParamError, ShapeError, TraceError
from engine.core.params import Constraint, Initializer, Param, Regularizer
from engine.layers.activation import Softmax
from engine.layers.base import Layer, Ports
from engine.layers.core import CONSTRAINTS, INITIALISATION, REGULARIZATION
from engine.layers.einsum_dense import EinsumDense
from engine.layers.regularization import Dropout

WINDOW_DOC = "How far each place looks to either side."
GATE_DOC = "Let a learned gate decide how much of each head passes."


class Heads(Layer):
    """What attention with several heads shares: masks, scores, the projections' settings."""

    supports_masking = True
    _HEADS_AXIS = -3
    """Place before which a mask (batch, query time, value time) gets an axis for the heads."""

    def setup(self) -> None:
        self._of_parts = self.activity_regularizer
        if self.flash_attention and self.dropout > 0:
            raise ValueError(
                "Dropout is not supported when flash attention is enabled. "
                "Please set dropout to 0.0 to use flash attention."
            )

    def _dense(self, name: str, equation: str, output_shape: Any, bias_axes: str, shape: Any) -> EinsumDense:
        kept = ("kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint")
        settings: dict[str, Any] = {setting: getattr(self, setting) for setting in kept}
        settings.update({setting: self._fresh(setting) for setting in ("kernel_initializer", "bias_initializer")})
        settings.update(activity_regularizer=self._of_parts, dtype=self.dtype_policy, name=name)
        settings.update(
            activation="sigmoid" if name == "gate" else None, bias_axes=bias_axes if self.use_bias else None
        )
        layer = EinsumDense(equation, output_shape, **settings)
        layer.build(shape)
        return layer

    def _fresh(self, name: str) -> Any:
        """A copy of the initializer, so that projections do not start with the same numbers."""
        initializer = getattr(self, name)
        return initializer.clone() if hasattr(initializer, "clone") else initializer

    def _attend(
        self, query: Any, key: Any, value: Any, allowed: Any, size: int, equations: tuple[str, str], **options: Any
    ) -> tuple[Any, Any]:
        """Heads' outputs, and the scores (None where the fused op does the work)."""
        scored = options.get("return_attention_scores", False)
        if self.flash_attention and scored:
            raise ValueError(
                "Returning attention scores is not supported when flash attention is enabled. "
                "Please disable flash attention to access attention scores."
            )
        scale = 1.0 / math.sqrt(float(size))
        allowed = None if allowed is None else ops.cast(allowed, "bool")
        if self.dropout == 0 and not scored and len(query.shape) == 4:
            mask = None if allowed is None else self._with_heads(allowed, 4)
            return ops.dot_product_attention(query, key, value, mask=mask, scale=scale), None
        scores = ops.einsum(equations[0], query * scale, key)
        scores = self._masked_softmax(scores, allowed)
        weights = self._dropout_layer(scores, training=options.get("training")) if self.dropout > 0 else scores
        return ops.einsum(equations[1], weights, value), scores

    def _with_heads(self, mask: Any, rank: int) -> Any:
        while len(mask.shape) < rank:
            mask = ops.expand_dims(mask, self._HEADS_AXIS)
        return mask

    def _masked_softmax(self, attention_scores: Any, attention_mask: Any = None) -> Any:
        if attention_mask is not None:
            attention_mask = self._with_heads(attention_mask, len(attention_scores.shape))
        return self._softmax(attention_scores, mask=attention_mask)

    def _compute_attention_mask(
        self,
        query: Any,
        value: Any,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Where attention is allowed: (batch, query time, value time), from all the masks together."""
        parts = [] if query_mask is None else [ops.expand_dims(ops.cast(query_mask, "bool"), -1)]
        parts += [ops.expand_dims(ops.cast(m, "bool"), -2) for m in (value_mask, key_mask) if m is not None]
        if use_causal_mask:
            parts.append(self._compute_causal_mask(query, value))
        if self.sliding_window is not None:
            rows, columns = _places(query, value)
            parts.append(ops.less(ops.abs(rows - columns), self.sliding_window))
        parts += [] if attention_mask is None else [ops.cast(attention_mask, "bool")]
        return functools.reduce(ops.logical_and, parts) if parts else None

    def _compute_causal_mask(self, query: Any, value: Any = None) -> Any:
        rows, columns = _places(query, query if value is None else value)
        return ops.greater_equal(rows, columns)


def _places(query: Any, value: Any) -> tuple[Any, Any]:
    """Numbers of the steps: (1, query time, 1) and (1, 1, value time)."""
    lengths = query.shape[1], value.shape[1]
    if None in lengths:
        raise TraceError("A mask by places has to know the number of time steps.")
    rows, columns = (ops.arange(n, dtype="int32") for n in lengths)
    return ops.reshape(rows, (1, -1, 1)), ops.reshape(columns, (1, 1, -1))


POSITIVE = "Received an invalid value for argument `{name}`, expected a positive integer. Received: {name}={value}."


class MultiHeadAttention(
    Heads, category="attention", keras="keras.layers:MultiHeadAttention", ports=Ports((2, 3), 1, (3, None))
):
    """Every place looks at all places and takes in those that matter to it (Vaswani and others 2017).

    Called with query and value (and key): (batch, time, features) becomes (batch, time, features of the query). For
    self-attention wire the same value twice.
    """

    num_heads: int = Param(ge=1, refusal=POSITIVE, doc="How many ways of looking there are side by side.")
    key_dim: int = Param(ge=1, refusal=POSITIVE, doc="Length of query and key vectors of each head.")
    value_dim: int | None = Param(
        None, ge=1, refusal=POSITIVE, doc="Length of value vectors of each head; empty: as key_dim."
    )
    dropout: float = Param(0.0, ge=0, le=1, step=0.05, doc="Share of attention dropped in training.")
    use_bias: bool = Param(True, doc="Add learned numbers in the projections.")
    output_shape: Any = Param(None, kind="Any", advanced=True, doc="Length of the output; empty: as the query.")
    attention_axes: Any = Param(None, kind="Any", advanced=True, doc="Axes to attend over; empty: all but the last.")
    sliding_window: int | None = Param(
        None,
        ge=1,
        advanced=True,
        refusal="`{name}` must be `None` or a positive integer. Received: {name}={value}.",
        doc=WINDOW_DOC,
    )
    flash_attention: bool | None = Param(None, advanced=True, doc="Accepted for compatibility.")
    kernel_initializer: Initializer = Param(
        "glorot_uniform", group=INITIALISATION, advanced=True, doc="Start of weights."
    )
    bias_initializer: Initializer = Param("zeros", group=INITIALISATION, advanced=True, doc="Start of biases.")
    kernel_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large weights.")
    bias_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large biases.")
    activity_regularizer: Regularizer = Param(None, group=REGULARIZATION, advanced=True, doc="Cost of large outputs.")
    kernel_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the weights.")
    bias_constraint: Constraint = Param(None, group=CONSTRAINTS, advanced=True, doc="Limit of the biases.")
    use_gate: bool = Param(False, advanced=True, doc=GATE_DOC)
    seed: int | None = Param(None, advanced=True, doc="Whole number that fixes the dropped places.")

    def setup(self) -> None:
        super().setup()
        self.activity_regularizer = None  # only the projections' outputs count
        self._given_value_dim = self.value_dim
        self.value_dim = self.value_dim or self.key_dim
        shape = self.output_shape
        if shape is not None and not isinstance(shape, (int, list, tuple)):
            raise ParamError(
                f"Invalid `output_shape`: {shape}. When specified, the `output_shape` should be of type tuple, list, "
                "or int.",
                owner=type(self).__name__,
                param="output_shape",
                value=shape,
            )
        self._output_shape = None if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
        axes = self.attention_axes
        if axes is not None and not isinstance(axes, (int, list, tuple)):
            raise ParamError(
                f"`attention_axes` must be an int, list, or tuple. Received: attention_axes={axes}",
                owner=type(self).__name__,
                param="attention_axes",
                value=axes,
            )
        self._attention_axes = (axes,) if isinstance(axes, int) else None if axes is None else tuple(axes)

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
            raise ShapeError(
                "All dimensions of `value` and `key`, except the last one, must be equal. "
                f"Received: value_shape={value_shape} and key_shape={key_shape}",
                layer=self.name,
                shapes=(value_shape, key_shape),
            )
        self._query_dense = self._projection("query", query_shape, self.key_dim)
        self._key_dense = self._projection("key", key_shape, self.key_dim)
        if self.use_gate:
            self._gate_dense = self._projection("gate", query_shape, self.value_dim or self.key_dim)
        self._value_dense = self._projection("value", value_shape, self.value_dim or self.key_dim)
        rank = len(query_shape)
        axes = self._attention_axes or tuple(range(1, rank - 1))
        self._attention_axes = tuple(a % rank for a in axes)
        self._HEADS_AXIS = -len(self._attention_axes) * 2 - 1
        self._softmax = Softmax(axis=tuple(range(-len(self._attention_axes), 0)), dtype=self.dtype_policy)
        self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)
        self._output_dense = self._output_projection(query_shape)

    @property
    def query_dense(self) -> Any:
        """The layer that projects queries."""
        return self._query_dense

    @property
    def key_dense(self) -> Any:
        """The layer that projects keys."""
        return self._key_dense

    @property
    def value_dense(self) -> Any:
        """The layer that projects values."""
        return self._value_dense

    @property
    def output_dense(self) -> Any:
        """The layer that joins the heads."""
        return self._output_dense

    def _projection(self, name: str, shape: Any, size: int) -> EinsumDense:
        free = "abcdefghijklm"[: len(shape) - 1]
        equation = f"{free}z,zxy->{free}xy"
        output_shape = (*(None,) * (len(shape) - 2), self.num_heads, size)
        return self._dense(name, equation, output_shape, "xy", shape)

    def _output_projection(self, query_shape: Any) -> EinsumDense:
        free = "abcdefghijklm"[: len(query_shape) - 1]
        sizes = self._output_shape or (query_shape[-1],)
        new = "uvw"[: len(sizes)]
        shape = (*query_shape[:-1], self.num_heads, self.value_dim)
        output_shape = (*(None,) * (len(query_shape) - 2), *sizes)
        return self._dense("attention_output", f"{free}xy,xy{new}->{free}{new}", output_shape, new, shape)

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: Any = None,
        use_causal_mask: bool = False,
    ) -> Any:
        key = value if key is None else key
        # Keras counts only the mask that the query itself carries.
        query_mask = getattr(query, "_keras_mask", None)
        allowed = self._compute_attention_mask(
            query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask
        )
        projected = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        heads, scores = self._compute_attention(*projected, allowed, training, return_attention_scores)
        outputs = self._output_dense(heads * self._gate_dense(query) if self.use_gate else heads)
        return (outputs, scores) if return_attention_scores else outputs

    def _compute_attention(
        self,
        query: Any,
        key: Any,
        value: Any,
        attention_mask: Any = None,
        training: Any = None,
        return_attention_scores: bool = False,
    ) -> tuple[Any, Any]:
        """Heads' outputs and scores for projected values; subclasses may do it their way."""
        options = {"training": training, "return_attention_scores": return_attention_scores}
        equations = self._equations(len(query.shape))
        return self._attend(query, key, value, attention_mask, self.key_dim, equations, **options)

    def _equations(self, rank: int) -> tuple[str, str]:
        """Index notation for scores and for the weighted sum of values over the attended axes."""
        letters = "abcdefghijklmnop"
        query = letters[:rank]
        axes = self._attention_axes or ()
        other = {a: letters[rank + i] for i, a in enumerate(axes)}
        key = "".join(other.get(i, c) for i, c in enumerate(query))
        batch = "".join(query[i] for i in range(rank - 1) if i not in axes)
        targets = "".join(query[a] for a in axes)
        sources = "".join(other[a] for a in axes)
        scores = f"{batch}{targets}{sources}"
        return f"{query},{key}->{scores}", f"{scores},{key}->{query}"

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return mask

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["activity_regularizer"] = regularizers.serialize(self._of_parts)
        own = {"value_dim": self.value_dim, "output_shape": self._output_shape, "attention_axes": self._attention_axes}
        return {**config, **own}
