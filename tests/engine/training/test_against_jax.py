"""Training steps, histories and the names and order of figures, against Keras on its JAX backend in float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine
from engine import optimizers
from tests.engine.training import cases
from tests.engine.training.conftest import Oracle
from tests.engine.training.tiny import Tiny


@pytest.mark.parametrize("case", list(cases.CASES))
def test_five_steps_are_those_of_keras(case: str, oracle: Oracle) -> None:
    name, optimizer, options = cases.CASES[case]
    model = cases.MODELS[name](engine)
    model.set_weights(oracle.weights(f"{case}/start"))
    model.compile(getattr(optimizers, optimizer)(**options), "sparse_categorical_crossentropy")
    x, y = cases.data(name)
    losses = [model.train_on_batch(x, y) for _ in range(cases.STEPS)]
    np.testing.assert_allclose(losses, oracle.losses(case), rtol=2e-5, atol=1e-6)
    for ours, theirs in zip(model.get_weights(), oracle.weights(f"{case}/end"), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=3e-6)


@pytest.mark.parametrize("name", ["mlp", "cnn", "lstm", "attention"])
def test_compiled_and_eager_training_are_bit_equal(name: str) -> None:
    x, y = cases.data(name)
    runs = []
    for eager in (False, True):
        engine.utils.set_random_seed(4)
        model = cases.MODELS[name](engine)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=eager)
        history = model.fit(x, y, epochs=2, batch_size=10, verbose=0, validation_data=(x, y)).history
        runs.append((history, [v.numpy() for v in model.variables], model.predict(x, verbose=0)))
    assert runs[0][0] == runs[1][0]
    for a, b in zip([*runs[0][1], runs[0][2]], [*runs[1][1], runs[1][2]], strict=True):
        np.testing.assert_array_equal(a, b)


def test_dropout_draws_the_same_masks_compiled_and_eagerly() -> None:
    x, y = cases.data("mlp")
    histories = []
    for eager in (False, True):
        engine.utils.set_random_seed(6)
        layers = engine.layers
        model = engine.Sequential([engine.Input((8,)), layers.Dense(16), layers.Dropout(0.5, seed=3), layers.Dense(3)])
        loss = engine.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, run_eagerly=eager)
        histories.append(model.fit(x, y, epochs=3, batch_size=10, verbose=0).history)
    assert histories[0] == histories[1] and len(set(histories[0]["loss"])) == 3


@pytest.mark.parametrize("name", list(cases.FITS))
def test_histories_are_those_of_keras(name: str, oracle: Oracle) -> None:
    model = cases.mlp(engine)
    model.set_weights(oracle.weights(f"fit-{name}/start"))
    model.compile(optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=cases.FIT_METRICS)
    np.random.seed(5)
    x, y = cases.data("mlp")
    ours, theirs = model.fit(x, y, verbose=0, **cases.FITS[name]).history, oracle.texts["fits"][name]
    assert list(ours) == list(theirs)
    for key, values in theirs.items():
        np.testing.assert_allclose(ours[key], values, rtol=3e-5, atol=1e-6, err_msg=key)


@pytest.mark.parametrize("name", list(cases.FORKED_COMPILES))
def test_figures_of_several_outputs_are_those_of_keras(name: str, oracle: Oracle) -> None:
    model = cases.forked(engine)
    model.set_weights(oracle.weights(f"forked-{name}/start"))
    model.compile("sgd", **cases.FORKED_COMPILES[name])
    x, y = cases.data("mlp")
    targets: list[Any] = [x[:, :1], y]
    theirs = oracle.texts["forked"][name]
    np.testing.assert_allclose(model.evaluate(x, targets, verbose=0), theirs["list"], rtol=3e-5)
    figures = model.evaluate(x, targets, verbose=0, return_dict=True)
    assert list(figures) == list(theirs["dict"])
    np.testing.assert_allclose(list(figures.values()), list(theirs["dict"].values()), rtol=3e-5)


def test_bare_perceptron_trains_as_keras_does(oracle: Oracle) -> None:
    """The trainer without any layer: the steps above, with the forward pass written out."""
    from engine import ops

    class Bare(Tiny):
        def forward(self, x: Any) -> Any:
            (k1, b1), (k2, b2), (k3, b3) = self.pairs
            h = ops.tanh(ops.add(ops.matmul(x, k1), b1))
            h = ops.relu(ops.add(ops.matmul(h, k2), b2))
            return ops.softmax(ops.add(ops.matmul(h, k3), b3))

    for case in ("mlp-sgd", "mlp-amsgrad", "mlp-accumulated"):
        _, optimizer, options = cases.CASES[case]
        model = Bare(8, 16, 16, 3)
        model.set_weights(oracle.weights(f"{case}/start"))
        model.penalties = [lambda kernel=model.pairs[0][0]: ops.multiply(0.01, ops.sum(ops.square(kernel)))]
        model.compile(getattr(optimizers, optimizer)(**options), "sparse_categorical_crossentropy")
        x, y = cases.data("mlp")
        losses = [model.train_on_batch(x, y) for _ in range(cases.STEPS)]
        np.testing.assert_allclose(losses, oracle.losses(case), rtol=2e-5)
        for ours, theirs in zip(model.get_weights(), oracle.weights(f"{case}/end"), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=3e-6)
