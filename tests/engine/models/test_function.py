"""Operations of one's own, and graphs of operations as functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine as keras

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


class Scale(keras.Operation):
    """x times a number."""

    def __init__(self, factor: float, name: str | None = None) -> None:
        super().__init__(name=name)
        self.factor = factor

    def call(self, x: Any) -> Any:
        return x * self.factor


def test_an_operation_runs_on_values_and_becomes_a_node_of_a_graph() -> None:
    scale = Scale(3.0)
    np.testing.assert_array_equal(scale(keras.ops.convert_to_tensor(X)).numpy(), X * 3)
    inputs = keras.Input((4,))
    outputs = Scale(2.0, name="double")(keras.layers.Dense(2)(inputs))
    assert outputs.shape == (None, 2)
    assert outputs.keras_history.operation.name == "double"
    model = keras.Model(inputs, outputs)
    np.testing.assert_allclose(model.predict(X, verbose=0), 2 * np.asarray(model.layers[1](X)), rtol=1e-6)
    assert repr(scale).startswith("<Operation name=scale")


def test_names_are_text_without_slashes() -> None:
    for name in ("a/b", 3):
        with pytest.raises(ValueError, match="cannot contain character `/`"):
            keras.Operation(name=name)


def a_function() -> Any:
    left, right = keras.KerasTensor((None, 4)), keras.KerasTensor((None, 4))
    total = left + right
    return keras.Function(
        inputs={"left": left, "right": right}, outputs={"s": keras.ops.sigmoid(total), "n": keras.ops.sum(total)}
    )


def test_a_function_runs_the_graph_between_bare_tensors() -> None:
    function = a_function()
    found = function({"left": X, "right": 2 * X})
    np.testing.assert_allclose(found["s"].numpy(), 1 / (1 + np.exp(-3 * X)), rtol=1e-5)
    assert float(found["n"]) == pytest.approx(float((3 * X).sum()), rel=1e-5)
    assert function.compute_output_shape({"left": (7, 4), "right": (7, 4)}) == {"s": (7, 4), "n": ()}
    assert len(function.operations) == 3
    assert [t.shape for t in function.outputs] == [(), (None, 4)]


def test_a_function_can_be_part_of_a_model() -> None:
    inputs = keras.Input((4,))
    outputs = a_function()({"left": inputs, "right": keras.layers.Dense(4, use_bias=False, name="d")(inputs)})["s"]
    model = keras.Model(inputs, outputs)
    kernel = np.asarray(model.get_layer("d").kernel)
    np.testing.assert_allclose(model.predict(X, verbose=0), 1 / (1 + np.exp(-(X + X @ kernel))), rtol=1e-5)


def test_a_function_starts_in_the_middle_of_a_model() -> None:
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(3, activation="relu")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2)(hidden))
    head = keras.Function(hidden, model.outputs[0])
    given = np.ones((5, 3), "float32")
    np.testing.assert_allclose(head(given).numpy(), np.asarray(model.layers[-1](given)), rtol=1e-6)


def test_what_does_not_fit_is_said() -> None:
    function = a_function()
    with pytest.raises(ValueError, match="invalid input structure"):
        function([X, X])
    with pytest.raises(ValueError, match="expected shape"):
        function({"left": X[:, :2], "right": X})
    with pytest.raises(ValueError, match="cannot be empty"):
        keras.Function([], [keras.KerasTensor((1,))])
    loose = keras.KerasTensor((None, 4))
    with pytest.raises(ValueError, match="does not come from"):
        keras.Function(keras.KerasTensor((None, 4)), keras.ops.sin(loose))
