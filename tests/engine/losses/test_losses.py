"""Losses against Keras's NumPy backend, and their gradients against finite differences."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

from engine import losses, ops
from engine.core import registry
from engine.core.errors import ParamError
from engine.core.plan import function
from engine.core.tape import GradientTape
from engine.core.tensor import Tensor, convert_to_tensor

RNG = np.random.default_rng(3)
PROBABILITIES = RNG.uniform(0.05, 0.95, (6, 4)).astype("float32")
SCORES = RNG.normal(size=(6, 4)).astype("float32")
ONE_HOT = np.eye(4, dtype="float32")[RNG.integers(0, 4, 6)]
CLASSES = np.argmax(ONE_HOT, -1).astype("int32")
BINARY = (RNG.random((6, 4)) < 0.5).astype("float32")
FRAMES = np.random.default_rng(4).normal(size=(6, 5, 4)).astype("float32")
WEIGHTS = RNG.uniform(0.2, 2.0, 6).astype("float32")

TARGETS: dict[str, Any] = {
    "SparseCategoricalCrossentropy": CLASSES,
    "CategoricalCrossentropy": ONE_HOT,
    "CategoricalFocalCrossentropy": ONE_HOT,
    "CategoricalHinge": ONE_HOT,
    "CategoricalGeneralizedCrossEntropy": CLASSES,
    "Circle": CLASSES,
    "CTC": RNG.integers(1, 4, (6, 2)).astype("int32"),
}
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in registry.all_of("loss")),
    ("Huber", {"delta": 0.3}),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}),
    ("BinaryFocalCrossentropy", {"from_logits": True, "apply_class_balancing": True, "gamma": 1.5}),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}),
    ("CategoricalFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1, "alpha": 0.5}),
    ("SparseCategoricalCrossentropy", {"from_logits": True}),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}),
    ("Tversky", {"alpha": 0.3, "beta": 0.7, "axis": (1,)}),
    ("Dice", {"axis": (1,)}),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.2}),
    ("Circle", {"gamma": 2.0, "margin": 0.1}),
    ("Circle", {"gamma": 1.0, "remove_diagonal": False}),
]


def data(name: str, options: dict[str, Any]) -> tuple[Any, Any]:
    target = TARGETS.get(name, BINARY if "Binary" in name or "inge" in name else PROBABILITIES[::-1].copy())
    if name == "CTC":
        return target, FRAMES
    return target, SCORES if options.get("from_logits") else PROBABILITIES


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", None])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_value_is_that_of_keras(name: str, options: dict[str, Any], weighted: bool, reduction: str | None) -> None:
    target, output = data(name, options)
    weights: Any = WEIGHTS if weighted else None
    if weighted and name in ("Dice", "Tversky") and not options:
        weights = np.float32(0.5)  # these give one number, which only one weight fits
    ours = getattr(losses, name)(reduction=reduction, **options)(target, output, weights)
    with np.errstate(all="ignore"):  # Keras divides 0 by 0 at places that are ignored
        theirs = getattr(keras.losses, name)(reduction=reduction, **options)(target, output, weights)
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_gradient_is_that_of_finite_differences(name: str, options: dict[str, Any]) -> None:
    target, output = data(name, options)
    loss = getattr(losses, name)(dtype="float64", **options)
    output = output.astype("float64")
    direction = np.random.default_rng(1).normal(size=output.shape)
    value = Tensor(output)
    with GradientTape() as tape:
        tape.watch(value)
        result = loss(target, value)
    slope = float((np.asarray(tape.gradient(result, value)) * direction).sum())
    step = 1e-6
    ahead, behind = (float(loss(target, output + sign * step * direction)) for sign in (1, -1))
    assert slope == pytest.approx((ahead - behind) / (2 * step), rel=1e-4, abs=1e-7)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_plan_gives_what_eager_gives(name: str, options: dict[str, Any]) -> None:
    target, output = data(name, options)
    loss = getattr(losses, name)(**options)
    compiled = function(lambda t, p: loss(t, p))
    assert np.asarray(compiled(target, output)) == np.asarray(loss(target, output))


@pytest.mark.parametrize("name", list(registry.all_of("loss")))
def test_config_goes_to_keras_and_back(name: str) -> None:
    ours = getattr(losses, name)(name="own", reduction="sum")
    saved = losses.serialize(ours)
    theirs = keras.saving.deserialize_keras_object(saved)
    assert type(theirs).__name__ == name
    assert theirs.name == "own" and theirs.reduction == "sum"
    known = keras.losses.serialize(theirs)["config"]
    assert {key: saved["config"][key] for key in known} == known
    again = losses.deserialize(keras.losses.serialize(theirs))
    assert type(again) is type(ours) and again.get_config() == ours.get_config()


@pytest.mark.parametrize("name", list(registry.all_of("loss")))
def test_constructor_takes_keras_arguments_in_keras_order(name: str) -> None:
    import inspect

    ours = inspect.signature(getattr(losses, name)).parameters
    theirs = inspect.signature(getattr(keras.losses, name)).parameters
    assert [(k, p.default) for k, p in ours.items() if k != "kwargs"] == [(k, p.default) for k, p in theirs.items()]


@pytest.mark.parametrize("word", ["mse", "MSE", "mean_squared_error", "MeanSquaredError", "bce", "kld", "mae", "MAPE"])
def test_names_find_what_keras_finds(word: str) -> None:
    ours, theirs = losses.get(word), keras.losses.get(word)
    name = getattr(theirs, "__name__", type(theirs).__name__)
    assert getattr(ours, "__name__", type(ours).__name__) == name


def test_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="Could not interpret loss identifier: wrong"):
        losses.get("wrong")
    assert losses.get(None) is None


def test_functions_survive_serialization() -> None:
    saved = losses.serialize(losses.huber)
    assert saved == keras.losses.serialize(keras.losses.huber)
    assert losses.deserialize(saved) is losses.huber
    wrapped = losses.LossFunctionWrapper(losses.huber, delta=2.0, name="h")
    again = losses.deserialize(losses.serialize(wrapped))
    assert again.get_config() == wrapped.get_config()
    assert float(again(ONE_HOT, PROBABILITIES)) == float(wrapped(ONE_HOT, PROBABILITIES))


@pytest.mark.parametrize(
    ("true_shape", "pred_shape"), [((5,), (5, 1)), ((5, 1), (5,)), ((5, 3, 1), (5, 3)), ((5, 3), (5, 3, 1))]
)
def test_last_axis_of_one_is_squeezed_or_added(true_shape: tuple[int, ...], pred_shape: tuple[int, ...]) -> None:
    true, pred = RNG.random(true_shape).astype("float32"), RNG.random(pred_shape).astype("float32")
    theirs = keras.losses.MeanSquaredError(reduction=None)(true, pred)
    ours = losses.MeanSquaredError(reduction=None)(true, pred)
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-6)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_mask_of_the_predictions_is_applied(reduction: str, weighted: bool) -> None:
    true, pred = RNG.random((4, 3, 2)).astype("float32"), RNG.random((4, 3, 2)).astype("float32")
    mask = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 0, 0]], bool)
    weights = RNG.random((4, 3)).astype("float32") if weighted else None
    output = convert_to_tensor(pred)
    output._keras_mask = convert_to_tensor(mask)
    ours = losses.MeanSquaredError(reduction=reduction)(true, output, weights)
    values = ((true - pred) ** 2).mean(-1)
    scale = mask.size / mask.sum() if reduction == "sum_over_batch_size" else 1.0
    expected = values * mask * scale * (1.0 if weights is None else weights)
    expected = {"sum": expected.sum(), "none": expected}.get(reduction, expected.mean())
    np.testing.assert_allclose(np.asarray(ours), expected, rtol=1e-5)


def test_custom_loss_is_reduced_and_weighted() -> None:
    class Cubic(losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return ops.mean(ops.power(ops.subtract(y_true, y_pred), 3.0), axis=-1)

    value = Cubic()(ONE_HOT, PROBABILITIES, WEIGHTS)
    assert float(value) == pytest.approx(float((((ONE_HOT - PROBABILITIES) ** 3).mean(-1) * WEIGHTS).mean()), rel=1e-5)
    assert Cubic(name="c", reduction="sum").get_config() == {"name": "c", "reduction": "sum"}


def test_empty_batch_gives_what_keras_gives() -> None:
    empty = np.zeros((0, 3), "float32")
    ours, theirs = (cls()(empty, empty) for cls in (losses.MeanSquaredError, keras.losses.MeanSquaredError))
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: losses.Huber(delta=0.0), "Huber: delta is a number above 0"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=2.0), "label_smoothing is a number of at least 0"),
        (lambda: losses.MeanSquaredError(reduction="middle"), "reduction is one of"),
    ],
)
def test_parameters_out_of_range_are_refused(make: Any, text: str) -> None:
    with pytest.raises(ParamError, match=text):
        make()
