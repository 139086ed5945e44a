"""What layers see while a graph is made: masks; and what the outer call decides: training. Summaries of own models."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import engine
from engine import layers

TOKENS = np.array([[1, 2, 0], [3, 0, 0]])


class Share(layers.Layer):
    """Needs its mask, also while the graph is made."""

    supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        lifted = engine.ops.exp(inputs) * engine.ops.expand_dims(engine.ops.cast(mask, "float32"), -1)
        return lifted / engine.ops.sum(lifted, axis=1, keepdims=True)


def test_masks_are_there_while_a_graph_is_made() -> None:
    inputs = engine.Input((None,), dtype="int32")
    embedded = layers.Embedding(5, 2, mask_zero=True)(inputs)
    assert embedded._keras_mask.shape == (None, None) and embedded._keras_mask.dtype == "bool"
    dense = layers.Dense(1)(embedded)
    assert dense._keras_mask is not None and layers.LSTM(2)(dense)._keras_mask is None
    model = engine.Model(inputs, Share()(dense))
    out = np.asarray(model(TOKENS))
    np.testing.assert_allclose(out.sum(1), 1.0, rtol=1e-6)
    assert out[0, 2] == 0 and (out[1, 1:] == 0).all()
    nested = engine.Model(inputs, embedded)
    assert nested(engine.Input((3,), dtype="int32"))._keras_mask.shape == (None, 3)


def test_a_mask_that_ends_is_told_once() -> None:
    class Plain(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs * 2.0

    embedded = layers.Embedding(5, 2, mask_zero=True)(TOKENS)
    layer = Plain()
    with pytest.warns(UserWarning, match="does not support masking and will therefore destroy the mask"):
        layer(embedded)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer(embedded)


def test_computing_a_mask_means_supporting_masks() -> None:
    class Halves(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return engine.ops.split(inputs, 2, axis=1)

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return None if mask is None else engine.ops.split(mask, 2, axis=1)

    embedded = layers.Embedding(5, 2, mask_zero=True)(np.array([[1, 2, 0, 0]]))
    first, second = Halves()(embedded)
    np.testing.assert_array_equal(np.asarray(first._keras_mask), [[True, True]])
    np.testing.assert_array_equal(np.asarray(second._keras_mask), [[False, False]])


def test_the_outer_call_decides_training_as_in_keras() -> None:
    inner = engine.Sequential([engine.Input((3,)), layers.BatchNormalization()])
    x = engine.Input((3,))
    model = engine.Model(x, inner(x, training=False))
    data = np.random.default_rng(0).normal(3.0, 2.0, (8, 3)).astype("float32")
    model(data)
    assert not inner.layers[0].moving_mean.numpy().any()
    model(data, training=True)
    assert inner.layers[0].moving_mean.numpy().any()


def test_tensors_of_a_shared_layer_are_those_of_its_first_call() -> None:
    shared, a, b = layers.Dense(2), engine.Input((3,)), engine.Input((3,))
    first = shared(a)
    shared(b)
    assert shared.output is first and shared.input is a


def test_models_are_counted_once() -> None:
    engine.backend.clear_session()
    x = engine.Input((3,))
    assert [engine.Model(x, layers.Dense(1)(x)).name for _ in range(3)] == [
        "functional",
        "functional_1",
        "functional_2",
    ]


def test_summary_of_an_own_model_shows_shapes() -> None:
    class Own(engine.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.lstm = layers.Dense(4), layers.LSTM(3, return_state=True)

        def call(self, inputs: Any) -> Any:
            return self.lstm(self.hidden(inputs))

    model, lines = Own(), []
    model.build((None, 5, 2))
    model.summary(print_fn=lines.append)
    text = "\n".join(lines)
    assert "(None, 5, 4)" in text and "[(None, 3), (None, 3), (None, 3)]" in text


def test_a_loss_without_a_name_is_left_out_of_the_file(tmp_path: Any) -> None:
    model = engine.Sequential([engine.Input((3,)), layers.Dense(1)])
    model.compile("sgd", lambda y_true, y_pred: engine.ops.mean(engine.ops.square(y_true - y_pred)))
    x = np.ones((4, 3), "float32")
    model.fit(x, x[:, :1], verbose=0)
    with pytest.warns(UserWarning, match="settings of `compile\\(\\)` are left out"):
        model.save(tmp_path / "m.keras")
    again = engine.models.load_model(tmp_path / "m.keras")
    assert not again.compiled
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
