"""Low-rank adaptation after building, in files and in training; renormalized batches: all against Keras."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

import engine

# Keras's NumPy backend hands its variables to NumPy 2 in an old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
DATA = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
PICTURE = np.random.default_rng(1).normal(size=(2, 6, 6, 3)).astype("float32")
WORDS = np.array([[1, 2], [0, 5]], "int32")
LAYERS = {
    "Dense": ({"units": 4}, DATA, "kernel"),
    "EinsumDense": ({"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c"}, DATA, "kernel"),
    "Conv2D": ({"filters": 4, "kernel_size": 3}, PICTURE, "kernel"),
    "Embedding": ({"input_dim": 6, "output_dim": 3}, WORDS, "embeddings"),
}
each_layer = pytest.mark.parametrize("name", LAYERS)


def adapted(library: Any, name: str, **lora: Any) -> Any:
    """A built layer, then adapted, with a product that is not zero."""
    library.utils.set_random_seed(5)
    config, data, table = LAYERS[name]
    layer = getattr(library.layers, name)(**config)
    layer(data)
    layer.enable_lora(2, **lora)
    second = getattr(layer, f"lora_{table}_b")
    second.assign(np.linspace(-1, 1, int(np.prod(second.shape))).reshape(second.shape))
    return layer


def array(x: Any) -> np.ndarray:
    return np.asarray(x.numpy() if hasattr(x, "numpy") else x)


@each_layer
def test_adapted_layers_give_what_keras_gives(name: str) -> None:
    data = LAYERS[name][1]
    for lora in ({}, {"lora_alpha": 5}, {"a_initializer": "ones"}):
        our, their = adapted(engine, name, **lora), adapted(keras, name, **lora)
        np.testing.assert_allclose(array(our(data)), array(their(data)), rtol=1e-5, atol=1e-6)
        for kind in ("weights", "trainable_weights", "non_trainable_weights"):
            paths = ([w.path.split("/")[-1] for w in getattr(layer, kind)] for layer in (our, their))
            assert next(paths) == next(paths)
        keys = ("lora_rank", "lora_alpha")
        assert [our.get_config()[k] for k in keys] == [their.get_config()[k] for k in keys]


@each_layer
def test_files_hold_table_and_product_as_one(name: str, tmp_path: Path) -> None:
    _, data, table = LAYERS[name]
    layer = adapted(engine, name)
    kind = "int32" if name == "Embedding" else "float32"
    x = engine.Input(data.shape[1:], dtype=kind)
    model = engine.Model(x, layer(x))
    expected = array(model(data))
    model.save_weights(tmp_path / "merged.weights.h5")
    config = LAYERS[name][0]
    for library in (engine, keras):
        x = library.Input(data.shape[1:], dtype=kind)
        plain = library.Model(x, getattr(library.layers, name)(**config)(x))
        plain.load_weights(tmp_path / "merged.weights.h5")
        np.testing.assert_allclose(array(plain(data)), expected, rtol=1e-5, atol=1e-6)
    model.load_weights(tmp_path / "merged.weights.h5")
    np.testing.assert_allclose(array(model(data)), expected, rtol=1e-5, atol=1e-6)
    assert not array(getattr(layer, f"lora_{table}_b")).any()


def test_training_changes_the_product_and_leaves_the_table() -> None:
    model = engine.Sequential([engine.Input((5,)), engine.layers.Dense(3)])
    dense = model.layers[0]
    dense.enable_lora(2)
    table, first = array(dense._kernel), array(dense.kernel)
    model.compile("sgd", "mse")
    model.fit(DATA, DATA[:, :3], epochs=3, verbose=0)
    np.testing.assert_array_equal(array(dense._kernel), table)
    assert np.abs(array(dense.kernel) - first).max() > 1e-4


@pytest.mark.parametrize("library", [engine, keras], ids=["engine", "keras"])
def test_what_cannot_be_adapted_says_so(library: Any) -> None:
    dense = library.layers.Dense(3)
    with pytest.raises(ValueError, match="Cannot enable lora on a layer that isn't yet built."):
        dense.enable_lora(2)
    dense.build((None, 5))
    dense.enable_lora(2)
    with pytest.raises(ValueError, match="lora is already enabled"):
        dense.enable_lora(2)
    limited = library.layers.Dense(3, kernel_constraint="non_neg")
    limited.build((None, 5))
    with pytest.raises(ValueError, match="Lora is incompatible with kernel constraints"):
        limited.enable_lora(2)


def test_quantization_is_said_to_come_later() -> None:
    with pytest.raises(ValueError, match="quantizers come with a later version"):
        engine.layers.Dense(3, quantization_config={"mode": "int8"})
    assert "quantization_config" not in engine.layers.Dense(3).get_config()


@pytest.mark.parametrize("bounds", [None, {"rmax": 1.2, "rmin": 0.9, "dmax": 0.3}], ids=["free", "clipped"])
def test_renormalized_batches_follow_keras_step_by_step(bounds: Any) -> None:
    layers = []
    for library in (engine, keras):
        layer = library.layers.BatchNormalization(renorm=True, renorm_clipping=bounds, renorm_momentum=0.8)
        for i in range(3):
            outputs = layer(DATA * (i + 1) + i, training=True)
        layers.append((layer, array(outputs), array(layer(DATA, training=False))))
    (our, *ours), (their, *theirs) = layers
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    for one, other in zip(our.weights, their.weights, strict=True):
        np.testing.assert_allclose(array(one), array(other), rtol=1e-5, atol=1e-6, err_msg=one.path)


@pytest.mark.parametrize("bounds", [{"r": 1}, {"rmax": 1, "rmin": 2}, {"dmax": -1}])
def test_bounds_of_renormalization_are_checked(bounds: Any) -> None:
    for library in (engine, keras):
        with pytest.raises(ValueError, match="renorm_clipping"):
            library.layers.BatchNormalization(renorm=True, renorm_clipping=bounds)


def test_a_cost_of_outputs_does_not_grow_with_the_batch_in_a_plan() -> None:
    """Symbols know no batch; the plan and the eager call agree."""
    model = engine.Sequential([engine.Input((5,)), engine.layers.Dense(3, activity_regularizer="l2")])
    model.compile("sgd", "mse")
    planned = model.evaluate(DATA, np.zeros((6, 3)), batch_size=6, verbose=0)
    outputs = array(model(DATA))
    assert planned == pytest.approx((outputs**2).mean() + 0.01 * (outputs**2).sum() / 6, rel=1e-5)
