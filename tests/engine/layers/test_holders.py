"""Layers that hold functions and other layers: Lambda, Pipeline, Wrapper, spectral normalization."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import engine
from engine.core.errors import LoadError
from tests.engine.layers.test_recurrent import array, same

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
X = np.random.default_rng(2).normal(size=(4, 6)).astype("float32")


@engine.saving.register_keras_serializable("holders")
@keras.saving.register_keras_serializable("holders")
def halves(x: Any, factor: float = 1.0) -> Any:
    return x[:, : x.shape[1] // 2] * factor


def test_a_function_as_a_layer() -> None:
    def program(lib: Any) -> Any:
        inputs = lib.Input((6,))
        y = lib.layers.Lambda(halves, arguments={"factor": 2.0})(inputs)
        z = lib.layers.Lambda(lambda x: lib.ops.square(x) + 1.0)(y)
        model = lib.Model(inputs, lib.layers.Dense(2)(z))
        assert tuple(y.shape) == (None, 3)
        return model.predict(X, verbose=0)

    same(program)


def test_masks_and_training_reach_the_function() -> None:
    words = np.array([[1, 2, 0], [3, 0, 0]], "int32")

    def program(lib: Any) -> Any:
        def total(x: Any, mask: Any = None, training: Any = None) -> Any:
            kept = x * lib.ops.cast(lib.ops.expand_dims(mask, -1), "float32")
            return kept + (1.0 if training else 0.0)

        embedding = lib.layers.Embedding(4, 3, mask_zero=True)
        hides = lib.layers.Lambda(total, mask=lambda inputs, mask: lib.ops.logical_not(mask))
        model = lib.Sequential([embedding, hides, lib.layers.GlobalAveragePooling1D()])
        return model(words), model(words, training=True)

    same(program)


def test_a_shape_that_cannot_be_found_out_may_be_told() -> None:
    def by_value(x: Any) -> Any:
        return x * 2.0 if float(engine.ops.sum(x)) > 0 else x

    told = engine.layers.Lambda(by_value, output_shape=(6,))(engine.Input((6,)))
    assert told.shape == (None, 6)
    assert engine.layers.Lambda(by_value, output_shape=lambda s: (s[0], 5))(engine.Input((6,))).shape == (None, 5)
    with pytest.raises(NotImplementedError, match="We could not automatically infer the shape"):
        engine.layers.Lambda(by_value)(engine.Input((6,)))
    with pytest.raises(ValueError, match="function is a function"):
        engine.layers.Lambda(3)


@pytest.mark.parametrize(("writer", "reader"), [(engine, keras), (keras, engine), (engine, engine)])
def test_a_named_function_goes_through_files(writer: Any, reader: Any, tmp_path: Path) -> None:
    with np.errstate(all="ignore"):
        inputs = writer.Input((6,))
        y = writer.layers.Lambda(halves, arguments={"factor": 3.0})(inputs)
        model = writer.Model(inputs, writer.layers.Dense(2)(y))
        model.save(tmp_path / "m.keras")
        again = reader.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5)


@pytest.mark.parametrize("safe_mode", [True, False])
def test_code_in_files_is_never_run(safe_mode: bool, tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((6,)), keras.layers.Lambda(lambda x: x * 2)])
    model.save(tmp_path / "m.keras")
    with pytest.raises(LoadError, match="Requested the deserialization of a `Lambda` layer whose `function`"):
        engine.saving.load_model(tmp_path / "m.keras", safe_mode=safe_mode)
    config = keras.layers.Lambda(lambda x: x * 2).get_config()
    with pytest.raises(ValueError, match="Requested the deserialization of a `Lambda` layer"):
        engine.layers.Lambda.from_config(config, safe_mode=safe_mode)


def test_a_lambda_is_not_written() -> None:
    with pytest.raises(ValueError, match="Give the function a name and register it"):
        engine.layers.serialize(engine.layers.Lambda(lambda x: x))


def test_pipelines_are_layers_in_a_row() -> None:
    def program(lib: Any) -> Any:
        line = lib.layers.Pipeline([lib.layers.Rescaling(2.0), lib.layers.Dense(3), lib.layers.Dropout(0.5, seed=1)])
        return line(X), line(X, training=False), line.weights, len(line.layers) == 3

    same(program)
    with pytest.raises(ValueError, match="must contain a `layers` key"):
        engine.layers.Pipeline.from_config({"name": "p"})


def test_wrappers_of_ones_own() -> None:
    def program(lib: Any) -> Any:
        class Twice(lib.layers.Wrapper):
            def call(self, inputs: Any) -> Any:
                return self.layer(self.layer(inputs))

        layer = Twice(lib.layers.Dense(6))
        found = layer(X)
        assert [w.path for w in layer.weights] == ["twice/dense/kernel", "twice/dense/bias"]
        again = Twice.from_config(layer.get_config())
        again.build((None, 6))
        again.set_weights([np.asarray(array(w)) for w in layer.weights])
        return found, again(X)

    same(program)
    for library in (engine, keras):
        with pytest.raises(ValueError, match="supplied to Wrapper isn't a supported layer type"):
            library.layers.Wrapper(3)


def test_spectral_normalization_bounds_what_a_layer_stretches() -> None:
    def program(lib: Any) -> Any:
        found = []
        for layer in (lib.layers.Dense(3), lib.layers.Conv1D(3, 2), lib.layers.Embedding(7, 3)):
            wrapped = lib.layers.SpectralNormalization(layer, power_iterations=3)
            x = X[:, :, None] if isinstance(layer, lib.layers.Conv1D) else X
            x = np.abs(X).astype("int32") if isinstance(layer, lib.layers.Embedding) else x
            found += [wrapped(x), wrapped(x, training=True), wrapped.weights]
        return found

    same(program)
    layer = engine.layers.SpectralNormalization(engine.layers.Dense(3))
    for _ in range(30):
        layer(X * 3, training=True)
    assert np.linalg.norm(array(layer.layer.kernel), 2) == pytest.approx(1, rel=1e-3)
    with pytest.raises(ValueError, match="has no attribute 'kernel' nor 'embeddings'"):
        engine.layers.SpectralNormalization(engine.layers.Dropout(0.1))(X)


def test_spectral_normalization_trains_alike_compiled_and_step_by_step() -> None:
    histories = []
    for eager in (False, True):
        engine.utils.set_random_seed(1)
        layers = [engine.layers.SpectralNormalization(engine.layers.Dense(5, "tanh")), engine.layers.Dense(1)]
        model = engine.Sequential(layers)
        model.compile("sgd", "mse", run_eagerly=eager)
        histories.append(model.fit(X, X.sum(1, keepdims=True), epochs=4, batch_size=2, verbose=0).history["loss"])
    np.testing.assert_allclose(*histories, rtol=1e-6)
    assert histories[0][-1] < histories[0][0]


def test_masks_are_known_while_a_graph_is_made() -> None:
    """The layer of Keras's guide to masking that insists on a mask."""
    words = np.array([[1, 2, 0], [3, 0, 0]], "int32")

    def program(lib: Any) -> Any:
        class TemporalSoftmax(lib.layers.Layer):
            def __init__(self, **kwargs: Any) -> None:
                super().__init__(**kwargs)
                self.supports_masking = True

            def call(self, inputs: Any, mask: Any = None) -> Any:
                assert mask is not None
                kept = lib.ops.exp(inputs) * lib.ops.expand_dims(lib.ops.cast(mask, "float32"), -1)
                return kept / lib.ops.sum(kept, axis=1, keepdims=True)

        inputs = lib.Input((None,), dtype="int32")
        x = lib.layers.Embedding(4, 5, mask_zero=True)(inputs)
        x = lib.layers.Dense(1)(lib.layers.TimeDistributed(lib.layers.Dense(3))(x))
        return lib.Model(inputs, TemporalSoftmax()(x)).predict(words, verbose=0)

    same(program)


def test_a_layer_with_masks_of_its_own_masks() -> None:
    words = np.array([[1, 2, 0, 0], [3, 1, 2, 0]], "int32")

    def program(lib: Any) -> Any:
        class TemporalSplit(lib.layers.Layer):
            def call(self, inputs: Any) -> Any:
                return lib.ops.split(inputs, 2, axis=1)

            def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
                return None if mask is None else lib.ops.split(mask, 2, axis=1)

        inputs = lib.Input((4,), dtype="int32")
        halves = TemporalSplit()(lib.layers.Embedding(4, 5, mask_zero=True)(inputs))
        return lib.Model(inputs, [lib.layers.GRU(2)(half) for half in halves]).predict(words, verbose=0)

    same(program)


def holders(lib: Any) -> Any:
    """A model of layers inside layers, states handed on, several outputs."""
    layers = lib.layers
    words, film = lib.Input((None,), dtype="int32", name="words"), lib.Input((3, 5, 5, 2), name="film")
    x = layers.ReversibleEmbedding(7, 6, name="table")(words)
    x, *states = layers.Bidirectional(layers.LSTM(3, return_sequences=True, return_state=True), name="both")(x)
    y = layers.RNN([layers.GRUCell(3), layers.LSTMCell(4)], return_sequences=True, name="stack")(x)
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True), "sum")(y, initial_state=states)
    y = layers.GroupQueryAttention(2, 4, 2)(y, y, use_causal_mask=True)
    y = layers.MultiHeadAttention(2, 2, sliding_window=2, use_gate=True)(y, y)
    y = layers.TimeDistributed(layers.SpectralNormalization(layers.Dense(3)), name="each")(y)
    z = layers.ConvLSTM2D(2, 3, name="film_state")(film)
    z = layers.Pipeline([layers.Flatten(), layers.Dense(3)])(z)
    return lib.Model([words, film], [y, z, layers.SimpleRNN(2, go_backwards=True)(y)])


@pytest.mark.parametrize(("writer", "reader"), [(engine, keras), (keras, engine), (engine, engine)])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_models_of_holders_go_through_files(writer: Any, reader: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    data = [rng.integers(0, 7, (2, 4)).astype("int32"), rng.normal(size=(2, 3, 5, 5, 2)).astype("float32")]
    with np.errstate(all="ignore"):
        model = holders(writer)
        model.save(tmp_path / "m.keras")
        again = reader.saving.load_model(tmp_path / "m.keras")
        fresh = holders(reader)
        model.save_weights(tmp_path / "m.weights.h5")
        fresh.load_weights(tmp_path / "m.weights.h5")
    wanted = model.predict(data, verbose=0)
    for other in (again, fresh):
        for ours, theirs in zip(other.predict(data, verbose=0), wanted, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_models_of_holders_train() -> None:
    rng = np.random.default_rng(5)
    data = [rng.integers(0, 7, (8, 4)).astype("int32"), rng.normal(size=(8, 3, 5, 5, 2)).astype("float32")]
    targets = [rng.normal(size=(8, *shape)).astype("float32") for shape in ((4, 3), (3,), (2,))]
    losses = []
    for eager in (False, True):
        engine.utils.set_random_seed(1)
        model = holders(engine)
        model.compile("adam", "mse", run_eagerly=eager)
        losses.append(model.fit(data, targets, epochs=3, batch_size=4, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-5)
    assert losses[0][-1] < losses[0][0]
