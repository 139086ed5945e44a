"""Files go both ways: ours -> Keras -> ours and Keras -> ours -> Keras, for every layer family and optimizer.

Keras runs twice, each time in a process of its own that does all models.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import engine
from engine.saving import load_model
from tests.engine.saving import models

SIDE = Path(__file__).with_name("keras_side.py")
NAMES = [*models.BUILDERS, *(f"optimizer_{name}" for name in models.OPTIMIZERS)]


@dataclass
class Exchange:
    """Folders of one round: files that Keras made, ours, and theirs that we wrote again."""

    keras: Path
    ours: Path
    again: Path
    errors: dict[str, str]


def keras_process(command: str, folder: Path) -> None:
    environment = {**os.environ, "KERAS_BACKEND": "numpy"}
    done = subprocess.run(
        [sys.executable, str(SIDE), command, str(folder)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Exchange:
    root = tmp_path_factory.mktemp("exchange")
    result = Exchange(*(root / name for name in ("keras", "ours", "both")), {})
    for folder in (result.keras, result.ours, result.again):
        folder.mkdir()
    keras_process("make", result.keras)
    models.custom_classes(engine)
    for name in NAMES:
        try:
            our_model(name).save(result.ours / f"{name}.keras")
            load_model(result.keras / f"{name}.keras").save(result.again / f"{name}.keras")
        except ValueError as error:
            result.errors[name] = str(error)
    for folder in (result.ours, result.again):
        keras_process("read", folder)
    return result


def our_model(name: str) -> Any:
    if name.startswith("optimizer_"):
        return models.compiled(engine, name.removeprefix("optimizer_"))
    model = models.BUILDERS[name](engine)
    models.randomize(model.weights, name)
    return model


def check_same(model: Any, facts: Any) -> None:
    """The model has the weights, optimizer state and outputs that were noted."""
    for i, weight in enumerate(model.weights):
        np.testing.assert_array_equal(np.asarray(weight), facts[f"weight{i}"], err_msg=weight.path)
    assert f"weight{len(model.weights)}" not in facts
    for i, state in enumerate(model.optimizer.variables if model.optimizer is not None else ()):
        np.testing.assert_array_equal(np.asarray(state), facts[f"state{i}"], err_msg=state.path)
    for i, output in enumerate(models.outputs_of(model)):
        np.testing.assert_allclose(output, facts[f"output{i}"], rtol=2e-5, atol=2e-6)


def facts_of(folder: Path, name: str) -> dict[str, Any]:
    report = folder / f"{name}.txt"
    assert not report.exists(), report.read_text()
    with np.load(folder / f"{name}.npz") as facts:
        return dict(facts)


@pytest.mark.parametrize("name", NAMES)
def test_keras_to_ours(exchange: Exchange, name: str) -> None:
    check_same(load_model(exchange.keras / f"{name}.keras"), facts_of(exchange.keras, name))


@pytest.mark.parametrize("name", NAMES)
def test_ours_to_keras(exchange: Exchange, name: str) -> None:
    assert name not in exchange.errors, exchange.errors[name]
    check_same(our_model(name), facts_of(exchange.ours, name))


@pytest.mark.parametrize("name", NAMES)
def test_ours_to_keras_to_ours(exchange: Exchange, name: str) -> None:
    facts = facts_of(exchange.ours, name)
    check_same(load_model(exchange.ours / "back" / f"{name}.keras"), facts)


@pytest.mark.parametrize("name", NAMES)
def test_keras_to_ours_to_keras(exchange: Exchange, name: str) -> None:
    before, after = facts_of(exchange.keras, name), facts_of(exchange.again, name)
    assert set(before) == set(after)
    for key in before:
        np.testing.assert_allclose(after[key], before[key], rtol=1e-6, err_msg=key)


@pytest.mark.parametrize("name", NAMES)
def test_same_layout_as_keras(exchange: Exchange, name: str) -> None:
    """The same groups, names, arrays and types in the weights file; the same classes in the config."""
    theirs, ours = exchange.keras / f"{name}.keras", exchange.again / f"{name}.keras"
    assert tree_of(ours) == tree_of(theirs)
    assert classes_in(config_of(ours)) == classes_in(config_of(theirs))


def tree_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def visit(name: str, item: Any) -> None:
        # Automatic names count up per process: "dense_12" and "dense_3" are the same here.
        plain = {key: re.sub(r"_\d+$", "", value) for key, value in item.attrs.items()}
        found[name] = (item.shape, item.dtype.name) if isinstance(item, h5py.Dataset) else plain

    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(visit)
    return found


def config_of(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))


def classes_in(config: Any) -> list[tuple[Any, Any, Any]]:
    """(module, class, registered name) of all objects in a config, except the types, which may be left out."""
    if isinstance(config, list):
        return [found for item in config for found in classes_in(item)]
    if not isinstance(config, dict):
        return []
    below = [found for key in sorted(config) for found in classes_in(config[key])]
    if "class_name" in config and config["class_name"] not in ("DTypePolicy", "__keras_tensor__"):
        registered = config.get("registered_name")
        module = None if ">" in str(registered) else config.get("module")
        return [(module, config["class_name"], registered), *below]
    return below


def test_keras_ignores_what_the_designer_adds(exchange: Exchange, tmp_path: Path) -> None:
    from engine.saving import read_archive, write_archive

    found = read_archive(exchange.keras / "dense.keras")
    extras = {"designer.json": b'{"nodes": []}', "designer/runs.json": b"[]"}
    write_archive(tmp_path / "dense.keras", config=found.config, weights=found.weights, extras=extras)
    keras_process("read", tmp_path)
    check_same(load_model(tmp_path / "dense.keras"), facts_of(tmp_path, "dense"))
