"""The state of a model as nested values, like Keras's, and the loss as a function of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine
from tests.engine.ops.oracle import keras

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
Y = X[:, :1] * 2


def a_model(library: Any) -> Any:
    library.utils.clear_session()
    library.utils.set_random_seed(3)
    layers = [library.Input((3,)), library.layers.Dense(2, name="one"), library.layers.BatchNormalization(name="two")]
    model = library.Sequential([*layers, library.layers.Dense(1, kernel_regularizer="l2", name="three")], name="net")
    model.compile("adam", "mse", metrics=["mae"])
    return model


def outline(tree: Any) -> Any:
    return {k: outline(v) for k, v in tree.items()} if isinstance(tree, dict) else tuple(np.shape(tree))


def test_the_tree_has_the_paths_of_keras() -> None:
    ours, theirs = a_model(engine), a_model(keras)
    for model in (ours, theirs):
        model.optimizer.build(model.trainable_variables)
    own, wanted = ours.get_state_tree("numpy_array"), theirs.get_state_tree()
    for tree in (own, wanted):
        tree.pop("metrics_variables")  # Keras makes them when it first trains
    assert outline(own) == outline(wanted)


def test_state_goes_from_one_model_into_another() -> None:
    model, other = a_model(engine), a_model(engine)
    model.fit(X, Y, epochs=2, verbose=0)
    other.fit(X, Y * 0, epochs=1, verbose=0)
    other.set_state_tree(model.get_state_tree("numpy_array"))
    np.testing.assert_array_equal(model.predict(X, verbose=0), other.predict(X, verbose=0))
    assert int(other.optimizer.iterations) == int(model.optimizer.iterations) == 2
    history = [m.fit(X, Y, shuffle=False, verbose=0).history["loss"] for m in (model, other)]
    assert history[0] == history[1]


def test_the_loss_is_a_function_of_the_state() -> None:
    model = a_model(engine)
    before = model.get_weights()
    loss, (_, state, _) = model.stateless_compute_loss(
        [v.value for v in model.trainable_variables],
        [v.value for v in model.non_trainable_variables],
        [v.value for v in model.metrics_variables],
        x=X,
        y=Y,
        y_pred=np.zeros((8, 1), "float32"),
    )
    kernel = np.asarray(model.get_layer("three").kernel)
    assert float(loss) == pytest.approx(float((Y**2).mean() + 0.01 * (kernel**2).sum()), rel=1e-5)
    assert len(state) == len(model.non_trainable_variables)
    for value, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, old)


def test_what_does_not_fit_is_said() -> None:
    model = a_model(engine)
    with pytest.raises(ValueError, match="Invalid `value_format`"):
        model.get_state_tree("list")
    with pytest.raises(ValueError, match="Unknown variable name: other"):
        model.set_state_tree({"other": {}})
