"""An embedding that also leads back: from vectors to a score for each of its words."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import dtypes
from engine.core.params import Param
from engine.layers.base import Layer, Ports
from engine.layers.core import Embedding


class ReversibleEmbedding(
    Embedding, category="core", keras="keras.layers:ReversibleEmbedding", ports=Ports(ranks=(1, None), dtypes="int")
):
    """A table of vectors for whole numbers that, called with `reverse=True`, turns vectors into scores for them.

    (batch, length) becomes (batch, length, output_dim); reversed, (batch, length, output_dim) becomes
    (batch, length, input_dim), by the same table (Press and Wolf 2017) or by another one.
    """

    tie_weights: bool = Param(True, doc="Use the same table both ways.")
    reverse_dtype: Any = Param(None, kind="Any", advanced=True, doc="Type in which scores are computed.")
    logit_soft_cap: float | None = Param(None, gt=0, advanced=True, doc="Bound that scores approach smoothly.")

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        given = {"tie_weights": tie_weights, "reverse_dtype": reverse_dtype, "logit_soft_cap": logit_soft_cap}
        self._before = given
        style = {"initializer": embeddings_initializer, "regularizer": embeddings_regularizer}
        style["constraint"] = embeddings_constraint
        named = {f"embeddings_{name}": value for name, value in style.items()}
        super().__init__(input_dim, output_dim, mask_zero=mask_zero, **named, **kwargs)

    def set_declared(self, values: Any, params: Any = None) -> None:
        super().set_declared({**values, **vars(self).pop("_before")}, params)

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        if not self.tie_weights:
            shape = (self.output_dim, self.input_dim)
            self.reverse_embeddings = self.add_weight(shape, self.embeddings_initializer, name="reverse_embeddings")

    def _convert_input(self, x: Any) -> Any:
        """Vectors come in too, so that only `call` knows what becomes whole numbers."""
        return Layer._convert_input(self, x)

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        if reverse:
            return self._scores(inputs)
        numbers = inputs if dtypes.is_int(inputs.dtype) else ops.cast(inputs, "int32")
        result = super().call(numbers)
        mask = super().compute_mask(numbers)
        if mask is not None:
            result._keras_mask = mask
        return result

    def _scores(self, inputs: Any) -> Any:
        table = ops.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings
        if self.reverse_dtype is not None:
            inputs, table = ops.cast(inputs, self.reverse_dtype), ops.cast(table, self.reverse_dtype)
        logits = ops.matmul(inputs, table)
        cap = self.logit_soft_cap
        return logits if cap is None else ops.tanh(logits / cap) * cap

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None
