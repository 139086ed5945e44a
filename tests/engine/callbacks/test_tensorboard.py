"""The TensorBoard callback, read back with TensorBoard's own EventAccumulator."""

from __future__ import annotations

import builtins
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import graph_pb2
from tensorboard.util import tensor_util

import engine
from engine import callbacks

X = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
Y = X[:, :1]


def trained(folder: Path, epochs: int = 3, eager: bool = False, **options: Any) -> tuple[Any, dict[str, list[float]]]:
    model = engine.Sequential(
        [engine.Input((4,)), engine.layers.Dense(3, "relu", name="a"), engine.layers.Dense(1, name="b")], name="net"
    )
    model.compile("adam", "mse", metrics=["mae"], run_eagerly=eager)
    board = callbacks.TensorBoard(folder, **options)
    fit = model.fit(X, Y, epochs=epochs, batch_size=10, verbose=0, validation_data=(X, Y), callbacks=[board])
    return model, fit.history


def read(folder: Path) -> EventAccumulator:
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "histograms": 0, "images": 0})
    accumulator.Reload()
    return accumulator


def figures(accumulator: EventAccumulator, tag: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in accumulator.Scalars(tag)]


def test_figures_of_epochs_and_of_evaluations(tmp_path: Path) -> None:
    _, history = trained(tmp_path)
    train, validation = read(tmp_path / "train"), read(tmp_path / "validation")
    assert train.Tags()["scalars"] == ["epoch_loss", "epoch_mae", "epoch_learning_rate"]
    for name in ("loss", "mae"):
        assert figures(train, f"epoch_{name}") == list(enumerate(np.float32(history[name]).tolist()))
        expected = np.float32(history[f"val_{name}"]).tolist()
        assert figures(validation, f"epoch_{name}") == list(enumerate(expected))
        assert figures(validation, f"evaluation_{name}_vs_iterations") == list(zip((4, 8, 12), expected, strict=True))


@pytest.mark.parametrize(("frequency", "steps"), [("batch", range(1, 13)), (5, (5, 10)), (1, range(1, 13))])
def test_figures_of_batches(tmp_path: Path, frequency: Any, steps: Any) -> None:
    trained(tmp_path, update_freq=frequency, write_steps_per_second=True)
    train = read(tmp_path / "train")
    for name in ("loss", "mae", "steps_per_second"):
        assert [step for step, _ in figures(train, f"batch_{name}")] == list(steps)
        assert all(value > 0 for _, value in figures(train, f"batch_{name}"))
    assert len(figures(train, "epoch_steps_per_second")) == 3


def test_histograms_and_pictures_of_weights(tmp_path: Path) -> None:
    model, _ = trained(tmp_path, histogram_freq=2, write_images=True)
    train = read(tmp_path / "train")
    names = [w.path for w in model.weights]
    assert len(set(names)) == 4
    assert train.Tags()["histograms"] == [f"{name}/histogram" for name in names]
    for name, weight in zip(names, model.get_weights(), strict=True):
        first, last = train.Histograms(f"{name}/histogram")
        assert (first.step, last.step) == (0, 2)
        value = last.histogram_value
        assert value.num == weight.size == sum(value.bucket) and len(value.bucket_limit) == 30
        assert value.min == pytest.approx(weight.min()) and value.max == pytest.approx(weight.max())
        assert value.sum == pytest.approx(float(weight.sum()), rel=1e-5, abs=1e-6)
        expected, _ = np.histogram(weight, np.concatenate([[-np.inf], value.bucket_limit[:-1], [np.inf]]))
        np.testing.assert_array_equal(expected, value.bucket)
    picture = train.Images(f"{names[0]}/image")[-1]
    pixels = np.asarray(Image.open(io.BytesIO(picture.encoded_image_string)))
    np.testing.assert_array_equal(pixels, (np.clip(model.get_weights()[0].T, 0, 1) * 255 + 0.5).astype("uint8"))


def test_the_graph_holds_the_ops_of_the_step_and_the_layers_of_the_model(tmp_path: Path) -> None:
    model, _ = trained(tmp_path, epochs=1)
    train = read(tmp_path / "train")
    assert train.Tags()["graph"]
    graph = train.Graph()
    assert isinstance(graph, graph_pb2.GraphDef)
    names = {node.name for node in graph.node}
    assert len(names) == len(graph.node)
    assert all(given.split(":")[0] in names for node in graph.node for given in node.input)
    assert {w.path for w in model.weights} <= names and any(node.op == "Placeholder" for node in graph.node)
    assert sum("dense" in node.op or "matmul" in node.op for node in graph.node) >= 4  # two forward, two and more back
    config = json.loads(tensor_util.make_ndarray(train.Tensors("keras")[0].tensor_proto).item())
    assert [layer["config"]["name"] for layer in config["config"]["layers"]][1:] == ["a", "b"]
    assert train.PluginTagToContent("graph_keras_model") == {"keras": b"1"}


def test_without_a_graph(tmp_path: Path) -> None:
    trained(tmp_path / "off", epochs=1, write_graph=False)
    trained(tmp_path / "eager", epochs=1, eager=True)
    assert not read(tmp_path / "off" / "train").Tags()["graph"]
    assert not read(tmp_path / "eager" / "train").Tags()["graph"]
    assert read(tmp_path / "off" / "train").Tags()["tensors"] == []


def test_embeddings_for_the_projector(tmp_path: Path) -> None:
    words = engine.layers.Embedding(7, 2, name="words")
    model = engine.Sequential([engine.Input((3,), dtype="int32"), words, engine.layers.Flatten()])
    model.compile("sgd", "mse")
    board = callbacks.TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"words": "labels.tsv"})
    model.fit(np.zeros((4, 3), "int32"), np.ones((4, 6), "float32"), verbose=0, callbacks=[board])
    table = np.loadtxt(tmp_path / "words_embeddings.tsv")
    np.testing.assert_allclose(table, words.embeddings.numpy(), rtol=1e-6)
    text = (tmp_path / "projector_config.pbtxt").read_text()
    assert 'metadata_path: "labels.tsv"' in text and 'tensor_path: "words_embeddings.tsv"' in text
    assert (tmp_path / "train" / "keras_embedding.ckpt-0.weights.h5").exists()
    with pytest.raises(ValueError, match="Unrecognized `Embedding` layer names"):
        callbacks.TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"letters": "x"}).set_model(model)


def test_rates_of_several_optimizers(tmp_path: Path) -> None:
    optimizers = engine.optimizers
    model = engine.Sequential([engine.Input((4,)), engine.layers.Dense(1)])
    one, two = optimizers.SGD(0.1, name="one"), optimizers.Adam(0.2, name="two")
    model.compile(optimizers.MultiOptimizer(lambda variable: one if len(variable.shape) == 1 else two), "mse")
    with pytest.warns(UserWarning, match="cannot be written: A lambda"):  # a lambda cannot be written
        model.fit(X, Y, verbose=0, callbacks=[callbacks.TensorBoard(tmp_path)])
    train = read(tmp_path / "train")
    rates = [dict(figures(train, f"epoch_learning_rate_{name}")) for name in ("one", "two")]
    assert rates == [{0: pytest.approx(0.1)}, {0: pytest.approx(0.2)}]


def test_profiling_is_refused() -> None:
    with pytest.raises(ValueError, match="Profiling is not yet available"):
        callbacks.TensorBoard(profile_batch=2)


def test_a_missing_package_is_told_before_training(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **options: Any) -> Any:
        if name.split(".")[0] == "tensorboard":
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="package `tensorboard`, which is not installed"):
        trained(tmp_path)
