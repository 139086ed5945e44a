"""Exported Keras code: formatted as a person would, clean, and equal to the engine when it runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from designer.codegen.keras import layer_call, to_keras
from designer.core.building import build_model
from designer.core.catalog import layers
from designer.core.commands import SetBypassed, SetParams, SetTraining
from designer.core.document import Document, Node
from designer.core.settings import Choice, TrainingSettings
from designer.data.prepare import prepare
from designer.data.sources import SOURCES
from tests.designer.drawing import CONV, add, blank, classifier, line, residual


def two_inputs_of_attention() -> Document:
    document = blank()
    add(document, "Input", "digits")
    add(document, "Reshape", "rows", "digits", target_shape=[8, 8])
    add(document, "MultiHeadAttention", "attend", "rows", "rows", num_heads=2, key_dim=4)
    add(document, "LSTM", "lstm", "attend", units=6, return_sequences=True)
    add(document, "GRU", "gru", "lstm", units=5)
    add(document, "Dense", "wide", "gru", units=6)
    add(document, "Concatenate", "both", "wide", "gru")
    add(document, "Dense", "digit", "both", units=10, activation="softmax")
    return document


def settings() -> Document:
    document = line(
        ("Input", "lengths", {}),
        ("Dense", "hidden", {"units": 8, "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.01}}}),
        ("BatchNormalization", "norm", {"momentum": 0.9}),
        ("Dense", "kind", {"units": 3, "activation": "softmax"}),
        source="iris",
    )
    callback = Choice("EarlyStopping", {"monitor": "val_loss", "patience": 5})
    training = TrainingSettings(
        Choice("SGD", {"learning_rate": 0.05, "momentum": 0.9}), epochs=2, callbacks=(callback,)
    )
    SetTraining(training).do(document)
    return document


def bypassed() -> Document:
    document = line(
        ("Input", "digits", {}), ("Conv2D", "conv", CONV), ("Dropout", "dropout", {"rate": 0.5}),
        ("Flatten", "flatten", {}), ("Dense", "digit", {"units": 10, "activation": "softmax"}),
    )  # fmt: skip
    SetBypassed(document.node_named("dropout").id, True).do(document)  # type: ignore[union-attr]
    return document


DOCUMENTS = {
    "classifier": classifier,
    "residual": residual,
    "attention": two_inputs_of_attention,
    "settings": settings,
    "bypassed": bypassed,
}


def ruff(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "ruff", *arguments], capture_output=True, text=True, check=False)


def test_code_is_formatted_and_clean(tmp_path: Path) -> None:
    for name, make in DOCUMENTS.items():
        (tmp_path / f"{name}.py").write_text(to_keras(make()).text)
    for source in SOURCES:
        document = line(("Input", "x", {}), ("Flatten", "f", {}), ("Dense", "d", {"units": 2}), source=source)
        (tmp_path / f"data_{source}.py").write_text(to_keras(document).text)
    formatted = ruff("format", "--isolated", "--diff", str(tmp_path))
    assert formatted.returncode == 0, formatted.stdout
    checked = ruff("check", "--isolated", "--select", "E,F,I,W,B", str(tmp_path))
    assert checked.returncode == 0, checked.stdout


RUN = """
import sys, numpy as np, keras, json
for path in sys.argv[1:]:
    namespace = {}
    source = open(path + ".py").read().replace("EPOCHS = 20", "EPOCHS = 1")
    exec(compile(source, path, "exec"), namespace)
    model = namespace["model"]
    model.load_weights(path + ".weights.h5")
    np.savez(path + ".npz", y=model.predict(namespace["x_test"], verbose=0), x=namespace["x_test"])
"""


def test_exported_code_runs_under_keras_and_equals_the_engine(tmp_path: Path) -> None:
    models: dict[str, Any] = {}
    for name, make in DOCUMENTS.items():
        document = make()
        models[name] = (document, build_model(document))
        models[name][1].save_weights(tmp_path / f"{name}.weights.h5")
        (tmp_path / f"{name}.py").write_text(to_keras(document).text)
    env = {**os.environ, "KERAS_BACKEND": "jax"}
    paths = [str(tmp_path / name) for name in DOCUMENTS]
    subprocess.run([sys.executable, "-W", "ignore", "-c", RUN, *paths], check=True, env=env, stdout=subprocess.DEVNULL)
    for name, (document, model) in models.items():
        found = np.load(tmp_path / f"{name}.npz")
        x, _ = prepare(document.data).parts["test"]
        np.testing.assert_array_equal(x, found["x"])
        assert np.abs(model.predict(x, verbose=0) - found["y"]).max() <= 1e-5, name


def test_spans_point_at_each_layer() -> None:
    document = residual()
    code = to_keras(document)
    lines = code.text.splitlines()
    for node, (first, last) in code.spans.items():
        assert f'name="{document.nodes[node].name}"' in "\n".join(lines[first - 1 : last])


def test_a_line_is_sequential_and_a_branch_functional() -> None:
    assert "keras.Sequential(" in to_keras(classifier()).text
    text = to_keras(residual()).text
    assert 'layers.Add(name="add")([conv_1, norm])' in text
    assert "keras.Model(inputs, outputs" in text


@pytest.mark.parametrize("component", layers(), ids=lambda c: c.name)
def test_every_layer_of_the_catalogue_can_be_written(component: Any) -> None:
    values = {"int": 2, "Dims": [2] * (component.params[0].rank or 1 if component.params else 1), "float": 0.5}
    params = {
        i.name: values.get(i.type, "relu" if i.type == "Activation" else [2]) for i in component.params if i.required
    }
    text = layer_call(Node("n1", component.name, "layer", params), (2,)).text
    compile(text, "code", "eval")
    assert 'name="layer"' in text


def test_only_settings_that_differ_are_written() -> None:
    document = classifier()
    SetParams(document.node_named("conv").id, {"strides": [1, 1], "use_bias": True}).do(document)  # type: ignore[union-attr]
    assert 'layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")' in to_keras(document).text
