"""Every metric and loss on targets of all shapes: a figure, or a sentence that names it; never broadcast in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import engine
from engine.core import registry

pytestmark = pytest.mark.filterwarnings("ignore:In loss:SyntaxWarning")
N = 10
RNG = np.random.default_rng(0)
DATA = RNG.normal(size=(N, 4)).astype("float32")
TARGETS = {
    "numbers": RNG.normal(size=(N,)),
    "column": RNG.normal(size=(N, 1)),
    "classes": RNG.integers(0, 3, (N,)),
    "beyond": RNG.integers(-2, 9, (N, 1)),
    "one-hot": np.eye(3)[RNG.integers(0, 3, N)],
    "two": RNG.normal(size=(N, 2)),
    "blocks": RNG.normal(size=(N, 2, 3)),
    "nothing": np.full((N, 1), np.nan),
}
OUTPUTS = {"one": (1,), "three": (3,), "picture": (2, 4, 3)}
_NEEDED = {"num_classes": 3, "target_class_ids": [0]}
SINGLE_VALUES = ("Sum", "Mean", "MeanMetricWrapper")
"""Metrics of values, not of targets and predictions."""


def made(kind: str) -> dict[str, Callable[[], Any]]:
    engine.losses.get("mse")
    engine.metrics.get("mse")
    found = {}
    for name, cls in registry.all_of(kind).items():
        required = {p.name: _NEEDED.get(p.name, 0.5) for p in getattr(cls, "PARAMS", {}).values() if p.required}
        if cls.__module__.startswith("engine.") and name not in SINGLE_VALUES:
            found[name] = lambda cls=cls, required=required: cls(**required)
    return found


THINGS = {f"{kind} {name}": make for kind in ("metric", "loss") for name, make in made(kind).items()}


def model(output: str) -> Any:
    shape = OUTPUTS[output]
    layers = [engine.Input((4,)), engine.layers.Dense(int(np.prod(shape))), engine.layers.Reshape(shape)]
    return engine.Sequential([*layers, engine.layers.Activation("sigmoid")])


def figures(thing: str, output: str, y: Any) -> dict[str, Any]:
    """What `evaluate` gives with the metric or loss alone."""
    engine.utils.clear_session()
    engine.utils.set_random_seed(3)
    net, made_thing = model(output), THINGS[thing]()
    if thing.startswith("metric"):
        net.compile("sgd", loss=lambda y_true, y_pred: engine.ops.sum(y_pred) * 0, metrics=[made_thing])
    else:
        net.compile("sgd", loss=made_thing)
    found: dict[str, Any] = net.evaluate(DATA, y, batch_size=4, verbose=0, return_dict=True)
    return found


@pytest.mark.parametrize("thing", THINGS)
def test_any_targets_give_a_figure_or_a_sentence(thing: str) -> None:
    for output in OUTPUTS:
        for y in (TARGETS[key] for key in TARGETS.keys() - {"column", "two"}):
            try:
                found = figures(thing, output, y)
            except ValueError as error:
                sentence = str(error)
                assert sentence.rstrip()[-1] in ".)", sentence
                assert any(word in sentence.lower() for word in ("target", "y_true", "shape", "logits")), sentence
            else:
                assert all(isinstance(value, (int, float, np.ndarray)) for value in found.values())


@pytest.mark.parametrize("thing", [t for t in THINGS if not t.endswith(("Circle", "CTC"))])
def test_targets_without_their_last_axis_of_one_count_the_same(thing: str) -> None:
    """(n,) against an output of (n, 1) is the classic that is broadcast to (n, n) in silence."""
    y = (TARGETS["numbers"] > 0).astype("float32")
    outcomes = []
    for targets in (y, y[:, None]):
        try:
            outcomes.append(figures(thing, "one", targets))
        except ValueError as error:
            outcomes.append({"refused": type(error)})
    assert outcomes[0].keys() == outcomes[1].keys()
    for key, value in outcomes[0].items():
        if key != "refused":
            np.testing.assert_allclose(value, outcomes[1][key], rtol=1e-6)


@pytest.mark.parametrize("name", ["mse", "mae", "huber", "binary_crossentropy", "log_cosh"])
def test_targets_that_would_be_broadcast_are_refused(name: str) -> None:
    net = model("three")
    net.compile("sgd", loss=name)
    for y in (TARGETS["numbers"], TARGETS["column"], TARGETS["two"]):
        with pytest.raises(engine.ShapeError, match="compares targets of shape"):
            net.fit(DATA, y, verbose=0)


def test_figures_of_one_column_are_numbers_and_of_several_classes_arrays() -> None:
    for output, y, kind in (("one", TARGETS["column"], float), ("three", TARGETS["one-hot"], np.ndarray)):
        net = model(output)
        net.compile("sgd", "mse", metrics=["f1_score"])
        history = net.fit(DATA, y, epochs=2, verbose=0, validation_split=0.2).history
        assert {type(v) for key in ("f1_score", "val_f1_score") for v in history[key]} == {kind}
        assert isinstance(net.evaluate(DATA, y, verbose=0)[1], kind)


def test_a_users_own_errors_stay_as_they_are() -> None:
    def strange(y_true: Any, y_pred: Any) -> Any:
        raise ValueError("my own words")

    net = model("one")
    net.compile("sgd", "mse", metrics=[strange])
    with pytest.raises(ValueError, match="^my own words$"):
        net.fit(DATA, TARGETS["column"], verbose=0)
