"""Hostile model files: always a sentence or an equal model, nothing run, bounded memory and time."""

from __future__ import annotations

import copy
import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import engine
from engine import layers
from engine.core.errors import LoadError
from engine.saving import (
    load_model,
    load_weights_bytes,
    model_bytes,
    model_config,
    model_from_config,
    model_from_json,
    read_archive,
    weights_bytes,
)

MEMORY = 20_000_000


def sample() -> Any:
    model = engine.Sequential(
        [
            engine.Input((6, 6, 1)),
            layers.Conv2D(2, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax"),
        ],
        name="sample",
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    return model


@pytest.fixture(scope="module")
def original() -> Any:
    return sample()


@pytest.fixture(scope="module")
def parts(original: Any) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(model_bytes(original))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes]) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    stream.seek(0)
    return stream


def load_changed(parts: dict[str, bytes], change: Callable[[dict[str, Any]], None]) -> Any:
    config = json.loads(parts["config.json"])
    change(config)
    return load_model(zipped({**parts, "config.json": json.dumps(config).encode()}))


def layer(config: dict[str, Any], class_name: str) -> dict[str, Any]:
    return next(item for item in config["config"]["layers"] if item["class_name"] == class_name)


def assert_equal_models(a: Any, b: Any) -> None:
    assert [w.shape for w in a.weights] == [w.shape for w in b.weights]
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 1)).astype("float32")
    np.testing.assert_array_equal(np.asarray(a(x, training=False)), np.asarray(b(x, training=False)))


def test_unchanged_file_loads(original: Any, parts: dict[str, bytes]) -> None:
    assert_equal_models(load_model(zipped(parts)), original)


def lambda_layer(config: dict[str, Any]) -> None:
    layer(config, "Dropout").update(
        module="keras.layers",
        class_name="Lambda",
        config={"name": "l", "function": {"class_name": "__lambda__", "config": {"value": ["4wEAAAAA", None, None]}}},
    )


def lambda_in_a_setting(config: dict[str, Any]) -> None:
    layer(config, "Dense")["config"]["activation"] = {
        "class_name": "__lambda__",
        "config": {"value": ["4wEA", None, None]},
    }


def module_of_python(config: dict[str, Any]) -> None:
    layer(config, "Dense").update(module="os", class_name="system", registered_name=None)


def function_of_python(config: dict[str, Any]) -> None:
    layer(config, "Dense")["config"]["activation"] = {
        "module": "os",
        "class_name": "function",
        "config": "system",
        "registered_name": "system",
    }


def function_of_keras(config: dict[str, Any]) -> None:
    layer(config, "Dense")["config"]["kernel_initializer"] = {
        "module": "keras.utils",
        "class_name": "get_file",
        "config": {"fname": "x", "origin": "http://localhost/x"},
        "registered_name": None,
    }


def switch_of_safety(config: dict[str, Any]) -> None:
    layer(config, "Dropout").update(
        module="keras.config", class_name="enable_unsafe_deserialization", config={}, registered_name=None
    )


def foreign_model(config: dict[str, Any]) -> None:
    layer(config, "Dropout").update(module="keras.layers", class_name="TFSMLayer", config={"filepath": "/tmp/x"})


def torch_wrapper(config: dict[str, Any]) -> None:
    layer(config, "Dropout").update(module="keras.layers", class_name="TorchModuleWrapper", config={"module": "gA=="})


def no_class(config: dict[str, Any]) -> None:
    layer(config, "Dense")["class_name"] = None


def name_out_of_place(config: dict[str, Any]) -> None:
    layer(config, "Dense")["config"]["name"] = "../../evil"


def unknown_setting(config: dict[str, Any]) -> None:
    layer(config, "Dense")["config"]["surprise"] = 3


def setting_of_wrong_type(config: dict[str, Any]) -> None:
    layer(config, "Dense")["config"]["units"] = {"a": 1}


def negative_units(config: dict[str, Any]) -> None:
    layer(config, "Dense")["config"]["units"] = -3


def billion_units(config: dict[str, Any]) -> None:
    layer(config, "Dense")["config"]["units"] = 1_000_000_000


def billion_filters(config: dict[str, Any]) -> None:
    layer(config, "Conv2D")["config"]["filters"] = 1_000_000_000


def giant_kernel(config: dict[str, Any]) -> None:
    layer(config, "Conv2D")["config"].update(kernel_size=[100_000, 100_000], padding="same")


def giant_input(config: dict[str, Any]) -> None:
    layer(config, "InputLayer")["config"]["batch_shape"] = [None, 1_000_000, 1_000_000, 1]
    config.pop("build_config", None)
    config["config"].pop("build_input_shape", None)


def no_layers(config: dict[str, Any]) -> None:
    config["config"]["layers"] = "none"


def layers_missing(config: dict[str, Any]) -> None:
    del config["config"]["layers"][1]


def not_a_model(config: dict[str, Any]) -> None:
    inner = copy.deepcopy(layer(config, "Dense"))
    config.clear()
    config.update(inner)


def unknown_loss(config: dict[str, Any]) -> None:
    config["compile_config"]["loss"] = {
        "module": "builtins",
        "class_name": "function",
        "config": "exec",
        "registered_name": "function",
    }


def unknown_optimizer(config: dict[str, Any]) -> None:
    config["compile_config"]["optimizer"]["class_name"] = "Popen"


def settings_not_an_object(config: dict[str, Any]) -> None:
    layer(config, "Dense")["config"] = [1, 2]


CHANGES = [
    (lambda_layer, "Lambda|code"),
    (lambda_in_a_setting, "code"),
    (module_of_python, "there is no class system of os"),
    (function_of_python, "no function 'system'"),
    (function_of_keras, "no get_file"),
    (switch_of_safety, "no enable_unsafe_deserialization"),
    (foreign_model, "no TFSMLayer"),
    (torch_wrapper, "no TorchModuleWrapper"),
    (no_class, "class"),
    (name_out_of_place, "name"),
    (unknown_setting, "surprise = 3"),
    (setting_of_wrong_type, "units"),
    (negative_units, "units"),
    (billion_units, "1000000000"),
    (billion_filters, "1000000000"),
    (giant_kernel, "config.json|weights"),
    (giant_input, "config.json|weights"),
    (no_layers, "config.json"),
    (layers_missing, "config.json|weights"),
    (not_a_model, "not a model"),
    (unknown_loss, "exec"),
    (unknown_optimizer, "Popen"),
    (settings_not_an_object, "Dense"),
]


@pytest.mark.parametrize(("change", "reason"), CHANGES, ids=lambda x: getattr(x, "__name__", ""))
def test_changed_config_is_refused(parts: dict[str, bytes], change: Callable[[Any], None], reason: str) -> None:
    before = set(sys.modules)
    tracemalloc.start()
    with pytest.raises(LoadError, match=reason) as caught:
        load_changed(parts, change)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEMORY
    assert caught.value.member in ("config.json", "model.weights.h5")
    assert not {"marshal_loader", "torch", "tensorflow"} & (set(sys.modules) - before)


BOMBS: list[tuple[str, str, tuple[int, ...], dict[str, Any]]] = [
    ("LSTM", "units", (5, 2), {"units": 3}),
    ("GRU", "units", (5, 2), {"units": 3}),
    ("SimpleRNN", "units", (5, 2), {"units": 3}),
    ("Embedding", "input_dim", (5,), {"input_dim": 3, "output_dim": 2}),
    ("DepthwiseConv2D", "depth_multiplier", (4, 4, 1), {"kernel_size": 2}),
    ("RepeatVector", "n", (4,), {"n": 2}),
    ("MultiHeadAttention", "num_heads", (5, 4), {"num_heads": 2, "key_dim": 2}),
]


@pytest.mark.parametrize(("name", "key", "shape", "settings"), BOMBS, ids=lambda x: x if isinstance(x, str) else "")
def test_giant_layer_costs_nothing(name: str, key: str, shape: tuple[int, ...], settings: dict[str, Any]) -> None:
    x = engine.Input(shape)
    made = getattr(layers, name)(**settings)
    y = made(x, x) if name == "MultiHeadAttention" else made(x)
    config = json.loads(json.dumps(model_config(engine.Model(x, layers.Dense(1)(layers.Flatten()(y))))))
    item = layer(config, name)
    item["config"][key] = 10**9
    item.pop("build_config", None)
    tracemalloc.start()
    with pytest.raises(LoadError):
        load_weights_bytes(model_from_config(config), weights_bytes(sample()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEMORY


def test_null_settings_of_newer_versions_are_dropped(original: Any, parts: dict[str, bytes]) -> None:
    def newer(config: dict[str, Any]) -> None:
        layer(config, "Dense")["config"].update(quantization_config=None, something_new=None)

    assert_equal_models(load_changed(parts, newer), original)


def test_weights_that_claim_a_billion_units(parts: dict[str, bytes]) -> None:
    stream = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(stream, "r+") as file:
        del file["layers/dense/vars/0"]
        file.create_dataset("layers/dense/vars/0", (32, 1_000_000_000), "float32")
    config = json.loads(parts["config.json"])
    billion_units(config)
    members = {"config.json": json.dumps(config).encode(), "model.weights.h5": stream.getvalue()}
    tracemalloc.start()
    with pytest.raises(LoadError, match="claims"):
        load_model(zipped(members))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEMORY


@pytest.mark.parametrize("missing", ["config.json", "model.weights.h5"])
def test_missing_member(parts: dict[str, bytes], missing: str) -> None:
    with pytest.raises(LoadError, match="missing") as caught:
        load_model(zipped({name: content for name, content in parts.items() if name != missing}))
    assert caught.value.member == missing


def test_without_compile_its_names_do_not_matter(original: Any, parts: dict[str, bytes]) -> None:
    config = json.loads(parts["config.json"])
    unknown_optimizer(config)
    file = zipped({**parts, "config.json": json.dumps(config).encode()})
    assert_equal_models(load_model(file, compile=False), original)


def test_old_formats_and_wrong_paths(tmp_path: Path) -> None:
    for name in ("m.h5", "m.weights.h5"):
        (tmp_path / name).write_bytes(b"\x89HDF\r\n\x1a\n")
        with pytest.raises(LoadError, match="format of Keras 2"):
            load_model(tmp_path / name)
    with pytest.raises(ValueError, match="File not found"):
        load_model(tmp_path / "nothing.keras")
    (tmp_path / "m.keras").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(LoadError, match="Keras 2"):
        load_model(tmp_path / "m.keras")


def test_custom_class_has_to_be_registered_or_passed() -> None:
    class Twice(layers.Layer):
        def call(self, x: Any) -> Any:
            return x * 2

    model = engine.Sequential([engine.Input((2,)), Twice()])
    data = model_bytes(model)
    with pytest.raises(LoadError, match="Twice.*register_keras_serializable"):
        load_model(io.BytesIO(data))
    loaded = load_model(io.BytesIO(data), custom_objects={"Twice": Twice})
    np.testing.assert_array_equal(np.asarray(loaded(np.ones((1, 2), "float32"))), [[2, 2]])


def test_a_fresh_process_knows_every_class(parts: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    path.write_bytes(zipped(parts).getvalue())
    code = f"from engine.saving import load_model; print(load_model({str(path)!r}).count_params())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == str(sample().count_params()), done.stderr


def test_lambda_functions_cannot_be_saved() -> None:
    model = engine.Sequential([engine.Input((2,)), layers.Activation(lambda x: x)])
    with pytest.raises(ValueError, match="lambda"):
        model_bytes(model)


def test_json_of_a_model(original: Any) -> None:
    again = model_from_json(original.to_json())
    assert [w.shape for w in again.weights] == [w.shape for w in original.weights]
    with pytest.raises(LoadError, match="not JSON"):
        model_from_json("{")


def test_loading_allocates_no_weights_before_they_are_read(parts: dict[str, bytes]) -> None:
    model = model_from_config(json.loads(parts["config.json"]))
    assert not any(w.initialized for w in model.weights if len(w.shape) > 1)


MUTATIONS = 60


@pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer")
@pytest.mark.parametrize("seed", range(3))
def test_mutated_configs(original: Any, parts: dict[str, bytes], seed: int) -> None:
    """Values anywhere in the config swapped for hostile ones: a sentence, or a model that computes."""
    rng = np.random.default_rng(seed)
    hostile = [
        None,
        -1,
        0,
        2**40,
        1e308,
        "",
        "../x",
        "relu",
        [],
        {},
        [None, 0],
        True,
        "float16",
        {"class_name": "X", "config": {}},
    ]
    for _ in range(MUTATIONS):
        config = json.loads(parts["config.json"])
        for _ in range(rng.integers(1, 3)):
            holder, key = random_place(config, rng)
            holder[key] = hostile[rng.integers(len(hostile))]
        try:
            model = load_model(zipped({**parts, "config.json": json.dumps(config).encode()}))
        except LoadError as error:
            assert error.member
            continue
        assert [w.shape for w in model.weights] == [w.shape for w in original.weights]


def random_place(config: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    places: list[tuple[Any, Any]] = []

    def visit(value: Any) -> None:
        keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
        for key in keys:
            places.append((value, key))
            visit(value[key])

    visit(config)
    return places[rng.integers(len(places))]


@pytest.mark.parametrize("seed", range(3))
def test_mutated_files(original: Any, seed: int) -> None:
    """Bytes anywhere in the file changed, cut out or doubled."""
    rng = np.random.default_rng(seed)
    data = model_bytes(original)
    for _ in range(MUTATIONS):
        damaged = bytearray(data)
        start = int(rng.integers(0, len(data)))
        kind = rng.integers(3)
        if kind == 0:
            damaged[start] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del damaged[start : start + int(rng.integers(1, 2000))]
        else:
            damaged[start:start] = damaged[start : start + int(rng.integers(1, 2000))]
        try:
            assert_equal_models(load_model(io.BytesIO(bytes(damaged))), original)
        except LoadError:
            continue


@pytest.mark.parametrize("seed", range(3))
def test_mutated_weights(parts: dict[str, bytes], original: Any, seed: int) -> None:
    """Bytes of the HDF5 file changed behind a true checksum: a sentence, or a model of the same shapes."""
    rng = np.random.default_rng(seed)
    for _ in range(MUTATIONS // 2):
        damaged = bytearray(parts["model.weights.h5"])
        for place in rng.integers(0, len(damaged), 4):
            damaged[place] = int(rng.integers(256))
        try:
            model = load_model(zipped({**parts, "model.weights.h5": bytes(damaged)}))
        except LoadError:
            continue
        assert [w.shape for w in model.weights] == [w.shape for w in original.weights]


def test_members_of_a_saved_model(parts: dict[str, bytes]) -> None:
    assert set(parts) == {"metadata.json", "config.json", "model.weights.h5"}
    assert read_archive(zipped(parts)).metadata["keras_version"] == "3.15.1"
