"""Keras 2's form of configs, `Config`, and the inputs that a tensor comes from, each beside Keras's own."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import pytest

import engine


def test_old_configs_are_those_of_keras() -> None:
    saved = []
    for library in (engine, keras):
        layer = library.layers.Dense(3, activation="relu", kernel_initializer="he_normal", name="d")
        old = library.legacy.saving.serialize_keras_object(layer.kernel_initializer)
        saved.append((old, library.legacy.saving.serialize_keras_object(library.activations.relu)))
        again = library.utils.legacy.deserialize_keras_object(old, module_objects=vars(library.initializers))
        assert type(again) is type(layer.kernel_initializer)
        assert again.get_config() == layer.kernel_initializer.get_config()
    assert saved[0] == saved[1]


def test_old_names_are_looked_up() -> None:
    find = engine.legacy.saving.deserialize_keras_object

    def double(x: Any) -> Any:
        return 2 * x

    assert find(None) is None
    assert find("double", custom_objects={"double": double}) is double
    assert find(double) is double
    assert find("Adam", module_objects=vars(engine.optimizers)).name == "adam"
    for data, words in (
        ("nothing", "Unknown loss: 'nothing'"),
        ({"class_name": "Nothing", "config": {}}, "Unknown loss: 'Nothing'"),
        ({"name": "x"}, "Improper config format"),
        (3, "Could not interpret"),
    ):
        with pytest.raises(ValueError, match=words):
            find(data, module_objects={}, printable_module_name="loss")
    with pytest.raises(ValueError, match="get_config"):
        engine.legacy.saving.serialize_keras_object(3)


def test_configs_behave_as_in_keras() -> None:
    for library in (engine, keras):
        config = library.utils.Config(learning_rate=0.1, momentum=0.9)
        config.use_ema = True
        config["seed"] = 123
        assert (config.seed, config["use_ema"], config.get("nothing", 4)) == (123, True, 4)
        assert list(config) == ["learning_rate", "momentum", "seed", "use_ema"]
        assert config.to_json() == '{"learning_rate": 0.1, "momentum": 0.9, "use_ema": true, "seed": 123}'
        assert (len(config), "seed" in config, config.pop("seed"), "seed" in config) == (4, True, 123, False)
        config.update(momentum=0.5)
        del config["use_ema"]
        assert config.as_dict() == {"learning_rate": 0.1, "momentum": 0.5}
        assert repr(config) == "<Config {'learning_rate': 0.1, 'momentum': 0.5}>"
        with pytest.raises(AttributeError, match="Did you mean 'momentum'"):
            print(config.momentun)
        config.freeze()
        assert config.frozen
        for change in (
            lambda c=config: c.update(a=1),
            lambda c=config: setattr(c, "a", 1),
            lambda c=config: c.pop("a"),
        ):
            with pytest.raises(ValueError, match="frozen"):
                change()
        config.unfreeze()
        config.a = 1
        assert config.a == 1


def test_source_inputs_of_a_tensor() -> None:
    for library in (engine, keras):
        a, b, c = (library.Input((2,), name=name) for name in "abc")
        x = library.layers.Add()([a, b])
        y = library.layers.Concatenate()([library.layers.Dense(2)(x), c, x])
        assert [t.name for t in library.utils.get_source_inputs(y)] == ["a", "b", "c"]
        assert library.utils.get_source_inputs(a) == [a] if library is engine else True
        assert library.utils.get_source_inputs(3) == 3
