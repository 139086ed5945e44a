"""Attention whose query heads share keys and values in groups."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core.params import Constraint, Initializer, Param, Regularizer
from engine.layers.activation import Softmax
from engine.layers.attention import GATE_DOC, WINDOW_DOC, Heads
from engine.layers.base import Ports
from engine.layers.core import CONSTRAINTS, INITIALISATION, REGULARIZATION
from engine.layers.regularization import Dropout

_EQUATIONS = ("bquh,bkuh->buqk", "buqk,bkuh->bquh")


class GroupedQueryAttention(
    Heads, category="attention", keras="keras.layers:GroupQueryAttention", ports=Ports((2, 3), 1, (3, 3))
):
    """Attention with fewer heads of keys and values than of queries, which saves memory (Ainslie and others 2023).

    Called with query and value (and key): (batch, time, features) becomes (batch, time, features of the query).
    """

    head_dim: int = Param(ge=1, doc="Length of the vectors of each head.")
    num_query_heads: int = Param(ge=1, doc="Heads of the query.")
    num_key_value_heads: int = Param(ge=1, doc="Heads of key and value; a divisor of the query's.")
    dropout: float = Param(0.0, ge=0, le=1, step=0.05, doc="Share of attention dropped in training.")
    use_bias: bool = Param(True, doc="Add learned numbers in the projections.")
    sliding_window: int | None = Param(None, ge=1, advanced=True, doc=WINDOW_DOC)
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
        if self.num_query_heads % self.num_key_value_heads:
            raise ValueError(
                "`num_query_heads` must be divisible by `num_key_value_heads`. "
                f"GroupQueryAttention: {self.num_query_heads} heads cannot share {self.num_key_value_heads} evenly."
            )
        self.num_repeats = self.num_query_heads // self.num_key_value_heads

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        many, few, size = self.num_query_heads, self.num_key_value_heads, self.head_dim
        self.feature_dim = query_shape[-1]
        into = "bqm,muh->bquh"
        self._query_dense = self._dense("query", into, (None, many, size), "uh", query_shape)
        self._key_dense = self._dense("key", into, (None, few, size), "uh", key_shape)
        if self.use_gate:
            self._gate_dense = self._dense("gate", into, (None, many, size), "uh", query_shape)
        self._value_dense = self._dense("value", into, (None, few, size), "uh", value_shape)
        self._softmax = Softmax(axis=-1, dtype=self.dtype_policy)
        self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)
        whole = (None, None, many, size)
        self._output_dense = self._dense("attention_output", "bquh,uhm->bqm", (None, self.feature_dim), "m", whole)

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
        self._return_attention_scores = return_attention_scores
        allowed = self._compute_attention_mask(
            query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask
        )
        groups = self._key_dense(key), self._value_dense(value)
        repeated = [ops.repeat(group, self.num_repeats, axis=2) for group in groups]
        heads, scores = self._compute_attention(self._query_dense(query), *repeated, allowed, training)
        outputs = self._output_dense(heads * self._gate_dense(query) if self.use_gate else heads)
        return (outputs, scores) if return_attention_scores else outputs

    def _compute_attention(
        self, query: Any, key: Any, value: Any, attention_mask: Any = None, training: Any = None
    ) -> tuple[Any, Any]:
        """Heads' outputs and scores for projected values; subclasses may do it their way."""
        options = {"training": training, "return_attention_scores": self._return_attention_scores}
        return self._attend(query, key, value, attention_mask, self.head_dim, _EQUATIONS, **options)

    def get_config(self) -> dict[str, Any]:
        return {key: value for key, value in super().get_config().items() if key != "flash_attention"}
