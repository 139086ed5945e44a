"""The base class of metrics: numbers kept in variables that batches update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import initializers
from engine.core import dtypes, naming
from engine.core.stateless import StatelessScope, stand_ins, stood_in
from engine.core.tensor import Variable
from engine.losses.loss import compute_type


class Metric:
    """A figure collected over batches: `update_state` adds a batch, `result` reads it, `reset_state` starts again.

    Subclasses make their state with `add_variable` and write `update_state` with the functions of `engine.ops`, so
    that `fit` can compile it; anything else works too and then runs beside the compiled step.

    Args:
        dtype: type or dtype policy of the state, `floatx()` by default.
        name: name in logs.
    """

    KIND = "metric"
    _direction: str | None = None

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or naming.auto_name(type(self).__name__)
        self.dtype = compute_type(dtype)

    def __setattr__(self, key: str, value: Any) -> None:
        if isinstance(value, Variable):
            self._track(value, "_variables")
        elif isinstance(value, Metric):
            self._track(value, "_metrics")
        super().__setattr__(key, value)

    def _track(self, value: Any, store: str) -> None:
        kept = self.__dict__.setdefault(store, [])
        if not any(value is other for other in kept):
            kept.append(value)

    @property
    def variables(self) -> list[Variable]:
        """The state, that of metrics held as attributes included."""
        own = list(self.__dict__.get("_variables", ()))
        return own + [v for metric in self.__dict__.get("_metrics", ()) for v in metric.variables]

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """A new state variable, counted among `variables`."""
        with naming.name_scope(self.name.replace("/", ">")):
            variable = Variable(
                initializers.get(initializer or "zeros"),
                shape=tuple(shape),
                dtype=dtype or self.dtype,
                trainable=False,
                autocast=False,
                aggregation=aggregation,
                name=name,
            )
        self._track(variable, "_variables")
        return variable

    def add_weight(
        self, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """`add_variable` under the name layers use."""
        return self.add_variable(shape, initializer, dtype, name=name)

    def reset_state(self) -> None:
        """Set the state back to zeros."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, dtypes.numpy_dtype(variable.dtype)))

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Add one batch."""
        raise NotImplementedError(f"{type(self).__name__} defines no `update_state`.")

    def result(self) -> Any:
        """The figure so far."""
        raise NotImplementedError(f"{type(self).__name__} defines no `result`.")

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """New values of the state after a batch, from values given for it; the state stays as it is."""
        with StatelessScope(stand_ins(self, "metric_variables", self.variables, metric_variables)) as scope:
            self.update_state(*args, **kwargs)
        return stood_in(scope, self.variables)

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """The figure for values given for the state."""
        with StatelessScope(stand_ins(self, "metric_variables", self.variables, metric_variables)):
            return self.result()

    def stateless_reset_state(self) -> list[Any]:
        """Values of a fresh state."""
        with StatelessScope() as scope:
            self.reset_state()
            return stood_in(scope, self.variables)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal metric, without its state."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """A metric from its saved arguments."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
