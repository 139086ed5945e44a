"""Log a training for TensorBoard."""

from __future__ import annotations

import os
import time
import warnings
from typing import Any

import numpy as np

from engine.callbacks.callback import DeclaredCallback
from engine.callbacks.event_files import EventFile, writer_class
from engine.core import config
from engine.core.params import Param


class TensorBoard(DeclaredCallback, keras="keras.callbacks:TensorBoard"):
    """Writes figures, histograms of weights and the graph into `log_dir/train` and `log_dir/validation`.

    Figures of epochs are called `epoch_<name>`, those of batches `batch_<name>`, those of each evaluation
    `evaluation_<name>_vs_iterations`. Look at them with `tensorboard --logdir <log_dir>`.
    """

    log_dir: str = Param("logs", kind="Any", doc="Folder for the event files, used by nothing else.")
    histogram_freq: int = Param(0, ge=0, doc="Epochs between two histograms of the weights; 0 for none.")
    write_graph: bool = Param(True, doc="Write the model's layers and the ops of the training step.")
    write_images: bool = Param(False, doc="Write the weights as pictures with each histogram.")
    write_steps_per_second: bool = Param(False, doc="Write the training steps per second.")
    update_freq: Any = Param("epoch", doc="'epoch', 'batch', or a number of batches between two writings.")
    profile_batch: Any = Param(0, doc="Kept for Keras's signature; only 0.")
    embeddings_freq: int = Param(0, ge=0, doc="Epochs between two writings of embeddings; 0 for none.")
    embeddings_metadata: Any = Param(None, doc="File of labels, or a dict of them by the name of the embedding.")

    def setup(self) -> None:
        self.log_dir = os.fspath(self.log_dir)
        self.update_freq = 1 if self.update_freq == "batch" else self.update_freq
        if self.profile_batch:
            raise ValueError(
                "Profiling is not yet available with the numpy backend. "
                f"Received: profile_batch={self.profile_batch} (must be 0)"
            )
        self._log_write_dir = self.log_dir
        self._train_dir = os.path.join(self.log_dir, "train")
        self._val_dir = os.path.join(self.log_dir, "validation")
        self._train, self._validation = EventFile(self._train_dir), EventFile(self._val_dir)
        self._global_train_batch = self._global_test_batch = 0
        self._should_write_train_graph = False
        self._batch_start = self._epoch_start = 0.0
        self._epoch_iterations = 0

    @property
    def reads_batch_logs(self) -> bool:  # type: ignore[override]
        """Figures after batches are only needed when they are written."""
        return self.update_freq != "epoch"

    def set_model(self, model: Any) -> None:
        writer_class()
        super().set_model(model)
        self._should_write_train_graph = self.write_graph
        if self.embeddings_freq:
            self._configure_embeddings()
        if self.write_graph and type(model).__name__ in ("Functional", "Sequential"):
            self._write_layers()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._global_train_batch = 0

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._train.close()
        self._validation.close()

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        iterations = getattr(self.model.optimizer, "iterations", None)
        if iterations is None:
            return
        for name, value in (logs or {}).items():
            self._validation.scalar(f"evaluation_{name}_vs_iterations", value, int(iterations))
        self._validation.flush()

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._global_train_batch += 1
        self._batch_start = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._should_write_train_graph:
            self._write_train_graph()
        step = self._global_train_batch
        if self.update_freq == "epoch" or step % self.update_freq:
            return
        if self.write_steps_per_second:
            self._train.scalar("batch_steps_per_second", _rate(1, self._batch_start), step)
        for name, value in (logs or {}).items():
            self._train.scalar(f"batch_{name}", value, step)

    def on_test_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._global_test_batch += 1

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch_iterations = int(self.model.optimizer.iterations)
        self._epoch_start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._log_figures(epoch, logs or {})
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._log_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._log_embeddings(epoch)
        self._train.flush()

    def _write_layers(self) -> None:
        try:
            self._train.keras_model("keras", self.model.to_json())
        except (TypeError, ValueError) as error:
            warnings.warn(f"Model failed to serialize as JSON. Ignoring... {error}", stacklevel=4)

    def _write_train_graph(self) -> None:
        """The ops of the training step; a step that runs op by op has no graph."""
        self._should_write_train_graph = False
        graph = getattr(self.model.train_function, "graph", None)
        if graph is not None:
            self._train.graph(graph)

    def _log_figures(self, epoch: int, logs: dict[str, Any]) -> None:
        if not logs:
            return
        training = {name: value for name, value in logs.items() if not name.startswith("val_")}
        training.update(self._learning_rates())
        if self.write_steps_per_second:
            done = int(self.model.optimizer.iterations) - self._epoch_iterations
            training["steps_per_second"] = _rate(done, self._epoch_start)
        for name, value in training.items():
            self._train.scalar(f"epoch_{name}", value, epoch)
        for name, value in logs.items():
            if name.startswith("val_"):
                self._validation.scalar(f"epoch_{name.removeprefix('val_')}", value, epoch)

    def _learning_rates(self) -> dict[str, float]:
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        if optimizer is None:
            return {}
        inner = getattr(optimizer, "optimizers", None)
        if inner is None:
            return {"learning_rate": float(optimizer.learning_rate)}
        return {f"learning_rate_{each.name}": float(each.learning_rate) for each in inner}

    def _log_weights(self, epoch: int) -> None:
        for layer in self.model.layers:
            for weight in layer.weights:
                name, values = str(weight.path).replace(":", "_"), weight.numpy()
                self._train.histogram(f"{name}/histogram", values, epoch)
                if self.write_images:
                    for i, picture in enumerate(weight_pictures(values)):
                        self._train.image(f"{name}/image/{i}" if i else f"{name}/image", picture, epoch)

    def _embedding_layers(self) -> list[Any]:
        from engine.layers import Embedding

        return [layer for layer in self.model.layers if isinstance(layer, Embedding)]

    def _configure_embeddings(self) -> None:
        """Tell TensorBoard's projector where the embeddings and their labels lie."""
        from google.protobuf import text_format
        from tensorboard.plugins.projector import projector_config_pb2

        layers, labels = self._embedding_layers(), self.embeddings_metadata
        unknown = sorted(set(labels) - {layer.name for layer in layers}) if isinstance(labels, dict) else []
        if unknown:
            raise ValueError(
                "Unrecognized `Embedding` layer names passed to `keras.callbacks.TensorBoard` `embeddings_metadata` "
                f"argument: {unknown}. The model's embeddings are {[layer.name for layer in layers]}."
            )
        projector = projector_config_pb2.ProjectorConfig()
        for layer in layers:
            path = labels.get(layer.name) if isinstance(labels, dict) else labels
            name = f"{layer.name}/embeddings"
            projector.embeddings.add(tensor_name=name, metadata_path=path, tensor_path=_table_of(layer))
        os.makedirs(self._log_write_dir, exist_ok=True)
        with open(os.path.join(self._log_write_dir, "projector_config.pbtxt"), "w", encoding="utf-8") as file:
            file.write(text_format.MessageToString(projector))

    def _log_embeddings(self, epoch: int) -> None:
        """The embeddings as tables that the projector reads, and the weights of this epoch."""
        os.makedirs(self._train_dir, exist_ok=True)
        for layer in self._embedding_layers():
            np.savetxt(os.path.join(self._log_write_dir, _table_of(layer)), layer.embeddings.numpy(), delimiter="\t")
        self.model.save_weights(os.path.join(self._train_dir, f"keras_embedding.ckpt-{epoch}.weights.h5"))


def _table_of(layer: Any) -> str:
    return f"{layer.name}_embeddings.tsv"


def _rate(steps: int, since: float) -> float:
    return steps / max(time.perf_counter() - since, 1e-9)


def weight_pictures(weight: np.ndarray[Any, Any], most: int = 3) -> list[np.ndarray[Any, Any]]:
    """A weight as pictures: a vector as one row, a matrix lying, a kernel with three axes as one picture a channel."""
    pixels = np.squeeze(np.asarray(weight))
    if pixels.ndim == 1:
        pixels = pixels.reshape(1, -1, 1, 1)
    elif pixels.ndim == 2:
        pixels = (pixels.T if pixels.shape[0] > pixels.shape[1] else pixels)[None, :, :, None]
    elif pixels.ndim == 3:
        pixels = pixels.transpose(2, 0, 1) if config.image_data_format() == "channels_last" else pixels
        pixels = pixels[..., None]
    if pixels.ndim != 4 or pixels.shape[-1] not in (1, 3, 4):
        return []
    return list(pixels[:most])
