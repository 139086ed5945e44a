"""Overlap of predicted and true regions: intersection over union."""

from __future__ import annotations

from typing import Any

from engine import ops
from engine.core import config
from engine.core.params import Param
from engine.core.tensor import convert_to_tensor
from engine.metrics.counting import confusion_counts
from engine.metrics.reduction import DeclaredMetric, dtype_param, name_param

CLASSES_DOC = "Number of classes."
IGNORE_DOC = "Class number whose points count nothing."


class _IoUBase(DeclaredMetric):
    """Confusion matrix and the overlaps read from it."""

    _direction = "up"
    ignore_class: int | None = None
    sparse_y_true: bool = True
    sparse_y_pred: bool = True
    axis: int = -1
    num_classes: int
    target_class_ids: Any

    @property
    def same_shape(self) -> bool:
        """Whether targets must have the shape of the predictions."""
        return self.sparse_y_true == self.sparse_y_pred

    @property
    def class_numbers(self) -> bool:
        """Whether targets are one class number for each place of the predictions."""
        return self.sparse_y_true and not self.sparse_y_pred

    def setup(self) -> None:
        self.dtype = self.dtype or "int32"
        super().setup()
        self.target_class_ids = [int(i) for i in self.target_class_ids]
        if max(self.target_class_ids) >= self.num_classes:
            raise ValueError(
                f"Target class id {max(self.target_class_ids)} is out of range, which is [0, {self.num_classes})."
            )
        shape = (self.num_classes, self.num_classes)
        self.total_cm = self.add_variable(shape, "zeros", dtype=self.dtype, name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
        if not self.sparse_y_true:
            y_true = ops.argmax(y_true, axis=self.axis)
        if not self.sparse_y_pred:
            y_pred = ops.argmax(y_pred, axis=self.axis)
        y_true, y_pred = (ops.reshape(ops.cast(y, "int32"), (-1,)) for y in (y_true, y_pred))
        weights = ops.cast(ops.ones_like(y_true), self.dtype)
        if sample_weight is not None:
            given = convert_to_tensor(sample_weight, self.dtype)
            weights = ops.multiply(weights, ops.reshape(given, (-1,)) if given.shape else given)
        inside = ops.logical_and(self._within(y_true), self._within(y_pred))
        if self.ignore_class is not None:
            inside = ops.logical_and(inside, ops.not_equal(y_true, self.ignore_class))
        y_true, y_pred, weights = (ops.where(inside, v, ops.zeros_like(v)) for v in (y_true, y_pred, weights))
        self.total_cm.assign_add(confusion_counts(y_true, y_pred, weights, classes=self.num_classes))

    def _within(self, y: Any) -> Any:
        return ops.logical_and(ops.greater_equal(y, 0), ops.less(y, self.num_classes))

    def result(self) -> Any:
        matrix = ops.cast(convert_to_tensor(self.total_cm), "float32")
        found = [matrix[i, i] for i in self.target_class_ids]
        union = [
            ops.subtract(ops.add(ops.sum(matrix[i, :]), ops.sum(matrix[:, i])), f)
            for i, f in zip(self.target_class_ids, found, strict=True)
        ]
        overlap, total = ops.stack(found), ops.stack(union)
        present = ops.cast(ops.greater(total, 1e-9), "float32")
        overlap = ops.multiply(ops.divide(overlap, ops.add(total, config.epsilon())), present)
        return ops.divide(ops.sum(overlap), ops.add(ops.sum(present), config.epsilon()))


class IoU(_IoUBase, keras="keras.metrics:IoU"):
    """Mean over the chosen classes of intersection / union."""

    num_classes: int = Param(ge=1, doc=CLASSES_DOC)
    target_class_ids: Any = Param(doc="Class numbers whose overlaps are averaged.")
    name: str | None = name_param(None)
    dtype: Any = dtype_param()
    ignore_class: int | None = Param(None, doc=IGNORE_DOC)
    sparse_y_true: bool = Param(True, doc="Targets are class numbers rather than one-hot.")
    sparse_y_pred: bool = Param(True, doc="Predictions are class numbers rather than scores.")
    axis: int = Param(-1, doc="Axis of the classes.", advanced=True)


class BinaryIoU(_IoUBase, keras="keras.metrics:BinaryIoU"):
    """Intersection over union of yes-or-no regions, averaged over the chosen classes 0 and 1."""

    num_classes = 2
    target_class_ids: Any = Param((0, 1), doc="Which of the classes 0 and 1 are averaged.")
    threshold: float = Param(0.5, doc="Predictions at or above count as 1.")
    name: str | None = name_param(None)
    dtype: Any = dtype_param()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        scores = convert_to_tensor(y_pred, "float32")
        chosen = ops.cast(ops.greater_equal(scores, self.threshold), "int32")
        super().update_state(y_true, chosen, sample_weight)


class MeanIoU(_IoUBase, keras="keras.metrics:MeanIoU"):
    """Intersection over union, averaged over all classes."""

    num_classes: int = Param(ge=1, doc=CLASSES_DOC)
    name: str | None = name_param(None)
    dtype: Any = dtype_param()
    ignore_class: int | None = Param(None, doc=IGNORE_DOC)
    sparse_y_true: bool = Param(True, doc="Targets are class numbers rather than one-hot.")
    sparse_y_pred: bool = Param(True, doc="Predictions are class numbers rather than scores.")
    axis: int = Param(-1, doc="Axis of the classes.", advanced=True)

    def setup(self) -> None:
        self.target_class_ids = range(self.num_classes)
        super().setup()


class OneHotIoU(_IoUBase, keras="keras.metrics:OneHotIoU"):
    """`IoU` for one-hot targets."""

    sparse_y_true = False
    num_classes: int = Param(ge=1, doc=CLASSES_DOC)
    target_class_ids: Any = Param(doc="Class numbers whose overlaps are averaged.")
    name: str | None = name_param(None)
    dtype: Any = dtype_param()
    ignore_class: int | None = Param(None, doc=IGNORE_DOC)
    sparse_y_pred: bool = Param(False, doc="Predictions are class numbers rather than scores.")
    axis: int = Param(-1, doc="Axis of the classes.", advanced=True)


class OneHotMeanIoU(_IoUBase, keras="keras.metrics:OneHotMeanIoU"):
    """`MeanIoU` for one-hot targets."""

    sparse_y_true = False
    num_classes: int = Param(ge=1, doc=CLASSES_DOC)
    name: str | None = name_param(None)
    dtype: Any = dtype_param()
    ignore_class: int | None = Param(None, doc=IGNORE_DOC)
    sparse_y_pred: bool = Param(False, doc="Predictions are class numbers rather than scores.")
    axis: int = Param(-1, doc="Axis of the classes.", advanced=True)

    def setup(self) -> None:
        self.target_class_ids = range(self.num_classes)
        super().setup()
