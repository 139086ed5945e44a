"""Metrics against Keras's NumPy backend, batch by batch, eagerly and inside a compiled plan."""

from __future__ import annotations

import inspect
import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

from engine import metrics, ops
from engine.core import registry
from engine.core.plan import function
from engine.losses import huber, mean_squared_error

RNG = np.random.default_rng(5)
SIZES = (8, 8, 5)
KINDS: dict[str, Any] = {
    "classes": (
        lambda n: RNG.integers(0, 4, n).astype("int32"),
        lambda n: RNG.dirichlet(np.ones(4), n).astype("float32"),
    ),
    "one_hot": (
        lambda n: np.eye(4, dtype="float32")[RNG.integers(0, 4, n)],
        lambda n: RNG.dirichlet(np.ones(4), n).astype("float32"),
    ),
    "binary": (lambda n: (RNG.random(n) < 0.5).astype("float32"), lambda n: RNG.random(n).astype("float32")),
    "labels": (lambda n: (RNG.random((n, 3)) < 0.5).astype("float32"), lambda n: RNG.random((n, 3)).astype("float32")),
    "numbers": (lambda n: RNG.random((n, 3)).astype("float32"), lambda n: RNG.random((n, 3)).astype("float32")),
    "equal": (
        lambda n: RNG.integers(0, 2, (n, 3)).astype("float32"),
        lambda n: RNG.integers(0, 2, (n, 3)).astype("float32"),
    ),
    "map": (lambda n: RNG.integers(0, 3, (n, 4)).astype("int32"), lambda n: RNG.integers(0, 3, (n, 4)).astype("int32")),
    "map_one_hot": (
        lambda n: np.eye(3, dtype="float32")[RNG.integers(0, 3, n)],
        lambda n: RNG.dirichlet(np.ones(3), n).astype("float32"),
    ),
}
CASES: list[tuple[str, dict[str, Any], str]] = [
    ("MeanSquaredError", {}, "numbers"),
    ("RootMeanSquaredError", {}, "numbers"),
    ("MeanAbsoluteError", {}, "numbers"),
    ("MeanAbsolutePercentageError", {}, "numbers"),
    ("MeanSquaredLogarithmicError", {}, "numbers"),
    ("LogCoshError", {}, "numbers"),
    ("CosineSimilarity", {}, "numbers"),
    ("R2Score", {}, "numbers"),
    ("R2Score", {"class_aggregation": None}, "numbers"),
    ("R2Score", {"class_aggregation": "variance_weighted_average", "num_regressors": 2}, "numbers"),
    ("PearsonCorrelation", {}, "numbers"),
    ("ConcordanceCorrelation", {}, "numbers"),
    ("KLDivergence", {}, "numbers"),
    ("Poisson", {}, "numbers"),
    ("Accuracy", {}, "equal"),
    ("BinaryAccuracy", {}, "labels"),
    ("BinaryAccuracy", {"threshold": 0.3}, "binary"),
    ("CategoricalAccuracy", {}, "one_hot"),
    ("SparseCategoricalAccuracy", {}, "classes"),
    ("TopKCategoricalAccuracy", {"k": 2}, "one_hot"),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, "classes"),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}, "labels"),
    ("CategoricalCrossentropy", {}, "one_hot"),
    ("SparseCategoricalCrossentropy", {}, "classes"),
    ("Hinge", {}, "labels"),
    ("SquaredHinge", {}, "labels"),
    ("CategoricalHinge", {}, "one_hot"),
    ("TruePositives", {}, "binary"),
    ("TrueNegatives", {"thresholds": [0.2, 0.7]}, "binary"),
    ("FalsePositives", {}, "labels"),
    ("FalseNegatives", {"thresholds": [0.0, 0.5, 1.0]}, "binary"),
    ("Precision", {}, "binary"),
    ("Precision", {"top_k": 2}, "one_hot"),
    ("Precision", {"class_id": 1, "thresholds": [0.2, 0.4]}, "labels"),
    ("Recall", {}, "binary"),
    ("Recall", {"top_k": 1, "class_id": 2}, "one_hot"),
    ("SensitivityAtSpecificity", {"specificity": 0.4, "num_thresholds": 20}, "binary"),
    ("SpecificityAtSensitivity", {"sensitivity": 0.6}, "binary"),
    ("PrecisionAtRecall", {"recall": 0.5}, "binary"),
    ("RecallAtPrecision", {"precision": 0.5}, "labels"),
    ("AUC", {}, "binary"),
    ("AUC", {"curve": "PR"}, "binary"),
    ("AUC", {"curve": "PR", "summation_method": "majoring", "num_thresholds": 30}, "binary"),
    ("AUC", {"curve": "PRGAIN", "summation_method": "minoring"}, "binary"),
    ("AUC", {"thresholds": [0.2, 0.35, 0.9]}, "binary"),
    ("AUC", {"multi_label": True}, "labels"),
    ("AUC", {"multi_label": True, "num_labels": 3, "label_weights": [0.2, 0.3, 0.5], "curve": "PR"}, "labels"),
    ("AUC", {"from_logits": True}, "binary"),
    ("F1Score", {}, "one_hot"),
    ("F1Score", {"average": "macro", "threshold": 0.4}, "labels"),
    ("FBetaScore", {"average": "micro", "beta": 2.0, "threshold": 0.5}, "labels"),
    ("FBetaScore", {"average": "weighted", "beta": 0.5}, "one_hot"),
    ("IoU", {"num_classes": 3, "target_class_ids": [0, 2]}, "map"),
    ("BinaryIoU", {"threshold": 0.4}, "labels"),
    ("MeanIoU", {"num_classes": 3, "ignore_class": 1}, "map"),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [1]}, "map_one_hot"),
    ("OneHotMeanIoU", {"num_classes": 3}, "map_one_hot"),
]
UNWEIGHTED = ("map", "map_one_hot")
PLAIN = ("Mean", "Sum", "MeanMetricWrapper")


def batches(kind: str, weighted: bool) -> list[tuple[Any, ...]]:
    make_true, make_pred = KINDS[kind]
    weights = (lambda n: (RNG.random(n).astype("float32"),)) if weighted else (lambda n: ())
    return [(make_true(n), make_pred(n), *weights(n)) for n in SIZES]


def test_every_metric_has_a_case() -> None:
    assert set(registry.all_of("metric")) == {name for name, _, _ in CASES} | set(PLAIN)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "options", "kind"), CASES)
def test_result_is_that_of_keras(name: str, options: dict[str, Any], kind: str, weighted: bool) -> None:
    weighted = weighted and kind not in UNWEIGHTED and name != "BinaryIoU"
    ours, theirs = getattr(metrics, name)(**options), getattr(keras.metrics, name)(**options)
    for batch in batches(kind, weighted):
        ours.update_state(*batch)
        with np.errstate(all="ignore"):  # Keras's NumPy backend divides by zero on its way
            theirs.update_state(*batch)
            expected = np.asarray(theirs.result())
        np.testing.assert_allclose(np.asarray(ours.result()), expected, rtol=3e-5, atol=1e-6)
    ours.reset_state()
    assert all(not v.numpy().any() for v in ours.variables)
    assert [tuple(v.shape) for v in ours.variables] == [tuple(v.shape) for v in theirs.variables]
    assert [v.path.split("/")[-1] for v in ours.variables] == [v.path.split("/")[-1] for v in theirs.variables]


@pytest.mark.parametrize(("name", "options", "kind"), CASES)
def test_plan_gives_what_eager_gives(name: str, options: dict[str, Any], kind: str) -> None:
    eager, traced = (getattr(metrics, name)(name="m", **options) for _ in range(2))
    step = function(lambda *batch: traced.update_state(*batch))
    for batch in batches(kind, kind not in UNWEIGHTED and name != "BinaryIoU"):
        eager.update_state(*batch)
        step(*batch)
    for a, b in zip(eager.variables, traced.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize(("name", "options", "kind"), CASES)
def test_config_goes_to_keras_and_back(name: str, options: dict[str, Any], kind: str) -> None:
    ours = getattr(metrics, name)(name="own", **options)
    theirs = keras.metrics.deserialize(metrics.serialize(ours))
    assert type(theirs).__name__ == name
    saved = keras.metrics.serialize(theirs)
    known = {key: value for key, value in metrics.serialize(ours)["config"].items() if key in saved["config"]}
    assert known == {key: _plain(value) for key, value in saved["config"].items()}
    again = metrics.deserialize(saved)
    assert again.get_config().keys() == ours.get_config().keys()
    assert again.get_config() == {
        k: pytest.approx(v) if k == "label_weights" else v for k, v in ours.get_config().items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict) and value.get("class_name") == "__tensor__":
        return pytest.approx(value["config"]["value"])
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("name", [*dict.fromkeys(name for name, _, _ in CASES), "Mean", "Sum"])
def test_constructor_takes_keras_arguments_in_keras_order(name: str) -> None:
    ours = inspect.signature(getattr(metrics, name)).parameters
    theirs = inspect.signature(getattr(keras.metrics, name)).parameters
    assert [(k, p.default) for k, p in ours.items() if k != "kwargs"] == [(k, p.default) for k, p in theirs.items()]


@pytest.mark.parametrize("weights", [None, [1.0, 0.0, 2.0], [[1.0, 1.0], [0.0, 2.0], [1.0, 0.0]]])
@pytest.mark.parametrize("name", ["Mean", "Sum"])
def test_mean_and_sum_weigh_as_keras_does(name: str, weights: Any) -> None:
    values = np.array([[1.0, 2.0], [3.0, 5.0], [8.0, 13.0]], "float32")
    ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    for metric in (ours, theirs):
        metric.update_state(values, weights)
        metric.update_state(4.0)
    assert float(ours.result()) == pytest.approx(float(theirs.result()), rel=1e-6)


@pytest.mark.parametrize("word", ["mse", "MAE", "AUC", "auc", "binary_accuracy", "RootMeanSquaredError", "f1_score"])
def test_names_find_what_keras_finds(word: str) -> None:
    assert type(metrics.get(word)).__name__ == type(keras.metrics.get(word)).__name__


def test_wrapper_serializes_its_function() -> None:
    wrapper = metrics.MeanMetricWrapper(huber, name="h", delta=2.0)
    again = metrics.deserialize(metrics.serialize(wrapper))
    truth, guess = np.ones((4, 2), "float32"), np.full((4, 2), 4.0, "float32")
    assert float(again(truth, guess)) == float(wrapper(truth, guess)) == 4.0
    assert again._fn_kwargs == {"delta": 2.0}


def test_metrics_know_their_direction() -> None:
    assert metrics.AUC()._direction == "up"
    assert metrics.MeanSquaredError()._direction == "down"
    assert metrics.MeanMetricWrapper(mean_squared_error)._direction == "down"
    assert metrics.MeanMetricWrapper(lambda t, p: p)._direction is None


def test_own_metric_tracks_variables_and_metrics() -> None:
    class Share(metrics.Metric):
        def __init__(self, name: str = "share", **kwargs: Any) -> None:
            super().__init__(name=name, **kwargs)
            self.hits = self.add_weight(name="hits", initializer="zeros")
            self.inner = metrics.Mean()

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.hits.assign_add(ops.sum(ops.cast(ops.equal(y_true, y_pred), "float32")))
            self.inner.update_state(y_pred)

        def result(self) -> Any:
            return ops.add(self.hits, self.inner.result())

    metric = Share()
    assert [v.path for v in metric.variables][0] == "share/hits" and len(metric.variables) == 3
    assert float(metric(np.array([1.0, 2.0], "float32"), np.array([1.0, 4.0], "float32"))) == 3.5
    metric.reset_state()
    assert float(metric.result()) == 0.0


def test_subclass_of_mean_calls_its_constructor() -> None:
    class Late(metrics.Mean):
        def __init__(self, name: str = "late") -> None:
            super().__init__(name=name)

    metric = Late()
    metric.update_state([1.0, 3.0])
    assert metric.name == "late" and float(metric.result()) == 2.0
