"""Categories given as whole numbers, as rows of zeros and ones or as counts."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import dtypes
from engine.core.params import Param
from engine.core.tensor import convert_to_tensor
from engine.layers.base import Layer
from engine.layers.preprocessing.data import DataLayer, encode
from engine.layers.spec import Ports


class CategoryEncoding(
    DataLayer,
    category="preprocessing",
    keras="keras.layers:CategoryEncoding",
    ports=Ports(ranks=(1, 2), dtypes="int"),
):
    """Whole numbers below `num_tokens` as rows of that length: a 1 for each category in the sample, or its count.

    With "count", `count_weights` of the call (one for each number) are added up instead of ones.
    """

    num_tokens: int = Param(ge=1, doc="How many categories there are: 0 to num_tokens - 1.")
    output_mode: str = Param(
        "multi_hot", choices=("multi_hot", "one_hot", "count"), doc="What a sample becomes: a mark or a count for each."
    )
    sparse: bool = Param(False, advanced=True, doc="Not available here; rows are always whole.")

    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._check_types(num_tokens=num_tokens)
        output_mode = "multi_hot" if output_mode == "binary" else output_mode
        if output_mode not in ("count", "one_hot", "multi_hot"):
            raise ValueError(f"Unknown arg for output_mode: {output_mode}")
        if num_tokens is None:
            raise ValueError(
                "num_tokens must be set to use this layer. If the number of tokens is not known beforehand, use the "
                "IntegerLookup layer instead."
            )
        if num_tokens < 1:
            raise ValueError(f"`num_tokens` must be >= 1. Received: num_tokens={num_tokens}.")
        self.set_declared({"num_tokens": num_tokens, "output_mode": output_mode, "sparse": sparse})

    def _convert_input(self, x: Any) -> Any:
        return x

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        if count_weights is not None:
            if self.output_mode != "count":
                raise ValueError(
                    "`count_weights` is not used when `output_mode` is not `'count'`. "
                    f"Received `count_weights={count_weights}`."
                )
            count_weights = convert_to_tensor(count_weights, dtype=self.compute_dtype)
        inputs = inputs if dtypes.is_int(inputs.dtype) else ops.cast(inputs, "int32")
        return encode(inputs, self.output_mode, self.num_tokens, self.dtype, count_weights)

    def get_config(self) -> dict[str, Any]:
        config = Layer.get_config(self)
        config.pop("sparse")
        return config
