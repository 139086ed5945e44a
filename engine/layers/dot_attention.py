"""Attention with one head and no projections: by products, or by a learned sum."""

from __future__ import annotations

from typing import Any

from engine import ops, random
from engine.core.errors import TraceError
from engine.core.params import Param
from engine.core.rng import SeedGenerator
from engine.layers.arguments import is_shape
from engine.layers.base import Layer, Ports

_INPUTS = Ports((2, 3), 1, (3, 3), as_list=True)
_SEED_DOC = "Whole number that fixes the dropped places."


class _Attention(Layer):
    """Called on a list [query, value] or [query, value, key] of (batch, time, features)."""

    supports_masking = True
    seed: Any = None

    def setup(self) -> None:
        if self.dropout > 0:
            self.seed_generator = SeedGenerator(self.seed)

    def _check(self, inputs: Any, mask: Any = None) -> None:
        name = type(self).__name__
        if not isinstance(inputs, (list, tuple)) or is_shape(inputs):
            raise ValueError(
                f"{name} layer must be called on a list of inputs, namely [query, value] or [query, value, key]. "
                f"Received: inputs={inputs}."
            )
        if len(inputs) not in (2, 3):
            raise ValueError(
                f"{name} layer accepts inputs list of length 2 or 3, namely [query, value] or [query, value, key]. "
                f"Received length: {len(inputs)}."
            )
        if mask is not None and not isinstance(mask, (list, tuple)):
            raise ValueError(
                f"{name} layer mask must be a list, namely [query_mask, value_mask]. Received: mask={mask}."
            )
        if mask is not None and len(mask) not in (2, 3):
            raise ValueError(
                f"{name} layer accepts mask list of length 2 or 3. Received: inputs={inputs}, mask={mask}."
            )

    def _scores(self, query: Any, key: Any) -> Any:
        raise NotImplementedError

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Any = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        self._check(inputs, mask)
        query, value, key = (*inputs, inputs[1])[:3]
        query_mask, value_mask = (None, None) if mask is None else (mask[0], mask[1])
        scores = self._scores(query, key)
        allowed = self._allowed(scores, value_mask, use_causal_mask)
        if allowed is not None:
            limit = 65504.0 if scores.dtype == "float16" else 1.0e9
            scores = ops.where(allowed, scores, scores - limit)
        weights = ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = random.dropout(weights, self.dropout, seed=self.seed_generator)
        result = ops.matmul(weights, value)
        if query_mask is not None:
            result = ops.where(ops.expand_dims(query_mask, -1), result, ops.zeros_like(result))
        return (result, weights) if return_attention_scores else result

    def _allowed(self, scores: Any, value_mask: Any, causal: bool) -> Any:
        """Where attention is allowed, or None: not to padding, nor (if asked) to what comes later."""
        allowed = None if value_mask is None else ops.expand_dims(ops.cast(value_mask, "bool"), -2)
        if not causal:
            return allowed
        if None in scores.shape[-2:]:
            raise TraceError("A mask by places has to know the number of time steps.")
        rows, columns = (ops.arange(n, dtype="int32") for n in scores.shape[-2:])
        earlier = ops.expand_dims(ops.greater_equal(ops.expand_dims(rows, 1), ops.expand_dims(columns, 0)), 0)
        return earlier if allowed is None else ops.logical_and(allowed, earlier)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        self._check(inputs, mask)
        return None if mask is None else mask[0]


class Attention(_Attention, category="attention", keras="keras.layers:Attention", ports=_INPUTS):
    """Each query takes in the values whose keys are most like it: softmax(query · key) · value (Luong 2015).

    [query, value] or [query, value, key], each (batch, time, features), become (batch, query time, value features).
    """

    use_scale: bool = Param(False, doc="Multiply the scores by a learned number.")
    score_mode: str = Param(
        "dot",
        choices=("dot", "concat"),
        refusal="Invalid value for argument score_mode. Expected one of {{'dot', 'concat'}}. Received: {name}={value}.",
        doc="Products, or the sum of tanh(query + key).",
    )
    dropout: float = Param(0.0, ge=0, le=1, step=0.05, doc="Share of attention dropped in training.")
    seed: int | None = Param(None, advanced=True, doc=_SEED_DOC)

    def build(self, input_shape: Any) -> None:
        self._check(input_shape)
        self.scale = self.add_weight((), "ones", name="scale") if self.use_scale else None
        self.concat_score_weight = None
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def _scores(self, query: Any, key: Any) -> Any:
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else scores * self.scale
        pairs = ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
        pairs = pairs if self.scale is None else self.scale * pairs
        return self.concat_score_weight * ops.sum(ops.tanh(pairs), axis=-1)


class AdditiveAttention(_Attention, category="attention", keras="keras.layers:AdditiveAttention", ports=_INPUTS):
    """Each query takes in the values whose keys fit it by a learned sum of tanh(query + key) (Bahdanau 2015).

    [query, value] or [query, value, key], each (batch, time, features), become (batch, query time, value features).
    """

    use_scale: bool = Param(True, doc="Weigh each feature by a learned number.")
    dropout: float = Param(0.0, ge=0, le=1, step=0.05, doc="Share of attention dropped in training.")
    seed: int | None = Param(None, advanced=True, listed=False, doc=_SEED_DOC)

    def build(self, input_shape: Any) -> None:
        self._check(input_shape)
        size = input_shape[0][-1]
        self.scale = self.add_weight((size,), "glorot_uniform", name="scale") if self.use_scale else None

    def _scores(self, query: Any, key: Any) -> Any:
        pairs = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        return ops.sum(pairs if self.scale is None else self.scale * pairs, axis=-1)
