"""Recurrent ops against Keras's layers on its NumPy backend, with masks; gradients by finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import ops
from engine.core.errors import ShapeError
from engine.core.graph import infer_specs
from engine.core.tensor import Spec
from tests.engine.ops.oracle import check_gradient, draw, keras, same, same_in_a_plan

UNITS, FEATURES, TIME = 5, 3, 7
KINDS = ("simple_rnn", "lstm", "gru", "gru_before")


def weights(kind: str, bias: bool = True) -> list[Any]:
    gates = {"simple_rnn": 1, "lstm": 4}.get(kind, 3) * UNITS
    shape = (2, gates) if kind == "gru" else (gates,)
    return [draw(4, FEATURES, gates), draw(5, UNITS, gates), draw(6, *shape) if bias else None]


def keras_layer(kind: str, bias: bool, **options: Any) -> Any:
    classes = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM}
    if kind.startswith("gru"):
        options["reset_after"] = kind == "gru"
    cls = classes.get(kind, keras.layers.GRU)
    layer = cls(UNITS, use_bias=bias, return_sequences=True, return_state=True, **options)
    layer.build((None, TIME, FEATURES))
    layer.set_weights([w for w in weights(kind, bias) if w is not None])
    return layer


def run(kind: str, x: Any, kernels: Any, states: Any, mask: Any) -> list[Any]:
    """Outputs and last states."""
    if kind.startswith("gru"):
        return list(ops.gru(x, *kernels, *states, mask, reset_after=kind == "gru")[:2])
    if kind == "lstm":
        return list(ops.lstm(x, *kernels, *states, mask)[:3])
    return list(ops.simple_rnn(x, *kernels, *states, mask)[:2])


def start(kind: str, batch: int) -> list[np.ndarray]:
    return [draw(8 + i, batch, UNITS) for i in range(2 if kind == "lstm" else 1)]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_and_states_are_those_of_keras(kind: str, bias: bool, masked: bool) -> None:
    x, states = draw(1, 4, TIME, FEATURES), start(kind, 4)
    mask = np.random.default_rng(2).random((4, TIME)) < 0.6 if masked else None
    wanted = keras_layer(kind, bias)(x, initial_state=states, mask=mask)
    own = run(kind, x, weights(kind, bias), states, mask)
    same(own, wanted, rtol=1e-4, atol=1e-5)
    same_in_a_plan(
        lambda x, k, r, *rest: run(kind, x, [k, r, rest[0] if bias else None], rest[1:] if bias else rest, None),
        [x, *(w for w in weights(kind, bias) if w is not None), *states],
        run(kind, x, weights(kind, bias), states, None),
    )


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_agree_with_finite_differences(kind: str, masked: bool) -> None:
    mask = np.random.default_rng(2).random((2, TIME)) < 0.6 if masked else None
    count = len(start(kind, 2))
    check_gradient(
        lambda x, k, r, b, *states: run(kind, x, (k, r, b), states, mask)[: 1 + count],
        draw(1, 2, TIME, FEATURES),
        *weights(kind),
        *start(kind, 2),
        rel=1e-4,
    )


def test_batch_and_time_stay_open() -> None:
    x, kernel, recurrent = (Spec(s, "float32") for s in ((None, None, 3), (3, 20), (5, 20)))
    state = Spec((None, 5), "float32")
    outputs, last, *_ = infer_specs(lambda *v: ops.lstm(*v[:3], None, *v[3:], None), x, kernel, recurrent, state, state)
    assert outputs.shape == (None, None, 5) and last.shape == (None, 5)


def test_an_input_without_time_is_refused() -> None:
    with pytest.raises(ShapeError, match="reads batch, time and features"):
        ops.lstm(draw(1, 4, FEATURES), *weights("lstm"), *start("lstm", 4), None)
