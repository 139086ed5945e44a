"""Where a layer refuses a value, Keras's sentence comes first and ours, with the layer's name, follows."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

import engine
from engine.core.errors import ParamError

WRONG: list[tuple[str, dict[str, Any]]] = [
    ("Dense", {"units": -1}),
    ("Dense", {"units": 2.5}),
    ("Embedding", {"input_dim": 0, "output_dim": 2}),
    ("Embedding", {"input_dim": 3, "output_dim": -2}),
    ("Dropout", {"rate": 1.5}),
    ("AlphaDropout", {"rate": -0.5}),
    ("GaussianDropout", {"rate": 2.0}),
    ("SpatialDropout1D", {"rate": 3.0}),
    ("Conv2D", {"filters": 0, "kernel_size": 3}),
    ("Conv1D", {"filters": 4, "kernel_size": 3, "groups": 0}),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 0}),
    ("ReLU", {"max_value": -10.0}),
    ("ReLU", {"negative_slope": -1.0}),
    ("ReLU", {"threshold": None}),
    ("LeakyReLU", {"negative_slope": None}),
]


def sentence(error: Any) -> str:
    return " ".join(str(error.value).split()).rstrip(".")


@pytest.mark.parametrize(("name", "config"), WRONG, ids=[f"{n}-{c}" for n, c in WRONG])
def test_keras_sentence_comes_first(name: str, config: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as theirs:  # noqa: PT011 - the sentence is compared below
        getattr(keras.layers, name)(**config)
    with pytest.raises(ParamError) as ours:
        getattr(engine.layers, name)(**config)
    assert sentence(ours).startswith(sentence(theirs))
    assert f"{name}: {ours.value.param} is " in ours.value.message
    assert "Received" not in ours.value.message


@pytest.mark.parametrize("library", [engine, keras], ids=["engine", "keras"])
@pytest.mark.parametrize(
    ("name", "config", "words"),
    [
        ("RepeatVector", {"n": "3"}, "Expected an integer value for `n`"),
        ("UpSampling1D", {"size": "a"}, "Expected an integer value for `size`"),
        ("LayerNormalization", {"axis": {}}, "Expected an int or a list/tuple of ints for the argument 'axis'"),
        ("UnitNormalization", {"axis": {}}, "Invalid value for `axis` argument"),
    ],
)
def test_values_of_another_type_are_type_errors(library: Any, name: str, config: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        getattr(library.layers, name)(**config)


@pytest.mark.parametrize("library", [engine, keras], ids=["engine", "keras"])
def test_an_input_does_not_contradict_its_tensor(library: Any) -> None:
    tensor = library.KerasTensor((2, 3))
    for key, value in (("shape", (4,)), ("batch_size", 5), ("batch_shape", (2, 4)), ("dtype", "float16")):
        with pytest.raises(ValueError, match=f"cannot provide an incompatible `{key}`"):
            library.layers.InputLayer(input_tensor=tensor, **{key: value})
    with pytest.raises(ValueError, match="must be a KerasTensor"):
        library.layers.InputLayer(input_tensor=np.ones(3))
    with pytest.raises(ValueError, match="both `shape` and `batch_shape`"):
        library.layers.InputLayer(shape=(3,), batch_shape=(2, 3))
    assert library.layers.InputLayer(input_tensor=tensor).output is tensor


@pytest.mark.parametrize("library", [engine, keras], ids=["engine", "keras"])
@pytest.mark.parametrize("shape", ["ab", (0, 1), (1.5, 2), 3])
def test_places_that_drop_together_are_checked(library: Any, shape: Any) -> None:
    with pytest.raises(ValueError, match="Invalid value received for argument `noise_shape`"):
        library.layers.Dropout(0.5, noise_shape=shape)


@pytest.mark.parametrize("name", ["GroupNormalization", "LayerNormalization"])
def test_numbers_beyond_half_precision_are_normalized_first(name: str) -> None:
    config = {"groups": 2} if name == "GroupNormalization" else {}
    values = np.random.default_rng(0).normal(size=(2, 4, 8)).astype("float32") * 70000
    outputs = [
        np.asarray(getattr(library.layers, name)(dtype="mixed_float16", **config)(values)).astype("float32")
        for library in (engine, keras)
    ]
    np.testing.assert_allclose(*outputs, rtol=2e-3, atol=2e-3)


@pytest.mark.filterwarnings("ignore:You passed `rms_scaling=True`")
def test_an_old_setting_of_layer_normalization_still_counts() -> None:
    values = np.random.default_rng(0).normal(size=(2, 4, 8)).astype("float32")
    ours, theirs = (library.layers.LayerNormalization(rms_scaling=True) for library in (engine, keras))
    np.testing.assert_allclose(np.asarray(ours(values)), np.asarray(theirs(values)), rtol=1e-5, atol=1e-6)
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights] == ["gamma"]
    assert ours.get_config()["rms_scaling"] and "rms_scaling" not in engine.layers.LayerNormalization().get_config()


@pytest.mark.parametrize(
    ("family", "name", "config"),
    [
        ("optimizers", "Ftrl", {"learning_rate_power": 0.5}),
        ("optimizers", "Ftrl", {"l1_regularization_strength": -1.0}),
        ("optimizers", "SGD", {"momentum": -1.0}),
        ("metrics", "AUC", {"num_thresholds": -1}),
        ("metrics", "RecallAtPrecision", {"precision": 2.0}),
        ("metrics", "SensitivityAtSpecificity", {"specificity": 0.5, "num_thresholds": -1}),
    ],
)
def test_other_families_say_keras_sentence_too(family: str, name: str, config: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as theirs:  # noqa: PT011 - the sentence is compared below
        getattr(getattr(keras, family), name)(**config)
    with pytest.raises(ParamError) as ours:
        getattr(getattr(engine, family), name)(**config)
    assert sentence(ours).startswith(sentence(theirs))


def test_small_things_of_keras_hold() -> None:
    """Found by running Keras's own tests."""
    weight = np.ones((2, 2), "float32")
    assert engine.constraints.Constraint()(weight) is weight
    assert isinstance(engine.regularizers.get("l1l2"), engine.regularizers.L1L2)
    for name in ("IdentityInitializer", "OrthogonalInitializer", "STFTInitializer"):
        assert type(engine.initializers.get(name)).__name__ == name.removesuffix("Initializer")
    seeded = engine.initializers.RandomNormal(seed=engine.random.SeedGenerator(3))
    data = engine.saving.serialize_keras_object(seeded)
    assert isinstance(engine.saving.deserialize_keras_object(data).seed, engine.random.SeedGenerator)
    rate = engine.optimizers.SGD(0.5).learning_rate
    assert engine.optimizers.schedules.PolynomialDecay(rate, 4).initial_learning_rate == 0.5
    assert len(engine.metrics.AUC(num_thresholds=None, thresholds=[0.3, 0.6]).thresholds) == 4
    dense = engine.layers.Dense(2)
    dense.activation = None
    assert dense(weight).shape == (2, 2)
