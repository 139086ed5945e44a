"""State passed through functions: the same numbers as with variables, which stay as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine as keras
from engine.core.stateless import StatelessScope

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def a_model() -> Any:
    keras.utils.set_random_seed(4)
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, kernel_regularizer="l2", activity_regularizer="l1"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5, seed=3),
            keras.layers.Dense(1),
        ]
    )


def values(variables: Any) -> list[np.ndarray]:
    return [np.array(v) for v in variables]


def all_equal(own: Any, wanted: Any) -> None:
    for a, b in zip(own, wanted, strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def test_a_stateless_call_is_a_call_whose_state_is_returned() -> None:
    twin, model = a_model(), a_model()
    wanted = twin(X, training=True)
    losses = values(twin.losses)
    before = values(model.variables)
    outputs, state, found = model.stateless_call(
        values(model.trainable_variables), values(model.non_trainable_variables), X, training=True, return_losses=True
    )
    all_equal(values(model.variables), before)
    assert model.layers[0]._losses == []
    all_equal([outputs], [wanted])
    all_equal(state, values(twin.non_trainable_variables))
    np.testing.assert_allclose(sorted(map(float, found)), sorted(map(float, losses)), rtol=1e-6)


def test_given_values_stand_in_for_the_weights() -> None:
    model = a_model()
    doubled = [2 * v for v in values(model.trainable_variables)]
    outputs, _ = model.stateless_call(doubled, values(model.non_trainable_variables), X)
    for variable, value in zip(model.trainable_variables, doubled, strict=True):
        variable.assign(value)
    all_equal([outputs], [model(X)])


@pytest.mark.parametrize(
    "optimizer", [keras.optimizers.Adam(0.1, use_ema=True), keras.optimizers.SGD(0.1, momentum=0.9, clipnorm=1.0)]
)
def test_a_stateless_step_is_a_step(optimizer: Any) -> None:
    model, twin = a_model(), a_model()
    other = type(optimizer).from_config(optimizer.get_config())
    optimizer.build(model.trainable_variables)
    other.build(twin.trainable_variables)
    weights, state = values(model.trainable_variables), values(optimizer.variables)
    for step in range(3):
        grads = [np.full(v.shape, 0.1 * (step + 1), "float32") for v in weights]
        weights, state = optimizer.stateless_apply(state, grads, weights)
        other.apply(grads)
    all_equal(weights, values(twin.trainable_variables))
    all_equal(state, values(other.variables))
    assert int(optimizer.iterations) == 0


def test_metrics_count_in_given_state() -> None:
    metric, twin = keras.metrics.Precision(), keras.metrics.Precision()
    state = metric.stateless_reset_state()
    for truth, guess in (([1, 0, 1], [0.9, 0.8, 0.2]), ([1, 1, 0], [0.9, 0.8, 0.2])):
        state = metric.stateless_update_state(state, np.array(truth), np.array(guess))
        twin.update_state(np.array(truth), np.array(guess))
    assert float(metric.stateless_result(state)) == float(twin.result()) != 0
    assert float(metric.result()) == 0


def test_scopes_nest_and_end() -> None:
    variable = keras.Variable(1.0)
    with StatelessScope([(variable, 5.0)]) as outer:
        variable.assign_add(1.0)
        with StatelessScope([(variable, 50.0)]):
            assert float(variable) == 50
        assert float(variable) == 6
    assert float(outer.get_current_value(variable)) == 6
    assert float(variable) == 1


def test_what_does_not_fit_is_said() -> None:
    model = a_model()
    with pytest.raises(ValueError, match="Received list with length 1, but expected 6"):
        model.stateless_call([1], [], X)
    with pytest.raises(ValueError, match="matches the corresponding variable shape"):
        StatelessScope([(keras.Variable(1.0), [1.0, 2.0])])
    with pytest.raises(ValueError, match="Invalid reference variable"):
        StatelessScope([(1.0, 2.0)])
    with pytest.raises(ValueError, match="must be built"):
        keras.layers.Dense(2).stateless_call([], [], X)
    with pytest.raises(ValueError, match="must be built"):
        keras.optimizers.Adam().stateless_apply([], [], [])
