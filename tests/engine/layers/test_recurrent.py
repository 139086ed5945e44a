"""Recurrent layers in all the ways programs use them, each written once and run with Keras and with the engine."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

import engine
from engine.core import tree

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
RNG = np.random.default_rng(4)
X = RNG.normal(size=(4, 6, 3)).astype("float32")
MASK = np.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 0, 1], [0, 1, 0, 1, 0, 0]], "bool")
H, C = (RNG.normal(size=(4, 5)).astype("float32") for _ in range(2))


def array(value: Any) -> np.ndarray:
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def same(program: Callable[[Any], Any]) -> list[np.ndarray]:
    """What the program gives with the engine, compared with what it gives with Keras."""
    results = []
    for library in (engine, keras):
        library.utils.set_random_seed(3)
        library.utils.clear_session()
        with np.errstate(all="ignore"):  # Keras finds shapes by computing with what happens to lie in memory
            results.append([array(y) for y in tree.flatten(program(library))])
    for ours, theirs in zip(*results, strict=True):
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=5e-6)
    return results[0]


KINDS = ("LSTM", "GRU", "SimpleRNN")
STYLES: list[dict[str, Any]] = [
    {},
    {"go_backwards": True},
    {"zero_output_for_mask": True},
    {"unroll": True, "zero_output_for_mask": True},
    {"activation": "relu", "zero_output_for_mask": True},
    {"activation": "relu", "go_backwards": True},
]


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_masks_and_first_states(kind: str, style: dict[str, Any]) -> None:
    states = [H, C] if kind == "LSTM" else [H]

    def program(lib: Any) -> Any:
        layer = getattr(lib.layers, kind)(5, return_sequences=True, return_state=True, **style)
        last = getattr(lib.layers, kind)(5, **style)
        state = states if len(states) > 1 else states[0]
        return [layer(X, mask=MASK), layer(X, initial_state=states), layer(X, initial_state=state, mask=MASK)], [
            last(X, mask=MASK),
            last(X, initial_state=states, mask=MASK),
        ]

    same(program)


def cells(lib: Any) -> list[Any]:
    return [lib.layers.LSTMCell(5), lib.layers.GRUCell(4), lib.layers.SimpleRNNCell(2)]


@pytest.mark.parametrize(
    "style", [{}, {"unroll": True}, {"go_backwards": True}, {"zero_output_for_mask": True}], ids=str
)
def test_lists_of_cells(style: dict[str, Any]) -> None:
    def program(lib: Any) -> Any:
        layer = lib.layers.RNN(cells(lib), return_sequences=True, return_state=True, **style)
        return layer(X), layer(X, mask=MASK), layer.weights

    same(program)


def custom_cell(lib: Any) -> Any:
    class Leaky(lib.layers.Layer):
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units, self.state_size, self.output_size = units, [units, 1], units

        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

        def get_initial_state(self, batch_size: Any = None) -> Any:
            return [lib.ops.ones((batch_size, self.units)), lib.ops.zeros((batch_size, 1))]

        def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
            kept, count = states
            kept = 0.9 * kept + lib.ops.matmul(inputs, self.kernel)
            return kept / (count + 1.0), [kept, count + 1.0]

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    return Leaky(2)


def test_cells_of_ones_own() -> None:
    def program(lib: Any) -> Any:
        layer = lib.layers.RNN(custom_cell(lib), return_state=True)
        open_length = lib.Input((None, 3))
        outputs, kept, count = layer(open_length)
        assert (tuple(outputs.shape), tuple(count.shape)) == ((None, 2), (None, 1))
        model = lib.Model(open_length, [outputs, kept, count])
        assert [w.path for w in model.weights] == ["rnn/leaky/kernel"]
        return model.predict(X, verbose=0), layer(X[:, :2]), lib.layers.RNN(custom_cell(lib), return_sequences=True)(X)

    same(program)


def test_a_cell_may_be_any_object_with_call_and_state_size() -> None:
    class Sum:
        state_size = 3

        def __call__(self, inputs: Any, states: Any) -> Any:
            return self.call(inputs, states)

        def call(self, inputs: Any, states: Any) -> Any:
            return inputs + states[0], [inputs + states[0]]

        compute_dtype = "float32"

    outputs = same(lambda lib: lib.layers.RNN(Sum(), return_sequences=True)(X))
    np.testing.assert_allclose(outputs[0], X.cumsum(1), rtol=1e-5)


@pytest.mark.parametrize("cell", [None, object(), engine.layers.Dense(2)], ids=["none", "object", "no state size"])
def test_what_is_no_cell_is_refused(cell: Any) -> None:
    with pytest.raises(ValueError, match="Argument `cell` should have a `(call|state_size)`"):
        engine.layers.RNN(cell)


def test_kept_states_pass_from_batch_to_batch() -> None:
    def program(lib: Any) -> Any:
        found = []
        for layer in (lib.layers.LSTM(5, stateful=True), lib.layers.RNN(lib.layers.GRUCell(5), stateful=True)):
            found += [layer(X), layer(X)]
            assert all(float(np.abs(array(s)).sum()) > 0 for s in tree.flatten(layer.states))
            layer.reset_state()
            found.append(layer(X))
            assert len(layer.weights) == 3
        return found

    first, second, third, *_ = same(program)
    np.testing.assert_array_equal(first, third)
    assert np.abs(first - second).max() > 0.01
    stacked = engine.layers.RNN(cells(engine), stateful=True)
    once = array(stacked(X))
    assert np.abs(array(stacked(X)) - once).max() > 0.01
    stacked.reset_states()
    np.testing.assert_array_equal(array(stacked(X)), once)
    layer = engine.layers.GRU(5, stateful=True)
    layer(X)
    with pytest.raises(ValueError, match="Expected batch size: 4"):
        layer(X[:3])
    with pytest.raises(ValueError, match="batch size must be static"):
        engine.layers.GRU(5, stateful=True)(engine.Input((6, 3)))


def test_kept_states_in_fit_and_predict() -> None:
    inputs = engine.Input((6, 3), batch_size=4)
    layer = engine.layers.LSTM(5, stateful=True)
    model = engine.Model(inputs, engine.layers.Dense(1)(layer(inputs)))
    model.compile("sgd", "mse")
    model.fit(np.concatenate([X, X]), np.zeros((8, 1), "float32"), batch_size=4, shuffle=False, verbose=0)
    kept = [array(s) for s in layer.states]
    layer.reset_state()
    cold = model.predict(X, batch_size=4, verbose=0)
    for state, value in zip(layer.states, kept, strict=True):
        state.assign(value)
    assert np.abs(model.predict(X, batch_size=4, verbose=0) - cold).max() > 1e-3


BOTH: list[dict[str, Any]] = [
    {"merge_mode": mode, "layer": layer}
    for mode in ("concat", "sum", "mul", "ave", None)
    for layer in ({"return_sequences": True}, {"return_state": True})
]


@pytest.mark.parametrize("style", BOTH, ids=str)
def test_both_ways(style: dict[str, Any]) -> None:
    def program(lib: Any) -> Any:
        layer = lib.layers.Bidirectional(lib.layers.LSTM(5, **style["layer"]), merge_mode=style["merge_mode"])
        return layer(X), layer(X, mask=MASK), layer(X, initial_state=[H, C, C, H], mask=MASK), layer.weights

    same(program)


def test_both_ways_with_another_layer_backwards_and_states_kept() -> None:
    def program(lib: Any) -> Any:
        back = lib.layers.LSTM(5, activation="relu", go_backwards=True, return_sequences=True)
        mixed = lib.layers.Bidirectional(lib.layers.LSTM(5, return_sequences=True), backward_layer=back)
        kept = lib.layers.Bidirectional(lib.layers.GRU(5, stateful=True))
        found = [mixed(X), kept(X), kept(X)]
        kept.reset_state()
        return [*found, kept(X), [w.path.split("/", 1)[1] == "" for w in mixed.weights]]

    same(program)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (lambda L: {"layer": 3}, "Please initialize `Bidirectional` layer with a `keras.layers.Layer` instance"),
        (lambda L: {"layer": L.LSTM(2), "merge_mode": "both"}, "Invalid merge mode"),
        (lambda L: {"layer": L.LSTM(2), "backward_layer": L.LSTM(2)}, "should have different `go_backwards` value"),
        (
            lambda L: {"layer": L.LSTM(2), "backward_layer": L.LSTM(2, go_backwards=True, stateful=True)},
            'the same value for attribute "stateful"',
        ),
    ],
)
def test_refusals_are_those_of_keras(arguments: Callable[[Any], dict[str, Any]], sentence: str) -> None:
    for library in (engine, keras):
        with pytest.raises(ValueError, match=sentence):
            library.layers.Bidirectional(**arguments(library.layers))


def test_masks_of_embeddings_reach_every_layer() -> None:
    words = np.array([[3, 1, 2, 0, 0], [2, 2, 0, 0, 0], [1, 0, 4, 0, 0], [4, 4, 4, 4, 4]], "int32")

    def program(lib: Any) -> Any:
        lines = [
            [lib.layers.Bidirectional(lib.layers.LSTM(3, return_sequences=True)), lib.layers.GRU(2)],
            [lib.layers.TimeDistributed(lib.layers.Dense(3)), lib.layers.LSTM(2)],
            [lib.layers.RNN(cells(lib), return_sequences=True), lib.layers.SimpleRNN(2, go_backwards=True)],
        ]
        found = []
        for line in lines:
            model = lib.Sequential([lib.layers.Embedding(5, 4, mask_zero=True), *line])
            found.append(model.predict(words, verbose=0))
        return found

    same(program)


def test_encoder_and_decoder() -> None:
    """The sequence-to-sequence model of Keras's guides: training graph, then encoder and decoder apart."""

    def program(lib: Any) -> Any:
        source = lib.Input((None, 3))
        _, h, c = lib.layers.LSTM(5, return_state=True)(source)
        target = lib.Input((None, 2))
        decoder = lib.layers.LSTM(5, return_sequences=True, return_state=True)
        outputs, _, _ = decoder(target, initial_state=[h, c])
        dense = lib.layers.Dense(2, activation="softmax")
        model = lib.Model([source, target], dense(outputs))
        encoder = lib.Model(source, [h, c])
        given = [lib.Input((5,)), lib.Input((5,))]
        stepped, *states = decoder(target, initial_state=given)
        one_step = lib.Model([target, *given], [dense(stepped), *states])
        y = np.ones((4, 1, 2), "float32")
        found = [model.predict([X, X[:, :, :2]], verbose=0)]
        state = encoder.predict(X, verbose=0)
        for _ in range(2):
            y, *state = one_step.predict([y, *state], verbose=0)
            found += [y, *state]
        again = lib.Model.from_config(model.get_config())
        again.set_weights(model.get_weights())
        return [*found, again.predict([X, X[:, :, :2]], verbose=0)]

    same(program)


def test_time_distributed_models_and_draws() -> None:
    frames = RNG.normal(size=(2, 3, 6, 6, 2)).astype("float32")

    def program(lib: Any) -> Any:
        small = lib.Sequential([lib.layers.Conv2D(4, 3), lib.layers.GlobalAveragePooling2D(), lib.layers.Dense(3)])
        inputs = lib.Input((4,))
        graph = lib.Model(inputs, lib.layers.Dense(2)(inputs) * 2.0)
        found = [lib.layers.TimeDistributed(small)(frames), lib.layers.TimeDistributed(graph)(RNG_FOUR)]
        drop, norm = lib.layers.Dropout(0.5, seed=3), lib.layers.BatchNormalization(momentum=0.5)
        found += [
            lib.layers.TimeDistributed(drop)(X, training=True),
            lib.layers.TimeDistributed(norm)(X, training=True),
        ]
        return [*found, norm.weights, lib.layers.TimeDistributed(lib.layers.LSTM(2))(frames[..., 0])]

    same(program)
    outputs = engine.layers.TimeDistributed(engine.layers.Conv2D(4, 3))(engine.Input((None, 6, 6, 2)))
    assert outputs.shape == (None, None, 4, 4, 4)


def open_plan(program: Callable[[Any], Any], x: np.ndarray) -> list[np.ndarray]:
    """What a plan gives that was traced with the batch and the length open."""
    from engine.core.graph import trace
    from engine.core.plan import compile
    from engine.core.tensor import Spec

    plan = compile(trace(program, [Spec((None, None, *x.shape[2:]), "float32")]))
    return [np.array(y) for y in plan(x)]


@pytest.mark.parametrize("style", [{}, {"go_backwards": True}, {"zero_output_for_mask": True}], ids=str)
def test_plans_with_an_open_length_do_as_eager_steps(style: dict[str, Any]) -> None:
    stacked = engine.layers.RNN(
        [engine.layers.LSTMCell(5, dropout=0.2, seed=1), engine.layers.GRUCell(4, recurrent_dropout=0.3, seed=2)],
        return_sequences=True,
        return_state=True,
        **style,
    )
    steps = engine.layers.TimeDistributed(engine.layers.Dropout(0.5, seed=3))
    kept = [np.array(v.numpy()) for v in (stacked(X), *stacked.variables)[1:]]

    def program(x: Any) -> Any:
        return [stacked(x, mask=x[:, :, 0] > 0, training=True), steps(x, training=True), stacked(x)]

    planned = open_plan(program, X)
    for variable, value in zip(stacked.variables, kept, strict=True):
        variable.assign(value)
    steps.layer.seed_generator.state.assign([3, 0])
    for ours, eager in zip(planned, tree.flatten(program(engine.ops.convert_to_tensor(X))), strict=True):
        np.testing.assert_array_equal(ours, array(eager))


def test_long_sequences_do_in_plans_as_step_by_step() -> None:
    x = RNG.normal(size=(3, 44, 2)).astype("float32")
    layers = [
        engine.layers.RNN([engine.layers.GRUCell(3), engine.layers.LSTMCell(2)], return_sequences=True),
        engine.layers.GRU(3, recurrent_dropout=0.2, seed=1),
    ]
    model = engine.Sequential(layers)
    eager = array(model(x))
    np.testing.assert_array_equal(model.predict(x, verbose=0), eager)
    losses = []
    weights = model.get_weights()
    for run_eagerly in (False, True):
        model.set_weights(weights)
        layers[1].cell.seed_generator.state.assign([1, 0])
        model.compile(engine.optimizers.SGD(0.1), "mse", run_eagerly=run_eagerly)
        losses.append(model.fit(x, x[:, 0, :1] * [1.0, 2.0, 3.0], epochs=2, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-6)


RNG_FOUR = RNG.normal(size=(2, 3, 4)).astype("float32")


def test_time_distributed_says_which_masks_do_not_fit() -> None:
    layer = engine.layers.TimeDistributed(engine.layers.Dense(2))
    with pytest.raises(ValueError, match="must be at least 2D"):
        layer(X, mask=MASK[:, 0])
    with pytest.raises(ValueError, match="incompatible with the input shape"):
        layer(X, mask=MASK[:, :3])
    with pytest.raises(ValueError, match="at least 3 dimensions"):
        engine.layers.TimeDistributed(engine.layers.Dense(2))(X[:, 0])


FILMS = RNG.normal(size=(3, 4, 5, 5, 2)).astype("float32")


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_films(layout: str) -> None:
    films = FILMS if layout == "channels_last" else np.moveaxis(FILMS, -1, 2)
    shape = (3, 5, 5, 4) if layout == "channels_last" else (3, 4, 5, 5)
    states = [RNG.normal(size=shape).astype("float32") for _ in range(2)]

    def program(lib: Any) -> Any:
        style = {"padding": "same", "data_format": layout, "return_sequences": True}
        layer = lib.layers.ConvLSTM2D(4, 3, return_state=True, go_backwards=True, **style)
        kept = lib.layers.ConvLSTM2D(4, 3, stateful=True, recurrent_activation="hard_sigmoid", **style)
        drop = lib.layers.ConvLSTM2D(4, 3, dropout=0.3, recurrent_dropout=0.2, seed=5, **style)
        found = [layer(films), layer(films, initial_state=states), kept(films), kept(films)]
        kept.reset_state()
        return [*found, kept(films), drop(films, training=True)]

    same(program)


@pytest.mark.parametrize("held", [False, True])
def test_masked_steps_of_films_are_as_if_they_were_not_there(held: bool) -> None:
    mask = np.array([[1, 1, 0, 0], [1, 0, 1, 1], [0, 1, 1, 0]], "bool")
    layer = engine.layers.ConvLSTM2D(3, 3, return_sequences=True, return_state=True, zero_output_for_mask=not held)
    outputs, h, c = (array(y) for y in layer(FILMS, mask=mask))
    for i, kept in enumerate(mask):
        alone = [array(y)[0] for y in layer(FILMS[i : i + 1, kept])]
        np.testing.assert_allclose(outputs[i, kept], alone[0], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(h[i], alone[1], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(c[i], alone[2], rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(outputs[0, 2], outputs[0, 1] if held else 0)


def test_films_of_open_size_are_refused_and_of_open_length_known() -> None:
    with pytest.raises(ValueError, match="only support static input shapes for the spatial dimension"):
        engine.layers.ConvLSTM2D(2, 3)(engine.Input((4, None, 5, 1)))
    assert engine.layers.ConvLSTM2D(2, 3, return_sequences=True)(engine.Input((None, 5, 5, 1))).shape == (
        *(None, None),
        *(3, 3, 2),
    )


def test_both_ways_are_fused_ops_in_plans() -> None:
    from engine.core.graph import trace
    from engine.core.tensor import Spec

    for kind in ("LSTM", "GRU"):
        layer = engine.layers.Bidirectional(getattr(engine.layers, kind)(4, dropout=0.2, seed=1, return_sequences=True))
        weights: list[Any] = []

        def step(x: Any, layer: Any = layer, weights: list[Any] = weights) -> Any:
            with engine.GradientTape() as tape:
                loss = engine.ops.sum(layer(x, mask=x[:, :, 0] > 0, training=True))
            weights[:] = layer.trainable_variables
            return tape.gradient(loss, weights)

        names = [node.op.name for node in trace(step, [Spec((None, 6, 3), "float32")]).nodes]
        assert names.count(kind.lower()) == 2
        assert names.count(f"{kind.lower()}_grad") == 2
        assert len(weights) == 6
