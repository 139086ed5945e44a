"""Numbers sorted into bins, whose bounds are given or are quantiles of data."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import ops
from engine.core import config
from engine.core.params import Param
from engine.core.tensor import Spec, Value, as_array
from engine.layers.preprocessing.data import DataLayer, choose, encode, passes
from engine.layers.spec import Ports

MODES = ("int", "one_hot", "multi_hot", "count")


class _Bins:
    """The bin of each number: 0 below the first bound, i from bound i - 1 (included) to bound i."""

    def __init__(self, boundaries: list[float] | None) -> None:
        self._boundaries = None if boundaries is None else np.asarray(boundaries, "float64")

    def infer(self, spec: Spec) -> Spec:
        return Spec(spec.shape, "int32")

    def __call__(self, x: Any) -> Any:
        if self._boundaries is None:
            raise ValueError(
                "You need to either pass the `bin_boundaries` argument at construction time or call `adapt(dataset)` "
                "before you can start using the `Discretization` layer."
            )
        return np.digitize(x, self._boundaries).astype("int32")


class Discretization(
    DataLayer, category="preprocessing", keras="keras.layers:Discretization", ports=Ports(ranks=(2, None))
):
    """Numbers as the number of the bin they fall in; bounds are given, or learned with `adapt(data)` as quantiles.

    Bounds 0, 1, 2 make four bins: below 0, from 0 to below 1, from 1 to below 2, from 2.
    """

    bin_boundaries: Any = Param(None, kind="Any", nullable=True, doc="Bounds of the bins, in increasing order.")
    num_bins: int | None = Param(None, ge=0, doc="Number of bins whose bounds `adapt` finds.")
    epsilon: float = Param(0.01, gt=0, advanced=True, doc="Share of the data by which a quantile may be off.")
    output_mode: str = Param("int", choices=MODES, doc="What a number becomes.")
    sparse: bool = Param(False, advanced=True, doc="Not available here; rows are always whole.")

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._check_types(num_bins=num_bins, epsilon=epsilon)
        if sparse:
            raise ValueError(f"`sparse=True` cannot be used with backend {config.backend()}")
        choose(output_mode, MODES, "Discretization", "output_mode")
        self._check(bin_boundaries, num_bins)
        self.num_bins, self.epsilon = num_bins, epsilon
        self.bin_boundaries = None if bin_boundaries is None else as_array(bin_boundaries, "float64").tolist()
        self.output_mode, self.sparse = output_mode, sparse
        self.summary: Any = None
        self.reset_state()

    @staticmethod
    def _check(bin_boundaries: Any, num_bins: int | None) -> None:
        if num_bins is not None and num_bins < 0:
            raise ValueError(f"`num_bins` must be greater than or equal to 0. Received: `num_bins={num_bins}`")
        if num_bins is not None and bin_boundaries is not None:
            raise ValueError(
                f"Both `num_bins` and `bin_boundaries` should not be set. Received: `num_bins={num_bins}` and "
                f"`bin_boundaries={bin_boundaries}`"
            )
        if num_bins is None and bin_boundaries is None:
            raise ValueError("You need to set either `num_bins` or `bin_boundaries`.")

    @property
    def input_dtype(self) -> str:
        return config.floatx()

    @property
    def output_dtype(self) -> str:
        """Type of the result: whole numbers for bins, the compute type for counts."""
        return self.compute_dtype if self.output_mode != "int" else "int32"

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find the bounds as quantiles of the data: an array, or batches of them."""
        if self.num_bins is None:
            raise ValueError(
                "Cannot adapt a Discretization layer that has been initialized with `bin_boundaries`, use `num_bins` "
                "instead."
            )
        self.reset_state()
        # A list is batches here, as in Keras; only arrays are taken whole.
        batches = passes(data if isinstance(data, (np.ndarray, Value)) else iter(data), steps)
        for batch, _ in batches:
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Take more data into account."""
        values = as_array(data).astype("float32")
        self.summary = _merged(_summary(values, self.epsilon), self.summary, self.epsilon)

    def finalize_state(self) -> None:
        """Make bounds of what was seen."""
        if self.num_bins is not None:
            self.bin_boundaries = _compressed(self.summary, 1.0 / self.num_bins)[0, :-1].tolist()
            self._changed()

    def reset_state(self) -> None:
        """Forget what was seen."""
        if self.num_bins is not None:
            self.summary = np.zeros((2, 0), "float32")

    def call(self, inputs: Any) -> Any:
        bounds = self.bin_boundaries
        depth = (self.num_bins or 1) if bounds is None else len(bounds) + 1
        indices = ops.host_call([inputs], step=_Bins(bounds))
        return encode(indices, self.output_mode, depth, self.output_dtype)

    def get_config(self) -> dict[str, Any]:
        keys = ("bin_boundaries", "num_bins", "epsilon", "output_mode", "sparse", "name", "dtype")
        return {key: getattr(self, key) for key in keys}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer from its settings; bounds that `adapt` found stand beside the number of bins."""
        config = {key: value for key, value in config.items() if key != "trainable"}
        learned = config.pop("bin_boundaries", None) if config.get("num_bins") is not None else None
        layer = cls(**config)
        if learned is not None:
            layer.bin_boundaries = as_array(learned, "float64").tolist()
        return layer

    def load_own_variables(self, store: Any) -> None:
        """Old files keep what was seen; the bounds stand in the config."""
        if len(store.keys()) == 1:
            self.summary = store["0"]


def _summary(values: Any, epsilon: float) -> Any:
    """Values in order, thinned to about 1/epsilon of them, over the number of values each stands for."""
    values = np.sort(values.reshape(-1))
    step = max(values.size / (1.0 / epsilon), 1)
    kept = values[int(step - 1) :: int(step)]
    return np.stack([kept, np.full_like(kept, step)])


def _merged(first: Any, second: Any, epsilon: float) -> Any:
    both = np.concatenate((first, second), axis=1)
    return _compressed(both[:, np.argsort(both[0])], epsilon)


def _compressed(summary: Any, epsilon: float) -> Any:
    """A summary with one value for each `epsilon` of the weight, between the values it had."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    total = summary[1].cumsum()
    share = total / total[-1]
    values, weights = np.interp(shares, share, summary[0]), np.interp(shares, share, total)
    return np.stack((values, np.diff(weights, prepend=0.0))).astype("float32")
