"""Running sums and means, and metrics made of a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from engine import ops
from engine.core import config
from engine.core.params import Declared, Param
from engine.core.tensor import convert_to_tensor
from engine.losses.loss import apply_mask, squeeze_or_expand_to_same_rank
from engine.metrics.counting import batch_length
from engine.metrics.metric import Metric


def name_param(default: str | None) -> Any:
    """The name parameter with the class's default."""
    return Param(default, kind="str", nullable=True, doc="Name in logs.", group="General", advanced=True)


def dtype_param() -> Any:
    """The type parameter every metric has."""
    return Param(None, kind="Any", doc="Type of the state; the global float type when empty.", advanced=True)


class DeclaredMetric(Declared, Metric):
    """Base of the built-in metrics: parameters are declared, `setup` makes the state."""

    KIND = "metric"
    name: Any
    dtype: Any

    def __init__(self) -> None:
        """Declared parameters are set by the constructor that each subclass gets."""

    def setup(self) -> None:
        Metric.__init__(self, dtype=self.dtype, name=self.name)

    def own_config(self) -> dict[str, Any]:
        """Declared parameters other than name and type."""
        return {key: getattr(self, key) for key in type(self).PARAMS if key not in ("name", "dtype")}

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype, **self.own_config()}


def reduce_to_samplewise_values(
    values: Any, sample_weight: Any, reduce_fn: Callable[..., Any], dtype: Any = None
) -> tuple[Any, Any]:
    """Values and weights with one entry per sample; further axes are reduced by `reduce_fn`, weighted first."""
    dtype = dtype or config.floatx()
    mask = getattr(values, "_keras_mask", None)
    values = ops.cast(convert_to_tensor(values), dtype)
    if sample_weight is not None:
        sample_weight = convert_to_tensor(sample_weight, dtype)
        if mask is not None:
            sample_weight = apply_mask(sample_weight, mask, dtype=dtype, reduction="sum")
        values, sample_weight = squeeze_or_expand_to_same_rank(values, sample_weight)
        weight_rank, rank = len(sample_weight.shape), len(values.shape)
        if rank > weight_rank:
            values = reduce_fn(values, axis=tuple(range(weight_rank, rank)))
        weighted = ops.multiply(values, sample_weight)
        if tuple(weighted.shape) != tuple(sample_weight.shape):
            sample_weight = ops.multiply(ops.ones_like(values), sample_weight)
        values = weighted
        if weight_rank > 1:
            sample_weight = reduce_fn(sample_weight, axis=tuple(range(1, weight_rank)))
    if len(values.shape) > 1:
        values = reduce_fn(values, axis=tuple(range(1, len(values.shape))))
    return values, sample_weight


def _total(values: Any) -> Any:
    """Sum of all entries; a single number is its own."""
    return ops.sum(values) if values.shape else values


class Sum(DeclaredMetric, keras="keras.metrics:Sum"):
    """Sum of all values seen, weighted when weights are given."""

    name: str | None = name_param("sum")
    dtype: Any = dtype_param()

    def setup(self) -> None:
        super().setup()
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, _ = reduce_to_samplewise_values(values, sample_weight, ops.sum, self.dtype)
        self.total.assign_add(ops.sum(values))

    def result(self) -> Any:
        return ops.cast(convert_to_tensor(self.total), self.dtype)


class Mean(DeclaredMetric, keras="keras.metrics:Mean"):
    """Mean of all values seen, weighted when weights are given."""

    name: str | None = name_param("mean")
    dtype: Any = dtype_param()

    def setup(self) -> None:
        super().setup()
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, weights = reduce_to_samplewise_values(values, sample_weight, ops.mean, self.dtype)
        self.total.assign_add(_total(values))
        self.count.assign_add(batch_length(values) if weights is None else _total(weights))

    def result(self) -> Any:
        return ops.divide_no_nan(convert_to_tensor(self.total), convert_to_tensor(self.count))


class MeanMetricWrapper(Mean, keras="keras.metrics:MeanMetricWrapper"):
    """Mean of `fn(y_true, y_pred, **kwargs)` over all samples.

    Args:
        fn: function returning one value per sample.
        name: name in logs.
        dtype: type of the state.
        kwargs: more arguments for `fn`.
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        from engine import losses

        self._fn: Callable[..., Any] = fn
        self._fn_kwargs = kwargs
        if losses.is_builtin(fn):
            self._direction = "down"
        self.name, self.dtype = name, dtype
        self.setup()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        mask = getattr(y_pred, "_keras_mask", None)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        weights = apply_mask(sample_weight, mask, dtype=self.dtype, reduction="sum")
        super().update_state(values, sample_weight=weights)

    def get_config(self) -> dict[str, Any]:
        from engine import losses

        return {"name": self.name, "dtype": self.dtype, "fn": losses.serialize(self._fn), **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        from engine.metrics import get_function

        return cls(**{**config, "fn": get_function(config["fn"])}) if "fn" in config else cls(**config)


class FunctionMetric(MeanMetricWrapper):
    """Base of the built-in metrics that are the mean of a function of targets and predictions.

    Attributes:
        fn: the function.
        same_shape: targets must have the shape of the predictions; `compile` refuses others.
        class_numbers: targets are one class number for each place of the predictions.
    """

    fn: ClassVar[Callable[..., Any]]
    same_shape: ClassVar[bool] = True

    def __init__(self) -> None:
        """Declared parameters are set by the constructor that each subclass gets."""

    def setup(self) -> None:
        super().setup()
        self._fn = type(self).fn
        self._fn_kwargs = self.own_config()

    def get_config(self) -> dict[str, Any]:
        return DeclaredMetric.get_config(self)
