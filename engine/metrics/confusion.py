"""Counts of right and wrong answers, precision, recall, and the best of one under a bound on another."""

from __future__ import annotations

from typing import Any, ClassVar

from engine import ops
from engine.core.params import Param
from engine.core.tensor import convert_to_tensor
from engine.metrics.reduction import DeclaredMetric, dtype_param, name_param
from engine.metrics.thresholds import NEG_INF, as_list, evenly_spread, update_counts

THRESHOLDS_DOC = "One number or several in [0, 1]; predictions above count as positive. Empty means 0.5."
TOP_K_DOC = "Only the k best classes of each sample count as predicted."
TOO_FEW = "Argument `{name}` must be an integer > 0. Received: {name}={value}."
SHARE = "Argument `{name}` must be in the range [0, 1]. Received: {name}={value}."
CLASS_DOC = "Only this class is counted."


def ratio(part: Any, rest: Any) -> Any:
    """part / (part + rest), 0 where both are 0."""
    part, rest = convert_to_tensor(part), convert_to_tensor(rest)
    return ops.divide_no_nan(part, ops.add(part, rest))


class _Count(DeclaredMetric):
    """One of the four counts at given thresholds."""

    same_shape = True
    counted: ClassVar[str]
    thresholds: Any

    def setup(self) -> None:
        super().setup()
        self.init_thresholds, self.thresholds = self.thresholds, as_list(self.thresholds, 0.5)
        self.accumulator = self.add_variable((len(self.thresholds),), "zeros", name="accumulator")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        update_counts({self.counted: self.accumulator}, y_true, y_pred, self.thresholds, sample_weight=sample_weight)

    def result(self) -> Any:
        value = convert_to_tensor(self.accumulator)
        return value[0] if len(self.thresholds) == 1 else value

    def own_config(self) -> dict[str, Any]:
        return {"thresholds": self.init_thresholds}


class TruePositives(_Count, keras="keras.metrics:TruePositives"):
    """Number of positives found."""

    counted = "tp"
    thresholds: Any = Param(None, doc=THRESHOLDS_DOC)
    name: str | None = name_param(None)
    dtype: Any = dtype_param()


class TrueNegatives(_Count, keras="keras.metrics:TrueNegatives"):
    """Number of negatives left alone."""

    counted = "tn"
    thresholds: Any = Param(None, doc=THRESHOLDS_DOC)
    name: str | None = name_param(None)
    dtype: Any = dtype_param()


class FalsePositives(_Count, keras="keras.metrics:FalsePositives"):
    """Number of false alarms."""

    counted = "fp"
    thresholds: Any = Param(None, doc=THRESHOLDS_DOC)
    name: str | None = name_param(None)
    dtype: Any = dtype_param()


class FalseNegatives(_Count, keras="keras.metrics:FalseNegatives"):
    """Number of positives missed."""

    counted = "fn"
    thresholds: Any = Param(None, doc=THRESHOLDS_DOC)
    name: str | None = name_param(None)
    dtype: Any = dtype_param()


class _Share(DeclaredMetric):
    """True positives as a share of something."""

    same_shape = True
    _direction = "up"
    other: ClassVar[tuple[str, str]]
    thresholds: Any
    top_k: int | None
    class_id: int | None

    def setup(self) -> None:
        super().setup()
        default = 0.5 if self.top_k is None else NEG_INF
        self.init_thresholds, self.thresholds = self.thresholds, as_list(self.thresholds, default)
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, "zeros", name="true_positives")
        self._others = self.add_variable(shape, "zeros", name=self.other[1])
        setattr(self, self.other[1], self._others)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        counts = {"tp": self.true_positives, self.other[0]: self._others}
        update_counts(
            counts,
            y_true,
            y_pred,
            self.thresholds,
            top_k=self.top_k,
            class_id=self.class_id,
            sample_weight=sample_weight,
        )

    def result(self) -> Any:
        value = ratio(self.true_positives, self._others)
        return value[0] if len(self.thresholds) == 1 else value

    def own_config(self) -> dict[str, Any]:
        return {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}


class Precision(_Share, keras="keras.metrics:Precision"):
    """Share of the positive answers that are right."""

    other = ("fp", "false_positives")
    thresholds: Any = Param(None, doc=THRESHOLDS_DOC)
    top_k: int | None = Param(None, ge=1, doc=TOP_K_DOC)
    class_id: int | None = Param(None, ge=0, doc=CLASS_DOC)
    name: str | None = name_param(None)
    dtype: Any = dtype_param()


class Recall(_Share, keras="keras.metrics:Recall"):
    """Share of the positives that are found."""

    other = ("fn", "false_negatives")
    thresholds: Any = Param(None, doc=THRESHOLDS_DOC)
    top_k: int | None = Param(None, ge=1, doc=TOP_K_DOC)
    class_id: int | None = Param(None, ge=0, doc=CLASS_DOC)
    name: str | None = name_param(None)
    dtype: Any = dtype_param()


class FourCounts(DeclaredMetric):
    """State of all four counts at many thresholds."""

    same_shape = True
    num_thresholds: int
    class_id: int | None

    def make_counts(self, shape: tuple[int, ...]) -> None:
        """Create the four variables."""
        self.true_positives = self.add_variable(shape, "zeros", name="true_positives")
        self.false_positives = self.add_variable(shape, "zeros", name="false_positives")
        self.true_negatives = self.add_variable(shape, "zeros", name="true_negatives")
        self.false_negatives = self.add_variable(shape, "zeros", name="false_negatives")

    @property
    def counts(self) -> dict[str, Any]:
        """The variables by the keys of `update_counts`."""
        return {
            "tp": self.true_positives,
            "fp": self.false_positives,
            "tn": self.true_negatives,
            "fn": self.false_negatives,
        }

    def recalls(self) -> Any:
        """Share of positives found, at each threshold."""
        return ratio(self.true_positives, self.false_negatives)

    def precisions(self) -> Any:
        """Share of right positive answers, at each threshold."""
        return ratio(self.true_positives, self.false_positives)

    def specificities(self) -> Any:
        """Share of negatives left alone, at each threshold."""
        return ratio(self.true_negatives, self.false_positives)


class _BestUnderBound(FourCounts):
    """The largest `wanted` among thresholds at which `bounded` reaches the bound."""

    _direction = "up"
    bound: ClassVar[str]
    bounded: ClassVar[str]
    wanted: ClassVar[str]

    def setup(self) -> None:
        super().setup()
        self.thresholds = evenly_spread(self.num_thresholds)
        self.make_counts((len(self.thresholds),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        update_counts(self.counts, y_true, y_pred, self.thresholds, class_id=self.class_id, sample_weight=sample_weight)

    def result(self) -> Any:
        reached = ops.greater_equal(getattr(self, self.bounded)(), getattr(self, self.bound))
        wanted = getattr(self, self.wanted)()
        return ops.max(ops.where(reached, wanted, ops.zeros_like(wanted)))


class SensitivityAtSpecificity(_BestUnderBound, keras="keras.metrics:SensitivityAtSpecificity"):
    """Best sensitivity (recall) at which the specificity is at least the given one."""

    bound, bounded, wanted = "specificity", "specificities", "recalls"
    specificity: float = Param(ge=0, le=1, refusal=SHARE, doc="Smallest share of negatives left alone.")
    num_thresholds: int = Param(200, ge=1, refusal=TOO_FEW, doc="How many thresholds are tried.")
    class_id: int | None = Param(None, ge=0, doc=CLASS_DOC)
    name: str | None = name_param(None)
    dtype: Any = dtype_param()


class SpecificityAtSensitivity(_BestUnderBound, keras="keras.metrics:SpecificityAtSensitivity"):
    """Best specificity at which the sensitivity (recall) is at least the given one."""

    bound, bounded, wanted = "sensitivity", "recalls", "specificities"
    sensitivity: float = Param(ge=0, le=1, refusal=SHARE, doc="Smallest share of positives found.")
    num_thresholds: int = Param(200, ge=1, refusal=TOO_FEW, doc="How many thresholds are tried.")
    class_id: int | None = Param(None, ge=0, doc=CLASS_DOC)
    name: str | None = name_param(None)
    dtype: Any = dtype_param()


class PrecisionAtRecall(_BestUnderBound, keras="keras.metrics:PrecisionAtRecall"):
    """Best precision at which the recall is at least the given one."""

    bound, bounded, wanted = "recall", "recalls", "precisions"
    recall: float = Param(ge=0, le=1, refusal=SHARE, doc="Smallest recall.")
    num_thresholds: int = Param(200, ge=1, refusal=TOO_FEW, doc="How many thresholds are tried.")
    class_id: int | None = Param(None, ge=0, doc=CLASS_DOC)
    name: str | None = name_param(None)
    dtype: Any = dtype_param()


class RecallAtPrecision(_BestUnderBound, keras="keras.metrics:RecallAtPrecision"):
    """Best recall at which the precision is at least the given one."""

    bound, bounded, wanted = "precision", "precisions", "recalls"
    precision: float = Param(ge=0, le=1, refusal=SHARE, doc="Smallest precision.")
    num_thresholds: int = Param(200, ge=1, refusal=TOO_FEW, doc="How many thresholds are tried.")
    class_id: int | None = Param(None, ge=0, doc=CLASS_DOC)
    name: str | None = name_param(None)
    dtype: Any = dtype_param()
