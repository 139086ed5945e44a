"""Area under the ROC or precision-recall curve."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import ops
from engine.core import config
from engine.core.params import Param
from engine.core.tensor import convert_to_tensor
from engine.metrics.confusion import FourCounts, ratio
from engine.metrics.reduction import dtype_param, name_param
from engine.metrics.thresholds import evenly_spread, update_counts

TOO_FEW = "Argument `{name}` must be an integer > 1. Received: {name}={value}."


class AUC(FourCounts, keras="keras.metrics:AUC"):
    """Area under a curve of right against wrong answers over all thresholds: 1 is perfect, 0.5 (ROC) is guessing.

    The curve is approximated at `num_thresholds` points. With `multi_label` the area is taken per column and averaged.
    """

    _direction = "up"
    num_thresholds: int | None = Param(200, gt=1, refusal=TOO_FEW, doc="How many points of the curve are computed.")
    curve: str = Param(
        "ROC", choices=("ROC", "PR", "PRGAIN"), refusal='Invalid AUC curve value: "{value}".', doc="Which curve."
    )
    summation_method: str = Param(
        "interpolation",
        choices=("interpolation", "minoring", "majoring"),
        refusal='Invalid AUC summation method value: "{value}".',
        doc="How the area between points is taken.",
    )
    name: str | None = name_param(None)
    dtype: Any = dtype_param()
    thresholds: Any = Param(None, doc="Own thresholds in [0, 1] instead of equally spread ones.")
    multi_label: bool = Param(False, doc="Predictions have independent columns, each with its own curve.")
    num_labels: int | None = Param(None, ge=1, doc="Number of columns, when known before the first batch.")
    label_weights: Any = Param(None, doc="Weight of each column in the mean.")
    from_logits: bool = Param(False, doc="The predictions are raw scores rather than probabilities.")

    def setup(self) -> None:
        super().setup()
        self._own_thresholds = None if self.thresholds is None else sorted(self.thresholds)
        inner = (
            evenly_spread(self.num_thresholds or 200)[1:-1] if self._own_thresholds is None else self._own_thresholds
        )
        self.num_thresholds = len(inner) + 2
        self.thresholds = [0.0 - config.epsilon(), *inner, 1.0 + config.epsilon()]
        if self.num_labels and not self.multi_label:
            raise ValueError("`num_labels` is needed only when `multi_label` is True.")
        self._built = False
        if not self.multi_label:
            self.make_counts((len(self.thresholds),))
            self._built = True
        elif self.num_labels:
            self._build(self.num_labels)

    def _build(self, labels: int) -> None:
        self.make_counts((len(self.thresholds), labels))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred = convert_to_tensor(y_pred)
        if not self._built:
            if len(y_pred.shape) != 2 or y_pred.shape[1] is None:
                raise ValueError(
                    f"`y_pred` must have rank 2 when `multi_label=True`. Found rank {len(y_pred.shape)}. "
                    f"Full shape received for `y_pred`: {y_pred.shape}"
                )
            self._build(y_pred.shape[1])
        if self.from_logits:
            y_pred = ops.sigmoid(y_pred)
        update_counts(
            self.counts,
            y_true,
            y_pred,
            self.thresholds,
            sample_weight=sample_weight,
            multi_label=self.multi_label,
            label_weights=None if self.multi_label else self.label_weights,
        )

    def result(self) -> Any:
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._total(self._interpolated_pr())
        x, y = self._curve()
        left, right = y[:-1], y[1:]
        if self.summation_method == "interpolation":
            heights = ops.multiply(ops.add(left, right), 0.5)
        else:
            heights = (ops.minimum if self.summation_method == "minoring" else ops.maximum)(left, right)
        return self._total(ops.multiply(ops.subtract(x[:-1], x[1:]), heights))

    def _curve(self) -> tuple[Any, Any]:
        if self.curve == "ROC":
            return ratio(self.false_positives, self.true_negatives), self.recalls()
        if self.curve == "PR":
            return self.recalls(), self.precisions()
        return self._gains()

    def _gains(self) -> tuple[Any, Any]:
        """Recall gain and precision gain (Flach and Kull 2015)."""
        tp, fp, tn, fn = (convert_to_tensor(v) for v in self.counts.values())
        scale = ops.divide_no_nan(ops.add(tp, fn), ops.add(tn, fp))
        none = ops.equal(tp, 0.0)
        recall = ops.subtract(1.0, ops.multiply(scale, ops.divide_no_nan(fn, tp)))
        precision = ops.subtract(1.0, ops.multiply(scale, ops.divide_no_nan(fp, tp)))
        recall = ops.maximum(ops.where(none, ops.zeros_like(recall), recall), 0.0)
        return recall, ops.where(none, ops.ones_like(precision), precision)

    def _interpolated_pr(self) -> Any:
        """Areas between points of the precision-recall curve, interpolated in counts (Davis and Goadrich 2006)."""
        tp, fp, fn = (convert_to_tensor(v) for v in (self.true_positives, self.false_positives, self.false_negatives))
        p = ops.add(tp, fp)
        steps = ops.subtract(tp[:-1], tp[1:])
        slope = ops.divide_no_nan(steps, ops.maximum(ops.subtract(p[:-1], p[1:]), 0.0))
        intercept = ops.subtract(tp[1:], ops.multiply(slope, p[1:]))
        both = ops.logical_and(ops.greater(p[:-1], 0.0), ops.greater(p[1:], 0.0))
        quotient = ops.where(both, ops.divide_no_nan(p[:-1], ops.maximum(p[1:], 0.0)), ops.ones_like(p[1:]))
        area = ops.multiply(slope, ops.add(steps, ops.multiply(intercept, ops.log(quotient))))
        return ops.divide_no_nan(area, ops.maximum(ops.add(tp[1:], fn[1:]), 0.0))

    def _total(self, areas: Any) -> Any:
        if not self.multi_label:
            return ops.sum(areas)
        per_label = ops.sum(areas, axis=0)
        if self.label_weights is None:
            return ops.mean(per_label)
        weights = np.asarray(self.label_weights, self.dtype)
        return ops.divide_no_nan(ops.sum(ops.multiply(per_label, weights)), float(weights.sum()))

    def own_config(self) -> dict[str, Any]:
        config = {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if self.label_weights is None else np.asarray(self.label_weights).tolist(),
            "from_logits": self.from_logits,
        }
        return config if self._own_thresholds is None else {**config, "thresholds": self._own_thresholds}
