"""`keras.config`, `keras.tree`, `keras.dtype_policies`, name scopes and `keras.utils.Config`, against Keras."""

from __future__ import annotations

import collections
import json
import logging
import os
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

import engine
from engine.core.config import SETTINGS

both = pytest.mark.parametrize("library", [engine, keras], ids=["engine", "keras"])
DATA = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    saved = dict(vars(SETTINGS))
    yield
    vars(SETTINGS).update(saved)


def model() -> Any:
    made = engine.Sequential([engine.Input((3,)), engine.layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


@pytest.mark.parametrize("what", ["interactive_logging", "traceback_filtering", "flash_attention"])
def test_switches_answer_as_keras_does(what: str) -> None:
    answers = []
    for library in (engine, keras):
        switch, ask = library.config, getattr(library.config, f"is_{what}_enabled")
        getattr(switch, f"disable_{what}")()
        off = ask()
        getattr(switch, f"enable_{what}")()
        answers.append((off, ask()))
    assert answers[0] == answers[1]


def test_without_interactive_logging_progress_goes_to_the_log(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    engine.utils.disable_interactive_logging()
    with caplog.at_level(logging.INFO, "engine"):
        model().fit(DATA, DATA[:, :1], epochs=2)
    assert capsys.readouterr().out == ""
    assert "loss:" in caplog.text
    engine.config.enable_interactive_logging()
    model().fit(DATA, DATA[:, :1], epochs=2)
    assert "Epoch 2/2" in capsys.readouterr().out


def test_limits_of_epochs_and_steps_hold_in_fit_and_evaluate() -> None:
    engine.config.set_max_epochs(2)
    engine.config.set_max_steps_per_epoch(3)
    assert (engine.config.max_epochs(), engine.config.max_steps_per_epoch()) == (2, 3)
    made = model()
    with pytest.warns(UserWarning, match="Limiting") as told:
        history = made.fit(DATA, DATA[:, :1], epochs=5, batch_size=2, verbose=0)
    assert {str(w.message) for w in told} == {"Limiting epochs to 2", "Limiting steps_per_epoch to 3"}
    assert len(history.epoch) == 2
    assert int(made.optimizer.iterations) == 6
    engine.config.set_max_epochs(None)
    engine.config.set_max_steps_per_epoch(None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made.fit(DATA, DATA[:, :1], epochs=3, batch_size=10, verbose=0)
    assert int(made.optimizer.iterations) == 12


def test_tracebacks_show_the_lines_of_ones_own_code() -> None:
    def strange(y_true: Any, y_pred: Any) -> Any:
        raise ValueError("my own")

    made, seen = model(), []
    made.compile("sgd", loss=strange)
    for switch in (engine.config.enable_traceback_filtering, engine.config.disable_traceback_filtering):
        switch()
        with pytest.raises(ValueError, match="my own") as told:
            made.fit(DATA, DATA[:, :1], verbose=0)
        seen.append([Path(entry.filename).name for entry in traceback.extract_tb(told.value.__traceback__)])
    assert set(seen[0]) == {"test_settings.py"} and "trainer.py" in seen[1]
    assert seen[0][-1] == seen[1][-1] == "test_settings.py"


def test_what_there_is_not_is_said() -> None:
    engine.config.set_backend("numpy")
    with pytest.raises(ValueError, match="calculates with NumPy alone"):
        engine.config.set_backend("jax")
    with pytest.warns(UserWarning, match="never run here"):
        engine.config.enable_unsafe_deserialization()
    assert engine.config.is_nnx_enabled() is False


Pair = collections.namedtuple("Pair", ["a", "b"])


@both
def test_structures_are_compared_and_mapped(library: Any) -> None:
    tree = library.tree
    tree.assert_same_paths([0, (1, 2)], (0, Pair(1, 2)))
    with pytest.raises(ValueError, match="don't have the same paths") as told:
        tree.assert_same_paths({"a": 1, "b": [2]}, {"a": 1, "c": 3})
    assert "Paths in `a` missing in `b`" in str(told.value)
    shapes = {"x": (None, 3), "y": [(2, 2), [None]]}
    assert tree.map_shape_structure(lambda s: len(s), shapes) == {"x": 2, "y": [2, 1]}
    deep = {"a": [1, (2, 3)], "b": 4}
    assert tree.map_structure_up_to({"a": 0, "b": 0}, lambda x, y: (x, y), deep, {"a": 5, "b": 6}) == {
        "a": ([1, (2, 3)], 5),
        "b": (4, 6),
    }
    with pytest.raises(ValueError):  # noqa: PT011 - the sentences differ
        tree.map_structure_up_to({"a": {"c": 0}}, lambda x: x, {"a": 1})
    with pytest.warns(DeprecationWarning, match="check_types"):
        tree.assert_same_structure([1], [2], check_types=True)


def test_a_map_of_policies_gives_each_layer_its_own() -> None:
    found = []
    for library in (engine, keras):
        policies = library.dtype_policies.DTypePolicyMap(
            "float32", {"net/.*_half": library.DTypePolicy("mixed_float16")}
        )
        policies["net/first"] = library.DTypePolicy("float16")
        with pytest.raises(ValueError, match="already exist"):
            policies["net/first"] = "float32"
        with pytest.raises(ValueError, match="cannot be a `DTypePolicyMap`"):
            library.dtype_policies.DTypePolicyMap(policies)
        names = ["first", "second_half", "third"]
        net = library.Sequential(
            [library.Input((3,)), *(library.layers.Dense(2, dtype=policies, name=n) for n in names)], name="net"
        )
        kinds = [(layer.path, layer.compute_dtype, layer.variable_dtype) for layer in net.layers]
        dtypes = [str(w.dtype) for w in net.weights]
        config = library.saving.serialize_keras_object(policies)
        again = library.saving.deserialize_keras_object(json.loads(json.dumps(config)))
        lookups = [again[key].name for key in ("net/first", "net/a_half", "else")]
        default = library.dtype_policies.get("float32")
        found.append((kinds, dtypes, config["class_name"], lookups, policies.name, len(policies), default.name))
    assert found[0] == found[1]


@both
def test_a_policy_set_on_a_layer_goes_into_its_map(library: Any) -> None:
    policies = library.dtype_policies.DTypePolicyMap("float32")
    dense = library.layers.Dense(2, dtype=policies, name="dense")
    dense.build((None, 3))
    dense.dtype_policy = "mixed_float16"
    assert dense.dtype_policy is policies and dense.compute_dtype == "float16"
    dense.dtype_policy = "float16"
    assert policies[dense.path].name == "float16" and len(policies) == 1


def test_policies_convert_inputs_as_keras_does() -> None:
    for value, autocast in ((DATA, True), (DATA, False), (np.arange(3), True)):
        kinds = [
            str(library.DTypePolicy("float16").convert_input(value, autocast, "float16").dtype)
            for library in (engine, keras)
        ]
        assert kinds[0] == kinds[1]
    assert engine.FloatDTypePolicy("float16") == engine.DTypePolicy("float16")
    with pytest.raises(ValueError, match="quantizes weights"):
        engine.layers.Dense(2, dtype="int8_from_float32")


@both
def test_name_scopes_nest_and_know_who_opened_them(library: Any) -> None:
    me = object()
    with library.name_scope("a", caller=me):
        with library.name_scope("a", caller=me):
            first = library.Variable(0.0, name="v").path
        with library.name_scope("b", override_parent="x/y"):
            second = library.Variable(0.0, name="v").path
        with library.name_scope("a", caller=me, deduplicate=False):
            third = library.Variable(0.0, name="v").path
    assert (first, second, third) == ("a/v", "x/y/b/v", "a/a/v")
    with pytest.raises(ValueError, match="cannot contain character `/`"):
        library.name_scope("a/b")


@both
def test_variables_know_how_copies_are_joined(library: Any) -> None:
    assert library.Variable(1.0, aggregation="sum").aggregation == "sum"
    with pytest.raises(ValueError, match="Invalid value for argument `aggregation`"):
        library.Variable(1.0, aggregation="most")


@both
def test_configs_hold_entries_as_attributes_and_keys(library: Any) -> None:
    config = library.utils.Config(rate=0.1, momentum=0.9)
    config.epochs = 3
    config["seed"] = 5
    config.update(width=2)
    assert (config.rate, config["epochs"], "seed" in config, len(config)) == (0.1, 3, True, 5)
    assert list(config) == sorted(config.keys()) and config.pop("width") == 2
    assert json.loads(config.to_json()) == config.as_dict()
    config.freeze()
    with pytest.raises(ValueError, match="frozen"):
        config.rate = 0.2
    with pytest.raises(AttributeError, match="Did you mean 'rate'"):
        config.rat  # noqa: B018
    config.unfreeze()
    del config["rate"]
    assert config.get("rate", 7) == 7 and config.frozen is False


@both
def test_inputs_from_which_a_tensor_comes(library: Any) -> None:
    a, b = library.Input((3,)), library.Input((3,))
    y = library.layers.Dense(2)(library.layers.add([a, b])) + library.layers.Dense(2)(a)
    found = library.utils.get_source_inputs(y)
    assert len(found) == 2 and {id(x) for x in found} == {id(a), id(b)}


@both
def test_weights_take_shape_initializer_and_type_by_position(library: Any) -> None:
    layer = library.layers.Layer(name="plain")
    weight = layer.add_weight((2, 3), "ones", "float16", name="w")
    assert (tuple(weight.shape), str(weight.dtype), weight.path) == ((2, 3), "float16", "plain/w")
    with pytest.raises(ValueError, match="passed both positionally"):
        layer.add_weight((2,), shape=(3,))
    with pytest.raises(ValueError, match="must be passed as a keyword"):
        layer.add_weight("w")
    with pytest.raises(NotImplementedError, match="deprecated"):
        layer.add_metric(1)
    assert layer.metrics == [] and layer.quantization_mode is None


@both
def test_progress_shows_figures_as_given_or_averaged(library: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="Only one of `stateful_metrics` or `stateless_metrics`"):
        library.utils.Progbar(2, stateful_metrics=["a"], stateless_metrics=["b"])
    bar = library.utils.Progbar(2, verbose=2, stateless_metrics=["a"])
    bar.update(1, [("a", 1.0), ("b", 1.0)], finalize=False)
    bar.update(2, [("a", 3.0), ("b", 3.0)], finalize=False)
    bar.update(2, finalize=True)
    told = capsys.readouterr().out
    assert "a: 2.0000" in told and "b: 3.0000" in told


def test_a_layer_of_layers_builds_them_in_a_graph() -> None:
    """The inner layer is made by tracing `call`, which must not begin to build again."""

    class Block(engine.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner = engine.layers.Dense(2, name="inner")

        def call(self, x: Any) -> Any:
            return self.inner(x)

    x = engine.Input((3,))
    net = engine.Model(x, Block(name="block")(x))
    assert [w.path for w in net.weights] == ["block/inner/kernel", "block/inner/bias"]
