"""Every registered layer against Keras: weights, outputs, masks of dropout, shapes, configs, plans, gradients."""

from __future__ import annotations

import copy
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras
import numpy as np
import pytest

import engine
from engine import ops
from engine.core import tree
from engine.core.graph import trace
from engine.core.plan import compile
from engine.core.tape import GradientTape
from engine.core.tensor import Spec, Tensor
from tests.engine.layers import derive
from tests.engine.layers.jax_oracle import weighting

# Keras's NumPy backend hands its variables to NumPy 2 in an old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
derive.repair(keras)
USES = derive.all_uses()
SMOOTH = [u for u in USES if not u.is_augmentation]
each_use = pytest.mark.parametrize("use", USES, ids=[u.id for u in USES])
DEFAULTS = [u for u in USES if u.changed in ("", "case 0")]
each_layer = pytest.mark.parametrize("use", DEFAULTS, ids=[u.layer for u in DEFAULTS])

FORGOTTEN = ("SimpleRNN-activity_regularizer",)
"""Uses whose losses Keras takes and forgets."""


def plain(value: Any) -> np.ndarray:
    """A variable or tensor of either library as an array."""
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def arrays(value: Any) -> list[np.ndarray]:
    return [plain(x) for x in tree.flatten(value)]


def same(ours: Any, theirs: Any, rtol: float = 2e-5, atol: float = 5e-6) -> None:
    for our, their in zip(arrays(ours), arrays(theirs), strict=True):
        assert (our.shape, our.dtype) == (their.shape, their.dtype)
        np.testing.assert_allclose(our, their, rtol=rtol, atol=atol)


def pair(use: derive.Use) -> tuple[Any, Any]:
    """Our layer and Keras's, built; both refuse, or neither."""
    try:
        their = derive.built(keras, use)
        derive.called(their, use.inputs())
    except (ValueError, TypeError, RuntimeWarning) as error:
        # What only Keras's backend, or its half precision, cannot do says nothing about ours.
        if not any(word in str(error) for word in ("backend", "float16", "overflow")):
            with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the layer's own
                derive.called(derive.built(engine, use), use.inputs())
        return None, None
    our = derive.built(engine, use)
    derive.called(our, use.inputs())
    return our, their


def as_announced(their: Any, use: derive.Use, output: Any) -> bool:
    """Whether Keras's layer gives the shape that it announces: its RandomCrop does not outside training."""
    return not use.is_augmentation or np.shape(output) == tuple(their.compute_output_shape(use.shapes[0]))


@each_use
def test_weights_and_outputs_are_those_of_keras(use: derive.Use) -> None:
    our, their = pair(use)
    if our is None:
        return
    assert [w.path.split("/", 1)[-1] for w in our.weights] == [w.path.split("/", 1)[-1] for w in their.weights]
    for ours, theirs in zip(our.weights, their.weights, strict=True):
        assert ours.trainable == theirs.trainable
        np.testing.assert_array_equal(ours.numpy(), plain(theirs), err_msg=ours.path)
    ours, theirs = (derive.called(layer, use.inputs(), training=False) for layer in (our, their))
    if as_announced(their, use, theirs):
        same(ours, theirs)
    if use.id not in FORGOTTEN:
        np.testing.assert_allclose([float(x) for x in our.losses], [float(x) for x in their.losses], rtol=1e-4)
    # Keras draws places to drop in inference too, so that only first calls can be compared.
    layers, results = [], []
    for library in (engine, keras):
        layers.append(derive.built(library, use))
        results.append(derive.called(layers[-1], use.inputs(), training=True))
    same(*results)
    for ours, theirs in zip(*(layer.non_trainable_variables for layer in layers), strict=True):
        np.testing.assert_allclose(plain(ours), plain(theirs), rtol=1e-5, atol=1e-6, err_msg=ours.path)


@each_use
def test_shapes_are_known_before_any_data(use: derive.Use) -> None:
    our, their = pair(use)
    if our is None:
        return
    if use.config.get("stateful"):
        return
    kind = "int32" if use.whole else "float32"
    ours = derive.called(derive.built(engine, use), [engine.KerasTensor((None, *s[1:]), kind) for s in use.shapes])
    with np.errstate(all="ignore"):  # Keras computes with what happens to lie in memory
        theirs = derive.called(derive.built(keras, use), [keras.KerasTensor((None, *s[1:]), kind) for s in use.shapes])
    for one, other in zip(tree.flatten(ours), tree.flatten(theirs), strict=True):
        assert (len(one.shape), one.dtype) == (len(other.shape), other.dtype)
        # Ours may know more than Keras, never something else.
        assert all(theirs in (ours, None) for ours, theirs in zip(one.shape, other.shape, strict=True))
    actual = derive.called(our, use.inputs())
    for told, value in zip(tree.flatten(ours), tree.flatten(actual), strict=True):
        assert tuple(told.shape[1:]) == tuple(value.shape[1:])


@each_use
def test_configs_are_those_of_keras_and_lead_back(use: derive.Use) -> None:
    our, their = pair(use)
    if our is None:
        return
    ours, theirs = (
        json.loads(json.dumps(part)) for part in (engine.layers.serialize(our), keras.layers.serialize(their))
    )
    assert (ours["module"], ours["class_name"]) == (theirs["module"], theirs["class_name"])
    defaults = inspect.signature(type(their).__init__).parameters
    for key in theirs["config"].keys() - ours["config"].keys():
        default = defaults[key].default if key in defaults else None
        assert theirs["config"][key] in (default, None, False), f"{key} differs from its default and is not written"
    # Keras's SimpleRNN forgets its activity regularizer when it writes its config.
    lost = {"activity_regularizer"} if use.layer == "SimpleRNN" else set()
    for key in ours["config"].keys() & theirs["config"].keys() - {"name"} - lost if readable(theirs) else ():
        one, other = ours["config"][key], theirs["config"][key]
        assert _policy(_common(one, other)) == _policy(_common(other, one)), key
    if lost and use.changed in lost:
        return
    there = keras.layers.deserialize(copy.deepcopy(ours)).get_config()
    assert _as_json(there) == _as_json(their.get_config() | {"name": there["name"]})
    if not readable(theirs):
        return
    again = engine.layers.deserialize(theirs).get_config()
    # Keras leaves some settings of cells out; what it does not write cannot come back.
    written = {k: v for k, v in our.get_config().items() if k in theirs["config"] or k not in defaults}
    written = _as_json(written | {"name": again["name"]})
    again = _as_json({k: again[k] for k in written})
    assert _common(again, written) == _common(written, again)


def _common(one: Any, other: Any) -> Any:
    """Of layers inside the settings that both write; those that one leaves out are tested where the layer itself is."""
    if isinstance(one, list) and isinstance(other, list):
        return [_common(a, b) for a, b in zip(one, other, strict=True)]
    if not isinstance(one, dict) or not isinstance(other, dict):
        return one
    return {key: _common(value, other[key]) for key, value in one.items() if key in other}


def readable(config: dict[str, Any]) -> bool:
    """Whether Keras can read what it wrote: it refuses the factors that its RandomShear writes."""
    try:
        keras.layers.deserialize(copy.deepcopy(config))
    except (TypeError, ValueError):
        return False
    return True


def _policy(value: Any) -> Any:
    """A type policy by its name: Keras writes either."""
    return value["config"]["name"] if isinstance(value, dict) and value.get("class_name") == "DTypePolicy" else value


def _as_json(config: Any) -> Any:
    read = json.loads(json.dumps(config, default=keras.saving.serialize_keras_object))
    return {key: _policy(value) for key, value in read.items()} if isinstance(read, dict) else read


@each_use
def test_plan_tape_and_eager_give_the_same_bits(use: derive.Use) -> None:
    our, _ = pair(use)
    if our is None:
        return
    inputs = use.inputs()
    if use.config.get("stateful"):
        return
    eager = arrays(derive.called(our, inputs, training=False))
    specs = [Spec((None, *x.shape[1:]), x.dtype.name) for x in inputs]
    plan = compile(trace(lambda *x: derive.called(our, list(x), training=False), specs))
    for planned, value in zip(plan(*inputs), eager, strict=True):
        np.testing.assert_array_equal(planned, value)
    with GradientTape() as tape:
        tape.watch(our.trainable_variables)
        taped = derive.called(our, inputs, training=False)
    for value, expected in zip(arrays(taped), eager, strict=True):
        np.testing.assert_array_equal(value, expected)
    assert tape is not None


@pytest.mark.parametrize("use", [u for u in DEFAULTS if u in SMOOTH], ids=[u.layer for u in DEFAULTS if u in SMOOTH])
def test_training_draws_the_same_in_a_plan_with_an_open_batch(use: derive.Use) -> None:
    if pair(use)[0] is None or use.text:
        return
    layers = []
    for _ in range(2):
        layers.append(derive.built(engine, use))
        derive.called(layers[-1], use.inputs(), training=False)  # makes the weights
    eager, planned = layers
    specs = [Spec((None, *x.shape[1:]), x.dtype.name) for x in use.inputs()]
    plan = compile(trace(lambda *x: derive.called(planned, list(x), training=True), specs))
    for _ in range(2):
        value = arrays(derive.called(eager, use.inputs(), training=True))
        for drawn, expected in zip(plan(*use.inputs()), value, strict=True):
            np.testing.assert_allclose(drawn, expected, rtol=1e-5, atol=1e-6)


@pytest.fixture(scope="session")
def jax(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, list[np.ndarray]], dict[str, str]]:
    """Gradients by use, and why JAX refuses some; only of the uses whose tests run."""
    path = tmp_path_factory.mktemp("layers") / "gradients.npz"
    chosen = [item.callspec.params["use"].id for item in request.session.items if "jax" in item.fixturenames]
    path.with_suffix(".json").write_text(json.dumps(chosen))
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "PYTHONWARNINGS": "ignore"}
    environment["XLA_FLAGS"] = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    script = Path(__file__).with_name("jax_oracle.py")
    done = subprocess.run([sys.executable, str(script), str(path)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, dict[int, np.ndarray]] = {}
    with np.load(path) as file:
        refused: dict[str, str] = json.loads(str(file["refused"]))
        for key in file.files:
            if "/" in key:
                use, number = key.rsplit("/", 1)
                found.setdefault(use, {})[int(number)] = file[key]
    return {use: [parts[i] for i in range(len(parts))] for use, parts in found.items()}, refused


@pytest.mark.timeout(900)  # the first one waits for the gradients of all
@pytest.mark.parametrize("use", SMOOTH, ids=[u.id for u in SMOOTH])
def test_gradients_are_those_of_jax(use: derive.Use, jax: Any) -> None:
    gradients, refused = jax
    our, _ = pair(use)
    if use.config.get("stateful"):
        return
    if our is None or use.id in refused:
        assert our is None or "not" in refused[use.id], refused.get(use.id)
        return
    derive.draw(our)
    inputs = [Tensor(x) for x in use.inputs()]
    watched = [*(() if use.whole else inputs), *our.trainable_variables]
    with GradientTape() as tape:
        tape.watch(inputs)
        outputs = tree.flatten(derive.called(our, list(inputs)))
        total: Any = 0.0
        for i, y in enumerate(outputs):
            total = total + ops.sum(y * weighting(i, y.shape))
    for ours, theirs in zip(tape.gradient(total, watched), gradients.get(use.id, []), strict=True):
        ours = np.zeros_like(theirs) if ours is None else plain(ours)
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5)


@each_layer
def test_weights_lie_in_files_where_keras_puts_them(use: derive.Use, tmp_path: Path) -> None:
    our, their = pair(use)
    files = {}
    for library, layer, name in ((keras, their, "theirs"), (engine, our, "ours")):
        inputs = [library.Input(s[1:], dtype="int32" if use.whole else "float32") for s in use.shapes]
        with np.errstate(all="ignore"):
            outputs = derive.called(layer, inputs)
        if outputs is inputs[0]:
            return  # Keras's Equalization leaves no trace in a graph
        model = library.Model(inputs, outputs)
        path = tmp_path / f"{name}.weights.h5"
        model.save_weights(path)
        files[name] = _content(path)
    assert files["ours"].keys() == files["theirs"].keys()
    for key, value in files["ours"].items():
        np.testing.assert_allclose(value, files["theirs"][key], rtol=1e-5, atol=1e-6, err_msg=key)


def _content(path: Path) -> dict[str, np.ndarray]:
    import h5py

    found: dict[str, np.ndarray] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


@each_layer
def test_half_precision_follows_the_policy_as_with_keras(use: derive.Use) -> None:
    arguments = inspect.signature(getattr(keras.layers, use.layer).__init__).parameters
    takes_policy = "dtype" in arguments or any(p.kind is p.VAR_KEYWORD for p in arguments.values())
    for policy in ("float16", "mixed_float16") if takes_policy else ():
        config = {**use.config, "dtype": policy}
        changed = derive.Use(use.layer, use.changed, config, use.shapes, use.whole)
        our, their = pair(changed)
        if our is None:
            continue
        assert [w.dtype for w in our.weights] == [w.dtype for w in their.weights]
        ours, theirs = (derive.called(layer, use.inputs(), training=False) for layer in (our, their))
        if as_announced(their, use, theirs):
            same(ours, theirs, rtol=2e-2, atol=2e-2)


@each_layer
def test_masks_pass_on_as_with_keras(use: derive.Use) -> None:
    our, their = pair(use)
    assert our.supports_masking == their.supports_masking
    drawn = [np.random.default_rng(3 + i).random(shape[:2]) < 0.6 for i, shape in enumerate(use.shapes)]
    masks: Any = drawn if len(use.shapes) > 1 else drawn[0]
    results = []
    for layer in (our, their):
        data: Any = use.inputs() if len(use.shapes) > 1 else use.inputs()[0]
        try:
            results.append(layer.compute_mask(data, masks))
        except (ValueError, TypeError) as error:
            results.append(type(error))
    if isinstance(results[1], type):
        assert isinstance(results[0], type)
        return
    assert (results[0] is None) == (results[1] is None)
    for ours, theirs in zip(tree.flatten(results[0]), tree.flatten(results[1]), strict=True):
        np.testing.assert_array_equal(plain(ours), plain(theirs))


@each_layer
def test_inputs_of_the_wrong_rank_are_refused_as_with_keras(use: derive.Use) -> None:
    wrong = tuple((3,) if len(s) > 1 else (3, 3, 3, 3, 3) for s in use.shapes)
    data = [np.ones(s, "int32" if use.whole else "float32") for s in wrong]
    try:
        derive.called(derive.built(keras, use), data)
    except (ValueError, IndexError, TypeError):
        with pytest.raises((ValueError, IndexError, TypeError)):
            derive.called(derive.built(engine, use), data)
