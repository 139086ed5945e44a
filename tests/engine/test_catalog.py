"""The catalogue: every registered component is described, and previews tell what layers turn out to be."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import engine
from engine import catalog
from engine.catalog import Component, Preview, Spec, component, describe, preview
from engine.core import registry
from engine.core.errors import ParamError, ShapeError
from tests.engine.layers import derive

ALL = describe()
LAYERS = [found for found in ALL if found.kind == "layer"]
KINDS = (*catalog.KINDS, "activation")


def identity(found: Component) -> str:
    return f"{found.kind}-{found.name}"


def test_everything_registered_is_described_once() -> None:
    for kind in KINDS:
        names = ["InputLayer" if found.name == "Input" else found.name for found in describe(kind)]
        assert names == list(registry.all_of(kind))
        assert registry.all_of(kind), f"no {kind} is registered"


@pytest.mark.parametrize("found", ALL, ids=identity)
def test_component_tells_what_it_is(found: Component) -> None:
    assert found.summary, "no documentation"
    assert found.doc.startswith(found.summary.split(" ")[0])
    assert re.fullmatch(r"keras(\.\w+)+", found.keras_name)
    names = [info.name for info in found.params]
    assert len(set(names)) == len(names)
    assert component(found.kind, found.name) is found


@pytest.mark.parametrize("found", [f for f in ALL if f.params and f.name != "Input"], ids=identity)
def test_parameters_can_be_shown_and_have_valid_defaults(found: Component) -> None:
    declared = registry.lookup(found.kind, found.name).PARAMS
    for info in found.params:
        assert info.doc, f"{info.name} has no documentation"
        assert info.type
        if not info.required:
            declared[info.name].check(declared[info.name].default, found.name)
        if info.type == "Dims":
            assert info.rank
        for choice in info.choices or ():
            assert declared[info.name].check(choice, found.name) == choice


def test_json_holds_everything() -> None:
    found = json.loads(catalog.to_json())
    assert [(item["kind"], item["name"]) for item in found] == [(c.kind, c.name) for c in ALL]
    dense = next(item for item in found if item["name"] == "Dense")
    assert dense["params"][0] == {
        **dense["params"][0],
        "name": "units",
        "type": "int",
        "required": True,
        "minimum": 1,
        "default": None,
    }


@pytest.mark.parametrize("found", LAYERS, ids=identity)
def test_layer_has_a_family_and_ports(found: Component) -> None:
    assert found.category in (
        "core",
        "convolution",
        "pooling",
        "recurrent",
        "attention",
        "normalization",
        "regularization",
        "reshaping",
        "merging",
        "preprocessing",
        "activation",
        "custom",
    )
    if found.ports is None:
        holds = any(p.required and p.type in ("Layer", "Function") for p in found.params)
        assert holds or found.name.endswith("Cell")
        return
    low, high = found.ports.inputs
    assert low >= 0 and (high is None or low <= high)


def test_facts_about_layers() -> None:
    assert component("layer", "Dense").has_weights
    assert component("layer", "BatchNormalization").has_weights
    assert component("layer", "LSTM").has_weights
    assert component("layer", "MultiHeadAttention").has_weights
    assert not component("layer", "Flatten").has_weights
    assert not component("layer", "Dropout").has_weights
    assert component("layer", "Dropout").train_only
    assert not component("layer", "Dense").train_only
    assert component("layer", "Add").ports.inputs[0] == 2
    with pytest.raises(KeyError, match="Nothing"):
        component("layer", "Nothing")


def preview_of(name: str) -> tuple[Preview, Any, list[np.ndarray[Any, Any]]]:
    use = derive.uses(name)[0]
    dtype = "string" if use.text else "int32" if use.whole else "float32"
    found = preview(name, use.config, [Spec((None, *shape[1:]), dtype) for shape in use.shapes])
    layer = registry.lookup("layer", name).from_config(dict(use.config))
    return found, layer, [np.ones((2, *shape[1:]), str if use.text else dtype) for shape in use.shapes]


NAMES = [
    found.name for found in LAYERS if found.ports is not None and found.ports.inputs[0] > 0 and derive.uses(found.name)
]


@pytest.mark.parametrize("name", NAMES)
def test_preview_tells_what_the_layer_turns_out_to_be(name: str) -> None:
    found, layer, values = preview_of(name)
    output = layer(values) if component("layer", name).ports.as_list else layer(*values)
    outputs = output if isinstance(output, (list, tuple)) else [output]
    assert [(None, *tuple(o.shape)[1:]) for o in outputs] == [o.shape for o in found.outputs]
    assert [o.dtype for o in outputs] == [o.dtype for o in found.outputs]
    assert [(tuple(w.shape), w.dtype, w.trainable) for w in layer.weights] == [
        (w.shape, w.dtype, w.trainable) for w in found.weights
    ]
    assert found.parameters == layer.count_params()
    assert component("layer", name).has_weights == (found.parameters > 0)


@pytest.mark.parametrize("name", NAMES)
def test_parameter_rule_adds_up(name: str) -> None:
    found, _, _ = preview_of(name)
    if not found.parameters:
        assert found.parameter_rule == ""
        return
    rule = found.parameter_rule.split(" = ")
    total = sum(math.prod(int(n) for n in term.split("·")) for term in rule[0].split(" + "))
    assert total == found.parameters
    assert rule[-1].replace(",", "") == str(total)


def test_preview_of_a_convolution_in_numbers() -> None:
    found = preview(
        "Conv2D", {"filters": 16, "kernel_size": [3, 3], "strides": 2}, [Spec((None, 28, 28, 16), "float32")]
    )
    assert found.outputs == (Spec((None, 13, 13, 16), "float32"),)
    assert found.parameter_rule == "3·3·16·16 + 16 = 2,320"
    assert found.macs == 13 * 13 * 16 * 3 * 3 * 16
    assert any("(28 − 3)/2 + 1 = 13.5, rounded down to 13" in note for note in found.derivation)


def test_preview_of_a_dense_layer_in_numbers() -> None:
    found = preview("Dense", {"units": 10, "trainable": False}, [Spec((None, 64), "float32")])
    assert found.parameter_rule == "64·10 + 10 = 650"
    assert (found.parameters, found.trainable_parameters, found.macs) == (650, 0, 640)
    assert [w.name for w in found.weights] == ["kernel", "bias"]


def test_preview_of_an_input() -> None:
    found = preview("Input", {"shape": [8, 8, 1], "dtype": "int32"}, [])
    assert found.outputs == (Spec((None, 8, 8, 1), "int32"),)
    assert found.parameters == 0
    described = component("layer", "Input")
    assert described is component("layer", "InputLayer")
    assert [info.name for info in described.params] == ["shape", "dtype"]
    assert described.ports.inputs == (0, 0)


def test_preview_of_a_merge() -> None:
    specs = [Spec((None, 4, 3), "float32"), Spec((None, 4, 5), "float32")]
    found = preview("Concatenate", {}, specs)
    assert found.outputs == (Spec((None, 4, 8), "float32"),)
    assert "3 + 5 = 8" in found.derivation
    with pytest.raises(ShapeError, match="4"):
        preview("Add", {}, [Spec((None, 4), "float32"), Spec((None, 5), "float32")])


def test_refusals_name_the_layer_and_the_numbers() -> None:
    with pytest.raises(ShapeError) as caught:
        preview("Conv2D", {"filters": 4, "kernel_size": 5, "name": "conv_2"}, [Spec((None, 2, 2, 1), "float32")])
    assert "conv_2: a window of 5 does not fit into 2 height." in str(caught.value)
    assert "(2 − 5)/1 + 1 = −2" in caught.value.rule
    with pytest.raises(ShapeError):
        preview("Conv2D", {"filters": 4, "kernel_size": 3}, [Spec((None, 8), "float32")])
    with pytest.raises(ParamError, match="units"):
        preview("Dense", {"units": 0}, [Spec((None, 8), "float32")])
    with pytest.raises(ParamError, match="units"):
        preview("Dense", {}, [Spec((None, 8), "float32")])
    with pytest.raises(KeyError, match="Densest"):
        preview("Densest", {}, [Spec((None, 8), "float32")])


def test_preview_allocates_nothing_and_takes_no_names() -> None:
    found = preview("Dense", {"units": 10**9}, [Spec((None, 10**9), "float32")])
    assert found.parameters == 10**18 + 10**9
    preview("LSTM", {"units": 10**6}, [Spec((None, 10, 10**6), "float32")])
    engine.utils.clear_session()
    preview("Dense", {"units": 77}, [Spec((None, 5), "float32")])
    assert engine.layers.Dense(1).name == "dense"


def test_same_question_is_answered_from_memory() -> None:
    specs = [Spec((None, 8), "float32")]
    assert preview("Dense", {"units": 3}, specs) is preview("Dense", {"units": 3}, specs)
    assert preview("Dense", {"units": 3}, specs) is not preview("Dense", {"units": 4}, specs)


def test_own_layers_appear() -> None:
    @engine.saving.register_keras_serializable("catalog_test")
    class Halve(engine.layers.Layer):
        def call(self, x: Any) -> Any:
            return x[:, ::2]

    assert preview("catalog_test>Halve", {}, [Spec((None, 6), "float32")]).outputs[0].shape == (None, 3)


KERAS_SIDE = """
import inspect, json, sys
import keras
found = {}
for name in json.load(sys.stdin):
    value = keras
    for part in name.split('.')[1:]:
        value = getattr(value, part, None)
    if inspect.isclass(value):
        parameters = inspect.signature(value.__init__).parameters.values()
        found[name] = [[p.name, p.default if isinstance(p.default, (int, float, str, bool, type(None))) else None]
                       for p in parameters if p.default is not p.empty]
        found[name] += [[p.name, 'required'] for p in parameters if p.default is p.empty]
    else:
        found[name] = None if value is None else []
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def keras_signatures() -> dict[str, Any]:
    """Argument names and defaults of every component as Keras has them."""
    names = sorted({found.keras_name for found in ALL})
    environment = {**os.environ, "KERAS_BACKEND": "numpy"}
    done = subprocess.run(
        [sys.executable, "-c", KERAS_SIDE], input=json.dumps(names), env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("found", ALL, ids=identity)
def test_keras_knows_the_name_the_arguments_and_the_defaults(
    found: Component, keras_signatures: dict[str, Any]
) -> None:
    assert keras_signatures[found.keras_name] is not None, f"Keras has no {found.keras_name}"
    theirs = dict(keras_signatures[found.keras_name])
    for info in found.params:
        # A default of None stands for one that Keras works out, or that is no plain value.
        if theirs.get(info.name) is not None and isinstance(info.default, (int, float, str, bool)):
            assert theirs[info.name] == info.default, info.name
