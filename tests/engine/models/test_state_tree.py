"""State trees and stateless losses of models, against Keras's own trees."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

import engine

# Keras's NumPy backend hands its variables to NumPy 2 in an old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
DATA = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")


def net(library: Any) -> Any:
    layers = [
        library.Input((3,)),
        library.layers.Dense(2, name="first"),
        library.layers.BatchNormalization(name="norm"),
    ]
    model = library.Sequential([library.Input((3,)), dense, norm], name="net")
    model.compile(library.optimizers.Adam(name="adam"), "mse", metrics=[library.metrics.MeanAbsoluteError(name="mae")])
    model.optimizer.build(model.trainable_variables)
    return model


def outline(tree: Any) -> Any:
    return {key: outline(value) for key, value in tree.items()} if isinstance(tree, dict) else np.shape(tree)


def test_a_tree_has_the_branches_of_keras() -> None:
    ours, theirs = (net(library).get_state_tree("numpy_array") for library in (engine, keras))
    for tree in (ours, theirs):
        tree.pop("metrics_variables")  # Keras has them only after training, which its NumPy backend cannot do
    assert outline(ours) == outline(theirs)


def test_a_tree_set_into_another_model_makes_it_the_same() -> None:
    model, other = net(engine), net(engine)
    model.fit(DATA, DATA[:, :2], epochs=2, verbose=0)
    tree = model.get_state_tree()
    assert set(tree["metrics_variables"]) == {"loss", "mae"}
    other.set_state_tree(tree)
    np.testing.assert_array_equal(other.predict(DATA, verbose=0), model.predict(DATA, verbose=0))
    assert int(other.optimizer.iterations) == 2
    with pytest.raises(ValueError, match="Unknown variable name"):
        other.set_state_tree({"weights": {}})
    with pytest.raises(ValueError, match="Invalid `value_format`"):
        other.get_state_tree("list")


def test_a_loss_of_given_values_leaves_the_model_alone() -> None:
    model = net(engine)
    before = model.get_weights()
    values = [[np.ones(v.shape, "float32") for v in model.trainable_variables]]
    values += [[v.numpy() for v in kind] for kind in (model.non_trainable_variables, model.metrics_variables)]
    outputs, _ = model.stateless_call(*values[:2], DATA)
    loss, after = model.stateless_compute_loss(*values, DATA, DATA[:, :2], outputs)
    assert float(loss) == pytest.approx(float(np.mean((np.asarray(outputs) - DATA[:, :2]) ** 2)), rel=1e-5)
    assert [len(part) for part in after] == [len(part) for part in values]
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
